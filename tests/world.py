"""A service and a worker on local storage, with a clock that stands still and a reader that hands out a ready document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.adapters.local.files import FolderBlobs
from pipeline.adapters.local.sqlite import SqliteFile, SqliteQueue, SqliteRecords
from pipeline.adapters.served_drive import ServedDrive
from pipeline.conversion import Tools
from pipeline.jobs import Outcome, Runner
from pipeline.model.document import Document
from pipeline.model.job import Conversation, Job, Source
from pipeline.model.person import Person
from pipeline.retention import Retention
from pipeline.service import Service, Submission
from pipeline.transfer import Storage
from tests.conftest import NOW, sample


@dataclass
class Clock:
    time: datetime = NOW

    def now(self) -> datetime:
        return self.time


@dataclass
class TickingClock(Clock):
    """Never the same time twice."""

    def now(self) -> datetime:
        self.time += timedelta(microseconds=1)
        return self.time


@dataclass
class Ids:
    count: int = 0

    def new(self) -> str:
        self.count += 1
        return f"{self.count:032x}"


@dataclass
class Reader:
    """Hands out a ready document; `faults` come first."""

    document: Document
    faults: list[BaseException] = field(default_factory=list)
    calls: int = 0

    async def read(self, pdf: bytes) -> Document:
        self.calls += 1
        if self.faults:
            raise self.faults.pop(0)
        return self.document


@dataclass
class Incoming:
    data: bytes
    calls: int = 0

    async def fetch(self, source: Source, *, limit: int, person: Person) -> bytes:
        self.calls += 1
        return self.data


@dataclass
class World:
    service: Service
    runner: Runner
    reader: Reader
    incoming: Incoming
    storage: Storage
    clock: Clock
    root: Path
    seen: list[Job] = field(default_factory=list)
    sent: int = 0

    @property
    def records(self) -> SqliteRecords:
        return self.storage.records

    @property
    def queue(self) -> SqliteQueue:
        return self.storage.queue

    def retention(self) -> Retention:
        return Retention(self.service, self.storage.blobs, self.notify)

    async def notify(self, job: Job) -> None:
        self.seen.append(job)

    async def submit(self, **changes: Any) -> Job:
        """Each time another file, unless `data` is given."""
        self.sent += 1
        data = sample("de-tabelle-yilmaz") + b"\n%% " + str(self.sent).encode()
        base = Submission(tenant="t", user="u", source=Source(name="cv.pdf"), data=data)
        job, _ = await self.service.submit(replace(base, **changes))
        return job

    async def wakeup(self, job: Job) -> Outcome:
        return await self.runner.run(job.tenant, job.id, self.notify)

    async def run(self, job: Job) -> Job | None:
        return (await self.wakeup(job)).job

    async def work(self) -> None:
        """What a worker does with its queue, until it is empty."""
        while wakeup := await self.queue.receive(lease=self.runner.lease):
            tenant, _, job_id = wakeup.body.partition("/")
            outcome = await self.runner.run(tenant, job_id, self.notify)
            if outcome.again is None:
                await self.queue.delete(wakeup)
            else:
                await self.queue.extend(wakeup, lease=outcome.again)

    def conversation(self, name: str = "chat") -> Conversation:
        return Conversation(tenant="t", id=name, service_url="https://x", channel="msteams", bot_id="b", user_id="29:u", user="u")

    def files(self) -> list[Path]:
        return [p for p in self.root.rglob("*") if p.is_file() and "sqlite" not in p.name]


@asynccontextmanager
async def make_world(root: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    file = SqliteFile(root / "w.sqlite")
    records, clock, ids = SqliteRecords(file), Clock(), Ids()
    queue = SqliteQueue(file, now=lambda: clock.time.timestamp())
    blobs, drive = FolderBlobs(root / "blobs"), ServedDrive(FolderBlobs(root / "blobs"), base_url="http://127.0.0.1:1")
    service = Service(records=records, blobs=blobs, queue=queue, drive=drive, clock=clock, ids=ids)
    reader, incoming = Reader(documents["de-tabelle-yilmaz"]), Incoming(sample("de-tabelle-yilmaz"))
    runner = Runner(service, blobs, drive, incoming, Tools(reader), clock, ids)
    yield World(service, runner, reader, incoming, Storage(records, blobs, queue), clock, root)
    await file.close()
