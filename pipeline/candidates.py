"""Who the CVs belong to: one person may send several, each a version of the one before."""

from __future__ import annotations

import hashlib
import itertools
import re
import unicodedata
from datetime import datetime, timedelta

from rapidfuzz import fuzz

from pipeline.errors import Conflict, UserError
from pipeline.model.codec import from_json
from pipeline.model.job import Candidate, Job
from pipeline.store import CANDIDATES, JOBS, Store, decoded

LIKE = 80
"""So alike, of 100, two names must be to be offered as the one that was meant."""


class Candidates:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def expect(self, job: Job, name: str, email: str) -> Candidate:
        """Note whose CV the job is about to save: whatever comes of it, it goes with the candidate."""
        return await self.remember(job, name, email, saved=False)

    async def remember(self, job: Job, name: str, email: str, *, saved: bool = True) -> Candidate:
        """Attach the job to its candidate. A CV without a name is a candidate of its own."""
        who = name or job.id
        for generation in itertools.count():
            key = candidate_key(job.tenant, who, email, generation)
            fresh = Candidate(id=key, tenant=job.tenant, name=name or job.source.name, email=email, used=self._store.clock.now())
            attached = await self._attach(job, fresh, saved=saved)
            if attached:
                return attached
        raise AssertionError("unreachable")

    async def join(self, job: Job, before: Job) -> bool:
        """Attach the job to the candidate of an earlier one, which the same file has made. False where that is gone, or just going."""
        known = await self.of_job(before)
        return known is not None and await self._attach(job, known) is not None

    async def _attach(self, job: Job, candidate: Candidate, *, saved: bool = True) -> Candidate | None:
        """None where the candidate is just being erased: whoever comes now is a new one."""
        now = self._store.clock.now()

        def attached(known: Candidate | None) -> Candidate | None:
            known = known or candidate
            if known.erasing:
                return None
            begun = tuple(key for key in known.begun if key != job.id)
            if saved:
                return known.model_copy(update={"jobs": tuple(dict.fromkeys((*known.jobs, job.id))), "begun": begun, "used": now})
            return known if job.id in known.jobs else known.model_copy(update={"begun": (*begun, job.id), "used": now})

        found = await self._store.change(CANDIDATES, job.tenant, candidate.id, Candidate, attached)
        return found if found and not found.erasing else None

    async def matched(self, about: Job, match: str) -> None:
        """Remember that a match holds data of the candidate, so that it goes with the candidate. Raises UserError: unknown_job."""

        def with_match(known: Candidate | None) -> Candidate | None:
            if known is None or known.erasing or match in known.matches:
                return None
            return known.model_copy(update={"matches": (*known.matches, match), "used": self._store.clock.now()})

        found = await self._store.change(CANDIDATES, about.tenant, about.candidate, Candidate, with_match)
        if found is None or found.erasing:
            raise UserError("unknown_job")

    async def forget(self, job: Job, key: str) -> None:
        """Take the job off its candidate; a candidate without CVs is erased too."""

        def without(known: Candidate | None) -> Candidate | None:
            if known is None or job.id not in (*known.jobs, *known.begun):
                return None
            rest = {name: tuple(key for key in getattr(known, name) if key != job.id) for name in ("jobs", "begun")}
            return known.model_copy(update=rest)

        rest = await self._store.change(CANDIDATES, job.tenant, key, Candidate, without)
        if rest and not (rest.jobs or rest.begun):
            await self.drop(rest)

    async def drop(self, candidate: Candidate) -> bool:
        """Erase the record as it was given. False where it has changed, or is gone."""
        record = await self._store.records.get(CANDIDATES, candidate.tenant, candidate.id)
        if record is None or from_json(record.value, Candidate) != candidate:
            return False
        try:
            await self._store.records.delete(CANDIDATES, candidate.tenant, candidate.id, etag=record.etag)
        except Conflict:
            return False
        return True

    async def used(self, job: Job) -> None:
        """Somebody works with the candidate's CV: the time until it is erased begins anew. Noted once a day."""
        known, now = await self.of_job(job), self._store.clock.now()
        if known and known.used < now - timedelta(days=1):
            await self._note(job.tenant, job.candidate, used=now)

    async def rejected(self, candidate: Candidate) -> None:
        """Nothing comes of it: from now on the time runs after which the candidate is erased."""
        await self._note(candidate.tenant, candidate.id, rejected=self._store.clock.now())

    async def erasing(self, tenant: str, key: str, *, before: datetime | None = None) -> Candidate | None:
        """From now on the candidate is being erased, whatever happens in between. None where there is none, or it was used since `before`."""

        def marked(known: Candidate | None) -> Candidate | None:
            due = known and (before is None or last_use(known) <= before)
            return known.model_copy(update={"erasing": True}) if known and due and not known.erasing else None

        found = await self._store.change(CANDIDATES, tenant, key, Candidate, marked)
        return found if found and found.erasing else None

    async def _note(self, tenant: str, key: str, **changes: object) -> None:
        if key:
            await self._store.change(CANDIDATES, tenant, key, Candidate, lambda known: known.model_copy(update=changes) if known else None)

    async def all(self, tenant: str) -> list[Candidate]:
        return [candidate for candidate in decoded(await self._store.records.all(CANDIDATES, tenant), Candidate) if candidate]

    async def find(self, tenant: str, user: str, text: str, *, saved: bool = True) -> list[Candidate]:
        """Candidates of the user whose name is like the text, best first; without `saved` also those of whom no CV was saved."""
        wanted = _folded(text)
        if not wanted:
            return []
        own = set(await self._store.ids_of(tenant, user))
        found = []
        for candidate in await self.all(tenant):
            score = max(fuzz.WRatio(wanted, _folded(candidate.name)), fuzz.partial_ratio(wanted, _folded(candidate.name)))
            if score >= LIKE and own & set(candidate.jobs if saved else candidate.all_jobs):
                found.append((score, candidate))
        return [c for _, c in sorted(found, key=lambda pair: (-pair[0], pair[1].name))]

    async def of_user(self, tenant: str, user: str, key: str) -> Candidate:
        """A candidate of the user. Raises UserError: unknown_candidate."""
        found = await self._store.get(CANDIDATES, tenant, key, Candidate) if re.fullmatch(r"[0-9a-f]{32}", key) else None
        if found is None or not set(found.all_jobs) & set(await self._store.ids_of(tenant, user)):
            raise UserError("unknown_candidate")
        return found

    async def of_job(self, job: Job) -> Candidate | None:
        """The candidate whose CV the job made."""
        return await self._store.get(CANDIDATES, job.tenant, job.candidate, Candidate) if job.candidate else None

    async def versions(self, candidate: Candidate, job: Job) -> tuple[int, Job | None]:
        """Which version of the candidate's CV the job makes, from 1, and the newest finished one before it that says something else."""
        found = [await self._store.get(JOBS, job.tenant, key, Job) for key in candidate.jobs[: candidate.jobs.index(job.id)]]
        earlier = [other for other in found if other and other.result and other.content != job.content]
        return len({other.content for other in earlier}) + 1, earlier[-1] if earlier else None


def last_use(candidate: Candidate) -> datetime:
    """When the time began after which the candidate is erased."""
    return max(candidate.used, candidate.rejected) if candidate.rejected else candidate.used


def candidate_key(tenant: str, name: str, email: str, generation: int = 0) -> str:
    """The same person in one tenant: name and e-mail address agree. Each `generation` comes after one that was being erased."""
    identity = f"{_folded(name)}\n{email.casefold()}" + (f"\n{generation}" if generation else "")
    return hashlib.sha256(f"{tenant}\n{identity}".encode()).hexdigest()[:32]


def _folded(text: str) -> str:
    """Casefolded letters of any script, without accents, one space between words; "Müller" is "mueller"."""
    text = text.casefold().replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", plain))
