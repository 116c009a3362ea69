"""Reading: order, styles, limits, and what happens to hostile files."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable
from datetime import UTC, datetime

import pypdf
import pypdf.xmp
import pytest
from reportlab.pdfgen.canvas import Canvas

from pipeline.errors import UserError
from pipeline.model.document import Box, Document
from pipeline.read.extract import extract
from pipeline.read.reader import Reader
from pipeline.read.sandbox import Sandbox
from pipeline.read.segments import segments
from pipeline.read.words import Style, Word
from tests.conftest import sample
from tests.hiding import Sheet


def pdf(draw: Callable[[Canvas], None], **options: object) -> bytes:
    data = io.BytesIO()
    canvas = Canvas(data, **options)
    draw(canvas)
    canvas.save()
    return data.getvalue()


def raw_pdf(content: bytes, *, filters: str = "/Filter/FlateDecode", resources: str = "") -> bytes:
    return b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" + (
        f"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<{resources}>>>>endobj\n4 0 obj<</Length {len(content)}{filters}>>stream\n".encode()
        + content
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n"
    )


def text_of(document: Document) -> list[str]:
    return [line.text for line in document.lines]


async def test_lines_are_numbered_and_know_page_box_and_style(documents: dict[str, Document]) -> None:
    document = documents["de-einspaltig-brandt"]
    assert [line.number for line in document.lines] == list(range(1, len(document.lines) + 1))
    name = document.line(1)
    assert (name.text, name.bold, name.size, name.page) == ("Katharina Brandt", True, 20.0, 1)
    assert 60 < name.box.x0 < 80
    assert name.box.y1 < 100
    bullet = next(line for line in document.lines if line.text.startswith("Leitung von Projekten"))
    assert bullet.bullet


async def test_two_columns_are_read_one_after_the_other(documents: dict[str, Document]) -> None:
    texts = text_of(documents["en-two-column-okafor"])
    assert texts.index("Interests") < texts.index("Chidi Okafor")
    flows = {line.flow for line in documents["en-two-column-okafor"].lines}
    assert flows == {1, 2}


async def test_the_rows_of_a_table_stay_together(documents: dict[str, Document]) -> None:
    document = documents["de-tabelle-yilmaz"]
    texts = text_of(document)
    assert texts[texts.index("seit 01/2020") + 1] == "Lohnbuchhalter"
    assert {line.flow for line in document.lines} == {0}


async def test_interleaved_columns_are_put_in_order(sandbox: Sandbox) -> None:
    def draw(c: Canvas) -> None:
        c.setFont("Helvetica", 10)
        for i in range(20):
            c.drawString(40, 780 - 15 * i, f"Links Zeile {i} mit Text")
            c.drawString(300, 774 - 17 * i, f"Rechts steht in Zeile {i} etwas ganz anderes geschrieben")

    texts = text_of(await sandbox.read(pdf(draw)))
    assert texts.index("Links Zeile 19 mit Text") < texts.index("Rechts steht in Zeile 0 etwas ganz anderes geschrieben")


async def test_letter_spaced_headings_are_words(sandbox: Sandbox) -> None:
    def draw(c: Canvas) -> None:
        c.setFont("Helvetica", 12)
        c.drawString(40, 800, "Automatisierung der Fertigung in der Halle")
        text = c.beginText(40, 760)
        text.setCharSpace(6)
        text.textOut("BERUFSERFAHRUNG")
        c.drawText(text)
        c.drawString(40, 700, "Weitere Angaben stehen hier unten auf der Seite geschrieben.")

    texts = text_of(await sandbox.read(pdf(draw)))
    assert texts[1] == "BERUFSERFAHRUNG"


async def test_rotated_pages_are_read_upright(sandbox: Sandbox) -> None:
    def draw(c: Canvas) -> None:
        c.setPageRotation(90)
        c.setFont("Helvetica", 12)
        for i in range(6):
            c.saveState()
            c.rotate(90)
            c.drawString(100, -100 - 20 * i, f"Zeile {i} einer quer gelegten Seite mit Text")
            c.restoreState()

    texts = text_of(await sandbox.read(pdf(draw)))
    assert texts == [f"Zeile {i} einer quer gelegten Seite mit Text" for i in range(6)]


async def test_links_are_kept(sandbox: Sandbox) -> None:
    def draw(c: Canvas) -> None:
        c.drawString(40, 800, "Mein Profil bei LinkedIn und noch einiges mehr an Text auf dieser Seite, genug für einen Lebenslauf")
        c.linkURL("https://www.linkedin.com/in/erika", (40, 795, 200, 812))

    assert (await sandbox.read(pdf(draw))).lines[0].links == ("https://www.linkedin.com/in/erika",)


@pytest.mark.parametrize(("info", "created"), [(b"", "2024-05-06"), (b"D:20230102030405Z", "2023-01-02")])
async def test_the_file_s_own_date_is_known_from_either_metadata(sandbox: Sandbox, info: bytes, created: str) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(sample("de-einspaltig-brandt")))
    writer.metadata = {"/CreationDate": info.decode()} if info else None
    xmp = pypdf.xmp.XmpInformation.create()
    xmp.xmp_create_date = datetime(2024, 5, 6, tzinfo=UTC)
    writer.xmp_metadata = xmp
    out = io.BytesIO()
    writer.write(out)
    assert (await sandbox.read(out.getvalue())).created == created


def encrypted() -> bytes:
    return pdf(lambda c: c.drawString(40, 800, "geheim"), encrypt="kennwort")


def many_pages() -> bytes:
    def draw(c: Canvas) -> None:
        for _ in range(61):
            c.drawString(40, 800, "Seite")
            c.showPage()

    return pdf(draw)


def flate_bomb() -> bytes:
    data = b"BT (x) Tj ET " * 2_000_000
    for _ in range(3):
        data = zlib.compress(data, 9)
    return raw_pdf(data, filters="/Filter[/FlateDecode/FlateDecode/FlateDecode]")


def memory_bomb() -> bytes:
    return raw_pdf(zlib.compress(b"(" + b"A" * 900_000_000 + b") Tj", 9))


def form_bomb() -> bytes:
    forms = "".join(
        f"{10 + i} 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F {11 + i} 0 R>>>>/Length 60>>stream\n{'/F Do ' * 10}\nendstream endobj\n"
        for i in range(12)
    )
    return raw_pdf(b"/F Do", filters="", resources="/XObject<</F 10 0 R>>").replace(b"trailer", forms.encode() + b"trailer")


@pytest.mark.parametrize(
    ("data", "reasons"),
    [
        (b"", {"unknown_format"}),
        (b"hello", {"unknown_format"}),
        (b"PK\x03\x04 a zip", {"unknown_format"}),
        (b"%PDF-1.7\ngarbage", {"damaged"}),
        (sample("de-tabelle-yilmaz")[:400], {"damaged", "scanned", "no_pages"}),
        (encrypted(), {"encrypted"}),
        (many_pages(), {"too_many_pages"}),
        (pdf(lambda c: c.rect(10, 10, 300, 300, fill=1)), {"scanned"}),
        (b"%PDF-1.4" + b"x" * (15 * 2**20), {"too_large"}),
        (flate_bomb(), {"too_complex", "scanned"}),
        (memory_bomb(), {"too_complex", "scanned"}),
        (form_bomb(), {"too_complex", "scanned"}),
    ],
    ids=["empty", "text", "zip", "garbage", "truncated", "encrypted", "61-pages", "no-text", "16-mb", "flate-bomb", "memory-bomb", "form-bomb"],
)  # fmt: skip
async def test_a_bad_file_ends_with_a_named_reason_and_the_sandbox_lives_on(sandbox: Sandbox, data: bytes, reasons: set[str]) -> None:
    with pytest.raises(UserError) as caught:
        await Reader(sandbox, None).read(data)
    assert caught.value.key in reasons
    assert (await sandbox.read(sample("de-tabelle-yilmaz"))).lines


async def test_the_sandbox_comes_back_when_its_process_was_killed(sandbox: Sandbox) -> None:
    await sandbox.start()
    os.kill(sandbox._process.pid, 9)
    sandbox._process.wait()
    assert (await sandbox.read(sample("de-tabelle-yilmaz"))).lines


async def test_the_sandbox_sees_none_of_our_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary-secret")
    await sandbox.start()
    with open(f"/proc/{sandbox._process.pid}/environ", "rb") as file:
        assert b"canary-secret" not in file.read()


def test_a_page_may_inherit_its_size() -> None:
    """/MediaBox stands in the page tree: without it words would be looked for in the wrong place, and taken for hidden."""
    pdf = Sheet().pdf().replace(b"/MediaBox[0 0 595 842]", b"").replace(b"/Kids[3 0 R]", b"/MediaBox[0 0 595 842]/Kids[3 0 R]")
    document = extract(pdf)
    assert [line.text for line in document.lines] == [line.text for line in extract(Sheet().pdf()).lines]
    assert document.lines[0].box.y0 == pytest.approx(842 - 760 - 10, abs=4)
    assert document.hidden == ()


def drawn(rows: list[tuple[float, float, float, str]]) -> Document:
    """Texts at (x, y from the top, size), in that order."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842), invariant=1)
    for x, y, size, text in rows:
        canvas.setFont("Helvetica", size)
        canvas.drawString(x, 842 - y, text)
    canvas.save()
    return extract(out.getvalue())


