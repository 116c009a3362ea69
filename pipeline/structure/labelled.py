"""Projects as consultants list them, positions as the old Europass does: forms of labels and values, one after the other.

    Zeitraum   02/2022 – 06/2023
    Kunde      Pharmagroßhandel
    Rolle      Teilprojektleiter

A label stands in a cell of its own, or before a colon. A label that comes again begins the next form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.lang.lexicon import key, lexicon
from pipeline.model.document import Line
from pipeline.structure.header import Text
from pipeline.structure.text import label_of

KINDS = frozenset({"period", "customer", "role", "title", "tasks", "technologies", "industry", "location", "degree", "school", "grade"})


@dataclass(slots=True)
class Form:
    """What each label says; `free` are lines above the first label, which name the form."""

    free: list[Line] = field(default_factory=list)
    values: dict[str, list[Text]] = field(default_factory=dict)

    def lines(self, kind: str) -> list[Line]:
        return [line for text in self.values.get(kind, ()) for line in text.lines]


def forms(lines: Sequence[Line]) -> list[Form]:
    """The forms of a section; [] where it is not written as forms."""
    labels = [_label(lines, i) for i in range(len(lines))]
    kinds = [kind for kind, _ in labels if kind in KINDS]
    if len(set(kinds)) < 3 or "period" not in kinds:
        return []
    column = min((lines[i].box.x0 for i, (kind, _) in enumerate(labels) if kind), default=0.0)
    found: list[Form] = [Form()]
    current = ""
    for line, (kind, rest) in zip(lines, labels, strict=True):
        if kind:
            if kind in found[-1].values and kind in KINDS and current != kind:
                found.append(Form())
            current = kind
            found[-1].values.setdefault(kind, [])
            if rest:
                found[-1].values[kind].append(Text(rest, (line,)))
        elif current and line.box.x0 > column + 5:
            found[-1].values[current].append(Text(line.text, (line,)))
        else:
            if found[-1].values:
                found.append(Form())
            current = ""
            found[-1].free.append(line)
    return found


def _label(lines: Sequence[Line], i: int) -> tuple[str, str]:
    """Which label stands on line i, and what follows it there; ("", "") where none does."""
    line = lines[i]
    if labelled := label_of(line.text):
        return labelled if labelled[0] in KINDS else ("", "")
    following = lines[i + 1] if i + 1 < len(lines) else None
    beside = following is not None and following.page == line.page and abs(following.box.middle - line.box.middle) < 0.6 * line.size
    if following is None or not beside or following.box.x0 < line.box.x1:
        return "", ""
    kind = lexicon().labels.get(key(line.text), "")
    return (kind, "") if kind in KINDS else ("", "")
