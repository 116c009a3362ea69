"""The worker's loop: wake-ups come back, are buried, or go; an empty queue costs little."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.worker import LONGEST_IDLE, Worker
from pipeline.errors import TransientError
from pipeline.jobs import MAX_ATTEMPTS
from pipeline.model.document import Document
from pipeline.model.job import Job, State
from tests.world import World, make_world


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        made.storage.queue._now = lambda: asyncio.get_running_loop().time()
        yield made


@pytest.fixture
async def begin(world: World) -> AsyncIterator[Callable[..., Worker]]:
    started: list[Worker] = []

    def made(**changes: Any) -> Worker:
        worker = Worker(world.runner, world.queue, lambda job: world.seen.append(job), **{"count": 2, "idle": 0.02, **changes})
        worker.start()
        started.append(worker)
        return worker

    yield made
    for worker in started:
        await worker.stop()


async def until(wanted: Callable[[], Any], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not wanted():
            await asyncio.sleep(0.01)


async def test_jobs_are_done_and_their_wake_ups_go(world: World, begin: Callable[..., Worker]) -> None:
    jobs = [await world.submit() for _ in range(5)]
    begin()
    await until(lambda: sum(job.state == State.DONE for job in world.seen) == len(jobs))
    await asyncio.sleep(0.05)
    world.storage.queue._now = lambda: 1e12
    assert await world.queue.receive(lease=1) is None


async def test_a_passing_fault_comes_back_by_the_same_wake_up(world: World, begin: Callable[..., Worker]) -> None:
    world.reader.faults = [TransientError("x", retry_after=0.1)]
    await world.submit()
    world.runner.clock.now = world.service.store.clock.now = _running_clock(world)
    begin()
    await until(lambda: world.seen and world.seen[-1].state == State.DONE)
    assert world.reader.calls == 2


def _running_clock(world: World) -> Callable[[], Any]:
    begun, loop = world.clock.time, asyncio.get_running_loop()
    first = loop.time()
    return lambda: begun + timedelta(seconds=loop.time() - first)


async def test_used_up_attempts_are_a_dead_letter(world: World, begin: Callable[..., Worker]) -> None:
    world.reader.faults = [TransientError("x", retry_after=0.01) for _ in range(9)]
    world.runner.clock.now = world.service.store.clock.now = _running_clock(world)
    job = await world.submit()
    begin()
    await until(lambda: world.seen and world.seen[-1].state == State.FAILED, 15)
    async with asyncio.timeout(5):
        while await world.queue.dead() != [f"t/{job.id}"]:
            await asyncio.sleep(0.02)


async def test_a_record_that_cannot_be_read_is_buried_and_the_rest_goes_on(world: World, begin: Callable[..., Worker]) -> None:
    world.runner = replace(world.runner, lease=0.05)
    await world.records.put("jobs", "t", "e" * 32, b'{"from": "a newer version"}', etag=None)
    await world.queue.send("t/" + "e" * 32)
    begin()
    async with asyncio.timeout(10):
        while await world.queue.dead() != ["t/" + "e" * 32]:
            await asyncio.sleep(0.02)
    await world.submit()
    await until(lambda: world.seen and world.seen[-1].state == State.DONE)


async def test_an_empty_queue_is_asked_ever_more_rarely_and_a_nudge_at_once(world: World, begin: Callable[..., Worker]) -> None:
    asked: list[float] = []
    real = world.queue.receive

    async def receive(*, lease: float) -> Any:
        asked.append(asyncio.get_running_loop().time())
        return await real(lease=lease)

    world.storage.queue.receive = receive
    worker = begin(idle=0.02)
    await asyncio.sleep(0.6)
    gaps = [b - a for a, b in pairwise(asked)]
    assert gaps == sorted(gaps, key=lambda gap: round(gap, 2))
    assert len(asked) < 10
    count = len(asked)
    worker.nudge()
    await until(lambda: len(asked) > count, 0.3)
    assert 60 / LONGEST_IDLE <= 15


async def test_a_storage_that_is_down_does_not_end_the_loop(world: World, begin: Callable[..., Worker]) -> None:
    real, down = world.queue.receive, [True]

    async def receive(*, lease: float) -> Any:
        if down[0]:
            raise TransientError("down")
        return await real(lease=lease)

    world.storage.queue.receive = receive
    worker = begin()
    await world.submit()
    await asyncio.sleep(0.2)
    await worker.alive()
    down[0] = False
    worker.nudge()
    await until(lambda: world.seen and world.seen[-1].state == State.DONE)


async def test_a_poisonous_job_ends_and_the_others_are_not_held_up(world: World, begin: Callable[..., Worker]) -> None:
    """Its process dies each time: here, its task is cancelled as by a kill."""
    poison = await world.submit()
    for _ in range(MAX_ATTEMPTS):

        async def die(_: Job) -> None:
            raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await world.runner.run("t", poison.id, die)
        world.clock.time += timedelta(seconds=world.runner.lease + 1)
    others = [await world.submit() for _ in range(3)]
    begin()
    await until(lambda: len({job.id for job in world.seen if job.state == State.DONE}) == len(others))
    await until(lambda: any(job.id == poison.id and job.state == State.FAILED for job in world.seen))


async def test_stopping_gives_back_what_runs(world: World, begin: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.worker.DRAIN_SECONDS", 0.1)
    reading = asyncio.Event()

    async def for_ever(pdf: bytes) -> Document:
        reading.set()
        await asyncio.sleep(60)
        raise AssertionError

    world.reader.read = for_ever
    job = await world.submit()
    worker = begin()
    await asyncio.wait_for(reading.wait(), 30)
    await worker.stop()
    back = await world.service.job("t", job.id)
    assert (back.state, back.attempts) == (State.QUEUED, 0)
    wakeup = await world.queue.receive(lease=1)
    assert wakeup.body == f"t/{job.id}", "at once, for another"
