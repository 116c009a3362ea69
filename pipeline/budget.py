"""How much a model may be asked: calls at a time and tokens per minute, shared by all workers through Records."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from pipeline.errors import Busy, TransientError
from pipeline.ports import Completion, Llm, Prompt
from pipeline.store import Store

BUDGET = "budget"
EVERYBODY = "all-tenants"
"""Stands in a tenant's place: what all of them share."""

_LETTERS_PER_TOKEN = 3.0
"""German text: fewer than in English, so the estimate is rather too high; the true number is booked afterwards."""
_ANSWER_TOKENS = 1500
_CALL = timedelta(minutes=5)
"""After so long a call that nobody has ended is taken for lost, with its worker."""
_PATIENCE = 15.0


class Used(BaseModel):
    """`calls` that run now, each with the time at which it is taken for lost, and the `tokens` booked since `minute` began."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minute: datetime
    tokens: int = 0
    calls: dict[str, datetime] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """0 is no limit."""

    calls: int = 0
    calls_per_tenant: int = 0
    tokens_per_minute: int = 0


class Budget:
    """`patience`: seconds that a call waits for its turn before the job goes back to the queue."""

    def __init__(self, store: Store, limits: Limits, *, patience: float = _PATIENCE, pause: float = 0.25) -> None:
        self._store = store
        self._limits = limits
        self._patience = patience
        self._pause = pause

    def limited(self, llm: Llm, tenant: str) -> Llm:
        """The same model, within the limits."""
        return _Limited(llm, self, tenant)

    @asynccontextmanager
    async def call(self, tenant: str, tokens: int) -> AsyncIterator[list[int]]:
        """The right to make a call of about so many tokens. What it really took is put into the list. Raises Busy, TransientError."""
        own, taken, booked = uuid.uuid4().hex, [], [tokens]
        try:
            limits = self._limits
            for who, calls, per_minute in ((tenant, limits.calls_per_tenant, 0), (EVERYBODY, limits.calls, limits.tokens_per_minute)):
                if calls or per_minute:
                    await self._take(who, own, tokens, calls, per_minute)
                    taken.append(who)
            yield booked
        finally:
            for who in reversed(taken):
                await self._give_back(who, own, booked[-1] - tokens)

    async def _take(self, who: str, own: str, tokens: int, calls: int, per_minute: int) -> None:
        waited = 0.0
        while not await self._taken(who, own, tokens, calls, per_minute):
            if waited >= self._patience:
                raise Busy("the model's budget is used up", retry_after=random.uniform(5, 30))  # noqa: S311  # jitter
            pause = random.uniform(self._pause, 4 * self._pause)  # noqa: S311  # jitter, nothing secret
            await asyncio.sleep(pause)
            waited += pause

    async def _taken(self, who: str, own: str, tokens: int, calls: int, per_minute: int) -> bool:
        now = self._store.clock.now()
        granted = False

        def take(used: Used | None) -> Used | None:
            nonlocal granted
            used = _now(used, now)
            # more than a whole minute's budget is let through alone: it would wait for ever
            room = not per_minute or used.tokens + tokens <= per_minute or used.tokens == 0
            granted = room and (not calls or len(used.calls) < calls)
            return used.model_copy(update={"tokens": used.tokens + tokens, "calls": {**used.calls, own: now + _CALL}}) if granted else None

        try:
            await self._store.change(BUDGET, who, "llm", Used, take)
        except Busy:  # many ask at once: again after the pause
            return False
        return granted

    async def _give_back(self, who: str, own: str, difference: int) -> None:
        now = self._store.clock.now()

        def give(used: Used | None) -> Used:
            used = _now(used, now)
            rest = {key: until for key, until in used.calls.items() if key != own}
            return used.model_copy(update={"tokens": max(0, used.tokens + difference), "calls": rest})

        for _ in range(5):
            try:
                await self._store.change(BUDGET, who, "llm", Used, give)
                return
            except TransientError:  # a call that is never given back is taken for lost after a while
                await asyncio.sleep(random.uniform(0, 4 * self._pause))  # noqa: S311  # jitter, nothing secret


def _now(used: Used | None, now: datetime) -> Used:
    """Without lost calls, and without the tokens of minutes gone by."""
    minute = now.replace(second=0, microsecond=0)
    if used is None:
        return Used(minute=minute)
    calls = {key: until for key, until in used.calls.items() if until > now}
    return Used(minute=minute, tokens=used.tokens if used.minute == minute else 0, calls=calls)


class _Limited:
    def __init__(self, llm: Llm, budget: Budget, tenant: str) -> None:
        self.name = llm.name
        self._llm = llm
        self._budget = budget
        self._tenant = tenant

    async def complete(self, prompt: Prompt) -> Completion:
        tokens = int((len(prompt.system) + len(prompt.user)) / _LETTERS_PER_TOKEN) + _ANSWER_TOKENS
        async with self._budget.call(self._tenant, tokens) as booked:
            answer = await self._llm.complete(prompt)
            booked.append(answer.input_tokens + answer.output_tokens)
        return answer

    async def close(self) -> None:
        await self._llm.close()
