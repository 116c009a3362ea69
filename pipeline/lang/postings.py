"""How job postings speak: sections, labels, years and levels that they ask for, words that say nothing of the thing itself."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pipeline.lang.lexicon import any_of, key
from pipeline.lang.tongues import tongues_in

_CEFR = re.compile(r"(?<!\w)([ABC][12])(?!\w)", re.IGNORECASE)
_FILE = Path(__file__).parent / "postings.toml"


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))


@lru_cache(maxsize=1024)
def section_of(heading: str) -> str:
    """ "tasks", "must", "nice", "offers", "about", or empty where the text is none of these headings."""
    return next((name for name, words in _data()["sections"].items() if key(heading).rstrip("!?…") in words), "")


@lru_cache(maxsize=1024)
def section_like(heading: str) -> str:
    """The same for what is a heading for sure: by the words in it."""
    return section_of(heading) or next((name for name, pattern in _headings() if pattern.search(heading)), "")


@cache
def _headings() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile("|".join(patterns), re.IGNORECASE)) for name, patterns in _data()["headings"].items())


@lru_cache(maxsize=1024)
def label_of(text: str) -> str:
    """ "title", "customer", "place", "workload", "start", or empty."""
    return next((name for name, words in _data()["labels"].items() if key(text) in words), "")


@lru_cache(maxsize=1024)
def column_of(head: str) -> str:
    """What a table's column says: "what", "importance", "must", "nice", "years", "level", "weight", "note", "number", or empty."""
    name = re.sub(r"\s*/\s*", "/", key(head))
    return next((kind for kind, words in _data()["columns"].items() if name in words), "")


@lru_cache(maxsize=1024)
def importance_of(cell: str) -> str:
    """What a cell of a table says of its row: "must", "should", "nice", or empty."""
    return next((kind for kind, words in _data()["importance"].items() if key(cell) in words), "")


@cache
def speaks(kind: str) -> re.Pattern[str]:
    """How sentences of prose speak of "must", "tasks", "offers" or the "firm", how they "seek" somebody, "greet", and "close" a letter."""
    return re.compile("|".join(_data()["prose"][kind]), re.IGNORECASE)


def is_general(title: str) -> bool:
    """ "Stellenbeschreibung": the name of a kind of document, and of no position."""
    return key(title) in _data()["titles"]["general"]


def marked(name: str) -> tuple[str, ...]:
    """The words of a kind ("nice", "or", "soft", …)."""
    return tuple(_data()["markers"][name])


@cache
def marker(name: str) -> re.Pattern[str]:
    """The same as a pattern."""
    return re.compile(rf"(?<!\w)(?:{any_of(marked(name))})(?!\w)", re.IGNORECASE)


@cache
def filler() -> frozenset[str]:
    return frozenset(_data()["filler"]["words"])


@cache
def _years() -> re.Pattern[str]:
    numbers = _data()["numbers"]
    words, adjectives = any_of(w for w in numbers if not w.endswith("jährig")), any_of(w for w in numbers if w.endswith("jährig"))
    to = rf"(?:\s*(?:[-–]|bis|to)\s*(?:\d{{1,2}}|{words}))?"
    number = rf"(?:(?P<digits>\d{{1,2}}(?:[.,]5)?)\s*\+?|(?P<word>{words})){to}"
    years = r"(?:Jahre?n?s?|years?['’]?|yrs?\.?|J\.)"
    return re.compile(
        rf"(?<!\w)(?:{number})\s*\+?\s*{years}(?!\w)|(?<!\w)(?P<adjective>{adjectives})e?[rnms]?(?!\w)"
        r"|(?<!\w)(?P<months>\d{1,2})\s*(?:Monate?n?|months?)(?!\w)",
        re.IGNORECASE,
    )


def years_in(text: str) -> float:
    """The least years of experience that a text asks for; 0 where it names none. "Mehrjährig" counts as two, "langjährig" as five."""
    numbers = _data()["numbers"]
    for match in _years().finditer(text):
        if match.group("digits"):
            return float(match.group("digits").replace(",", "."))
        if match.group("months"):
            return round(int(match.group("months")) / 12, 1)
        return float(numbers[(match.group("word") or match.group("adjective")).casefold()])
    return 0.0


def years_stated(text: str) -> float:
    """The years of experience that a statement of a CV names in figures or words; 0 where it names none, or several."""
    found = [match for match in _years().finditer(text) if not match.group("adjective")]
    return years_in(found[0].group()) if len(found) == 1 else 0.0


def years_at(text: str) -> int:
    """Where the text asks for years; -1 where it does not."""
    found = _years().search(text)
    return found.start() if found else -1


def without_years(text: str) -> str:
    """The text with blanks in place of the years that it asks for: all else stays where it is."""
    return _years().sub(lambda match: " " * len(match.group()), text)


def levels_in(text: str) -> list[tuple[str, str]]:
    """The languages that a text asks for (ISO codes), each with the least level (A1 to C2) or empty."""
    tongues = tongues_in(text)
    found: list[tuple[str, str]] = []
    for i, tongue in enumerate(tongues):
        before = re.split(r"[,;/]|(?<!\w)(?:und|and|sowie)(?!\w)", text[tongues[i - 1].end if i else 0 : tongue.start])[-1]
        behind = text[tongue.start : tongues[i + 1].start if i + 1 < len(tongues) else len(text)]
        elliptic = i > 0 and text[tongues[i - 1].end :].startswith("-") and found[-1][1]  # "sehr gute Deutsch- und Englischkenntnisse"
        found.append((tongue.code, elliptic or _level(before) or _level(behind)))
    last = next((level for _, level in reversed(found) if level), "")
    return [(code, level or last) for code, level in found]


def level_in(text: str) -> str:
    """The level that a text asks for in all its languages; empty where it names no language, no level, or several."""
    levels = {level for _, level in levels_in(text)}
    return levels.pop() if len(levels) == 1 else ""


def _level(text: str) -> str:
    if exact := _CEFR.search(text):
        return exact.group(1).upper()
    return next((level for level, begins in _data()["levels"].items() if re.search(rf"(?<!\w)(?:{any_of(begins)})", text, re.IGNORECASE)), "")
