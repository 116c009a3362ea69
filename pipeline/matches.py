"""Matches of a tenant: one CV against one profile, all CVs against one, one against all; and what people say to them."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress

from pydantic import ValidationError

from pipeline.candidates import Candidates
from pipeline.conversion import Structured
from pipeline.errors import Busy, Conflict, TransientError, UserError
from pipeline.events import Events
from pipeline.lang.concept import Concepts
from pipeline.match.compare import asked_by, score_of
from pipeline.match.facts import ENGINE, Facts, from_bytes, to_bytes, version
from pipeline.match.score import scored
from pipeline.matching import Recorded, asked_model, compare, facts_of
from pipeline.model.codec import from_json, to_json
from pipeline.model.cv import Cv
from pipeline.model.document import Document
from pipeline.model.job import Candidate, Job, Kind, State, Step
from pipeline.model.match import Match, Override, Ranked, Score, Shortlist, Verdict, Versions
from pipeline.model.profile import Profile
from pipeline.ports import Blobs, Llm
from pipeline.profiles import Profiles
from pipeline.store import CANDIDATES, FACTS, JOBS, MATCHES, PAGES, Store, blob

TRIES = 5
"""So often something is written again where another was quicker."""
PAGE = 10
"""CVs on one page of a shortlist."""
STILL_READ_SECONDS = 2.0
"""After so long a match looks again whether its CV is read."""
RANKING, OPINION = "ranking", "opinion"
"""Names of blobs."""
_log = logging.getLogger("matches")
_PARTS = [f"{number:02x}" for number in range(256)]
"""Beginnings of candidates' ids: facts are read a part at a time, so that memory stays flat."""


