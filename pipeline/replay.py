"""A stored match made again: from the stored file, the recorded model answers, and the day and the profile of then."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.conversion import Options, Structured, Tools, convert
from pipeline.errors import UserError
from pipeline.match.score import scored
from pipeline.matching import Compared, compare
from pipeline.model.codec import from_json
from pipeline.model.job import Job, Step
from pipeline.model.match import Match, Score, Verdict
from pipeline.ports import Blobs, PdfReader
from pipeline.service import Service
from pipeline.store import MATCHES, blob


@dataclass(frozen=True, slots=True)
class Replayed:
    """`then` and `score` are as the engine made them, without what people said; `reread`: the CV was structured anew, too.

    Where a model had structured it, its recorded result stands for that.
    """

    match: Match
    then: tuple[Verdict, ...]
    score: Score
    now: Compared
    reread: bool

    @property
    def same(self) -> bool:
        return (self.now.verdicts, self.now.score) == (self.then, self.score)

    @property
    def differing(self) -> tuple[tuple[Verdict, Verdict], ...]:
        """Then and now, where they are not the same."""
        return tuple((old, new) for old, new in zip(self.then, self.now.verdicts, strict=True) if old != new)


async def replay(service: Service, blobs: Blobs, reader: PdfReader, match_id: str) -> Replayed:
    """Raises UserError: unknown_match; unknown_job, not_ready where the CV was erased since; what reading the file raises."""
    match = await _found(service, match_id)
    job = await service.job(match.tenant, match.job)
    original = await blobs.get(blob(job, "original"))
    if original is None:
        raise UserError("not_ready")
    read = await convert(original, Tools(reader), Options(today=job.begun.date()), word=False)
    recorded_cv = await _by_model(blobs, job)
    recorded = await service.matches.recorded(match.tenant, match.id)
    cv = recorded_cv.cv if recorded_cv else read.cv
    now = compare(cv, read.document, match.profile, service.matches.lexicon, today=match.created.date(), recorded=recorded)
    then, score = scored([verdict.model_copy(update={"status": verdict.engine, "override": None}) for verdict in match.verdicts])
    return Replayed(match, then, score, now, reread=recorded_cv is None)


async def _found(service: Service, match_id: str) -> Match:
    for tenant in await service.store.records.tenants(MATCHES):
        try:
            return await service.matches.get(tenant, match_id)
        except UserError:
            continue
    raise UserError("unknown_match")


async def _by_model(blobs: Blobs, job: Job) -> Structured | None:
    """What was checked of a CV that a model has structured."""
    if not (job.result and job.result.structurer.startswith("model")):
        return None
    stored = await blobs.get(blob(job, Step.CHECKING.value))
    if stored is None:
        raise UserError("not_ready")
    return from_json(stored, Structured)
