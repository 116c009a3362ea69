"""Page of a PDF -> words with box, baseline and style, in the order of the content stream (raw pdfium calls)."""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from dataclasses import dataclass

import pypdfium2 as pdfium
from pypdfium2 import raw

from pipeline.model.document import Box

_BOLD = re.compile(r"bold|black|heavy|semib|demi|[-,]bd|cmbx|sfbx|ecbx|fett", re.IGNORECASE)
_ITALIC = re.compile(r"italic|oblique|slanted|kursiv|cmti|sfti|cmsl|sfsl", re.IGNORECASE)
_ICON_FONT = re.compile(
    r"awesome|marvosym|wingding|webding|dingbat|icon|material|fontello|symbola|phosphor|feather|remix|lucide|entypo", re.IGNORECASE
)
_FORCE_BOLD, _ITALIC_FLAG = 1 << 18, 1 << 6
_SPACES = frozenset(map(ord, " \t\r\n\u00a0\u202f\u3000\u1680\u205f")) | frozenset(range(0x2000, 0x200B))
_DROPPED = frozenset([0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xE0000, 0xE0080)])
_LINE_END_HYPHENS = frozenset([0x0002, 0xFFFE])
_LIGATURES = {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "ft", "\ufb06": "st"}


@dataclass(slots=True)
class Style:
    font: str
    size: float
    bold: bool
    italic: bool
    color: str
    icon: bool


@dataclass(slots=True)
class Word:
    text: str
    box: Box
    base: float
    style: Style


def page_words(page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> list[Word]:
    """All words of a page, in stream order; coordinates in points from the top left corner."""
    upright = _Upright(page)
    tp = textpage.raw
    get_unicode, get_box, turned = raw.FPDFText_GetUnicode, raw.FPDFText_GetLooseCharBox, upright.turned
    rect, x, y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    styles: dict[int, Style] = {}
    words: list[Word] = []
    chars: list[str] = []
    box, base, last_left = [0.0, 0.0, 0.0, 0.0], 0.0, 0.0
    word_style: Style | None = None
    soft_hyphen = False

    def origin(i: int) -> float:
        """Baseline of a character, upwards from the bottom of the upright page."""
        raw.FPDFText_GetCharOrigin(tp, i, x, y)
        return turned(x.value, y.value, x.value, y.value)[1]

    def flush() -> None:
        if chars and word_style is not None:
            text = unicodedata.normalize("NFC", "".join(chars))
            if text:
                words.append(Word(text, upright.box(*box), round(upright.height - base, 2), word_style))
            chars.clear()

    for i in range(raw.FPDFText_CountChars(tp)):
        code = get_unicode(tp, i)
        if code in _SPACES:
            flush()
            continue
        if code in _DROPPED or (code < 32 and code not in _LINE_END_HYPHENS) or code == 0xFFFF:
            continue
        get_box(tp, i, rect)
        left, bottom, right, top = turned(rect.left, rect.bottom, rect.right, rect.top)
        if chars and word_style is not None and soft_hyphen:
            soft_hyphen = False
            if abs(left - box[2]) < 0.3 * word_style.size and bottom < box[3] and top > box[1]:
                chars.pop()  # a soft hyphen within a line: the word goes on
            else:
                flush()
        if chars and word_style is not None:
            if left < last_left - 0.3 * word_style.size:
                flush()
            elif bottom != box[1] or top != box[3]:  # another font, size or baseline
                style = _style_at(tp, i, styles)
                if abs(origin(i) - base) > 0.5 * style.size or style.icon != word_style.icon:
                    flush()
        if not chars:
            box[:] = left, bottom, right, top
            base, word_style = origin(i), _style_at(tp, i, styles)
        else:
            box[2] = max(box[2], right)
        last_left = left
        char = "-" if code in _LINE_END_HYPHENS else chr(code)
        chars.append(_LIGATURES.get(char, char))
        soft_hyphen = code in _LINE_END_HYPHENS
    flush()
    return words


def _style_at(tp: raw.FPDF_TEXTPAGE, i: int, styles: dict[int, Style]) -> Style:
    """The style of a character; those of one text object are the same."""
    address = ctypes.cast(raw.FPDFText_GetTextObject(tp, i), ctypes.c_void_p).value or 0
    if address not in styles:
        styles[address] = _style(tp, i)
    return styles[address]


def _style(tp: raw.FPDF_TEXTPAGE, i: int) -> Style:
    buffer, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    raw.FPDFText_GetFontInfo(tp, i, buffer, 128, flags)
    font = buffer.value.decode("utf-8", "replace")
    font = font.split("+", 1)[-1]
    matrix = raw.FS_MATRIX()
    scale = math.hypot(matrix.b, matrix.d) if raw.FPDFText_GetMatrix(tp, i, matrix) else 1.0
    r, g, b, a = (ctypes.c_uint() for _ in range(4))
    raw.FPDFText_GetFillColor(tp, i, r, g, b, a)
    return Style(
        font=font,
        size=round(raw.FPDFText_GetFontSize(tp, i) * (scale or 1.0), 1),
        bold=bool(_BOLD.search(font)) or bool(flags.value & _FORCE_BOLD),
        italic=bool(_ITALIC.search(font)) or bool(flags.value & _ITALIC_FLAG),
        color=f"{r.value & 255:02x}{g.value & 255:02x}{b.value & 255:02x}",
        icon=bool(_ICON_FONT.search(font)),
    )


class _Upright:
    """Page space (origin bottom left of some box, perhaps rotated) -> points as a person sees the page."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self.left, self.bottom, self.right, self.top = page.get_cropbox()
        self.rotation = page.get_rotation()
        self.height = self.right - self.left if self.rotation in (90, 270) else self.top - self.bottom

    def turned(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        """Left, bottom, right, top on the upright page; y still grows upwards."""
        match self.rotation:
            case 90:
                return y0 - self.bottom, self.right - x1, y1 - self.bottom, self.right - x0
            case 180:
                return self.right - x1, self.top - y1, self.right - x0, self.top - y0
            case 270:
                return self.top - y1, x0 - self.left, self.top - y0, x1 - self.left
            case _:
                return x0 - self.left, y0 - self.bottom, x1 - self.left, y1 - self.bottom

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        """The box of upright coordinates, y downwards from the top."""
        return Box(round(left, 2), round(self.height - top, 2), round(right, 2), round(self.height - bottom, 2))


def page_dots(page: pdfium.PdfPage) -> list[Box]:
    """Small drawn shapes, as wide as high: list markers that are no text."""
    upright = _Upright(page)
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    found: list[Box] = []
    for i in range(min(raw.FPDFPage_CountObjects(page.raw), 4000)):
        shape = raw.FPDFPage_GetObject(page.raw, i)
        if raw.FPDFPageObj_GetType(shape) != raw.FPDF_PAGEOBJ_PATH or not raw.FPDFPageObj_GetBounds(shape, left, bottom, right, top):
            continue
        width, height = right.value - left.value, top.value - bottom.value
        if 1.2 < width < 7 and 1.2 < height < 7 and abs(width - height) < 0.35 * max(width, height):
            found.append(upright.box(*upright.turned(left.value, bottom.value, right.value, top.value)))
    return found


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
