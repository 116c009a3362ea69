"""What a bias audit has found: pairs of CVs that differ in one characteristic, and what came of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipeline.model.match import Versions


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a pair: the scores, and the requirements whose verdicts differ."""

    kind: str
    person: str
    one: int
    other: int
    differing: tuple[str, ...]
    name: str

    @property
    def differs(self) -> bool:
        return self.one != self.other or bool(self.differing)


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    pairs: int
    differing: int
    largest: int


@dataclass(frozen=True, slots=True)
class Audit:
    """`structurer` is how the CVs were read, `versions` what held them against the profiles."""

    day: date
    outcomes: tuple[Outcome, ...]
    versions: Versions
    structurer: str

    @property
    def differing(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.differs)

    def kinds(self) -> list[Kind]:
        """By what was exchanged, in the order of the set."""
        names = dict.fromkeys(outcome.kind for outcome in self.outcomes)
        return [_kind(name, [outcome for outcome in self.outcomes if outcome.kind == name]) for name in names]


def _kind(name: str, of: list[Outcome]) -> Kind:
    return Kind(name, len(of), sum(outcome.differs for outcome in of), max(abs(outcome.one - outcome.other) for outcome in of))
