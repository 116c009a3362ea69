"""Cards follow the record: drawn as it is now, settled when they have arrived, drawn again where that failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adapter import make_adapter
from bot.board import Board, Links
from bot.places import Places
from bot.sender import Sender
from bot.settings import Settings
from pipeline.adapters.local.files import FolderBlobs
from pipeline.errors import TransientError
from pipeline.model.document import Document
from pipeline.model.job import Job, Source, State
from tests.fakes import Connector
from tests.pipeline.test_batches import cvs, packed
from tests.world import World, make_world


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


def board(world: World, *, every: float = 0.02) -> Board:
    sender = Sender(make_adapter(Settings(), None), Places(world.records), pause=0.001, pace=0)
    return Board(
        sender, world.service, links=Links("http://127.0.0.1:1", world.clock.now), now=world.clock.now, templates=("classic", "modern"), every=every
    )


async def shown(made: Board, *jobs: Job) -> None:
    for job in jobs:
        made.show(job)
    await made.settle(timeout=30)


def place(world: World, connector: Connector, name: str = "chat") -> Any:
    return world.conversation(name).model_copy(update={"service_url": f"{connector.origin}/"})


async def test_the_last_card_settles_the_job(world: World, connector: Connector) -> None:
    job = await world.submit(conversation=place(world, connector))
    made = board(world)
    await shown(made, job)
    assert await world.service.store.open_ids("t") == [job.id]
    done = await world.run(job)
    await shown(made, done)
    assert [(s.method, s.message) for s in connector.sent] == [("POST", "m1"), ("PUT", "m1")]
    assert await world.service.store.open_ids("t") == []


async def test_what_did_not_arrive_stays_open_and_comes_later(world: World, connector: Connector) -> None:
    job = await world.submit(conversation=place(world, connector))
    done = await world.run(job)
    connector.faults = [(400, {})]
    await shown(board(world), done)
    assert connector.sent == []
    assert await world.service.store.open_ids("t") == [job.id]
    world.clock.time += timedelta(minutes=2)
    made = board(world)

    async def notify(one: Job) -> None:
        made.show(one)

    await world.runner.sweep(notify)
    await made.settle(timeout=30)
    assert "Lebenslauf fertig" in connector.sent[0].text
    assert await world.service.store.open_ids("t") == []


async def test_an_old_state_never_overwrites_a_newer_card(world: World, connector: Connector) -> None:
    job = await world.submit(conversation=place(world, connector))
    await world.run(job)
    await shown(board(world), job)  # as it was before
    assert "Lebenslauf fertig" in connector.sent[-1].text


async def test_a_job_that_changes_while_its_card_is_sent_is_drawn_again(world: World, connector: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    job = await world.submit(conversation=place(world, connector))
    done = await world.run(job)
    real = Sender.post

    async def slow(self: Sender, *args: Any) -> str:
        message = await real(self, *args)
        await world.service.delete_job("t", "u", job.id)
        return message

    monkeypatch.setattr(Sender, "post", slow)
    await shown(board(world), done)
    assert "Dieser Lebenslauf wurde gelöscht" in connector.sent[-1].text
    assert await world.service.store.open_ids("t") == []


async def test_a_card_that_another_overtook_is_withdrawn_and_the_other_shows_the_end(
    world: World, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = place(world, connector)
    job = await world.submit(conversation=where)
    done = await world.run(job)
    real = Sender.post

    async def overtaken(self: Sender, *args: Any) -> str:
        monkeypatch.setattr(Sender, "post", real)
        first = await self.post(where, board(world).card_of(job))  # a turn's, whose id was stored before its process was killed
        await world.service.set_card("t", job.id, first)
        return await real(self, *args)

    monkeypatch.setattr(Sender, "post", overtaken)
    await shown(board(world), done)
    last = {s.message: s.text for s in connector.sent}
    assert "Lebenslauf fertig" in last["m1"]
    assert "Lebenslauf fertig" not in last["m2"]
    assert await world.service.store.open_ids("t") == []


async def test_two_processes_draw_one_card_of_a_batch(world: World, connector: Connector) -> None:
    where = place(world, connector)
    batch = await world.service.batches.open("t", "u", "k", where)
    jobs = [await world.submit(batch=batch.id, conversation=where) for _ in range(5)]
    done = [await world.run(job) for job in jobs]
    boards = [board(world, every=0.01) for _ in range(3)]
    for made in boards:
        for job in done:
            made.show(job)
    world_time = asyncio.create_task(_ticking(world))
    await asyncio.gather(*(made.settle(timeout=30) for made in boards))
    world_time.cancel()
    assert len(connector.posts) == 1
    assert "5 Lebensläufe bearbeitet" in connector.sent[-1].text
    assert await world.service.store.open_ids("t") == []


async def _ticking(world: World) -> None:
    while True:
        await asyncio.sleep(0.005)
        world.clock.time += timedelta(seconds=1)


async def test_a_cv_of_a_batch_with_a_card_of_its_own_keeps_both_up_to_date(world: World, connector: Connector) -> None:
    where = place(world, connector)
    batch = await world.service.batches.open("t", "u", "k", where)
    jobs = [await world.submit(batch=batch.id, conversation=where) for _ in range(4)]
    done = [await world.run(job) for job in jobs]
    made = board(world, every=0.0)
    await shown(made, done[0])
    own = await made._sender.post(where, made.card_of(done[1]))
    await world.service.set_card("t", done[1].id, own)
    await world.service.delete_job("t", "u", done[1].id)
    world.clock.time += timedelta(minutes=1)
    await shown(made, done[1])
    last = {s.message: s.text for s in connector.sent}
    assert "Dieser Lebenslauf wurde gelöscht" in last[own]
    assert "1 gelöscht" in last["m1"]
    assert (await world.service.job("t", done[1].id)).state == State.DELETED


async def test_a_conversation_is_updated_no_more_often_than_allowed(world: World, connector: Connector) -> None:
    job = await world.submit(conversation=place(world, connector))
    made = board(world, every=0.2)
    begun = asyncio.get_running_loop().time()
    for _ in range(20):
        made.show(job)
        await asyncio.sleep(0.02)
    await made.settle(timeout=30)
    assert len(connector.sent) <= 2 + (asyncio.get_running_loop().time() - begun) / 0.2


@pytest.mark.parametrize("own", [(1, 2), (0, 1, 2)])
async def test_cards_of_their_own_of_one_batch_are_all_redrawn_after_an_erasure(world: World, connector: Connector, own: tuple[int, ...]) -> None:
    where = place(world, connector)
    batch = await world.service.batches.open("t", "u", "k", where)
    done = [await world.run(await world.submit(batch=batch.id, conversation=where)) for _ in range(4)]
    made = board(world, every=0.05)
    await shown(made, done[0])
    cards = []
    for i in own:
        cards.append(await made._sender.post(where, made.card_of(done[i])))
        await world.service.set_card("t", done[i].id, cards[-1])
    await world.service.erase_candidate("t", done[1].candidate)
    world.clock.time += timedelta(minutes=1)
    await shown(made, *(done[i] for i in own))
    last = {sent.message: sent.text for sent in connector.sent}
    assert all("gelöscht" in last[card] for card in cards)
    assert not await world.service.store.open_ids("t")


async def test_a_card_of_its_own_that_is_written_again_while_another_ends_comes_to_its_end(world: World, connector: Connector) -> None:
    where = place(world, connector)
    batch = await world.service.batches.open("t", "u", "k", where)
    jobs = [await world.submit(batch=batch.id, conversation=where) for _ in range(4)]
    first = await world.run(jobs[0])
    made = board(world, every=0.05)
    await shown(made, first)
    card = await made._sender.post(where, made.card_of(first))
    await world.service.set_card("t", first.id, card)
    first = await world.service.rewrite("t", "u", first.id, template="modern", language="")
    world.clock.time += timedelta(minutes=1)
    await shown(made, first)
    ended = [await world.run(first), await world.run(jobs[1])]
    world.clock.time += timedelta(minutes=1)
    await shown(made, *ended)
    assert "Lebenslauf fertig" in {sent.message: sent.text for sent in connector.sent}[card]


async def test_a_zip_file_that_fails_half_way_is_counted_named_and_tried_again(
    world: World, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await world.submit(data=packed(cvs(5)), conversation=place(world, connector), source=Source(name="alle.zip"))
    made, count, real = board(world), 0, FolderBlobs.put

    async def failing(self: FolderBlobs, name: str, data: bytes) -> None:
        nonlocal count
        if name.endswith("/original") and job.id not in name:
            count += 1
            if count > 2:
                raise TransientError("storage: status 500", key="storage_down")
        await real(self, name, data)

    async def notify(one: Job) -> None:
        made.show(one)

    with monkeypatch.context() as patched:
        patched.setattr(FolderBlobs, "put", failing)
        while not (await world.service.job("t", job.id)).state.ended:
            await world.runner.run("t", job.id, notify)
            await made.settle(timeout=1)
            world.clock.time += timedelta(minutes=15)
    await world.work()
    for _ in range(3):
        world.clock.time += timedelta(minutes=5)
        await world.runner.sweep(notify)
        await made.settle(timeout=1)
    last = connector.sent[-1].text
    assert "3 eingegangen" in last
    assert "1 fehlgeschlagen" in last
    assert "alle.zip" in last
    batch = await world.service.batches.get("t", (await world.service.job("t", job.id)).batch)
    assert [one.id for one in await world.service.retry_failed("t", "u", batch.id)] == [job.id]
    await world.work()
    assert [one.state for one in await world.service.batches.jobs(batch)] == [State.DONE] * 5
