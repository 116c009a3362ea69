"""Facts × Wanted -> a finding on each requirement. Sees nothing but the anonymous view; the same input gives the same output, always."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz import fuzz

from pipeline.lang.concept import Concepts
from pipeline.lang.postings import marked
from pipeline.lang.words import stem
from pipeline.match.anonymous import CERTIFICATE, OTHER, SKILL, TITLE, TRAINING
from pipeline.match.degrees import BACHELOR
from pipeline.match.facts import Facts, Hit, Said
from pipeline.match.wanted import Term, Wanted
from pipeline.model.match import Experience, Reason, Status
from pipeline.model.timespan import years as years_of

LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2", "native")
ALIKE = 88
"""So alike, of 100, two long words must be to be the same one mistyped."""
LONG = 7
"""Letters of a word that may be mistyped, or be part of a longer one."""
SHOWN = 3
"""So many places of the CV are quoted for a requirement."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the CV says it: statement `at`, or lines that stand for themselves (`at` -1); `words` are the stems that were found there."""

    at: int
    words: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of one term: 2 the thing itself, 1 something near or in part (`share` of it), 0 nothing; `years` where counted.

    `open`: it cannot be told.
    """

    strength: int
    places: tuple[Place, ...] = ()
    reasons: tuple[Reason, ...] = ()
    years: float | None = None
    open: bool = False
    share: float = 0.5


@dataclass(frozen=True, slots=True)
class Judged:
    """On one requirement, before quotes are looked up. `share`: how much of it is shown, where it is met in part."""

    status: Status
    places: tuple[Place, ...]
    reasons: tuple[Reason, ...]
    experience: tuple[Experience, ...] = ()
    share: float = 0.5


NOTHING = Found(0)


def judge(facts: Facts, asked: Wanted, lexicon: Concepts) -> Judged:
    """One requirement against one CV."""
    if asked.soft:
        places = tuple(place for group in asked.groups for term in group if term.concept for place in _concept(facts, term, lexicon).places)[:SHOWN]
        return Judged(Status.UNCLEAR, places, (Reason(key="soft"),))
    if not asked.groups:
        return Judged(Status.UNCLEAR, (), (Reason(key="not_understood"),))
    terms = [[(term, _of_term(facts, term, asked, lexicon)) for term in group] for group in asked.groups]
    found = [_best(one for _, one in group) for group in terms]
    places = tuple(dict.fromkeys(place for one in found for place in one.places[: 1 if len(found) > 1 else SHOWN]))[:SHOWN]
    missing = tuple(
        Reason(key="missing", values={"what": " / ".join(term.text for term in group)})
        for group, one in zip(asked.groups, found, strict=True)
        if not one.strength and not one.open
    )
    told = [reason for one in found for reason in one.reasons] + list(missing if len(found) > 1 else ())
    reasons = tuple(reason for i, reason in enumerate(told) if reason not in told[:i])
    experience = tuple(Experience(what=term.text, years=one.years) for group in terms for term, one in group if one.years)
    shown = sum({2: 1.0, 1: one.share, 0: 0.0}[one.strength] for one in found)
    return Judged(_status(found), places, reasons, experience, round(shown / len(found), 3))


def _status(found: Sequence[Found]) -> Status:
    if all(one.strength == 2 for one in found):
        return Status.MET
    if any(one.strength for one in found):
        return Status.PARTLY
    return Status.UNCLEAR if any(one.open for one in found) else Status.NOT_FOUND


def _best(found: Iterable[Found]) -> Found:
    """Of alternatives the strongest; among equals the one with most years, then the first."""
    return max(found, key=lambda one: (one.strength, one.open, one.share if one.strength == 1 else 0.0, one.years or 0.0), default=NOTHING)


def _of_term(facts: Facts, term: Term, asked: Wanted, lexicon: Concepts) -> Found:
    if term.tongue:
        return _tongue(facts, term)
    if term.licence:
        return _licence(facts, term)
    if term.degree:
        return _degree(facts, term)
    if not (term.concept or term.words):
        return _experience(facts, asked)
    found = _concept(facts, term, lexicon, comparable=asked.comparable) if term.concept else _words(facts, term)
    kind = lexicon.by_key[term.concept].kind if term.concept else ""
    years = asked.years if term.timed else 0.0
    if not found.strength:
        return _elsewhere(facts, term, asked) if years and not term.concept else found
    taught = term.taught and kind != "certificate" and (asked.trained or asked.certified or kind == "training")
    if not taught:
        return _with_years(facts, found, years)
    shown = _trained(facts, found, certified=asked.certified)
    if not years:
        return _with_years(facts, shown, years)
    worked = _with_years(facts, found, years)  # the years are those of the work, wherever the education stands
    both = (*shown.reasons, *worked.reasons)
    return replace(worked, strength=min(shown.strength, worked.strength), places=(*shown.places[:1], *worked.places), reasons=both)


def _concept(facts: Facts, term: Term, lexicon: Concepts, *, comparable: bool = False) -> Found:
    exact = _hits(facts, lexicon.below(term.concept))
    if sure := [hit for hit in exact if not hit.planned]:
        return Found(2, _places(facts, sure))
    if exact:
        return Found(1, _places(facts, exact), (Reason(key="planned", values={"what": term.text}),))
    if comparable and (hits := _hits(facts, _comparable(lexicon, term.concept))):
        return Found(2, _places(facts, hits))
    if hits := _hits(facts, lexicon.near(term.concept)):
        return Found(1, _places(facts, hits), (Reason(key="near", values={"what": term.text}),))
    if hits := _hits(facts, _comparable(lexicon, term.concept)):  # said, for a person to weigh; it is another thing
        return Found(0, _places(facts, hits), (Reason(key="beside", values={"what": term.text}),))
    return NOTHING


@lru_cache(maxsize=4096)
def _comparable(lexicon: Concepts, concept: str) -> frozenset[str]:
    """What is comparable, with all that is a kind of it."""
    return frozenset(key for beside in lexicon.comparable(concept) for key in lexicon.below(beside))


def _hits(facts: Facts, wanted: frozenset[str]) -> list[Hit]:
    return [hit for key, hits in facts.hits.items() if key in wanted for hit in hits]


_ORDER = {TITLE: 0, CERTIFICATE: 1, TRAINING: 1, "work": 2, SKILL: 3, OTHER: 4}


def _places(facts: Facts, hits: Iterable[Hit]) -> tuple[Place, ...]:
    """Where the hits are, the most telling first: positions before lists of skills."""
    ordered = sorted(hits, key=lambda hit: (_ORDER[facts.said[hit.at].kind], hit.at, hit.first))
    places = (Place(hit.at, tuple(facts.said[hit.at].stems.split()[hit.first : hit.last])) for hit in ordered)
    return tuple(dict.fromkeys(places))


def _words(facts: Facts, term: Term) -> Found:
    """Words that the lexicon does not know: all in one statement, or the greater part."""
    best = 0
    places: list[Place] = []
    for at, said in enumerate(facts.said):
        shown = tuple(found for word in term.words if (found := _said_word(said.stems, word)))
        if len(shown) > best:
            best, places = len(shown), []
        if shown and len(shown) == best:
            places.append(Place(at, shown))
    ordered = tuple(sorted(places, key=lambda place: (_ORDER[facts.said[place.at].kind], place.at)))
    if best == len(term.words):
        return Found(2, ordered)
    return Found(1, ordered, (Reason(key="near", values={"what": term.text}),)) if 2 * best > len(term.words) else NOTHING


def _said_word(stems: str, word: str) -> str:
    """The word of a statement that is the wanted one, holds it as part of a compound, or is it mistyped; empty where none is."""
    if f" {word} " in stems:
        return word
    if len(word) < LONG - 1:
        return ""
    for said in stems.split():
        if (len(said) > len(word) and (said.startswith(word) or said.endswith(word))) or (
            abs(len(said) - len(word)) <= 2 and len(said) >= LONG and fuzz.ratio(said, word) >= ALIKE
        ):
            return said
    return ""


def _trained(facts: Facts, found: Found, *, certified: bool) -> Found:
    """A completed education or certificate is asked for: work alone shows it in part."""
    if shown := tuple(place for place in found.places if _is_qualification(facts.said[place.at])):
        return replace(found, places=shown)
    reason = Reason(key="certificate_not_shown" if certified else "training_not_shown")
    return replace(found, strength=min(found.strength, 1), reasons=(*found.reasons, reason))


def _is_qualification(said: Said) -> bool:
    """An education or a certificate, or a sentence that calls it so ("mit Weiterbildung zur Stationsleitung")."""
    called = _speaks_of(said, "training") or _speaks_of(said, "certificate")
    return said.kind in (TRAINING, CERTIFICATE) or (said.kind != TITLE and called)


def _speaks_of(said: Said, name: str) -> bool:
    return any(f" {word} " in said.stems for word in _called(name))


@lru_cache(maxsize=3)
def _called(name: str) -> frozenset[str]:
    return frozenset(stem(word) for word in marked(name) if " " not in word)


def _with_years(facts: Facts, found: Found, least: float) -> Found:
    """Experience counts from the positions and projects that show it, overlaps once."""
    spans = {facts.said[place.at].span for place in found.places} - {-1}
    counted = years_of([span for i in sorted(spans) if (span := facts.spans[i])])
    if counted >= least:
        shown = tuple(place for place in found.places if facts.said[place.at].span >= 0) if least else found.places
        return replace(found, places=shown, years=counted)
    key = "years_short" if counted else "years_not_shown"
    reason = Reason(key=key, values={"found": f"{counted:g}", "least": f"{least:g}"})
    strength = min(found.strength, 1) if counted else 0
    share = min(counted / least, 1.0) * (1.0 if found.strength == 2 else found.share) if least else found.share
    short = replace(found, strength=strength, years=counted, reasons=(*found.reasons, reason), open=not counted, share=share)
    return _with_stated(facts, short, [place for place in found.places if place.at >= 0], least)


def _with_stated(facts: Facts, found: Found, places: Iterable[Place], least: float) -> Found:
    """The CV says itself that it is as many years: that counts nothing, but stands first for a person to weigh."""
    stating = [place for place in places if facts.said[place.at].stated >= least]
    if not stating:
        return found
    said = max(facts.said[place.at].stated for place in stating)
    shown = tuple(dict.fromkeys((*stating, *found.places)))
    return replace(found, places=shown, reasons=(*found.reasons, Reason(key="years_stated", values={"found": f"{said:g}"})))


def _elsewhere(facts: Facts, term: Term, asked: Wanted) -> Found:
    """Experience is there, but nothing says whether it is of that kind, which the lexicon does not know either: a person has to look."""
    known = _experience(facts, asked)
    reason = Reason(key="context_unknown", values={"what": term.text})
    return Found(0, known.places[:1], (reason,), open=True) if known.strength else NOTHING


def _experience(facts: Facts, asked: Wanted) -> Found:
    """Experience of any kind: the positions' months."""
    counted = years_of([span for span in facts.spans[: facts.positions] if span])
    titles = tuple(Place(at) for at, said in enumerate(facts.said) if said.kind == TITLE and said.span >= 0)
    if counted >= asked.years:
        return Found(2, titles, years=counted)
    reason = Reason(key="years_short", values={"found": f"{counted:g}", "least": f"{asked.years:g}"})
    found = Found(1 if counted else 0, titles, (reason,), counted, share=min(counted / asked.years, 1.0))
    return _with_stated(facts, found, [Place(at) for at, said in enumerate(facts.said) if _speaks_of(said, "experience")], asked.years)


