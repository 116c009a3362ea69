"""What goes wrong only when two do something at the same moment, or one dies in the middle of it."""

from __future__ import annotations

import asyncio
import gzip
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import Conflict, TransientError, UserError
from pipeline.model.document import Document
from pipeline.model.job import Job, Source, State, Step
from pipeline.service import Defaults, Submission
from pipeline.transfer import backup
from tests.conftest import sample
from tests.pipeline.test_batches import cvs, packed
from tests.world import World, make_world


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


async def test_of_many_one_may_post_a_first_card_until_its_time_is_over(world: World) -> None:
    assert sum(await asyncio.gather(*(world.service.may_post("t", "a" * 32) for _ in range(6)))) == 1
    world.clock.time += timedelta(seconds=world.service.posting_seconds * 1.5)
    assert await world.service.may_post("t", "a" * 32), "whoever had it was killed"


async def test_a_card_that_comes_too_late_does_not_take_the_place_of_another(world: World) -> None:
    job = await world.submit(conversation=world.conversation())
    assert await world.service.set_card("t", job.id, "m1")
    assert not await world.service.set_card("t", job.id, "m2")
    assert await world.service.set_card("t", job.id, "m3", known="m1"), "unless the old one is gone"
    assert (await world.service.job("t", job.id)).card == "m3"


async def test_a_mark_that_a_sweeper_took_away_during_a_slow_submission_is_made_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    store = world.service.store
    real = store.create

    async def slow(table: str, *args: Any) -> bool:
        if table == "jobs":
            world.clock.time += timedelta(seconds=Defaults().first_look + 1)
            await world.runner.sweep(world.notify)
        return await real(table, *args)

    monkeypatch.setattr(store, "create", slow)
    job, _ = await world.service.submit(Submission("t", "u", Source(name="cv.pdf"), data=sample("de-tabelle-yilmaz"), key="k"), start=False)
    assert await store.open_ids("t") == [job.id]


async def test_one_record_that_cannot_be_read_holds_nobody_up(world: World) -> None:
    await world.records.put("jobs", "t", "0" * 32, b'{"from": "a newer version"}', etag=None)
    await world.service.store.mark_open("t", "0" * 32, seconds=0)
    await world.records.put("open", "t", "1" * 32, b'{"other": 1}', etag=None)
    jobs = [await world.submit() for _ in range(2)]
    other = await world.submit(tenant="zz")
    while wakeup := await world.queue.receive(lease=1):
        await world.queue.delete(wakeup)
    world.clock.time += timedelta(minutes=2)
    await world.runner.sweep(world.notify)
    await world.work()
    states = [(await world.service.job(job.tenant, job.id)).state for job in (*jobs, other)]
    assert states == [State.DONE] * 3
    world.clock.time += timedelta(days=184)
    assert {report.tenant: report.candidates for report in await world.retention().run()} == {"t": 1, "zz": 1}


async def test_nothing_joins_a_candidate_that_is_being_erased(world: World) -> None:
    first = await world.run(await world.submit())
    await world.service.candidates.erasing("t", first.candidate)  # killed right after this
    second = await world.run(await world.submit())
    assert second.candidate != first.candidate
    assert second.result.version == 1
    world.clock.time += timedelta(days=1)
    await world.retention().run()
    assert (await world.service.job("t", first.id)).state == State.DELETED
    assert (await world.service.job("t", second.id)).state == State.DONE


async def test_a_cv_that_comes_while_its_candidate_is_erased_is_erased_or_belongs_to_somebody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await world.run(await world.submit())
    real, late = world.service.erase, []

    async def meanwhile(job: Job) -> Any:
        if not late:
            late.append(await world.run(await world.submit(user="colleague")))
        return await real(job)

    monkeypatch.setattr(world.service, "erase", meanwhile)
    await world.service.erase_candidate("t", first.candidate)
    kept = await world.service.job("t", late[0].id)
    owners = [c.id for c in await world.service.candidates.all("t") if kept.id in c.jobs]
    assert kept.state == State.DELETED or owners == [kept.candidate]


