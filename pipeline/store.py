"""Records as the objects that they hold: read, changed by compare-and-set, found by their owner."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import ValidationError

from pipeline.errors import Busy, Conflict
from pipeline.model.codec import from_json, to_json
from pipeline.model.job import Job, Marker, Pointer, State
from pipeline.ports import Clock, Record, Records

T = TypeVar("T")

JOBS, OPEN, MINE, CONTENTS, BATCHES, CANDIDATES, RECEIPTS = "jobs", "open", "mine", "contents", "batches", "candidates", "receipts"
"""OPEN marks the jobs whose card is not final; MINE lists the jobs of a user, newest first; CONTENTS the results by the file's hash."""
PERIODS, POSTING, SECRETS, API_KEYS = "periods", "posting", "secrets", "apikeys"
PROFILES, MATCHES, FACTS, PAGES = "profiles", "matches", "facts", "pages"
"""FACTS are what the matcher knows of each candidate's newest CV; PAGES say which page a shortlist shows."""
CUSTOMERS, OFFERS, OFFER_CARDS, OFFERS_DUE, OFFER_PLACES = "customers", "offers", "offercards", "offersdue", "offerplaces"
"""OFFER_CARDS are the messages that show an offer; OFFERS_DUE says when to look after it next; OFFER_PLACES where approvals are asked for."""

_TRIES = 12
_PAUSE = 0.01
"""Seconds; all tries of a change take less than one second more for it."""
_END_OF_TIME = 10**13
"""Milliseconds; what is newer comes first when counted down from here."""

_log = logging.getLogger("store")


