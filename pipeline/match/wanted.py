"""What a requirement asks for: terms that have to be shown, all of them or one of several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from pipeline.lang.concept import Concepts
from pipeline.lang.postings import filler, levels_in, marked, marker, without_years, years_at
from pipeline.lang.tongues import tongues_in
from pipeline.lang.words import Word, neutral, stem, words
from pipeline.match.degrees import VOCATIONAL, degree_asked, degrees_named
from pipeline.match.licences import licence_asked
from pipeline.model.profile import Requirement

GENERIC = frozenset({"bachelor", "master", "diplom", "doctorate", "university-degree", "completed-vocational-training"})
"""Concepts that name a level of education and no subject: those are held against a scale."""
_PRODUCT = re.compile(r"\w*(?:[a-zäöü][A-ZÄÖÜ]|[A-ZÄÖÜ]{2}|\d)\w*")
"""What looks like the name of a product or a rule: PpUGV, SAPUI5, REFA."""


_DUTCH = re.compile(r"(?<!\w)(?:een|het|met|voor|ervaring|jaar|kennis|opleiding|werkervaring)(?!\w)", re.IGNORECASE)
"""Where "of" is "or"."""
RUN = 3
"""Words of an unknown thing in a list."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing: a `concept`, or `words` (stems) that the lexicon does not know, a `tongue` with a level, a `licence` class, a `degree`; or
    experience of any kind (all empty). `text` as the requirement says it.

    `taught`, `timed`: does what the requirement says of an education, and of years, hold for this one?
    """

    text: str
    concept: str = ""
    words: tuple[str, ...] = ()
    tongue: str = ""
    level: str = ""
    licence: str = ""
    degree: int = 0
    taught: bool = True
    timed: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """All `groups` have to be shown; of a group, one term is enough. `years` of experience at least in each.

    `trained`, `certified`: a completed education or a certificate is asked for, work alone shows it in part. `comparable`: what stands under the same
    umbrella is as good. `soft`: no CV can prove it.
    """

    requirement: Requirement
    groups: tuple[tuple[Term, ...], ...]
    years: float = 0.0
    trained: bool = False
    certified: bool = False
    comparable: bool = False
    soft: bool = False


def wanted(requirement: Requirement, title: str, lexicon: Concepts) -> Wanted:
    """`title` of the profile: what "in a similar position" means."""
    whole = _without_tail(neutral(requirement.text))
    whole = re.sub(r"(?<!\w)of(?!\w)", "or", whole) if _DUTCH.search(whole) else whole
    text = without_years(whole)
    trained, certified = bool(marker("training").search(text)), bool(marker("certificate").search(text))
    spoken = _tongues(text, requirement)
    groups = (*spoken, *_beside(text, lexicon)) if spoken else _groups(text, lexicon, years_at=years_at(whole) if requirement.years else -1)
    terms = [term for group in groups for term in group]
    known = any(not term.words for term in terms)
    soft = bool(terms) and known and all(bool(term.words) or _is_soft(term, lexicon) for term in terms)
    at = marker("soft").search(text)
    soft = soft or (at is not None and (not known or at.start() < 3))
    if requirement.years and (not known or not groups) and (not groups or marker("position").search(text)):
        groups = (_title_terms(title, lexicon),) if marker("position").search(text) else ()
        groups = tuple(group for group in groups if group) or ((Term(requirement.text),),)
    return Wanted(
        requirement=requirement,
        groups=groups,
        years=requirement.years,
        trained=trained,
        certified=certified,
        comparable=bool(marker("comparable").search(requirement.text)),
        soft=soft,
    )


def _is_soft(term: Term, lexicon: Concepts) -> bool:
    return bool(term.concept) and lexicon.by_key[term.concept].kind == "soft"


def _without_tail(text: str) -> str:
    """ "One major cloud (AWS preferred)", "Java, idealerweise Spring": what is only preferred is not asked for."""
    text = re.sub(r"\(([^)]*)\)", lambda m: "" if marker("optional_tail").search(m.group(1)) else m.group(), text)
    tail = marker("optional_tail").search(text)
    return text[: tail.start()].rstrip(" ,;–-(") if tail and tail.start() > 12 else text


def _tongues(text: str, requirement: Requirement) -> tuple[tuple[Term, ...], ...]:
    levels = levels_in(text)
    if not levels:
        return ()
    spans = tongues_in(text)
    either = bool(marker("or").search(text))
    terms = [
        Term(text[span.start : span.end].removesuffix("-"), tongue=code, level=requirement.level or level)
        for (code, level), span in zip(levels, spans, strict=True)
    ]
    return (tuple(terms),) if either else tuple((term,) for term in terms)


def _beside(text: str, lexicon: Concepts) -> tuple[tuple[Term, ...], ...]:
    """ "Erfahrung im Rechnungswesen und gute Englischkenntnisse": what is asked for with a language by "and"."""
    spans = tongues_in(text)
    found = []
    for term, start, end in _terms(text, words(text), lexicon):
        nearest = next((span for span in spans if span.start >= end), None)
        between = text[end : nearest.start] if nearest else text[spans[-1].end : start]
        inside = any(start < span.end and span.start < end for span in spans)
        joined = bool(marker("and").search(between) or re.search(r"[;&+.]", between))
        if term.concept and joined and not inside and not _is_soft(term, lexicon):
            found.append((term,))
    return tuple(found)


def _groups(text: str, lexicon: Concepts, *, years_at: int = -1) -> tuple[tuple[Term, ...], ...]:
    """The terms in order, joined by what stands between them: "Go, Kotlin oder Java" is one group, "Python und SQL" are two."""
    terms = _clauses(text, _terms(text, words(text), lexicon), years_at)
    degrees = tuple((term,) for term, _, _ in terms if term.degree)
    terms = [found for found in terms if not found[0].degree]
    if degrees and marker("examples").search(text):  # "ein Studium, z. B. Wirtschaftsingenieurwesen": the subject is an example
        return degrees
    if not terms:
        return degrees
    joins: list[str] = []
    listing = False  # within examples: "Datenbanken wie Oracle, MySQL und PostgreSQL"
    for (_, _, end), (_, first, _) in pairwise(terms):
        between = text[end:first]
        opened = "(" in between and between.rfind("(") > between.rfind(")")
        listing = (listing and not re.search(r"[);.]", between)) or bool(marker("examples").search(between)) or opened
        joins.append("or" if listing else _join(between))
    tail = "or" if marker("or").search(text[terms[-1][2] :]) else "and"  # "Spark, Kafka oder vergleichbar"
    for i in range(len(joins) - 1, -1, -1):
        if joins[i] == "comma":  # it means what the list's last connector means
            joins[i] = joins[i + 1] if i + 1 < len(joins) else tail
    groups: list[list[Term]] = []
    for (term, _, _), join in zip(terms, ["and", *joins], strict=True):
        if join == "or" and groups:
            groups[-1].append(term)
        else:
            groups.append([term])
    return (*degrees, *(tuple(dict.fromkeys(group)) for group in groups if not _said_by_others(group, groups, lexicon)))


def _clauses(text: str, terms: list[tuple[Term, int, int]], years_at: int) -> list[tuple[Term, int, int]]:
    """ "Studium der Informatik und 5 Jahre Softwareentwicklung": the one is to be studied, the other to be done for years. Where either stands alone
    ("Ausbildung zum Koch und 3 Jahre Berufserfahrung"), both hold for what there is.
    """
    said = marker("training").search(text) or marker("certificate").search(text)
    if said is None or years_at < 0:
        return terms
    later = max(said.start(), years_at)
    sides = [start >= later for _, start, _ in terms]
    if all(sides) or not any(sides):
        return terms
    taught_later = later == said.start()
    return [
        (replace(term, taught=side == taught_later, timed=side != taught_later), start, end)
        for (term, start, end), side in zip(terms, sides, strict=True)
    ]


def _said_by_others(group: list[Term], groups: list[list[Term]], lexicon: Concepts) -> bool:
    """ "Softwareentwicklung mit Java": what another thing that is asked for includes anyway need not be shown by itself."""
    umbrella = group[0].concept if len(group) == 1 else ""
    others = [term.concept for other in groups if other is not group for term in other if term.concept]
    return bool(umbrella) and any(umbrella != other and umbrella in lexicon.above(other) for other in others)


def _join(between: str) -> str:
    """What connects two terms: "or", "comma" (whatever the list's last connector says) or "and"."""
    if marker("or").search(between) or "/" in between:
        return "or"
    if marker("and").search(between) or re.search(r"[&+;.]", between):
        return "and"
    return "comma" if "," in between else "and"


def _terms(text: str, found: Sequence[Word], lexicon: Concepts) -> list[tuple[Term, int, int]]:
    """Terms with their places in the text, in order."""
    taken = [False] * len(found)
    terms: list[tuple[Term, int, int]] = []
    if licence := licence_asked(text):
        terms += [(Term(licence.text, licence=name), licence.start, licence.end) for name in licence.classes]
        taken = [licence.start <= word.start < licence.end for word in found]
    trained = bool(marker("training").search(text))
    mentions = sorted(lexicon.mentions(found), key=lambda mention: (lexicon.by_key[mention.concept].kind == "training") is not trained)
    for mention in mentions:
        if mention.concept in GENERIC:
            continue
        first, last = found[mention.first], found[mention.last - 1]
        if any(taken[mention.first : mention.last]):
            continue
        taken[mention.first : mention.last] = [True] * (mention.last - mention.first)
        terms.append((Term(text[first.start : last.end], concept=mention.concept), first.start, last.end))
    degree = degree_asked(text)
    if degree and (degree.level > VOCATIONAL or not terms):  # "Ausbildung als …": that is said by what follows
        terms.append((Term(degree.text, degree=degree.level), degree.start, degree.end))
    named = degrees_named(text)
    taken = [mark or any(start <= word.start < end for start, end in named) for mark, word in zip(taken, found, strict=True)]
    terms += _literals(text, found, taken, known=bool(terms))
    return sorted(terms, key=lambda term: term[1])


def _literals(text: str, found: Sequence[Word], taken: Sequence[bool], *, known: bool) -> list[tuple[Term, int, int]]:
    """Runs of words that nobody knows. Beside known ones, only an item of a list and what looks like a name count: the rest describes."""
    terms: list[tuple[Term, int, int]] = []
    run: list[Word] = []
    for i, (word, gone) in enumerate([*zip(found, taken, strict=True), (None, True)]):
        content = word is not None and not gone and _content(word)
        if content and word and known:
            content = not _bracketed(text, word) and (_is_item(text, found, taken, i) or bool(_PRODUCT.fullmatch(word.raw)))
        if content and word and not (run and _join(text[run[-1].end : word.start]) != "and"):
            run.append(word)
            continue
        if run:
            terms.append((Term(text[run[0].start : run[-1].end], words=tuple(w.stem for w in run)), run[0].start, run[-1].end))
        run = [word] if content and word else []
    return terms


def _bracketed(text: str, word: Word) -> bool:
    before = text[: word.start]
    return before.count("(") > before.count(")")


def _is_item(text: str, found: Sequence[Word], taken: Sequence[bool], at: int) -> bool:
    """Does the word, or the run of unknown words that it is in, stand alone between connectors, as "Rust" does in "Kotlin und Rust"?"""
    first = last = at
    while first and not taken[first - 1] and _content(found[first - 1]) and not found[first - 1].joined and not _parted(text, found, first):
        first -= 1
    while last + 1 < len(found) and not taken[last + 1] and _content(found[last + 1]) and not _parted(text, found, last + 1):
        last += 1
    opens = first == 0 or _parted(text, found, first)
    closes = last + 1 == len(found) or _parted(text, found, last + 1)
    return opens and closes and last - first < RUN and not (first == 0 and last + 1 == len(found))


def _parted(text: str, found: Sequence[Word], at: int) -> bool:
    """Is there a connector before the word, or is the word before it one?"""
    return bool(re.search(r"[,;/.]", text[found[at - 1].end : found[at].start])) or _joins(found[at - 1]) or _joins(found[at])


def _joins(word: Word) -> bool:
    return word.raw.casefold() in (*marked("or"), *marked("and"))


def _content(word: Word) -> bool:
    return len(word.raw) > 1 and not word.raw.isdigit() and word.stem not in _filler_stems()


@lru_cache(maxsize=1)
def _filler_stems() -> frozenset[str]:
    return frozenset(stem(word) for word in filler())


def _title_terms(title: str, lexicon: Concepts) -> tuple[Term, ...]:
    found = words(neutral(title))
    return tuple(Term(title, concept=mention.concept) for mention in lexicon.mentions(found))
