"""The same file is recognised; a changed CV of a known candidate is a new version that says what is new."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.check.compare import compare
from pipeline.errors import UserError
from pipeline.jobs import SAME_FILE_SECONDS
from pipeline.model.cv import Basics, Certificate, Cv, Education, Language, Period, Position, SkillGroup, Sourced
from pipeline.model.document import Document
from pipeline.model.job import Job, State, Step
from tests.conftest import sample
from tests.world import World, make_world

FILE = sample("de-tabelle-yilmaz")


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


async def test_the_same_file_has_the_result_of_before(world: World) -> None:
    first = await world.run(await world.submit(data=FILE))
    again = await world.run(await world.submit(data=FILE, user="colleague"))
    assert (again.state, again.same_as, again.result) == (State.DONE, first.id, None)
    assert world.reader.calls == 1
    assert (await world.service.shown("t", again.id)).result == first.result
    assert await world.service.word("t", again.id) == await world.service.word("t", first.id)
    assert await world.service.resume("t", again.id) == await world.service.resume("t", first.id)


@pytest.mark.parametrize("changes", [{"tenant": "other"}, {"template": "modern"}, {"language": "en"}])
async def test_another_tenant_template_or_language_is_another_result(world: World, changes: dict[str, str]) -> None:
    await world.run(await world.submit(data=FILE))
    assert (await world.run(await world.submit(data=FILE, **changes))).same_as == ""


async def test_on_request_it_is_made_afresh_and_then_stands_for_the_file(world: World) -> None:
    first = await world.run(await world.submit(data=FILE))
    again = await world.run(await world.submit(data=FILE))
    with pytest.raises(UserError):
        await world.service.fresh("t", "somebody", again.id)
    assert (await world.service.fresh("t", "u", first.id)).state == State.DONE, "it was never anything else"
    queued = await world.service.fresh("t", "u", again.id)
    assert (queued.state, (await world.service.fresh("t", "u", again.id)).state) == (State.QUEUED, State.QUEUED)
    made = await world.run(queued)
    assert (made.same_as, made.result.candidate) == ("", "Deniz Yilmaz")
    third = await world.run(await world.submit(data=FILE))
    assert third.same_as == made.id


async def test_the_same_file_twice_at_once_is_worked_on_once(world: World) -> None:
    first, again = await world.submit(data=FILE), await world.submit(data=FILE)
    seen: list[float | None] = []

    async def meanwhile(current: Job) -> None:
        if current.step == Step.STRUCTURING and not seen:
            outcome = await world.wakeup(again)
            seen.append(outcome.again)
            assert (outcome.job.state, outcome.job.attempts) == (State.QUEUED, 0)

    done = (await world.runner.run("t", first.id, meanwhile)).job
    assert (done.state, seen) == (State.DONE, [SAME_FILE_SECONDS])
    world.clock.time += timedelta(seconds=3)
    assert (await world.run(again)).same_as == first.id
    assert world.reader.calls == 1


async def test_who_waited_for_a_job_that_failed_does_the_work(world: World) -> None:
    first, again = await world.submit(data=FILE), await world.submit(data=FILE)
    world.reader.faults = [UserError("too_complex")]
    assert (await world.run(first)).state == State.FAILED
    done = await world.run(again)
    assert (done.state, done.same_as) == (State.DONE, "")
    assert (await world.run(await world.service.retry("t", "u", first.id))).same_as == again.id


async def test_a_deleted_result_is_not_offered_and_known_ones_say_so(world: World) -> None:
    first = await world.run(await world.submit(data=FILE))
    again = await world.run(await world.submit(data=FILE))
    await world.service.delete_job("t", "u", first.id)
    assert (await world.service.shown("t", again.id)).result is None
    with pytest.raises(UserError):
        await world.service.word("t", again.id)
    assert (await world.run(await world.submit(data=FILE))).result


async def test_erasing_a_candidate_takes_every_copy_of_the_file_along(world: World) -> None:
    first = await world.run(await world.submit(data=FILE))
    await world.run(await world.submit(data=FILE, user="colleague"))
    receipt = await world.service.erase_candidate("t", first.candidate)
    assert receipt.cvs == 2
    assert world.files() == []
    assert await world.service.jobs_of("t", "colleague") == []


async def test_a_changed_cv_is_a_new_version_and_says_what_is_new(world: World) -> None:
    first = await world.run(await world.submit())
    lines = world.reader.document.lines
    changed = tuple(replace(line, text=line.text.replace("DATEV", "SAP S/4HANA")) for line in lines)
    assert changed != lines
    world.reader.document = replace(world.reader.document, lines=changed)
    world.clock.time += timedelta(days=30)
    second = await world.run(await world.submit())
    assert (first.result.version, first.result.changes) == (1, ())
    assert second.result.version == 2
    assert second.candidate == first.candidate
    assert {c.kind for c in second.result.changes} >= {"skills_new", "skills_gone"}
    assert any("SAP S/4HANA" in c.text for c in second.result.changes if c.kind == "skills_new")


async def test_the_same_words_in_another_file_are_a_version_without_news(world: World) -> None:
    await world.run(await world.submit())
    second = await world.run(await world.submit())
    assert (second.result.version, second.result.changes) == (2, ())


def said(text: str) -> Sourced:
    return Sourced(text, (1,))


def position(title: str, company: str, start: str, end: str = "") -> Position:
    return Position(title=said(title), company=said(company), period=Period(start=said(start), end=said(end) if end else None))


BEFORE = Cv(
    "de",
    "rules",
    Basics(name=said("Eva Muster"), email=said("eva@example.com"), phone=said("+49 30 1")),
    positions=(position("Buchhalterin", "Rhein GmbH", "2019-01"), position("Sachbearbeiterin", "Main AG", "2015", "2018")),
    education=(Education(degree=said("Ausbildung Bürokauffrau"), institution=said("IHK Köln")),),
    certificates=(Certificate(name=said("Bilanzbuchhalterin IHK")),),
    skills=(SkillGroup(items=(said("DATEV"), said("Excel"))),),
    languages=(Language(name=said("Englisch"), level=said("B2")),),
)


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({}, []),
        ({"positions": (position("Teamleiterin", "Elbe SE", "2024-02"), *BEFORE.positions)}, ["position_new"]),
        ({"positions": (position("Buchhalterin", "Rhein GmbH", "2019-01", "2024-01"), BEFORE.positions[1])}, ["position_dates"]),
        ({"positions": (position("Buchhalterin", "Rhein-GmbH", "2019-01"), BEFORE.positions[1])}, []),
        ({"positions": BEFORE.positions[:1]}, ["position_gone"]),
        ({"skills": (SkillGroup(items=(said("datev"), said("SAP"))),)}, ["skills_new", "skills_gone"]),
        ({"skills": (SkillGroup(items=(said("Excel"),)), SkillGroup(items=(said("DATEV"),)))}, []),
        ({"languages": (Language(name=said("Englisch"), level=said("C1")),)}, ["languages_new", "languages_gone"]),
        ({"certificates": ()}, ["certificate_gone"]),
        ({"basics": replace(BEFORE.basics, email=said("eva@neu.example"), phone=None)}, ["email_changed"]),
    ],
)  # fmt: skip
def test_what_counts_as_news(change: dict[str, object], kinds: list[str]) -> None:
    assert [c.kind for c in compare(BEFORE, replace(BEFORE, **change))] == kinds


async def test_every_change_has_words_in_both_languages() -> None:
    from cards.i18n import catalogues

    kinds = {f"{kind}_{way}" for kind in ("position", "education", "certificate") for way in ("new", "dates", "gone")}
    kinds |= {f"{kind}_{way}" for kind in ("skills", "languages") for way in ("new", "gone")}
    kinds |= {f"{name}_changed" for name in ("name", "email", "phone", "address", "city")}
    assert all(set(texts.section("change")) == kinds for texts in catalogues().values())


async def test_a_second_run_never_takes_itself_for_known(world: World) -> None:
    first = await world.run(await world.submit(data=FILE))
    again: Job = await world.service.rewrite("t", "u", first.id, template="modern", language="")
    done = await world.run(again)
    assert (done.state, done.same_as, done.template) == (State.DONE, "", "modern")