def _tongue(facts: Facts, term: Term) -> Found:
    spoken = next((spoken for spoken in facts.spoken if spoken.code == term.tongue), None)
    if spoken is None:
        return NOTHING
    places = (Place(-1, lines=spoken.lines),)
    if not term.level:
        return Found(2, places)
    if not spoken.level:
        return Found(0, places, (Reason(key="level_unknown", values={"what": term.text, "least": term.level}),), open=True)
    if LEVELS.index(spoken.level) >= LEVELS.index(term.level):
        return Found(2, places)
    share = (LEVELS.index(spoken.level) + 1) / (LEVELS.index(term.level) + 1)
    return Found(1, places, (Reason(key="level_short", values={"found": spoken.level, "least": term.level}),), share=share)


def _licence(facts: Facts, term: Term) -> Found:
    places = tuple(Place(at) for name, at in facts.licences if name == term.licence)
    if places:
        return Found(2, places)
    others = tuple(Place(at) for _, at in facts.licences)
    return Found(1, others, (Reason(key="licence_other", values={"what": term.licence}),)) if others else NOTHING


def _degree(facts: Facts, term: Term) -> Found:
    places = tuple(Place(at) for level, at in sorted(facts.degrees, reverse=True) if level >= term.degree)
    if places:
        return Found(2, places)
    lower = tuple(Place(at) for level, at in sorted(facts.degrees, reverse=True) if level)
    if not lower:
        return NOTHING
    studied = any(level >= BACHELOR for level, _ in facts.degrees)
    return Found(int(studied or term.degree < BACHELOR), lower, (Reason(key="degree_lower", values={"what": term.text}),))
