"""Segments of a page -> reading order and flows.

The stream's order is right on ordinary pages and stays. Only where two independent columns are drawn interleaved is it
replaced by column order. A date column beside its entries is a table, not a column: its rows stay together.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from pipeline.model.document import PageSize
from pipeline.read.segments import Segment

MAIN, LEFT, RIGHT = 0, 1, 2
_DATE = re.compile(r"\b(19|20)\d\d\b|\b\d{1,2}[./]\d{2,4}\b")


@dataclass(slots=True)
class Gutter:
    """A vertical gap at `x` between `top` and `bottom` that no segment crosses."""

    x: float
    top: float
    bottom: float
    left: list[Segment]
    right: list[Segment]


def ordered(found: list[Segment], page: PageSize) -> list[Segment]:
    """The segments in reading order, each with its flow set."""
    gutter = find_gutter(found, page)
    if gutter is None:
        return _downwards(found)
    if is_table(gutter, found):
        return _downwards(_rows_together(found, gutter))
    _without_letterhead(gutter, page)
    for segment in gutter.left:
        segment.flow = LEFT
    for segment in gutter.right:
        segment.flow = RIGHT
    if _switches(found) <= max(3, len(found) // 25):
        flows = list(dict.fromkeys(s.flow for s in found))
    else:
        flows = [LEFT, RIGHT]
    above = [s for s in found if s.flow == MAIN and s.base <= gutter.top + 1]
    below = [s for s in found if s.flow == MAIN and s.base > gutter.top + 1]
    sides = {LEFT: gutter.left, RIGHT: gutter.right}
    inside = [s for flow in flows if flow != MAIN for s in _downwards([s for s in found if s.flow == flow] or sides[flow])]
    return _downwards(above) + inside + _downwards(below)


def _without_letterhead(gutter: Gutter, page: PageSize) -> None:
    """Lower the gutter's top below what stands over both columns: the name on one side, how to reach the person on the other.

    The columns below begin at one height; what stands above them has the page's largest type.
    """
    found = sorted([*gutter.left, *gutter.right], key=lambda s: s.base)
    largest = max(s.size for s in found)
    for n in range(2, len(found)):
        above, below = found[:n], found[n:]
        if above[-1].base > 0.2 * page.height:
            return
        sides = [[s for s in side if s.base > above[-1].base] for side in (gutter.left, gutter.right)]
        if not all(sides) or any(len(rest) == len(side) for rest, side in zip(sides, (gutter.left, gutter.right), strict=True)):
            continue
        level = abs(min(s.box.y0 for s in sides[0]) - min(s.box.y0 for s in sides[1])) < 6
        gap = min(s.box.y0 for s in below) - max(s.box.y1 for s in above)
        reached = any("@" in word.text for s in above for word in s.words)
        if level and gap > 10 and reached and largest > max(s.size for s in below) + 2:
            gutter.left, gutter.right = sides
            gutter.top = above[-1].base
            return


def find_gutter(found: list[Segment], page: PageSize) -> Gutter | None:
    """The gap that parts the most lines, or None."""
    best: Gutter | None = None
    best_score = 0.0
    spans = [(s.x0, s.x1, s.base, s) for s in found]
    edges = sorted({round(s.x0) for s in found if 0.12 * page.width < s.x0 < 0.88 * page.width})
    for edge in edges:
        x = edge - 2.5
        crossing = sorted(base for x0, x1, base, _ in spans if x0 < x - 1 < x + 1 < x1)
        bounds = [0.0, *crossing, page.height]
        for top, bottom in itertools.pairwise(bounds):
            if bottom - top < 60:
                continue
            inside = [t for t in spans if top < t[2] < bottom]
            left = [s for x0, x1, _, s in inside if x1 <= x + 1]
            right = [s for x0, x1, _, s in inside if x0 >= x - 1]
            if len(left) < 4 or len(right) < 4:
                continue
            overlap = min(max(s.base for s in left), max(s.base for s in right)) - max(min(s.base for s in left), min(s.base for s in right))
            if overlap < 50:
                continue
            width = min(s.x0 for s in right) - max(s.x1 for s in left)
            score = min(len(left), len(right)) * overlap * min(2.0, 0.5 + width / 20)
            if score > best_score:
                best_score = score
                best = Gutter(x, top, bottom, left, right)
    return best


def is_table(gutter: Gutter, found: list[Segment]) -> bool:
    """Do the rows of both sides belong together?

    The cells of a table stand on common baselines, and most programs draw them row by row. Headings do not count: they
    stand alone in either case.
    """
    left, right = _plain_lines(gutter.left), _plain_lines(gutter.right)
    narrow, wide = sorted((left, right), key=len)
    if len(narrow) < 2:
        return True
    matched = max(_matched(narrow, gutter.left + gutter.right), _matched(wide, gutter.left + gutter.right))
    sides = {id(s): LEFT for s in gutter.left} | {id(s): RIGHT for s in gutter.right}
    flows = [sides[id(s)] for s in found if id(s) in sides]
    by_row = sum(a != b for a, b in pairwise(flows)) >= 0.6 * min(len(gutter.left), len(gutter.right))
    if _row_by_row(found, sides):
        return True
    if _dated(narrow) and (matched > 0.5 or _matched(narrow, gutter.left + gutter.right, within=0.5) > 0.7):
        return True
    if matched > 0.6 and (by_row or _right_aligned(gutter.left)):
        return True
    left_width = sum(s.x1 - s.x0 for s in gutter.left) / len(gutter.left)
    column = max(s.x1 for s in gutter.left) - min(s.x0 for s in gutter.left)
    return matched > 0.85 and left_width < 0.75 * column


def _row_by_row(found: list[Segment], sides: dict[int, int]) -> bool:
    """Does the stream go from left to right again and again, each time to a cell that begins at the same height?"""
    runs = [(side, list(run)) for side, run in itertools.groupby((s for s in found if id(s) in sides), key=lambda s: sides[id(s)])]
    pairs = [(a[1][0], b[1][0]) for a, b in pairwise(runs) if (a[0], b[0]) == (LEFT, RIGHT)]
    level = sum(abs(a.base - b.base) < 0.35 * max(a.size, b.size) for a, b in pairs)
    return len(pairs) >= 3 and level >= 0.75 * len(pairs)


def _plain_lines(side: list[Segment]) -> list[Segment]:
    """The lines of a side without its headings: those in a bigger or bolder style than most."""
    usual = Counter((s.size, s.words[0].style.bold) for s in side).most_common(1)[0][0]
    return [s for s in side if s.size <= usual[0] + 0.5 and (usual[1] or not s.words[0].style.bold)] or side


def _matched(side: list[Segment], both: list[Segment], *, within: float = 0.12) -> float:
    """Share of a side's lines that share their baseline with a line of the other side, or go on below one that does.

    `within` is the greatest distance of the baselines, in font sizes.
    """
    own = {id(s) for s in side}
    bases = [s.base for s in both if id(s) not in own and (s.x0 > side[0].x1 or s.x1 < side[0].x0)]
    matched, last = 0, None
    for segment in sorted(side, key=lambda s: s.base):
        goes_on = last is not None and segment.base - last.base < 1.45 * segment.size and segment.size == last.size
        if goes_on or any(abs(segment.base - b) < within * segment.size for b in bases):
            matched += 1
            last = segment if not goes_on else None
        else:
            last = None
    return matched / len(side)


def _right_aligned(side: list[Segment]) -> bool:
    """Does the side end flush right, as a column of labels does?"""
    edge = max(s.x1 for s in side)
    ragged = max(s.x0 for s in side) - min(s.x0 for s in side) > 12
    return ragged and sum(edge - s.x1 < 2 for s in side) > 0.8 * len(side)


def _dated(side: list[Segment]) -> bool:
    dates = sum(bool(_DATE.search(" ".join(w.text for w in s.words))) for s in side)
    return dates >= 0.4 * len(side)


def _switches(found: list[Segment]) -> int:
    flows = [s.flow for s in found if s.flow != MAIN]
    return sum(a != b for a, b in itertools.pairwise(flows))


def _downwards(flow: list[Segment]) -> list[Segment]:
    """The stream's order, unless it jumps back up the page: then from top to bottom, row by row."""
    if not any(b.base < a.base - 2.5 * a.size for a, b in itertools.pairwise(flow)):
        return flow
    return [s for row in _rows(flow) for s in row]


def _rows(found: list[Segment]) -> list[list[Segment]]:
    rows: list[list[Segment]] = []
    for segment in sorted(found, key=lambda s: s.base):
        if rows and abs(rows[-1][0].base - segment.base) < 0.3 * segment.size:
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return [sorted(row, key=lambda s: s.x0) for row in rows]


def _rows_together(found: list[Segment], gutter: Gutter) -> list[Segment]:
    """Row order where the stream draws a table column by column; else the stream's order."""
    sides = {id(s): LEFT for s in gutter.left} | {id(s): RIGHT for s in gutter.right}
    flows = [sides[id(s)] for s in found if id(s) in sides]
    switches = sum(a != b for a, b in itertools.pairwise(flows))
    if switches >= 0.5 * min(len(gutter.left), len(gutter.right)):
        return found
    inside = [s for s in found if id(s) in sides]
    first = next(i for i, s in enumerate(found) if id(s) in sides)
    rest_before = [s for s in found[:first] if id(s) not in sides]
    rest_after = [s for s in found[first:] if id(s) not in sides]
    return rest_before + [s for row in _rows(inside) for s in row] + rest_after
