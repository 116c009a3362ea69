"""Driving licences: classes, and which of them include others (Directive 2006/126/EC, article 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORDS = (
    r"(?:führerscheine?|fahrerlaubnis|lkw-führerschein|driving licen[cs]e|driver'?s licen[cs]e|permis(?: de conduire)?|rijbewijs|prawo jazdy|"
    r"patente(?: di guida)?|carn[eé]t? de conducir)"
)
_CLASS = r"(?:AM|A[12]?|BE?|C1?E?|D1?E?|L|T)"
_PATTERN = re.compile(
    rf"(?<!\w){_WORDS}(?!\w)\s*[:(]?\s*(?:der\s)?(?:klassen?|kl\.|class(?:es)?|cat(?:egory|\.)?|kat\.?)?\s*[:(]?\s*"
    rf"(?P<classes>(?-i:{_CLASS})(?!\w)(?:\s*(?:[,;/+&]|und|and|oder|or)\s*(?-i:{_CLASS})(?!\w))*)?"
    rf"|(?<!\w)(?:klasse|class)\s+(?P<only>(?-i:{_CLASS})(?!\w))(?=.{{0,20}}{_WORDS})",
    re.IGNORECASE,
)
_INCLUDES = {
    "BE": {"B"},
    "C1": {"B"},
    "C": {"C1", "B"},
    "C1E": {"C1", "BE", "B"},
    "CE": {"C", "C1", "C1E", "BE", "B"},
    "D1": {"B"},
    "D": {"D1", "B"},
    "DE": {"D", "D1", "BE", "B"},
    "A": {"A2", "A1", "AM"},
    "A2": {"A1", "AM"},
}
CAR = "B"
"""The class that is meant where none is named."""


@dataclass(frozen=True, slots=True)
class LicenceAsked:
    name: str
    text: str
    start: int
    end: int


def licence_asked(text: str) -> LicenceAsked | None:
    """The licence that a requirement asks for; of alternatives the first."""
    match = _PATTERN.search(text)
    if match is None:
        return None
    classes = _classes(match.group("classes") or match.group("only") or "")
    truck = match.group().casefold().startswith("lkw")
    return LicenceAsked(classes[0] if classes else "C" if truck else CAR, match.group().strip(" (:,"), *match.span())


def licences_in(text: str) -> set[str]:
    """The classes that a CV names, with those that they include."""
    found: set[str] = set()
    for match in _PATTERN.finditer(text):
        for name in _classes(match.group("classes") or match.group("only") or "") or [CAR]:
            found |= {name, *_INCLUDES.get(name, ())}
    return found


def _classes(text: str) -> list[str]:
    return re.findall(rf"(?<!\w){_CLASS}(?!\w)", text)
