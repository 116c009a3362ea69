"""Cv -> what a template shows: plain strings and lists. `docs/templates.md` lists the names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.model.cv import Certificate, Cv, Education, Period, Position, Project, Sourced
from pipeline.render.labels import labels

View = dict[str, Any]

MARK_START, MARK_END = "\ue000", "\ue001"
"""What surrounds a bookmark name in the rendered text; word.py turns it into a bookmark."""


def mark(pointer: str) -> str:
    """The bookmark of an entry: its JSON pointer in the characters that Word allows ("/work/0" is "work_0")."""
    return f"{MARK_START}{pointer.strip('/').replace('/', '_')}{MARK_END}"


def view(cv: Cv, *, language: str, firm: str) -> View:
    words = labels(language)
    b = cv.basics
    skills = [
        {
            "mark": mark(f"/skills/{i}"),
            "label": text(g.name) or (words["other_skills"] if len(cv.skills) > 1 else ""),
            "value": ", ".join(texts(g.items)),
        }
        for i, g in enumerate(cv.skills)
    ]
    languages = [{"mark": mark(f"/languages/{i}"), "label": text(entry.name), "value": text(entry.level)} for i, entry in enumerate(cv.languages)]
    return {
        "labels": words,
        "firm": firm,
        "name": text(b.name) or words["candidate"],
        "headline": text(b.headline),
        "contact": "  ·  ".join(filter(None, (_address(cv), text(b.phone), text(b.email)))),
        "personal": _personal(cv, words),
        "profile": texts(b.summary),
        "work": [_position(p, f"/work/{i}", words) for i, p in enumerate(cv.positions)],
        "projects": [_project(p, f"/projects/{i}", words) for i, p in enumerate(cv.projects)],
        "education": [_education(e, f"/education/{i}", words) for i, e in enumerate(cv.education)],
        "certificates": [_certificate(c, f"/certificates/{i}") for i, c in enumerate(cv.certificates)],
        "volunteer": [_position(p, f"/volunteer/{i}", words) for i, p in enumerate(cv.volunteer)],
        "skills": skills,
        "languages": languages,
        "languages_line": "  ·  ".join(f"{e['label']} ({e['value']})" if e["value"] else str(e["label"]) for e in languages),
        "publications": _plain(cv.publications, "/publications"),
        "awards": _plain(cv.awards, "/awards"),
        "references": _plain(cv.references, "/references"),
        "interests": ", ".join(texts(cv.interests)),
        "sections": _sections(cv, words),
    }


def text(leaf: Sourced | None) -> str:
    return leaf.text if leaf else ""


def texts(leaves: Sequence[Sourced]) -> list[str]:
    return [leaf.text for leaf in leaves]


def printed_period(period: Period, words: dict[str, str]) -> str:
    """ "03/2018 – heute", "2014 – 2018", "10/2018"."""
    start = _date(period.start)
    end = words["present"] if period.current else _date(period.end)
    if start and end and start != end:
        return f"{start} – {end}"
    if end and not start:
        return f"{words['until']} {end}"
    return start


def _date(leaf: Sourced | None) -> str:
    if leaf is None:
        return ""
    parts = leaf.text.split("-")
    if len(parts) == 3:
        return f"{parts[2]}.{parts[1]}.{parts[0]}"
    return f"{parts[1]}/{parts[0]}" if len(parts) == 2 else leaf.text


def _address(cv: Cv) -> str:
    b = cv.basics
    town = " ".join(filter(None, (text(b.postal_code), text(b.city))))
    return ", ".join(filter(None, (text(b.address), town, text(b.country))))


def _personal(cv: Cv, words: dict[str, str]) -> list[View]:
    b = cv.basics
    rows = [
        ("address", _address(cv), "/basics/location"),
        ("phone", text(b.phone), "/basics/phone"),
        ("email", text(b.email), "/basics/email"),
        ("birth", _date(b.birth_date), "/basics/birthDate"),
        ("birth_place", text(b.birth_place), "/basics/birthPlace"),
        ("nationality", text(b.nationality), "/basics/nationality"),
        ("marital_status", text(b.marital_status), "/basics/maritalStatus"),
    ]
    found = [{"mark": mark(pointer), "label": words[label], "value": value} for label, value, pointer in rows if value]
    for i, link in enumerate(b.links):
        label = text(link.network) or words["web"]
        value = text(link.url) or text(link.username)
        found.append({"mark": mark(f"/basics/profiles/{i}"), "label": label[:1].upper() + label[1:], "value": value})
    for i, leaf in enumerate(b.more):
        found.append({"mark": mark(f"/basics/more/{i}"), "label": "", "value": leaf.text})
    return found


def _position(position: Position, pointer: str, words: dict[str, str]) -> View:
    company = ", ".join(filter(None, (text(position.company), text(position.location))))
    title = text(position.title)
    return {
        "mark": mark(pointer),
        "title": title or company,
        "where": company if title else "",
        "period": printed_period(position.period, words),
        "summary": texts(position.summary),
        "highlights": texts(position.highlights),
        "technologies": ", ".join(texts(position.technologies)),
    }


def _project(project: Project, pointer: str, words: dict[str, str]) -> View:
    customer = f"{words['customer']}: {project.customer.text}" if project.customer else ""
    name = text(project.name)
    return {
        "mark": mark(pointer),
        "title": name or text(project.role) or customer,
        "where": "  ·  ".join(filter(None, (text(project.role) if name else "", customer))),
        "period": printed_period(project.period, words),
        "summary": [*texts(project.summary), *texts([project.url] if project.url else [])],
        "highlights": texts(project.highlights),
        "technologies": ", ".join(texts(project.technologies)),
    }


def _education(education: Education, pointer: str, words: dict[str, str]) -> View:
    degree = ", ".join(filter(None, (text(education.degree), text(education.area))))
    institution = ", ".join(filter(None, (text(education.institution), text(education.location))))
    return {
        "mark": mark(pointer),
        "title": degree or institution,
        "where": institution if degree else "",
        "period": printed_period(education.period, words),
        "grade": text(education.grade),
        "summary": texts(education.summary),
    }


def _certificate(certificate: Certificate, pointer: str) -> View:
    return {"mark": mark(pointer), "title": text(certificate.name), "where": text(certificate.issuer), "period": _date(certificate.date)}


def _plain(leaves: Sequence[Sourced], pointer: str) -> list[View]:
    return [{"mark": mark(f"{pointer}/{i}"), "text": leaf.text} for i, leaf in enumerate(leaves)]


def _sections(cv: Cv, words: dict[str, str]) -> list[View]:
    """Sections of the page's own, and at the end what was not understood: nothing that the page says is missing."""
    found = [
        {"heading": text(s.heading) or words["more"], "entries": _plain(s.entries, f"/meta/sections/{i}/entries")}
        for i, s in enumerate(cv.sections)
        if s.entries
    ]
    rest = [{"mark": mark(f"/meta/leftOut/{i}"), "text": o.text} for i, o in enumerate(cv.left_out) if o.reason == "not_understood"]
    if rest:
        found.append({"heading": words["more"], "entries": rest})
    return found
