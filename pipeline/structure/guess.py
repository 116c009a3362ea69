"""What a section is whose heading says nothing to us: by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.lang.dates import find_dates
from pipeline.lang.levels import cefr
from pipeline.model.document import Line
from pipeline.structure.entries import Entry, entries
from pipeline.structure.header import DEGREE, JOB
from pipeline.structure.lists import languages
from pipeline.structure.text import split_outside_brackets


def kind_by_content(lines: Sequence[Line], there: set[str]) -> str:
    """A kind of the lexicon's sections that is not there yet; "unknown" where the lines do not tell."""
    kind = _kind(lines, "work" if "work" not in there else "", "education" if "education" not in there else "")
    return kind if kind and kind not in there else "unknown"


def _kind(lines: Sequence[Line], work: str, education: str) -> str:
    _, found = entries(lines)
    ranged = [e for e in found if e.period.current or e.period.start is not e.period.end]
    if found:
        jobs = sum(JOB.what(text) + JOB.who(text) for text in map(_head, found))
        studies = sum(DEGREE.what(text) + DEGREE.who(text) for text in map(_head, found))
        if ranged and 2 * len(ranged) >= len(found) and jobs + studies > 0:
            return education if education and (studies > jobs or not work) else work
        return education if studies > jobs and studies >= len(found) else ""
    named, rest = languages(lines)
    if len(named) >= 2 and len(rest) <= len(named) // 3 and any(entry.level and cefr(entry.level.text) for entry in named):
        return "languages"
    return ""


def listed(lines: Sequence[Line]) -> int:
    """How many short items the lines list; 0 where they tell something, or name dates."""
    parts = [p for line in lines for p in split_outside_brackets(re.sub(r"^[^:]{2,40}:\s", "", line.text), r",\s+|;\s+|\s+[·|•]\s+")]
    short = [p for p in parts if len(p.split()) <= 4]
    told = len(short) < 0.8 * len(parts) or any(find_dates(line.text) for line in lines)
    return 0 if told else len(short)


def _head(entry: Entry) -> str:
    """The lines around an entry's date, and the first below."""
    return " ".join([*(piece.text for piece in entry.header), *(line.text for line in entry.body[:2] if not line.bullet)])
