"""The anonymous view of a Cv: all that the matcher may see.

Not in it: name, contact data, address, photo, birth date and place, nationality, marital status, gender (words are cut to a form that has none),
employers' and schools' names, places, the years of an education, references, interests. This is the one function that makes it, and the matcher
takes nothing else (import rules hold it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from pipeline.lang.lexicon import key, lexicon
from pipeline.lang.personal import PERSONAL
from pipeline.lang.tongues import code_of
from pipeline.lang.words import neutral
from pipeline.model.cv import Cv, Education, Language, Period, Position, Project, Sourced, leaves
from pipeline.model.timespan import Months, months

TITLE, WORK, SKILL, TRAINING, CERTIFICATE, OTHER = "title", "work", "skill", "training", "certificate", "other"
"""Kinds of statements."""

SHORT = 5
"""Letters of an item that means nothing by itself."""

_PRIVATE = (
    "name",
    "first_name",
    "last_name",
    "phone",
    "email",
    "web",
    "address",
    "birth_date",
    "birth_place",
    "birth",
    "nationality",
    "marital_status",
    "gender",
)
_FAMILY = frozenset({"kinder", "anzahl kinder", "kind", "children", "number of children", "kids", "enfants", "dzieci", "kinderen", "figli", "hijos"})
_PAGE = frozenset({"seite", "page", "lebenslauf", "cv", "curriculum", "vitae", "resume", "résumé", "bewerbung", "von", "of", "application"})
"""What stands beside a name at the edge of a page."""
_CLAUSE = re.compile(r"(?<=[.;,!?])\s+|\s[–|·]\s")


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that the CV says: `kind` where, `lines` on which lines, `span` in which experience (its index, or -1)."""

    kind: str
    text: str
    lines: tuple[int, ...]
    span: int = -1


@dataclass(frozen=True, slots=True)
class Spoken:
    """A language: its ISO code, and A1 to C2, "native", or empty where the CV names no level."""

    code: str
    level: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AnonymousCv:
    """`spans` are the months of positions and projects, None where they are not printed; the first `positions` of them are positions."""

    language: str
    statements: tuple[Statement, ...]
    spans: tuple[Months | None, ...]
    positions: int
    spoken: tuple[Spoken, ...]


def anonymous(cv: Cv, *, today: date, unreliable: frozenset[int] = frozenset()) -> AnonymousCv:
    """The one way from a Cv to the matcher. `today` is what "heute" means where the CV itself does not say.

    Lines that are `unreliable` (what is printed there is not what the file says) prove nothing.
    """
    day = _day(cv.as_of.date) or today
    periods = [*(p.period for p in cv.positions), *(p.period for p in cv.projects)]
    name = _name(cv)
    parts = frozenset(re.findall(r"[^\W\d_]+", cv.basics.name.wording.casefold())) if cv.basics.name else frozenset()
    statements = [public for s in _statements(cv) if not unreliable & set(s.lines) and (public := _public(s, name, parts))]
    spoken = tuple(one for entry in cv.languages for one in _spoken(entry))
    return AnonymousCv(cv.language, tuple(statements), tuple(_span(p, day) for p in periods), len(cv.positions), spoken)


def _spoken(entry: Language) -> Iterator[Spoken]:
    """One entry may name several languages ("Muttersprachen: Deutsch, Türkisch")."""
    if entry.name is None:
        return
    level = entry.cefr.text if entry.cefr else ""
    for name in re.split(r"\s*(?:[,;/&+]|\bund\b|\band\b|\bet\b)\s*", entry.name.text):
        if name:
            yield Spoken(code_of(name), level, _lines(entry.name, entry.level))


def _statements(cv: Cv) -> Iterator[Statement]:
    basics = cv.basics
    yield from _said(TITLE, [basics.headline])
    yield from _said(OTHER, [*basics.summary, *basics.more])
    for i, position in enumerate(cv.positions):
        yield from _position(position, i)
    for i, project in enumerate(cv.projects, start=len(cv.positions)):
        yield from _project(project, i)
    for position in cv.volunteer:
        yield from _position(position, -1)
    for group in cv.skills:
        yield from _skills(group.name, group.items)
    for education in cv.education:
        yield from _education(education)
    for certificate in cv.certificates:
        yield from _said(CERTIFICATE, [certificate.name])
        name, issuer = certificate.name, certificate.issuer
        if name and issuer and set(issuer.lines) <= set(name.lines) and re.search(r"\d", issuer.text):  # "Modul, Schlüsselzahl 95": more of the name
            yield Statement(CERTIFICATE, neutral(f"{name.wording}, {issuer.wording}"), name.lines)
    for section in cv.sections:
        yield from _said(OTHER, section.entries)
    yield from _said(OTHER, [*cv.publications, *cv.awards])
    first = _first_line(cv)  # what stands above all else and was not understood says who somebody is
    yield from (Statement(OTHER, neutral(out.text), (out.line,)) for out in cv.left_out if out.reason == "not_understood" and out.line > first)


