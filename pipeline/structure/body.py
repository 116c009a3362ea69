"""What stands below the header of an entry: paragraphs, bullets, technologies."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.model.cv import Sourced
from pipeline.model.document import Line
from pipeline.structure.blocks import items
from pipeline.structure.header import Text
from pipeline.structure.lists import list_items
from pipeline.structure.text import Edges, label_of, split_outside_brackets


def described(rest: Sequence[Text], body: Sequence[Line], edges: Edges, indent: float | None) -> tuple[tuple[Sourced, ...], tuple[Sourced, ...]]:
    """Paragraphs and bullets of an entry."""
    summary = [v for v in (text.value() for text in rest) if v]
    highlights: list[Sourced] = []
    for item in items(body, edges, indent):
        if item.bullet or highlights:
            highlights.append(item.value)
        else:
            summary.append(item.value)
    return tuple(summary), tuple(highlights)


def technologies_of(body: list[Line], edges: Edges) -> tuple[tuple[Sourced, ...], list[Line]]:
    """The line of an entry that lists technologies, by its label or by its look, and the other lines."""
    found: list[Sourced] = []
    rest: list[Line] = []
    groups = items(body, edges)
    for n, item in enumerate(groups):
        text = item.value.text
        labelled = label_of(text)
        if labelled and labelled[0] == "technologies":
            found.extend(list_items(labelled[1], item.lines))
        elif not found and n == len(groups) - 1 and n > 0 and _looks_listed(item.lines[0], text, groups[n - 1].lines[0]):
            found.extend(list_items(text, item.lines))
        else:
            rest.extend(item.lines)
    return tuple(found), rest


def _looks_listed(line: Line, text: str, previous: Line) -> bool:
    parts_of_it = split_outside_brackets(text, r",\s+|\s*[·|•]\s*")
    if len(parts_of_it) < 3 or line.bullet or text.endswith(".") or any(len(p.split()) > 3 for p in parts_of_it):
        return False
    differs = line.size != previous.size or line.italic != previous.italic or line.color != previous.color or line.box.x0 < previous.box.x0 - 4
    return differs or previous.bullet
