"""What the bot can do: one `match` over what came in, then the table of rights. (Event, Flow, Services) -> Turn."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any

from cards.actions import verb_of
from cards.chat import SHOWN, cancel_card, delete_card, help_card, note_card, refusal, reject_card, status_card
from cards.group import line_card
from cards.i18n import Catalogue, catalogue
from cards.job import error_text
from dialogs import customers, groups, matching, offers
from dialogs.clicks import cancelled, clicked, rejected
from dialogs.services import Services
from dialogs.talk import Talk
from dialogs.turn import (
    Answer,
    AskSignIn,
    Clicked,
    DroppedFile,
    Event,
    FilesDropped,
    Flow,
    Installed,
    Meant,
    Mentioned,
    Reply,
    Show,
    ShowBatch,
    ShowJob,
    TextSaid,
    Turn,
)
from pipeline.errors import TransientError, UserError
from pipeline.model.job import Job, Source
from pipeline.model.rights import may
from pipeline.service import Service, Submission

CARD_EACH_UP_TO = 3
"""Up to so many CVs have a card each; more share one."""
TAKE_SECONDS = 3.0
"""So long a turn takes files in; it has four seconds in all."""
SIGN_OUT_SECONDS = 3.0
"""So long a turn waits for the token service."""

_HELP = frozenset({"help", "hilfe", "?", "hallo", "hello", "hi"})
_STATUS = frozenset({"status"})
_DELETE = frozenset({"delete", "lösche", "loesche", "löschen", "loeschen", "lösch"})
_CANCEL = frozenset({"cancel", "abbrechen", "abbruch", "stop", "stopp"})
_REJECT = frozenset({"reject", "absage"})
_SIGN_IN = frozenset({"signin", "login", "anmelden", "anmeldung"})
_SIGN_OUT = frozenset({"signout", "logout", "abmelden", "abmeldung"})
_OFFERS = frozenset({"angebot", "angebote", "offer", "offers", "kunde", "kunden", "customer", "customers"})
_PROFILES = frozenset({"profil", "profile", "profiles", "match", "abgleich", "abgleichen", "vergleiche", "vergleich"})
_RANKINGS = frozenset({"rangliste", "bestenliste", "shortlist", "ranking", "rank"})
COMMANDS = _HELP | _STATUS | _DELETE | _CANCEL | _REJECT | _SIGN_IN | _SIGN_OUT | _OFFERS | _PROFILES | _RANKINGS
"""First words of what is no file but something that is said; where others read along, it is answered in the 1:1 chat only."""
_ALL = frozenset({"all", "alle", "alles"})


async def handle(event: Event, flow: Flow, services: Services) -> Turn:
    texts = catalogue(event.conversation.locale)
    meant = _meant(event, flow, services, texts)
    try:
        if meant.deed and not may(meant.deed, await services.directory.roles(event.conversation.person)):
            return _refused(event, refusal(meant.deed, texts), flow, texts)
    except TransientError:
        return _refused(event, texts("error.rights_unknown"), flow, texts)
    return await meant.act()


def _meant(event: Event, flow: Flow, services: Services, texts: Catalogue) -> Meant:
    match event.content:
        case FilesDropped() as dropped if event.conversation.personal and all(customers.is_list(file.name) for file in dropped.files):
            return Meant("drop.customers", partial(_lists, event, dropped, flow, services, texts))
        case FilesDropped(text=text) as dropped:
            postings = event.conversation.personal and matching.means_profile(text)
            return Meant("drop.profile" if postings else "drop.cv", partial(_postings if postings else _files, event, dropped, flow, services))
        case Installed():
            return Meant("", partial(_greeted, event, flow, texts))
        case Mentioned(text) if groups.means_approvals(text):
            return Meant("say.approvals_here", partial(groups.approvals_here, event, flow, services, texts))
        case Mentioned(text) as said:
            return Meant("mention", partial(groups.mentioned, event, said, flow, services, texts, command=_command(text)[0] in COMMANDS))
        case Clicked(action) as click:
            return Meant(verb_of(action) if action else "", partial(_clicked, event, click, flow, services, texts))
        case TextSaid(text):
            asked = _understood(event, text, flow, services, texts)
            return Meant(asked.deed, partial(_told, asked, flow, texts))


async def _greeted(event: Event, flow: Flow, texts: Catalogue) -> Turn:
    where = event.conversation
    return Turn((Show(help_card(texts, lead="hello") if where.personal else line_card(texts("group.hello"), where.bot_id, texts)),), flow=flow)


async def _clicked(event: Event, click: Clicked, flow: Flow, services: Services, texts: Catalogue) -> Turn:
    if event.conversation.personal:
        return await clicked(event, click, flow, services, texts)
    if not groups.allowed(click.action):
        return groups.elsewhere(event, flow, texts)
    return groups.discreet(await clicked(event, click, flow, services, texts))


async def _told(said: Meant, flow: Flow, texts: Catalogue) -> Turn:
    try:
        return await said.act()
    except UserError as error:
        return Turn((Show(note_card(error_text(error.key, error.values, texts), texts)),), flow=flow)


def _refused(event: Event, text: str, flow: Flow, texts: Catalogue) -> Turn:
    """Said to the person who asked; where others read along, a click is answered for that person alone."""
    where = event.conversation
    card = note_card(text, texts) if where.personal else line_card(text, where.bot_id, texts)
    alone = isinstance(event.content, Clicked) and not where.personal
    return Turn((Answer(card) if alone else Show(card),), flow=flow)


def _understood(event: Event, text: str, flow: Flow, services: Services, texts: Catalogue) -> Meant:
    talk = Talk(event, flow, services, texts)
    if meant := offers.meant(text.strip(), talk) or customers.meant(text.strip(), talk) or matching.meant(text.strip(), talk):
        return meant
    if groups.means_approvals(text):
        return Meant("say.approvals_here", partial(groups.approvals_here, event, flow, services, texts))
    command, rest = _command(text)
    name, service = rest.strip(), services.service
    if command in _SIGN_IN:
        return Meant("say.sign_in", partial(_signing, event, flow, services, texts, out=False))
    if command in _SIGN_OUT:
        return Meant("say.sign_out", partial(_signing, event, flow, services, texts, out=True))
    if command in _STATUS:
        return Meant("say.status", partial(_status, event, flow, services, texts))
    if command in _CANCEL:
        return Meant("say.cancel", partial(_cancel, event, name, flow, services, texts))
    if command in _REJECT:
        return Meant("say.reject", partial(_reject, event, name, flow, service, texts))
    if command in _DELETE:
        return Meant("say.delete", partial(_ask_delete, event, name, flow, service, texts))
    return Meant("say.help", partial(_help, flow, texts, lead="" if command in _HELP else "unknown"))


async def _help(flow: Flow, texts: Catalogue, *, lead: str) -> Turn:
    return Turn((Show(help_card(texts, lead=lead)),), flow=flow)


async def _status(event: Event, flow: Flow, services: Services, texts: Catalogue) -> Turn:
    where = event.conversation
    waiting = await services.service.open_jobs(where.tenant, where.user)  # what waits or runs is never hidden by what is newer
    newest = await services.service.jobs_of(where.tenant, where.user, limit=SHOWN)
    jobs = list({job.id: job for job in (*waiting, *newest)}.values())[:SHOWN]
    total = len(await services.service.store.ids_of(where.tenant, where.user))
    return Turn((Show(status_card(jobs, texts, now=services.now(), total=total)),), flow=flow)


def _command(text: str) -> tuple[str, str]:
    """The first word as commands are written, and the rest; "sign in" is one word."""
    words = " ".join(text.split())
    word, _, rest = re.sub(r"(?i)^(sign|log)[ -](in|out)\b", r"\1\2", words).partition(" ")
    return word.casefold().strip(".!:,"), rest


async def _signing(event: Event, flow: Flow, services: Services, texts: Catalogue, *, out: bool) -> Turn:
    if services.sign_in is None:
        return Turn((Show(note_card(texts("signin.off"), texts)),), flow=flow)
    if not out:
        return Turn((AskSignIn(),), flow=flow, about_sign_in=True)
    try:
        async with asyncio.timeout(SIGN_OUT_SECONDS):
            await services.sign_in.sign_out(event.conversation.person)
    except (TransientError, TimeoutError):
        return Turn((Show(note_card(texts("signin.later"), texts)),), flow=flow)
    return Turn((Show(note_card(texts("signin.out"), texts)),), flow=flow, about_sign_in=True)


async def _ask_delete(event: Event, name: str, flow: Flow, service: Service, texts: Catalogue) -> Turn:
    """Ask on a card; without a name it is about the CV that was last sent in."""
    where = event.conversation
    if not name and flow.job:
        candidate = await service.candidates.of_job(await service.job(where.tenant, flow.job))
        found = [candidate] if candidate else []
    else:
        found = await service.candidates.find(where.tenant, where.user, name, saved=False)
    if not found:
        text = texts("delete.none", name=name) if name else texts("delete.missing")
        return Turn((Show(note_card(text, texts)),), flow=flow)
    return Turn((Show(delete_card(found, texts)),), flow=flow)


async def _cancel(event: Event, which: str, flow: Flow, services: Services, texts: Catalogue) -> Turn:
    """Stop the only job that waits or runs; with several, ask which."""
    where = event.conversation
    jobs = await services.service.open_jobs(where.tenant, where.user)
    if not jobs:
        return Turn((Show(note_card(texts("cancel.none"), texts)),), flow=flow)
    if len(jobs) == 1 or which.casefold() in _ALL:
        return await cancelled(jobs, event, flow, services.service, texts)
    return Turn((Show(cancel_card(jobs, texts, now=services.now())),), flow=flow)


async def _reject(event: Event, name: str, flow: Flow, service: Service, texts: Catalogue) -> Turn:
    """Record that nothing comes of a candidate; with several of that name, ask which."""
    where = event.conversation
    if not name:
        return Turn((Show(note_card(texts("reject.missing"), texts)),), flow=flow)
    found = await service.candidates.find(where.tenant, where.user, name)
    if not found:
        return Turn((Show(note_card(texts("delete.none", name=name), texts)),), flow=flow)
    card = await rejected(found[0], service, texts) if len(found) == 1 else reject_card(found, texts)
    return Turn((Show(card),), flow=flow)


async def _files(event: Event, dropped: FilesDropped, flow: Flow, services: Services) -> Turn:
    """Each file becomes a job. A repeated delivery finds its jobs and adds nothing."""
    where, service = event.conversation, services.service
    key = f"{where.id}\n{event.id}"
    # the batch is there before its jobs: whatever is killed in between, their cards find it
    many = len(dropped.files) > CARD_EACH_UP_TO
    batch = await service.batches.open(where.tenant, where.user, key, where) if many else None

    async def submit(i: int, file: DroppedFile) -> tuple[Job, bool] | TransientError:
        submission = Submission(
            tenant=where.tenant,
            user=where.user,
            source=Source(url=file.url, name=file.name),
            key=f"{key}\n{i}",
            conversation=where,
            locale=where.locale,
            batch=batch.id if batch else "",
        )
        try:
            return await service.submit(submission, start=False)
        except TransientError as error:
            return error

    answers = await _in_time([submit(i, file) for i, file in enumerate(dropped.files)])
    taken = [answer for answer in answers if not isinstance(answer, TransientError)]
    if not taken:
        raise next(answer for answer in answers if isinstance(answer, TransientError))
    replies: list[Reply] = []
    created = [job for job, new in taken if new]
    if created and batch:
        replies.append(ShowBatch(batch, tuple(job for job, _ in taken)))
    else:
        replies += [ShowJob(job) for job in created]
    refused = [file.name for file, answer in zip(dropped.files, answers, strict=True) if isinstance(answer, TransientError)]
    if refused:  # the storage failed in between: what is there is worked on, the rest is named
        texts = catalogue(where.locale)
        replies.append(Show(note_card(texts("batch.refused", files=", ".join(refused)), texts)))
    return Turn(tuple(replies), tuple(created), Flow(job=taken[-1][0].id) if created else flow)


async def _in_time(work: Sequence[Coroutine[Any, Any, tuple[Job, bool] | TransientError]]) -> list[tuple[Job, bool] | TransientError]:
    """What came of each; what takes longer than a turn has is given up, and counts as what the storage did not take."""
    tasks = [asyncio.create_task(one) for one in work]
    _, late = await asyncio.wait(tasks, timeout=TAKE_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [TransientError("too slow") if task.cancelled() else task.result() for task in tasks]


async def _lists(event: Event, files: FilesDropped, flow: Flow, services: Services, texts: Catalogue) -> Turn:
    """Customer lists: each is looked at, and shown before anything is kept."""
    talk = Talk(event, flow, services, texts)
    answers = [await customers.dropped(file, i, talk) for i, file in enumerate(files.files)]
    created = tuple(job for job, new in answers if new)
    return Turn(tuple(ShowJob(job) for job in created), created, flow)


async def _postings(event: Event, files: FilesDropped, flow: Flow, services: Services) -> Turn:
    """Job descriptions: each becomes a profile."""
    talk = Talk(event, flow, services, catalogue(event.conversation.locale))
    answers = [await matching.dropped(file, i, talk) for i, file in enumerate(files.files)]
    created = tuple(job for job, new in answers if new)
    return Turn(tuple(ShowJob(job) for job in created), created, flow)
