"""Periods as months, which is how experience is counted."""

from __future__ import annotations

from datetime import date

from pipeline.model.cv import Period

Months = tuple[int, int]
"""First and last month of a span, both included, as year * 12 + month - 1."""


def months(period: Period, today: date) -> Months | None:
    """The span of a period; a year alone counts from January to December. None where the start is not printed."""
    if period.start is None:
        return None
    start = _month(period.start.text, last=False)
    if period.end:
        end = _month(period.end.text, last=True)
    elif period.current:
        end = today.year * 12 + today.month - 1
    else:
        end = _month(period.start.text, last=True)
    return (start, end) if start is not None and end is not None else None


def _month(iso: str, *, last: bool) -> int | None:
    parts = iso.split("-")
    if not parts[0].isdigit():
        return None
    return int(parts[0]) * 12 + (int(parts[1]) - 1 if len(parts) > 1 else 11 if last else 0)


def merged(spans: list[Months]) -> list[Months]:
    """Overlapping and touching spans joined, in order."""
    result: list[Months] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def years(spans: list[Months]) -> float:
    """What the spans cover, overlaps counted once, in years to a tenth."""
    return round(sum(end - start + 1 for start, end in merged(spans)) / 12, 1)
