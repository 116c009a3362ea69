"""Words -> segments: runs of words on one baseline that belong to one cell or column."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from statistics import median

from pipeline.model.document import Box, Span
from pipeline.read.words import Word

WEAK_GAP, STRONG_GAP = 0.78, 1.9
"""Gaps in units of the font size: a weak one separates cells where cells line up, a strong one always. Tuned on the
benchmark's CVs: justified text stays below 0.75, table columns start at 0.8."""

NO_ROOM = 0.04
"""Gap between two words, in font sizes, that is none."""

WIDE = "\u2003"

_BULLETS = frozenset("•‣◦▪▫●○■□◆◇►▶▸➢➤➔→⇒✓✔✦★☆∙⁃⦁·❖✱*»›⚫⬤◼◾‐-–—")
_DASHES = frozenset("‐-–—*·»›")


@dataclass(slots=True)
class Segment:
    """Words of one line of one cell. `base` is its baseline, `size` its largest font size, both in points."""

    words: list[Word]
    bullet: bool = False
    links: list[str] = field(default_factory=list)
    flow: int = 0
    x0: float = field(init=False)
    x1: float = field(init=False)
    base: float = field(init=False)
    size: float = field(init=False)

    def __post_init__(self) -> None:
        self.hold(self.words)

    def hold(self, words: list[Word]) -> None:
        """Consist of these words, left to right; at least one."""
        self.words = words
        self.x0, self.x1 = min([w.box.x0 for w in words]), max([w.box.x1 for w in words])
        self.base, self.size = words[0].base, max([w.style.size for w in words])

    @property
    def box(self) -> Box:
        return Box(self.x0, min(w.box.y0 for w in self.words), self.x1, max(w.box.y1 for w in self.words))


def segments(words: list[Word]) -> list[Segment]:
    """Group the words of a page; the order is the stream's."""
    runs = _runs(words)
    starts = _column_starts(runs)
    found = [Segment(part) for run in runs for part in _cells(run, starts)]
    found = _merge_neighbours(found)
    return [s for s in (_cleaned(s) for s in found) if s is not None]


def _runs(words: list[Word]) -> list[list[Word]]:
    """Consecutive words on one baseline, left to right."""
    runs: list[list[Word]] = []
    for word in words:
        if runs:
            last = runs[-1][-1]
            size = max(word.style.size, last.style.size, 1.0)
            if abs(word.base - last.base) < 0.45 * size and -0.3 * size < word.box.x0 - last.box.x1 < 40 * size:
                runs[-1].append(word)
                continue
        runs.append([word])
    return runs


def _gap(left: Word, right: Word) -> float:
    """Distance of two words in units of the font size."""
    return (right.box.x0 - left.box.x1) / max(min(left.style.size, right.style.size), 1.0)


def _column_starts(runs: list[list[Word]]) -> list[float]:
    """X positions where a cell begins after a gap, and at least three cells or lines begin in all."""
    after_gaps = [right.box.x0 for run in runs for left, right in itertools.pairwise(run) if _gap(left, right) > WEAK_GAP]
    xs = sorted([*after_gaps, *(run[0].box.x0 for run in runs)])
    return [x for x in sorted(after_gaps) if bisect_right(xs, x + 1.2) - bisect_left(xs, x - 1.2) >= 3]


def _cells(run: list[Word], starts: list[float]) -> list[list[Word]]:
    parts = [[run[0]]]
    for left, right in itertools.pairwise(run):
        gap = _gap(left, right)
        after_marker = len(parts[-1]) == 1 and _is_marker(left)
        aligned = gap > WEAK_GAP and any(abs(right.box.x0 - x) < 1.2 for x in starts)
        icon = right.style.icon or _private(right.text)
        aligned = aligned or (gap > WEAK_GAP and abs(left.style.size - right.style.size) > 1.5)
        if icon or (not after_marker and (gap > STRONG_GAP or aligned)):
            parts.append([right])
        else:
            parts[-1].append(right)
    return parts


