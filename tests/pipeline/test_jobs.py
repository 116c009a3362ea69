"""Jobs: idempotent, resumable, honest about failures; the candidate's data goes when it is deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.conversion import Tools
from pipeline.errors import Busy, TransientError, UserError
from pipeline.jobs import MAX_ATTEMPTS, ONCE_MORE_SECONDS
from pipeline.model.document import Document
from pipeline.model.job import Job, Source, State, Step
from pipeline.service import Defaults, Submission
from tests.world import World, make_world


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


async def test_a_job_goes_through_its_steps_to_a_result(world: World) -> None:
    done = await world.run(await world.submit())
    assert done.state == State.DONE
    assert [j.step for j in world.seen] == [Step.RECEIVED, Step.READING, Step.STRUCTURING, Step.CHECKING, Step.WRITING, Step.SAVED]
    assert (done.result.candidate, done.result.position) == ("Deniz Yilmaz", "Lohnbuchhalter, Rheinkontor Steuerberatung PartG mbB")
    name, data = await world.service.word("t", done.id)
    assert name == "CV Deniz Yilmaz.docx"
    assert data[:2] == b"PK"


async def test_the_same_key_is_the_same_job(world: World) -> None:
    first, new = await world.service.submit(Submission("t", "u", Source(name="a.pdf", url="https://x"), key="chat/1/0"))
    again, newer = await world.service.submit(Submission("t", "u", Source(name="a.pdf", url="https://y"), key="chat/1/0"))
    other, _ = await world.service.submit(Submission("t2", "u", Source(name="a.pdf"), key="chat/1/0"))
    assert (first.id, new, newer) == (again.id, True, False)
    assert other.id != first.id


async def test_the_link_is_fetched_once_and_forgotten(world: World) -> None:
    job = await world.submit(data=None, source=Source(name="cv.pdf", url="https://x.sharepoint.com/secret"))
    done = await world.run(job)
    assert done.source.url == ""
    assert world.incoming.calls == 1
    assert b"secret" not in (await world.records.get("jobs", "t", job.id)).value


@pytest.mark.parametrize("crash_at", [Step.READING, Step.STRUCTURING, Step.CHECKING, Step.WRITING, Step.SAVED])
async def test_a_crash_resumes_where_it_was(world: World, crash_at: Step) -> None:
    job = await world.submit()

    async def crash(current: Job) -> None:
        if current.step == crash_at and current.state != State.DONE:
            raise asyncio.CancelledError

    if crash_at != Step.SAVED:
        with pytest.raises(asyncio.CancelledError):
            await world.runner.run("t", job.id, crash)
        assert await world.run(job) is None, "its lease still runs"
        world.clock.time += timedelta(seconds=world.runner.lease + 1)
    done = await world.run(job)
    assert done.state == State.DONE
    assert world.reader.calls == 1
    assert len(list((world.root / "blobs").rglob("word"))) == 1


async def test_two_workers_one_result(world: World) -> None:
    job = await world.submit()
    results = await asyncio.gather(*(world.run(job) for _ in range(4)))
    assert sum(r is not None for r in results) == 1


async def test_a_frozen_worker_that_wakes_up_late_loses(world: World) -> None:
    job = await world.submit()

    async def freeze(current: Job) -> None:
        if current.step == Step.STRUCTURING and world.reader.calls == 1:
            world.clock.time += timedelta(seconds=world.runner.lease + 1)
            world.reader.calls += 1
            assert (await world.run(job)).state == State.DONE

    assert (await world.runner.run("t", job.id, freeze)).job is None
    assert len(list((world.root / "blobs").rglob("word"))) == 1


async def test_a_passing_fault_is_tried_again_later(world: World) -> None:
    world.reader.faults = [TransientError("x", retry_after=5)]
    job = await world.submit()
    outcome = await world.wakeup(job)
    assert (outcome.job.state, outcome.again) == (State.QUEUED, 5)
    assert (await world.wakeup(job)).again == pytest.approx(5.5), "not before its time"
    world.clock.time += timedelta(seconds=6)
    assert (await world.run(job)).state == State.DONE


async def test_after_five_attempts_the_card_is_honest_and_the_wake_up_a_dead_letter(world: World) -> None:
    world.reader.faults = [TransientError("x") for _ in range(9)]
    job = await world.submit()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        outcome = await world.wakeup(job)
        assert outcome.dead == (attempt == MAX_ATTEMPTS)
        world.clock.time += timedelta(minutes=2)
    assert (outcome.job.state, outcome.job.problem.key, outcome.job.problem.retry) == (State.FAILED, "unavailable", True)
    assert world.reader.calls == MAX_ATTEMPTS
    assert await world.run(job) is None


async def test_waiting_for_room_is_no_attempt(world: World) -> None:
    world.reader.faults = [Busy("full", retry_after=5) for _ in range(MAX_ATTEMPTS + 2)]
    job = await world.submit()
    for _ in range(MAX_ATTEMPTS + 2):
        outcome = await world.wakeup(job)
        assert (outcome.job.state, outcome.again, outcome.job.attempts) == (State.QUEUED, 5, 0)
        world.clock.time += timedelta(seconds=6)
    assert (await world.run(job)).state == State.DONE


async def test_a_worker_that_always_dies_does_not_loop_for_ever(world: World) -> None:
    job = await world.submit()

    async def die(_: Job) -> None:
        raise asyncio.CancelledError

    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(asyncio.CancelledError):
            await world.runner.run("t", job.id, die)
        world.clock.time += timedelta(seconds=world.runner.lease + 1)
    outcome = await world.wakeup(job)
    assert (outcome.job.problem.key, outcome.dead) == ("gave_up", True)


async def failing(world: World, error: Exception) -> Job:
    """A job that fails of the same for the second time."""
    world.reader.faults = [error, error]
    job = await world.submit()
    assert (await world.run(job)).state == State.QUEUED
    world.clock.time += timedelta(seconds=ONCE_MORE_SECONDS + 1)
    return await world.run(job)


async def test_what_fails_for_no_known_reason_and_does_not_come_again_is_no_failure(world: World) -> None:
    world.reader.faults = [AttributeError("a race in a library")]
    job = await world.submit()
    assert (await world.run(job)).state == State.QUEUED
    assert (await world.wakeup(job)).again > 0, "not at once"
    world.clock.time += timedelta(seconds=ONCE_MORE_SECONDS + 1)
    assert (await world.run(job)).state == State.DONE


async def test_a_bug_has_a_reference_number_and_no_personal_data_in_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    from bot.logs import JsonFormatter

    failed = await failing(world, ValueError("geheimer Inhalt von Deniz"))
    assert failed.problem.key == "bug"
    line = JsonFormatter().format(next(r for r in caplog.records if failed.problem.reference in r.getMessage()))
    assert "ValueError" in line
    assert "geheim" not in line


async def test_a_failed_job_can_be_tried_again_by_its_owner_only(world: World) -> None:
    failed = await failing(world, ValueError("x"))
    with pytest.raises(UserError):
        await world.service.retry("t", "somebody", failed.id)
    queued = await world.service.retry("t", "u", failed.id)
    again = await world.service.retry("t", "u", failed.id)
    assert (queued.state, again.state) == (State.QUEUED, State.QUEUED)
    assert (await world.run(queued)).state == State.DONE


async def test_the_sweeper_wakes_what_nobody_works_on(world: World) -> None:
    waiting, silent = await world.submit(), await world.submit()
    for _ in range(2):  # both wake-ups are lost
        await world.queue.delete(await world.queue.receive(lease=1))

    async def die(_: Job) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await world.runner.run("t", silent.id, die)
    assert await world.runner.sweep(world.notify) == 0, "not yet"
    world.clock.time += timedelta(seconds=Defaults().first_look + 1)
    assert await world.runner.sweep(world.notify) == 2
    await world.work()
    assert {(await world.service.job("t", job.id)).state for job in (waiting, silent)} == {State.DONE}
    world.clock.time += timedelta(hours=1)
    assert await world.runner.sweep(world.notify) == 0, "nobody waits for a card: done is done"


async def test_two_sweepers_wake_once(world: World) -> None:
    await world.submit()
    await world.queue.delete(await world.queue.receive(lease=1))
    world.clock.time += timedelta(seconds=Defaults().first_look + 1)
    assert sum(await asyncio.gather(*(world.runner.sweep(world.notify) for _ in range(4)))) == 1
    assert await world.queue.receive(lease=1)
    assert await world.queue.receive(lease=1) is None


async def test_a_card_that_did_not_arrive_is_shown_again(world: World) -> None:
    job = await world.submit(conversation=world.conversation())
    await world.run(job)
    world.seen.clear()
    world.clock.time += timedelta(minutes=2)
    await world.runner.sweep(world.notify)
    assert [(seen.id, seen.state) for seen in world.seen] == [(job.id, State.DONE)]
    assert await world.service.settle(world.seen[0])
    world.clock.time += timedelta(days=1)
    assert await world.runner.sweep(world.notify) == 0


async def test_what_was_killed_before_its_record_was_never_sent_in(world: World) -> None:
    await world.service.store.mark_open("t", "f" * 32, seconds=1)
    world.clock.time += timedelta(seconds=2)
    assert await world.runner.sweep(world.notify) == 1
    assert await world.service.store.open_ids("t") == []


async def test_shutdown_gives_a_running_job_back_without_counting_the_attempt(world: World) -> None:
    job = await world.submit()

    async def stop(current: Job) -> None:
        if current.step == Step.CHECKING:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await world.runner.run("t", job.id, stop)
    held = await world.service.job("t", job.id)
    await world.runner.release("t", job.id, "somebody else")
    assert (await world.service.job("t", job.id)).state == State.RUNNING, "only one's own"
    await world.runner.release("t", job.id, held.holder)
    back = await world.service.job("t", job.id)
    assert (back.state, back.attempts) == (State.QUEUED, 0)
    assert (await world.run(job)).state == State.DONE


async def test_deleting_a_candidate_erases_every_trace(world: World) -> None:
    jobs = [await world.run(await world.submit()) for _ in range(2)]
    candidate = (await world.service.candidates.find("t", "u", "yilmas"))[0]
    assert set(candidate.jobs) == {j.id for j in jobs}
    receipt = await world.service.erase_candidate("t", candidate.id)
    assert (receipt.cvs, receipt.files) == (2, 2)
    assert world.files() == []
    for job in jobs:
        record = (await world.records.get("jobs", "t", job.id)).value
        assert b"Yilmaz" not in record
        assert b"cv.pdf" not in record
    assert await world.service.erase_candidate("t", candidate.id) is None
    assert b"Yilmaz" not in b"".join(p.read_bytes() for p in world.root.glob("w.sqlite*")), "in the log of the storage neither"


async def test_a_job_deleted_while_it_runs_leaves_nothing(world: World) -> None:
    job = await world.submit()

    async def delete(current: Job) -> None:
        if current.step == Step.WRITING and current.state == State.RUNNING:
            await world.service.delete_job("t", "u", job.id)

    assert (await world.runner.run("t", job.id, delete)).job is None
    assert world.files() == []
    assert (await world.service.job("t", job.id)).state == State.DELETED


async def test_nobody_deletes_what_somebody_else_sent(world: World) -> None:
    done = await world.run(await world.submit())
    with pytest.raises(UserError):
        await world.service.delete_job("t", "somebody", done.id)
    assert not await world.service.begin_erasing("t", "somebody", done.result.candidate_id)
    assert await world.service.candidates.find("t", "somebody", "Yilmaz") == []
    with pytest.raises(UserError):
        await world.service.job("other-tenant", done.id)


@pytest.mark.parametrize("text", ["Yilmaz", "deniz yilmaz", "Deniz", "yilmas", "DENIZ YILMAZ"])
async def test_candidates_are_found_in_spite_of_typos(world: World, text: str) -> None:
    await world.run(await world.submit())
    assert [c.name for c in await world.service.candidates.find("t", "u", text)] == ["Deniz Yilmaz"]


@pytest.mark.parametrize("text", ["", "Brandt", "x"])
async def test_others_are_not_found(world: World, text: str) -> None:
    await world.run(await world.submit())
    assert await world.service.candidates.find("t", "u", text) == []


class DownScanner:
    async def check(self, data: bytes) -> None:
        raise TransientError("nobody there", key="scanner_down")


async def test_without_its_malware_scan_nothing_is_opened_and_the_card_says_so(world: World) -> None:
    world.runner = replace(world.runner, tools=Tools(world.reader, scan=DownScanner()))
    job = await world.submit()
    for _ in range(MAX_ATTEMPTS):
        job = await world.run(job)
        world.clock.time += timedelta(minutes=2)
    assert (job.state, job.problem.key, job.problem.retry) == (State.FAILED, "scanner_down", True)
    assert world.reader.calls == 0
