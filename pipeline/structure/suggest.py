"""A model's ideas for a profile that was noted in one line: they are marked, and count only once a person takes them over."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.model.profile import Importance, Profile, Requirement
from pipeline.model.schema import strict_schema
from pipeline.ports import Llm, Prompt, RefusedByModel

MOST_TASKS, MOST_REQUIREMENTS, LONGEST = 5, 6, 160


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    importance: Importance


class Suggestions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    tasks: list[str]
    requirements: list[_Wish]


@cache
def _system() -> str:
    return (Path(__file__).parent / "suggest.md").read_text("utf-8").strip()


async def with_suggestions(profile: Profile, note: str, llm: Llm) -> Profile:
    """The profile with ideas, or as it was where the model gives none of use. Raises TransientError."""
    known = [f"title: {profile.title}", *(f"required: {r.text}" for r in profile.requirements), *(f"task: {task}" for task in profile.tasks)]
    shown = "\n".join(("Note:", f"1| {' '.join(note.split())}", "", "Known:", *known))
    try:
        said = Suggestions.model_validate((await llm.complete(Prompt("suggestions", _system(), shown, strict_schema(Suggestions)))).answer)
    except (RefusedByModel, ValidationError):
        return profile
    taken = {_folded(profile.title), *(_folded(r.text) for r in profile.requirements), *(_folded(task) for task in profile.tasks)}
    tasks = list(_fresh(said.tasks, taken))[:MOST_TASKS]
    importance = {_tidy(wish.text): wish.importance for wish in said.requirements}
    wishes = list(_fresh(importance, taken))[:MOST_REQUIREMENTS]
    first = 1 + max((int(r.id[1:]) for r in profile.requirements if r.id[1:].isdigit()), default=0)
    ideas = tuple(
        Requirement(id=f"r{i}", text=text, importance=importance[text], weight=importance[text].weight, suggested=True)
        for i, text in enumerate(wishes, start=first)
    )
    return profile.model_copy(update={"suggested_tasks": tuple(tasks), "requirements": (*profile.requirements, *ideas)})


def _fresh(texts: Iterable[str], taken: set[str]) -> Iterable[str]:
    """Those that say something new; what is given out is taken."""
    for text in map(_tidy, texts):
        if text and _folded(text) not in taken:
            taken.add(_folded(text))
            yield text


def _tidy(text: str) -> str:
    return " ".join("".join(c for c in text if c.isprintable()).split())[:LONGEST].rstrip(" .")


def _folded(text: str) -> str:
    return _tidy(text).casefold()