def _merge_neighbours(found: list[Segment]) -> list[Segment]:
    """Join pieces of one line that the stream draws apart (bold words first, markers last)."""
    merged: list[Segment] = []
    by_base: dict[int, list[Segment]] = {}
    for segment in found:
        near = int(segment.base // 4)
        for other in (o for slot in (near - 1, near, near + 1) for o in reversed(by_base.get(slot, ()))):
            size = max(segment.size, other.size, 1.0)
            if abs(segment.base - other.base) > 0.2 * size:
                continue
            marker = (len(other.words) == 1 and _is_marker(other.words[0])) or (
                len(segment.words) == 1 and _is_marker(segment.words[0]) and segment.x1 <= other.x0
            )
            reach = 3.0 if marker else 0.4
            apart = max(segment.x0, other.x0) - min(segment.x1, other.x1)
            if -0.25 * size < apart < reach * size:
                other.hold(sorted(other.words + segment.words, key=lambda w: w.box.x0))
                break
        else:
            merged.append(segment)
            by_base.setdefault(near, []).append(segment)
    return merged


def _is_marker(word: Word) -> bool:
    char = word.text
    if len(char) != 1:
        return False
    return char in _BULLETS or word.style.icon or "\ue000" <= char <= "\uf8ff" or (char == "o" and "courier" in word.style.font.lower())


def _cleaned(segment: Segment) -> Segment | None:
    """Without list markers and icons; None where nothing readable is left."""
    words = segment.words
    if len(words) > 2 and words[0].text == words[-1].text and _is_marker(words[0]):
        words = words[1:-1]  # "* Education *" is adorned, no list
    while words and (words[0].style.icon or _is_marker(words[0])):
        dash = words[0].text in _DASHES and not words[0].style.icon
        if dash and (len(words) == 1 or (words[1].text[:1].isdigit() and len(words) < 4)):
            break
        segment.bullet = segment.bullet or not words[0].style.icon
        words = words[1:]
    words = [w for w in words if not w.style.icon and not _private(w.text)]
    if words and len(words[0].text) > 1 and words[0].text[0] in _BULLETS - _DASHES:
        first = words[0]
        words[0] = Word(first.text[1:], first.box, first.base, first.style)
        segment.bullet = True
    if not words:
        return None
    segment.hold(_despaced(_rejoined(words)))
    return segment


def _rejoined(words: list[Word]) -> list[Word]:
    """Words that were parted where letters are merely kerned ("M ariangela", "john. doe"): a space has room, this has none."""
    found = words[:1]
    for word in words[1:]:
        last, size = found[-1], word.style.size
        alike = (last.style.font, last.style.size, last.style.bold, last.style.color) == (word.style.font, size, word.style.bold, word.style.color)
        parted = word.text[:1].islower() and ((len(last.text) == 1 and last.text.isupper()) or last.text.endswith((".", "@")))
        if alike and parted and abs(word.box.x0 - last.box.x1) < NO_ROOM * size:
            box = Box(last.box.x0, min(last.box.y0, word.box.y0), word.box.x1, max(last.box.y1, word.box.y1))
            found[-1] = Word(last.text + word.text, box, last.base, last.style, last.spacing)
        else:
            found.append(word)
    return found


def _private(text: str) -> bool:
    return all("\ue000" <= c <= "\uf8ff" for c in text)


def _despaced(words: list[Word]) -> list[Word]:
    """Undo letter-spacing: 'K U R Z P RO F I L' is one word. Letters stand as far apart as pieces of one word do."""
    if len(words) < 2:
        return words
    size = max(w.style.size for w in words)
    gaps = [b.box.x0 - a.box.x1 for a, b in itertools.pairwise(words)]
    spaced = [w.spacing for w in words if len(w.text) > 1]
    if spaced and 10 * sum(len(w.text) == 1 for w in words) < 7 * len(words):
        usual = max(spaced)  # kerning of a pair (TA) makes it smaller, nothing makes it larger
        if usual < 0.05 * size:
            return words
        reach = usual + 0.1 * size
    else:
        usual = median(gaps)
        if len(words) < 4 or usual > 0.8 * size or not any(w.text.isalpha() for w in words):
            return words
        reach = 1.7 * max(usual, 0.1)
    joined = [words[0]]
    for word, gap in zip(words[1:], gaps, strict=True):
        last = joined[-1]
        if gap <= reach:
            joined[-1] = Word(
                last.text + word.text,
                Box(last.box.x0, min(last.box.y0, word.box.y0), word.box.x1, max(last.box.y1, word.box.y1)),
                last.base,
                last.style,
            )
        else:
            joined.append(word)
    return joined


def text_and_spans(words: list[Word]) -> tuple[str, tuple[Span, ...]]:
    """The text of a segment and its style runs; an em space shows a gap that is wider than a space."""
    text, last = "", None
    spans: list[Span] = []
    for word in words:
        start = len(text) + bool(text)
        gap = WIDE if last is not None and _gap(last, word) > WEAK_GAP else " "
        text = f"{text}{gap}{word.text}" if text else word.text
        last = word
        s = word.style
        if spans and (spans[-1].size, spans[-1].bold, spans[-1].italic, spans[-1].color) == (s.size, s.bold, s.italic, s.color):
            spans[-1] = Span(spans[-1].start, len(text), s.size, s.bold, s.italic, s.color)
        else:
            spans.append(Span(start, len(text), s.size, s.bold, s.italic, s.color))
    return text, tuple(spans)
