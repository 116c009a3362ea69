"""Matches as they are kept: between tenants, when two are at it, and before anything is opened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pipeline.errors import Conflict, UserError
from pipeline.model.document import Document
from pipeline.model.job import Kind, Source, State
from pipeline.ports import Record
from pipeline.store import FACTS, PAGES
from tests.world import World, make_world

POSTING = b"# Stelle\n\n## Anforderungen\n\n- Projektleitung\n- Deutsch\n"


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


async def ranking(world: World, tenant: str) -> str:
    """A profile, a CV and a shortlist of that tenant; the shortlist's id."""
    await world.submit(tenant=tenant)
    profile = await world.submit(tenant=tenant, kind=Kind.PROFILE, data=POSTING, source=Source(name="stelle.md"))
    await world.work()
    made = await world.submit(tenant=tenant, kind=Kind.SHORTLIST, profile=profile.id, data=None)
    await world.work()
    return made.id


async def test_a_ranking_is_its_tenant_s_alone_whatever_a_card_or_an_address_says(world: World) -> None:
    theirs = await ranking(world, "other")
    await ranking(world, "t")
    assert (await world.service.matches.ranking("other", theirs)).count == 1
    for name in (theirs, f"../other/{theirs}", f"x/../../other/{theirs}", "..", "", "%2e%2e"):
        with pytest.raises(UserError) as caught:
            await world.service.matches.ranking("t", name)
        assert caught.value.key == "unknown_match", name
        with pytest.raises(UserError):
            await world.service.matches.get("t", name)
    with pytest.raises(UserError):
        await world.service.matches.turn_page("t", f"../other/{theirs}", 1)


@dataclass
class Hasty:
    """Records in which somebody else is quicker, so many times."""

    inner: object
    times: int
    tables: tuple[str, ...]
    lost: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    async def put(self, table: str, tenant: str, key: str, value: bytes, *, etag: str | None) -> str:
        if table in self.tables and len(self.lost) < self.times:
            self.lost.append(key)
            raise Conflict(key)
        return await self.inner.put(table, tenant, key, value, etag=etag)

    async def get(self, table: str, tenant: str, key: str) -> Record | None:
        return await self.inner.get(table, tenant, key)


@pytest.mark.parametrize("times", [1, 100])
async def test_a_cv_is_done_although_another_of_the_same_candidate_was_quicker(world: World, times: int) -> None:
    hasty = Hasty(world.service.store.records, times, (FACTS,))
    world.service.store.records = hasty
    job = await world.submit()
    await world.work()
    done = await world.service.job("t", job.id)
    assert (done.state, done.attempts) == (State.DONE, 1)
    assert hasty.lost


async def test_two_may_turn_the_page_at_once(world: World) -> None:
    key = await ranking(world, "t")
    hasty = Hasty(world.service.store.records, 1, (PAGES,))
    world.service.store.records = hasty
    await asyncio.gather(*(world.service.matches.turn_page("t", key, page) for page in (1, 2)))
    assert hasty.lost


@dataclass
class Scan:
    seen: list[bytes] = field(default_factory=list)

    async def check(self, data: bytes) -> None:
        self.seen.append(data)
        raise UserError("malware")


async def test_a_job_description_is_scanned_before_it_is_opened(world: World) -> None:
    scan = Scan()
    world.runner = replace(world.runner, tools=replace(world.runner.tools, scan=scan))
    job = await world.submit(kind=Kind.PROFILE, data=b"%PDF-1.7 something", source=Source(name="stelle.pdf"))
    await world.work()
    failed = await world.service.job("t", job.id)
    assert (failed.state, failed.problem and failed.problem.key) == (State.FAILED, "malware")
    assert (len(scan.seen), world.reader.calls) == (1, 0)
