"""What is kept how long: archives what is no longer hot, erases what nobody has used for long, and reports. May be killed at any moment."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.candidates import last_use
from pipeline.errors import Conflict, TransientError, UserError
from pipeline.events import EVENTS, KEYS
from pipeline.model.codec import from_json, to_json
from pipeline.model.job import Batch, Job, Marker, Pointer, Receipt, State
from pipeline.once import Once
from pipeline.ports import Blobs
from pipeline.service import Service
from pipeline.store import BATCHES, CANDIDATES, CONTENTS, JOBS, OFFERS, PAGES, POSTING, RECEIPTS, readable

SCHEDULE, REPORTS = "schedule", "reports"
EVERYBODY = "all-tenants"
EVERY = timedelta(days=1)
LATE = timedelta(days=3)
ACCOUNTS = timedelta(days=3 * 365)
"""So long reports and receipts are kept, which name nobody: claims run out after three years (§ 195 BGB)."""
AT_ONCE = timedelta(hours=1)
"""A run that was killed is taken up again after this time."""

_log = logging.getLogger("retention")


@dataclass(slots=True)
class Report:
    """What was done for one tenant."""

    tenant: str
    archived: int = 0
    candidates: int = 0
    cvs: int = 0
    files: int = 0
    records: int = 0
    events: int = 0
    offers: int = 0


class StoredReport(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    at: datetime
    counts: dict[str, int]


class Due(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    next: datetime


class Retention:
    """`notify` hears of jobs whose card must say "deleted"."""

    def __init__(self, service: Service, blobs: Blobs, notify: Callable[[Job], Awaitable[None]]) -> None:
        self._service = service
        self._store = service.store
        self._blobs = blobs
        self._notify = notify

    async def run_if_due(self) -> list[Report]:
        """Once a day, in one of all processes; nothing where it is not due."""
        now, records = self._store.clock.now(), self._store.records
        record = await records.get(SCHEDULE, EVERYBODY, "retention")
        if record and from_json(record.value, Due).next > now:
            return []
        try:
            etag = await records.put(SCHEDULE, EVERYBODY, "retention", to_json(Due(next=now + AT_ONCE), Due), etag=record.etag if record else None)
        except Conflict:
            return []
        reports = await self.run()
        try:
            await records.put(SCHEDULE, EVERYBODY, "retention", to_json(Due(next=now + EVERY), Due), etag=etag)
        except Conflict:
            _log.warning("another process has begun a run meanwhile")
        return reports

    async def run(self) -> list[Report]:
        """Everything that is due, for every tenant. Raises TransientError where one of them could not be done, after all others were."""
        tenants = {tenant for table in (JOBS, CANDIDATES, EVENTS, KEYS, OFFERS) for tenant in await self._store.records.tenants(table)}
        reports, failed = [], None
        for tenant in sorted(tenants):  # none has to wait for what goes wrong at another
            try:
                reports.append(await self._run(tenant))
            except (ValidationError, UserError):  # another version wrote something here, or its drive may not be opened
                _log.exception("retention of one tenant")
            except TransientError as error:
                _log.warning("retention of one tenant: %s", error)
                failed = error
        if failed:
            raise failed
        return reports

    async def _run(self, tenant: str) -> Report:
        periods, now, report = await self._service.periods(tenant), self._store.clock.now(), Report(tenant)
        await self._erase_candidates(tenant, now - timedelta(days=periods.candidate_days), report)
        jobs = readable(await self._store.records.all(JOBS, tenant))
        owned = {key for candidate in await self._service.candidates.all(tenant) for key in candidate.all_jobs}
        for job in jobs:
            age = now - job.updated
            if job.state == State.DELETED:
                if age < LATE:  # a worker that was killed may have left something behind
                    await self._blobs.delete(f"{tenant}/{job.id}")
                if age > timedelta(days=periods.log_days):
                    await self._store.records.delete(JOBS, tenant, job.id)
                    report.records += 1
            elif job.id not in owned and age > timedelta(days=periods.candidate_days):  # failed, cancelled, a ZIP file: nobody's CV
                await self._erase(job, report)
            elif job.archive and job.state == State.DONE:  # its CVs are jobs of their own
                await self._blobs.delete(f"{tenant}/{job.id}")
            elif job.state.ended and not job.archived and age > timedelta(days=periods.hot_days):
                report.archived += await self._archive(job)
        report.offers = await self._service.offers.tidy(tenant, draft_days=periods.candidate_days)
        await self._tidy(tenant, report)
        report.events = await self._service.events.forget_before(tenant, now - timedelta(days=periods.log_days))
        await self._keep(report)
        return report

    async def _erase_candidates(self, tenant: str, before: datetime, report: Report) -> None:
        for candidate in await self._service.candidates.all(tenant):
            if not candidate.erasing and last_use(candidate) > before:
                continue
            jobs = [job for key in candidate.all_jobs if (job := await self._store.get(JOBS, tenant, key, Job))]
            receipt = await self._service.erase_candidate(tenant, candidate.id, before=None if candidate.erasing else before)
            if receipt:
                report.candidates, report.cvs, report.files = report.candidates + 1, report.cvs + receipt.cvs, report.files + receipt.files
                for job in jobs:  # their cards will say so
                    await self._notify(job)

    async def _erase(self, job: Job, report: Report) -> None:
        _, erased = await self._service.erase(job)
        report.cvs += 1
        report.files += erased.files
        await self._notify(job)

    async def _archive(self, job: Job) -> int:
        packed = sum([await self._blobs.archive(name) for name in await self._blobs.names(f"{job.tenant}/{job.id}")])

        def archived(now: Job | None) -> Job | None:
            return now.model_copy(update={"archived": True}) if now and now.updated == job.updated else None

        await self._store.change(JOBS, job.tenant, job.id, Job, archived)
        return packed

    async def _tidy(self, tenant: str, report: Report) -> None:
        """What points at jobs or candidates that are gone, or guards against repetitions that do not come any more."""
        report.records += await Once(self._store).tidy(tenant)
        records = self._store.records
        known = await records.all(JOBS, tenant)
        gone = {job.id for job in readable(known) if job.state == State.DELETED}
        jobs = {record.key for record in known} - gone
        for candidate in await self._service.candidates.all(tenant):
            if not jobs & {*candidate.jobs, *candidate.begun}:
                await self._service.candidates.drop(candidate)
        candidates = {candidate.id for candidate in await self._service.candidates.all(tenant)}
        for record in await records.all(CONTENTS, tenant):
            if from_json(record.value, Pointer).job not in jobs:
                await records.delete(CONTENTS, tenant, record.key)
                report.records += 1
        for record in await records.all(PAGES, tenant):
            if record.key not in jobs:
                await records.delete(PAGES, tenant, record.key)
                report.records += 1
        for record in await records.all(KEYS, tenant):
            if record.key not in candidates:
                await records.delete(KEYS, tenant, record.key)
                report.records += 1
        for record in await records.all(POSTING, tenant):  # who posts a first card: a matter of seconds
            if from_json(record.value, Marker).due < self._store.clock.now() - EVERY:
                await records.delete(POSTING, tenant, record.key)
                report.records += 1
        reports = [(REPORTS, record.key, from_json(record.value, StoredReport).at) for record in await records.all(REPORTS, tenant)]
        receipts = [(RECEIPTS, record.key, from_json(record.value, Receipt).at) for record in await records.all(RECEIPTS, tenant)]
        for table, key, at in (*reports, *receipts):
            if at < self._store.clock.now() - ACCOUNTS:
                await records.delete(table, tenant, key)
                report.records += 1
        for record in await records.all(BATCHES, tenant):
            batch = from_json(record.value, Batch)
            # while its jobs have records, bare ones too, its card may have to be drawn
            if self._store.clock.now() - batch.created > EVERY and not any(key.startswith(batch.prefix) for key in jobs | gone):
                await records.delete(BATCHES, tenant, record.key)
                report.records += 1

    async def _keep(self, report: Report) -> None:
        counts = {name: value for name, value in asdict(report).items() if isinstance(value, int)}
        if any(counts.values()):
            now = self._store.clock.now()
            _log.info("retention: %s", counts)
            await self._store.create(REPORTS, report.tenant, f"{int(now.timestamp() * 1000):013}", StoredReport(at=now, counts=counts))
