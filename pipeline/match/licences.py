"""Driving licences: classes, and which of them include others (Directive 2006/126/EC, article 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORDS = (
    r"(?:führerschein(?:e|s|klassen?)?|fahrerlaubnis(?:klassen?)?|driving licen[cs]e|driver'?s licen[cs]e|permis(?: de conduire)?|rijbewijs|"
    r"prawo jazdy|patente(?: di guida)?|carn[eé]t? de conducir)"
)
_CLASS = r"(?:AM|A[12]?|BE?|C1?E?|D1?E?|L|T)"
_CLASSES = rf"(?-i:{_CLASS})(?!\w)(?:\s*(?:[,;/+&]|und|and|sowie|oder|or)\s*(?-i:{_CLASS})(?!\w))*"
_PATTERN = re.compile(
    rf"(?<![\w.])(?:(?P<kind>\w+)-)?{_WORDS}(?!\w)\s*[:(–-]?\s*(?:der\s)?(?:klassen?|kl\.|class(?:es)?|cat(?:egory|\.)?|kat\.?)?\s*[:(]?\s*(?P<classes>{_CLASSES})?"
    rf"|(?<!\w)(?:klassen?|class(?:es)?)\s+(?P<only>{_CLASSES})(?=.{{0,20}}{_WORDS})",
    re.IGNORECASE,
)
_KINDS = frozenset({"pkw", "lkw", "auto", "kfz", "car", "truck", "eu", "fahr"})
"""What may stand before the word, beside the name of a class; with a forklift's or a boat's licence nobody drives a car."""
_NOT = re.compile(r"(?<!\w)(?:kein\w*|ohne|nicht|no|not|without|brak|geen|sans|sin|senza)\s+(?:[\w-]+\s+){0,2}$", re.IGNORECASE)
_PLANNED = re.compile(r"(?:geplant|angestrebt|in vorbereitung|in ausbildung|planned|in progress|abgegeben|entzogen|revoked|suspended)", re.IGNORECASE)
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
    """All of the classes are asked for; those that another one includes are left out."""

    classes: tuple[str, ...]
    text: str
    start: int
    end: int


def licence_asked(text: str) -> LicenceAsked | None:
    """The licence that a requirement asks for: of "C oder CE" the lesser is enough, of "C/CE" the greater is meant, "B und C" are both."""
    match = next(iter(_found(text)), None)
    if match is None:
        return None
    classes = _classes(match.group("classes") or match.group("only") or "")
    if re.search(r"oder|\bor\b", match.group(), re.IGNORECASE):
        least = [one for one in classes if all(one == other or one in _INCLUDES.get(other, ()) for other in classes)]
        classes = least or classes[:1]
    classes = [one for one in classes if not any(one in _INCLUDES.get(other, ()) for other in classes)]
    usual = "C" if (match.group("kind") or "").casefold() in ("lkw", "truck") else CAR
    named = (match.group("kind") or "").upper()
    classes = classes or ([named] if re.fullmatch(_CLASS, named) else [usual])
    return LicenceAsked(tuple(dict.fromkeys(classes)), match.group().strip(" (:,–-"), *match.span())


def licences_in(text: str) -> set[str]:
    """The classes that a CV names, with those that they include."""
    found: set[str] = set()
    for match in _found(text):
        kind = match.group("kind") or ""
        own = [kind.upper()] if re.fullmatch(_CLASS, kind.upper()) else []
        usual = ["C"] if kind.casefold() in ("lkw", "truck") else [CAR]
        for name in _classes(match.group("classes") or match.group("only") or "") or own or usual:
            found |= {name, *_INCLUDES.get(name, ())}
    return found


def _found(text: str) -> Iterator[re.Match[str]]:
    """Licences that somebody has, or that are asked for: none that is denied or still to come, and no forklift's."""
    for match in _PATTERN.finditer(text):
        kind = match.group("kind") or ""
        other = kind and kind.casefold() not in _KINDS and not re.fullmatch(_CLASS, kind.upper())
        behind = re.split(r"[;.]", text[match.end() : match.end() + 40])[0]
        if not other and not _NOT.search(text[: match.start()]) and not _PLANNED.search(behind):
            yield match


def _classes(text: str) -> list[str]:
    return re.findall(rf"(?<!\w){_CLASS}(?!\w)", text)