async def test_a_candidate_used_since_is_not_erased_by_time(world: World) -> None:
    first = await world.run(await world.submit())
    before = world.clock.time
    world.clock.time += timedelta(seconds=1)
    await world.run(await world.submit())
    assert await world.service.erase_candidate("t", first.candidate, before=before) is None
    assert (await world.service.job("t", first.id)).state == State.DONE


@pytest.mark.parametrize("step", [Step.STRUCTURING, Step.WRITING])
async def test_what_a_dying_worker_wrote_after_the_erasure_goes(world: World, step: Step) -> None:
    job = await world.submit()

    async def erased_and_killed(current: Job) -> None:
        if current.step == step and current.state == State.RUNNING:
            await world.service.delete_job("t", "u", job.id)
            await world.storage.blobs.put(f"t/{job.id}/{step.value}", b"Deniz Yilmaz")
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await world.runner.run("t", job.id, erased_and_killed)
    assert world.files() == []
    await world.storage.blobs.put(f"t/{job.id}/late", b"Deniz Yilmaz")  # as if it had been killed before it could clear up
    await world.retention().run()
    assert world.files() == []


async def test_a_cv_deleted_while_its_word_file_is_saved_leaves_no_candidate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = await world.submit()
    drive = type(world.runner.drive)
    real = drive.save

    async def save(self: Any, *args: Any, **kwargs: Any) -> Any:
        item = await real(self, *args, **kwargs)
        monkeypatch.setattr(drive, "save", real)
        await world.service.delete_job("t", "u", job.id)
        return item

    monkeypatch.setattr(drive, "save", save)
    assert (await world.wakeup(job)).job is None
    assert await world.service.candidates.all("t") == []
    assert world.files() == []


async def test_an_erased_member_does_not_come_back_when_its_zip_is_unpacked_again(world: World) -> None:
    job = await world.submit(data=packed(cvs(2)))
    real = world.service.submit
    count = 0

    async def failing(submission: Submission, **options: Any) -> Any:
        nonlocal count
        count += 1
        if count == 2:
            first = (await world.service.batches.jobs(await world.service.batches.open("t", "u", job.id)))[0]
            await world.service.delete_job("t", "u", first.id)
            raise TransientError("storage", retry_after=1)
        return await real(submission, **options)

    world.service.submit = failing  # type: ignore[method-assign]
    await world.run(job)
    world.clock.time += timedelta(seconds=5)
    assert (await world.run(job)).state == State.DONE
    batch = await world.service.batches.get("t", (await world.service.job("t", job.id)).batch)
    gone = next(j for j in await world.service.batches.jobs(batch) if j.state == State.DELETED)
    assert not [path for path in world.files() if gone.id in str(path)]


async def test_a_hiccup_after_unpacking_does_not_undo_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = await world.submit(data=packed(cvs(2)))

    async def down(*_: Any, **__: Any) -> None:
        raise TransientError("storage")

    monkeypatch.setattr(world.service.store, "unlist", down)
    assert (await world.run(job)).state == State.DONE
    assert (await world.service.job("t", job.id)).state == State.DONE


async def test_a_cancelled_zip_keeps_no_copy_of_the_cvs(world: World) -> None:
    job = await world.submit(data=packed(cvs(3)))

    async def cancel(current: Job) -> None:
        if current.archive and current.state == State.RUNNING:
            await world.service.cancel("t", "u", job.id)

    await world.runner.run("t", job.id, cancel)
    assert not [path for path in world.files() if job.id in str(path)]
    again = await world.run(await world.service.retry("t", "u", job.id))
    assert (again.state, again.problem.key) == (State.FAILED, "link_expired")


async def test_cancelling_a_rewrite_keeps_the_cv_and_its_file(world: World) -> None:
    done = await world.run(await world.submit())
    queued = await world.service.rewrite("t", "u", done.id, template="modern", language="en")

    async def cancel(current: Job) -> None:
        if current.step == Step.WRITING and current.state == State.RUNNING:
            await world.service.cancel("t", "u", done.id)

    await world.runner.run("t", queued.id, cancel)
    assert (await world.service.job("t", done.id)).state == State.DONE
    assert (await world.service.word("t", done.id))[1][:2] == b"PK"


