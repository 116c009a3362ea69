"""What skills, trades, trainings and certificates are called, and which of them certainly include others.

Data: `pipeline/lang/concepts/*.toml`, own work of this project; a firm adds its own files in the same form (`CONCEPTS_DIR`).
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.lang.words import Word, stem, words

LONGEST = 7
"""Words of the longest name that is looked for."""

_OWN = Path(__file__).parent / "concepts"
_KINDS = frozenset({"", "training", "certificate", "soft", "licence"})
_FIELDS = frozenset({"any", "de", "en", "fr", "nl", "pl", "it", "es", "broader", "related", "siblings", "exact", "kind"})


@dataclass(frozen=True, slots=True)
class Concept:
    """`broader` are satisfied by this one, `related` are near. `siblings`: what stands directly below is comparable with each other.

    `exact`: single words count in this very spelling only ("Go"). `kind`: "training", "certificate", "soft" (no CV can prove it), "licence" or "".
    """

    key: str
    names: tuple[str, ...]
    broader: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    siblings: bool = False
    exact: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept in a text: the words `[first, last)`."""

    concept: str
    first: int
    last: int


class Concepts:
    """The lexicon, ready for searching. `version` is a digest of its content."""

    def __init__(self, concepts: Iterable[Concept], version: str) -> None:
        self.by_key = {concept.key: concept for concept in concepts}
        self.version = version
        self._names: dict[str, list[_Name]] = {}
        self._starts: set[str] = set()
        self._single: dict[str, _Single] = {}
        self._below: dict[str, list[str]] = {}
        self._above: dict[str, frozenset[str]] = {}
        self._under: dict[str, frozenset[str]] = {}
        for concept in self.by_key.values():
            self._learn(concept)

    def _learn(self, concept: Concept) -> None:
        for umbrella in concept.broader:
            self._below.setdefault(umbrella, []).append(concept.key)
        for name in concept.names:
            parts = words(name)
            known = _Name(concept.key, _plain(parts), parts[0].raw if concept.exact and len(parts) == 1 else "")
            for form in _forms(parts):
                self._names.setdefault(form, []).append(known)
            if len(parts) > 1:
                self._starts.add(parts[0].stem)
            elif len(parts[0].raw) >= _INSIDE and not concept.exact:
                self._single[parts[0].stem] = _Single(concept.key, parts[0].lemma)

    def above(self, key: str) -> frozenset[str]:
        """The concept itself and all that it certainly includes."""
        if key not in self._above:
            found, rest = {key}, [key]
            while rest:
                rest = [up for one in rest for up in self.by_key[one].broader if up not in found]
                found.update(rest)
            self._above[key] = frozenset(found)
        return self._above[key]

    def below(self, key: str) -> frozenset[str]:
        """The concept itself and all that certainly include it."""
        if key not in self._under:
            self._under[key] = frozenset(other for other in self.by_key if key in self.above(other))
        return self._under[key]

    def near(self, key: str) -> frozenset[str]:
        """What is not the thing but counts partly: its relatives, and the umbrella that it stands under with comparable ones."""
        concept = self.by_key[key]
        relatives = {other.key for other in self.by_key.values() if key in other.related}
        umbrellas = {up for up in concept.broader if self.by_key[up].siblings}
        return frozenset({*umbrellas, *concept.related, *relatives} - {key})

    def comparable(self, key: str) -> frozenset[str]:
        """What customers mean by "or comparable": what stands below the same umbrella."""
        umbrellas = [up for up in self.by_key[key].broader if self.by_key[up].siblings]
        return frozenset(beside for up in umbrellas for beside in self._below[up] if beside != key)

    def mentions(self, found: Sequence[Word]) -> list[Mention]:
        """The concepts that a text names, longest names first, none inside another.

        The same words may name several: what somebody is and what they do ("Altenpfleger", "Altenpflege") are one word to the matcher.
        """
        result: list[Mention] = []
        at = 0
        while at < len(found):
            mentions = self._at(found, at)
            result += mentions
            at = mentions[0].last if mentions else at + 1
        return result

    def _at(self, found: Sequence[Word], at: int) -> list[Mention]:
        joined = next((n for n in range(at + 1, len(found)) if not found[n].joined), len(found)) - at
        most = LONGEST if found[at].stem in self._starts else max(2, joined)
        for count in range(min(most, len(found) - at), 0, -1):
            piece = found[at : at + count]
            names = [name for form in _forms(piece) for name in self._names.get(form, ()) if _meant(name, piece) and _is_exactly(name, found, at)]
            if names:
                printed = [name for name in names if name.plain == _plain(piece)]
                return [Mention(key, at, at + count) for key in dict.fromkeys(name.concept for name in printed or names)]
        inside = self._inside(found, at)
        return [Mention(inside, at, at + 1)] if inside else []

    def _inside(self, found: Sequence[Word], at: int) -> str:
        """German compounds end in what they are: a Großküchenkoch is a Koch. Only long names count, since parts of words mislead."""
        word = found[at]
        for cut in range(3, len(word.stem) - _INSIDE + 3):
            known = self._single.get(word.stem[cut:])
            if known and word.lemma.endswith(tuple(known.lemma + ending for ending in _ENDINGS)) and self.by_key[known.concept].kind != "soft":
                return known.concept
        for cut in range(_INSIDE, len(word.stem) - 3):
            if word.stem[cut:] in _GENERIC and (known := self._single.get(word.stem[:cut].rstrip("s")) or self._single.get(word.stem[:cut])):
                return known.concept
        return ""


