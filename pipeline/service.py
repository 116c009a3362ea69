"""The use cases. Chat, REST and command line call these, and nothing else of the pipeline."""

from __future__ import annotations

import hashlib
import logging
import re
import unicodedata
import uuid
from dataclasses import dataclass

from pydantic import ValidationError
from rapidfuzz import fuzz

from pipeline.errors import Conflict, UserError
from pipeline.model.codec import from_json, to_json
from pipeline.model.formats import is_old_word_file, is_pdf, is_word_file
from pipeline.model.job import Batch, Candidate, Conversation, Job, Source, State, Step
from pipeline.ports import Blobs, Clock, Drive, Ids, Queue, Record, Records

MAX_BYTES = 10 * 2**20
_log = logging.getLogger("service")
_NAMESPACE = uuid.UUID("7f1b2a56-53a5-4c1e-9b2b-0e6a7f5f3c11")
JOBS, BATCHES, CANDIDATES = "jobs", "batches", "candidates"


@dataclass(frozen=True, slots=True)
class Submission:
    """One CV that came in. `key` makes repeats harmless: the same key is the same job. `data` is None for a link."""

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


@dataclass(frozen=True, slots=True)
class Defaults:
    """`template` writes where none is asked for; `templates` are all that there are."""

    template: str = "classic"
    templates: tuple[str, ...] = ("classic", "modern")


LANGUAGES = ("", "de", "en")
"""Of the Word file's headings; empty is the CV's own."""


