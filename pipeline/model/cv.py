"""The structured CV. Every leaf is a `Sourced`: a value together with the lines of the PDF that it stands on."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace


@dataclass(frozen=True, slots=True)
class Sourced:
    """One value of the CV.

    `lines` are the numbers of the lines that it stands on, in order. Where the value is not the page's own wording (a date,
    a level, a phone number), `printed` holds the wording and `rule` names the rule that made the value of it. `confidence` is
    "high" where model and rules read it alike, else empty.
    """

    text: str
    lines: tuple[int, ...]
    printed: str = ""
    rule: str = ""
    confidence: str = ""

    @property
    def wording(self) -> str:
        """What the page says."""
        return self.printed or self.text


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when. ISO dates in the printed precision (`2018`, `2018-03`, `2018-03-01`).

    `current` is the printed word for "today" of an entry that still runs; such an entry has no `end`.
    """

    start: Sourced | None = None
    end: Sourced | None = None
    current: Sourced | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A web page of the person; `network` is empty for a plain homepage."""

    url: Sourced | None = None
    network: Sourced | None = None
    username: Sourced | None = None


@dataclass(frozen=True, slots=True)
class Basics:
    name: Sourced | None = None
    headline: Sourced | None = None
    email: Sourced | None = None
    phone: Sourced | None = None
    address: Sourced | None = None
    city: Sourced | None = None
    postal_code: Sourced | None = None
    country: Sourced | None = None
    birth_date: Sourced | None = None
    birth_place: Sourced | None = None
    nationality: Sourced | None = None
    marital_status: Sourced | None = None
    summary: tuple[Sourced, ...] = ()
    links: tuple[Link, ...] = ()
    more: tuple[Sourced, ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """One entry of the work history (or of volunteer work)."""

    title: Sourced | None = None
    company: Sourced | None = None
    location: Sourced | None = None
    period: Period = Period()
    summary: tuple[Sourced, ...] = ()
    highlights: tuple[Sourced, ...] = ()
    technologies: tuple[Sourced, ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    name: Sourced | None = None
    role: Sourced | None = None
    customer: Sourced | None = None
    period: Period = Period()
    summary: tuple[Sourced, ...] = ()
    highlights: tuple[Sourced, ...] = ()
    technologies: tuple[Sourced, ...] = ()
    url: Sourced | None = None


@dataclass(frozen=True, slots=True)
class Education:
    institution: Sourced | None = None
    degree: Sourced | None = None
    area: Sourced | None = None
    location: Sourced | None = None
    grade: Sourced | None = None
    period: Period = Period()
    summary: tuple[Sourced, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    name: Sourced | None = None
    issuer: Sourced | None = None
    date: Sourced | None = None


@dataclass(frozen=True, slots=True)
class SkillGroup:
    """Skills under one heading; `name` is None where the page gives a plain list."""

    name: Sourced | None = None
    items: tuple[Sourced, ...] = ()


@dataclass(frozen=True, slots=True)
class Language:
    """`level` is the page's wording; `cefr` the level A1 to C2 or "native" that a rule made of it."""

    name: Sourced | None = None
    level: Sourced | None = None
    cefr: Sourced | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A section that JSON Resume has no place for, kept as it stands."""

    heading: Sourced | None = None
    entries: tuple[Sourced, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line (or the rest of one) that no field uses, with its reason code."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class AsOf:
    """The day that "today" means in a CV: ISO date in the precision known, where it is from ("text", "metadata", "today"), and its line or 0."""

    date: str = ""
    source: str = "today"
    line: int = 0


@dataclass(frozen=True, slots=True)
class Cv:
    """A CV in our words. `language` is the document's (ISO 639-1); `structurer` names what made it."""

    language: str
    structurer: str
    basics: Basics = Basics()
    positions: tuple[Position, ...] = ()
    projects: tuple[Project, ...] = ()
    education: tuple[Education, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    skills: tuple[SkillGroup, ...] = ()
    languages: tuple[Language, ...] = ()
    volunteer: tuple[Position, ...] = ()
    publications: tuple[Sourced, ...] = ()
    awards: tuple[Sourced, ...] = ()
    interests: tuple[Sourced, ...] = ()
    references: tuple[Sourced, ...] = ()
    sections: tuple[Section, ...] = ()
    left_out: tuple[LeftOut, ...] = field(default=())
    as_of: AsOf = AsOf()


def leaves(node: object, path: str = "") -> Iterator[tuple[str, Sourced]]:
    """Every value below `node` with its path in our own words (`positions/0/title`)."""
    if isinstance(node, Sourced):
        yield path, node
    elif isinstance(node, tuple):
        for i, item in enumerate(node):
            yield from leaves(item, f"{path}/{i}")
    elif is_dataclass(node):
        for f in fields(node):
            yield from leaves(getattr(node, f.name), f"{path}/{f.name}" if path else f.name)


def kept_leaves(node: object, keep: Callable[[str, Sourced], bool], path: str = "") -> object:
    """The same tree without the values that `keep` refuses."""
    if isinstance(node, Sourced):
        return node if keep(path, node) else None
    if isinstance(node, tuple):
        kept = tuple(k for i, item in enumerate(node) if (k := kept_leaves(item, keep, f"{path}/{i}")) is not None)
        return node if len(kept) == len(node) and all(map(operator.is_, kept, node)) else kept
    if is_dataclass(node) and not isinstance(node, type):
        values = ((f.name, getattr(node, f.name)) for f in fields(node))
        changes = {name: changed for name, value in values if (changed := kept_leaves(value, keep, f"{path}/{name}" if path else name)) is not value}
        return replace(node, **changes) if changes else node
    return node
