"""CVs of invented people as Word files, and what is exchanged in them, one thing at a time."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import docx
from docx.shared import Cm

HERE = Path(__file__).parent
FIXED = datetime(2026, 1, 1, tzinfo=UTC)
HEADINGS = {
    "de": ("Persönliche Daten", "Berufserfahrung", "Ausbildung", "Kenntnisse", "Sprachen"),
    "en": ("Personal details", "Work experience", "Education", "Skills", "Languages"),
}
GENDER = {"de": ("Geschlecht", "weiblich", "männlich"), "en": ("Gender", "female", "male")}


@dataclass(frozen=True, slots=True)
class Version:
    """A person's CV: `facts` stand below the name as "label: value", `titles` are in the form of one gender, `photo` is a PNG or empty."""

    person: Mapping[str, Any]
    name: str
    titles: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    photo: bytes = b""

    @property
    def key(self) -> tuple[object, ...]:
        """The same for the same CV."""
        return (self.person["key"], self.name, self.titles, self.facts, bool(self.photo))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two versions that differ in `kind` alone."""

    kind: str
    one: Version
    other: Version


@cache
def persons() -> list[dict[str, Any]]:
    return list(tomllib.loads((HERE / "persons.toml").read_text("utf-8"))["person"])


@cache
def swaps() -> dict[str, Any]:
    return tomllib.loads((HERE / "swaps.toml").read_text("utf-8"))


def pairs() -> Iterator[Pair]:
    """Of each person, each kind in turn."""
    data = swaps()
    for person in persons():
        language = person["language"]
        base = Version(person, person["name"], tuple(person["female"]), (("E-Mail", "bewerbung@example.org"),))
        for origin, names in data["names"].items():
            yield from (Pair(f"name ({origin})", base, replace(base, name=name)) for name in names)
        label, female, male = GENDER[language]
        woman, man = _with(base, label, female), replace(_with(base, label, male), titles=tuple(person["male"]))
        yield Pair("gender", woman, man)
        yield Pair("gender", base, replace(base, titles=tuple(person["male"])))
        for kind in ("address", "birth_date", "nationality", "marital_status", "religion"):
            found = data[kind]
            first, *others = found.get("values") or found[language]
            label = found["label"][language] if "label" in found else "Adresse"
            yield from (Pair(kind, _with(base, label, first), _with(base, label, other)) for other in others)
        yield Pair("photo", base, replace(base, photo=(HERE / "photo.png").read_bytes()))


def _with(version: Version, label: str, value: str) -> Version:
    return replace(version, facts=(*version.facts, (label, value)))


def word_file(version: Version) -> bytes:
    person, made = version.person, docx.Document()
    personal, work, education, skills, languages = HEADINGS[person["language"]]
    made.core_properties.created = made.core_properties.modified = FIXED
    made.add_heading(version.name, 0)
    made.add_paragraph(version.titles[0])
    if version.photo:
        made.add_picture(io.BytesIO(version.photo), width=Cm(3))
    made.add_heading(personal, 1)
    for label, value in version.facts:
        made.add_paragraph(f"{label}: {value}")
    made.add_heading(work, 1)
    for entry in person["work"]:
        made.add_paragraph(f"{entry['dates']}  {version.titles[entry['title']]}, {entry['company']}")
        for task in entry["tasks"]:
            made.add_paragraph(task, style="List Bullet")
    made.add_heading(education, 1)
    for entry in person["education"]:
        degree = entry["degree"].format(**{f"title{i}": title for i, title in enumerate(version.titles)})
        made.add_paragraph(f"{entry['dates']}  {degree}, {entry['school']}")
    made.add_heading(skills, 1)
    made.add_paragraph(", ".join(person["skills"]))
    made.add_heading(languages, 1)
    made.add_paragraph(", ".join(person["languages"]))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()
