"""PDF or Word file -> Document. Runs only inside the sandbox's child process."""

from __future__ import annotations

import io
import logging
import re
from dataclasses import dataclass, field

import pypdf
import pypdfium2 as pdfium
from pypdf.errors import PyPdfError
from pypdfium2 import raw

from pipeline.errors import UserError
from pipeline.model.document import Box, Document, Line, PageSize
from pipeline.model.formats import has_password, is_old_word_file, is_pdf, is_word_file
from pipeline.read.docx import laid_out
from pipeline.read.glyphs import doubtful_words
from pipeline.read.order import LEFT, MAIN, RIGHT, ordered
from pipeline.read.segments import Segment, segments, text_and_spans
from pipeline.read.visible import hidden_words
from pipeline.read.words import Drawn, Word, page_drawn, page_links, page_words

MAX_PAGES = 60
A4 = PageSize(595.0, 842.0)

MIN_LETTERS = 20
"""A page with fewer letters and a large picture, or many shapes, is a picture."""

MANY_SHAPES = 200
"""Letters that are drawn as outlines are so many shapes."""

MAX_LINES, MAX_WORD = 6000, 1000
"""No CV has more lines, or longer words (in characters): what comes after reading stays quick."""

MAX_HIDDEN, MAX_QUOTE = 20, 600
"""Pieces of hidden text that are quoted, and the characters of each."""


def extract(data: bytes) -> Document:
    """Read a PDF or a Word file. Pictures of pages are named, not read.

    Raises UserError: unknown_format, old_word_file, damaged, encrypted, too_many_pages, no_pages, too_complex.
    """
    if is_word_file(data):
        return _of_word_file(data)
    if is_old_word_file(data):
        raise UserError("encrypted" if has_password(data) else "old_word_file")
    if not is_pdf(data):
        raise UserError("unknown_format")
    try:
        pdf = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise UserError("encrypted" if "assword" in str(error) else "damaged") from None
    if len(pdf) == 0:
        raise UserError("no_pages")
    if len(pdf) > MAX_PAGES:
        raise UserError("too_many_pages", pages=len(pdf), limit=MAX_PAGES)
    read = _Pages()
    for number in range(1, len(pdf) + 1):
        try:
            read.add(pdf[number - 1], pdf, number)
        except pdfium.PdfiumError:
            read.unreadable.append(number)
            read.skip()
    if len(read.unreadable) == len(pdf):
        raise UserError("damaged")
    _carry_flows_over(read.segments)
    return Document(
        lines=tuple(numbered(read.segments)),
        pages=tuple(read.sizes),
        created=_created(pdf, data),
        producer=pdf.get_metadata_value("Producer")[:80],
        flags=_active(pdf),
        scanned=tuple(read.scanned),
        unreadable=tuple(read.unreadable),
        hidden=tuple(read.hidden[:MAX_HIDDEN]),
        invisible=read.invisible,
        doubtful=tuple(read.doubtful[:MAX_HIDDEN]),
    )


def _of_word_file(data: bytes) -> Document:
    laid = laid_out(data)
    read = _Pages()
    for sheet in laid.sheets:
        read.lay(sheet.words, sheet.size, [], sheet.links)
    _carry_flows_over(read.segments)
    return Document(
        lines=tuple(numbered(read.segments)),
        pages=tuple(read.sizes),
        created=laid.changed,
        producer="Word",
        flags=laid.flags,
        hidden=tuple(_joined(laid.hidden)),
        invisible=laid.invisible,
    )


