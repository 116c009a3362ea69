"""Document -> its sections: what both structurers begin with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.lang.dates import find_dates
from pipeline.model.cv import LeftOut
from pipeline.model.document import Document, Line
from pipeline.structure.entries import entries
from pipeline.structure.furniture import without_furniture
from pipeline.structure.guess import kind_by_content, listed
from pipeline.structure.sections import Part, parts
from pipeline.structure.text import Edges

MIN_SKILLS = 4
"""So many short items make a list of skills."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The lines that say something, cut into sections; `left_out` are the others, `edges` where the text of each ends."""

    lines: list[Line]
    edges: Edges
    parts: list[Part]
    left_out: tuple[LeftOut, ...]


def layout_of(document: Document) -> Layout:
    lines, left_out = without_furniture(document)
    edges = Edges(lines)
    lines, signature = _without_signature(lines)
    return Layout(lines, edges, _kinds_by_content(parts(lines)), (*left_out, *signature))


def _kinds_by_content(cut: Sequence[Part]) -> list[Part]:
    """What a CV must have and no heading names plainly is looked for under the headings that do not."""
    there = {p.kind for p in cut if p.lines and p.sure and p.kind != "unknown"}
    hinted = {id(p): {q.kind for q in cut if q is not p and q.lines and q.kind != "unknown"} for p in cut}
    found = [Part(_kind(p, there | hinted[id(p)] if p.kind != "unknown" else there), p.heading, p.lines, p.sure) for p in cut]
    unknown = [p for p in found if p.kind == "unknown"]
    if unknown and "skills" not in {p.kind for p in found}:
        best = max(unknown, key=lambda p: listed(p.lines))
        if listed(best.lines) >= MIN_SKILLS:
            best.kind = "skills"
    return found


def _kind(p: Part, there: set[str]) -> str:
    if p.kind not in ("unknown", "work", "education") or (p.sure and p.kind != "unknown"):
        return p.kind
    told = kind_by_content(p.lines, there)
    if told != "unknown":
        return told
    if p.kind == "education" and "education" in there and not entries(p.lines)[1]:
        return "certificates"  # "Executive Education", besides the studies
    return p.kind


_SIGNED = re.compile(r"[A-ZÄÖÜ][\w .'’()/-]{1,40},\s*(?:den\s+|le\s+)?(.+)$")


def _without_signature(lines: list[Line]) -> tuple[list[Line], list[LeftOut]]:
    """The sign-off at the end, "Köln, den 3. Februar 2025" and perhaps the name below, says nothing of the person's life."""
    for n in range(len(lines) - 1, max(len(lines) - 4, -1), -1):
        match = _SIGNED.fullmatch(lines[n].text.strip())
        dates = find_dates(match.group(1)) if match else []
        alone = bool(match and dates and match.group(1).strip() == match.group(1).strip()[dates[0].start : dates[0].end] and len(dates[0].iso) == 10)
        if alone and n > 0 and all(len(line.text.split()) <= 5 for line in lines[n + 1 :]):
            return lines[:n], [LeftOut(line.number, "signature", line.text) for line in lines[n:]]
    return lines, []