class Matches:
    def __init__(self, store: Store, blobs: Blobs, *, candidates: Candidates, profiles: Profiles, events: Events, lexicon: Concepts) -> None:
        self._store = store
        self._blobs = blobs
        self._candidates = candidates
        self._profiles = profiles
        self._events = events
        self.lexicon = lexicon

    # --- what the matcher knows of a CV

    async def learn(self, job: Job, candidate: str, cv: Cv, document: Document) -> Facts:
        """Keep what the matcher may know of a candidate's newest CV."""
        found = facts_of(cv, document, self.lexicon, today=self._store.clock.now().date())
        await self._keep(FACTS, job.tenant, candidate, job.id.encode() + to_bytes(found))
        return found

    async def _keep(self, table: str, tenant: str, key: str, value: bytes) -> None:
        """Write it over what is there. Whoever was quicker every time has just written the same kind of thing: then that stays."""
        for _ in range(TRIES):
            record = await self._store.records.get(table, tenant, key)
            with suppress(Conflict):
                await self._store.records.put(table, tenant, key, value, etag=record.etag if record else None)
                return

    async def forget(self, tenant: str, candidate: str) -> None:
        await self._store.records.delete(FACTS, tenant, candidate)

    async def _known(self, tenant: str) -> AsyncIterator[tuple[str, str, Facts]]:
        """Candidate, job and facts of all CVs of a tenant; those that another engine or lexicon made, or nobody yet, are made now."""
        for part in _PARTS:
            kept = {record.key: record.value for record in await self._store.records.all(FACTS, tenant, prefix=part)}
            for record in await self._store.records.all(CANDIDATES, tenant, prefix=part):
                candidate = from_json(record.value, Candidate)
                if candidate.erasing:
                    continue
                found = _decoded(kept.get(candidate.id), version(self.lexicon)) or await self._made(candidate)
                if found:
                    yield candidate.id, *found

    async def _made(self, candidate: Candidate) -> tuple[str, Facts] | None:
        job = await self._newest(candidate)
        if job is None:
            return None
        try:
            cv, document = await self._read(job)
        except UserError:
            return None
        return job.id, await self.learn(job, candidate.id, cv, document)

    async def _newest(self, candidate: Candidate) -> Job | None:
        """The newest finished CV of the candidate, which made it itself."""
        for key in reversed(candidate.jobs):
            job = await self._store.get(JOBS, candidate.tenant, key, Job)
            if job and job.state == State.DONE and job.result and not job.same_as:
                return job
        return None

    # --- one CV, one profile

    async def hold(self, job: Job, llm: Llm | None = None) -> Match:
        """Do what a match job asks for. Repeating it gives the same. Raises UserError: unknown_profile, unknown_job, not_ready; Busy."""
        profile = await self._profiles.get(job.tenant, job.profile)
        about = await self._finished(job.tenant, job.about)
        cv, document = await self._read(about)
        today = self._store.clock.now().date()
        recorded = await self._opinion(job, cv, document, profile, llm) if llm else None
        compared = compare(cv, document, profile, self.lexicon, today=today, recorded=recorded)
        result = about.result
        match = Match(
            id=job.id,
            tenant=job.tenant,
            user=job.user,
            job=about.id,
            candidate=about.candidate,
            candidate_name=result.candidate if result else "",
            profile=profile,
            score=compared.score,
            verdicts=compared.verdicts,
            notes=compared.notes,
            years=compared.years,
            versions=compared.versions,
            created=self._store.clock.now(),
        )
        await self._candidates.matched(about, job.id)
        await self._store.create(MATCHES, job.tenant, job.id, match)
        await self._events.note(job.tenant, "match.made", about.candidate, at=job.begun, job=job.id)
        return await self.get(job.tenant, job.id)

    async def _opinion(self, job: Job, cv: Cv, document: Document, profile: Profile, llm: Llm) -> Recorded | None:
        """What the model said: asked once, then kept. Where it cannot be reached, the rules do without. Raises Busy."""
        kept = await self.recorded(job.tenant, job.id)
        if kept:
            return kept
        try:
            said = await asked_model(cv, document, profile, self.lexicon, llm, today=self._store.clock.now().date())
        except Busy:
            raise
        except TransientError as error:
            _log.warning("match %s: without the model: %s", job.id, error)
            return None
        if said:
            await self._blobs.put(blob(job, OPINION), to_json(said, Recorded))
        return said

    async def recorded(self, tenant: str, match_id: str) -> Recorded | None:
        data = await self._blobs.get(f"{tenant}/{_id(match_id)}/{OPINION}")
        return from_json(data, Recorded) if data else None

    async def _finished(self, tenant: str, job_id: str) -> Job:
        """The job that made the CV; where the file was known, that of then."""
        job = await self._store.get(JOBS, tenant, job_id, Job)
        if job and job.same_as:
            job = await self._store.get(JOBS, tenant, job.same_as, Job)
        if job is None or job.state == State.DELETED:
            raise UserError("unknown_job")
        if not job.state.ended:  # its CV is being read: the match follows
            raise Busy("the CV is not ready yet", retry_after=STILL_READ_SECONDS)
        if job.state != State.DONE or not job.result:
            raise UserError("not_ready")
        return job

    async def _read(self, job: Job) -> tuple[Cv, Document]:
        checked = await self._blobs.get(blob(job, Step.CHECKING.value))
        document = await self._blobs.get(blob(job, Step.READING.value))
        if checked is None or document is None:
            raise UserError("not_ready")
        return from_json(checked, Structured).cv, from_json(document, Document)

    async def get(self, tenant: str, match_id: str) -> Match:
        """Raises UserError: unknown_match."""
        found = await self._store.get(MATCHES, tenant, _id(match_id), Match)
        if found is None:
            raise UserError("unknown_match")
        return found

    async def override(self, tenant: str, match_id: str, requirement: str, said: Override) -> Match:
        """A person's verdict takes the engine's place, and the score is computed anew. Raises UserError: unknown_match, bad_verdict."""
        if requirement not in {verdict.requirement for verdict in (await self.get(tenant, match_id)).verdicts}:
            raise UserError("bad_verdict")

        def changed(known: Match | None) -> Match | None:
            if known is None:
                return None
            verdicts, score = scored([_said(verdict, said) if verdict.requirement == requirement else verdict for verdict in known.verdicts])
            count = sum(verdict.override is not None for verdict in verdicts)
            return known.model_copy(update={"verdicts": verdicts, "score": score, "changed": count, "version": known.version + 1})

        found = await self._store.change(MATCHES, tenant, match_id, Match, changed)
        if found is None:
            raise UserError("unknown_match")
        await self._events.note(tenant, f"match.override.{requirement}.{said.status.value}", found.candidate, at=said.at, job=match_id)
        return found

    # --- many

    async def shortlist(self, job: Job) -> Shortlist:
        """Do what a shortlist job asks for: rank all CVs of the tenant for a profile."""
        profile = await self._profiles.get(job.tenant, job.profile)
        asked = asked_by(profile, self.lexicon)
        ranked = []
        async for candidate, about, facts in self._known(job.tenant):
            score = score_of(facts, asked, self.lexicon)
            ranked.append(Ranked(candidate=candidate, job=about, total=score.total, uncapped=score.uncapped, missing=score.missing))
        ranked.sort(key=lambda one: (-one.total, -one.uncapped, one.candidate))
        made = Shortlist(
            id=job.id,
            tenant=job.tenant,
            user=job.user,
            profile=profile,
            ranked=tuple(ranked),
            count=len(ranked),
            versions=Versions(engine=ENGINE, lexicon=self.lexicon.version),
            created=self._store.clock.now(),
        )
        await self._blobs.put(blob(job, RANKING), to_json(made, Shortlist))
        await self._store.create(PAGES, job.tenant, job.id, {"page": 0})
        return made

    async def ranked_in(self, tenant: str, candidate: str) -> list[str]:
        """The ids of the shortlists that list the candidate."""
        found = []
        for record in await self._store.records.all(PAGES, tenant):
            data = await self._blobs.get(f"{tenant}/{record.key}/{RANKING}")
            if data and any(one.candidate == candidate for one in from_json(data, Shortlist).ranked):
                found.append(record.key)
        return found

    async def ranking(self, tenant: str, job_id: str) -> Shortlist:
        """A shortlist with the names of those who are still there. Raises UserError: unknown_match."""
        data = await self._blobs.get(f"{tenant}/{_id(job_id)}/{RANKING}")
        if data is None:
            raise UserError("unknown_match")
        made = from_json(data, Shortlist)
        return made.model_copy(update={"ranked": tuple(await self._named(tenant, made.ranked))})

    async def page(self, job: Job) -> Shortlist:
        """The page of a shortlist that its card shows."""
        data = await self._blobs.get(blob(job, RANKING))
        if data is None:
            raise UserError("unknown_match")
        made = from_json(data, Shortlist)
        record = await self._store.records.get(PAGES, job.tenant, job.id)
        page = min(json.loads(record.value)["page"] if record else 0, max(0, (len(made.ranked) - 1) // PAGE))
        shown = await self._named(job.tenant, made.ranked[page * PAGE : (page + 1) * PAGE])
        return made.model_copy(update={"ranked": tuple(shown), "page": page})

    async def turn_page(self, tenant: str, job_id: str, page: int) -> None:
        """Raises UserError: unknown_match."""
        await self._keep(PAGES, tenant, _id(job_id), json.dumps({"page": max(0, page)}).encode())

    async def _named(self, tenant: str, ranked: Iterable[Ranked]) -> list[Ranked]:
        """With the candidates' names, without those who were erased since."""
        found = []
        for one in ranked:
            candidate = await self._store.get(CANDIDATES, tenant, one.candidate, Candidate)
            if candidate and not candidate.erasing:
                found.append(one.model_copy(update={"name": candidate.name}))
        return found

    async def side_by_side(self, tenant: str, profile: Profile, candidates: Iterable[str]) -> list[tuple[str, tuple[Verdict, ...], Score]]:
        """Name, verdicts and score of a few candidates, for one look."""
        found = []
        for key in candidates:
            candidate = await self._store.get(CANDIDATES, tenant, key, Candidate)
            job = await self._newest(candidate) if candidate and not candidate.erasing else None
            if candidate and job:
                cv, document = await self._read(job)
                compared = compare(cv, document, profile, self.lexicon, today=self._store.clock.now().date())
                found.append((candidate.name, compared.verdicts, compared.score))
        return found

    async def profiles_for(self, candidate: Candidate) -> list[tuple[Profile, Score]]:
        """The other way round: all profiles that are open, the best for the candidate first. Raises UserError: not_ready."""
        job = await self._newest(candidate)
        if job is None:
            raise UserError("not_ready")
        cv, document = await self._read(job)
        facts = facts_of(cv, document, self.lexicon, today=self._store.clock.now().date())
        found = [(profile, score_of(facts, asked_by(profile, self.lexicon), self.lexicon)) for profile in await self._profiles.all(candidate.tenant)]
        return sorted(found, key=lambda pair: (-pair[1].total, -pair[1].uncapped, pair[0].title))

    # --- what a job has made

    async def outcome(self, job: Job) -> Profile | Match | Shortlist | None:
        """What there is to show; None where it was erased since."""
        try:
            match job.kind:
                case Kind.PROFILE:
                    return await self._profiles.get(job.tenant, job.profile or job.id)
                case Kind.MATCH:
                    return await self.get(job.tenant, job.id)
                case Kind.SHORTLIST:
                    return await self.page(job)
                case _:
                    return None
        except UserError:
            return None


def _id(text: str) -> str:
    """What cards and addresses give as an id, before it becomes part of a name. Raises UserError: unknown_match."""
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise UserError("unknown_match")
    return text


def _said(verdict: Verdict, said: Override) -> Verdict:
    """With what a person says; saying what the engine says takes an earlier word back."""
    kept = None if said.status is verdict.engine else said
    return verdict.model_copy(update={"status": said.status, "override": kept})


def _decoded(value: bytes | None, wanted: str) -> tuple[str, Facts] | None:
    if value is None:
        return None
    try:
        found = from_bytes(value[32:])
    except (ValueError, ValidationError):
        return None
    return (value[:32].decode(), found) if found.version == wanted else None