class Service:
    def __init__(
        self, *, records: Records, blobs: Blobs, queue: Queue, drive: Drive, clock: Clock, ids: Ids, defaults: Defaults = Defaults()
    ) -> None:
        self._records = records
        self._blobs = blobs
        self._queue = queue
        self._drive = drive
        self._clock = clock
        self._ids = ids
        self._defaults = defaults

    # --- jobs

    async def submit(self, submission: Submission, *, start: bool = True) -> tuple[Job, bool]:
        """The job, and whether it is new. Without `start` the caller wakes it, or the sweeper does after a while.

        Raises UserError: too_large, unknown_format.
        """
        data = submission.data
        if data is not None and len(data) > MAX_BYTES:
            raise UserError("too_large", limit=MAX_BYTES // 2**20)
        if data is not None and not (is_pdf(data) or is_word_file(data) or is_old_word_file(data)):
            raise UserError("unknown_format")
        job_id = self.job_id(submission.tenant, submission.key)
        now = self._clock.now()
        job = Job(
            id=job_id,
            tenant=submission.tenant,
            user=submission.user,
            source=submission.source,
            created=now,
            updated=now,
            template=submission.template or self._defaults.template,
            language=submission.language,
            locale=submission.locale,
            conversation=submission.conversation,
            batch=submission.batch,
        )
        if data is not None:
            await self._blobs.put(blob(job, "original"), data)
        try:
            await self._records.put(JOBS, job.tenant, job.id, to_json(job, Job), etag=None)
        except Conflict:
            return await self.job(job.tenant, job.id), False
        if start:
            await self.wake(job)
        return job, True

    def job_id(self, tenant: str, key: str) -> str:
        """The id of the job with that key, known before it is submitted; a fresh one without a key."""
        return uuid.uuid5(_NAMESPACE, f"{tenant}\n{key}").hex if key else self._ids.new()

    async def wake(self, job: Job, *, delay: float = 0.0) -> None:
        await self._queue.send(f"{job.tenant}/{job.id}", delay=delay)

    async def job(self, tenant: str, job_id: str) -> Job:
        """Raises UserError: unknown_job."""
        record = await self._records.get(JOBS, tenant, job_id) if re.fullmatch(r"[0-9a-f]{32}", job_id) else None
        if record is None:
            raise UserError("unknown_job")
        return from_json(record.value, Job)

    async def jobs_of(self, tenant: str, user: str) -> list[Job]:
        """A user's jobs, newest first."""
        jobs = readable(await self._records.all(JOBS, tenant))
        return sorted((j for j in jobs if j.user == user and j.state != State.DELETED), key=lambda j: j.created, reverse=True)

    async def set_card(self, tenant: str, job_id: str, card: str) -> None:
        """Remember which message shows the job. Retries against the worker, which writes the same record."""
        for _ in range(8):
            record = await self._record(tenant, job_id)
            job = from_json(record.value, Job).model_copy(update={"card": card})
            try:
                await self._records.put(JOBS, tenant, job_id, to_json(job, Job), etag=record.etag)
                return
            except Conflict:
                continue

    async def retry(self, tenant: str, user: str, job_id: str) -> Job:
        """Put a failed job back. Asking twice is asking once. Raises UserError: unknown_job, not_yours."""
        record = await self._record(tenant, job_id)
        job = from_json(record.value, Job)
        if job.user != user:
            raise UserError("not_yours")
        if job.state != State.FAILED:
            return job
        for step in Step:  # a step's stored result may be what went wrong
            await self._blobs.delete(blob(job, step.value))
        return await self._again(job, record.etag, Step.RECEIVED)

    async def rewrite(self, tenant: str, user: str, job_id: str, *, template: str, language: str) -> Job:
        """Write the Word file of a finished CV again; nothing is read or structured anew. While it runs, asking again changes nothing.

        Raises UserError: unknown_job, not_yours, unknown_template, unknown_language.
        """
        if template not in self._defaults.templates:
            raise UserError("unknown_template", template=template[:60], known=", ".join(self._defaults.templates))
        if language not in LANGUAGES:
            raise UserError("unknown_language", language=language[:20])
        record = await self._record(tenant, job_id)
        job = from_json(record.value, Job)
        if job.user != user:
            raise UserError("not_yours")
        if job.result is None or job.state not in (State.DONE, State.FAILED):
            return job
        await self._blobs.delete(blob(job, Step.WRITING.value))
        return await self._again(job.model_copy(update={"template": template, "language": language}), record.etag, Step.WRITING)

    async def _again(self, job: Job, etag: str, step: Step) -> Job:
        """Put an ended job back into the queue; as it is now where another was quicker."""
        now = self._clock.now()
        back = {"state": State.QUEUED, "step": step, "attempts": 0, "problem": None, "updated": now, "asked_again": now}
        job = job.model_copy(update=back)
        try:
            await self._records.put(JOBS, job.tenant, job.id, to_json(job, Job), etag=etag)
        except Conflict:
            return await self.job(job.tenant, job.id)
        await self.wake(job)
        return job

    async def word(self, tenant: str, job_id: str) -> tuple[str, bytes]:
        """Name and bytes of the Word file. Raises UserError: unknown_job, not_ready."""
        job = await self.job(tenant, job_id)
        data = await self._drive.read(tenant, job.result.word) if job.result else None
        if job.result is None or data is None:
            raise UserError("not_ready")
        return job.result.word.name, data

    async def resume(self, tenant: str, job_id: str) -> tuple[str, bytes]:
        """Name and bytes of the JSON Resume. Raises UserError: unknown_job, not_ready."""
        job = await self.job(tenant, job_id)
        data = await self._blobs.get(blob(job, "resume"))
        if job.result is None or data is None:
            raise UserError("not_ready")
        return job.result.word.name.removesuffix(".docx") + ".json", data

    async def _record(self, tenant: str, job_id: str) -> Record:
        record = await self._records.get(JOBS, tenant, job_id)
        if record is None:
            raise UserError("unknown_job")
        return record

    # --- batches

    def batch_id(self, tenant: str, key: str) -> str:
        """The id of the batch with that key, known before it is opened."""
        return uuid.uuid5(_NAMESPACE, f"batch\n{tenant}\n{key}").hex if key else self._ids.new()

    async def open_batch(
        self, tenant: str, user: str, jobs: tuple[str, ...], conversation: Conversation | None = None, *, key: str = ""
    ) -> tuple[Batch, bool]:
        """Jobs that came together, and whether the batch is new. The same key is the same batch."""
        batch_id = self.batch_id(tenant, key)
        batch = Batch(id=batch_id, tenant=tenant, user=user, created=self._clock.now(), jobs=jobs, conversation=conversation)
        try:
            await self._records.put(BATCHES, tenant, batch_id, to_json(batch, Batch), etag=None)
        except Conflict:
            return await self.batch(tenant, batch_id), False
        return batch, True

    async def batch(self, tenant: str, batch_id: str) -> Batch:
        """Raises UserError: unknown_job."""
        record = await self._records.get(BATCHES, tenant, batch_id)
        if record is None:
            raise UserError("unknown_job")
        return from_json(record.value, Batch)

    async def set_batch_card(self, tenant: str, batch_id: str, card: str) -> None:
        record = await self._records.get(BATCHES, tenant, batch_id)
        if record:
            batch = from_json(record.value, Batch).model_copy(update={"card": card})
            await self._records.put(BATCHES, tenant, batch_id, to_json(batch, Batch), etag=record.etag)

    async def batch_jobs(self, batch: Batch) -> list[Job]:
        found = [await self._records.get(JOBS, batch.tenant, job_id) for job_id in batch.jobs]
        return [from_json(record.value, Job) for record in found if record]

    # --- candidates

    async def remember_candidate(self, job: Job, name: str, email: str) -> str:
        """Attach the job to its candidate; returns the candidate's id. A CV without a name is a candidate of its own."""
        candidate_id = candidate_key(job.tenant, name or job.id, email)
        name = name or job.source.name
        for _ in range(8):
            record = await self._records.get(CANDIDATES, job.tenant, candidate_id)
            known = from_json(record.value, Candidate) if record else Candidate(id=candidate_id, tenant=job.tenant, name=name, email=email)
            if job.id in known.jobs:
                return candidate_id
            updated = known.model_copy(update={"jobs": (*known.jobs, job.id)})
            try:
                etag = record.etag if record else None
                await self._records.put(CANDIDATES, job.tenant, candidate_id, to_json(updated, Candidate), etag=etag)
                return candidate_id
            except Conflict:
                continue
        raise Conflict(candidate_id)

    async def find_candidates(self, tenant: str, user: str, text: str) -> list[Candidate]:
        """Candidates of the user whose name is like the text, best first."""
        wanted = _folded(text)
        if not wanted:
            return []
        own = {job.id for job in await self.jobs_of(tenant, user)}
        found = []
        for record in await self._records.all(CANDIDATES, tenant):
            candidate = from_json(record.value, Candidate)
            score = max(fuzz.WRatio(wanted, _folded(candidate.name)), fuzz.partial_ratio(wanted, _folded(candidate.name)))
            if score >= 80 and own & set(candidate.jobs):
                found.append((score, candidate))
        return [c for _, c in sorted(found, key=lambda pair: (-pair[0], pair[1].name))]

    async def candidate(self, tenant: str, user: str, candidate_id: str) -> Candidate:
        """A candidate of the user. Raises UserError: unknown_candidate."""
        record = await self._records.get(CANDIDATES, tenant, candidate_id) if re.fullmatch(r"[0-9a-f]{32}", candidate_id) else None
        found = from_json(record.value, Candidate) if record else None
        own = {job.id for job in await self.jobs_of(tenant, user)}
        if found is None or not own & set(found.jobs):
            raise UserError("unknown_candidate")
        return found

    async def candidate_of(self, tenant: str, job_id: str) -> Candidate | None:
        """The candidate whose CV the job made."""
        job = await self.job(tenant, job_id)
        record = await self._records.get(CANDIDATES, tenant, job.result.candidate_id) if job.result else None
        return from_json(record.value, Candidate) if record else None

    async def delete_candidate(self, tenant: str, user: str, candidate_id: str) -> list[Job]:
        """Erase what we hold of a candidate: originals, results, Word files. Returns the jobs as they were, for their cards.

        Only what the user sent in; what others sent of the same person stays. Deleting again what is gone returns nothing.
        """
        try:
            candidate = await self.candidate(tenant, user, candidate_id)
        except UserError:
            return []
        found = [await self._records.get(JOBS, tenant, job_id) for job_id in candidate.jobs]
        jobs = [from_json(record.value, Job) for record in found if record]
        erased = [await self.erase(job) for job in jobs if job.user == user]
        for job in erased:
            await self._forget(job, candidate_id)
        return erased

    async def delete_job(self, tenant: str, user: str, job_id: str) -> Job:
        """Erase one CV and what came of it. Returns the job as it was. Raises UserError: unknown_job, not_yours."""
        job = await self.job(tenant, job_id)
        if job.user != user:
            raise UserError("not_yours")
        job = await self.erase(job)
        if job.result:
            await self._forget(job, job.result.candidate_id)
        return job

    async def _forget(self, job: Job, candidate_id: str) -> None:
        """Take the job off its candidate; a candidate without CVs is erased too."""
        for _ in range(8):
            record = await self._records.get(CANDIDATES, job.tenant, candidate_id)
            if record is None:
                return
            candidate = from_json(record.value, Candidate)
            rest = tuple(j for j in candidate.jobs if j != job.id)
            if not rest:
                await self._records.delete(CANDIDATES, job.tenant, candidate_id)
                return
            try:
                changed = candidate.model_copy(update={"jobs": rest})
                await self._records.put(CANDIDATES, job.tenant, candidate_id, to_json(changed, Candidate), etag=record.etag)
                return
            except Conflict:
                continue

    async def erase(self, job: Job) -> Job:
        """Remove files and blobs; keep of the record only that there was one. Returns the job as it was last."""
        while True:
            record = await self._record(job.tenant, job.id)
            last = from_json(record.value, Job)
            if last.state == State.DELETED:
                return job
            bare = last.model_copy(
                update={
                    "state": State.DELETED,
                    "source": Source(name=""),
                    "result": None,
                    "problem": None,
                    "content": "",
                    "updated": self._clock.now(),
                }
            )
            try:
                await self._records.put(JOBS, job.tenant, job.id, to_json(bare, Job), etag=record.etag)
                break
            except Conflict:
                continue
        if last.result:
            await self._drive.delete(job.tenant, last.result.word)
        await self._blobs.delete(f"{job.tenant}/{job.id}")
        return last


def readable(records: list[Record]) -> list[Job]:
    """The jobs of the records; one that an older version wrote and this one cannot read is left out and logged."""
    jobs = []
    for record in records:
        try:
            jobs.append(from_json(record.value, Job))
        except ValidationError:
            _log.error("record of job %s cannot be read", record.key)
    return jobs


def blob(job: Job, name: str) -> str:
    return f"{job.tenant}/{job.id}/{name}"


def candidate_key(tenant: str, name: str, email: str) -> str:
    """The same person in one tenant: name and e-mail address agree."""
    identity = f"{_folded(name)}\n{email.casefold()}"
    return hashlib.sha256(f"{tenant}\n{identity}".encode()).hexdigest()[:32]


def _folded(text: str) -> str:
    """Casefolded letters of any script, without accents, one space between words; "Müller" is "mueller"."""
    text = text.casefold().replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", plain))
