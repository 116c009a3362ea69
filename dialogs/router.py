"""What the bot can do: one `match` over what came in. (Event, Flow, Services) -> Turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cards.chat import delete_card, help_card, note_card, status_card
from cards.i18n import Catalogue, catalogue
from dialogs.clicks import clicked
from dialogs.turn import Clicked, Event, FilesDropped, Flow, Installed, Show, ShowBatch, ShowJob, TextSaid, Turn
from pipeline.model.job import Job, Source
from pipeline.service import Service, Submission

CARD_EACH_UP_TO = 3
"""Up to so many CVs have a card each; more share one."""

_HELP = frozenset({"help", "hilfe", "?", "hallo", "hello", "hi"})
_STATUS = frozenset({"status"})
_DELETE = frozenset({"delete", "lösche", "loesche", "löschen", "loeschen", "lösch"})


@dataclass(frozen=True, slots=True)
class Services:
    """What dialogs need: the use cases and the time."""

    service: Service
    now: Callable[[], datetime]


async def handle(event: Event, flow: Flow, services: Services) -> Turn:
    texts = catalogue(event.conversation.locale)
    match event.content:
        case FilesDropped():
            return await _files(event, event.content, flow, services)
        case Installed():
            return Turn((Show(help_card(texts, lead="hello")),), flow=flow)
        case Clicked():
            return await clicked(event, event.content, flow, services.service, texts)
        case TextSaid(text):
            return await _said(event, text, flow, services, texts)


async def _said(event: Event, text: str, flow: Flow, services: Services, texts: Catalogue) -> Turn:
    word, _, rest = text.strip().partition(" ")
    command = word.casefold().strip(".!:,")
    if command in _STATUS:
        jobs = await services.service.jobs_of(event.conversation.tenant, event.conversation.user)
        return Turn((Show(status_card(jobs, texts, now=services.now())),), flow=flow)
    if command in _DELETE:
        return await _ask_delete(event, rest.strip(), flow, services.service, texts)
    lead = "" if command in _HELP else "unknown"
    return Turn((Show(help_card(texts, lead=lead)),), flow=flow)


async def _ask_delete(event: Event, name: str, flow: Flow, service: Service, texts: Catalogue) -> Turn:
    """Ask on a card; without a name it is about the CV that was last sent in."""
    where = event.conversation
    if not name and flow.job:
        candidate = await service.candidate_of(where.tenant, flow.job)
        found = [candidate] if candidate else []
    else:
        found = await service.find_candidates(where.tenant, where.user, name)
    if not found:
        text = texts("delete.none", name=name) if name else texts("delete.missing")
        return Turn((Show(note_card(text, texts)),), flow=flow)
    return Turn((Show(delete_card(found, texts)),), flow=flow)


async def _files(event: Event, dropped: FilesDropped, flow: Flow, services: Services) -> Turn:
    """Each file becomes a job. A repeated delivery finds its jobs and adds nothing."""
    where, service = event.conversation, services.service
    many = len(dropped.files) > CARD_EACH_UP_TO
    key = f"{where.id}\n{event.id}"
    batch_id = service.batch_id(where.tenant, key) if many else ""
    if many:  # the batch is there before its jobs: whatever is killed in between, their cards find it
        ids = tuple(service.job_id(where.tenant, f"{key}\n{i}") for i in range(len(dropped.files)))
        batch, _ = await service.open_batch(where.tenant, where.user, ids, where, key=key)
    jobs: list[Job] = []
    created = []
    for i, file in enumerate(dropped.files):
        submission = Submission(
            tenant=where.tenant,
            user=where.user,
            source=Source(url=file.url, name=file.name),
            key=f"{key}\n{i}",
            conversation=where,
            locale=where.locale,
            batch=batch_id,
        )
        job, new = await service.submit(submission, start=False)
        jobs.append(job)
        created += [job] if new else []
    if not created:
        return Turn(flow=flow)
    next_flow = Flow(job=jobs[-1].id)
    if many:
        return Turn((ShowBatch(batch, tuple(jobs)),), tuple(created), next_flow)
    return Turn(tuple(ShowJob(job) for job in created), tuple(created), next_flow)