@dataclass(slots=True)
class _Pages:
    """What was read so far. One page that cannot be read costs that page only."""

    sizes: list[PageSize] = field(default_factory=list)
    segments: list[list[Segment]] = field(default_factory=list)
    scanned: list[int] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    invisible: int = 0

    def add(self, page: pdfium.PdfPage, pdf: pdfium.PdfDocument, number: int) -> None:
        """Raises PdfiumError, UserError."""
        size = PageSize(*(round(v, 1) for v in page.get_size()))
        textpage = page.get_textpage()
        (words, dropped), drawn = page_words(page, textpage), page_drawn(page)
        if max((len(word.text) for word in words), default=0) > MAX_WORD:
            raise UserError("too_complex")
        scanned = is_scan(words, drawn)
        words = [] if scanned else words
        links = page_links(page, pdf)
        unseen = hidden_words(words, page)
        shown = [word for i, word in enumerate(words) if i not in unseen]
        self.doubtful += _joined([shown[i].text for i in sorted(doubtful_words(shown, page, textpage))])
        self.lay(shown, size, drawn.dots, links)
        self.invisible += dropped
        self.hidden += _joined([word.text for i, word in enumerate(words) if i in unseen])
        self.scanned += [number] if scanned else []

    def lay(self, words: list[Word], size: PageSize, dots: list[Box], links: list[tuple[Box, str]]) -> None:
        """The words of a page as lines in reading order. Raises UserError."""
        if max((len(word.text) for word in words), default=0) > MAX_WORD:
            raise UserError("too_complex")
        found = ordered(segments(words), size)
        boxed = [(segment, segment.box) for segment in found]
        _mark_bullets(boxed, dots)
        for area, url in links:
            for segment, box in boxed:
                if area.y0 <= box.middle <= area.y1 and box.x0 < area.x1 and area.x0 < box.x1:
                    segment.links.append(url)
        self.sizes.append(size)
        self.segments.append(found)
        if sum(map(len, self.segments)) > MAX_LINES:
            raise UserError("too_complex")

    def skip(self) -> None:
        self.sizes.append(A4)
        self.segments.append([])


def _joined(words: list[str]) -> list[str]:
    """The hidden words of a page as one piece of text, if there are any."""
    return [" ".join(words)[:MAX_QUOTE]] if words else []


def is_scan(words: list[Word], drawn: Drawn) -> bool:
    """Is the page a picture, with no text, with that of a scanner's software, or with text that cannot be read?"""
    text = "".join(word.text for word in words)
    letters = sum(map(str.isalpha, text))
    unreadable = sum(c == "\ufffd" or "\ue000" <= c <= "\uf8ff" for c in text)
    layered = drawn.picture > 0.8 and drawn.unprinted > 0.9
    pictured = drawn.picture > 0.3 or drawn.shapes > MANY_SHAPES
    return layered or (letters < MIN_LETTERS and pictured) or unreadable > 0.3 * len(text) > 0


def _mark_bullets(boxed: list[tuple[Segment, Box]], dots: list[Box]) -> None:
    """A drawn dot just left of a line is its list marker."""
    for dot in dots:
        for segment, box in boxed:
            if box.y0 < dot.middle < box.y1 and 0 < box.x0 - dot.x1 < 1.6 * segment.size:
                segment.bullet = True


def _active(pdf: pdfium.PdfDocument) -> tuple[str, ...]:
    """What in the file could run or be opened, by its name in the PDF standard."""
    found = {
        "/AcroForm": raw.FPDF_GetFormType(pdf.raw) != raw.FORMTYPE_NONE,
        "/JavaScript": raw.FPDFDoc_GetJavaScriptActionCount(pdf.raw) > 0,
        "/EmbeddedFiles": raw.FPDFDoc_GetAttachmentCount(pdf.raw) > 0,
    }
    return tuple(name for name, there in found.items() if there)


def _created(pdf: pdfium.PdfDocument, data: bytes) -> str:
    """ISO date that the file names as its own: in its information dictionary, else (PDF 2.0) in its XMP metadata."""
    if match := re.match(r"D?:?(\d{4})(\d\d)(\d\d)", pdf.get_metadata_value("CreationDate")):
        return "-".join(match.groups())
    if b"xmpmeta" not in data:
        return ""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        xmp = pypdf.PdfReader(io.BytesIO(data), strict=False).xmp_metadata
        return xmp.xmp_create_date.date().isoformat() if xmp and xmp.xmp_create_date else ""
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, NotImplementedError):
        return ""  # pypdf gives up on files that pdfium still reads


def _carry_flows_over(pages: list[list[Segment]]) -> None:
    """A later page with one column goes on with the column that stands at the same place."""
    left_edge = 0.0
    for found in pages:
        if not found:
            continue
        flows = {s.flow for s in found}
        if RIGHT in flows:
            left_edge = min(s.x0 for s in found if s.flow == RIGHT)
        elif left_edge and LEFT not in flows and min(s.x0 for s in found) > left_edge - 6:
            for segment in found:
                segment.flow = RIGHT


def numbered(pages: list[list[Segment]]) -> list[Line]:
    """The segments as lines, numbered through from 1."""
    lines: list[Line] = []
    for page, found in enumerate(pages, start=1):
        for segment in found:
            text, spans = text_and_spans(segment.words)
            links = tuple(dict.fromkeys(segment.links))
            flow = segment.flow or MAIN
            lines.append(Line(len(lines) + 1, page, segment.box, text, spans, flow, segment.bullet, links))
    return lines
