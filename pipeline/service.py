"""The use cases. Chat, REST and command line call these, and nothing else of the pipeline."""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.api_keys import ApiKeys
from pipeline.batches import Batches, batch_key
from pipeline.candidates import Candidates
from pipeline.conversion import Structured, word_file
from pipeline.customer_lists import importable, preview_of
from pipeline.customers import NOBODY_KNOWS, Customers
from pipeline.errors import TransientError, UserError
from pipeline.events import Events
from pipeline.lang.concept import Concepts, concepts
from pipeline.matches import Matches
from pipeline.model.codec import from_json
from pipeline.model.formats import is_archive, is_old_word_file, is_pdf, is_word_file
from pipeline.model.job import (
    BATCH_PREFIX,
    Batch,
    Candidate,
    Conversation,
    DriveItem,
    Job,
    Kind,
    Periods,
    Problem,
    Receipt,
    Source,
    State,
    Step,
    WhenEdited,
)
from pipeline.model.person import Person
from pipeline.offers import USUAL, Offers, Office
from pipeline.ports import Addresses, Blobs, Clock, Drive, Ids, Llm, Mail, Queue, Records
from pipeline.profiles import Profiles
from pipeline.store import JOBS, MATCHES, PERIODS, RECEIPTS, Store, blob, readable

MAX_BYTES = 15 * 2**20
"""Of one CV."""
MAX_ARCHIVE_BYTES = 100 * 2**20
"""Of a ZIP file with CVs."""
AT_ONCE = 16
"""So many jobs of a batch are changed at a time."""
WAITING = 50
"""So many of a person's newest jobs are looked at for those that wait for their sign-in."""

SIGN_IN_NEEDED = "sign_in_needed"

_NAMESPACE = uuid.UUID("7f1b2a56-53a5-4c1e-9b2b-0e6a7f5f3c11")
_log = logging.getLogger("service")


@dataclass(frozen=True, slots=True)
class Submission:
    """One file that came in, or a match or shortlist that was asked for (`profile`, `about`: see Job).

    `key` makes repeats harmless: the same key is the same job. `data` is None for a link.
    """

    tenant: str
    user: str
    source: Source
    data: bytes | None = None
    key: str = ""
    conversation: Conversation | None = None
    template: str = ""
    language: str = ""
    locale: str = "de"
    batch: str = ""
    kind: Kind = Kind.CV
    profile: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Defaults:
    """`template` writes where none is asked for; `templates` are all that there are. `periods` hold where a tenant has none of its own.

    `first_look` in seconds: so long after a job was sent in the sweeper looks whether somebody works on it.
    """

    template: str = "classic"
    templates: tuple[str, ...] = ("classic", "modern")
    periods: Periods = field(default_factory=Periods)
    first_look: float = 30.0


LANGUAGES = ("", "de", "en")
"""Of the Word file's headings; empty is the CV's own."""