async def test_a_result_in_another_template_by_now_is_not_taken_for_known(world: World) -> None:
    data = sample("de-tabelle-yilmaz")
    first = await world.run(await world.submit(data=data))
    await world.run(await world.service.rewrite("t", "u", first.id, template="modern", language="en"))
    other = await world.run(await world.submit(data=data))
    assert (other.same_as, other.template) == ("", "classic")


async def test_waiting_for_the_same_file_gets_rarer_and_disturbs_nobody(world: World) -> None:
    data = sample("de-tabelle-yilmaz")
    first, again = await world.submit(data=data), await world.submit(data=data)
    waits: list[float] = []

    async def meanwhile(current: Job) -> None:
        if current.step == Step.STRUCTURING and not waits:
            seen = len(world.seen)
            for _ in range(4):
                outcome = await world.wakeup(again)
                waits.append(outcome.again)
                world.clock.time += timedelta(seconds=outcome.again + 0.5)
                await world.service.store.change("jobs", "t", first.id, Job, lambda job: job.model_copy(update={"lease_until": world.clock.time}))
            assert len([job for job in world.seen[seen:] if job.state == State.QUEUED]) == 0

    await world.runner.run("t", first.id, meanwhile)
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


async def test_who_is_erased_in_the_middle_of_a_backup_is_not_in_it(world: World, tmp_path: Path) -> None:
    job = await world.run(await world.submit())
    await world.run(await world.submit(tenant="zz"))

    def erase_then(kind: str, count: int) -> None:
        if kind == "blobs" and count == 3:
            tasks.append(asyncio.get_running_loop().create_task(world.service.erase_candidate("t", job.candidate)))

    tasks: list[Any] = []
    real = world.storage.blobs.get

    async def slowly(name: str) -> bytes | None:
        await asyncio.sleep(0.02)
        return await real(name)

    world.storage.blobs.get = slowly
    await backup(world.storage, tmp_path / "b.zip", erase_then)
    assert await tasks[0]
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        names = archive.namelist()
        assert not [name for name in names if job.id in name and name.startswith("blobs/")]
        assert b"Yilmaz" not in b"".join(archive.read(name) for name in names if "/t/" in name)
        assert [name for name in names if name.startswith("blobs/zz/")]


