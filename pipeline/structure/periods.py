"""Printed periods -> Period, with their lines."""

from __future__ import annotations

from pipeline.lang.dates import Printed, PrintedPeriod
from pipeline.model.cv import Period, Sourced


def period_of(found: PrintedPeriod, text: str, lines: tuple[int, ...]) -> Period:
    """The period that was found in `text`, which stands on `lines`. A single date is both start and end."""

    def at(printed: Printed) -> Sourced:
        wording = text[printed.start : printed.end]
        return Sourced(printed.iso or wording, lines, printed=wording if printed.iso else "", rule="date" if printed.iso else "")

    start = at(found.start) if found.start else None
    end = at(found.end) if found.end else None
    current = at(found.current) if found.current else None
    if start and not end and not current and not found.open_range:
        end = start
    return Period(start, end, current)
