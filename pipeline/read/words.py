"""Page of a PDF -> words with box, baseline and style, in the order of the content stream (raw pdfium calls)."""

from __future__ import annotations

import ctypes
import itertools
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from pipeline.model.document import Box

_BOLD = re.compile(r"bold|black|heavy|semib|demi|[-,]bd|cmbx|sfbx|ecbx|fett", re.IGNORECASE)
_ITALIC = re.compile(r"italic|oblique|slanted|kursiv|cmti|sfti|cmsl|sfsl", re.IGNORECASE)
_ICON_FONT = re.compile(
    r"awesome|marvosym|wingding|webding|dingbat|icon|material|fontello|symbola|phosphor|feather|remix|lucide|entypo", re.IGNORECASE
)
_FORCE_BOLD, _ITALIC_FLAG = 1 << 18, 1 << 6
_RUN = re.compile(r"[^\0\x01\x03-\x20\x7f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\uffff\ud800-\udfff]+")
"""What stands between spaces, control characters and halves of surrogate pairs."""

_SET_TIGHT = re.compile(r"[^\W\d_A-ZÄÖÜ][A-ZÄÖÜ]|[,;:.)][^\W\d_]")
"""Where two words may stand close together in one run: "RecordOffice", "Leeds,York"."""

_DROPPED = "\u00ad\u200b-\u200d\u2060\ufeff\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f"
_LINE_END_HYPHENS = "\x02\ufffe"
_ALIEN = re.compile("[\u200b-\u200d\u2060\ufeff\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_SPECIAL = re.compile(f"[{_DROPPED}{_LINE_END_HYPHENS}]")
_INVISIBLE = re.compile(f"[{_DROPPED}]")
_PRINTED = str.maketrans(
    {"\x02": "-", "\ufffe": "-", "\u2010": "-", "\u2011": "-"}
    | {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "ft", "\ufb06": "st"}
)

TORN = 0.15
"""Of the size: letters that are no further apart are of one word."""
SAME = 0.2
"""Coordinates that differ by less, in points, are the same: pdfium rounds."""


@dataclass(slots=True)
class Style:
    """`origin` is the address of the text object that it is of; 0 where there is none."""

    font: str
    size: float
    bold: bool
    italic: bool
    color: str
    icon: bool
    origin: int = 0


@dataclass(slots=True)
class Word:
    """`spacing` is the room between its first two letters, in points; `first` the text page's index of the first, -1 where it was put together."""

    text: str
    box: Box
    base: float
    style: Style
    spacing: float = 0.0
    first: int = -1


def page_words(page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> tuple[list[Word], int]:
    """All words of a page, in stream order, and how many characters without ink were dropped; points from the top left corner."""
    read = _Words(page, textpage)
    return read.words(), read.invisible


def without_invisible(text: str) -> str:
    """The text without characters that leave no ink."""
    return _INVISIBLE.sub("", text)


class _Words:
    """Cuts a page's characters into words.

    Characters between spaces are one word where the first and the last stand on one line: then two boxes are enough. Only
    where they do not (a hyphen at a line end, a jump without a space) each character is looked at; calls into pdfium are
    what reading costs.
    """

    def __init__(self, page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> None:
        self._upright = _Upright(page)
        self._tp = textpage.raw
        self._rect, self._x, self._y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
        self._style_of = _Styles(self._tp)
        self._text = self._read_text()
        self.invisible = len(_ALIEN.findall(self._text))

    def words(self) -> list[Word]:
        found: list[Word] = []
        for match, *more in self._runs():
            first, end = match.span()
            if more:
                run = [i for part in (match, *more) for i in range(*part.span()) if not _INVISIBLE.match(self._text[i])]
                found += self._split(run) if run else ()
                continue
            if _SPECIAL.search(match[0]):
                run = [i for i in range(first, end) if not _INVISIBLE.match(self._text[i])]
                found += self._split(run) if run else ()
                continue
            if _SET_TIGHT.search(match[0]) and (parts := self._parts(first, end)):
                found += [word for a, b in parts for word in self._split(list(range(a, b)))]
                continue
            style, box = self._style_of(first), self._box(first)
            last = self._box(end - 1) if end - first > 1 else box
            level = abs(box[1] - last[1]) < SAME and abs(box[3] - last[3]) < SAME
            if level and box[0] <= last[0] and last[2] - box[0] < 1.8 * style.size * (end - first):
                word = self._word(match[0], first, (box[0], box[1], max(box[2], last[2]), box[3]), style)
                word.first = first
                if end - first > 1:
                    word.spacing = self._box(first + 1)[0] - box[2]
                found.append(word)
            else:
                found += self._split(list(range(first, end)))
        return found

    def _parts(self, first: int, end: int) -> list[tuple[int, int]]:
        """Justified text may have spaces that are mere gaps: where a run has such, between "Record" and "Office", its parts."""
        size = self._style_of(first).size
        cuts = [m.end() - 1 + first for m in _SET_TIGHT.finditer(self._text[first:end])]
        cuts = [i for i in cuts if self._gap_before(i) > 0.25 * size]
        return list(itertools.pairwise([first, *cuts, end])) if cuts else []

    def _gap_before(self, i: int) -> float:
        """The distance of a letter's ink from that of the letter before, in points."""
        edges = [ctypes.c_double() for _ in range(4)]
        raw.FPDFText_GetCharBox(self._tp, i - 1, *edges)
        right = edges[1].value
        raw.FPDFText_GetCharBox(self._tp, i, *edges)
        return edges[0].value - right

    def _read_text(self) -> str:
        """One code point for each of pdfium's characters; in one call where the page has none outside the basic plane."""
        count = raw.FPDFText_CountChars(self._tp)
        buffer = (ctypes.c_ushort * (count + 1))()
        if raw.FPDFText_GetText(self._tp, 0, count, buffer) == count + 1:
            text = bytes(buffer).decode("utf-16-le", "surrogatepass")[:-1]
            if len(text) == count:
                return text
        return "".join(chr(raw.FPDFText_GetUnicode(self._tp, i)) for i in range(count))

    def _runs(self) -> Iterator[list[re.Match[str]]]:
        """What stands between spaces; in several pieces where pdfium has put line breaks into the middle of a word."""
        group: list[re.Match[str]] = []
        for match in _RUN.finditer(self._text):
            if group and not self._is_torn(group[-1].end() - 1, match.start()):
                yield group
                group = []
            group.append(match)
        if group:
            yield group

    def _is_torn(self, last: int, first: int) -> bool:
        """Has pdfium made up a line break between two letters that stand beside each other?"""
        if self._text[last + 1 : first] != "\r\n" or raw.FPDFText_IsGenerated(self._tp, last + 1) != 1:
            return False
        before, after, size = self._box(last), self._box(first), self._style_of(last).size
        return -0.1 * size < after[0] - before[2] < TORN * size and abs(self._base(last) - self._base(first)) < TORN * size

    def _split(self, run: list[int]) -> Iterator[Word]:
        """Words of a run that jumps, character by character."""
        part, box, style = [run[0]], list(self._box(run[0])), self._style_of(run[0])
        last_left = box[0]
        for i in run[1:]:
            left, bottom, right, top = self._box(i)
            if self._text[part[-1]] in _LINE_END_HYPHENS:
                if abs(left - box[2]) < 0.3 * style.size and bottom < box[3] and top > box[1]:
                    part.pop()  # a soft hyphen within a line: the word goes on
                    jump = not part
                else:
                    jump = True
            else:
                moved = abs(bottom - box[1]) > SAME or abs(top - box[3]) > SAME  # another font, size or baseline
                jump = left < last_left - 0.3 * style.size or (moved and abs(self._base(i) - self._base(part[0])) > 0.5 * style.size)
            if jump:
                if part:
                    yield self._word(self._at(part), part[0], (box[0], box[1], box[2], box[3]), style)
                part, box, style = [], [left, bottom, right, top], self._style_of(i)
            part.append(i)
            box[2], last_left = max(box[2], right), left
        yield self._word(self._at(part), part[0], (box[0], box[1], box[2], box[3]), style)

    def _at(self, run: list[int]) -> str:
        return "".join([self._text[i] for i in run])

    def _word(self, text: str, first: int, box: tuple[float, float, float, float], style: Style) -> Word:
        if not text.isascii():
            text = unicodedata.normalize("NFC", text.translate(_PRINTED))
        elif "\x02" in text:
            text = text.replace("\x02", "-")
        return Word(text, self._upright.box(*box), round(self._upright.height - self._base(first), 2), style)

    def _box(self, i: int) -> tuple[float, float, float, float]:
        rect = self._rect
        raw.FPDFText_GetLooseCharBox(self._tp, i, rect)
        return self._upright.turned(rect.left, rect.bottom, rect.right, rect.top)

    def _base(self, i: int) -> float:
        """Baseline of a character, upwards from the bottom of the upright page."""
        raw.FPDFText_GetCharOrigin(self._tp, i, self._x, self._y)
        return self._upright.turned(self._x.value, self._y.value, self._x.value, self._y.value)[1]


class _Styles:
    """The styles of a page's characters; those of one text object are the same. Buffers are kept: allocating them is what costs."""

    def __init__(self, textpage: raw.FPDF_TEXTPAGE) -> None:
        self._tp = textpage
        self._known: dict[int, Style] = {}
        self._name, self._flags = ctypes.create_string_buffer(128), ctypes.c_int()
        self._matrix = raw.FS_MATRIX()
        self._rgba = [ctypes.c_uint() for _ in range(4)]

    def __call__(self, i: int) -> Style:
        origin = address(raw.FPDFText_GetTextObject(self._tp, i))
        style = self._known.get(origin)
        if style is None:
            style = self._known[origin] = self._read(i, origin)
        return style

    def _read(self, i: int, origin: int) -> Style:
        raw.FPDFText_GetFontInfo(self._tp, i, self._name, 128, self._flags)
        bold, italic, icon, font = _face(self._name.value, self._flags.value)
        scale = math.hypot(self._matrix.b, self._matrix.d) if raw.FPDFText_GetMatrix(self._tp, i, self._matrix) else 1.0
        raw.FPDFText_GetFillColor(self._tp, i, *self._rgba)
        r, g, b, _ = (part.value & 255 for part in self._rgba)
        size = round(raw.FPDFText_GetFontSize(self._tp, i) * (scale or 1.0), 1)
        return Style(font, size, bold, italic, f"{r << 16 | g << 8 | b:06x}", icon, origin)


def address(handle: Any) -> int:
    """What tells one of pdfium's objects from another; 0 for none."""
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


@lru_cache(maxsize=256)
def _face(name: bytes, flags: int) -> tuple[bool, bool, bool, str]:
    """Bold, italic, icons, and the plain name of a font."""
    font = name.decode("utf-8", "replace").split("+", 1)[-1]
    bold = bool(_BOLD.search(font)) or bool(flags & _FORCE_BOLD)
    italic = bool(_ITALIC.search(font)) or bool(flags & _ITALIC_FLAG)
    return bold, italic, bool(_ICON_FONT.search(font)), font


class _Upright:
    """Page space (origin bottom left of some box, perhaps rotated) -> points as a person sees the page."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        box = page.get_bbox()  # unlike the boxes by name, it knows those that the page inherits
        self.left, self.right = sorted((box[0], box[2]))
        self.bottom, self.top = sorted((box[1], box[3]))
        self.rotation = page.get_rotation()
        self.height = self.right - self.left if self.rotation in (90, 270) else self.top - self.bottom

    def turned(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        """Left, bottom, right, top on the upright page; y still grows upwards."""
        match self.rotation:
            case 0:
                return x0 - self.left, y0 - self.bottom, x1 - self.left, y1 - self.bottom
            case 90:
                return y0 - self.bottom, self.right - x1, y1 - self.bottom, self.right - x0
            case 180:
                return self.right - x1, self.top - y1, self.right - x0, self.top - y0
            case _:
                return self.top - y1, x0 - self.left, self.top - y0, x1 - self.left

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        """The box of upright coordinates, y downwards from the top."""
        return Box(round(left, 2), round(self.height - top, 2), round(right, 2), round(self.height - bottom, 2))


@dataclass(slots=True)
class Drawn:
    """What a page shows besides words. `dots` are small shapes, as wide as high: list markers that are no text."""

    dots: list[Box]
    shapes: int
    picture: float
    """Share of the page that its largest picture covers."""
    unprinted: float
    """Share of the text objects that leave no ink (render mode 3), as the text layer of a scan does."""


def page_drawn(page: pdfium.PdfPage) -> Drawn:
    """One walk over the page's objects."""
    upright = _Upright(page)
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    area = max(1.0, (upright.right - upright.left) * (upright.top - upright.bottom))
    dots: list[Box] = []
    shapes, texts, unprinted, picture = 0, 0, 0, 0.0
    for i in range(min(raw.FPDFPage_CountObjects(page.raw), 4000)):
        item = raw.FPDFPage_GetObject(page.raw, i)
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            texts += 1
            unprinted += raw.FPDFTextObj_GetTextRenderMode(item) == raw.FPDF_TEXTRENDERMODE_INVISIBLE
            continue
        shapes += 1
        if kind not in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE) or not raw.FPDFPageObj_GetBounds(item, left, bottom, right, top):
            continue
        width, height = right.value - left.value, top.value - bottom.value
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            picture = max(picture, width * height / area)
        elif 1.2 < width < 7 and 1.2 < height < 7 and abs(width - height) < 0.35 * max(width, height):
            dots.append(upright.box(*upright.turned(left.value, bottom.value, right.value, top.value)))
    return Drawn(dots, shapes, picture, unprinted / texts if texts else 0.0)


def page_links(page: pdfium.PdfPage, document: pdfium.PdfDocument) -> list[tuple[Box, str]]:
    """Web and mail links of a page with their rectangles."""
    upright = _Upright(page)
    found: list[tuple[Box, str]] = []
    position, link, rect = ctypes.c_int(0), raw.FPDF_LINK(), raw.FS_RECTF()
    while len(found) < 200 and raw.FPDFLink_Enumerate(page.raw, position, link):
        action = raw.FPDFLink_GetAction(link)
        if not action or not raw.FPDFLink_GetAnnotRect(link, rect):
            continue
        size = raw.FPDFAction_GetURIPath(document.raw, action, None, 0)
        if not 1 < size <= 2048:
            continue
        buffer = ctypes.create_string_buffer(size)
        raw.FPDFAction_GetURIPath(document.raw, action, buffer, size)
        found.append((upright.box(*upright.turned(rect.left, rect.bottom, rect.right, rect.top)), buffer.value.decode("utf-8", "replace")))
    return found
