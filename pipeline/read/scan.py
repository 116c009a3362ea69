"""Words found on the picture of a page -> Lines, by the same steps as text: straightened, cut into cells, put in order."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
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

_DESCENDS = re.compile(r"[gjpqyQ,;()\[\]{}|/_@ç]")
_RISES = re.compile(r"[A-ZÄÖÜbdfhkltißäöü0-9()\[\]|/!?]")
_BASE_ONLY = re.compile(r"[A-Za-zÄÖÜäöüß0-9]")
_X_HEIGHT, _ASCENT, _DESCENT = 0.5, 0.72, 0.21
"""Parts of the font size, usual for text fonts."""


def with_scans(document: Document, scans: dict[int, tuple[PageSize, list[Line]]]) -> Document:
    """The document with the lines of its scanned pages in their places, numbered through."""
    pages: dict[int, list[Line]] = defaultdict(list)
    for line in document.lines:
        pages[line.page].append(line)
    for number, (_, lines) in scans.items():
        pages[number] = lines
    inside = [line for number in sorted(pages) for line in pages[number]]
    return replace(document, lines=tuple(replace(line, number=i) for i, line in enumerate(inside, start=1)))


def scan_lines(words: Sequence[OcrWord], image: PageImage, page: int) -> tuple[PageSize, list[Line]]:
    """The lines of one page, in reading order; their numbers count from 1."""
    size = PageSize(round(image.width * POINTS / image.dpi, 1), round(image.height * POINTS / image.dpi, 1))
    rows = _rows([w for w in words if w.text.strip() and (re.search(r"\w", w.text) or w.confidence >= CERTAIN) and set(w.text) - set("|_—~")])
    level = _straightened(rows, image)
    made, confidences = _as_words(level)
    found = ordered(_with_bullets(segments(made)), size)
    lines = numbered([found])
    sure = [_confidence(segment, confidences) for segment in found]
    return size, [replace(line, page=page, confidence=c) for line, c in zip(lines, sure, strict=True)]


def _rows(words: Iterable[OcrWord]) -> list[list[OcrWord]]:
    """Words of one printed line, left to right, in the engine's order of lines."""
    rows: dict[int, list[OcrWord]] = defaultdict(list)
    for word in words:
        rows[word.line].append(word)
    return [sorted(row, key=lambda w: w.left) for row in rows.values()]


_Placed = tuple[OcrWord, float, float, float, float]
"""A word with left, top, right, bottom in points, on a page that is upright."""


def _straightened(rows: list[list[OcrWord]], image: PageImage) -> list[list[_Placed]]:
    """Undo the tilt of the paper: the usual slope of long lines, turned back."""
    slopes = [(_slope(row), row[-1].right - row[0].left) for row in rows if len(row) >= 4]
    tilt = _weighted_median([(s, weight) for s, weight in slopes if s is not None])
    cos, sin, scale = math.cos(math.atan(tilt)), math.sin(math.atan(tilt)), POINTS / image.dpi

    def placed(word: OcrWord) -> _Placed:
        x, y = (word.left + word.right) / 2, (word.top + word.bottom) / 2
        middle, level = x * cos + y * sin, y * cos - x * sin
        # a tilted word's box is higher and a little wider than the word
        width = word.right - word.left
        height = max((word.bottom - word.top) - abs(tilt) * width, 0.5 * (word.bottom - word.top))
        box = (middle - width / 2, level - height / 2, middle + width / 2, level + height / 2)
        return word, box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale

    return [[placed(word) for word in row] for row in rows]


def _slope(row: list[OcrWord]) -> float | None:
    """Rise per pixel of the words' lower edges, by least squares; None for a line that says too little."""
    points = [((w.left + w.right) / 2, float(w.bottom)) for w in row if _BASE_ONLY.search(w.text) and not _DESCENDS.search(w.text)]
    if len(points) < 3:
        return None
    mean_x, mean_y = sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread > 100 else None


def _weighted_median(values: list[tuple[float, int]]) -> float:
    half, total = sum(w for _, w in values) / 2, 0.0
    for value, weight in sorted(values):
        total += weight
        if total >= half:
            return value
    return 0.0


def _as_words(rows: list[list[_Placed]]) -> tuple[list[Word], dict[int, tuple[float, int]]]:
    """Words with baseline and font size of their line; confidence and length of each by its identity."""
    measured = [(row, _size(row), _base(row)) for row in rows]
    sizes = _snapped([size for _, size, _ in measured], tolerance=0.12)
    bases = _snapped([base for _, _, base in measured], tolerance=1.6, absolute=True)
    made: list[Word] = []
    confidences: dict[int, tuple[float, int]] = {}
    for row, size, base in measured:
        style = Style("", round(sizes[size], 1), bold=False, italic=False, color="000000", icon=False)
        for word, left, top, right, bottom in row:
            one = Word(word.text, Box(round(left, 2), round(top, 2), round(right, 2), round(bottom, 2)), round(bases[base], 2), style)
            made.append(one)
            confidences[id(one)] = (word.confidence, len(word.text))
    return made, confidences


def _size(row: list[_Placed]) -> float:
    """Font size of a line: what its words' heights say, each by the letters that it has."""
    found = [
        (bottom - top) / ((_ASCENT if _RISES.search(w.text) else _X_HEIGHT) + (_DESCENT if _DESCENDS.search(w.text) else 0.0))
        for w, _, top, _, bottom in row
        if _BASE_ONLY.search(w.text)
    ]
    return round(median(found), 2) if found else 10.0


def _base(row: list[_Placed]) -> float:
    standing = [bottom for w, _, _, _, bottom in row if _BASE_ONLY.search(w.text) and not _DESCENDS.search(w.text)]
    if standing:
        return round(median(standing), 2)
    lowest = max(bottom for *_, bottom in row)
    return round(lowest - (_DESCENT * _size(row) if any(_DESCENDS.search(w.text) for w, *_ in row) else 0.0), 2)


def _snapped(values: list[float], *, tolerance: float, absolute: bool = False) -> dict[float, float]:
    """Each value -> the usual one of its neighbours: what was printed alike is measured a little differently each time."""
    result: dict[float, float] = {}
    group: list[float] = []
    for value in sorted(values):
        near = group and value - group[0] <= (tolerance if absolute else tolerance * group[0])
        if not near:
            result |= dict.fromkeys(group, median(group)) if group else {}
            group = []
        group.append(value)
    return result | (dict.fromkeys(group, median(group)) if group else {})


def _with_bullets(found: list[Segment]) -> list[Segment]:
    """A list marker is read as some single character: the same place before several lines tells."""
    starts = Counter(round(s.x0 / 3) for s in found if _marker_like(s))
    for segment in found:
        place = round(segment.x0 / 3)
        if _marker_like(segment) and starts[place - 1] + starts[place] + starts[place + 1] >= 3:
            segment.bullet = True
            segment.hold(segment.words[1:])
    return found


def _marker_like(segment: Segment) -> bool:
    first = segment.words[0].text
    return len(segment.words) > 1 and len(first) == 1 and not first.isdigit() and first not in "AIÀÉ&"


def _confidence(segment: Segment, known: dict[int, tuple[float, int]]) -> float:
    pairs = [known[id(w)] for w in segment.words if id(w) in known]
    letters = sum(length for _, length in pairs)
    return round(sum(c * length for c, length in pairs) / letters, 2) if letters else 0.0
