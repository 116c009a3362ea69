"""Jobs of messages whose files are not known yet, and those that wait for somebody's sign-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import SignInNeeded, UserError
from pipeline.model.document import Document
from pipeline.model.job import Job, Place, Source, State
from pipeline.model.person import Person
from pipeline.once import Once
from pipeline.store import JOBS
from tests.world import World, make_world

MESSAGE = "chats/19%3Ag/messages/1"


@dataclass
class Messages:
    """What messages hold; `faults` come first."""

    found: list[Source] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def files(self, message: str, person: Person) -> list[Source]:
        self.asked.append((message, person.channel_user))
        if self.faults:
            raise self.faults.pop(0)
        return self.found


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


@pytest.fixture
def messages(world: World) -> Messages:
    made = Messages([Source(name="cv.pdf", share="https://contoso.sharepoint.com/cv.pdf")])
    world.runner = replace(world.runner, messages=made)
    return made


async def mentioned(world: World, **changes: object) -> Job:
    where = world.conversation("19:g").model_copy(update={"place": Place.GROUP})
    return await world.submit(source=Source(name="Lebenslauf", message=MESSAGE), data=None, conversation=where, **changes)


async def test_one_file_is_the_jobs_own(world: World, messages: Messages) -> None:
    job = await mentioned(world)
    done = await world.run(job)
    assert (done.id, done.state) == (job.id, State.DONE)
    assert done.source == Source(name="cv.pdf", size=len(world.incoming.data)), "neither message nor address is kept"
    assert messages.asked == [(MESSAGE, "29:u")]


async def test_several_become_a_batch_however_often_the_work_begins_anew(world: World, messages: Messages) -> None:
    messages.found = [Source(name=f"{i}.pdf", share=f"https://contoso.sharepoint.com/{i}.pdf") for i in range(3)]
    job = await mentioned(world)
    done = await world.run(job)
    batch = await world.service.batches.get("t", done.batch)
    first = {one.id for one in await world.service.batches.jobs(batch)}
    assert len(first) == 3
    record = await world.records.get(JOBS, "t", job.id)
    await world.service.store.change(JOBS, "t", job.id, Job, lambda _: job)  # killed before its end was written
    assert record
    await world.run(job)
    assert {one.id for one in await world.service.batches.jobs(batch)} == first


@pytest.mark.parametrize(
    ("fault", "key", "retry"),
    [
        (SignInNeeded(), "sign_in_needed", True),
        (UserError("message_forbidden"), "message_forbidden", True),
        (UserError("message_gone"), "message_gone", False),
    ],
)
async def test_why_a_message_cannot_be_read(world: World, messages: Messages, fault: UserError, key: str, retry: bool) -> None:
    messages.faults = [fault]
    failed = await world.run(await mentioned(world))
    assert (failed.state, failed.problem.key, failed.problem.retry) == (State.FAILED, key, retry)


async def test_a_message_without_files(world: World, messages: Messages) -> None:
    messages.found = []
    assert (await world.run(await mentioned(world))).problem.key == "no_file_in_message"


async def test_where_nobody_can_sign_in(world: World) -> None:
    assert (await world.run(await mentioned(world))).problem.key == "chats_off"


async def test_signing_in_puts_back_what_waited_for_it_and_nothing_else(world: World, messages: Messages) -> None:
    messages.faults = [SignInNeeded(), SignInNeeded(), UserError("message_gone")]
    waiting, of_another, gone = [await mentioned(world), await mentioned(world, user="v"), await mentioned(world)]
    for job in (waiting, of_another, gone):
        await world.run(job)
    back = await world.service.signed_in(Person(tenant="t", user="u", channel_user="29:u"))
    assert [job.id for job in back] == [waiting.id]
    assert (await world.run(back[0])).state == State.DONE
    assert await world.service.signed_in(Person(tenant="t", user="u")) == []


async def test_only_its_sender_shows_it_to_all_and_only_when_it_is_there(world: World, messages: Messages) -> None:
    job = await mentioned(world)
    assert not (await world.service.reveal("t", "u", job.id)).revealed
    await world.run(job)
    with pytest.raises(UserError, match="not_yours"):
        await world.service.reveal("t", "v", job.id)
    assert (await world.service.reveal("t", "u", job.id)).revealed
    assert job.id in await world.service.store.open_ids("t"), "its card is drawn even if this process dies now"


async def test_what_arrives_several_times_is_done_once(world: World) -> None:
    once = Once(world.service.store)
    assert [await once.first("t", "exchange", "u", "1", seconds=10) for _ in range(3)] == [True, False, False]
    assert await once.first("t", "exchange", "v", "1", seconds=10)
    await once.done("t", "exchange", "u", "1", outcome="consent")
    assert await once.outcome("t", "exchange", "u", "1") == "consent"
    world.clock.time += timedelta(minutes=1)
    assert not await once.first("t", "exchange", "u", "1", seconds=10), "it has been done"
    assert await once.first("t", "exchange", "v", "1", seconds=10), "who was at it has fallen silent"
    await once.done("t", "exchange", "v", "1", outcome="")
    assert await once.first("t", "exchange", "v", "1", seconds=10)
    world.clock.time += timedelta(days=2)
    await world.submit()
    await world.retention().run()
    assert await world.records.all("once", "t") == []
