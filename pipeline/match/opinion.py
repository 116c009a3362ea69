"""A model's opinion on each requirement: it proposes a verdict and statements of the anonymous CV, code checks that they are there.

Where it and the rules disagree, the verdict is "unclear", and a person looks. What a model says alone never makes a "met".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from pipeline.lang.instructions import instructing
from pipeline.match.anonymous import AnonymousCv
from pipeline.match.matcher import Judged, Place
from pipeline.match.wanted import Wanted
from pipeline.model.match import Reason, Status
from pipeline.model.schema import strict_schema
from pipeline.model.timespan import years
from pipeline.ports import Prompt

SHOWN = 3
"""So many of the model's statements are quoted."""


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    requirement: str
    verdict: Status
    statements: list[int]


class OpinionAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    opinions: list[_Said]


@dataclass(frozen=True, slots=True)
class Opinion:
    """`places` are the statements that the model points at."""

    status: Status
    places: tuple[Place, ...]


@cache
def system() -> str:
    return (Path(__file__).parent / "opinion.md").read_text("utf-8").strip()


@cache
def fingerprint() -> str:
    """Eight digits that change with the prompt or the schema."""
    return hashlib.sha256(json.dumps([system(), strict_schema(OpinionAnswer)], sort_keys=True).encode()).hexdigest()[:8]


def question(view: AnonymousCv, asked: Sequence[Wanted]) -> Prompt:
    """What the model is shown: statements that tell a reader what to do are none of a CV, and stay out."""
    hidden = set(instructing([statement.text for statement in view.statements]))
    lines = [f"{i}| {_about(view, i)}{s.text}" for i, s in enumerate(view.statements) if i not in hidden]
    lines += [f"{len(view.statements) + i}| (language) {one.code} {one.level}".rstrip() for i, one in enumerate(view.spoken)]
    wanted = [f"{one.requirement.id}: {one.requirement.text}" for one in asked if not one.soft]
    return Prompt("opinion", system(), "\n".join(("Statements:", *lines, "", "Requirements:", *wanted)), strict_schema(OpinionAnswer))


def _about(view: AnonymousCv, at: int) -> str:
    """Where the CV says it, and for how long."""
    statement = view.statements[at]
    span = view.spans[statement.span] if statement.span >= 0 else None
    return f"({statement.kind}, {years([span]):g} years) " if span else f"({statement.kind}) "


def opinions_in(answer: Mapping[str, object], view: AnonymousCv, asked: Sequence[Wanted]) -> dict[str, Opinion]:
    """By requirement, those that stand on statements which exist. Raises ValidationError where the answer is not of the schema."""
    hidden = set(instructing([statement.text for statement in view.statements]))
    known = {one.requirement.id for one in asked if not one.soft}
    found: dict[str, Opinion] = {}
    for said in OpinionAnswer.model_validate(answer).opinions:
        there = [n for n in dict.fromkeys(said.statements) if 0 <= n < len(view.statements) + len(view.spoken) and n not in hidden]
        proven = there if said.verdict in (Status.MET, Status.PARTLY) else []
        if said.requirement in known and said.requirement not in found and (proven or said.verdict in (Status.NOT_FOUND, Status.UNCLEAR)):
            found[said.requirement] = Opinion(said.verdict, tuple(_place(view, n) for n in proven[:SHOWN]))
    return found


def _place(view: AnonymousCv, number: int) -> Place:
    if number < len(view.statements):
        return Place(-1, lines=view.statements[number].lines)
    return Place(-1, lines=view.spoken[number - len(view.statements)].lines)


def agreed(judged: Judged, opinion: Opinion | None) -> Judged:
    """What rules and model say together."""
    if opinion is None or opinion.status is judged.status:
        return judged
    reasons = (*judged.reasons, Reason(key="disagree"))
    return Judged(Status.UNCLEAR, (*judged.places, *opinion.places)[: SHOWN + 1], reasons, judged.experience)
