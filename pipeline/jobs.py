"""Runs a stored job to its end: claim, steps with checkpoints, save, done. The record is the truth."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from pipeline.budget import Budget
from pipeline.check.as_of import day_of
from pipeline.check.compare import compare
from pipeline.check.timeline import experience_years
from pipeline.conversion import Conversion, Options, Structured, Tools, convert, word_file
from pipeline.customer_lists import CustomerLists
from pipeline.errors import Busy, Conflict, EditedSince, TransientError, UserError
from pipeline.matching import read_profile
from pipeline.model.codec import from_json, to_json
from pipeline.model.cv import Cv
from pipeline.model.formats import is_archive, job_mark
from pipeline.model.job import Change, DriveItem, Job, Kind, Notice, Problem, Result, Source, State, Step, WhenEdited
from pipeline.ports import Blobs, ChatMessages, Clock, Drive, Ids, IncomingFiles
from pipeline.read.archive import members
from pipeline.service import MAX_ARCHIVE_BYTES, MAX_BYTES, SIGN_IN_NEEDED, Service, Submission
from pipeline.store import JOBS, MATCHES, OPEN, blob, decoded

T = TypeVar("T")
Notify = Callable[[Job], Awaitable[None]]

MAX_ATTEMPTS = 5
LONGEST_WAIT = 600.0
"""Seconds before another attempt, however long the other side asks for."""
SAME_FILE_SECONDS = 2.0
"""Until a job looks again whether the same file, which another works on, is done."""
ONCE_MORE_SECONDS = 2.0
"""After so long the program tries once more what failed for no known reason."""
SAVING_SECONDS = 60.0
"""So long a worker that was stopped waits for its file to arrive, so that it can be taken back."""
GIVE_UP = timedelta(days=7)
"""After so long nobody tries any more to show how a job has ended."""

_log = logging.getLogger("jobs")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a wake-up.

    `job` as this worker left it, None where it did nothing. The wake-up should come back after `again` seconds, where that is given. `dead`:
    all attempts are used up; `quiet`: nothing that people would like to see.
    """

    job: Job | None = None
    again: float | None = None
    dead: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Runner:
    """`lease` in seconds: how long a silent worker keeps a job before another may take it. `messages`: where people can sign in."""

    service: Service
    blobs: Blobs
    drive: Drive
    incoming: IncomingFiles
    tools: Tools
    clock: Clock
    ids: Ids
    lease: float = 30.0
    budget: Budget | None = None
    messages: ChatMessages | None = None

    async def run(self, tenant: str, job_id: str, notify: Notify) -> Outcome:
        """Take the job to its end, or one attempt further. Raises TransientError where the storage fails."""
        run = await self._claim(tenant, job_id)
        if isinstance(run, Outcome):
            return run
        work = asyncio.ensure_future(self._attempt(run, notify))
        beat = asyncio.create_task(self._beat(run, work))
        try:
            outcome = await work
        except Conflict:
            # another worker went on with it, or it was cancelled or deleted: then nothing of it may stay
            await self._clear_if_gone(run)
            return Outcome(again=self.lease)
        except asyncio.CancelledError:
            await self._clear_if_gone(run)
            if not run.lost:
                raise
            return Outcome(again=self.lease)
        finally:
            beat.cancel()
        if run.job.archive and run.job.state == State.DONE:
            await self._unpacked(run)
        if not outcome.quiet:
            await notify(run.job)
        if run.job.state.ended and run.job.conversation is None:  # there is no card to wait for
            await self.service.settle(run.job)
        return outcome

    async def _attempt(self, run: _Run, notify: Notify) -> Outcome:
        """One attempt, ended in the record one way or another. Raises Conflict where the job is not ours any more."""
        dead = False
        try:
            if run.job.attempts > MAX_ATTEMPTS:
                dead = True
                raise UserError("gave_up")
            await notify(run.job)
            await self._work(run, notify)
        except Conflict:
            raise
        except UserError as error:
            await self._fail(run, error.key, error.values, retry=error.key in _WORTH_RETRYING)
        except TransientError as error:
            return await self._later(run, error)
        except Exception as error:  # noqa: BLE001  # a bug: where it comes again it is logged with its reference, and shown on the card
            if run.job.attempts == 1 and not run.job.state.ended:
                return await self._later(run, TransientError(f"unexpected {type(error).__name__}", retry_after=ONCE_MORE_SECONDS))
            await self._fail(run, "bug", {}, retry=True, cause=error)
        return Outcome(run.job, dead=dead)

    async def _beat(self, run: _Run, work: asyncio.Future[Outcome]) -> None:
        """Renew the lease in the middle of a long step; stop working where the job is not ours any more."""
        while True:
            await asyncio.sleep(self.lease / 3)
            try:
                ours = await self._renew(run)
            except TransientError as error:  # the next beat tries again
                _log.warning("job %s: heartbeat: %s", run.job.id, error)
                continue
            if not ours:
                run.lost = True
                work.cancel()
                return

    async def _renew(self, run: _Run) -> bool:
        records, tenant, key = self.service.store.records, run.job.tenant, run.job.id
        record = await records.get(JOBS, tenant, key)
        job = from_json(record.value, Job) if record else None
        if record is None or job is None or job.state != State.RUNNING or job.holder != run.job.holder:
            return False
        longer = job.model_copy(update={"lease_until": self.clock.now() + timedelta(seconds=self.lease)})
        with suppress(Conflict):  # the work itself has just written, and renewed it
            await records.put(JOBS, tenant, key, to_json(longer, Job), etag=record.etag)
        return True

    async def sweep(self, notify: Notify, *, every: float | None = None) -> int:
        """Look after the jobs whose card is not final: wake what nobody works on, show again what has ended.

        Returns how many there were. `every`: seconds between two looks at the same job while it is young; later they are rarer.
        """
        store, looked = self.service.store, 0
        for tenant in await store.records.tenants(OPEN):
            for job_id in await store.due(tenant):
                try:
                    looked += await self._look_after(tenant, job_id, notify, every=every or self.lease)
                except (Busy, Conflict):  # somebody else is at it
                    continue
        return looked

    async def _look_after(self, tenant: str, job_id: str, notify: Notify, *, every: float) -> bool:
        store = self.service.store
        record = await store.records.get(JOBS, tenant, job_id)
        job = decoded([record], Job)[0] if record else None
        now = self.clock.now()
        age = (now - job.begun).total_seconds() if job else 0.0
        if not await store.take_care(tenant, job_id, until=now + timedelta(seconds=min(max(every, age), 3600.0))):
            return False
        if record is None:  # killed before the record was written: nothing was sent in
            await store.records.delete(OPEN, tenant, job_id)
        elif job is None:  # another version wrote it: that one looks after it
            return True
        elif job.state.ended:
            await notify(job)
            if job.conversation is None or now - job.updated > GIVE_UP:
                await self.service.settle(job)
        elif not (job.state == State.RUNNING and job.lease_until and job.lease_until > now):
            await self.service.wake(job)
        return True

    async def release(self, tenant: str, job_id: str, holder: str) -> None:
        """Give a running job back at shutdown, if it is still the holder's; the attempt does not count."""

        def back(job: Job | None) -> Job | None:
            if job is None or job.state != State.RUNNING or job.holder != holder:
                return None
            return job.model_copy(update={"state": State.QUEUED, "lease_until": None, "attempts": max(0, job.attempts - 1)})

        await self.service.store.change(JOBS, tenant, job_id, Job, back)

    async def _claim(self, tenant: str, job_id: str) -> _Run | Outcome:
        record = await self.service.store.records.get(JOBS, tenant, job_id)
        if record is None:
            return Outcome()
        job, now = from_json(record.value, Job), self.clock.now()
        if job.state.ended:
            return Outcome()
        until = job.lease_until if job.state == State.RUNNING else job.wake_at
        if until and until > now:
            return Outcome(again=(until - now).total_seconds() + 0.5)
        run = _Run(self, job, record.etag)
        try:
            await run.update(state=State.RUNNING, attempts=job.attempts + 1, holder=self.ids.new(), wake_at=None)
        except Conflict:
            return Outcome(again=1.0)
        return run

    async def _clear_if_gone(self, run: _Run) -> None:
        """What this worker wrote after the job was cancelled or deleted goes, too."""
        job = await self.service.store.get(JOBS, run.job.tenant, run.job.id, Job)
        if job is None or job.state == State.DELETED:
            await self.blobs.delete(f"{run.job.tenant}/{run.job.id}")
            await self.service.store.records.delete(MATCHES, run.job.tenant, run.job.id)
        if run.candidate and (job is None or job.state in (State.DELETED, State.CANCELLED)):
            await self.service.candidates.forget(run.job, run.candidate)
            await self.service.matches.forget(run.job.tenant, run.candidate)  # made anew of what is left
        if run.saving and (job is None or job.state.ended):
            saved = await run.saved()
            kept = (*job.result.earlier, job.result.word) if job and job.result else ()
            if saved and all((saved.drive, saved.id) != (item.drive, item.id) for item in kept):  # of another attempt, or of none
                await self.drive.delete(run.job.tenant, saved)

    async def _work(self, run: _Run, notify: Notify) -> None:
        match run.job.kind:
            case Kind.CV:
                await self._make_cv(run, notify)
            case Kind.PROFILE:
                data = await self._bytes(run)
                if self.tools.scan:  # nothing is opened before it is looked at
                    await self.tools.scan.check(data)
                profile = await read_profile(data, run.job.source.name, self.tools.reader, self.service.matches.lexicon, self._tools(run).llm)
                await self.service.profiles.add(run.job.tenant, run.job.user, profile, key=run.job.id)
                await run.update(state=State.DONE, step=Step.SAVED, profile=run.job.id, lease_until=None)
            case Kind.MATCH:
                match = await self.service.matches.hold(run.job, self._tools(run).llm)
                await run.update(state=State.DONE, step=Step.SAVED, candidate=match.candidate, lease_until=None)
            case Kind.CUSTOMERS:
                await self._customers(run, notify)
            case Kind.SHORTLIST:
                await self.service.matches.shortlist(run.job)
                await run.update(state=State.DONE, step=Step.SAVED, lease_until=None)

    async def _customers(self, run: _Run, notify: Notify) -> None:
        """A customer list: first what its import would do, then, when a person says so, the import."""
        lists = CustomerLists(self.service.customers, self.blobs, self.tools.reader)
        if run.job.step is Step.WRITING:

            async def progress() -> None:
                await run.update(step=Step.WRITING)
                await notify(run.job)

            await lists.carry_out(run.job, progress)
            await run.update(state=State.DONE, step=Step.SAVED, lease_until=None)
            return
        data = await self._bytes(run)
        if self.tools.scan:
            await self.tools.scan.check(data)
        await lists.preview(run.job, data)
        await run.update(state=State.DONE, step=Step.CHECKING, lease_until=None)

    async def _make_cv(self, run: _Run, notify: Notify) -> None:
        if run.job.content and await self._known(run):  # looked at before: no need to read it again
            return
        if run.job.source.message and not await self._looked_up(run, notify):
            return
        data = await self._bytes(run)
        run.note(content=hashlib.sha256(data).hexdigest())
        if is_archive(data):
            await self._unpack(run, data, notify)
        elif not await self._known(run):
            await self._convert(run, data, notify)

    async def _known(self, run: _Run) -> bool:
        """The same file was worked on before: then its result is this job's, unless a fresh one was asked for. Raises Busy while it is made."""
        job = run.noted
        if job.fresh or job.result:
            return False
        before = await self.service.store.claim_content(job)
        if before is None:
            return False
        if not before.state.ended:
            waited = (self.clock.now() - job.begun).total_seconds()
            raise Busy("another job works on the same file", retry_after=min(max(SAME_FILE_SECONDS, waited / 2), 30.0))
        if before.user != job.user and before.result and before.result.word.owner:  # in a drive that this person does not see
            return False
        if not await self.service.candidates.join(job, before):  # just erased: this one is worked on like any other
            return False
        await self.service.events.note(job.tenant, "cv.known", before.candidate, at=job.begun, job=job.id)
        await run.update(state=State.DONE, step=Step.SAVED, same_as=before.id, candidate=before.candidate, lease_until=None)
        return True

    async def _looked_up(self, run: _Run, notify: Notify) -> bool:
        """Which files does the message hold? One is this job's; of several a batch is made, and this job is done: then False."""
        if self.messages is None:
            raise UserError("chats_off")
        files = await self.messages.files(run.job.source.message, run.job.person)
        if not files:
            raise UserError("no_file_in_message")
        if len(files) == 1:
            await run.update(source=files[0])
            return True

        async def each() -> AsyncIterator[tuple[Source, bytes | None, UserError | None]]:
            for file in files:
                yield file, None, None

        await run.update(step=Step.READING, archive=True)
        await notify(run.job)
        await self._divide(run, each())
        return False

    async def _unpack(self, run: _Run, data: bytes, notify: Notify) -> None:
        """A ZIP file becomes the jobs of the CVs in it."""

        async def each() -> AsyncIterator[tuple[Source, bytes | None, UserError | None]]:
            found = members(data)
            while member := await asyncio.to_thread(next, found, None):
                values = {"limit": member.limit} if member.limit else {}
                problem = UserError(member.problem, **values) if member.problem else None
                yield Source(name=member.name, size=len(member.data)), member.data, problem

        await run.update(step=Step.READING, archive=True)
        await notify(run.job)
        await asyncio.to_thread(_checked, data)
        await self._divide(run, each())

    async def _divide(self, run: _Run, files: AsyncIterator[tuple[Source, bytes | None, UserError | None]]) -> None:
        """Each file becomes a job of the batch that this one stands for. Repeating it finds them."""
        job, batches = run.job, self.service.batches
        if job.batch:
            batch = await batches.get(job.tenant, job.batch)
        else:
            batch = await batches.open(job.tenant, job.user, job.id, job.conversation, parent=job.id, card=job.card)
            await run.update(batch=batch.id)  # counted, and tried again, with its CVs until all are there
        number = 0
        async for source, data, problem in files:
            submission = Submission(
                tenant=job.tenant,
                user=job.user,
                source=source,
                data=data,
                key=f"{job.id}\n{number}",
                conversation=job.conversation,
                template=job.template,
                language=job.language,
                locale=job.locale,
                batch=batch.id,
            )
            await self.service.submit(submission, problem=problem)
            number += 1
        await run.update(state=State.DONE, step=Step.SAVED, batch=batch.id, source=Source(name=""), lease_until=None)

    async def _unpacked(self, run: _Run) -> None:
        """Its CVs are there one by one: the ZIP file itself goes. What fails here, retention does."""
        job = run.job
        with suppress(TransientError):
            await self.service.store.unlist(job)
            await self.blobs.delete(f"{job.tenant}/{job.id}")
            if job.card:
                await self.service.batches.set_card(job.tenant, job.batch, job.card)

    async def _convert(self, run: _Run, data: bytes, notify: Notify) -> None:
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
            # what gets on is no poison: a worker that dies of one job takes others with it, which are not to blame
            timings = {**run.noted.timings, step.value: round((self.clock.now() - begun).total_seconds(), 3)}
            run.note(timings=timings, attempts=1)
            return value

        tools = self._tools(run)
        options = Options(today=self.clock.now().date(), template=run.job.template, language=run.job.language, mark=job_mark(run.job.id))
        done = await convert(data, tools, options, checkpoint=checkpoint)
        await self.blobs.put(blob(run.job, "resume"), json.dumps(done.json_resume(), ensure_ascii=False).encode())
        try:
            result = await self._saved(run, done)
        except EditedSince:  # the card asks what becomes of the new file; until then the job is as it was before
            await run.update(state=State.DONE, step=Step.SAVED, edited=True, lease_until=None)
            return
        await self.service.store.remember_content(run.noted)
        changes = {"result": result, "usage": result.usage, "candidate": result.candidate_id, "when_edited": WhenEdited.ASK}
        await run.update(state=State.DONE, step=Step.SAVED, lease_until=None, **changes)

    def _tools(self, run: _Run) -> Tools:
        """With the model within the tenant's limits."""
        if self.tools.llm and self.budget:
            return replace(self.tools, llm=self.budget.limited(self.tools.llm, run.job.tenant))
        return self.tools

    async def _saved(self, run: _Run, done: Conversion) -> Result:
        """Save the Word file. Repeating it finds the job's own file."""
        await run.update(step=Step.WRITING)  # still ours: what was frozen until now writes no file
        job, cv = run.job, done.cv
        name = cv.basics.name.text if cv.basics.name else ""
        file = word_file(job, cv, done.word)
        known = job.result.word if job.result else None
        email = cv.basics.email.text if cv.basics.email else ""
        run.candidate = (await self.service.candidates.expect(job, name, email)).id
        run.saving = asyncio.ensure_future(self.drive.save(job.person, file, known=known, when_edited=job.when_edited))
        item = await asyncio.shield(run.saving)
        candidate = await self.service.candidates.remember(job, name, email)
        run.candidate = candidate.id
        await self.service.matches.learn(job, candidate.id, cv, done.document)
        version, before = await self.service.candidates.versions(candidate, job)
        await self.service.events.note(job.tenant, "cv.converted", candidate.id, at=job.begun, job=job.id)
        counts = {s: sum(f.severity == s for f in done.findings) for s in ("error", "warning", "info")}
        newest = cv.positions[0] if cv.positions else None
        return Result(
            candidate=name,
            candidate_id=candidate.id,
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
            earlier=_beside(job.result, item),
            pages=len(done.document.pages),
            version=version,
            changes=await self._changes(before, cv),
        )

    async def _changes(self, before: Job | None, cv: Cv) -> tuple[Change, ...]:
        stored = await self.blobs.get(blob(before, Step.CHECKING.value)) if before else None
        return compare(from_json(stored, Structured).cv, cv) if stored else ()

    async def _bytes(self, run: _Run) -> bytes:
        """The original: ours already, or fetched now; the channel's link is forgotten afterwards."""
        name = blob(run.job, "original")
        data = await self.blobs.get(name)
        source = run.job.source
        if data is None and not (source.url or source.share):
            raise UserError("link_expired")
        if data is None:
            data = await self.incoming.fetch(source, limit=MAX_ARCHIVE_BYTES, person=run.job.person)
            if len(data) > MAX_BYTES and not is_archive(data):
                raise UserError("too_large", limit=MAX_BYTES // 2**20)
            await self.blobs.put(name, data)
        if source.url or source.share:
            run.note(source=source.model_copy(update={"url": "", "share": "", "size": len(data)}))
        return data

    async def _later(self, run: _Run, error: TransientError) -> Outcome:
        if run.job.state.ended:
            return Outcome(run.job)
        counted = not isinstance(error, Busy)
        if counted and run.job.attempts >= MAX_ATTEMPTS:
            await self._fail(run, error.key, {}, retry=True, cause=error)
            return Outcome(run.job, dead=True)
        _log.warning("job %s: attempt %d failed: %s", run.job.id, run.job.attempts, error)
        backoff = min(60.0, 2.0**run.job.attempts) * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, nothing secret
        delay = min(error.retry_after or backoff, LONGEST_WAIT)
        attempts = run.job.attempts - (not counted)
        await run.update(state=State.QUEUED, lease_until=None, attempts=attempts, wake_at=self.clock.now() + timedelta(seconds=delay))
        return Outcome(run.job, again=delay, quiet=not counted)

    async def _fail(self, run: _Run, key: str, values: dict[str, str | int], *, retry: bool, cause: BaseException | None = None) -> None:
        if run.job.state.ended:
            raise cause or UserError(key)
        reference = self.ids.new()[:8].upper()
        _log.error("job %s failed: %s, reference %s", run.job.id, key, reference, exc_info=cause)
        problem = Problem(key=key, values=values, reference=reference, retry=retry)
        await run.update(state=State.FAILED, problem=problem, lease_until=None)


_WORTH_RETRYING = frozenset(
    {
        "gave_up",
        "too_complex",
        "broken_template",
        "unknown_template",
        SIGN_IN_NEEDED,
        "file_forbidden",
        "message_forbidden",
        "drive_full",
        "drive_forbidden",
        "no_drive",
        "no_library",
    }
)


@dataclass(slots=True)
class _Run:
    """A claimed job and the version of its record that this worker holds. `lost`: by now it is somebody else's."""

    runner: Runner
    job: Job
    etag: str
    saving: asyncio.Future[DriveItem] | None = None
    candidate: str = ""
    lost: bool = False
    notes: dict[str, object] = field(default_factory=dict)

    def note(self, **changes: object) -> None:
        """Write this with the next update: each costs a call of the storage."""
        self.notes |= changes

    async def saved(self) -> DriveItem | None:
        """The Word file that was on its way to the drive when the work was stopped, if it has arrived."""
        if self.saving is None:
            return None
        await asyncio.wait({self.saving}, timeout=SAVING_SECONDS)
        done = self.saving.done() and not self.saving.cancelled() and not self.saving.exception()
        return self.saving.result() if done else None

    @property
    def noted(self) -> Job:
        """The job with what the next update will write."""
        return self.job.model_copy(update=self.notes)

    async def update(self, **changes: object) -> None:
        """Write the record and renew the lease. Raises Conflict where another worker has taken over."""
        now = self.runner.clock.now()
        lease = {} if "lease_until" in changes else {"lease_until": now + timedelta(seconds=self.runner.lease)}
        job = self.job.model_copy(update={**self.notes, **lease, **changes, "updated": now})
        records, tenant, key = self.runner.service.store.records, job.tenant, job.id
        for _ in range(5):
            try:
                self.etag = await records.put(JOBS, tenant, key, to_json(job, Job), etag=self.etag)
            except Conflict:
                record = await records.get(JOBS, tenant, key)
                theirs = from_json(record.value, Job) if record else None
                if record and theirs and _without_notes(theirs) == _without_notes(job):  # it was written, only the answer was lost
                    self.etag, self.job, self.notes = record.etag, theirs, {}
                    return
                if record is None or theirs is None or _without_notes(theirs) != _without_notes(self.job):
                    raise
                # only the card's id was added, by the turn that posted it, or the lease was renewed by our heartbeat
                self.etag = record.etag
                self.job = theirs
                job = job.model_copy(update={"card": theirs.card})
            else:
                self.job, self.notes = job, {}
                return
        raise Conflict(key)


def _without_notes(job: Job) -> Job:
    """The job without what others may write while it runs."""
    return job.model_copy(update={"card": "", "lease_until": None})


def _beside(before: Result | None, now: DriveItem) -> tuple[DriveItem, ...]:
    """The Word files of before that are there still."""
    known = (*before.earlier, before.word) if before else ()
    return tuple(item for item in known if item.drive and (item.drive, item.id) != (now.drive, now.id))


def _checked(archive: bytes) -> None:
    """Unpack it once to see that all of it may be unpacked: half an archive is not taken."""
    for _ in members(archive):
        pass


def _top_skills(cv: Cv, *, most: int = 8) -> tuple[str, ...]:
    """A few of each group in turn, so that one long group does not fill the card."""
    groups = [[leaf.text for leaf in group.items] for group in cv.skills]
    found: list[str] = []
    for i in range(max(map(len, groups), default=0)):
        found.extend(group[i] for group in groups if i < len(group))
    return tuple(dict.fromkeys(s for s in found if len(s) <= 40))[:most]
