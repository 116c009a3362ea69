"""What people write when they want an offer: for whom, to whom, for how much, from when to when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from pipeline.lang.lexicon import any_of, lexicon
from pipeline.model.offer import Unit

LOOK_BACK = timedelta(days=31)
"""A day without a year is the next one that is no longer ago than this."""

_UNITS = {
    Unit.HOUR: r"h|std\.?|stunden?|hours?|hrs?\.?|stundensatz",
    Unit.DAY: r"tage?s?|days?|pt|personentage?|tagessatz|d",
    Unit.MONTH: r"monate?s?|months?|monatlich|monthly",
}
_UNIT = "|".join(f"(?P<{unit.value}>{pattern})" for unit, pattern in _UNITS.items())
_CURRENCIES = {
    "€": "EUR",
    "eur": "EUR",
    "euro": "EUR",
    "chf": "CHF",
    "fr.": "CHF",
    "franken": "CHF",
    "$": "USD",
    "usd": "USD",
    "£": "GBP",
    "gbp": "GBP",
}
_CURRENCY = r"€|\$|£|\beuro?\b|\bchf\b|\bfr\.|\bfranken\b|\busd\b|\bgbp\b"
_NUMBER = r"\d{1,3}(?:[.,' ]\d{3})*(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_PER = r"\s*(?:/|\bpro\b|\bper\b|\bje\b|\ban?\b|\bdie\b|\bthe\b)?\s*"
_RATE = re.compile(
    rf"(?:(?P<n>{_NUMBER})\s*(?P<c>{_CURRENCY})|(?P<c2>{_CURRENCY})\s*(?P<n2>{_NUMBER}))(?:{_PER}(?:{_UNIT})(?!\w))?",
    re.IGNORECASE,
)
_DAYS_A_WEEK = re.compile(
    r"(?P<n>[1-7](?:[.,]5)?)\s*(?:tage?|days?)\s*(?:/|\bpro\b|\bper\b|\bje\b|\ban?\b|\bin der\b|\bdie\b)\s*(?:woche|week|wo\.)", re.IGNORECASE
)
_VOLUME = re.compile(
    rf"(?P<n>\d[\d.,']*)\s*(?:(?P<hour>{_UNITS[Unit.HOUR]})|(?P<day>{_UNITS[Unit.DAY]})|(?P<month>{_UNITS[Unit.MONTH]}))(?!\w)", re.IGNORECASE
)
_REMOTE = re.compile(r"(?P<n>\d{1,3})\s*%\s*(?:remote|homeoffice|home[- ]office)", re.IGNORECASE)
_AT_ONCE = re.compile(r"\b(?:ab\s+)?sofort\b|\bimmediately\b|\basap\b", re.IGNORECASE)
_BEGINS = re.compile(r"^\s*(?:(?:new|neues)\s+)?(?:angebot|offer|quote)\s*(?:(?:for|für|fuer)\b\s*|:\s*)?", re.IGNORECASE)
_TO = re.compile(r"\s+(?:to|an|at|bei)\s+(?:die\s+|den\s+|the\s+|firma\s+)?", re.IGNORECASE)
_LEFT = re.compile(r"(?:[\s,;.]|\b(?:ab|from|von|vom|bis|until|till|to|und|and|zu|zum|for|für|starting|beginnend|at)\b)+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was said; None where nothing was."""

    candidate: str = ""
    customer: str = ""
    rate: Decimal | None = None
    currency: str = ""
    unit: Unit | None = None
    volume: Decimal | None = None
    days_a_week: Decimal | None = None
    start: date | None = None
    end: date | None = None
    remote: int | None = None


