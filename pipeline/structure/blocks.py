"""Body lines -> items: bullets and paragraphs, joined over line ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.lang.dates import find_periods
from pipeline.model.cv import Sourced
from pipeline.model.document import Line
from pipeline.structure.text import Edges, continues, value


@dataclass(frozen=True, slots=True)
class Item:
    """A bullet or a paragraph."""

    lines: tuple[Line, ...]
    bullet: bool

    @property
    def value(self) -> Sourced:
        return value(*self.lines)


def items(lines: Sequence[Line], edges: Edges, indent: float | None = None) -> list[Item]:
    """Group body lines. A line is a bullet where a marker says so, or where it stands right of `indent` (points)."""
    marked = any(line.bullet for line in lines)
    groups: list[list[Line]] = []
    for line in lines:
        if groups and _goes_on(groups[-1], line, edges, marked=marked):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [Item(tuple(group), group[0].bullet or (not marked and indent is not None and group[0].box.x0 > indent + 5)) for group in groups]


def _leads_with_date(line: Line) -> bool:
    """In a list where dates lead, each date begins the next item."""
    found = find_periods(line.text)
    return bool(found) and found[0].span[0] == 0


def _goes_on(group: list[Line], line: Line, edges: Edges, *, marked: bool) -> bool:
    first, last = group[0], group[-1]
    if line.bullet or (_leads_with_date(line) and _leads_with_date(first)):
        return False
    if first.bullet:
        under = line.box.x0 > first.box.x0 - 3 and line.flow == first.flow
        same_look = abs(line.size - first.size) < 0.6 and line.italic == first.italic and line.bold == first.bold
        near = line.page != last.page or 0 < line.box.y0 - last.box.y0 < 2.2 * last.size
        return under and same_look and near
    if line.italic != last.italic and not line.text[:1].islower():
        return False
    if abs(line.box.x0 - first.box.x0) > 3 and not (marked and line.box.x0 > first.box.x0) and not line.text[:1].islower():
        return False
    return continues(last, line, edges)