@dataclass(frozen=True, slots=True)
class _Single:
    """A name of one long word."""

    concept: str
    lemma: str


@dataclass(frozen=True, slots=True)
class _Name:
    """A name of a concept: `plain` as printed but for case, hyphens and gender; `exact` where its very spelling counts."""

    concept: str
    plain: str
    exact: str


_INSIDE = 8
"""Letters that a name must have to be found inside a longer word."""
_ENDINGS = ("", "s", "n", "en", "e", "er", "es")
_ADJECTIVE = re.compile(r".*isch(?:e[rsnm]?)?")
_GENERIC = frozenset(
    stem(word)
    for word in (
        *("Erfahrung", "Kenntnisse", "Grundkenntnisse", "Fachkenntnisse", "Wissen", "Bereich", "Abteilung", "Team", "Station", "System", "Projekt"),
        *("Umgebung", "Umfeld", "Software", "Tool", "Tätigkeit", "Aufgabe", "Arbeit", "Fähigkeit", "Aufgaben", "Projekte"),
    )
)
"""Stems of what stands behind a name without changing what is meant ("Intensivpflegeerfahrung")."""


def _forms(piece: Sequence[Word]) -> Iterator[str]:
    """How these words may be written as one: each cut to its stem, or only the last."""
    stems = "".join(word.stem for word in piece)
    yield stems
    if len(piece) > 1:
        whole = "".join(word.raw.casefold() for word in piece[:-1]) + piece[-1].stem
        if whole != stems:
            yield whole
    last = piece[-1]
    if len(last.lemma) > _INSIDE and last.lemma.endswith("s"):  # the genitive, where the stemmer leaves it ("des Maschinenbaus")
        yield "".join(word.stem for word in piece[:-1]) + stem(last.lemma[:-1])


def _plain(piece: Sequence[Word]) -> str:
    return " ".join(word.lemma for word in piece)


def _meant(name: _Name, piece: Sequence[Word]) -> bool:
    """An adjective is not the noun that it comes from: "elektronisch" is no Elektronik."""
    last = piece[-1].lemma
    return not _ADJECTIVE.fullmatch(last) or "isch" in name.plain


def _is_exactly(name: _Name, found: Sequence[Word], at: int) -> bool:
    """Where it counts, in this very spelling, and not in a compound: "Go" in "Go-live" is no language."""
    if not name.exact:
        return True
    after = found[at + 1] if at + 1 < len(found) else None
    return found[at].raw == name.exact and not (after and after.joined and after.raw.islower())


@cache
def concepts(folder: Path | None = None) -> Concepts:
    """The product's lexicon, with the firm's own files, if any. Raises UserError: broken_concepts."""
    paths = [*sorted(_OWN.glob("*.toml")), *(sorted(folder.glob("*.toml")) if folder else ())]
    digest = hashlib.sha256()
    found: dict[str, Concept] = {}
    for path in paths:
        content = path.read_bytes()
        digest.update(content)
        for concept in _read(path, content):
            found[concept.key] = _joined(found.get(concept.key), concept)
    for concept in found.values():
        if missing := [up for up in (*concept.broader, *concept.related) if up not in found]:
            raise UserError("broken_concepts", file=concept.key, detail=missing[0])
    return Concepts(found.values(), digest.hexdigest()[:12])


def _read(path: Path, content: bytes) -> Iterator[Concept]:
    try:
        entries = tomllib.loads(content.decode("utf-8"))
    except ValueError as error:
        raise UserError("broken_concepts", file=path.name, detail=str(error)) from None
    for key, entry in entries.items():
        yield _concept(path.name, key, entry)


def _concept(file: str, key: str, entry: Any) -> Concept:
    if not isinstance(entry, dict) or (strange := set(entry) - _FIELDS) or entry.get("kind", "") not in _KINDS:
        raise UserError("broken_concepts", file=file, detail=f"{key}: {', '.join(sorted(strange)) if isinstance(entry, dict) else entry}")
    names = [name for language in ("any", "de", "en", "fr", "nl", "pl", "it", "es") for name in entry.get(language, ())]
    return Concept(
        key=key,
        names=tuple(name for name in dict.fromkeys(names) if words(name)),
        broader=tuple(entry.get("broader", ())),
        related=tuple(entry.get("related", ())),
        siblings=bool(entry.get("siblings")),
        exact=bool(entry.get("exact")),
        kind=entry.get("kind", ""),
    )


def _joined(known: Concept | None, more: Concept) -> Concept:
    """A firm's file may add names and relations to a concept that is there."""
    if known is None:
        return more
    return Concept(
        key=known.key,
        names=tuple(dict.fromkeys((*known.names, *more.names))),
        broader=tuple(dict.fromkeys((*known.broader, *more.broader))),
        related=tuple(dict.fromkeys((*known.related, *more.related))),
        siblings=known.siblings or more.siblings,
        exact=known.exact or more.exact,
        kind=known.kind or more.kind,
    )
