"""What people write when they want an offer: for whom, to whom, for how much, from when to when. What is understood is cut out; names are left."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from pipeline.lang.lexicon import any_of, lexicon
from pipeline.model.offer import Unit

LOOK_BACK = timedelta(days=31)
"""A day without a year is the next one that is no longer ago than this."""
HOURS_A_DAY = 8
WEEKS_A_MONTH = Decimal(52) / 12
MOST_RATE, MOST_VOLUME = Decimal(1_000_000), Decimal(100_000)
MOST = {Unit.HOUR: Decimal(5_000), Unit.DAY: Decimal(50_000)}
"""More than that is no rate and no volume."""

_UNITS = {Unit.HOUR: r"h|std\.?|stunden?|hours?|hrs?\.?", Unit.DAY: r"tage?n?|days?|pt|personentage?", Unit.MONTH: r"monate?n?|months?|mon\.?"}
_ADVERBS = {Unit.HOUR: "stündlich|hourly", Unit.DAY: "täglich|daily", Unit.MONTH: r"monatlich|monthly|mtl\.?"}
_UNIT = "|".join(f"(?P<{unit.value}>{pattern})" for unit, pattern in _UNITS.items())
_PAID = "|".join(f"(?P<{unit.value}>{pattern}|{_ADVERBS[unit]})" for unit, pattern in _UNITS.items())
_CURRENCIES = {
    "€": "EUR",
    "eur": "EUR",
    "chf": "CHF",
    "fr.": "CHF",
    "fra": "CHF",
    "$": "USD",
    "usd": "USD",
    "dol": "USD",
    "£": "GBP",
    "gbp": "GBP",
    "pfu": "GBP",
}
_CURRENCY = r"(?:€|\$|£|\beuros?\b|\beur\b|\bchf\b|\bfr\.|\bfranken\b|\busd\b|\bdollars?\b|\bgbp\b)"
_NUMBER = r"(?<![\d.,])\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?!\d)|(?<![\d.,])\d+(?:[.,]\d{1,2})?(?!\d)"
_THOUSANDS = re.compile(r"(?<![\w.,])(\d+)(?:[.,](\d))?\s?k(?=\s*(?:€|\$|£|/|eur|chf|usd|gbp|pro\b|per\b|a\b|im\b))", re.IGNORECASE)
_PER = r"\s*(?:/|\bpro\b|\bper\b|\bje\b|\ban?\b|\bam\b|\bim\b|\bdie\b|\bthe\b|\bder\b)?\s*"
_AMOUNT = rf"(?:(?:{_NUMBER})\s*(?:-|–|bis)\s*)?(?:(?P<n>{_NUMBER})(?:,-)?\s*(?P<c>{_CURRENCY})|(?P<c2>{_CURRENCY})\s*(?P<n2>{_NUMBER}))"
_COST = re.compile(rf"\b(?:ek|einkauf|kosten|cost|eigene kosten)\s*:?\s*{_AMOUNT}(?:{_PER}(?:{_PAID})(?!\w))?", re.IGNORECASE)
_RATE = re.compile(rf"(?:\b(?:vk|verkauf|rate|satz)\s*:?\s*)?{_AMOUNT}{_PER}(?:{_PAID})(?!\w)", re.IGNORECASE)
_NAMED = re.compile(
    rf"\b(?P<kind>(?:stunden|tages|monats)-?(?:satz|rate)|(?:hourly|hour|daily|day|monthly|month) rate)\s*[:=]?\s*(?:(?:von|of|is|ist)\s+)?{_AMOUNT}",
    re.IGNORECASE,
)
_BARE = re.compile(_AMOUNT, re.IGNORECASE)
_KINDS = {"s": Unit.HOUR, "h": Unit.HOUR, "t": Unit.DAY, "d": Unit.DAY, "m": Unit.MONTH}
_WORDS = {
    "ein": 1,
    "einen": 1,
    "one": 1,
    "zwei": 2,
    "two": 2,
    "drei": 3,
    "three": 3,
    "vier": 4,
    "four": 4,
    "fünf": 5,
    "five": 5,
    "sechs": 6,
    "six": 6,
}
_COUNT = rf"(?P<n>\d{{1,2}}(?:[.,]\d)?|{'|'.join(_WORDS)})"
_WEEK = r"\s*(?:/|\bpro\b|\bper\b|\bje\b|\ban?\b|\bin der\b|\bdie\b)\s*(?:woche|week|wo\.)"
_DAYS_A_WEEK = re.compile(rf"\b{_COUNT}\s*(?:tage?|days?){_WEEK}|\b(?P<n2>[1-7])[- ](?:tage?|days?)[- ](?:woche|week)\b", re.IGNORECASE)
_HOURS_A_WEEK = re.compile(rf"\b(?P<n>\d{{1,2}})\s*(?:{_UNITS[Unit.HOUR]}){_WEEK}", re.IGNORECASE)
_DAYS_A_MONTH = re.compile(r"\b(?P<n>\d{1,2})\s*(?:tage?|days?)\s*(?:/|\b(?:pro|per|je|an?|im|in the)\b)\s*(?:monat|month)\b", re.IGNORECASE)
_HOURS_A_DAY = re.compile(rf"\b\d{{1,2}}\s*(?:{_UNITS[Unit.HOUR]})\s*(?:/|pro|per|am|a|je)\s*(?:tag|day)\b", re.IGNORECASE)
_PAYMENT = re.compile(
    r"\b(?:zahlungsziel|zahlungsfrist|zahlbar|zahlung|payment(?:\s+terms?)?|payable)\s*:?\s*(?:(?:netto|net|in|within|innerhalb(?:\s+von)?|binnen)\s+)*"
    r"(?P<n>\d{1,3})\s*(?:tage?n?|days?)(?:\s+(?:netto|net)\b)?"
    r"|\b(?P<n2>\d{1,3})\s*(?:tage?n?|days?)\s+(?:netto|net)\b"
    r"|\bnet\s+(?P<n3>\d{1,3})\b(?:\s*days?)?",
    re.IGNORECASE,
)
_VALID = r"\b(?:(?:angebot|offer)\s+)?(?:gültig|valid|bindend|binding|gilt)"
_VALID_FOR = re.compile(rf"{_VALID}\s+(?:für\s+|for\s+)?(?P<n>\d{{1,3}})\s*(?P<unit>tage?|days?|wochen?|weeks?)\b", re.IGNORECASE)
_HOME = r"(?:remote|homeoffice|home[- ]office|von zu hause|from home)"
_SITE = r"(?:vor ort|on[- ]?site|im büro|in the office)"
_NO_REMOTE = re.compile(
    rf"\b(?:keine?n?|nicht|no|not|ohne|without)\s+{_HOME}(?:[- ]?(?:anteil|work|tage?))?\b|\b(?:nur|only|komplett|100\s*%)\s+{_SITE}", re.IGNORECASE
)
_REMOTE = re.compile(
    rf"(?P<n>\d{{1,3}})\s*(?:%|prozent|percent)\s*{_HOME}"
    rf"|{_HOME}(?:[- ]?anteil|\s+share)?\s*:?\s*(?:zu\s+)?(?P<n2>\d{{1,3}})\s*(?:%|prozent|percent)",
    re.IGNORECASE,
)
_SHARE_ON_SITE = re.compile(rf"(?P<n>\d{{1,3}})\s*(?:%|prozent|percent)\s*{_SITE}", re.IGNORECASE)
_DAYS_REMOTE = re.compile(rf"\b{_COUNT}\s*(?:tage?|days?)\s*{_HOME}", re.IGNORECASE)
_ON_SITE = re.compile(rf"\b(?:{_COUNT}\s*(?:tage?|days?)\s*)?{_SITE}\b", re.IGNORECASE)
_ALL_REMOTE = re.compile(rf"\b(?:komplett|voll|fully|vollständig|completely)?\s*{_HOME}\b", re.IGNORECASE)
_PLACE = re.compile(
    r"\b(?:einsatzort|arbeitsort|standort|ort|location|place(?:\s+of\s+work)?|based in|work(?:ing)? in)\s*:?\s+(?P<place>[^\W\d_][^,;\d€$£]{1,59})",
    re.IGNORECASE,
)
_BLIND = re.compile(r"\b(?:blind|anonym(?:isiert|ised|ized|ous)?|ohne namen|without (?:the )?name)\b", re.IGNORECASE)
_VOLUME = re.compile(rf"(?:\b(?:für|for|über|umfang|volume)\s*:?\s+)?(?P<n>{_NUMBER}|\b(?:{'|'.join(_WORDS)})\b)\s*(?:{_UNIT})(?!\w)", re.IGNORECASE)
_AT_ONCE = re.compile(r"\b(?:ab\s+)?sofort\b|\bimmediately\b|\basap\b", re.IGNORECASE)
_EMPTY = re.compile(
    r"\b(?:\w*(?:pauschale|spesen)|netto|brutto|net|zzgl\.?\s*(?:mwst|ust|vat)\.?|plus\s+vat|bitte|please|danke|thanks?"
    r"|erstellen|schreiben|machen|anlegen|vorbereiten)\b",
    re.IGNORECASE,
)
_ASKED = (
    "bitte|please|new|neues|ein|an|a|mir|uns|me|us|jetzt|now|mal|noch|ich|i|brauche|need|möchte|want|würde gern|would like|to|"
    "mach(?:e|en)?|erstell(?:e|en)?|schreib(?:e|en)?|leg(?:e)?|make|create|write|prepare|draft|send|kannst du|können sie|can you|could you"
)
_BEGINS = re.compile(
    rf"^\s*(?:(?:{_ASKED})\s+)*(?:angebot|offer|quote)\b(?!-)(?:\s+(?:erstellen|schreiben|machen|anlegen|vorbereiten)\b)?\s*(?:(?P<for>for|für|fuer)\b\s*|[:–-]\s*)?",
    re.IGNORECASE,
)
_TO = re.compile(
    r"\s+(?:(?:to|an|at|bei|zu|zum)\s+(?:die\s+|den\s+|das\s+|der\s+|the\s+)?(?:(?:firma|company|kunden?|customer)\s+)?|(?:kunde|customer)\s*:?\s+)",
    re.IGNORECASE,
)
_FOR = re.compile(r"\s+(?:for|für|fuer)\s+", re.IGNORECASE)
_SALUTATION = re.compile(r"^(?:frau|herrn?|mr\.?|mrs\.?|ms\.?|kandidatin|kandidat|candidate)\s+", re.IGNORECASE)
_SOMEBODY = re.compile(r"^(?:frau|herrn?|mr\.?|mrs\.?|ms\.?|z\.?\s?hd\.?(?:\s+von)?|attn\.?:?)\s+", re.IGNORECASE)
_BEFORE = re.compile(r"^(?:(?:to|an|at|bei|zu|zum|für|for|kunden?|customer|firma|company)\b:?\s+)+", re.IGNORECASE)
_EDGES = re.compile(
    r"^[\s,;.:–-]+|(?:[\s,;.:–-]|\b(?:ab|from|von|vom|bis|until|till|to|und|and|zu|zum|for|für|starting|at|mit|with|über|dem)\b)+$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was said; None where nothing was. `cost` is what the unit costs the firm."""

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
    payment_days: int | None = None
    cost: Decimal | None = None
    valid_until: date | None = None
    place: str = ""
    blind: bool = False
    contact: str = ""


