"""Files made to hurt whoever opens them: bombs, loops, lies about sizes, damage. Made when asked for, never stored."""

from __future__ import annotations

import base64
import io
import random
import zipfile
import zlib
from collections.abc import Callable
from functools import cache

import pypdf

MAX = 15 * 2**20
_LINE = b"BT /F1 10 Tf 60 %d Td (Ada Beispiel, Softwareentwicklerin in Bonn, 03/2018 - heute) Tj ET\n"
CONTENT = b"".join(_LINE % y for y in range(100, 700, 40))
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"

Maker = Callable[[], bytes]
HOSTILE: dict[str, Maker] = {}
"""Name -> what makes the file."""


def hostile(maker: Maker) -> Maker:
    HOSTILE[maker.__name__] = maker
    return maker


def stream(data: bytes, entries: str = "", *, length: int | None = None) -> bytes:
    return f"<<{entries}/Length {len(data) if length is None else length}>>stream\n".encode() + data + b"\nendstream"


def pdf(*extra: bytes, content: bytes | None = None, page: str = "", resources: str = "", catalog: str = "", pages: str = "/Kids[3 0 R]/Count 1", font: bytes = FONT, trailer: str = "") -> bytes:  # fmt: skip
    """One page with some text; `extra` are objects from number 6 on. Without a table of objects: every reader has to find them."""
    box = "" if "/MediaBox" in page else "/MediaBox[0 0 595 842]"
    objects = [
        f"<</Type/Catalog/Pages 2 0 R{catalog}>>".encode(),
        f"<</Type/Pages{pages}>>".encode(),
        f"<</Type/Page/Parent 2 0 R{box}/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>{resources}>>{page}>>".encode(),
        content if content is not None else stream(CONTENT),
        font,
        *extra,
    ]
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (n, item) for n, item in enumerate(objects, start=1))
    return b"%PDF-1.7\n" + body + f"trailer<</Root 1 0 R/Size {len(objects) + 1}{trailer}>>\n".encode()


@cache
def zeros(megabytes: int) -> bytes:
    """So many megabytes of zeros, deflated without ever being in memory."""
    packer, parts = zlib.compressobj(9), []
    for _ in range(megabytes):
        parts.append(packer.compress(bytes(2**20)))
    return b"".join([*parts, packer.flush()])


# --- too much of something


@hostile
def flate_bomb() -> bytes:
    return pdf(content=stream(zeros(400), "/Filter/FlateDecode"))


@hostile
def flate_bomb_twice() -> bytes:
    return pdf(content=stream(zlib.compress(zeros(400)), "/Filter[/FlateDecode/FlateDecode]"))


@hostile
def flate_bomb_thrice() -> bytes:
    return pdf(content=stream(zlib.compress(zlib.compress(zeros(400))), "/Filter[/FlateDecode/FlateDecode/FlateDecode]"))


@hostile
def many_contents() -> bytes:
    return pdf(*[stream(zeros(60), "/Filter/FlateDecode")] * 40, page="/Contents[" + " ".join(f"{n} 0 R" for n in range(6, 46)) + "]")


@hostile
def text_operators() -> bytes:
    return pdf(content=stream(zlib.compress(b"BT /F1 9 Tf " + b"(x) Tj " * 1_500_000 + b"ET"), "/Filter/FlateDecode"))


@hostile
def paths() -> bytes:
    return pdf(content=stream(zlib.compress(b"0 0 m 9 9 l S " * 1_000_000), "/Filter/FlateDecode"))


@hostile
def shared_pages() -> bytes:
    return pdf(pages=f"/Kids[{'3 0 R ' * 100_000}]/Count 100000")


