"""Printed dates and periods -> ISO dates in the printed precision."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from pipeline.lang.lexicon import any_of, lexicon


@dataclass(frozen=True, slots=True)
class Printed:
    """A date in a text: ISO value and where its wording stands, `[start, end)`."""

    iso: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PrintedPeriod:
    """A period in a text; `current` is the place of the word for "today" (iso empty)."""

    start: Printed | None
    end: Printed | None
    current: Printed | None
    span: tuple[int, int]
    open_range: bool = False


_DIGITS = re.compile(r"\d\d")
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:19[4-9]\d|20[0-4]\d)"


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    lex = lexicon()
    names = any_of(lex.months)
    present = any_of(lex.present)
    since = any_of(lex.since)
    until = any_of(lex.until)
    month_name = rf"(?:{names})(?![^\W\d_])\.?"
    date = (
        rf"(?:(?P<iso>{_YEAR}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)(?!\d)"
        rf"|(?P<d>{_DAY})[./](?P<dm>{_MONTH})[./](?P<dy>{_YEAR})(?!\d)"
        rf"|(?P<d2>{_DAY})\.?\s+(?P<dn>{month_name})\s*,?\s*(?P<dny>{_YEAR})(?!\d)"
        rf"|(?P<un>{month_name})\s+(?P<ud>{_DAY}),\s*(?P<uy>{_YEAR})(?!\d)"
        rf"|(?P<n>{month_name})\s*,?\s*['’/-]?\s*(?P<ny>{_YEAR})(?!\d)"
        rf"|(?P<ns>{month_name})\s*['’](?P<nys>\d\d)(?!\d)"
        rf"|(?P<m>{_MONTH})\s?[./-]\s?(?P<my>{_YEAR})(?!\d)"
        rf"|(?P<ym>{_YEAR})[/.](?P<ymm>0[1-9]|1[0-2])(?!\d)"
        rf"|(?P<ms>{_MONTH})/(?P<mys>\d\d)(?![\d/.])"
        rf"|(?:(?:{any_of(lex.seasons)}|q[1-4]|[1-4]\.?\s?quartal)[\s/]+)?(?P<y>{_YEAR})(?![\d]))(?:\s?r\.)?"
    )
    plain = re.compile(rf"(?<![\w.,/-]){date}", re.IGNORECASE)

    def renamed(prefix: str, *, ranged: bool = False) -> str:
        """In a range, "Mär 19" needs no apostrophe."""
        return re.sub(r"\?P<(\w+)>", rf"?P<{prefix}\1>", date.replace("['’](?P<nys>", "['’]?(?P<nys>") if ranged else date)

    separator = rf"\s*(?:[-–—−‐‑→/~]+|(?<=\s)(?:{until})(?=\s)|(?<=\d)\s(?={present}(?!\w)))\s*(?:(?:{any_of(lex.expected)})\s+)?"
    period = re.compile(
        rf"(?<![\w.,/])(?:"
        rf"(?:(?:{since})\s+)?(?:(?:{renamed('a_', ranged=True)})|"
        rf"(?P<bare_month>{month_name}|{_MONTH}(?=\s*[-–—]\s*{_MONTH}\s*[./]\s*{_YEAR}))){separator}"
        rf"(?:(?P<present>{present})(?!\w)|(?:{renamed('b_', ranged=True)})(?!\w))"
        rf"|(?P<century>(?:19|20)(?P<from>\d\d))\s?[-–—/]\s?(?P<to>\d\d)(?![\w./-])"
        rf"|(?P<since>{since})\s+(?:{renamed('c_')})(?!\w)(?:\s*[-–—]\s*(?:(?P<present2>{present})(?!\w))?)?"
        rf"|(?P<until>{until})\s+(?:{renamed('e_')})(?!\w)"
        rf"|(?:{renamed('g_')})\s*(?P<open>[-–—]|bis|to|until)?(?=\s*$|\s*[)|,;]|(?P<after>[\s:])|$)"
        rf")",
        re.IGNORECASE,
    )
    return plain, period


def _date(match: re.Match[str], prefix: str = "") -> str:
    months = lexicon().months

    def get(name: str) -> str:
        return match.group(prefix + name) or ""

    def number(name: str) -> int:
        return months[name.casefold().rstrip(".").strip()]

    if get("iso"):
        return get("iso")
    if get("d"):
        return f"{get('dy')}-{int(get('dm')):02}-{int(get('d')):02}"
    if get("dn"):
        return f"{get('dny')}-{number(get('dn')):02}-{int(get('d2')):02}"
    if get("un"):
        return f"{get('uy')}-{number(get('un')):02}-{int(get('ud')):02}"
    if get("n"):
        return f"{get('ny')}-{number(get('n')):02}"
    if get("ns"):
        return f"{_century(get('nys'))}-{number(get('ns')):02}"
    if get("m"):
        return f"{get('my')}-{int(get('m')):02}"
    if get("ym"):
        return f"{get('ym')}-{get('ymm')}"
    if get("ms"):
        return f"{_century(get('mys'))}-{int(get('ms')):02}"
    return get("y")


def _century(two: str) -> str:
    return f"20{two}" if int(two) < 60 else f"19{two}"


def _span(match: re.Match[str], prefix: str) -> tuple[int, int]:
    """Where the date of that prefix stands."""
    spans = [match.span(name) for name, value in match.groupdict().items() if value and re.fullmatch(rf"{prefix}[a-z0-9]+", name)]
    start, end = min(s for s, _ in spans), max(e for _, e in spans)
    return start, end


def find_periods(text: str) -> list[PrintedPeriod]:
    """All periods and single dates of a text, in order."""
    return list(_periods(text)) if _DIGITS.search(text) else []


@lru_cache(maxsize=4096)
def _periods(text: str) -> tuple[PrintedPeriod, ...]:
    text = text.replace("’", "'")
    found: list[PrintedPeriod] = []
    for match in _patterns()[1].finditer(text):
        groups = match.groupdict()
        span = match.span()
        if groups["century"]:
            first = Printed(groups["century"], *match.span("century"))
            last = Printed(groups["century"][:2] + groups["to"], *match.span("to"))
            if last.iso > first.iso:
                found.append(PrintedPeriod(first, last, None, span))
            elif month := _patterns()[0].match(text, span[0]):  # 2019-03 is a month
                found.append(PrintedPeriod(Printed(_date(month), *month.span()), None, None, month.span()))
        elif groups["since"]:
            start = Printed(_date(match, "c_"), *_span(match, "c_"))
            name = "present2" if groups["present2"] else "since"
            found.append(PrintedPeriod(start, None, Printed("", *match.span(name)), span))
        elif groups["until"]:
            found.append(PrintedPeriod(None, Printed(_date(match, "e_"), *_span(match, "e_")), None, span))
        elif groups["present"] or _any(groups, "b_"):
            end = None if groups["present"] else Printed(_date(match, "b_"), *_span(match, "b_"))
            current = Printed("", *match.span("present")) if groups["present"] else None
            if groups["bare_month"]:
                if end is None or len(end.iso) < 7:
                    continue
                start = Printed(f"{end.iso[:4]}-{_month(groups['bare_month']):02}", match.start("bare_month"), match.end("bare_month"))
            else:
                start = Printed(_date(match, "a_"), *_span(match, "a_"))
            found.append(PrintedPeriod(start, end, current, span))
        else:
            start = Printed(_date(match, "g_"), *_span(match, "g_"))
            opened = bool(groups["open"])
            end_of = match.end("open") if opened else start.end
            found.append(PrintedPeriod(start, None, None, (span[0], end_of), open_range=opened))
    return tuple(found)


def _month(text: str) -> int:
    return int(text) if text.isdigit() else lexicon().months[text.casefold().rstrip(".").strip()]


def _any(groups: dict[str, str | None], prefix: str) -> bool:
    return any(value for name, value in groups.items() if name.startswith(prefix))


def find_dates(text: str) -> list[Printed]:
    """Single dates of a text, in order."""
    if not _DIGITS.search(text):
        return []
    return [Printed(_date(m), m.start(), m.end()) for m in _patterns()[0].finditer(text)]


def is_present(text: str) -> bool:
    return text.strip(" .)(").casefold() in lexicon().present
