"""What happened, kept without names: a person appears under a pseudonym whose key is destroyed with the person's data."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from pipeline.model.codec import from_json
from pipeline.store import Store

EVENTS, KEYS = "events", "keys"


class Event(BaseModel):
    """`what` happened to the candidate behind the pseudonym; `job` is the piece of work, which says nothing about the person once erased."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: datetime
    what: str
    candidate: str
    job: str = ""


class Key(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: str


class Events:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def note(self, tenant: str, what: str, candidate: str, *, at: datetime, job: str = "") -> None:
        """The same thing of the same job at the same time is noted once."""
        event = Event(at=at, what=what, candidate=await self.pseudonym(tenant, candidate), job=job)
        mark = hashlib.sha256(f"{what}\n{job}".encode()).hexdigest()[:12]
        await self._store.create(EVENTS, tenant, f"{int(at.timestamp() * 1000):013}-{mark}", event)

    async def pseudonym(self, tenant: str, candidate: str) -> str:
        """Without the key, which goes with the candidate, nobody can say who it was."""
        fresh = Key(secret=secrets.token_hex(32))
        key = await self._store.change(KEYS, tenant, candidate, Key, lambda known: None if known else fresh)
        if key is None:
            raise AssertionError("the key was just made")
        return hmac.new(bytes.fromhex(key.secret), candidate.encode(), hashlib.sha256).hexdigest()[:16]

    async def destroy_key(self, tenant: str, candidate: str) -> None:
        await self._store.records.delete(KEYS, tenant, candidate)

    async def of(self, tenant: str) -> list[Event]:
        """All events of a tenant, oldest first."""
        return [from_json(record.value, Event) for record in await self._store.records.all(EVENTS, tenant)]

    async def forget_before(self, tenant: str, moment: datetime) -> int:
        """Erase what happened before that moment; returns how many."""
        keys = [record.key for record in await self._store.records.all(EVENTS, tenant)]
        old = [key for key in keys if int(key.partition("-")[0]) < moment.timestamp() * 1000]
        for key in old:
            await self._store.records.delete(EVENTS, tenant, key)
        return len(old)