@hostile
def page_tree_of_powers() -> bytes:
    nodes = [f"<</Type/Pages/Kids[{n + 1} 0 R {n + 1} 0 R]/Count {2**40}>>".encode() for n in range(6, 46)]
    return pdf(*nodes, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>", pages=f"/Kids[6 0 R]/Count {2**40}")


@hostile
def forms_of_powers() -> bytes:
    nodes = [stream(b"/X Do " * 10, f"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X {n + 1} 0 R>>>>") for n in range(6, 16)]
    return pdf(*nodes, stream(CONTENT, "/Type/XObject/Subtype/Form/BBox[0 0 595 842]"), content=stream(b"/X Do"), resources="/XObject<</X 6 0 R>>")


@hostile
def long_string() -> bytes:
    return pdf(content=stream(zlib.compress(b"BT /F1 9 Tf (" + b"A" * 30_000_000 + b") Tj ET"), "/Filter/FlateDecode"))


@hostile
def saved_states() -> bytes:
    return pdf(content=stream(zlib.compress(b"q " * 5_000_000), "/Filter/FlateDecode"))


@hostile
def page_like_a_field() -> bytes:
    return pdf(page="/MediaBox[0 0 200000 200000]")


@hostile
def huge_unit() -> bytes:
    return pdf(page="/UserUnit 75000")


@hostile
def huge_picture() -> bytes:
    picture = stream(zlib.compress(bytes(1000)), "/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/FlateDecode")
    return pdf(picture, content=stream(b"595 0 0 842 0 0 cm /I Do"), resources="/XObject<</I 6 0 R>>")


@hostile
def lzw_bomb() -> bytes:
    return pdf(content=stream(bytes.fromhex("800bff") * 300_000, "/Filter/LZWDecode"))


@hostile
def run_length_bomb() -> bytes:
    return pdf(content=stream(b"\x81\x00" * 2_000_000, "/Filter/RunLengthDecode"))


@hostile
def hexadecimal() -> bytes:
    return pdf(content=stream(b"20" * 4_000_000, "/Filter/ASCIIHexDecode"))


@hostile
def base_85() -> bytes:
    return pdf(content=stream(b"z" * 8_000_000 + b"~>", "/Filter/ASCII85Decode"))


@hostile
def comments() -> bytes:
    return pdf(content=stream(zlib.compress(b"% nothing\n" * 3_000_000), "/Filter/FlateDecode"))


@hostile
def annotations() -> bytes:
    return pdf(page="/Annots[" + "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(http://a.example)>>>>" * 60_000 + "]")


@hostile
def words_without_end() -> bytes:
    rows = b"".join(b"BT /F1 1 Tf 0 %d Td (%s) Tj ET\n" % (y % 800, b"ab " * 60) for y in range(9000))
    return pdf(content=stream(zlib.compress(rows), "/Filter/FlateDecode"))


@hostile
def one_word() -> bytes:
    return pdf(content=stream(CONTENT + b"BT /F1 1 Tf 0 50 Td (" + b"W" * 100_000 + b") Tj ET"))


@hostile
def overlapping_text() -> bytes:
    rows = b"".join(b"BT /F1 9 Tf %d 300 Td (wort%d) Tj ET\n" % (60 + n % 7, n) for n in range(4000))
    return pdf(content=stream(rows))


@hostile
def incremental_updates() -> bytes:
    return pdf() + b"".join(b"5 0 obj\n%s\nendobj\ntrailer<</Root 1 0 R>>\n" % FONT for _ in range(30_000))


@hostile
def object_stream_bomb() -> bytes:
    return pdf(stream(zeros(400), "/Type/ObjStm/N 100000/First 900000/Filter/FlateDecode"), catalog="/Names 700 0 R")


@hostile
def to_unicode_bomb() -> bytes:
    rows = b"".join(b"<%04x> <%04x> <0041>\n" % (n, 0xFFFF) for n in range(60_000))
    cmap = stream(zlib.compress(b"begincmap 60000 beginbfrange\n" + rows + b"endbfrange endcmap"), "/Filter/FlateDecode")
    return pdf(cmap, font=FONT[:-2] + b"/ToUnicode 6 0 R>>")


@hostile
def widths() -> bytes:
    return pdf(font=FONT[:-2] + b"/FirstChar 0/LastChar 2000000/Widths[" + b"500 " * 2_000_000 + b"]>>")


@hostile
def calculated_function() -> bytes:
    code = stream(b"{" + b"dup " * 500_000 + b"}", "/FunctionType 4/Domain[0 1]/Range[0 1]")
    return pdf(code, content=stream(b"/C cs 0.5 sc 0 0 500 500 re f " + CONTENT), resources="/ColorSpace<</C[/Separation/X/DeviceGray 6 0 R]>>")


# --- going round in circles


@hostile
def form_in_itself() -> bytes:
    form = stream(b"/X Do", "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>")
    return pdf(form, content=stream(b"/X Do"), resources="/XObject<</X 6 0 R>>")


@hostile
def page_tree_in_itself() -> bytes:
    return pdf(pages="/Kids[2 0 R]/Count 1")


@hostile
def parent_in_itself() -> bytes:
    return pdf(page="/Parent 3 0 R")


@hostile
def outline_in_itself() -> bytes:
    return pdf(b"<</First 6 0 R/Next 6 0 R/Prev 6 0 R/Parent 6 0 R/Title(x)>>", catalog="/Outlines 6 0 R")


@hostile
def name_tree_in_itself() -> bytes:
    return pdf(b"<</Kids[6 0 R 6 0 R]>>", catalog="/Names<</JavaScript 6 0 R/EmbeddedFiles 6 0 R>>")


@hostile
def previous_table_is_this_one() -> bytes:
    data = pdf()
    at = len(data)
    return data + b"xref\n0 1\n0000000000 65535 f \ntrailer<</Root 1 0 R/Size 7/Prev %d>>\nstartxref\n%d\n%%%%EOF" % (at, at)


@hostile
def cross_reference_stream_in_itself() -> bytes:
    data = pdf()
    at = len(data)
    return data + b"9 0 obj\n" + stream(b"\0" * 40, f"/Type/XRef/Root 1 0 R/Size 10/W[1 2 1]/Prev {at}") + b"\nendobj\nstartxref\n%d\n%%%%EOF" % at


@hostile
def object_stream_in_itself() -> bytes:
    return pdf(stream(b"6 0 <<>>", "/Type/ObjStm/N 1/First 4/Extends 6 0 R"), content=b"6 0 R")


@hostile
def length_in_itself() -> bytes:
    return pdf(content=b"<</Length 4 0 R>>stream\n" + CONTENT + b"endstream")


@hostile
def pattern_in_itself() -> bytes:
    tile = stream(
        b"/Pattern cs /P scn 0 0 9 9 re f", "/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep 1/YStep 1/Resources<</Pattern<</P 6 0 R>>>>"
    )
    return pdf(tile, content=stream(b"/Pattern cs /P scn 0 0 500 500 re f " + CONTENT), resources="/Pattern<</P 6 0 R>>")


@hostile
def soft_mask_in_itself() -> bytes:
    group = stream(b"/G gs 0 0 9 9 re f", "/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Group<</S/Transparency>>/Resources<</ExtGState<</G 7 0 R>>>>")
    return pdf(group, b"<</SMask<</S/Luminosity/G 6 0 R>>>>", content=stream(b"/G gs " + CONTENT), resources="/ExtGState<</G 7 0 R>>")


@hostile
def glyph_in_itself() -> bytes:
    font = b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[.1 0 0 .1 0 0]/CharProcs<</a 6 0 R>>/Encoding<</Differences[97/a]>>/FirstChar 97/LastChar 97/Widths[9]/Resources<</Font<</F1 5 0 R>>>>>>"
    return pdf(stream(b"9 0 d0 BT /F1 9 Tf (a) Tj ET"), content=stream(b"BT /F1 9 Tf 60 60 Td (" + b"a" * 5000 + b") Tj ET"), font=font)


@hostile
def optional_content_in_itself() -> bytes:
    return pdf(b"<</Type/OCMD/OCGs[6 0 R]/VE[/And 6 0 R]>>", content=stream(b"/OC /O BDC " + CONTENT + b"EMC"), resources="/Properties<</O 6 0 R>>")


@hostile
def colour_space_in_itself() -> bytes:
    return pdf(b"[/Indexed 6 0 R 1 <0000>]", content=stream(b"/C cs 0 sc " + CONTENT), resources="/ColorSpace<</C 6 0 R>>")


# --- nesting


@hostile
def nested_arrays() -> bytes:
    return pdf(b"[" * 400_000 + b"]" * 400_000, catalog="/Names 6 0 R")


@hostile
def nested_dictionaries() -> bytes:
    return pdf(b"<</A" * 200_000 + b" 1" + b">>" * 200_000, catalog="/Names 6 0 R")


@hostile
def nested_array_in_contents() -> bytes:
    return pdf(content=stream(b"[" * 500_000 + b" 0 TJ " + CONTENT))


# --- lies and damage


@hostile
def box_of_nothing() -> bytes:
    return pdf(page="/MediaBox[0 0 0 0]")


@hostile
def box_upside_down() -> bytes:
    return pdf(page="/MediaBox[595 842 0 0]")


@hostile
def box_of_words() -> bytes:
    return pdf(page="/MediaBox[/a (b) null <<>>]")


@hostile
def crooked_page() -> bytes:
    return pdf(page="/Rotate 45")


@hostile
def huge_numbers() -> bytes:
    return pdf(content=stream(b"1e308 0 0 1e308 9e307 -9e307 cm 99999999999999999999 w " + CONTENT))


@hostile
def negative_length() -> bytes:
    return pdf(content=stream(CONTENT, length=-5))


@hostile
def length_beyond_the_end() -> bytes:
    return pdf(content=stream(CONTENT, length=2**31 - 1))


@hostile
def size_of_billions() -> bytes:
    return pdf(trailer="/Size 2147483647")


@hostile
def table_at_nowhere() -> bytes:
    return pdf() + b"startxref\n999999999\n%%EOF"


@hostile
def wide_cross_reference_stream() -> bytes:
    return pdf() + b"9 0 obj\n" + stream(b"\1" * 90, "/Type/XRef/Root 1 0 R/Size 2147483647/W[1 2147483647 8]/Index[0 2147483647]") + b"\nendobj\n"


@hostile
def half_a_file() -> bytes:
    data = pdf()
    return data[: len(data) // 2]


@hostile
def the_beginning_of_a_file() -> bytes:
    return pdf()[:90]


@hostile
def no_page_object() -> bytes:
    return pdf(pages="/Kids[99 0 R]/Count 1")


@hostile
def no_root() -> bytes:
    return pdf().replace(b"/Root 1 0 R", b"")


@hostile
def unknown_filter() -> bytes:
    return pdf(content=stream(CONTENT, "/Filter/BrotliDecode"))


@hostile
def broken_pictures() -> bytes:
    pictures = [
        stream(random.Random(7).randbytes(5000), f"/Subtype/Image/Width 900/Height 900/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/{name}")
        for name in ("JBIG2Decode", "DCTDecode", "JPXDecode", "CCITTFaxDecode")
    ]
    names = "".join(f"/I{n} {n} 0 R" for n in range(6, 10))
    return pdf(*pictures, content=stream(b"".join(b"/I%d Do " % n for n in range(6, 10)) + CONTENT), resources=f"/XObject<<{names}>>")


@hostile
def broken_fonts() -> bytes:
    font = b"<</Type/Font/Subtype/TrueType/BaseFont/A/FontDescriptor<</Type/FontDescriptor/FontName/A/Flags 4/FontFile2 6 0 R/FontFile3 7 0 R>>>>"
    return pdf(stream(random.Random(1).randbytes(9000)), stream(random.Random(2).randbytes(9000), "/Subtype/Type1C"), font=font)


@hostile
def inline_picture_without_end() -> bytes:
    return pdf(content=stream(CONTENT + b"BI /W 9 /H 9 /BPC 8 /CS /G ID " + bytes(100_000)))


@hostile
def contents_of_noughts() -> bytes:
    return pdf(content=stream(bytes(200_000)))


@hostile
def contents_of_noise() -> bytes:
    return pdf(content=stream(random.Random(3).randbytes(500_000)))


# --- what else may be in a file


@hostile
def scripts() -> bytes:
    return pdf(b"<</S/JavaScript/JS(while(1){})>>", catalog="/OpenAction 6 0 R/AA<</WC 6 0 R>>")


@hostile
def launch() -> bytes:
    return pdf(b"<</S/Launch/F(/bin/sh)/Win<</F(cmd.exe)>>>>", catalog="/OpenAction 6 0 R")


@hostile
def attachment() -> bytes:
    return pdf(
        b"<</Type/Filespec/F(a.exe)/EF<</F 7 0 R>>>>",
        stream(b"MZ" * 1000, "/Type/EmbeddedFile"),
        catalog="/Names<</EmbeddedFiles<</Names[(a) 6 0 R]>>>>",
    )


@hostile
def portfolio() -> bytes:
    return pdf(catalog="/Collection<</View/T/Schema<<>>>>")


@hostile
def xfa_form() -> bytes:
    xml = zlib.compress(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'>" + b"<a>" * 200_000)
    return pdf(stream(xml, "/Filter/FlateDecode"), catalog="/AcroForm<</XFA 6 0 R/Fields[]>>")


@hostile
def billion_laughs() -> bytes:
    names = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(12))
    xml = f'<?xpacket?><!DOCTYPE x [<!ENTITY l0 "ha">{names}]><x:xmpmeta xmlns:x="adobe:ns:meta/">&l12;</x:xmpmeta>'.encode()
    return pdf(stream(xml, "/Type/Metadata/Subtype/XML"), catalog="/Metadata 6 0 R")


@hostile
def another_file_in_front() -> bytes:
    return b"<html><script>alert(1)</script>" + b" " * 900 + pdf()


@hostile
def too_much_in_front() -> bytes:
    return b" " * 1500 + pdf()


# --- no PDF at all, or not for us


@hostile
def nothing() -> bytes:
    return b""


@hostile
def only_a_header() -> bytes:
    return b"%PDF-1.7\n%%EOF"


@hostile
def a_picture() -> bytes:
    return base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


@hostile
def an_archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cv.pdf", pdf())
    return out.getvalue()


@hostile
def too_large() -> bytes:
    return pdf(content=stream(random.Random(9).randbytes(MAX)))


@hostile
def a_lock() -> bytes:
    return locked("geheim")


@hostile
def a_lock_for_the_owner_only() -> bytes:
    return locked("")


def locked(password: str) -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(595, 842)
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