def _first_line(cv: Cv) -> int:
    """Where positions, education or skills begin; -1 where there are none."""
    parts = (*cv.positions, *cv.education, *cv.projects, *cv.skills, *cv.languages, *cv.certificates)
    return min((line for _, leaf in leaves(parts) for line in leaf.lines), default=-1)


def _position(position: Position, span: int) -> Iterator[Statement]:
    yield from _said(TITLE, [position.title], span)
    yield from _said(WORK, [*position.summary, *position.highlights], span)
    yield from _said(SKILL, position.technologies, span)


def _project(project: Project, span: int) -> Iterator[Statement]:
    yield from _said(TITLE, [project.role], span)
    yield from _said(WORK, [project.name, *project.summary, *project.highlights], span)
    yield from _said(SKILL, project.technologies, span)


def _skills(name: Sourced | None, items: tuple[Sourced, ...]) -> Iterator[Statement]:
    """The name of a group often is a skill itself, and short items mean nothing without it ("SAP": "MM", "Führerschein": "B, C")."""
    yield from _said(SKILL, [name])
    for item in items:
        if name and len(item.wording) <= SHORT and item.wording.isupper():
            yield Statement(SKILL, neutral(f"{name.wording} {item.wording}"), _lines(name, item))
        else:
            yield from _said(SKILL, [item])


def _education(education: Education) -> Iterator[Statement]:
    parts = [leaf for leaf in (education.degree, education.area) if leaf]
    if parts:
        yield Statement(TRAINING, neutral(", ".join(leaf.wording for leaf in parts)), _lines(*parts))
    yield from _said(TRAINING, education.summary)


def _said(kind: str, leaves: Iterable[Sourced | None], span: int = -1) -> Iterator[Statement]:
    return (Statement(kind, neutral(leaf.wording), leaf.lines, span) for leaf in leaves if leaf and leaf.wording.strip())


def _lines(*leaves: Sourced | None) -> tuple[int, ...]:
    return tuple(dict.fromkeys(number for leaf in leaves if leaf for number in leaf.lines))


def _public(statement: Statement, name: re.Pattern[str] | None, parts: frozenset[str]) -> Statement | None:
    """What a statement says of work and skills. Of free text the clauses that tell who somebody is are left out."""
    text = name.sub("", statement.text) if name else statement.text
    label, colon, _ = text.partition(":")
    if colon and (lexicon().labels.get(key(label)) in _PRIVATE or key(label) in _FAMILY):
        return None
    if not {word.casefold() for word in re.findall(r"[^\W\d_]+", text)} - _PAGE - parts:  # "Kafka, Jan – Seite 1"
        return None
    if statement.kind == OTHER and _personal().search(text):
        text = " ".join(clause for clause in _CLAUSE.split(text) if not _personal().search(clause))
    return replace(statement, text=text.strip()) if text.strip() else None


def _name(cv: Cv) -> re.Pattern[str] | None:
    """The person's whole name: a part of it alone may be a word of their trade (Koch, Baker)."""
    parts = cv.basics.name.wording.split() if cv.basics.name else []
    whole = r"[\s,]+".join(map(re.escape, parts))
    return re.compile(rf"(?<!\w){whole}(?!\w)", re.IGNORECASE) if len(parts) > 1 else None


@cache
def _personal() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{PERSONAL})(?!\w)", re.IGNORECASE)


def _span(period: Period, day: date) -> Months | None:
    span = months(period, day)
    return span if span and span[1] >= span[0] else None


def _day(iso: str) -> date | None:
    parts = [int(part) for part in iso.split("-") if part.isdigit()]
    return date(*parts, *[1] * (3 - len(parts))) if parts else None