def test_a_table_that_is_drawn_row_by_row_stays_in_rows() -> None:
    """However many lines the right cells have, and wherever the gap between the columns is."""
    rows: list[tuple[float, float, float, str]] = []
    for n in range(4):
        top = 100 + 120 * n
        rows.append((50, top, 10, f"0{n + 1}/2018"))
        rows += [(150, top + 15 * k, 10, text) for k, text in enumerate(("Beispiel Werke", "für Anlagen", "und Technik", "Niederlassung", "Bonn"))]
        rows += [(300, top + 13 * k, 10, f"Zeile {k} der Station {n} mit ihrem Text") for k in range(7)]
    document = drawn(rows)
    assert {line.flow for line in document.lines} == {0}
    order = [line.text for line in document.lines]
    assert order.index("02/2018") > order.index("Zeile 6 der Station 0 mit ihrem Text")


def test_a_letterhead_over_two_columns_belongs_to_neither() -> None:
    left = [(50, 150 + 14 * n, 10, f"Links steht die Zeile {n} des Textes") for n in range(20)]
    right = [(320, 152 + 14.6 * n, 10, f"Rechts steht die Zeile {n} davon") for n in range(20)]
    head = [(50, 60, 22, "Ada Beispiel"), (420, 55, 9, "ada@example.org"), (420, 68, 9, "+49 228 5550101")]
    document = drawn([*head, *left, *right])
    flows = {line.text: line.flow for line in document.lines}
    assert flows["ada@example.org"] == flows["Ada Beispiel"] == 0
    assert flows["Links steht die Zeile 3 des Textes"] != flows["Rechts steht die Zeile 3 davon"]


def test_adorned_headings_are_no_bullets() -> None:
    line = drawn([(50, 100, 13, "* Kitchens *"), (50, 130, 10, "* Menu costing")]).lines
    assert [(o.text, o.bullet) for o in line] == [("Kitchens", False), ("Menu costing", True)]


def test_letter_spaced_capitals_with_kerned_pairs_are_one_word() -> None:
    """As a typesetter draws them: each letter for itself, some pairs closer together."""
    style, words, x = Style("serif", 13.0, bold=False, italic=False, color="000000", icon=False), [], 60.0
    for text in ("Z", "U", "S", "AT", "Z", "Q", "U", "A", "L"):
        width = 9.0 * len(text)
        words.append(Word(text, Box(x, 100, x + width, 113), 110, style, spacing=0.95 if len(text) > 1 else 0.0))
        x += width + 2.4
    assert [w.text for w in segments(words)[0].words] == ["ZUSATZQUAL"]
