"""Sentences about profiles and matches, as people write them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cards.i18n import catalogue
from dialogs import matching
from dialogs.services import Services
from dialogs.talk import Talk
from dialogs.turn import Event, Flow, ShowJob, TextSaid
from pipeline.adapters.local.directory import SameRoles
from pipeline.errors import UserError
from pipeline.model.document import Document
from pipeline.model.job import Kind, Source, State
from pipeline.model.profile import Importance, Profile, Requirement
from pipeline.service import Submission
from tests.world import World, make_world


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


async def talk(world: World, flow: str = "") -> Talk:
    services = Services(world.service, world.clock.now, SameRoles())
    return Talk(Event("e", world.conversation(), TextSaid("")), Flow(job=flow), services, catalogue("de"))


MATCHES = [
    "match to profile Java", "match Java", "please match to profile Java", "please match this CV to profile Java", "macth Java", "Mathc mit Profil Java", "bitte mit Profil Java abgleichen",
    "gleiche den Lebenslauf mit Profil Java ab", "Gleiche ihn bitte mit dem Profil Java ab", "abgleich Java", "Abgleichn mit Java", "vergleiche mit Profil Java", "can you match it to Java?",
    "mit Profil Java vergleichen", "kannst du den CV mit Java abgleichen", "match bitte Java",
]  # fmt: skip


@pytest.mark.parametrize("text", MATCHES)
async def test_a_match_is_asked_for_in_many_ways(world: World, text: str) -> None:
    """Of the CV of this conversation, whatever it is called."""
    job = await world.run(await world.submit())
    await world.service.profiles.add("t", "u", Profile(title="Java", requirements=(Requirement(id="r1", text="Java"),)))
    said = matching.meant(text, await talk(world, job.id))
    assert said.deed == "say.match"
    (shown,) = (await said.act()).replies
    assert isinstance(shown, ShowJob)
    assert (shown.job.kind, shown.job.about) == (Kind.MATCH, job.id)


@pytest.mark.parametrize("text", ["Match-Report bitte", "was kannst du", "status", "neues Profil: Java", "profile Java", "danke"])
async def test_what_is_no_match_is_none(world: World, text: str) -> None:
    said = matching.meant(text, await talk(world))
    assert said is None or said.deed != "say.match" or text.startswith("Match-")


async def test_of_two_people_of_one_name_it_is_asked_which(world: World) -> None:
    jobs = [await world.run(await world.submit()) for _ in range(2)]
    for number, job in enumerate(jobs):
        await world.service.candidates.remember(job, "Anna Beispiel", f"a{number}@x.example")
    await world.service.profiles.add("t", "u", Profile(title="Java", requirements=(Requirement(id="r1", text="Java"),)))
    turn = await matching.meant("match Anna Beispiel to profile Java", await talk(world)).act()
    assert catalogue("de")("match.which_cv") in str(turn.replies)


@pytest.mark.parametrize(
    ("text", "posting"),
    [("Profil", True), ("Stellenbeschreibung Java", True), ("new profile", True), ("Profil von Anna Müller", False), ("profile of Mr. Okafor", False), ("Profil von Frau Brandt", False), ("match to profile Java", False), ("", False)],
)  # fmt: skip
def test_somebodys_profile_is_a_cv(text: str, posting: bool) -> None:
    assert matching.means_profile(text) is posting


async def test_a_match_waits_for_its_cv(world: World) -> None:
    job = await world.submit()
    profile = await world.service.profiles.add("t", "u", Profile(title="Java", requirements=(Requirement(id="r1", text="AutoCAD"),)))
    asked = Submission(tenant="t", user="u", kind=Kind.MATCH, profile=profile.id, about=job.id, source=Source(name="x"))
    match, _ = await world.service.submit(asked)
    waits = await world.wakeup(match)
    assert (waits.job.state, waits.again) == (State.QUEUED, 2.0)
    await world.run(job)
    world.clock.time += timedelta(seconds=3)
    assert (await world.run(match)).state is State.DONE


FORM = {"text_r1": "Java", "importance_r1": "must", "weight_r1": "3", "years_r1": "5.0", "level_r1": "-"}


@pytest.mark.parametrize("wrong", [{"level_r1": "C9"}, {"importance_r1": "maybe"}, {"level_r1": "x" * 50}])
def test_a_value_that_no_form_offers_is_refused(wrong: dict[str, str]) -> None:
    known = Requirement(id="r1", text="Java", years=5)
    with pytest.raises(UserError, match="bad_requirement"):
        matching._edited(known, FORM | wrong)


def test_years_of_the_old_text_go_with_it() -> None:
    known = Requirement(id="r1", text="mindestens 5 Jahre Java", years=5)
    same = FORM | {"text_r1": known.text}
    assert matching._edited(known, same).years == 5
    assert matching._edited(known, same | {"text_r1": "mindestens 3 Jahre Java"}).years == 3
    assert matching._edited(known, same | {"text_r1": "Java"}).years == 0
    assert matching._edited(known, same | {"text_r1": "Java", "years_r1": "2"}).years == 2
    assert matching._edited(replace_importance(known), same).importance is Importance.MUST


def replace_importance(known: Requirement) -> Requirement:
    return known.model_copy(update={"importance": Importance.NICE})
