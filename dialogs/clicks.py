"""Buttons. Rights are checked against the stored record, never against what the card says."""

from __future__ import annotations

from cards.actions import AskDelete, DeleteCandidate, DeleteJob, KeepCandidate, RetryJob, RewriteJob
from cards.chat import delete_card, note_card
from cards.i18n import Catalogue
from cards.job import AS_THE_CV, deleted_card, error_text
from dialogs.turn import Clicked, Event, Flow, Replace, Reply, Show, Turn
from pipeline.errors import UserError
from pipeline.model.job import Job
from pipeline.service import Service


async def clicked(event: Event, click: Clicked, flow: Flow, service: Service, texts: Catalogue) -> Turn:
    where = event.conversation
    try:
        match click.action:
            case None:
                raise UserError("old_card")
            case RetryJob(job=job_id):
                job = await service.retry(where.tenant, where.user, job_id)
                return Turn(jobs=(job,), flow=Flow(job=job.id))
            case RewriteJob(job=job_id, template=template, language=language):
                language = "" if language == AS_THE_CV else language
                job = await service.rewrite(where.tenant, where.user, job_id, template=template, language=language)
                return Turn(jobs=(job,), flow=Flow(job=job.id))
            case DeleteJob(job=job_id):
                job = await service.delete_job(where.tenant, where.user, job_id)
                return Turn(_erased([job], event, texts), flow=Flow())
            case AskDelete(candidate=candidate_id):
                candidate = await service.candidate(where.tenant, where.user, candidate_id)
                return Turn((_answer(event, delete_card([candidate], texts)),), flow=flow)
            case DeleteCandidate(candidate=candidate_id):
                jobs = await service.delete_candidate(where.tenant, where.user, candidate_id)
                text = texts.n("delete.done", len(jobs)) if jobs else texts("delete.already")
                others = [j for j in jobs if j.card != event.card]
                return Turn((_answer(event, note_card(text, texts)), *_replaced(others, texts)), flow=Flow())
            case KeepCandidate():
                return Turn((_answer(event, note_card(texts("delete.kept"), texts)),), flow=flow)
    except UserError as error:
        return Turn((Show(note_card(error_text(error.key, error.values, texts), texts)),), flow=flow)


def _answer(event: Event, card: dict[str, object]) -> Reply:
    """In place of the card that was clicked, where there is one."""
    return Replace(event.card, card) if event.card else Show(card)


def _erased(jobs: list[Job], event: Event, texts: Catalogue) -> tuple[Reply, ...]:
    own = _replaced([j for j in jobs if j.card != event.card], texts)
    return (_answer(event, deleted_card(texts)), *own)


def _replaced(jobs: list[Job], texts: Catalogue) -> tuple[Reply, ...]:
    """The cards of erased CVs must not go on showing them."""
    return tuple(Replace(job.card, deleted_card(texts)) for job in jobs if job.card)
