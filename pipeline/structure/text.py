"""Lines -> values: joining what a page breaks, cutting what a line strings together."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from pipeline.lang.lexicon import lexicon
from pipeline.model.cv import Sourced
from pipeline.model.document import Line

WIDE = "\u2003"
"""How a line's text shows a gap that is wider than a space."""

EDGES = " \t\u2003,;:|·•/–—-"


def clean(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def joined(texts: Iterable[str]) -> str:
    """Continue lines of one paragraph: line-end hyphenation is undone, "Einzel- und" and "SAP-Berater" stay."""
    result = ""
    for text in map(clean, texts):
        if not text:
            continue
        if not result:
            result = text
        elif result.endswith("-") and len(result) > 1 and result[-2].isalpha():
            first = text.split(" ", 1)[0].strip(",.").casefold()
            if first in lexicon().list_and:
                result = f"{result} {text}"
            elif text[0].islower():
                result = result[:-1] + text
            else:
                result = result + text
        elif result.endswith("/") and not result.endswith(" /"):
            result = result + text
        else:
            result = f"{result} {text}"
    return result


def value(*lines: Line) -> Sourced:
    """The whole text of the lines as one value."""
    return Sourced(joined(line.text for line in lines), tuple(line.number for line in lines))


def part(text: str, *lines: Line, rule: str = "", printed: str = "") -> Sourced | None:
    """Some of the lines' text as a value; None where nothing is left of it."""
    text = clean(text).strip()
    if not text.strip(EDGES + "()"):
        return None
    return Sourced(text, tuple(line.number for line in lines), printed=printed if printed != text else "", rule=rule)


def bare(text: str) -> str:
    """Without separators at the ends and without a bracket that is opened or closed elsewhere."""
    text = clean(text).strip(EDGES)
    if text.endswith(")") and text.count("(") < text.count(")"):
        text = text[:-1].rstrip(EDGES)
    if text.startswith("(") and text.count("(") > text.count(")"):
        text = text[1:].lstrip(EDGES)
    if text.startswith("(") and text.endswith(")") and "(" not in text[1:]:
        text = text[1:-1]
    return text


def split_outside_brackets(text: str, separators: str) -> list[str]:
    """Split at any of the separator patterns (a regular expression) that stands outside brackets and quotes."""
    parts, depth, last = [], 0, 0
    at = {m.start(): m.end() for m in re.finditer(separators, text)}
    i = 0
    while i < len(text):
        if text[i] in "([„“":
            depth += text[i] != "“"
        elif text[i] in ")]“”":
            depth = max(0, depth - 1)
        if depth == 0 and i in at and at[i] > i:
            parts.append(text[last:i])
            last = i = at[i]
            continue
        i += 1
    parts.append(text[last:])
    return [p for p in map(clean, parts) if p]


def label_of(text: str) -> tuple[str, str] | None:
    """("role", "Technische Leitung") of "Rolle: Technische Leitung"; None where no known label leads the text."""
    match = re.match(r"([^:]{2,40}):\s*(.*)$", text, re.DOTALL)
    if not match:
        return None
    name = lexicon().labels.get(re.sub(r"\s+", " ", match.group(1)).strip(" •-–").casefold())
    return (name, match.group(2)) if name else None


class Edges:
    """Right edges of the text: of each flow, and before what stands further right in the same row."""

    def __init__(self, lines: Sequence[Line]) -> None:
        ends: dict[int, list[float]] = {}
        for line in lines:
            if len(line.text) > 15:
                ends.setdefault(line.flow, []).append(line.box.x1)
        self._flows = {flow: sorted(xs)[min(len(xs) - 1, int(0.97 * len(xs)))] for flow, xs in ends.items()}
        self._limits: dict[int, float] = {}
        for a, b in itertools.pairwise(lines):
            for left, right in ((a, b), (b, a)):
                if (
                    left.page == right.page
                    and left.flow == right.flow
                    and abs(left.box.middle - right.box.middle) < 0.4 * left.size
                    and left.box.x1 < right.box.x0
                ):
                    self._limits[left.number] = right.box.x0 - 0.6 * left.size

    def of(self, line: Line) -> float:
        """Where the text of that line has to end, in points."""
        return min(self._flows.get(line.flow, line.box.x1 + 1), self._limits.get(line.number, 1e9))


def continues(previous: Line, line: Line, edges: Edges) -> bool:
    """Does `line` go on with the sentence of `previous`? Yes where its first word had no room left on the line above."""
    if line.bullet or line.page < previous.page or line.flow != previous.flow:
        return False
    if line.page == previous.page:
        gap = line.box.y0 - previous.box.y1
        if gap > 0.9 * previous.size or line.box.middle <= previous.box.middle + 0.3 * previous.size:
            return False
    if previous.text.endswith("-"):
        return True
    room = edges.of(previous) - previous.box.x1
    if line.text[:1].islower() and room < 0.35 * (edges.of(previous) - previous.box.x0):
        return True
    tail, head = previous.spans[-1], line.spans[0]
    if abs(head.size - tail.size) > 0.6 or head.bold != tail.bold:
        return False
    first = line.text.split(" ", 1)[0]
    width = (line.box.x1 - line.box.x0) * (len(first) + 1) / max(len(line.text), 1)
    return previous.box.x1 + width > edges.of(previous)
