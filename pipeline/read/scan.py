"""Words found on the picture of a page -> Lines, by the same steps as text: straightened, cut into cells, put in order."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from pipeline.model.document import Box, Document, Line, PageSize
from pipeline.ports import OcrWord, PageImage
from pipeline.read.extract import numbered
from pipeline.read.order import ordered
from pipeline.read.segments import Segment, segments
from pipeline.read.words import Style, Word

POINTS = 72.0
CERTAIN = 0.5
"""Marks without letters or digits that the engine is less sure of are dirt or rules of a table."""

BOLD = 1.25
"""Strokes of bold words are at least so much wider than the page's usual ones."""

_PIECE = 16
"""A tilted word is followed in pieces of so many pixels."""

_DESCENDS = re.compile(r"[gjpqyQ()\[\]{}@ç]")
_RISES = re.compile(r"[A-ZÄÖÜbdfhkltißäöü0-9()\[\]|/!?]")
_STANDS = re.compile(r"[A-Za-zÄÖÜäöüß0-9]")
_X_HEIGHT, _ASCENT, _DESCENT = 0.5, 0.72, 0.21
"""Parts of the font size, usual for text fonts."""


@dataclass(slots=True)
class _Seen:
    """A word of the picture: box of its ink, in points on a page that is upright; `stroke` is the width of its strokes, in points."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    stroke: float
    confidence: float

    @property
    def size(self) -> float:
        """Font size, by its height and the letters that it has."""
        parts = (_ASCENT if _RISES.search(self.text) else _X_HEIGHT) + (_DESCENT if _DESCENDS.search(self.text) else 0.0)
        return (self.bottom - self.top) / parts


def with_scans(document: Document, scans: dict[int, list[Line]]) -> Document:
    """The document with the lines of its scanned pages in their places, numbered through."""
    pages: dict[int, list[Line]] = defaultdict(list)
    for line in document.lines:
        pages[line.page].append(line)
    pages |= scans
    inside = [line for number in sorted(pages) for line in pages[number]]
    return replace(document, lines=tuple(replace(line, number=i) for i, line in enumerate(inside, start=1)))


def scan_lines(words: Sequence[OcrWord], image: PageImage, page: int) -> list[Line]:
    """The lines of one page, in reading order; their numbers count from 1."""
    size = PageSize(image.width * POINTS / image.dpi, image.height * POINTS / image.dpi)
    readable = [w for w in words if w.text.strip("|_ ") and (re.search(r"\w", w.text) or w.confidence >= CERTAIN)]
    rows = _with_bullets(_straightened(_rows(readable), image))
    made, confidences = _as_words(rows)
    found = ordered(segments(made), size)
    sure = [_confidence(segment, confidences) for segment in found]
    return [replace(line, page=page, confidence=c) for line, c in zip(numbered([found]), sure, strict=True)]


def _rows(words: Iterable[OcrWord]) -> list[list[OcrWord]]:
    """Words of one printed line, left to right, in the engine's order of lines."""
    rows: dict[int, list[OcrWord]] = defaultdict(list)
    for word in words:
        rows[word.line].append(word)
    return [sorted(row, key=lambda w: w.left) for row in rows.values()]


def _straightened(rows: list[list[OcrWord]], image: PageImage) -> list[list[_Seen]]:
    """Undo the tilt of the paper: the usual slope of long lines, turned back."""
    tilt = _weighted_median([(slope, row[-1].right - row[0].left) for row in rows if (slope := _slope(row)) is not None])
    cos, sin, scale = math.cos(math.atan(tilt)), math.sin(math.atan(tilt)), POINTS / image.dpi

    def seen(word: OcrWord) -> _Seen:
        top, bottom, stroke = _ink(word, image, tilt)
        x, y = (word.left + word.right) / 2, (top + bottom) / 2
        middle, level, width, height = x * cos + y * sin, y * cos - x * sin, word.right - word.left, bottom - top
        left, right, high, low = (v * scale for v in (middle - width / 2, middle + width / 2, level - height / 2, level + height / 2))
        return _Seen(word.text, left, high, right, low, stroke * scale, word.confidence)

    return [[seen(word) for word in row] for row in rows]


def _ink(word: OcrWord, image: PageImage, tilt: float) -> tuple[int, int, float]:
    """First row, row after the last, and mean width of the strokes of a word, in pixels, at its middle.

    Engines draw their boxes too high, and a tilted word's box is higher than the word: so its rows are followed along the slope.
    """
    left, right, middle = max(0, word.left), min(image.width, word.right), (word.left + word.right) / 2
    pieces = [(x, min(x + _PIECE, right), round(tilt * (x + _PIECE / 2 - middle))) for x in range(left, right, _PIECE)]
    reach = max((abs(shift) for *_, shift in pieces), default=0)
    first, end = max(reach, word.top), min(image.height - reach, word.bottom)
    if not pieces or end <= first:
        return word.top, word.bottom, 0.0
    rows = [
        b"".join(image.grey[(y + shift) * image.width + begin : (y + shift) * image.width + until] for begin, until, shift in pieces)
        for y in range(first, end)
    ]
    darkest, lightest = min(map(min, rows)), max(map(max, rows))
    dark = bytes(value < (darkest + lightest) / 2 for value in range(256))
    marks = [row.translate(dark) for row in rows]
    inked = [y for y, row in enumerate(marks) if 1 in row]
    if not inked:
        return word.top, word.bottom, 0.0
    ends = sum((row + b"\0").count(b"\1\0") for row in marks)
    return first + inked[0], first + inked[-1] + 1, sum(row.count(1) for row in marks) / max(1, ends)


