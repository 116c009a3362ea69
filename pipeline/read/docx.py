"""Word file -> the words of its pages, set as a word processor would set them: roughly, but in the right order and place.

What follows (columns, rows, headings, bullets) is told from places and styles, as with a PDF. Letters are taken to be half as wide as they
are high; what matters is where things begin. Runs only inside the sandbox's child process.
"""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import docx
from docx.document import Document as WordFile
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml import etree

from pipeline.errors import UserError
from pipeline.model.document import Box, PageSize
from pipeline.read.words import Style, Word, without_invisible

MAX_UNPACKED, MAX_PART, MAX_WORDS = 60 * 2**20, 24 * 2**20, 40_000
"""Bytes of all parts, and of the largest; and words, of a file that anybody would call a CV."""

MAX_STYLES = 20
"""Styles that are based on each other; a circle of them ends."""

COLUMN = 5
"""So many paragraphs in two cells of a row make columns of them, not cells."""

EMU, TWIP = 12700.0, 20.0
"""English metric units and twentieths in a point."""

LETTER, LEADING, TAB = 0.5, 1.2, 36.0
"""Width of a letter and height of a line in font sizes; default distance of tab stops in points."""

SMALLEST = 3.0
WHITE = "FFFFFF"


@dataclass(slots=True)
class Sheet:
    """One page in the making: the words that stand on it, and links with their places."""

    size: PageSize
    words: list[Word] = field(default_factory=list)
    links: list[tuple[Box, str]] = field(default_factory=list)


@dataclass(slots=True)
class Laid:
    """A Word file as pages. `hidden` is what no page shows, `flags` what could run or be opened, `changed` the ISO date of the last change."""

    sheets: list[Sheet]
    hidden: list[str] = field(default_factory=list)
    flags: tuple[str, ...] = ()
    changed: str = ""
    invisible: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """How a run is set: what it says itself, else its style, else the document's defaults."""

    size: float = 11.0
    bold: bool = False
    italic: bool = False
    color: str = "000000"
    capitals: bool = False
    vanished: bool = False


@dataclass(slots=True)
class Place:
    """Where the next line goes: left and right edge, top, in points from the page's top left corner; `shaded`: on a colour."""

    left: float
    right: float
    y: float
    shaded: bool = False


