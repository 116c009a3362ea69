"""From a note of one line a model may suggest tasks and requirements; they count once a person takes them over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cards.actions import ConfirmProfile
from cards.i18n import catalogue
from cards.profile import profile_card
from dialogs.router import handle
from dialogs.services import Services
from dialogs.turn import Clicked, Event, Flow, TextSaid
from pipeline.adapters.local.directory import SameRoles
from pipeline.errors import TransientError
from pipeline.model.document import Document
from pipeline.model.job import State
from pipeline.model.profile import Profile
from pipeline.ports import Completion, Prompt, RefusedByModel
from tests.world import World, make_world

NOTE = "neues Profil: Senior Java Entwickler, 5 Jahre, Kubernetes, München, ab März"
IDEAS = {
    "tasks": ["Entwicklung von Diensten", "Codereviews.", "Codereviews"],
    "requirements": [
        {"text": "Spring Boot", "importance": "must"},
        {"text": "kubernetes", "importance": "must"},
        {"text": "AWS\x07", "importance": "nice"},
    ],
}


@dataclass
class Ideas:
    said: dict[str, Any] = field(default_factory=lambda: IDEAS)
    fault: Exception | None = None
    name: str = "gpt-test"
    prompts: list[Prompt] = field(default_factory=list)

    async def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        if self.fault:
            raise self.fault
        return Completion(self.said, 1, 1, 0.0, self.name)

    async def close(self) -> None: ...


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


async def noted(world: World, llm: Ideas | None, note: str = NOTE) -> Profile:
    world.runner = replace(world.runner, tools=replace(world.runner.tools, llm=llm))
    services = Services(world.service, world.clock.now, SameRoles())
    turn = await handle(Event("1", world.conversation(), TextSaid(note)), Flow(), services)
    for job in turn.jobs:
        await world.service.wake(job)
    await world.work()
    job = await world.service.job("t", turn.jobs[0].id)
    assert job.state == State.DONE, job.problem
    return await world.service.profiles.get("t", job.id)


async def test_ideas_are_marked_say_something_new_and_do_not_count(world: World) -> None:
    llm = Ideas()
    profile = await noted(world, llm)
    assert profile.suggested_tasks == ("Entwicklung von Diensten", "Codereviews")
    assert [(r.text, r.importance.value) for r in profile.requirements if r.suggested] == [("Spring Boot", "must"), ("AWS", "nice")]
    assert all("Spring" not in r.text for r in profile.confirmed)
    assert len({r.id for r in profile.requirements}) == len(profile.requirements)
    assert "Java" in llm.prompts[0].user


async def test_a_person_takes_them_over(world: World) -> None:
    profile = await noted(world, Ideas())
    services = Services(world.service, world.clock.now, SameRoles())
    await handle(Event("2", world.conversation(), Clicked(ConfirmProfile(profile.id, str(profile.version)))), Flow(), services)
    taken = await world.service.profiles.get("t", profile.id)
    assert (taken.tasks, taken.suggested_tasks, taken.suggests) == (("Entwicklung von Diensten", "Codereviews"), (), False)
    assert {"Spring Boot", "AWS"} <= {r.text for r in taken.confirmed}


@pytest.mark.parametrize(
    "llm",
    [None, Ideas(said={"tasks": "x"}), Ideas(fault=RefusedByModel("no")), Ideas(fault=TransientError("down"))],
    ids=["none", "nonsense", "refused", "down"],
)
async def test_without_ideas_of_use_the_card_asks_for_what_is_missing(world: World, llm: Ideas | None) -> None:
    profile = await noted(world, llm)
    assert not profile.suggests
    assert (profile.place, [r.text for r in profile.requirements]) == ("München", ["5 Jahre Senior Java Entwickler", "Kubernetes"])
    card = str(profile_card(profile, catalogue("de"), word_url="http://x"))
    assert "Noch offen: Kunde, Umfang, Aufgaben." in card
    assert "Übernehmen" not in card


async def test_a_job_description_gets_no_ideas(world: World) -> None:
    llm = Ideas()
    await noted(world, llm, "neues Profil: # Stelle\n\n## Anforderungen\n\n- Kubernetes\n")
    assert not llm.prompts
