"""Cv -> JSON Resume (schema of jsonresume.org, 1.0.0), with our additions under `meta`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.model.cv import Cv, Education, Link, Period, Position, Project, Sourced
from pipeline.model.document import Document
from pipeline.model.finding import Finding

SCHEMA = "https://raw.githubusercontent.com/jsonresume/resume-schema/v1.0.0/schema.json"

Json = dict[str, Any]


class _Writer:
    """Builds the JSON and notes for each value the lines that it stands on."""

    def __init__(self) -> None:
        self.sources: dict[str, list[int]] = {}
        self.rules: dict[str, Json] = {}
        self.confidence: dict[str, str] = {}

    def put(self, target: Json, pointer: str, name: str, leaf: Sourced | None) -> None:
        if leaf is None:
            return
        target[name] = leaf.text
        self.note(f"{pointer}/{name}", leaf)

    def note(self, pointer: str, leaf: Sourced) -> None:
        self.sources[pointer] = list(leaf.lines)
        if leaf.rule:
            self.rules[pointer] = {"rule": leaf.rule, "printed": leaf.printed}
        if leaf.confidence:
            self.confidence[pointer] = leaf.confidence

    def texts(self, target: Json, pointer: str, name: str, found: Sequence[Sourced]) -> None:
        if not found:
            return
        target[name] = [leaf.text for leaf in found]
        for i, leaf in enumerate(found):
            self.note(f"{pointer}/{name}/{i}", leaf)

    def paragraphs(self, target: Json, pointer: str, name: str, found: Sequence[Sourced]) -> None:
        """JSON Resume has one string where the page may have several paragraphs."""
        if not found:
            return
        target[name] = "\n".join(leaf.text for leaf in found)
        self.sources[f"{pointer}/{name}"] = [n for leaf in found for n in leaf.lines]
        if all(leaf.confidence for leaf in found):
            self.confidence[f"{pointer}/{name}"] = found[0].confidence

    def period(self, target: Json, pointer: str, period: Period) -> None:
        self.put(target, pointer, "startDate", period.start)
        self.put(target, pointer, "endDate", period.end)
        if period.current:
            self.note(f"{pointer}/endDate", period.current)
            self.rules[f"{pointer}/endDate"] = {"rule": "current", "printed": period.current.wording}


def to_json_resume(cv: Cv, findings: Iterable[Finding] = (), document: Document | None = None) -> Json:
    """The interchange form. `meta.sources`: JSON pointer -> line numbers; `meta.lines`: page and box of each line."""
    w = _Writer()
    resume: Json = {"$schema": SCHEMA, "basics": _basics(w, cv)}
    _many(resume, "work", [_position(w, f"/work/{i}", p, "name") for i, p in enumerate(cv.positions)])
    _many(resume, "volunteer", [_position(w, f"/volunteer/{i}", p, "organization") for i, p in enumerate(cv.volunteer)])
    _many(resume, "education", [_education(w, f"/education/{i}", e) for i, e in enumerate(cv.education)])
    _many(resume, "projects", [_project(w, f"/projects/{i}", p) for i, p in enumerate(cv.projects)])
    _many(resume, "certificates", [_certificate(w, cv, i) for i in range(len(cv.certificates))])
    _many(resume, "skills", [_skills(w, cv, i) for i in range(len(cv.skills))])
    _many(resume, "languages", [_language(w, cv, i) for i in range(len(cv.languages))])
    _many(resume, "publications", _named(w, "publications", "name", cv.publications))
    _many(resume, "awards", _named(w, "awards", "title", cv.awards))
    _many(resume, "interests", _named(w, "interests", "name", cv.interests))
    _many(resume, "references", _named(w, "references", "reference", cv.references))
    meta: Json = {"language": cv.language, "structurer": cv.structurer}
    if cv.as_of.date:
        meta["asOf"] = {"date": cv.as_of.date, "source": cv.as_of.source} | ({"line": cv.as_of.line} if cv.as_of.line else {})
    sections = []
    for i, section in enumerate(cv.sections):
        entry: Json = {}
        w.put(entry, f"/meta/sections/{i}", "heading", section.heading)
        w.texts(entry, f"/meta/sections/{i}", "entries", section.entries)
        sections.append(entry)
    meta["sections"] = sections
    meta["sources"] = w.sources
    meta["rules"] = w.rules
    if w.confidence:
        meta["confidence"] = w.confidence
    meta["leftOut"] = [{"line": o.line, "reason": o.reason, "text": o.text} for o in cv.left_out]
    meta["findings"] = [{"severity": f.severity, "key": f.key, "field": f.field, "lines": list(f.lines), "values": dict(f.values)} for f in findings]
    if document:
        meta["lines"] = {
            str(line.number): {"page": line.page, "box": [line.box.x0, line.box.y0, line.box.x1, line.box.y1], "text": line.text}
            for line in document.lines
        }
    resume["meta"] = meta
    return resume


def _many(resume: Json, name: str, found: list[Json]) -> None:
    if found:
        resume[name] = found


def _basics(w: _Writer, cv: Cv) -> Json:
    b = cv.basics
    basics: Json = {}
    at = "/basics"
    w.put(basics, at, "name", b.name)
    w.put(basics, at, "label", b.headline)
    w.put(basics, at, "email", b.email)
    w.put(basics, at, "phone", b.phone)
    w.paragraphs(basics, at, "summary", b.summary)
    location: Json = {}
    w.put(location, f"{at}/location", "address", b.address)
    w.put(location, f"{at}/location", "postalCode", b.postal_code)
    w.put(location, f"{at}/location", "city", b.city)
    w.put(location, f"{at}/location", "country", b.country)
    if location:
        basics["location"] = location
    w.put(basics, at, "birthDate", b.birth_date)
    w.put(basics, at, "birthPlace", b.birth_place)
    w.put(basics, at, "nationality", b.nationality)
    w.put(basics, at, "maritalStatus", b.marital_status)
    w.texts(basics, at, "more", b.more)
    homepage = next((link for link in b.links if link.url and not link.network and not link.username), None)
    if homepage:
        w.put(basics, at, "url", homepage.url)
    profiles = [link for link in b.links if link is not homepage]
    if profiles:
        basics["profiles"] = [_link(w, f"{at}/profiles/{i}", link) for i, link in enumerate(profiles)]
    return basics


def _link(w: _Writer, at: str, link: Link) -> Json:
    profile: Json = {}
    w.put(profile, at, "network", link.network)
    w.put(profile, at, "username", link.username)
    w.put(profile, at, "url", link.url)
    return profile


def _position(w: _Writer, at: str, position: Position, company: str) -> Json:
    entry: Json = {}
    w.put(entry, at, company, position.company)
    w.put(entry, at, "position", position.title)
    w.put(entry, at, "location", position.location)
    w.period(entry, at, position.period)
    w.paragraphs(entry, at, "summary", position.summary)
    w.texts(entry, at, "highlights", position.highlights)
    w.texts(entry, at, "keywords", position.technologies)
    return entry


def _education(w: _Writer, at: str, education: Education) -> Json:
    entry: Json = {}
    w.put(entry, at, "institution", education.institution)
    w.put(entry, at, "studyType", education.degree)
    w.put(entry, at, "area", education.area)
    w.put(entry, at, "location", education.location)
    w.put(entry, at, "score", education.grade)
    w.period(entry, at, education.period)
    w.paragraphs(entry, at, "summary", education.summary)
    return entry


def _project(w: _Writer, at: str, project: Project) -> Json:
    entry: Json = {}
    w.put(entry, at, "name", project.name)
    if project.role:
        entry["roles"] = [project.role.text]
        w.note(f"{at}/roles/0", project.role)
    w.put(entry, at, "entity", project.customer)
    w.period(entry, at, project.period)
    w.paragraphs(entry, at, "description", project.summary)
    w.texts(entry, at, "highlights", project.highlights)
    w.texts(entry, at, "keywords", project.technologies)
    w.put(entry, at, "url", project.url)
    return entry


def _certificate(w: _Writer, cv: Cv, i: int) -> Json:
    certificate, at = cv.certificates[i], f"/certificates/{i}"
    entry: Json = {}
    w.put(entry, at, "name", certificate.name)
    w.put(entry, at, "issuer", certificate.issuer)
    w.put(entry, at, "date", certificate.date)
    return entry


def _skills(w: _Writer, cv: Cv, i: int) -> Json:
    group, at = cv.skills[i], f"/skills/{i}"
    entry: Json = {}
    w.put(entry, at, "name", group.name)
    w.texts(entry, at, "keywords", group.items)
    return entry


def _language(w: _Writer, cv: Cv, i: int) -> Json:
    language, at = cv.languages[i], f"/languages/{i}"
    entry: Json = {}
    w.put(entry, at, "language", language.name)
    w.put(entry, at, "fluency", language.level)
    w.put(entry, at, "cefr", language.cefr)
    return entry


def _named(w: _Writer, section: str, name: str, found: Sequence[Sourced]) -> list[Json]:
    entries = []
    for i, leaf in enumerate(found):
        entry: Json = {}
        w.put(entry, f"/{section}/{i}", name, leaf)
        entries.append(entry)
    return entries