def laid_out(data: bytes) -> Laid:
    """Raises UserError: damaged, too_complex."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
        if sum(p.file_size for p in parts) > MAX_UNPACKED or max(p.file_size for p in parts) > MAX_PART or len(parts) > 2000:
            raise UserError("too_complex")
        return _Setter(docx.Document(io.BytesIO(data)), [p.filename for p in parts]).laid()
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, NotImplementedError, etree.XMLSyntaxError):
        raise UserError("damaged") from None


class _Setter:
    """Sets the body block by block; a table cell and a text box are set like a narrow page."""

    def __init__(self, file: WordFile, parts: list[str]) -> None:
        self._file, self._parts = file, parts
        section = file.sections[0]
        self._size = PageSize(_points(section.page_width, 595.0), _points(section.page_height, 842.0))
        self._margins = (_points(section.left_margin, 72.0), _points(section.right_margin, 72.0), _points(section.top_margin, 72.0))
        self._bottom = self._size.height - _points(section.bottom_margin, 72.0)
        self._looks: dict[str, Look] = {}
        self._defaults = self._read(file.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}"), Look(size=10.0))
        self._laid = Laid([Sheet(self._size)])
        self._count = 0

    def laid(self) -> Laid:
        left, right, top = self._margins
        page = Place(left, self._size.width - right, top)
        section = self._file.sections[0]
        head = Place(left, self._size.width - right, _points(section.header_distance, 36.0))
        if not section.header.is_linked_to_previous:  # there is one
            self._blocks(section.header._element, head)  # noqa: SLF001  # python-docx gives no tables and paragraphs in order
        page.y = max(page.y, head.y)
        self._blocks(self._file.element.body, page, breaks=True)
        if not section.footer.is_linked_to_previous:
            self._blocks(section.footer._element, Place(left, self._size.width - right, self._bottom + 6))  # noqa: SLF001
        changed = self._file.core_properties.modified or self._file.core_properties.created
        self._laid.changed = changed.date().isoformat() if changed else ""
        flags = {"/Macros": "vbaProject", "/EmbeddedFiles": "word/embeddings/"}
        self._laid.flags = tuple(name for name, part in flags.items() if any(part in p for p in self._parts))
        return self._laid

    @property
    def _sheet(self) -> Sheet:
        return self._laid.sheets[-1]

    # --- blocks

    def _blocks(self, parent: Any, place: Place, *, breaks: bool = False) -> None:
        """Paragraphs and tables below each other; `breaks`: go on to the next page where this one is full."""
        for element in _content(parent):
            if breaks and place.y > self._bottom:
                self._turn_page(place)
            if element.tag == qn("w:p"):
                self._paragraph(Paragraph(element, self._file), place, breaks=breaks)
            elif element.tag == qn("w:tbl"):
                self._table(Table(element, self._file), place, breaks=breaks)

    def make_room(self, place: Place, height: float) -> None:
        if place.y + height > self._bottom + 2:
            self._turn_page(place)

    def _turn_page(self, place: Place) -> None:
        if len(self._laid.sheets) > 60:
            raise UserError("too_many_pages", pages=len(self._laid.sheets), limit=60)
        self._laid.sheets.append(Sheet(self._size))
        place.y = self._margins[2]

    def _table(self, table: Table, place: Place, *, breaks: bool) -> None:
        """Rows below each other, cells side by side by the widths of the grid."""
        widths = [_number(column.get(qn("w:w")), 0.0) / TWIP for column in table._tbl.tblGrid.findall(qn("w:gridCol"))]  # noqa: SLF001
        room = place.right - place.left
        if not widths or not sum(widths):
            widths = [room / max(1, len(table.columns))] * max(1, len(table.columns))
        scale = min(1.0, room / sum(widths)) if sum(widths) else 1.0
        for row in table._tbl.tr_lst:  # noqa: SLF001  # merged cells once, and not once for each column that they span
            if breaks and place.y > self._bottom:
                self._turn_page(place)
            top, lowest, at = place.y, place.y, 0
            sheet = len(self._laid.sheets)
            columns = sum(len(list(_content(cell))) >= COLUMN for cell in row.tc_lst) > 1
            for n, cell in enumerate(row.tc_lst):
                span = int(cell.grid_span or 1)
                left = place.left + scale * sum(widths[:at])
                width = scale * sum(widths[at : at + span]) or room
                at += span
                if cell.vMerge == "continue":
                    continue
                begins = top + (4.0 * n if columns else 0.0)  # lines of columns do not stand in rows
                inside = Place(left + 5, left + width - 5, begins, place.shaded or _is_shaded(cell.tcPr))
                self._blocks(cell, inside)
                lowest = max(lowest, inside.y)
            place.y = lowest + 2 if len(self._laid.sheets) == sheet else place.y

    def _paragraph(self, paragraph: Paragraph, place: Place, *, breaks: bool) -> None:
        form = paragraph.paragraph_format
        style = paragraph.style
        before = _first(form.space_before, style.paragraph_format.space_before if style else None)
        after = _first(form.space_after, style.paragraph_format.space_after if style else None)
        indent = _first(form.left_indent, style.paragraph_format.left_indent if style else None)
        hanging = _first(form.first_line_indent, style.paragraph_format.first_line_indent if style else None)
        look = self._look(style.style_id if style else "")
        bulleted = self._bulleted(paragraph)
        left = place.left + (_points(indent, 18.0 if bulleted else 0.0))
        place.y += min(_points(before, 0.0), 30.0)
        line_place = Place(place.left, place.right, place.y, place.shaded or _is_shaded(paragraph._p.pPr))  # noqa: SLF001
        first = left + (0.0 if bulleted else _points(hanging, 0.0))
        tabs = [_points(stop.position, 0.0) for stop in form.tab_stops]
        line = _Line(self, line_place, first=first, left=left, tabs=tabs, bullet=bulleted, breaks=breaks)
        for kind, text, run_look, link in self._pieces(paragraph, look):
            match kind:
                case "text":
                    line.add(text, run_look, link)
                case "tab":
                    line.tab()
                case "page" if breaks:
                    line.end()
                    self._turn_page(line_place)
                case _:
                    line.end()
        line.end(blank=look.size)
        place.y = line_place.y + min(_points(after, 0.0), 30.0)
        for box in _text_boxes(paragraph._p):  # noqa: SLF001
            x, y, width = self._box_place(box, place)
            self._blocks(box, Place(x, x + width, y, shaded=True))

    def _box_place(self, box: Any, place: Place) -> tuple[float, float, float]:
        """Where a text box stands and how wide it is."""
        anchor = next((a for a in box.iterancestors() if a.tag in (qn("wp:anchor"), qn("wp:inline"))), None)
        extent = anchor.find(qn("wp:extent")) if anchor is not None else None
        width = _number(extent.get("cx"), 0.0) / EMU if extent is not None else place.right - place.left
        x, y = place.left, place.y
        if anchor is not None and anchor.tag == qn("wp:anchor"):
            x = self._offset(anchor.find(qn("wp:positionH")), x, self._margins[0], "page")
            y = self._offset(anchor.find(qn("wp:positionV")), y, self._margins[2], "page")
        return x, max(y, 20.0), max(40.0, width)

    @staticmethod
    def _offset(position: Any, here: float, margin: float, whole: str) -> float:
        """A text box's place along one axis, from the page, the margin or where its paragraph is."""
        offset = position.find(qn("wp:posOffset")) if position is not None else None
        if offset is None or position is None:
            return here
        base = {whole: 0.0, "margin": margin, "leftMargin": 0.0, "topMargin": 0.0}.get(position.get("relativeFrom", ""), here)
        return base + _number(offset.text, 0.0) / EMU

    # --- runs

    def _pieces(self, paragraph: Paragraph, look: Look) -> Iterator[tuple[str, str, Look, str]]:
        """What a paragraph holds, in order: ("text" | "tab" | "break" | "page", text, look, link)."""
        for run in paragraph._p.iter(qn("w:r")):  # noqa: SLF001
            above = list(itertools.takewhile(lambda a: a is not paragraph._p, run.iterancestors()))  # noqa: SLF001
            if any(a.tag in (qn("w:txbxContent"), qn("w:del"), qn("w:moveFrom")) for a in above):
                continue  # a text box is set on its own; what was deleted under "track changes" is not there
            link = next((a for a in above if a.tag == qn("w:hyperlink")), None)
            target = self._target(link.get(qn("r:id"))) if link is not None else ""
            own = self._read(run.find(qn("w:rPr")), look)
            for child in run:
                match etree.QName(child).localname:
                    case "t":
                        yield "text", child.text or "", own, target
                    case "noBreakHyphen":
                        yield "text", "-", own, target
                    case "sym":
                        yield "text", "•", own, target
                    case "tab" | "ptab":
                        yield "tab", "", own, target
                    case "br" | "cr":
                        yield ("page" if child.get(qn("w:type")) == "page" else "break"), "", own, target

    def _target(self, relation: str | None) -> str:
        found = self._file.part.rels.get(relation) if relation else None
        return str(found.target_ref) if found is not None and found.is_external else ""

    def _look(self, style_id: str) -> Look:
        """The look of a paragraph or character style, through all that it is based on."""
        if style_id not in self._looks:
            self._looks[style_id] = self._defaults  # a style that is based on itself ends here
            element = next((s for s in self._file.styles.element.findall(qn("w:style")) if s.get(qn("w:styleId")) == style_id), None)
            if element is not None:
                based = element.find(qn("w:basedOn"))
                below = self._look(based.get(qn("w:val"))) if based is not None else self._defaults
                self._looks[style_id] = self._read(element.find(qn("w:rPr")), below)
        return self._looks[style_id]

    def _read(self, properties: Any, look: Look) -> Look:
        """The look with what the run properties change."""
        if properties is None:
            return look
        style = properties.find(qn("w:rStyle"))
        if style is not None:
            own = self._look(style.get(qn("w:val")))
            look = replace(
                look, **{n: v for n in ("size", "bold", "italic", "color", "capitals") if (v := getattr(own, n)) != getattr(self._defaults, n)}
            )
        changes: dict[str, Any] = {}
        for name, key in (("b", "bold"), ("i", "italic"), ("caps", "capitals"), ("vanish", "vanished")):
            if (found := properties.find(qn(f"w:{name}"))) is not None:
                changes[key] = found.get(qn("w:val"), "1") not in ("0", "false", "off")
        if (size := properties.find(qn("w:sz"))) is not None:
            changes["size"] = _number(size.get(qn("w:val")), 2 * look.size) / 2
        if (color := properties.find(qn("w:color"))) is not None and re.fullmatch(r"[0-9A-Fa-f]{6}", color.get(qn("w:val"), "")):
            changes["color"] = color.get(qn("w:val")).upper()
        return replace(look, **changes)

    def _bulleted(self, paragraph: Paragraph) -> bool:
        """Does the paragraph have a list marker, by itself or by its style?"""
        own = paragraph._p.find(f"{qn('w:pPr')}/{qn('w:numPr')}")  # noqa: SLF001
        if own is not None:
            number = own.find(qn("w:numId"))
            return number is None or number.get(qn("w:val")) != "0"
        style = paragraph.style
        for _ in range(MAX_STYLES):
            if style is None:
                break
            if style.element.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None:
                return True
            style = style.base_style
        return False

    # --- words

    def put(self, words: list[_Piece], base: float, place: Place) -> None:
        """Words of a line at their places; what nobody would see is kept apart."""
        for piece in words:
            self._count += 1
            if self._count > MAX_WORDS:
                raise UserError("too_complex")
            look = piece.look
            text = without_invisible(piece.text)
            self._laid.invisible += len(piece.text) - len(text)
            if not text:
                continue
            if look.vanished or look.size < SMALLEST or (look.color == WHITE and not place.shaded):
                self._laid.hidden.append(text)
                continue
            width = piece.narrow * LETTER * look.size * len(text)
            box = Box(round(piece.x, 2), round(base - 0.8 * look.size, 2), round(piece.x + width, 2), round(base + 0.2 * look.size, 2))
            style = Style("word", look.size, look.bold, look.italic, look.color.lower(), icon=False)
            self._sheet.words.append(Word(text.upper() if look.capitals else text, box, base, style))
            if piece.link:
                self._sheet.links.append((box, piece.link))


