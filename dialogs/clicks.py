"""Buttons. Rights are checked against the stored record, never against what the card says."""

from __future__ import annotations

from datetime import datetime

from cards.actions import (
    Action,
    AskDelete,
    CancelAll,
    CancelBatch,
    CancelJob,
    DeleteCandidate,
    DeleteJob,
    FreshJob,
    KeepCandidate,
    PlaceJob,
    RejectCandidate,
    RetryBatch,
    RetryJob,
    RevealJob,
    RewriteJob,
    SaveJob,
    ShowResult,
    TurnPage,
    ViewBatch,
    ViewJob,
    verb_of,
)
from cards.chat import delete_card, note_card
from cards.i18n import Catalogue
from cards.job import AS_THE_CV, deleted_card, error_text
from dialogs import customers, matching, offers
from dialogs.services import Services
from dialogs.talk import Talk
from dialogs.turn import Clicked, Erase, Event, Flow, OfferFile, Redraw, Replace, Reply, Show, ShowBatch, ShowJob, Turn, View
from pipeline.errors import UserError
from pipeline.model.job import Candidate, Job, Kind, State, Step, WhenEdited
from pipeline.service import Service


async def clicked(event: Event, click: Clicked, flow: Flow, services: Services, texts: Catalogue) -> Turn:
    service = services.service
    where = event.conversation
    tenant, user = where.tenant, where.user
    try:
        if not where.personal:
            await _check_here(click.action, event, service)
        match click.action:
            case None:
                raise UserError("old_card")
            case RetryJob(job=job_id):
                job = await service.retry(tenant, user, job_id)
                return _woken(job) if job.kind is Kind.CV else Turn(jobs=(job,), flow=flow)
            case FreshJob(job=job_id):
                return _woken(await service.fresh(tenant, user, job_id))
            case RewriteJob(job=job_id, template=template, language=language):
                language = "" if language == AS_THE_CV else language
                return _woken(await service.rewrite(tenant, user, job_id, template=template, language=language))
            case CancelJob(job=job_id):
                job = await service.cancel(tenant, user, job_id)
                late = () if job.state == State.CANCELLED else (Show(note_card(texts(_why_not(job)), texts)),)
                return Turn((*late, Redraw(job)), flow=flow)
            case CancelAll():
                return await cancelled(await service.open_jobs(tenant, user), event, flow, service, texts)
            case ShowResult(job=job_id):
                return Turn((ShowJob(await service.own_shown(tenant, user, job_id)),), flow=Flow(job=job_id))
            case SaveJob(job=job_id):
                job = await service.own_shown(tenant, user, job_id)
                name, data = await service.word(tenant, job_id)
                return Turn((OfferFile(job, name, len(data)),), flow=flow)
            case PlaceJob(job=job_id, when_edited=answer) if answer in (WhenEdited.BESIDE, WhenEdited.REPLACE):
                return _woken(await service.place(tenant, user, job_id, when_edited=WhenEdited(answer)))
            case PlaceJob():
                raise UserError("old_card")
            case ViewJob(job=job_id):
                job = await service.shown(tenant, job_id)
                return Turn((View(job, own=job.user == user),), flow=flow)
            case ViewBatch(batch=batch_id):
                batch = await service.batches.get(tenant, batch_id)
                return Turn((View(batch, own=batch.user == user, jobs=tuple(await service.batches.jobs(batch))),), flow=flow)
            case RevealJob(job=job_id):
                job = await service.reveal(tenant, user, job_id)
                return Turn((View(job, own=True), Redraw(job)), flow=flow)
            case RetryBatch(batch=batch_id):
                await service.retry_failed(tenant, user, batch_id)
                return Turn((await _batch(service, tenant, user, batch_id),), flow=flow)
            case CancelBatch(batch=batch_id):
                await service.cancel_batch(tenant, user, batch_id)
                return Turn((await _batch(service, tenant, user, batch_id),), flow=flow)
            case TurnPage(batch=batch_id, page=page):
                await service.batches.turn_page(await service.batches.of_user(tenant, user, batch_id), int(page) if page.isdecimal() else 0)
                return Turn((await _batch(service, tenant, user, batch_id),), flow=flow)
            case DeleteJob(job=job_id):
                job = await service.delete_job(tenant, user, job_id)
                return Turn((_answer(event, deleted_card(texts)), Redraw(job)), flow=Flow())
            case AskDelete(candidate=key):
                candidate = await service.candidates.of_user(tenant, user, key)
                return Turn((_answer(event, delete_card([candidate], texts)),), flow=flow)
            case DeleteCandidate(candidate=key):
                jobs = await service.jobs_of_candidate(tenant, user, key)
                if not await service.begin_erasing(tenant, user, key):
                    return Turn((_answer(event, note_card(texts("delete.already"), texts)),), flow=Flow())
                return Turn((Erase(tenant, key, tuple(jobs), event.card),), flow=Flow())
            case KeepCandidate():
                return Turn((_answer(event, note_card(texts("delete.kept"), texts)),), flow=flow)
            case RejectCandidate(candidate=key):
                candidate = await service.candidates.of_user(tenant, user, key)
                return Turn((_answer(event, await rejected(candidate, service, texts)),), flow=flow)
            case _:
                return await _other(click.action, Talk(event, flow, services, texts))
    except UserError as error:
        return Turn((Show(note_card(error_text(error.key, error.values, texts), texts)),), flow=flow)


