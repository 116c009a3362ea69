"""What "heute" means in a CV: the day that the document is of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from pipeline.lang.dates import find_dates
from pipeline.lang.lexicon import any_of, lexicon
from pipeline.model.cv import AsOf, Cv, leaves
from pipeline.model.document import Document
from pipeline.model.finding import Finding

LONGEST = 60
"""Characters of a line that tells the document's date."""


def as_of(cv: Cv, document: Document, today: date) -> AsOf:
    """By what the page says ("Stand: März 2025", or place and date of the signature), else by the file's own date, else today.

    A day to come is none, nor is one before the last thing that the CV tells.
    """
    latest = max(
        (
            leaf.text[:7]
            for path, leaf in leaves((cv.positions, cv.education, cv.projects))
            if path.endswith(("start", "end")) and leaf.text[:4].isdigit()
        ),
        default="",
    )
    for found in (*_in_text(cv, document), AsOf(document.created, "metadata")):
        if found.date and found.date <= today.isoformat() and found.date[: len(latest)] >= latest[: len(found.date)]:
            return found
    return AsOf(today.isoformat(), "today")


def day_of(found: AsOf) -> date:
    """Of a month or a year, the first day."""
    parts = [int(part) for part in found.date.split("-")]
    return date(*parts, *[1] * (3 - len(parts)))


def as_of_told(cv: Cv) -> list[Finding]:
    """A hint where something still runs and "today" is not today."""
    periods = [*(p.period for p in cv.positions), *(p.period for p in cv.projects), *(e.period for e in cv.education)]
    if cv.as_of.source == "today" or not any(period.current for period in periods):
        return []
    year, *month = cv.as_of.date.split("-")
    values = (("date", f"{month[0]}/{year}" if month else year),)
    return [Finding("info", f"as_of_{cv.as_of.source}", "/meta/asOf", (cv.as_of.line,) if cv.as_of.line else (), values)]


def _in_text(cv: Cv, document: Document) -> Iterator[AsOf]:
    for line in document.lines:
        if len(line.text) < LONGEST and (match := _said().match(line.text.strip())) and (dates := find_dates(match.group(1))):
            yield AsOf(dates[0].iso, "text", line.number)
    for out in cv.left_out:
        if out.reason == "signature" and (dates := find_dates(out.text)):
            yield AsOf(dates[-1].iso, "text", out.line)


@cache
def _said() -> re.Pattern[str]:
    return re.compile(rf"[(\[]?(?:{any_of(lexicon().as_of)})\b\s*:?\s*(.*)", re.IGNORECASE)
