"""Runs a stored job to its end: claim, steps with checkpoints, save, done. The record is the truth."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from pipeline.check.as_of import day_of
from pipeline.check.timeline import experience_years
from pipeline.conversion import Conversion, Options, Tools, convert
from pipeline.errors import Conflict, TransientError, UserError
from pipeline.model.codec import from_json, to_json
from pipeline.model.cv import Cv
from pipeline.model.formats import SUFFIXES
from pipeline.model.job import DriveItem, Job, Notice, Problem, Result, State, Step
from pipeline.ports import Blobs, Clock, Drive, Ids, IncomingFiles, Records
from pipeline.service import JOBS, MAX_BYTES, Service, blob, readable

T = TypeVar("T")
Notify = Callable[[Job], Awaitable[None]]

MAX_ATTEMPTS = 5
WAITED_TOO_LONG = 120
"""After so many seconds a waiting job is woken again, in case its wake-up was lost."""

_log = logging.getLogger("jobs")


@dataclass(frozen=True, slots=True)
class Runner:
    """`lease` in seconds: how long a silent worker keeps a job before another may take it."""

    service: Service
    records: Records
    blobs: Blobs
    drive: Drive
    incoming: IncomingFiles
    tools: Tools
    clock: Clock
    ids: Ids
    lease: float = 30.0

    async def run(self, tenant: str, job_id: str, notify: Notify) -> Job | None:
        """Take the job to its end, or one attempt further. None where somebody else has it or nothing is left to do."""
        run = await self._claim(tenant, job_id)
        if run is None:
            return None
        try:
            await self._attempt(run, notify)
        except Conflict:
            # another worker went on with it, or it was deleted: then nothing of it may stay
            await self._clear_if_deleted(run)
            return None
        await notify(run.job)
        return run.job

    async def _attempt(self, run: _Run, notify: Notify) -> None:
        """One attempt, ended in the record one way or another. Raises Conflict where the job is not ours any more."""
        try:
            if run.job.attempts > MAX_ATTEMPTS:
                raise UserError("gave_up")
            await notify(run.job)
            result = await self._convert(run, notify)
            await run.update(state=State.DONE, step=Step.SAVED, result=result, usage=result.usage, lease_until=None)
        except Conflict:
            raise
        except UserError as error:
            await self._fail(run, error.key, error.values, retry=error.key in _WORTH_RETRYING)
        except TransientError as error:
            await self._later(run, error)
        except Exception as error:  # noqa: BLE001  # a bug: logged once with its reference, shown on the card
            await self._fail(run, "bug", {}, retry=True, cause=error)

    async def renew(self, tenant: str, job_id: str) -> None:
        """Extend the lease of a running job, in the middle of a long step."""
        record = await self.records.get(JOBS, tenant, job_id)
        job = from_json(record.value, Job) if record else None
        if record and job and job.state == State.RUNNING:
            longer = job.model_copy(update={"lease_until": self.clock.now() + timedelta(seconds=self.lease)})
            with suppress(Conflict):  # the worker itself has just written, and renewed it
                await self.records.put(JOBS, tenant, job_id, to_json(longer, Job), etag=record.etag)

    async def sweep(self) -> int:
        """Wake jobs that wait without a wake-up or whose worker fell silent; returns how many."""
        now, woken = self.clock.now(), 0
        for tenant in await self.records.tenants(JOBS):
            records = await self.records.all(JOBS, tenant)
            etags = {record.key: record.etag for record in records}
            for job in readable(records):
                due = job.wake_at or job.updated
                waits = job.state == State.QUEUED and now - due > timedelta(seconds=WAITED_TOO_LONG)
                silent = job.state == State.RUNNING and job.lease_until is not None and job.lease_until < now
                if not waits and not silent:
                    continue
                with suppress(Conflict):
                    noted = job.model_copy(update={"updated": now, "wake_at": None})
                    await self.records.put(JOBS, tenant, job.id, to_json(noted, Job), etag=etags[job.id])
                    await self.service.wake(job)
                    woken += 1
        return woken

    async def release(self, tenant: str, job_id: str) -> None:
        """Give a running job back at shutdown; the attempt does not count."""
        record = await self.records.get(JOBS, tenant, job_id)
        if record is None:
            return
        job = from_json(record.value, Job)
        if job.state == State.RUNNING:
            back = job.model_copy(update={"state": State.QUEUED, "lease_until": None, "attempts": max(0, job.attempts - 1)})
            try:
                await self.records.put(JOBS, tenant, job_id, to_json(back, Job), etag=record.etag)
                await self.service.wake(back)
            except Conflict:
                return

    async def _claim(self, tenant: str, job_id: str) -> _Run | None:
        record = await self.records.get(JOBS, tenant, job_id)
        if record is None:
            return None
        job, now = from_json(record.value, Job), self.clock.now()
        if job.state.ended or (job.state == State.RUNNING and job.lease_until and job.lease_until > now):
            return None
        run = _Run(self, job, record.etag)
        try:
            await run.update(state=State.RUNNING, attempts=job.attempts + 1)
        except Conflict:
            return None
        return run

    async def _clear_if_deleted(self, run: _Run) -> None:
        record = await self.records.get(JOBS, run.job.tenant, run.job.id)
        if record and from_json(record.value, Job).state == State.DELETED:
            await self.blobs.delete(f"{run.job.tenant}/{run.job.id}")
            if run.saved:
                await self.drive.delete(run.job.tenant, run.saved)

    async def _convert(self, run: _Run, notify: Notify) -> Result:
        pdf = await self._bytes(run)
        await run.update(content=hashlib.sha256(pdf).hexdigest())

        async def checkpoint(step: Step, kind: type[T], work: Callable[[], Awaitable[T]]) -> T:
            name = blob(run.job, step.value)
            stored = await self.blobs.get(name)
            if stored is not None:
                return stored if kind is bytes else from_json(stored, kind)  # type: ignore[return-value]
            await run.update(step=step)
            await notify(run.job)
            begun = self.clock.now()
            value = await work()
            await self.blobs.put(name, value if isinstance(value, bytes) else to_json(value, kind))
            timings = {**run.job.timings, step.value: round((self.clock.now() - begun).total_seconds(), 3)}
            await run.update(timings=timings)
            return value

        options = Options(today=self.clock.now().date(), template=run.job.template, language=run.job.language)
        done = await convert(pdf, self.tools, options, checkpoint=checkpoint)
        await self.blobs.put(blob(run.job, "resume"), json.dumps(done.json_resume(), ensure_ascii=False, indent=1).encode())
        return await self._saved(run, done)

    async def _saved(self, run: _Run, done: Conversion) -> Result:
        """Save the Word file. Repeating it finds the job's own file."""
        job, cv = run.job, done.cv
        name = cv.basics.name.text if cv.basics.name else ""
        await run.update(step=Step.WRITING)
        item = await self.drive.save(job.tenant, name or "CV", f"CV {name or _stem(job.source.name)}.docx", done.word, job=job.id)
        run.saved = item
        await run.update()
        candidate = await self.service.remember_candidate(job, name, cv.basics.email.text if cv.basics.email else "")
        counts = {s: sum(f.severity == s for f in done.findings) for s in ("error", "warning", "info")}
        newest = cv.positions[0] if cv.positions else None
        return Result(
            candidate=name,
            candidate_id=candidate,
            headline=cv.basics.headline.text if cv.basics.headline else "",
            years=experience_years(cv, day_of(cv.as_of)),
            position=", ".join(leaf.text for leaf in (newest.title, newest.company) if leaf) if newest else "",
            skills=_top_skills(cv),
            languages=tuple(f"{entry.name.text} ({entry.level.text})" if entry.level else entry.name.text for entry in cv.languages if entry.name),
            notices=tuple(Notice(severity=f.severity, key=f.key, values=dict(f.values)) for f in done.findings[:20]),
            counts=counts,
            seconds=round((self.clock.now() - job.begun).total_seconds(), 1),
            usage=done.usage,
            structurer=cv.structurer,
            word=item,
            pages=len(done.document.pages),
        )

    async def _bytes(self, run: _Run) -> bytes:
        """The original: ours already, or fetched now; the channel's link is forgotten afterwards."""
        name = blob(run.job, "original")
        data = await self.blobs.get(name)
        if data is None:
            data = await self.incoming.fetch(run.job.source, limit=MAX_BYTES)
            await self.blobs.put(name, data)
        if run.job.source.url:
            await run.update(source=run.job.source.model_copy(update={"url": "", "size": len(data)}))
        return data

    async def _later(self, run: _Run, error: TransientError) -> None:
        if run.job.attempts >= MAX_ATTEMPTS:
            await self._fail(run, error.key, {}, retry=True, cause=error)
            return
        _log.warning("job %s: attempt %d failed: %s", run.job.id, run.job.attempts, error)
        delay = error.retry_after or min(60.0, 2.0**run.job.attempts)
        await run.update(state=State.QUEUED, lease_until=None, wake_at=self.clock.now() + timedelta(seconds=delay))
        await self.service.wake(run.job, delay=delay)

    async def _fail(self, run: _Run, key: str, values: dict[str, str | int], *, retry: bool, cause: BaseException | None = None) -> None:
        reference = self.ids.new()[:8].upper()
        _log.error("job %s failed: %s, reference %s", run.job.id, key, reference, exc_info=cause)
        problem = Problem(key=key, values=values, reference=reference, retry=retry)
        await run.update(state=State.FAILED, problem=problem, lease_until=None)


