"""Things that arrive several times and are to be done once, by whichever process comes first."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from pipeline.errors import Conflict
from pipeline.model.codec import from_json, to_json
from pipeline.store import Store

ONCE = "once"
WAIT_SECONDS, LOOK_SECONDS = 4.0, 0.1
"""So long a repetition waits for the outcome of the first; between two looks."""
KEPT = timedelta(days=1)
"""Nothing is repeated after so long."""


class Doing(BaseModel):
    """Who came first has until `until` to say what came of it; `outcome` is empty until then."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    until: datetime
    outcome: str = ""


class Once:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def first(self, tenant: str, *parts: str, seconds: float) -> bool:
        """Is this the first? Who was first and fell silent for `seconds` is replaced by the next."""
        records, now = self._store.records, self._store.clock.now()
        fresh = Doing(until=now + timedelta(seconds=seconds))
        if await self._store.create(ONCE, tenant, _key(parts), fresh):
            return True
        record = await records.get(ONCE, tenant, _key(parts))
        doing = from_json(record.value, Doing) if record else None
        if record is None or doing is None or doing.outcome or doing.until > now:
            return False
        try:
            await records.put(ONCE, tenant, _key(parts), to_json(fresh, Doing), etag=record.etag)
        except Conflict:
            return False
        return True

    async def done(self, tenant: str, *parts: str, outcome: str) -> None:
        """What came of it; an empty outcome lets the next try."""
        if outcome:
            ended = Doing(until=self._store.clock.now(), outcome=outcome)
            await self._store.change(ONCE, tenant, _key(parts), Doing, lambda _: ended)
        else:
            await self._store.records.delete(ONCE, tenant, _key(parts))

    async def outcome(self, tenant: str, *parts: str) -> str:
        """What came of it, waiting a moment for who is at it; empty where that is not known."""
        for _ in range(int(WAIT_SECONDS / LOOK_SECONDS)):
            doing = await self._store.get(ONCE, tenant, _key(parts), Doing)
            if doing is None or doing.outcome:
                return doing.outcome if doing else ""
            await asyncio.sleep(LOOK_SECONDS)
        return ""

    async def tidy(self, tenant: str) -> int:
        """Forget what nothing repeats any more; returns how many."""
        records, before, gone = self._store.records, self._store.clock.now() - KEPT, 0
        for record in await records.all(ONCE, tenant):
            if from_json(record.value, Doing).until < before:
                await records.delete(ONCE, tenant, record.key)
                gone += 1
        return gone


def _key(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