class Store:
    def __init__(self, records: Records, clock: Clock) -> None:
        self.records = records
        self.clock = clock

    async def get(self, table: str, tenant: str, key: str, kind: type[T]) -> T | None:
        record = await self.records.get(table, tenant, key)
        return from_json(record.value, kind) if record else None

    async def create(self, table: str, tenant: str, key: str, value: object) -> bool:
        """False where it was there already."""
        try:
            await self.records.put(table, tenant, key, to_json(value, type(value)), etag=None)
        except Conflict:
            return False
        return True

    async def change(self, table: str, tenant: str, key: str, kind: type[T], change: Callable[[T | None], T | None]) -> T | None:
        """Read, change, write, again where another was quicker; `change` gives None where all stays as it is.

        Returns what is stored now. Raises Busy where others are quicker every time.
        """
        for attempt in range(_TRIES):
            record = await self.records.get(table, tenant, key)
            current = from_json(record.value, kind) if record else None
            changed = change(current)
            if changed is None:
                return current
            try:
                await self.records.put(table, tenant, key, to_json(changed, kind), etag=record.etag if record else None)
            except Conflict:
                await asyncio.sleep(random.uniform(0, _PAUSE * attempt))  # noqa: S311  # so that many at once come one after the other
                continue
            return changed
        raise Busy(f"{table}: many write at once")

    # --- which jobs still need somebody

    async def still_open(self, tenant: str, job_id: str, *, seconds: float) -> None:
        """Mark the job again where its mark is gone: a sweeper that found no record took it away."""
        if await self.records.get(OPEN, tenant, job_id) is None:
            await self.mark_open(tenant, job_id, seconds=seconds)

    async def mark_open(self, tenant: str, job_id: str, *, seconds: float) -> None:
        """From now on until `settled`, the sweeper looks after the job; first after so many seconds."""
        marker = Marker(due=self.clock.now() + timedelta(seconds=seconds))
        if not await self.create(OPEN, tenant, job_id, marker):
            await self.change(OPEN, tenant, job_id, Marker, lambda _: marker)

    async def due(self, tenant: str) -> list[str]:
        """The open jobs of a tenant that somebody should look after now."""
        now = self.clock.now()
        records = await self.records.all(OPEN, tenant)
        return [record.key for record, marker in zip(records, decoded(records, Marker), strict=True) if marker is None or marker.due <= now]

    async def open_ids(self, tenant: str, *, prefix: str = "") -> list[str]:
        """The jobs whose card is not final; those of a batch with its prefix."""
        return [record.key for record in await self.records.all(OPEN, tenant, prefix=prefix)]

    async def take_care(self, tenant: str, job_id: str, *, until: datetime) -> bool:
        """Of several sweepers one wins the right to look after a job; the next may after `until`."""
        record = await self.records.get(OPEN, tenant, job_id)
        marker = decoded([record], Marker)[0] if record else None
        if record is None or (marker and marker.due > self.clock.now()):
            return False
        try:
            await self.records.put(OPEN, tenant, job_id, to_json(Marker(due=until), Marker), etag=record.etag)
        except Conflict:
            return False
        return True

    async def settled(self, job: Job) -> bool:
        """The card shows the job's end as it is given: nobody needs to look after it any more. False where it has changed since."""
        marker = await self.records.get(OPEN, job.tenant, job.id)
        now = await self.get(JOBS, job.tenant, job.id, Job)
        if now is not None and ((now.updated, now.state) != (job.updated, job.state) or not now.state.ended):
            return False
        if marker:
            try:
                await self.records.delete(OPEN, job.tenant, job.id, etag=marker.etag)
            except Conflict:
                return False
        return True

    # --- who posts a first card

    async def may_post(self, tenant: str, key: str, *, seconds: float) -> bool:
        """The right to post the first card of a job or a batch, for so many seconds, among all turns and workers."""
        now, granted = self.clock.now(), False

        def take(known: Marker | None) -> Marker | None:
            nonlocal granted
            granted = known is None or known.due <= now
            return Marker(due=now + timedelta(seconds=seconds)) if granted else None

        try:
            await self.change(POSTING, tenant, key, Marker, take)
        except Busy:
            return False
        return granted

    # --- which content is known

    async def claim_content(self, job: Job) -> Job | None:
        """Another job that makes or has made the same of the same file; None where this one stands for the content from now on."""
        while True:
            pointer = await self.get(CONTENTS, job.tenant, _content(job), Pointer)
            if pointer and pointer.job != job.id:
                other = await self.get(JOBS, job.tenant, pointer.job, Job)
                alike = other and (other.template, other.language) == (job.template, job.language) and other.content in (job.content, "")
                if other and alike and (not other.state.ended or (other.state == State.DONE and other.result)):
                    return other
            seen, own = pointer, Pointer(job=job.id)
            now = await self.change(CONTENTS, job.tenant, _content(job), Pointer, lambda known: own if known == seen and known != own else None)  # noqa: B023  # called at once
            if now == own:
                return None

    async def remember_content(self, job: Job) -> None:
        """The newest result stands for its content."""
        own = Pointer(job=job.id)
        await self.change(CONTENTS, job.tenant, _content(job), Pointer, lambda known: own if known != own else None)

    async def forget_content(self, job: Job) -> None:
        pointer = await self.records.get(CONTENTS, job.tenant, _content(job))
        if pointer and from_json(pointer.value, Pointer).job == job.id:
            with suppress(Conflict):  # a newer result has taken its place
                await self.records.delete(CONTENTS, job.tenant, pointer.key, etag=pointer.etag)

    # --- whose jobs

    async def list_for_owner(self, job: Job) -> None:
        await self.create(MINE, job.tenant, _mine(job), {})

    async def unlist(self, job: Job, *, but: Job | None = None) -> None:
        """Take the job off its owner's list; with `but`, only where that one stands in another place of it."""
        if but is None or _mine(job) != _mine(but):
            await self.records.delete(MINE, job.tenant, _mine(job))

    async def ids_of(self, tenant: str, user: str, *, limit: int | None = None) -> list[str]:
        """The ids of a user's jobs, newest first."""
        records = await self.records.all(MINE, tenant, prefix=f"{_owner(user)}-", limit=limit)
        return list(dict.fromkeys(record.key.rpartition("-")[2] for record in records))


def decoded(records: Sequence[Record], kind: type[T]) -> list[T | None]:
    """What the records hold; None for one that another version wrote and this one cannot read, which is logged."""
    found: list[T | None] = []
    for record in records:
        try:
            found.append(from_json(record.value, kind))
        except ValidationError:
            _log.error("record %s (%s) cannot be read", record.key, kind.__name__)
            found.append(None)
    return found


def readable(records: Sequence[Record]) -> list[Job]:
    """The jobs among the records that can be read."""
    return [job for job in decoded(records, Job) if job]


def blob(job: Job, name: str) -> str:
    """The name of a blob of the job."""
    return f"{job.tenant}/{job.id}/{name}"


def _content(job: Job) -> str:
    """The same file, to be written in the same way."""
    return hashlib.sha256(f"{job.content}\n{job.template}\n{job.language}".encode()).hexdigest()[:32]


def _owner(user: str) -> str:
    return hashlib.sha256(user.encode()).hexdigest()[:16]


def _mine(job: Job) -> str:
    return f"{_owner(job.user)}-{_END_OF_TIME - int(job.created.timestamp() * 1000):013}-{job.id}"
