"""An introduction in a model's words, of quoted facts alone: code takes out every sentence that says more than the facts it names."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.lang.instructions import instructing
from pipeline.lang.words import stem, words
from pipeline.model.match import Match
from pipeline.model.schema import strict_schema
from pipeline.offer.introduction import FACTS, lead, proven
from pipeline.ports import Llm, Prompt, RefusedByModel

MOST, LONGEST = 5, 400


class _Sentence(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    facts: list[int]


class Phrasing(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sentences: list[_Sentence]


async def phrased(match: Match, llm: Llm, *, role: str, candidate: str, language: str, hidden: str = "") -> str:
    """Lead and sentences, one paragraph each; empty where the model says nothing of use. Raises TransientError."""
    verdicts = proven(match, hidden)[: FACTS * 2]
    quotes = [verdict.quotes[0].text for verdict in verdicts]
    told = set(instructing(quotes))
    facts = {i: f'{v.text}: "{quote}"' for i, (v, quote) in enumerate(zip(verdicts, quotes, strict=True), start=1) if i - 1 not in told}
    if not facts:
        return ""
    asked = "\n".join((f"language: {language}", f"role: {role}", f"candidate: {candidate}", "", *(f"{i}| {fact}" for i, fact in facts.items())))
    try:
        said = Phrasing.model_validate((await llm.complete(Prompt("introduction", _system(), asked, strict_schema(Phrasing)))).answer)
    except (RefusedByModel, ValidationError):
        return ""
    sound = [text for one in said.sentences[:MOST] if (text := _sound(one, facts, (role, candidate), language))]
    return "\n".join((lead(role=role, candidate=candidate, language=language), " ".join(sound))) if sound else ""


def _sound(said: _Sentence, facts: dict[int, str], known: Sequence[str], language: str) -> str:
    """The sentence where each of its words stands in a fact that it names; empty where one does not."""
    text = " ".join("".join(c for c in said.text if c.isprintable()).split())[:LONGEST]
    named = [facts[number] for number in said.facts if number in facts]
    allowed = {word.stem for source in (*named, *known) for word in words(source)} | _glue(language)
    return text if named and text and all(word.stem in allowed for word in words(text)) else ""


@cache
def _glue(language: str) -> frozenset[str]:
    found = tomllib.loads((Path(__file__).parent / "glue.toml").read_text("utf-8"))
    return frozenset(stem(word) for word in found.get(language, found["en"]).split())


@cache
def _system() -> str:
    return (Path(__file__).parent / "phrase.md").read_text("utf-8").strip()