def understood(text: str, *, today: date) -> Wanted:
    """Of "offer for Anna Müller to Muster GmbH 95 €/h from 1 March, 3 days a week", in German or English."""
    rest = _BEGINS.sub("", " ".join(text.split()))
    found: dict[str, object] = {}
    if days := _DAYS_A_WEEK.search(rest):
        found["days_a_week"] = _decimal(days["n"])
        rest = _cut(rest, days)
    if rate := _RATE.search(rest):
        found["rate"] = _decimal(rate["n"] or rate["n2"])
        found["currency"] = _CURRENCIES[(rate["c"] or rate["c2"]).casefold()]
        found["unit"] = next((unit for unit in Unit if rate[unit.value]), None)
        rest = _cut(rest, rate)
    if remote := _REMOTE.search(rest):
        found["remote"] = min(int(remote["n"]), 100)
        rest = _cut(rest, remote)
    for name, words in (("end", lexicon().until), ("start", (*lexicon().since, "ab", "from", "ab dem", "vom", "von", "starting", "beginnend"))):
        if day := _day_after(words, rest, today):
            found[name], rest = day
    if "start" not in found and (at_once := _AT_ONCE.search(rest)):
        found["start"], rest = today, _cut(rest, at_once)
    if volume := _VOLUME.search(rest):
        found["volume"] = _decimal(volume["n"])
        found["unit"] = found.get("unit") or next(unit for unit in Unit if volume[unit.value])
        rest = _cut(rest, volume)
    candidate, *customer = _TO.split(f" {rest}", maxsplit=1)
    return Wanted(candidate=_name(candidate), customer=_name(customer[0]) if customer else "", **found)  # type: ignore[arg-type]  # by name


def _day_after(words: tuple[str, ...], text: str, today: date) -> tuple[date, str] | None:
    """The day that follows one of the words, and the text without both."""
    found = re.search(rf"(?:^|(?<=[\s,;]))(?:{any_of(words)})\s+(?:dem\s+|the\s+)?{_day_pattern()}", text, re.IGNORECASE)
    if found is None:
        return None
    months = lexicon().months
    if found["iso"]:
        year, month, day = (int(part) for part in found["iso"].split("-"))
    elif found["d"]:
        day, month, year = int(found["d"]), int(found["m"]), int(found["y"] or 0)
    else:
        day = int(found["dn"] or found["dn2"] or 1)
        month = months[(found["mn"] or found["mn2"] or found["mn3"]).casefold().rstrip(".")]
        year = int(found["yn"] or found["yn2"] or found["yn3"] or 0)
    year += 2000 if 0 < year < 100 else 0
    try:
        made = date(year or today.year, month, day)
        if not year and made < today - LOOK_BACK:
            made = date(today.year + 1, month, day)
    except ValueError:
        return None
    return made, _cut(text, found)


@cache
def _day_pattern() -> str:
    names = any_of(lexicon().months)
    name = rf"(?:{names})(?![^\W\d_])\.?"
    return (
        rf"(?:(?P<iso>\d{{4}}-\d\d-\d\d)|(?P<d>\d{{1,2}})\.\s?(?P<m>\d{{1,2}})\.(?:\s?(?P<y>\d{{4}}|\d\d)(?!\d))?"
        rf"|(?P<dn>\d{{1,2}})(?:\.|st|nd|rd|th)?\s+(?:of\s+)?(?P<mn>{name})(?:\s+(?P<yn>\d{{4}}))?"
        rf"|(?P<mn2>{name})\s+(?P<dn2>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<yn2>\d{{4}}))?"
        rf"|(?P<mn3>{name})(?:\s+(?P<yn3>\d{{4}}))?)"
    )


def _cut(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()].rstrip()} {text[found.end() :].lstrip()}".strip()


def _name(text: str) -> str:
    return _LEFT.sub("", text).strip(" ,;.")


def _decimal(text: str) -> Decimal:
    """ "1.250,50", "1,250.50", "1'250", "95,5": the last separator with one or two digits behind it is the decimal one."""
    whole, _, cents = text.replace(" ", "").replace("'", ""), "", ""
    if found := re.search(r"[.,](\d{1,2})$", whole):
        whole, cents = whole[: found.start()], found.group(1)
    return Decimal(f"{re.sub(r'[.,]', '', whole)}.{cents or '0'}")