class Service:
    """`candidates`, `batches`, `profiles`, `matches`, `customers` and `offers` are part of it.

    `lexicon`: the matcher's, with the firm's own names. `addresses`, `offline_addresses`, `mail`, `office`, `llm`: see Customers and Offers.
    """

    def __init__(
        self,
        *,
        records: Records,
        blobs: Blobs,
        queue: Queue,
        drive: Drive,
        clock: Clock,
        ids: Ids,
        defaults: Defaults = Defaults(),
        lexicon: Concepts | None = None,
        addresses: Addresses = NOBODY_KNOWS,
        offline_addresses: Addresses = NOBODY_KNOWS,
        mail: Mail | None = None,
        office: Office = USUAL,
        llm: Callable[[str], Llm] | None = None,
    ) -> None:
        self.store = Store(records, clock)
        self.candidates = Candidates(self.store)
        self.batches = Batches(self.store, drive)
        self.events = Events(self.store)
        self.api_keys = ApiKeys(self.store, self.events, ids)
        self.profiles = Profiles(self.store, ids)
        self.matches = Matches(
            self.store, blobs, candidates=self.candidates, profiles=self.profiles, events=self.events, lexicon=lexicon or concepts()
        )
        self.customers = Customers(self.store, ids, addresses=addresses, offline=offline_addresses, country=office.country)
        self.offers = Offers(self.store, blobs, drive, customers=self.customers, mail=mail, office=office, llm=llm)
        self._blobs = blobs
        self._queue = queue
        self._drive = drive
        self._clock = clock
        self._ids = ids
        self._defaults = defaults

    # --- jobs

    async def submit(self, submission: Submission, *, start: bool = True, problem: UserError | None = None) -> tuple[Job, bool]:
        """The job, and whether it is new. Without `start` the caller wakes it, or the sweeper does after a while.

        With a `problem` it has failed already: that is how a batch names the files that cannot be used.

        What is written first is harmless without what is written last, the job's record: killed in between, nothing was sent in.
        Raises UserError: too_large, unknown_format.
        """
        if submission.data is not None and submission.kind is Kind.CV and not problem:
            _check(submission.data)
        if submission.key:  # nothing of a repeat is written: what was erased since must not come back
            known = await self.store.get(JOBS, submission.tenant, self.job_id(submission.tenant, submission.key, batch=submission.batch), Job)
            if known:
                return known, False
        now = self._clock.now()
        job = Job(
            id=self.job_id(submission.tenant, submission.key, batch=submission.batch),
            tenant=submission.tenant,
            user=submission.user,
            kind=submission.kind,
            profile=submission.profile,
            about=submission.about,
            source=submission.source,
            created=now,
            updated=now,
            template=submission.template or self._defaults.template,
            language=submission.language,
            locale=submission.locale,
            conversation=submission.conversation,
            batch=submission.batch,
        )
        if problem:
            kept = Problem(key=problem.key, values=problem.values, reference=job.id[-8:].upper())
            job = job.model_copy(update={"state": State.FAILED, "problem": kept})
        elif submission.data is not None:
            await self._blobs.put(blob(job, "original"), submission.data)
        await self.store.mark_open(job.tenant, job.id, seconds=self._defaults.first_look)
        await self.store.list_for_owner(job)
        if not await self.store.create(JOBS, job.tenant, job.id, job):
            first = await self.job(job.tenant, job.id)
            if first.model_copy(update={"card": ""}) != job:  # else it is this one: it was written, only the answer was lost
                await self.store.unlist(job, but=first)
                return first, False
        await self.store.still_open(job.tenant, job.id, seconds=self._defaults.first_look)
        if start and not problem:
            await self.wake(job)
        return job, True

    def job_id(self, tenant: str, key: str, *, batch: str = "") -> str:
        """The id of the job with that key, known before it is submitted; a fresh one without a key."""
        own = uuid.uuid5(_NAMESPACE, f"{tenant}\n{key}").hex if key else self._ids.new()
        return batch[:BATCH_PREFIX] + own[BATCH_PREFIX:] if batch else own

    async def wake(self, job: Job, *, delay: float = 0.0) -> None:
        """Where the storage does not take the wake-up, the sweeper sends it later."""
        try:
            await self._queue.send(f"{job.tenant}/{job.id}", delay=delay)
        except TransientError as error:
            _log.warning("job %s not woken: %s", job.id, error)

    async def job(self, tenant: str, job_id: str) -> Job:
        """Raises UserError: unknown_job."""
        found = await self.store.get(JOBS, tenant, job_id, Job) if re.fullmatch(r"[0-9a-f]{32}", job_id) else None
        if found is None:
            raise UserError("unknown_job")
        return found

    async def shown(self, tenant: str, job_id: str) -> Job:
        """The job as people see it: where the same file was known, with the result of then."""
        return await self._shown(await self.job(tenant, job_id))

    async def _shown(self, job: Job) -> Job:
        if job.kind is Kind.CV:
            return await self.batches.with_result(job)
        if job.state != State.DONE:
            return job
        outcome = await preview_of(job, self._blobs) if job.kind is Kind.CUSTOMERS else await self.matches.outcome(job)
        return job.model_copy(update={"outcome": outcome})

    async def own_shown(self, tenant: str, user: str, job_id: str) -> Job:
        """The same for who sent it in. Raises UserError: unknown_job, not_yours."""
        return await self._shown(await self._own(tenant, user, job_id))

    async def jobs_of(self, tenant: str, user: str, *, limit: int | None = None) -> list[Job]:
        """A user's jobs, newest first."""
        ids = await self.store.ids_of(tenant, user, limit=limit)
        found = [await self.store.records.get(JOBS, tenant, key) for key in ids]
        jobs = readable([record for record in found if record])
        return [await self.batches.with_result(job) for job in jobs if job.state != State.DELETED]

    async def set_card(self, tenant: str, job_id: str, card: str, *, known: str = "") -> bool:
        """Remember which message shows the job, and the batch that was made of it, in place of the `known` one. False where it has another."""

        def shown(job: Job | None) -> Job | None:
            return job.model_copy(update={"card": card}) if job and job.card == known else None

        job = await self.store.change(JOBS, tenant, job_id, Job, shown)
        if job and job.archive and job.batch:
            await self.batches.set_card(tenant, job.batch, card, known=known)
        return job is not None and job.card == card

    async def may_post(self, tenant: str, key: str) -> bool:
        """The right to post the first card of a job or a batch, among all turns and workers; it ends by itself."""
        return await self.store.may_post(tenant, key, seconds=self.posting_seconds * 4 / 3)

    @property
    def posting_seconds(self) -> float:
        """So long posting a first card may take."""
        return self._defaults.first_look

    async def retry(self, tenant: str, user: str, job_id: str) -> Job:
        """Put a failed or cancelled job back. Asking twice is asking once. Raises UserError: unknown_job, not_yours."""
        job = await self._own(tenant, user, job_id)
        if job.state not in (State.FAILED, State.CANCELLED):
            return job
        for step in Step:  # a step's stored result may be what went wrong
            await self._blobs.delete(blob(job, step.value))
        return await self._again(job, Step.RECEIVED)

    async def retry_failed(self, tenant: str, user: str, batch_id: str) -> list[Job]:
        """Put the failed jobs of a batch back that another attempt may help; returns them."""
        batch = await self.batches.of_user(tenant, user, batch_id)
        failed = [job for job in await self.batches.jobs(batch) if job.problem and job.problem.retry]
        return await self._each(failed, lambda job: self.retry(tenant, user, job.id))

    async def signed_in(self, person: Person) -> list[Job]:
        """Put back what failed for want of the person's sign-in; returns it."""
        newest = await self.jobs_of(person.tenant, person.user, limit=WAITING)
        waiting = [job for job in newest if job.state == State.FAILED and job.problem and job.problem.key == SIGN_IN_NEEDED]
        return await self._each(waiting, lambda job: self.retry(person.tenant, person.user, job.id))

    async def reveal(self, tenant: str, user: str, job_id: str) -> Job:
        """Show everybody in the conversation what came of it, as who sent it in has chosen. Raises UserError: unknown_job, not_yours."""
        await self._own(tenant, user, job_id)

        def shown(job: Job | None) -> Job | None:
            return job.model_copy(update={"revealed": True, "updated": self._clock.now()}) if job and job.state.ended and not job.revealed else None

        await self.store.mark_open(tenant, job_id, seconds=self._defaults.first_look)
        await self.store.change(JOBS, tenant, job_id, Job, shown)
        return await self._shown(await self.job(tenant, job_id))

    async def _each(self, jobs: list[Job], act: Callable[[Job], Awaitable[Job]]) -> list[Job]:
        """Do it to many jobs, some at a time: a turn has little time."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(job: Job) -> Job:
            async with places:
                return await act(job)

        return list(await asyncio.gather(*(one(job) for job in jobs)))

    async def fresh(self, tenant: str, user: str, job_id: str) -> Job:
        """Work on a file that was recognised all the same. Raises UserError: unknown_job, not_yours."""
        job = await self._own(tenant, user, job_id)
        return await self._again(job, Step.RECEIVED, fresh=True, same_as="") if job.state == State.DONE and job.same_as else job

    async def rewrite(self, tenant: str, user: str, job_id: str, *, template: str, language: str) -> Job:
        """Write the Word file of a finished CV again; nothing is read or structured anew. While it runs, asking again changes nothing.

        Raises UserError: unknown_job, not_yours, unknown_template, unknown_language.
        """
        if template not in self._defaults.templates:
            raise UserError("unknown_template", template=template[:60], known=", ".join(self._defaults.templates))
        if language not in LANGUAGES:
            raise UserError("unknown_language", language=language[:20])
        job = await self._own(tenant, user, job_id)
        if job.state == State.DONE and job.same_as:
            return await self._again(job, Step.RECEIVED, fresh=True, same_as="", template=template, language=language)
        if job.result is None or job.state not in (State.DONE, State.FAILED):
            return job
        await self._blobs.delete(blob(job, Step.WRITING.value))
        return await self._again(job, Step.WRITING, template=template, language=language, edited=False, when_edited=WhenEdited.ASK)

    async def place(self, tenant: str, user: str, job_id: str, *, when_edited: WhenEdited) -> Job:
        """The answer to what becomes of a new Word file where the one before was edited. Raises UserError: unknown_job, not_yours."""
        job = await self._own(tenant, user, job_id)
        if job.state != State.DONE or not job.edited:
            return job
        return await self._again(job, Step.WRITING, edited=False, when_edited=when_edited)

    async def save_again(self, tenant: str, user: str, job_id: str) -> Job:
        """Save a Word file that waits for its owner's sign-in where it belongs. Raises UserError: unknown_job, not_yours."""
        job = await self._own(tenant, user, job_id)
        waits = job.state == State.DONE and job.result is not None and job.result.word.waits
        return await self._again(job, Step.WRITING) if waits else job

    async def handed_over(self, tenant: str, user: str, job_id: str) -> None:
        """The person has put the Word file into their drive themselves: it waits no longer. Raises UserError: unknown_job, not_yours."""
        await self._own(tenant, user, job_id)

        def placed(job: Job | None) -> Job | None:
            if job is None or job.result is None or not job.result.word.waits or not job.state.ended:
                return None
            word = job.result.word.model_copy(update={"waits": False})
            return job.model_copy(update={"result": job.result.model_copy(update={"word": word})})

        await self.store.change(JOBS, tenant, job_id, Job, placed)

    async def save_waiting(self, person: Person) -> list[Job]:
        """The same for all files that wait for this person; returns their jobs."""
        newest = await self.jobs_of(person.tenant, person.user, limit=WAITING)
        waiting = [job for job in newest if job.result and job.result.word.waits and not job.same_as]
        return await self._each(waiting, lambda job: self.save_again(person.tenant, person.user, job.id))

    async def _again(self, job: Job, step: Step, **changes: object) -> Job:
        """Put an ended job back into the queue; as it is now where another was quicker."""
        now = self._clock.now()
        back = {
            "state": State.QUEUED,
            "step": step,
            "attempts": 0,
            "archived": False,
            "problem": None,
            "wake_at": None,
            "updated": now,
            "asked_again": now,
        }

        def queued(current: Job | None) -> Job | None:
            return current.model_copy(update={**back, **changes}) if current and current.updated == job.updated else None

        # marked before, so that a kill in between is noticed, and after, because the card of the old end may just have been settled
        await self.store.mark_open(job.tenant, job.id, seconds=self._defaults.first_look)
        job = await self.store.change(JOBS, job.tenant, job.id, Job, queued) or job
        await self.store.mark_open(job.tenant, job.id, seconds=self._defaults.first_look)
        if job.state == State.QUEUED:
            await self.wake(job)
        return job

    async def import_customers(self, tenant: str, user: str, job_id: str) -> Job:
        """Carry out what the preview of a customer list shows; asking twice is asking once. Raises UserError: unknown_job, not_yours."""
        job = await self._own(tenant, user, job_id)
        return await self._again(job, Step.WRITING) if job.kind is Kind.CUSTOMERS and job.state == State.DONE and importable(job) else job

    async def cancel(self, tenant: str, user: str, job_id: str) -> Job:
        """Stop a job that waits or runs; what has ended stays as it is. Raises UserError: unknown_job, not_yours."""
        await self._own(tenant, user, job_id)

        def cancelled(job: Job | None) -> Job | None:
            if job is None or job.state.ended:
                return None
            # a Word file that was to be written again is there already
            ended = State.DONE if job.result else State.CANCELLED
            return job.model_copy(update={"state": ended, "lease_until": None, "wake_at": None, "updated": self._clock.now()})

        await self.store.change(JOBS, tenant, job_id, Job, cancelled)
        job = await self.job(tenant, job_id)
        if job.archive and job.state == State.CANCELLED:
            await self._blobs.delete(f"{tenant}/{job_id}")
            await self._cancel_unpacked(job)
        return job

    async def _cancel_unpacked(self, archive: Job) -> None:
        """The CVs of a ZIP file that were unpacked already are jobs of their own."""
        try:
            batch = await self.batches.get(archive.tenant, archive.batch or batch_key(archive.tenant, archive.id))
        except UserError:
            return
        if batch.parent == archive.id:
            own = [job for job in await self.batches.jobs(batch) if not job.state.ended and job.id != archive.id]
            await self._each(own, lambda job: self.cancel(job.tenant, job.user, job.id))

    async def cancel_batch(self, tenant: str, user: str, batch_id: str) -> list[Job]:
        """Stop all jobs of a batch that wait or run; returns them."""
        batch = await self.batches.of_user(tenant, user, batch_id)
        return await self.cancel_all(tenant, user, await self.batches.jobs(batch))

    async def cancel_all(self, tenant: str, user: str, jobs: list[Job]) -> list[Job]:
        """Stop those of the jobs that wait or run; returns them."""
        return await self._each([job for job in jobs if not job.state.ended], lambda job: self.cancel(tenant, user, job.id))

    async def open_jobs(self, tenant: str, user: str) -> list[Job]:
        """The user's jobs that wait or run, newest first."""
        waiting = set(await self.store.open_ids(tenant))
        ids = [key for key in await self.store.ids_of(tenant, user) if key in waiting]
        found = [await self.store.get(JOBS, tenant, key, Job) for key in ids]
        return [job for job in found if job and not job.state.ended]

    async def settle(self, job: Job) -> bool:
        """Say that the job's end, as given, is shown. False where it has changed since."""
        if job.state == State.DELETED:  # what a worker wrote while it was being erased goes, too
            await self._blobs.delete(f"{job.tenant}/{job.id}")
        return await self.store.settled(job)

    async def word(self, tenant: str, job_id: str) -> tuple[str, bytes]:
        """Name and bytes of the Word file. Raises UserError: unknown_job, not_ready."""
        job = await self.shown(tenant, job_id)
        data = await self._drive.read(tenant, job.result.word) if job.result else None
        if job.result is None or data is None:
            raise UserError("not_ready")
        await self.candidates.used(job)
        return job.result.word.name, data

    async def all_words(self, batch: Batch) -> bytes:
        """All Word files of a batch as a ZIP file. Raises UserError: not_ready."""
        data = await self.batches.as_zip(batch)
        for job in await self.batches.jobs(batch):
            await self.candidates.used(job)
        return data

    async def resume(self, tenant: str, job_id: str) -> tuple[str, bytes]:
        """Name and bytes of the JSON Resume. Raises UserError: unknown_job, not_ready."""
        job = await self.shown(tenant, job_id)
        data = await self._blobs.get(f"{tenant}/{job.same_as or job.id}/resume")
        if job.result is None or data is None:
            raise UserError("not_ready")
        await self.candidates.used(job)
        return job.result.word.name.removesuffix(".docx") + ".json", data

    async def _own(self, tenant: str, user: str, job_id: str) -> Job:
        """Raises UserError: unknown_job, not_yours."""
        job = await self.job(tenant, job_id)
        if job.user != user:
            raise UserError("not_yours")
        return job

    # --- erasing

    async def jobs_of_candidate(self, tenant: str, user: str, candidate_id: str) -> list[Job]:
        """All CVs of a candidate of the user, also those that colleagues sent in; none where there is no such candidate."""
        try:
            candidate = await self.candidates.of_user(tenant, user, candidate_id)
        except UserError:
            return []
        found = [await self.store.get(JOBS, tenant, key, Job) for key in candidate.all_jobs]
        return [job for job in found if job]

    async def reject(self, candidate: Candidate) -> datetime:
        """Record that nothing comes of a candidate; returns when the data is erased."""
        await self.candidates.rejected(candidate)
        await self.events.note(candidate.tenant, "candidate.rejected", candidate.id, at=self._clock.now())
        return self._clock.now() + timedelta(days=(await self.periods(candidate.tenant)).candidate_days)

    async def periods(self, tenant: str) -> Periods:
        """How long things of this tenant are kept."""
        return await self.store.get(PERIODS, tenant, "retention", Periods) or self._defaults.periods

    async def set_periods(self, tenant: str, periods: Periods) -> None:
        await self.store.change(PERIODS, tenant, "retention", Periods, lambda _: periods)

    async def begin_erasing(self, tenant: str, user: str, candidate_id: str) -> bool:
        """From now on the candidate goes, whatever happens: `erase_candidate` does it now, else the next retention run.

        Who has sent in a CV of the candidate may ask for it. False where there is no such candidate (any more).
        """
        try:
            candidate = await self.candidates.of_user(tenant, user, candidate_id)
        except UserError:
            return False
        return await self.candidates.erasing(tenant, candidate.id) is not None

    async def erase_candidate(self, tenant: str, candidate_id: str, *, before: datetime | None = None) -> Receipt | None:
        """Erase a candidate everywhere: originals, results, Word files, records, whoever of the firm sent them in.

        None where there is no such candidate (any more), or, with `before`, where somebody has used it since. From the first moment nothing
        joins the candidate any more. Killed in between, the next retention run does it to its end.
        """
        cvs = files = blobs = cards = left = offers = 0
        seen: set[str] = set()
        while candidate := await self.candidates.erasing(tenant, candidate_id, before=before):
            for key in candidate.all_jobs:
                job = await self.store.get(JOBS, tenant, key, Job)
                if job is None or job.state == State.DELETED:
                    continue
                last, erased = await self._patiently(job)
                seen.add(key)
                cvs, files, blobs, cards, left = (
                    cvs + (last.kind is Kind.CV),
                    files + erased.files,
                    blobs + erased.blobs,
                    cards + bool(last.card or last.batch),
                    left + erased.left,
                )
            await self.events.destroy_key(tenant, candidate_id)
            await self.matches.forget(tenant, candidate_id)
            for key in await self.matches.ranked_in(tenant, candidate_id):  # their cards name the person
                await self.store.mark_open(tenant, key, seconds=0)
            offers = await self.offers.forget_candidate(tenant, candidate_id)
            if await self.candidates.drop(candidate):
                break
        else:
            return None
        reference = self._ids.new()[:12]
        now = self._clock.now()
        receipt = Receipt(
            reference=reference.upper(), tenant=tenant, at=now, cvs=cvs, files=files, blobs=blobs, cards=cards, left=left, offers=offers
        )
        await self.store.create(RECEIPTS, tenant, reference, receipt)
        await self.store.records.scrub()
        return receipt

    async def _patiently(self, job: Job) -> tuple[Job, Erased]:
        """Erase it; where storage or drive do not answer, a few times. Raises TransientError."""
        for wait in (0.5, 2.0):
            try:
                return await self.erase(job)
            except TransientError as error:
                _log.warning("job %s not erased yet: %s", job.id, error)
                await asyncio.sleep(wait)
        return await self.erase(job)

    async def delete_job(self, tenant: str, user: str, job_id: str) -> Job:
        """Erase one CV and what came of it. Returns the job as it was. Raises UserError: unknown_job, not_yours."""
        job = await self._own(tenant, user, job_id)
        if job.candidate:  # before the job forgets whose CV it is
            await self.candidates.forget(job, job.candidate)
            await self.matches.forget(tenant, job.candidate)  # they are made anew of what is left
        return (await self.erase(job))[0]

    async def erase(self, job: Job) -> tuple[Job, Erased]:
        """Remove files and blobs; keep of the record only that there was one. Returns the job as it was last, and what went.

        The record goes last: killed before, the job is found again and erased to its end. Its card is open until it says "deleted".
        """
        last = await self.store.get(JOBS, job.tenant, job.id, Job)
        if last is None or last.state == State.DELETED:
            return job, Erased()
        if not last.state.ended:
            last = await self.cancel(last.tenant, last.user, last.id)
        await self.store.mark_open(job.tenant, job.id, seconds=self._defaults.first_look)
        files = [*last.result.earlier, last.result.word] if last.result else await self._on_its_way(last)
        gone = [await self._drive.delete(job.tenant, item) for item in files]
        blobs = await self._blobs.delete(f"{job.tenant}/{job.id}")
        if last.content:
            ways = [(template, language) for template in {last.template, *self._defaults.templates} for language in LANGUAGES]
            for template, language in ways:  # it may have been written in several
                await self.store.forget_content(last.model_copy(update={"template": template, "language": language}))
        if last.kind is Kind.MATCH:
            await self.store.records.delete(MATCHES, job.tenant, job.id)
        now = self._clock.now()

        def bare(known: Job | None) -> Job | None:
            empty = {"state": State.DELETED, "source": Source(name=""), "result": None, "problem": None, "content": "", "updated": now}
            empty |= {"same_as": "", "candidate": ""}
            return known.model_copy(update=empty) if known else None

        await self.store.change(JOBS, job.tenant, job.id, Job, bare)
        await self.store.unlist(last)
        return last, Erased(blobs=blobs, files=sum(gone), left=len(gone) - sum(gone))

    async def _on_its_way(self, job: Job) -> list[DriveItem]:
        """The file of a CV that was being saved when its worker was killed, or the drive fell silent: saving it again finds it."""
        if job.kind is not Kind.CV or job.step is not Step.WRITING:
            return []
        word, checked = await self._blobs.get(blob(job, Step.WRITING.value)), await self._blobs.get(blob(job, Step.CHECKING.value))
        if word is None or checked is None:
            return []
        try:
            return [await self._drive.save(job.person, word_file(job, from_json(checked, Structured).cv, word))]
        except UserError:  # it never got there
            return []


@dataclass(frozen=True, slots=True)
class Erased:
    """How many blobs and Word files went, and how many Word files are still there."""

    blobs: int = 0
    files: int = 0
    left: int = 0


def _check(data: bytes) -> None:
    """Raises UserError: too_large, unknown_format."""
    limit = MAX_ARCHIVE_BYTES if is_archive(data) else MAX_BYTES
    if len(data) > limit:
        raise UserError("too_large", limit=limit // 2**20)
    if not any(known(data) for known in (is_pdf, is_word_file, is_old_word_file, is_archive)):
        raise UserError("unknown_format")
