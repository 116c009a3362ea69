"""What is kept how long, and what is left of a person who was erased."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import TransientError
from pipeline.model.document import Document
from pipeline.model.job import DriveItem, Periods, State
from tests.world import World, make_world


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


async def test_after_thirty_days_files_are_archived_and_still_open(world: World) -> None:
    job = await world.run(await world.submit())
    word, resume = await world.service.word("t", job.id), await world.service.resume("t", job.id)
    size = sum(path.stat().st_size for path in world.files())
    world.clock.time += timedelta(days=29)
    assert [r.archived for r in await world.retention().run()] == [0]
    world.clock.time += timedelta(days=2)
    assert (await world.retention().run())[0].archived == 7
    assert (await world.retention().run())[0].archived == 0, "once is enough"
    assert sum(path.stat().st_size for path in world.files()) < size
    assert (await world.service.word("t", job.id), await world.service.resume("t", job.id)) == (word, resume)
    assert (await world.run(await world.service.rewrite("t", "u", job.id, template="modern", language=""))).state == State.DONE


async def test_a_candidate_that_nobody_uses_is_erased_after_183_days_with_all_that_is_theirs(world: World) -> None:
    job = await world.run(await world.submit(conversation=world.conversation()))
    world.clock.time += timedelta(days=182)
    assert (await world.retention().run())[0].candidates == 0
    await world.service.word("t", job.id)  # somebody works with it: the time begins anew
    world.clock.time += timedelta(days=182)
    assert (await world.retention().run())[0].candidates == 0
    world.seen.clear()
    world.clock.time += timedelta(days=2)
    report = (await world.retention().run())[0]
    assert (report.candidates, report.cvs, report.files) == (1, 1, 1)
    assert world.files() == []
    assert [(j.id, (await world.service.job("t", j.id)).state) for j in world.seen] == [(job.id, State.DELETED)], "its card will say so"
    stored = b"".join([record.value for table in await world.records.tables() for record in await world.records.all(table, "t")])
    for word in (b"Yilmaz", b"cv.pdf", b"DATEV"):
        assert word not in stored
    assert (await world.retention().run())[0].candidates == 0


async def test_a_rejection_starts_the_time_and_the_candidate_goes(world: World) -> None:
    job = await world.run(await world.submit())
    candidate = await world.service.candidates.of_job(job)
    world.clock.time += timedelta(days=100)
    gone = await world.service.reject(candidate)
    assert gone == world.clock.time + timedelta(days=183)
    world.clock.time += timedelta(days=182)
    assert (await world.retention().run())[0].candidates == 0
    world.clock.time += timedelta(days=1, seconds=1)
    assert (await world.retention().run())[0].candidates == 1


async def test_each_tenant_has_its_own_periods(world: World) -> None:
    for tenant in ("t", "quick"):
        await world.run(await world.submit(tenant=tenant))
    retention = world.retention()
    await world.service.set_periods("quick", Periods(candidate_days=10))
    quick = (await world.service.candidates.all("quick"))[0]
    assert await world.service.reject(quick) == world.clock.time + timedelta(days=10)
    world.clock.time += timedelta(days=11)
    assert {r.tenant: r.candidates for r in await retention.run()} == {"t": 0, "quick": 1}


async def test_what_failed_or_was_cancelled_goes_too(world: World) -> None:
    world.reader.faults = [ValueError("x")]
    await world.run(await world.submit())
    await world.service.cancel("t", "u", (await world.submit()).id)
    world.clock.time += timedelta(days=184)
    assert (await world.retention().run())[0].cvs == 2
    assert world.files() == []
    world.clock.time += timedelta(days=184)
    assert (await world.retention().run())[0].records == 2, "what is left of the record goes with the log"
    assert await world.records.all("jobs", "t") == []


async def test_events_are_pseudonymous_and_their_key_goes_with_the_candidate(world: World) -> None:
    job = await world.run(await world.submit())
    events = world.service.events
    assert [e.what for e in await events.of("t")] == ["cv.converted"]
    pseudonym = await events.pseudonym("t", job.candidate)
    assert (await events.of("t"))[0].candidate == pseudonym != job.candidate
    await world.service.erase_candidate("t", job.candidate)
    assert await world.records.all("keys", "t") == []
    assert await events.pseudonym("t", job.candidate) != pseudonym, "nobody can tell any more who it was"
    assert (await events.of("t"))[0].candidate == pseudonym, "the event itself stays"
    world.clock.time += timedelta(days=182)
    assert (await world.retention().run())[0].events == 0
    world.clock.time += timedelta(days=2)
    assert (await world.retention().run())[0].events == 1


async def test_a_repeated_attempt_notes_its_event_once(world: World) -> None:
    job = await world.submit()

    async def die(current: object) -> None:
        if current.state == State.DONE:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await world.runner.run("t", job.id, die)
    await world.service.events.note("t", "cv.converted", (await world.service.job("t", job.id)).candidate, at=job.begun, job=job.id)
    assert len(await world.service.events.of("t")) == 1


@pytest.mark.parametrize("after", range(1, 40, 3))
async def test_killed_at_any_call_the_next_run_does_it_to_its_end(world: World, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    for _ in range(2):
        await world.run(await world.submit())
    world.clock.time += timedelta(days=184)
    calls = 0

    def killing(kind: type, name: str) -> None:
        real = getattr(kind, name)

        async def wrapped(*args: object, **kwargs: object) -> object:
            nonlocal calls
            calls += 1
            if calls == after:
                raise asyncio.CancelledError
            return await real(*args, **kwargs)

        monkeypatch.setattr(kind, name, wrapped)

    for kind, names in ((type(world.records), ("put", "delete")), (type(world.storage.blobs), ("delete",))):
        for name in names:
            killing(kind, name)
    with contextlib.suppress(asyncio.CancelledError):
        await world.retention().run()
    calls = 10_000
    await world.retention().run()
    assert world.files() == []
    assert await world.records.all("candidates", "t") == []
    assert {(await world.service.job("t", r.key)).state for r in await world.records.all("jobs", "t")} == {State.DELETED}
    assert await world.records.all("keys", "t") == await world.records.all("contents", "t") == []


async def test_it_runs_once_a_day_in_one_of_all_processes_and_leaves_a_report(world: World) -> None:
    await world.run(await world.submit())
    world.clock.time += timedelta(days=184)
    reports = await asyncio.gather(*(world.retention().run_if_due() for _ in range(4)))
    assert sum(bool(r) for r in reports) == 1
    assert await world.retention().run_if_due() == []
    world.clock.time += timedelta(days=1, seconds=1)
    assert await world.retention().run_if_due()
    assert len(await world.records.all("reports", "t")) == 1, "a day on which nothing was due has none"


async def test_a_drive_that_fails_for_one_tenant_keeps_nobody_elses_data(world: World) -> None:
    jobs = {tenant: await world.run(await world.submit(tenant=tenant)) for tenant in ("a", "b")}
    world.clock.time += timedelta(days=200)
    real = world.runner.drive.delete

    async def failing(tenant: str, item: DriveItem) -> bool:
        if tenant == "a":
            raise TransientError("Graph: status 503")
        return await real(tenant, item)

    world.runner.drive.delete = failing
    with pytest.raises(TransientError):
        await world.retention().run()
    assert (await world.service.job("b", jobs["b"].id)).state == State.DELETED
    world.runner.drive.delete = real
    await world.retention().run()
    assert (await world.service.job("a", jobs["a"].id)).state == State.DELETED, "it is tried again"