def asks_for_offer(text: str) -> bool:
    """ "Angebot für …", "please make an offer for …"."""
    return bool(_BEGINS.match(" ".join(text.split())))


def understood(text: str, *, today: date) -> Wanted:
    """Of "offer for Anna Müller to Muster GmbH 95 €/h from 1 March, 3 days a week", in German or English."""
    whole = " ".join(text.split())
    begins = _BEGINS.match(whole)
    named = bool(begins and begins["for"])  # then a person's name comes next, even one like "An Nguyen"
    plain = _THOUSANDS.sub(lambda k: str(int(k[1]) * 1000 + int(k[2] or 0) * 100), whole[begins.end() :] if begins else whole)
    said = _Said(plain, today)
    for read in (_validity, _period, _payment, _week, _money, _places, _amount_of_work):
        read(said)
    while said.cut(_EMPTY):
        pass
    candidate, customer, contact = _names(said.text if named else f" {said.text}")
    return replace(said.wanted, candidate=candidate, customer=customer, contact=contact)


class _Said:
    """What is left of the text, and what is understood so far."""

    def __init__(self, text: str, today: date) -> None:
        self.text, self.today, self.wanted = text, today, Wanted()

    def cut(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.search(self.text)
        if found:
            self.text = f"{self.text[: found.start()].rstrip()} , {self.text[found.end() :].lstrip(' ,')}"
        return found

    def learn(self, **values: object) -> None:
        known = {f.name for f in fields(Wanted)}
        self.wanted = replace(self.wanted, **{name: value for name, value in values.items() if name in known and value is not None})  # type: ignore[arg-type]  # by name


def _validity(said: _Said) -> None:
    if found := said.cut(_VALID_FOR):
        days = int(found["n"]) * (7 if found["unit"].casefold().startswith("w") else 1)
        said.learn(valid_until=said.today + timedelta(days=days))
    elif found := said.cut(re.compile(rf"{_VALID}\s+(?:bis(?:\s+zum)?|until|till|to|through)\s+(?:dem\s+|the\s+)?{_day()('v')}", re.IGNORECASE)):
        said.learn(valid_until=_date(found, "v", said.today, last=True))


def _period(said: _Said) -> None:
    """From, until, or a range; days that do not exist are none."""
    day = _day()
    span = said.cut(
        re.compile(
            rf"(?:\b(?:von|vom|from|between|zwischen)\s+(?:dem\s+)?)?{day('a')}\s*(?:-|–|\bbis\b(?:\s+zum)?|\bto\b|\buntil\b|\btill\b)\s*{day('b')}",
            re.IGNORECASE,
        )
    )
    if span:
        start, end = _date(span, "a", said.today), _date(span, "b", said.today, last=True)
    else:
        until = said.cut(
            re.compile(
                rf"(?:^|(?<=[\s,;]))(?:(?:{any_of(lexicon().until)}|bis zum|until|till|bis|ends?|ende)\s*:?\s+(?:(?:am|on|dem|the)\s+)?"
                rf"|(?:ende|end):\s*){day('b')}",
                re.IGNORECASE,
            )
        )
        words = any_of((*lexicon().since, "ab", "ab dem", "from", "vom", "von", "starting", "beginnend", "start", "beginn", "zum"))
        since = said.cut(re.compile(rf"(?:^|(?<=[\s,;]))(?:{words})\s*:?\s+(?:dem\s+|the\s+)?{day('a')}", re.IGNORECASE))
        start = _date(since, "a", said.today) if since else None
        end = _date(until, "b", said.today, last=True) if until else None
    if start is None and said.cut(_AT_ONCE):
        start = said.today
    if start is None and (month := said.cut(re.compile(rf"\b(?=anfang|mitte|ende|beginning of|mid|end of){day('a')}", re.IGNORECASE))):
        start = _date(month, "a", said.today)
    if start and end and end < start:
        end = _same_day(end, end.year + 1)
    said.learn(start=start, end=end)


def _payment(said: _Said) -> None:
    if found := said.cut(_PAYMENT):
        said.learn(payment_days=min(int(found["n"] or found["n2"] or found["n3"]), 365))


def _week(said: _Said) -> None:
    if days := said.cut(_DAYS_A_WEEK):
        said.learn(days_a_week=_in(_decimal(days["n"] or days["n2"]), Decimal(7)))
    elif hours := said.cut(_HOURS_A_WEEK):
        said.learn(days_a_week=_in((Decimal(hours["n"]) / HOURS_A_DAY).quantize(Decimal("0.1")), Decimal(7)))
    elif month := said.cut(_DAYS_A_MONTH):
        said.learn(days_a_week=_in((Decimal(month["n"]) / WEEKS_A_MONTH * 2).quantize(Decimal(1)) / 2, Decimal(7)))  # to the half day
    said.cut(_HOURS_A_DAY)


def _money(said: _Said) -> None:
    """The amount that is for a unit is the rate, else the only one that there is."""
    if cost := said.cut(_COST):
        said.learn(cost=_in(_amount(cost), MOST_RATE))
    named = said.cut(_NAMED)
    found = named or said.cut(_RATE) or said.cut(_BARE)
    if found:
        sign = (found["c"] or found["c2"]).casefold()
        unit = _KINDS[named["kind"][0].casefold()] if named else next((u for u in Unit if found.groupdict().get(u.value)), None)
        rate = _in(_amount(found), MOST.get(unit, MOST_RATE) if unit else MOST_RATE)
        said.learn(rate=rate, currency=_CURRENCIES.get(sign, _CURRENCIES.get(sign[:3], "EUR")), unit=unit)

    while said.cut(_BARE):  # what else is paid is nobody's name
        pass


def _places(said: _Said) -> None:
    if place := said.cut(_PLACE):
        said.learn(place=place["place"].strip(" .–-"))
    if said.cut(_BLIND):
        said.learn(blind=True)
    if said.cut(_NO_REMOTE):
        said.learn(remote=0)
    elif found := said.cut(_REMOTE):
        said.learn(remote=min(int(found["n"] or found["n2"]), 100))
    elif found := said.cut(_SHARE_ON_SITE):
        said.learn(remote=100 - min(int(found["n"]), 100))
    elif days := said.cut(_DAYS_REMOTE):
        there = said.cut(_ON_SITE)
        away = _decimal(days["n"])
        week = away + _decimal(there["n"]) if there and there["n"] else said.wanted.days_a_week
        said.learn(remote=min(int(away * 100 / week), 100) if week else None)
    elif said.cut(_ALL_REMOTE):
        said.learn(remote=100)
    said.cut(_ON_SITE)


def _amount_of_work(said: _Said) -> None:
    """In the rate's unit; months of a rate by the hour or the day are how long it lasts."""
    found = said.cut(_VOLUME)
    if found is None:
        return
    unit = next(u for u in Unit if found[u.value])
    amount, wanted = _decimal(found["n"]), said.wanted
    paid = wanted.unit or unit
    if unit is Unit.MONTH and paid is not Unit.MONTH:
        if wanted.start and not wanted.end:
            said.learn(end=_months_later(wanted.start, int(amount)) - timedelta(days=1))
        return
    if paid is Unit.MONTH and unit is not Unit.MONTH:
        return
    factor = {(Unit.DAY, Unit.HOUR): Decimal(HOURS_A_DAY), (Unit.HOUR, Unit.DAY): Decimal(1) / HOURS_A_DAY}.get((unit, paid), Decimal(1))
    said.learn(unit=paid, volume=_in(amount * factor, MOST_VOLUME))


def _names(rest: str) -> tuple[str, str, str]:
    """Candidate and customer, in either order, and whom the letter is for."""
    candidate, *customer = _TO.split(rest, maxsplit=1)
    to = customer[0] if customer else ""
    if not _name(candidate) and _FOR.search(to):
        to, candidate = _FOR.split(to, maxsplit=1)
    parts = [_BEFORE.sub("", part) for part in _parts(to)]
    people = [part for part in parts if _SOMEBODY.match(part)]
    firms = [part for part in parts if part not in people]
    contact = _SOMEBODY.sub("", people[0]) if people and firms else ""
    return _SALUTATION.sub("", re.sub(r"^(?:für|for)\s+", "", _name(candidate), flags=re.IGNORECASE)), next(iter(firms or people), ""), contact


def _name(text: str) -> str:
    return next(iter(_parts(text)), "")


def _parts(text: str) -> list[str]:
    """What stands between commas; what was cut out leaves one."""
    return [part for part in (_EDGES.sub("", part).strip() for part in text.split(",")) if part]


@cache
def _day() -> Callable[[str], str]:
    months = any_of(lexicon().months)
    name = rf"(?:{months})(?![^\W\d_])\.?"

    def pattern(prefix: str) -> str:
        def group(key: str) -> str:
            return f"?P<{prefix}{key}>"

        return (
            rf"(?:({group('iso')}\d{{4}}-\d\d-\d\d)"
            rf"|({group('d')}\d{{1,2}})\.\s?({group('m')}\d{{1,2}})\.(?:\s?({group('y')}\d{{4}})(?!\d)|({group('y2')}\d\d)(?!\d|\s*(?:{_CURRENCY}|std|h\b)))?"
            rf"|(?:({group('part')}anfang|mitte|ende|beginning of|mid|end of)\s+)?({group('mn3')}{name})(?!\s*\d{{1,2}}(?:st|nd|rd|th)?(?!\d))"
            rf"(?:\s+({group('yn3')}\d{{4}})(?!\d))?"
            rf"|({group('dn')}\d{{1,2}})(?:\.\s*|(?:st|nd|rd|th)?\s+)(?:of\s+)?({group('mn')}{name})(?:\s+({group('yn')}\d{{4}})(?!\d))?"
            rf"|({group('mn2')}{name})\s+({group('dn2')}\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+({group('yn2')}\d{{4}})(?!\d))?"
            rf"|(?:kw|kalenderwoche|week)\s*({group('w')}\d{{1,2}})(?:[/ ]({group('wy')}\d{{4}}))?(?!\d))"
        )

    return pattern


def _date(found: re.Match[str], prefix: str, today: date, *, last: bool = False) -> date | None:
    """The day; of a month alone the first, or the last. None for one that does not exist."""

    def get(name: str) -> str:
        return found[f"{prefix}{name}"] or ""

    months = lexicon().months
    try:
        if get("iso"):
            return date.fromisoformat(get("iso"))
        if get("w"):
            made = date.fromisocalendar(int(get("wy") or today.year), int(get("w")), 5 if last else 1)
            return made if get("wy") or made >= today - LOOK_BACK else date.fromisocalendar(today.year + 1, int(get("w")), 5 if last else 1)
        if get("d"):
            day, month, year = int(get("d")), int(get("m")), int(get("y") or (2000 + int(get("y2")) if get("y2") else 0))
        else:
            name = get("mn") or get("mn2") or get("mn3")
            month, year = months[name.casefold().rstrip(".")], int(get("yn") or get("yn2") or get("yn3") or 0)
            day = int(get("dn") or get("dn2") or 0)
        if not day:
            part, ends = get("part").casefold(), calendar.monthrange(year or today.year, month)[1]
            day = ends if part.startswith(("ende", "end")) or (last and not part) else 15 if part.startswith("mi") else 1
        made = date(year or today.year, month, day)
        return made if year or made >= today - LOOK_BACK else _same_day(made, today.year + 1)
    except ValueError:
        return None


def _same_day(day: date, year: int) -> date:
    return day.replace(year=year, day=min(day.day, calendar.monthrange(year, day.month)[1]))


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _in(value: Decimal, most: Decimal) -> Decimal | None:
    """The value, where it is one that can be meant."""
    return value if 0 < value <= most else None


def _amount(found: re.Match[str]) -> Decimal:
    return _decimal(found["n"] or found["n2"])


def _decimal(text: str) -> Decimal:
    """ "1.250,50", "1,250.50", "1'250", "95,5", "drei": the last separator with one or two digits behind it is the decimal one."""
    if text.casefold() in _WORDS:
        return Decimal(_WORDS[text.casefold()])
    whole, cents = re.sub(r"['’\s]", "", text), ""
    if found := re.search(r"[.,](\d{1,2})$", whole):
        whole, cents = whole[: found.start()], found.group(1)
    return Decimal(f"{re.sub(r'[.,]', '', whole)}.{cents or '0'}")