@pytest.mark.parametrize("what", ["erased", "written"])
async def test_archiving_does_not_bring_back_what_changed_meanwhile(world: World, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    blobs = world.storage.blobs
    await blobs.put("t/x/word", b"old")
    path = next(p for p in world.files() if p.name == "word")
    real = gzip.compress

    def meanwhile(data: bytes, **options: Any) -> bytes:
        path.unlink()
        if what == "written":
            path.write_bytes(b"new")
        return real(data, **options)

    monkeypatch.setattr("pipeline.adapters.local.files.gzip.compress", meanwhile)
    assert await blobs.archive("t/x/word") is False
    assert await blobs.get("t/x/word") == (b"new" if what == "written" else None)


async def test_commands_live_with_a_list_entry_without_its_job(world: World) -> None:
    job = await world.submit()
    await world.records.delete("jobs", "t", job.id)
    assert await world.service.open_jobs("t", "u") == []
    assert await world.service.jobs_of("t", "u") == []
    with pytest.raises(UserError):
        await world.service.job("t", job.id)


async def test_many_that_write_the_same_candidate_use_up_no_attempts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another was quicker each time: nothing has failed, and after a while the job goes on."""
    real, times = world.records.put, iter(range(100))

    async def contended(table: str, *args: Any, **options: Any) -> str:
        if table == "candidates" and next(times) < 8 * 12:
            raise Conflict(table)
        return await real(table, *args, **options)

    monkeypatch.setattr(world.records, "put", contended)
    job = await world.submit()
    for _ in range(8):
        waiting = await world.run(job)
        assert (waiting.state, waiting.problem) == (State.QUEUED, None)
        world.clock.time = waiting.wake_at + timedelta(seconds=1)
    assert (await world.run(job)).state == State.DONE


async def test_a_cv_cancelled_while_its_word_file_is_saved_leaves_nothing_of_the_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = await world.submit()
    drive = type(world.runner.drive)
    real = drive.save

    async def save(self: Any, *args: Any, **kwargs: Any) -> Any:
        item = await real(self, *args, **kwargs)
        await world.service.cancel("t", "u", job.id)
        return item

    monkeypatch.setattr(drive, "save", save)
    await world.wakeup(job)
    assert (await world.service.job("t", job.id)).state == State.CANCELLED
    assert not [path for path in world.files() if path.name == "word"]
    assert await world.service.candidates.all("t") == []
    assert await world.records.all("facts", "t") == []


async def test_a_file_that_was_on_its_way_when_it_was_cancelled_is_taken_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.runner = replace(world.runner, lease=0.3)
    job = await world.submit()
    drive, arrived = type(world.runner.drive), asyncio.Event()
    real = drive.save

    async def slow(self: Any, *args: Any, **kwargs: Any) -> Any:
        item = await real(self, *args, **kwargs)
        arrived.set()
        await asyncio.sleep(1)  # its answer takes a while
        return item

    monkeypatch.setattr(drive, "save", slow)
    running = asyncio.create_task(world.wakeup(job))
    await arrived.wait()
    await world.service.cancel("t", "u", job.id)
    await running
    assert not [path for path in world.files() if path.name == "word"]


async def test_a_version_that_could_not_be_saved_goes_with_its_candidate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await world.run(await world.submit()), await world.submit()

    async def full(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise UserError("drive_full")

    with monkeypatch.context() as patched:
        patched.setattr(type(world.runner.drive), "save", full)
        assert (await world.run(second)).state == State.FAILED
    [found] = await world.service.candidates.find("t", "u", "Yilmaz")
    assert (found.jobs, found.begun) == ((first.id,), (second.id,))
    assert (await world.service.erase_candidate("t", first.candidate)).cvs == 2
    assert world.files() == []


async def test_the_file_of_a_worker_that_was_killed_after_saving_goes_with_the_candidate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = await world.submit()
    drive = type(world.runner.drive)
    real, saved = drive.save, []

    async def killed(self: Any, *args: Any, **kwargs: Any) -> Any:
        saved.append(await real(self, *args, **kwargs))
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(drive, "save", killed)
        with pytest.raises(asyncio.CancelledError):
            await world.runner.run("t", job.id, world.notify)
    assert saved
    [found] = await world.service.candidates.find("t", "u", "Yilmaz", saved=False)
    receipt = await world.service.erase_candidate("t", found.id)
    assert (receipt.cvs, receipt.files) == (1, 1)
    assert world.files() == []


async def test_a_file_that_is_known_while_its_candidate_is_erased_is_worked_on_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    data = sample("de-tabelle-yilmaz")
    first, second = await world.run(await world.submit(data=data)), await world.submit(data=data)
    real = world.service.store.claim_content

    async def erased_meanwhile(job: Job) -> Job | None:
        before = await real(job)
        if before:
            await world.service.erase_candidate("t", first.candidate)
        return before

    monkeypatch.setattr(world.service.store, "claim_content", erased_meanwhile)
    done = await world.run(second)
    assert (done.state, done.same_as) == (State.DONE, "")
    assert [candidate.jobs for candidate in await world.service.candidates.all("t")] == [(second.id,)]


async def test_a_rewritten_cv_leaves_no_pointer_to_its_content(world: World) -> None:
    job = await world.run(await world.submit())
    await world.service.rewrite("t", "u", job.id, template="modern", language="en")
    await world.run(job)
    await world.service.erase_candidate("t", job.candidate)
    assert await world.records.all("contents", "t") == []


async def test_using_all_files_of_a_batch_or_the_data_of_one_is_a_use(world: World) -> None:
    batch = await world.service.batches.open("t", "u", "k")
    job = await world.run(await world.submit(batch=batch.id))
    for use in (lambda: world.service.all_words(batch), lambda: world.service.resume("t", job.id)):
        world.clock.time += timedelta(days=2)
        await use()
        assert (await world.service.candidates.all("t"))[0].used == world.clock.time
