"""PDF bytes -> Document. Runs only inside the sandbox's child process."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from typing import Any

import pypdf
import pypdfium2 as pdfium
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject

from pipeline.errors import UserError
from pipeline.model.document import Box, Document, Line, PageSize
from pipeline.read.order import LEFT, MAIN, RIGHT, ordered
from pipeline.read.segments import Segment, segments, text_and_spans
from pipeline.read.words import page_dots, page_links, page_words

MAX_PAGES = 60
MIN_LETTERS = 60
"""Fewer letters than this in the whole file: the pages are pictures."""

MAX_LINES = 6000
MAX_WORD = 1000
"""No CV has more lines, or longer words (in characters): what comes after reading stays quick."""

_ACTIVE = ("/OpenAction", "/AA", "/AcroForm", "/JavaScript", "/EmbeddedFiles")


def extract(data: bytes) -> Document:
    """Read a PDF. Raises UserError: not_a_pdf, damaged, encrypted, too_many_pages, no_pages, scanned."""
    if b"%PDF-" not in data[:1024]:
        raise UserError("not_a_pdf")
    created, producer, flags = _facts(data)
    try:
        pdf = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise UserError("encrypted" if "assword" in str(error) else "damaged") from None
    if len(pdf) == 0:
        raise UserError("no_pages")
    if len(pdf) > MAX_PAGES:
        raise UserError("too_many_pages", pages=len(pdf), limit=MAX_PAGES)
    pages: list[PageSize] = []
    per_page: list[list[Segment]] = []
    for page in _pages(pdf):
        size = PageSize(*(round(v, 1) for v in page.get_size()))
        found = ordered(segments(page_words(page, page.get_textpage())), size)
        boxed = [(segment, segment.box) for segment in found]
        _mark_bullets(boxed, page_dots(page))
        for area, url in page_links(page, pdf):
            for segment, box in boxed:
                if area.y0 <= box.middle <= area.y1 and box.x0 < area.x1 and area.x0 < box.x1:
                    segment.links.append(url)
        pages.append(size)
        per_page.append(found)
        if sum(map(len, per_page)) > MAX_LINES or any(len(w.text) > MAX_WORD for s in found for w in s.words):
            raise UserError("too_complex")
    _carry_flows_over(per_page)
    lines = _numbered(per_page)
    if sum(c.isalpha() for line in lines for c in line.text) < MIN_LETTERS:
        raise UserError("scanned")
    return Document(lines=tuple(lines), pages=tuple(pages), created=created, producer=producer, flags=flags)


def _pages(pdf: pdfium.PdfDocument) -> Iterator[pdfium.PdfPage]:
    try:
        yield from pdf
    except pdfium.PdfiumError:
        raise UserError("damaged") from None


def _mark_bullets(boxed: list[tuple[Segment, Box]], dots: list[Box]) -> None:
    """A drawn dot just left of a line is its list marker."""
    for dot in dots:
        for segment, box in boxed:
            if box.y0 < dot.middle < box.y1 and 0 < box.x0 - dot.x1 < 1.6 * segment.size:
                segment.bullet = True


def _facts(data: bytes) -> tuple[str, str, tuple[str, ...]]:
    """Creation date, producer and active content, by pypdf. Raises UserError for an encrypted file."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UserError("encrypted")
        root: Any = reader.root_object
        names = root.get("/Names")
        names = names.get_object() if names is not None else {}
        present = set(root) | (set(names) if isinstance(names, DictionaryObject) else set())
        flags = tuple(name for name in _ACTIVE if name in present)
        info: Any = reader.metadata or {}
        created = re.match(r"D?:?(\d{4})(\d\d)(\d\d)", str(info.get("/CreationDate", "")))
        return "-".join(created.groups()) if created else "", str(info.get("/Producer", ""))[:80], flags
    except UserError:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, NotImplementedError):
        return "", "", ()  # pypdf gives up on files that pdfium still reads; the text decides


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


def _numbered(pages: list[list[Segment]]) -> list[Line]:
    lines: list[Line] = []
    for page, found in enumerate(pages, start=1):
        for segment in found:
            text, spans = text_and_spans(segment.words)
            links = tuple(dict.fromkeys(segment.links))
            flow = segment.flow or MAIN
            lines.append(Line(len(lines) + 1, page, segment.box, text, spans, flow, segment.bullet, links))
    return lines
