"""A PDF as numbered lines: what every later step points at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle in points; the origin is the page's top left corner, y grows downwards."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True)
class Span:
    """A run of a line's characters `[start, end)` that share one style; `size` in points, `color` as rrggbb."""

    start: int
    end: int
    size: float
    bold: bool
    italic: bool
    color: str


@dataclass(frozen=True)
class Line:
    """One line (or table cell line) of the page, in reading order.

    `number` counts from 1 through the whole document, `page` from 1. `flow` names the stream of text that the line belongs
    to: lines of a sidebar and of the main column have different flows, cells of one table row the same. `bullet` says that
    the page shows a list marker before the text; the marker itself is not part of `text`. `confidence`, 0 to 1, is that of
    character recognition, None where the page has its text as text.
    """

    number: int
    page: int
    box: Box
    text: str
    spans: tuple[Span, ...]
    flow: int = 0
    bullet: bool = False
    links: tuple[str, ...] = ()
    confidence: float | None = None

    @cached_property
    def size(self) -> float:
        return max((s.size for s in self.spans), default=0.0)

    @cached_property
    def bold(self) -> bool:
        """Is most of the line bold?"""
        return 2 * sum(s.end - s.start for s in self.spans if s.bold) > len(self.text)

    @cached_property
    def italic(self) -> bool:
        return 2 * sum(s.end - s.start for s in self.spans if s.italic) > len(self.text)

    @cached_property
    def color(self) -> str:
        """The colour that most of the line is printed in."""
        return max(self.spans, key=lambda s: s.end - s.start).color if self.spans else "000000"


@dataclass(frozen=True, slots=True)
class PageSize:
    """Width and height of a page in points."""

    width: float
    height: float


@dataclass(frozen=True)
class Document:
    """All lines of a PDF.

    `created` is the ISO date of the PDF's metadata, or empty; `flags` names active content; `scanned` are the pages, from 1,
    that are pictures, `unreadable` those that are damaged. `hidden` are the pieces of text that the file holds but no page
    shows; `invisible` counts characters without any ink (zero width, direction marks, tags). Neither is part of the lines.
    `doubtful` are pieces of the lines that seem to be printed with other letters than the file says.
    """

    lines: tuple[Line, ...]
    pages: tuple[PageSize, ...]
    created: str = ""
    producer: str = ""
    flags: tuple[str, ...] = ()
    scanned: tuple[int, ...] = ()
    unreadable: tuple[int, ...] = ()
    hidden: tuple[str, ...] = ()
    invisible: int = 0
    doubtful: tuple[str, ...] = ()

    @cached_property
    def _index(self) -> dict[int, Line]:
        return {line.number: line for line in self.lines}

    def line(self, number: int) -> Line:
        """The line with that number. Raises KeyError."""
        return self._index[number]