def _slope(row: list[OcrWord]) -> float | None:
    """Rise per pixel of the words' lower edges, by least squares; None for a line that says too little."""
    points = [((w.left + w.right) / 2, float(w.bottom)) for w in row if _STANDS.search(w.text) and not _DESCENDS.search(w.text)]
    if len(points) < 3:
        return None
    mean_x, mean_y = sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread > 10_000 else None


def _weighted_median(values: list[tuple[float, int]]) -> float:
    half, total = sum(w for _, w in values) / 2, 0.0
    for value, weight in sorted(values):
        total += weight
        if total >= half:
            return value
    return 0.0


def _with_bullets(rows: list[list[_Seen]]) -> list[list[_Seen]]:
    """A list marker is read as some single character: the same place before several lines tells."""
    found = [w for row in rows for i, w in enumerate(row) if _marker_like(row, i)]
    places = Counter(round(w.left / 3) for w in found)
    for word in found:
        place = round(word.left / 3)
        if places[place - 1] + places[place] + places[place + 1] >= (2 if not word.text.isalpha() else 3):
            word.text = "•"
    return rows


def _marker_like(row: list[_Seen], i: int) -> bool:
    """One character that stands alone, at the beginning of its row or cell, or is all that the engine saw of the row."""
    word = row[i]
    alone = len(word.text) == 1 and not word.text.isdigit() and word.text not in "AIÀÉ&-–—"
    return alone and (i == 0 or word.left - row[i - 1].right > 2 * word.size) and (word.bottom - word.top) < 9


def _as_words(rows: list[list[_Seen]]) -> tuple[list[Word], dict[int, tuple[float, int]]]:
    """Words with baseline, font size and weight; confidence and length of each by its identity."""
    cells = [cell for row in rows for cell in _cells(row)]
    usual = median([w.stroke / w.size for row in rows for w in row if len(w.text) > 2 and w.stroke] or [1.0])
    size_of = _snapped([_size(cell) for cell in cells], lambda size: 0.2 * size)
    base_of = _snapped([_base(cell) for cell in cells], lambda _: 1.6)
    made: list[Word] = []
    confidences: dict[int, tuple[float, int]] = {}
    for cell in cells:
        letters = [w.stroke / w.size for w in cell if len(w.text) > 2]
        bold = bool(letters) and median(letters) > BOLD * usual
        style = Style("", round(size_of[_size(cell)], 1), bold=bold, italic=False, color="000000", icon=False)
        base = round(base_of[_base(cell)], 2)
        for w in cell:
            made.append(Word(w.text, Box(round(w.left, 2), round(w.top, 2), round(w.right, 2), round(w.bottom, 2)), base, style))
            confidences[id(made[-1])] = (w.confidence, len(w.text))
    return made, confidences


def _cells(row: list[_Seen]) -> list[list[_Seen]]:
    """Words of a row that stand close together: they share size and weight."""
    cells = [[row[0]]]
    for before, word in itertools.pairwise(row):
        if word.left - before.right > 1.2 * max(before.size, word.size):
            cells.append([])
        cells[-1].append(word)
    return cells


def _size(cell: list[_Seen]) -> float:
    found = [w.size for w in cell if _STANDS.search(w.text)]
    return round(median(found), 2) if found else 10.0


def _base(cell: list[_Seen]) -> float:
    standing = [w.bottom for w in cell if _STANDS.search(w.text) and not _DESCENDS.search(w.text)]
    hanging = [w.bottom - _DESCENT * w.size for w in cell if _STANDS.search(w.text) and _DESCENDS.search(w.text)]
    return round(median(standing or hanging or [w.bottom for w in cell]), 2)


def _snapped(values: list[float], tolerance: Callable[[float], float]) -> dict[float, float]:
    """Each value -> the middle of its neighbours: what was printed alike is measured a little differently each time."""
    result: dict[float, float] = {}
    group: list[float] = []
    for value in sorted(values):
        if group and value - group[0] > tolerance(group[0]):
            result |= dict.fromkeys(group, median(group))
            group = []
        group.append(value)
    return result | (dict.fromkeys(group, median(group)) if group else {})


def _confidence(segment: Segment, known: dict[int, tuple[float, int]]) -> float:
    pairs = [known[id(w)] for w in segment.words if id(w) in known]
    letters = sum(length for _, length in pairs)
    return round(sum(c * length for c, length in pairs) / letters, 2) if letters else 1.0