@dataclass(slots=True)
class _Piece:
    """A word at its place; `narrow` is its width as a share of what its letters usually take."""

    text: str
    x: float
    look: Look
    link: str = ""
    narrow: float = 1.0


class _Line:
    """Fills lines with words from left to right, and begins the next where there is no room."""

    def __init__(self, setter: _Setter, place: Place, *, first: float, left: float, tabs: list[float], bullet: bool, breaks: bool) -> None:
        self._setter, self._place, self._left, self._bullet, self._breaks = setter, place, left, bullet, breaks
        self._tabs = sorted(place.left + tab for tab in tabs)
        self._x = first
        self._words: list[_Piece] = []
        self._tall = 0.0
        self._open = False

    def add(self, text: str, look: Look, link: str) -> None:
        for part in re.findall(r"\s+|\S+", text):
            if part.isspace():
                self._x += 0.28 * look.size
                self._open = False
                continue
            width = LETTER * look.size * len(part)
            last = self._words[-1] if self._words and self._open else None
            if last and last.look == look and last.link == link:  # one word in several runs
                last.text += part
            else:
                if self._words and not self._open and self._x + width > self._place.right and self._x > self._left + 60:
                    self.end()
                self._words.append(_Piece(part, self._x, look, link))
            self._x += width
            self._tall = max(self._tall, look.size)
            self._open = True

    def tab(self) -> None:
        """To the next tab stop, or as far as there is a wide gap."""
        here = self._x + 2
        default = self._place.left + TAB * (int((here - self._place.left) / TAB) + 1)
        self._x = max(next((tab for tab in self._tabs if tab > here), default), self._x + 24 if self._words else 0.0)
        self._open = False

    def end(self, *, blank: float = 0.0) -> None:
        """Set the line; an empty one is `blank` points high."""
        size = self._tall or blank
        if self._words:
            if self._breaks:
                self._setter.make_room(self._place, LEADING * size)
            self._squeeze()
            if self._bullet:
                self._words.insert(0, _Piece("•", self._left - 12, self._words[0].look))
                self._bullet = False
            self._setter.put(self._words, round(self._place.y + size, 2), self._place)
        self._place.y += LEADING * size
        self._words, self._tall, self._open, self._x = [], 0.0, False, self._left

    def _squeeze(self) -> None:
        """A line never runs into the cell beside it: how wide letters are is a guess, where a cell ends is not."""
        begin, last = self._words[0].x, self._words[-1]
        end = last.x + LETTER * last.look.size * len(last.text)
        if begin < self._place.right < end:
            share = (self._place.right - begin) / (end - begin)
            for piece in self._words:
                piece.x, piece.narrow = begin + share * (piece.x - begin), share


def _content(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, those inside content controls too."""
    for element in parent:
        if element.tag in (qn("w:p"), qn("w:tbl")):
            yield element
        elif element.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml"), qn("w:ins")):
            yield from _content(element)


def _text_boxes(paragraph: Any) -> list[Any]:
    """The outermost text boxes of a paragraph; of two ways that a box is written in, the first."""
    found = []
    for box in paragraph.iter(qn("w:txbxContent")):
        above = [a.tag for a in itertools.takewhile(lambda a: a is not paragraph, box.iterancestors())]
        if qn("w:txbxContent") not in above and not any(tag.endswith("}Fallback") for tag in above if isinstance(tag, str)):
            found.append(box)
    return found


def _points(length: Any, default: float) -> float:
    return float(length) / EMU if length is not None else default


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _number(text: str | None, default: float) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        return default


def _is_shaded(properties: Any) -> bool:
    """Is what stands here printed on a colour?"""
    shading = properties.find(qn("w:shd")) if properties is not None else None
    return shading is not None and shading.get(qn("w:fill"), "auto").upper() not in ("AUTO", WHITE)