def _why_not(job: Job) -> str:
    """Why a job that was to be stopped is not "cancelled"."""
    return "cancel.too_late" if job.step is Step.SAVED else "cancel.kept"  # a Word file was just to be written again


async def _other(action: Action, talk: Talk) -> Turn:
    """Profiles and matches, customers, offers."""
    verb = verb_of(action)
    if verb.startswith("offer."):
        return await offers.clicked(action, talk)  # type: ignore[arg-type]  # by its verb
    if verb.startswith("customer."):
        return await customers.clicked(action, talk)  # type: ignore[arg-type]
    return await matching.clicked(action, talk)  # type: ignore[arg-type]


async def cancelled(jobs: list[Job], event: Event, flow: Flow, service: Service, texts: Catalogue) -> Turn:
    """Stop these jobs and say how many."""
    where = event.conversation
    stopped = await service.cancel_all(where.tenant, where.user, jobs)
    count = sum(job.state == State.CANCELLED for job in stopped)
    text = texts.n("cancel.done", count) if count else texts("cancel.none")
    return Turn((_answer(event, note_card(text, texts)), *(Redraw(job) for job in stopped)), flow=flow)


async def rejected(candidate: Candidate, service: Service, texts: Catalogue) -> dict[str, object]:
    """Record that nothing comes of a candidate, and say when the data goes."""
    gone: datetime = await service.reject(candidate)
    return note_card(texts("reject.done", name=candidate.name, date=gone.strftime(texts("date.format"))), texts)


async def _check_here(action: Action | None, event: Event, service: Service) -> None:
    """Where others read along it is about what was sent in there, whatever the card says. Raises UserError: unknown_job."""
    tenant, found = event.conversation.tenant, []
    if job := getattr(action, "job", ""):
        found.append((await service.job(tenant, job)).conversation)
    if batch := getattr(action, "batch", ""):
        found.append((await service.batches.get(tenant, batch)).conversation)
    if any(where is None or where.personal or where.thread != event.conversation.thread for where in found):
        raise UserError("unknown_job")


def _woken(job: Job) -> Turn:
    return Turn(jobs=(job,), flow=Flow(job=job.id))


async def _batch(service: Service, tenant: str, user: str, batch_id: str) -> ShowBatch:
    batch = await service.batches.of_user(tenant, user, batch_id)
    return ShowBatch(batch, tuple(await service.batches.jobs(batch)))


def _answer(event: Event, card: dict[str, object]) -> Reply:
    """In place of the card that was clicked, where there is one."""
    return Replace(event.card, card) if event.card else Show(card)
