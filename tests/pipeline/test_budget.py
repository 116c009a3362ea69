"""Calls at a time and tokens per minute, shared by all workers; nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.adapters.local.sqlite import SqliteFile, SqliteRecords
from pipeline.budget import Budget, Limits
from pipeline.errors import Busy, TransientError
from pipeline.ports import Completion, Prompt
from pipeline.store import Store
from tests.world import Clock

PROMPT = Prompt("p", "s" * 300, "u" * 1200, {})


@dataclass
class Model:
    """Counts how many calls run at a time, of each tenant and of all."""

    name: str = "model"
    now: int = 0
    most: int = 0
    used: int = 600
    calls: int = 0
    seconds: float = 0.02
    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def complete(self, prompt: Prompt) -> Completion:
        self.now += 1
        self.calls += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        return Completion({}, self.used - 100, 100, 0.0, "model")

    async def close(self) -> None: ...


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[list[Store]]:
    """Of two processes."""
    opened = [SqliteFile(tmp_path / "b.sqlite") for _ in range(2)]
    clock = Clock()
    yield [Store(SqliteRecords(file), clock) for file in opened]
    for file in opened:
        await file.close()


async def test_two_processes_together_keep_within_the_limits(stores: list[Store]) -> None:
    limits = Limits(calls=3, calls_per_tenant=2)
    everybody, one = Model(), Model()

    @dataclass
    class Both:
        name: str = "both"

        async def complete(self, prompt: Prompt) -> Completion:
            return (await asyncio.gather(everybody.complete(prompt), one.complete(prompt)))[0]

        async def close(self) -> None: ...

    budgets = [Budget(store, limits, pause=0.005) for store in stores]
    work = [budget.limited(Both(), "a").complete(PROMPT) for budget in budgets for _ in range(5)]
    work += [budget.limited(everybody, tenant).complete(PROMPT) for budget in budgets for tenant in "bc" for _ in range(3)]
    await asyncio.gather(*work)
    assert (everybody.calls, one.calls) == (22, 10)
    assert 1 < everybody.most <= 3
    assert 1 < one.most <= 2


async def test_tokens_of_a_minute_are_counted_as_they_were_used(stores: list[Store]) -> None:
    model, clock = Model(seconds=0), stores[0].clock
    budget = Budget(stores[0], Limits(tokens_per_minute=3300), patience=0.05, pause=0.01).limited(model, "a")
    for _ in range(2):  # 2000 estimated each, 600 used
        await budget.complete(PROMPT)
    await budget.complete(PROMPT)
    with pytest.raises(Busy):
        await budget.complete(PROMPT)
    clock.time += timedelta(minutes=1)
    await budget.complete(PROMPT)
    assert model.calls == 4


async def test_a_question_larger_than_the_whole_budget_is_asked_alone(stores: list[Store]) -> None:
    model = Model(seconds=0)
    await Budget(stores[0], Limits(tokens_per_minute=100)).limited(model, "a").complete(PROMPT)
    assert model.calls == 1


async def test_a_killed_worker_s_call_is_given_back_after_a_while(stores: list[Store]) -> None:
    model, clock = Model(seconds=60), stores[0].clock
    budget = Budget(stores[0], Limits(calls=1), patience=0.05, pause=0.01)
    holding = asyncio.create_task(budget.limited(model, "a").complete(PROMPT))
    while not model.now:
        await asyncio.sleep(0.01)
    with pytest.raises(TransientError):
        await budget.limited(Model(), "b").complete(PROMPT)
    clock.time += timedelta(minutes=6)  # as if its process were gone
    quick = Model(seconds=0)
    await budget.limited(quick, "b").complete(PROMPT)
    assert quick.calls == 1
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)


async def test_a_failing_call_gives_its_place_back(stores: list[Store]) -> None:
    class Down(Model):
        async def complete(self, prompt: Prompt) -> Completion:
            raise TransientError("x")

    budget = Budget(stores[0], Limits(calls=1, calls_per_tenant=1), patience=0.05, pause=0.01)
    for _ in range(3):
        with pytest.raises(TransientError, match="x"):
            await budget.limited(Down(), "a").complete(PROMPT)
    model = Model(seconds=0)
    await budget.limited(model, "a").complete(PROMPT)
    assert model.calls == 1


async def test_without_limits_nothing_is_stored(stores: list[Store]) -> None:
    await Budget(stores[0], Limits()).limited(Model(seconds=0), "a").complete(PROMPT)
    assert await stores[0].records.tables() == []
