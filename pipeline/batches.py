"""CVs that came together: in one message, or in one ZIP file."""

from __future__ import annotations

import asyncio
import io
import uuid
import zipfile
from datetime import timedelta

from pipeline.errors import Conflict, TransientError, UserError
from pipeline.model.codec import from_json, to_json
from pipeline.model.job import Batch, Conversation, DriveItem, Job, State
from pipeline.ports import Drive
from pipeline.store import BATCHES, JOBS, Store, readable

READS = 6
"""So many files of a drive are read at a time."""
_FIXED = (1980, 1, 1, 0, 0, 0)
_NAMESPACE = uuid.UUID("0d0a3a1c-6c9d-4a52-8a8e-0c4c4f2f9b5e")


class Batches:
    def __init__(self, store: Store, drive: Drive) -> None:
        self._store = store
        self._drive = drive

    async def open(self, tenant: str, user: str, key: str, conversation: Conversation | None = None, *, parent: str = "", card: str = "") -> Batch:
        """The same key is the same batch. `card` is the message that shows it, where there is one already: that of `parent`, a ZIP file."""
        batch_id = batch_key(tenant, key)
        batch = Batch(id=batch_id, tenant=tenant, user=user, created=self._store.clock.now(), conversation=conversation, parent=parent, card=card)
        await self._store.create(BATCHES, tenant, batch_id, batch)
        return await self.get(tenant, batch_id)

    async def get(self, tenant: str, batch_id: str) -> Batch:
        """Raises UserError: unknown_job."""
        found = await self._store.get(BATCHES, tenant, batch_id, Batch)
        if found is None:
            raise UserError("unknown_job")
        return found

    async def of_user(self, tenant: str, user: str, batch_id: str) -> Batch:
        """Raises UserError: unknown_job, not_yours."""
        batch = await self.get(tenant, batch_id)
        if batch.user != user:
            raise UserError("not_yours")
        return batch

    async def jobs(self, batch: Batch) -> list[Job]:
        """Its CVs in the order of their names' numbers; ZIP files count until they are unpacked, what was known before has its result."""
        found = readable(await self._store.records.all(JOBS, batch.tenant, prefix=batch.prefix))
        parent = await self._store.get(JOBS, batch.tenant, batch.parent, Job) if batch.parent else None
        found += [parent] if parent else []
        own = [job for job in found if job.batch == batch.id and not (job.archive and job.state == State.DONE)]
        return [await self.with_result(job) for job in sorted(own, key=lambda job: (job.created, job.source.name.casefold(), job.id))]

    async def with_result(self, job: Job) -> Job:
        """As people see it: with a link that opens, and with the result of before where the same file was worked on, if that is still there."""
        before = await self._store.get(JOBS, job.tenant, job.same_as, Job) if job.same_as else job
        result = before.result if before else None
        if result:
            word = result.word.model_copy(update={"url": self._drive.link(job.tenant, result.word)})
            result = result.model_copy(update={"word": word})
        return job if result == job.result else job.model_copy(update={"result": result})

    async def set_card(self, tenant: str, batch_id: str, card: str, *, known: str = "") -> bool:
        """Remember the message that shows it, in place of the `known` one. False where it has another by now."""

        def shown(batch: Batch | None) -> Batch | None:
            return batch.model_copy(update={"card": card}) if batch and batch.card == known else None

        batch = await self._store.change(BATCHES, tenant, batch_id, Batch, shown)
        return batch is not None and batch.card == card

    async def turn_page(self, batch: Batch, page: int) -> None:
        await self._store.change(
            BATCHES, batch.tenant, batch.id, Batch, lambda known: known.model_copy(update={"page": max(0, page)}) if known else None
        )

    async def take_turn(self, tenant: str, batch_id: str, *, every: float) -> tuple[Batch, float]:
        """The right to draw the batch's card now, among all processes; or how many seconds to wait before asking again (0: it is ours)."""
        record = await self._store.records.get(BATCHES, tenant, batch_id)
        if record is None:
            raise UserError("unknown_job")
        batch, now = from_json(record.value, Batch), self._store.clock.now()
        if batch.next_update and batch.next_update > now:
            return batch, (batch.next_update - now).total_seconds()
        ours = batch.model_copy(update={"next_update": now + timedelta(seconds=every)})
        try:
            await self._store.records.put(BATCHES, tenant, batch_id, to_json(ours, Batch), etag=record.etag)
        except Conflict:
            return batch, every
        return ours, 0.0

    async def as_zip(self, batch: Batch) -> bytes:
        """All Word files of a batch, each under its own name. Raises UserError: not_ready."""
        made = io.BytesIO()
        taken: set[str] = set()
        found = [job.result.word for job in await self.jobs(batch) if job.result]
        places = asyncio.Semaphore(READS)
        files = await asyncio.gather(*(self._file(batch.tenant, word, places) for word in found))
        missing = [word.name for word, data in zip(found, files, strict=True) if data is None]
        with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:  # Word files are compressed already
            for word, data in zip(found, files, strict=True):
                if data is not None:
                    archive.writestr(zipfile.ZipInfo(_unused(word.name, taken), _FIXED), data)
            if taken and missing:  # one that cannot be read keeps nobody from the others
                archive.writestr(zipfile.ZipInfo(_unused("_missing.txt", taken), _FIXED), "\r\n".join(missing).encode())
        if not taken:
            raise UserError("not_ready")
        return made.getvalue()

    async def _file(self, tenant: str, word: DriveItem, places: asyncio.Semaphore) -> bytes | None:
        """None where it is gone, or cannot be read now."""
        async with places:
            try:
                return await self._drive.read(tenant, word)
            except (TransientError, UserError):
                return None


def batch_key(tenant: str, key: str) -> str:
    """The id of the batch with that key."""
    return uuid.uuid5(_NAMESPACE, f"{tenant}\n{key}").hex


def _unused(name: str, taken: set[str]) -> str:
    stem, dot, ending = name.rpartition(".")
    number, tried = 2, name
    while tried.casefold() in taken:
        tried, number = f"{stem} ({number}){dot}{ending}", number + 1
    taken.add(tried.casefold())
    return tried
