"""How much work a period holds, and when working days have passed: with the public holidays of the federal state."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

import holidays

from pipeline.model.offer import Terms, Unit

HOURS_A_DAY = Decimal(8)
MONTHS_A_YEAR, DAYS_A_MONTH = 12, 30
WEEK = 5
LONGEST = timedelta(days=3653)
"""A period of more than ten years is a slip."""


def suggested_volume(terms: Terms, *, country: str, region: str) -> Decimal:
    """The units between start and end at so many days a week, without public holidays; 0 where start or end is not known."""
    if terms.start is None or terms.end is None or terms.end < terms.start:
        return Decimal(0)
    if terms.unit is Unit.MONTH:
        after = min(terms.end, terms.start + LONGEST) + timedelta(days=1)
        months = (after.year - terms.start.year) * MONTHS_A_YEAR + after.month - terms.start.month
        halves = round((after.day - terms.start.day) / DAYS_A_MONTH * 2)
        return max(Decimal(months) + Decimal(halves) / 2, Decimal("0.5"))
    days = working_days(terms.start, min(terms.end, terms.start + LONGEST), country=country, region=region) * terms.days_a_week / WEEK
    whole = Decimal(int(days + Decimal("0.5")))
    return whole * HOURS_A_DAY if terms.unit is Unit.HOUR else whole


def working_days(start: date, end: date, *, country: str, region: str) -> int:
    """From start to end, both included: Monday to Friday without public holidays."""
    return sum(is_working_day(start + timedelta(days=n), country=country, region=region) for n in range((end - start).days + 1))


def is_working_day(day: date, *, country: str, region: str) -> bool:
    return day.weekday() < WEEK and day not in _holidays(country, region, day.year)


def after_working_days(begin: date, count: int, *, country: str, region: str) -> date:
    """The day on which so many working days have passed."""
    day = begin
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day, country=country, region=region)
    return day


def check_region(country: str, region: str) -> None:
    """Raises ValueError where the package knows no such country or federal state."""
    try:
        holidays.country_holidays(country, subdiv=region or None, years=2026)
    except NotImplementedError as error:
        raise ValueError(f"no public holidays are known for {country} {region}".strip()) from error


@lru_cache(maxsize=64)
def _holidays(country: str, region: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year))