_WORTH_RETRYING = frozenset({"gave_up", "too_complex", "broken_template", "unknown_template"})


@dataclass(slots=True)
class _Run:
    """A claimed job and the version of its record that this worker holds."""

    runner: Runner
    job: Job
    etag: str
    saved: DriveItem | None = None

    async def update(self, **changes: object) -> None:
        """Write the record and renew the lease. Raises Conflict where another worker has taken over."""
        now = self.runner.clock.now()
        lease = {} if "lease_until" in changes else {"lease_until": now + timedelta(seconds=self.runner.lease)}
        job = self.job.model_copy(update={**lease, **changes, "updated": now})
        records, tenant, key = self.runner.records, job.tenant, job.id
        for _ in range(5):
            try:
                self.etag = await records.put(JOBS, tenant, key, to_json(job, Job), etag=self.etag)
                self.job = job
                return
            except Conflict:
                record = await records.get(JOBS, tenant, key)
                theirs = from_json(record.value, Job) if record else None
                if record is None or theirs is None or _without_notes(theirs) != _without_notes(self.job):
                    raise
                # only the card's id was added, by the turn that posted it, or the lease was renewed by our heartbeat
                self.etag = record.etag
                self.job = theirs
                job = job.model_copy(update={"card": theirs.card})
        raise Conflict(key)


def _without_notes(job: Job) -> Job:
    """The job without what others may write while it runs."""
    return job.model_copy(update={"card": "", "lease_until": None})


def _stem(name: str) -> str:
    """A file's name without what says that it is a CV's."""
    return next((name[: -len(suffix)] for suffix in SUFFIXES if name.lower().endswith(suffix)), name)


def _top_skills(cv: Cv, *, most: int = 8) -> tuple[str, ...]:
    """A few of each group in turn, so that one long group does not fill the card."""
    groups = [[leaf.text for leaf in group.items] for group in cv.skills]
    found: list[str] = []
    for i in range(max(map(len, groups), default=0)):
        found.extend(group[i] for group in groups if i < len(group))
    return tuple(dict.fromkeys(s for s in found if len(s) <= 40))[:most]
