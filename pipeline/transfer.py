"""Moves, saves and restores everything that is stored, and proves it by counts and hashes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import zipfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.approval_log import LOG, LOG_TEXTS
from pipeline.errors import Conflict
from pipeline.events import KEYS
from pipeline.model.codec import from_json, to_json
from pipeline.model.job import Job, Marker, State
from pipeline.ports import Blobs, Queue, Records
from pipeline.sequence import SEQUENCES
from pipeline.store import CANDIDATES, CONTENTS, CUSTOMERS, JOBS, MINE, OFFER_CARDS, OFFERS, OFFERS_DUE, OPEN, SECRETS, readable

SCHEDULE = "schedule"
"""When the daily work is due: a fresh storage has that and the key of links, and nothing else."""
_TOGETHER = (OFFERS, SEQUENCES, LOG, LOG_TEXTS)
"""Numbers and log belong to the offers as they are at that moment."""
ROUNDS = 5
"""So often what has changed during a copy is copied again."""

Told = Callable[[str, int], None]


class Incomplete(Exception):
    """A copy is not what it was made from; the message says where. Nothing was removed anywhere."""


@dataclass(frozen=True, slots=True)
class Storage:
    """The three ports of one set of adapters."""

    records: Records
    blobs: Blobs
    queue: Queue


@dataclass(slots=True)
class Inventory:
    """The SHA-256 of every record (`table/tenant/key`) and of every blob (its name)."""

    records: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """One hash over all of it."""
        return hashlib.sha256(json.dumps([self.records, self.blobs], sort_keys=True).encode()).hexdigest()

    def missing_in(self, other: Inventory) -> list[str]:
        """Names of what the other has not."""
        return sorted([*self.records.keys() - other.records.keys(), *self.blobs.keys() - other.blobs.keys()])


async def inventory(storage: Storage) -> Inventory:
    found = Inventory()
    async for name, value in _all_records(storage.records):
        found.records[name] = _hash(value)
    for name in await storage.blobs.names():
        data = await storage.blobs.get(name)
        if data is not None:
            found.blobs[name] = _hash(data)
    return found


async def migrate(source: Storage, target: Storage, told: Told, *, replace: bool = False) -> Inventory:
    """Copy everything, compare both sides, and wake what is open. The source stays as it is. Raises Incomplete.

    The target is empty, or holds what an earlier attempt has copied; with `replace`, what else it holds goes: the storage of before, for
    instance, with what was erased since. What changes meanwhile is copied again. What was packed is packed there, too.
    """
    here, there = await inventory(source), await inventory(target)
    foreign = [] if replace else [name for name in there.missing_in(here) if not name.startswith((f"{OPEN}/", f"{SECRETS}/"))]
    if foreign:
        raise Incomplete(f"the target holds what the source does not: {foreign[0]} and {len(foreign) - 1} more")
    for _ in range(ROUNDS):
        await _copy(source, target, there, told)
        here, there = await inventory(source), await inventory(target)
        if here.digest == there.digest:
            await _pack_again(target)
            await wake_open(target)
            return here
    raise Incomplete("it changes faster than it is copied: stop the app and try again")


async def _copy(source: Storage, target: Storage, there: Inventory, told: Told) -> None:
    """What is missing or differs in the target, as the source is now. Records before blobs: what a record points at is there by then."""
    records, blobs = set(), set(await source.blobs.names())
    copied = 0
    async for name, value in _all_records(source.records):
        records.add(name)
        if there.records.get(name) != _hash(value):
            await _put(target.records, name, value)
            copied += 1
            told("records", copied)
    for name in there.records.keys() - records:
        await target.records.delete(*name.split("/"))
    copied = 0
    for name in sorted(blobs):
        data = await source.blobs.get(name)
        if data is not None and there.blobs.get(name) != _hash(data):
            await target.blobs.put(name, data)
            copied += 1
            told("blobs", copied)
    for name in there.blobs.keys() - blobs:
        await target.blobs.delete(name)


async def backup(storage: Storage, path: Path, told: Told) -> Inventory:
    """Write everything into a ZIP file, readable by its owner only; it takes the place of an older one when it is whole.

    Records as they were before the first blob was read: whatever they point at is in the copy. Who is erased meanwhile is not in it.
    Raises Incomplete where offers change too fast.
    """
    found, begun = Inventory(), path.with_suffix(".part")
    records = await _snapshot(storage.records)
    descriptor = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in await storage.blobs.names():
            data = await storage.blobs.get(name)
            if data is not None:
                archive.writestr(f"blobs/{name}", data)
                found.blobs[name] = _hash(data)
                told("blobs", len(found.blobs))
        records = await _without_erased(records, storage)
        for name, value in sorted(records.items()):
            archive.writestr(f"records/{name}", value)
            found.records[name] = _hash(value)
        told("records", len(found.records))
    living = {name.split("/", 1)[1] for name, value in records.items() if name.startswith(f"{JOBS}/") and not _deleted(value)}
    living |= {name.split("/", 1)[1] for name in records if name.startswith(f"{OFFERS}/")}
    found.blobs = {name: digest for name, digest in found.blobs.items() if name.rpartition("/")[0] in living}
    await asyncio.to_thread(_finish, begun, path, found)
    return found


async def _snapshot(records: Records) -> dict[str, bytes]:
    """All records, consistent though people work: what points at others is read before them, offers, numbers and log as of one moment."""
    found = await _read(records, (JOBS,))
    found |= await _read(records, [table for table in await records.tables() if table not in (JOBS, *_TOGETHER)])
    for _ in range(ROUNDS):
        one, same = await _read(records, _TOGETHER), await _read(records, _TOGETHER)
        if one == same:
            return found | one
    raise Incomplete("offers change faster than they are copied: try again in a moment")


async def _read(records: Records, tables: Iterable[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for table in tables:
        for tenant in await records.tenants(table):
            found |= {f"{table}/{tenant}/{record.key}": record.value for record in await records.all(table, tenant)}
    return found


def _finish(begun: Path, path: Path, found: Inventory) -> None:
    """Copy what belongs into the backup: a file of somebody who was erased meanwhile does not. Then it takes its place."""
    whole = path.with_suffix(".whole")
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    kept = {f"blobs/{name}" for name in found.blobs} | {f"records/{name}" for name in found.records}
    with zipfile.ZipFile(begun) as source, os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            if name in kept:
                archive.writestr(name, source.read(name))
        archive.writestr("inventory.json", json.dumps({"records": found.records, "blobs": found.blobs}, indent=0))
    begun.unlink()
    whole.replace(path)


def _deleted(job: bytes) -> bool:
    return from_json(job, Job).state == State.DELETED


async def _without_erased(records: dict[str, bytes], storage: Storage) -> dict[str, bytes]:
    """Of jobs that were erased meanwhile, the bare record; of candidates, nothing."""
    now = {name: value async for name, value in _all_records(storage.records)}
    people = tuple(f"{table}/" for table in (CANDIDATES, KEYS, MINE, CONTENTS, CUSTOMERS, OFFERS, OFFER_CARDS, OFFERS_DUE, LOG_TEXTS))
    kept = {name: value for name, value in records.items() if name in now or not name.startswith(people)}
    erased = [name for name in kept if name.startswith(f"{JOBS}/") and name in now and from_json(now[name], Job).state == State.DELETED]
    return kept | {name: now[name] for name in erased}


async def restore(path: Path, target: Storage, told: Told) -> Inventory:
    """Put a backup into an empty storage, prove it, and wake what is open. A damaged one changes nothing. Raises Incomplete."""
    own = [name async for name, _ in _all_records(target.records)]
    if await target.blobs.names() or not all(name.startswith((f"{SCHEDULE}/", f"{SECRETS}/")) for name in own):
        raise Incomplete("the storage is not empty")
    try:
        with zipfile.ZipFile(path) as archive:
            wanted = Inventory(**json.loads(archive.read("inventory.json")))
            for kind, wished in (("blobs", wanted.blobs), ("records", wanted.records)):
                for name, digest in wished.items():
                    if _hash(archive.read(f"{kind}/{name}")) != digest:
                        raise Incomplete(f"damaged in the backup: {name}")
            for name in wanted.blobs:
                await target.blobs.put(name, archive.read(f"blobs/{name}"))
            told("blobs", len(wanted.blobs))
            for name in own:
                await target.records.delete(*name.split("/"))
            for name in wanted.records:
                await _put(target.records, name, archive.read(f"records/{name}"))
            told("records", len(wanted.records))
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, OSError) as error:
        raise Incomplete(f"{path.name} cannot be read: {type(error).__name__}") from error
    arrived = await inventory(target)
    if arrived.digest != wanted.digest:
        raise Incomplete(f"not all has arrived: {len(wanted.missing_in(arrived))} are missing")
    await _pack_again(target)
    await wake_open(target)
    return wanted


async def _pack_again(storage: Storage) -> None:
    """Files of jobs that were archived: they were copied as they are read."""
    async for name, value in _all_records(storage.records):
        if name.startswith(f"{JOBS}/") and from_json(value, Job).archived:
            for file in await storage.blobs.names(name.split("/", 1)[1]):
                await storage.blobs.archive(file)


async def wake_open(storage: Storage) -> int:
    """Queues are not copied: what is open is woken instead; returns how many. Each has its mark again, whenever it was copied."""
    woken = 0
    for tenant in await storage.records.tenants(JOBS):
        for job in readable(await storage.records.all(JOBS, tenant)):
            if not job.state.ended:
                with suppress(Conflict):
                    await storage.records.put(OPEN, tenant, job.id, to_json(Marker(due=job.updated), Marker), etag=None)
                await storage.queue.send(f"{tenant}/{job.id}")
                woken += 1
    return woken


async def _all_records(records: Records) -> AsyncIterator[tuple[str, bytes]]:
    for table in await records.tables():
        for tenant in await records.tenants(table):
            for record in await records.all(table, tenant):
                yield f"{table}/{tenant}/{record.key}", record.value


async def _put(records: Records, name: str, value: bytes) -> None:
    table, tenant, key = name.split("/")
    try:
        await records.put(table, tenant, key, value, etag=None)
    except Conflict:
        known = await records.get(table, tenant, key)
        await records.put(table, tenant, key, value, etag=known.etag if known else None)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
