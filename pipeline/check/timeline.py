"""Dates of the work history: order, future, gaps, overlaps, years of experience. Months are the unit."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from pipeline.model.cv import Cv, Position
from pipeline.model.finding import Finding
from pipeline.model.timespan import Months, merged, months, years

GAP_MONTHS, OVERLAP_MONTHS = 3, 12
"""Longer gaps, and overlaps of at least so many months, are findings; a year alone may overlap by eleven."""


def experience_years(cv: Cv, today: date) -> float:
    """Years that the positions cover, overlaps counted once, to a tenth."""
    spans = [span for p in cv.positions if (span := months(p.period, today)) and span[1] >= span[0]]
    return years(spans)


def dates_checked(cv: Cv, today: date) -> list[Finding]:
    findings: list[Finding] = []
    now = today.year * 12 + today.month - 1
    spans: list[Months] = []
    for i, position in enumerate(cv.positions):
        at = f"/work/{i}"
        lines = _lines(position)
        if position.period.start is None:
            findings.append(Finding("info", "dates_missing", at, lines, (("entry", _entry_name(position)),)))
            continue
        span = months(position.period, today)
        if span is None:
            continue
        if span[0] > now:
            findings.append(Finding("warning", "starts_in_future", at, lines, (("entry", _entry_name(position)),)))
            continue
        if span[1] < span[0]:
            findings.append(Finding("error", "end_before_start", at, lines, (("entry", _entry_name(position)),)))
            continue
        spans.append(span)
    for (_, end), (start, _) in zip(merged(spans), merged(spans)[1:], strict=False):
        if start - end - 1 > GAP_MONTHS:
            values = (("from", _printed(end + 1)), ("to", _printed(start - 1)), ("months", str(start - end - 1)))
            findings.append(Finding("warning", "gap", "/work", (), values))
    ordered = sorted(spans)
    for (_, end), (start, _) in pairwise(ordered):
        if end - start >= OVERLAP_MONTHS:
            findings.append(Finding("info", "overlap", "/work", (), (("from", _printed(start)), ("to", _printed(min(end, now))))))
    running = [p for p in cv.positions if p.period.current]
    if len(running) > 1:
        findings.append(Finding("info", "several_current", "/work", tuple(n for p in running for n in _lines(p)), (("count", str(len(running))),)))
    return findings


def _lines(position: Position) -> tuple[int, ...]:
    leaves = (position.title, position.company, position.period.start, position.period.end)
    return tuple(sorted({n for leaf in leaves if leaf for n in leaf.lines}))


def _entry_name(position: Position) -> str:
    return ", ".join(leaf.text for leaf in (position.title, position.company) if leaf) or "–"


def _printed(month: int) -> str:
    return f"{month % 12 + 1:02}/{month // 12}"
