"""What a new version of a CV says that the one before did not. Small differences of wording are none."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, utils

from pipeline.model.cv import Cv, Period, Sourced
from pipeline.model.job import Change

SAME = 85
"""So alike, of 100, are two wordings of the same thing."""
MOST = 12
LISTED = 8
"""So many new skills are named."""

_CONTACT = ("name", "email", "phone", "address", "city")
_Entry = tuple[str, Period]


def compare(before: Cv, after: Cv) -> tuple[Change, ...]:
    """The changes in the order in which people care: work, education, certificates, skills, contact; at most MOST."""
    found = [
        *_entries("position", _positions(before), _positions(after)),
        *_entries("education", _education(before), _education(after)),
        *_entries("certificate", _certificates(before), _certificates(after)),
        *_lists("skills", _skills(before), _skills(after)),
        *_lists("languages", _languages(before), _languages(after)),
        *_contact(before, after),
    ]
    return tuple(found[:MOST])


def _entries(kind: str, before: list[_Entry], after: list[_Entry]) -> list[Change]:
    """New entries, entries that are gone, and entries whose dates are others now."""
    rest = list(before)
    found = []
    for text, period in after:
        same = max(rest, key=lambda entry: (_alike(entry[0], text), entry[1] == period), default=None)
        if same is None or _alike(same[0], text) < SAME:
            found.append(Change(kind=f"{kind}_new", text=text))
            continue
        rest.remove(same)
        if _dates(same[1]) != _dates(period):
            found.append(Change(kind=f"{kind}_dates", text=text))
    return found + [Change(kind=f"{kind}_gone", text=text) for text, _ in rest]


def _lists(kind: str, before: list[str], after: list[str]) -> list[Change]:
    known, now = {utils.default_process(text) for text in before}, {utils.default_process(text) for text in after}
    new = [text for text in after if utils.default_process(text) not in known]
    gone = [text for text in before if utils.default_process(text) not in now]
    return [Change(kind=f"{kind}_{way}", text=_listed(texts)) for way, texts in (("new", new), ("gone", gone)) if texts]


def _listed(texts: list[str]) -> str:
    return ", ".join(texts[:LISTED]) + (" …" if len(texts) > LISTED else "")


def _contact(before: Cv, after: Cv) -> list[Change]:
    found = []
    for name in _CONTACT:
        old, new = getattr(before.basics, name), getattr(after.basics, name)
        if new and utils.default_process(new.text) != utils.default_process(old.text if old else ""):
            found.append(Change(kind=f"{name}_changed", text=new.text))
    return found


def _positions(cv: Cv) -> list[_Entry]:
    return [(_joined((p.title, p.company)), p.period) for p in cv.positions if p.title or p.company]


def _education(cv: Cv) -> list[_Entry]:
    return [(_joined((e.degree, e.area, e.institution)), e.period) for e in cv.education if e.degree or e.area or e.institution]


def _certificates(cv: Cv) -> list[_Entry]:
    return [(c.name.text, Period()) for c in cv.certificates if c.name]


def _skills(cv: Cv) -> list[str]:
    return [leaf.text for group in cv.skills for leaf in group.items]


def _languages(cv: Cv) -> list[str]:
    return [_joined((language.name, language.level)) for language in cv.languages if language.name]


def _joined(leaves: Iterable[Sourced | None]) -> str:
    return ", ".join(leaf.text for leaf in leaves if leaf)


def _dates(period: Period) -> tuple[str, str, bool]:
    return period.start.text if period.start else "", period.end.text if period.end else "", period.current is not None


def _alike(a: str, b: str) -> float:
    return fuzz.token_sort_ratio(a, b, processor=utils.default_process)
