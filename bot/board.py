"""Keeps the cards of running jobs up to date: at most one update in two seconds per conversation, the last state always.

The record is the truth: a card is drawn from what is stored, and a job's mark (see Store) stays until its last card has arrived. So
whatever is killed in between, the sweeper of any process has the card drawn again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from urllib.parse import quote

from bot.sender import Sender, Unreachable
from cards.batch import batch_card, candidates_folder
from cards.chat import note_card
from cards.customer import preview_card
from cards.elements import CardJson
from cards.group import group_batch_card, group_card, own_view, public_view
from cards.i18n import catalogue
from cards.job import job_card
from cards.match import match_card
from cards.profile import profile_card
from cards.shortlist import shortlist_card
from pipeline.model.customer import ListPreview
from pipeline.model.job import Batch, Conversation, Job
from pipeline.model.link import signed_query
from pipeline.model.match import Match, Shortlist
from pipeline.model.profile import Profile
from pipeline.service import Service

_log = logging.getLogger("board")


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the app itself; `app` is its id in Teams, where it is registered.

    With a `key` those of files are signed, and open for a day for whoever holds them; without, on this computer.
    """

    url: str
    now: Callable[[], datetime]
    key: bytes = b""
    app: str = ""

    def batch(self, batch_id: str, tenant: str) -> str:
        """Where a batch's files are listed: in the app's tab in Teams, where people are signed in; without an app, on the page of this computer."""
        if self.app:
            context = quote(json.dumps({"subEntityId": batch_id}, separators=(",", ":")))
            return f"https://teams.microsoft.com/l/entity/{self.app}/{TAB}?context={context}"
        return f"{self.url}/?batch={batch_id}" + (f"&tenant={tenant}" if tenant != "local" else "")

    def file(self, path: str, tenant: str) -> str:
        """Where a file of the REST API opens for a tenant's people."""
        return self.url + self.path(path, tenant)

    def path(self, path: str, tenant: str) -> str:
        """The same for pages of ours."""
        path, more = f"/api/{path}", "&" if "?" in path else "?"
        if self.key:
            return f"{path}{more}{signed_query(self.key, path, tenant, now=self.now())}"
        return path + (f"{more}tenant={tenant}" if tenant != "local" else "")


TAB = "cvs"
"""As the app package names the tab."""
REDRAWS = 3
"""So often in a row a card is drawn again at once because its job has changed meanwhile."""


class Board:
    """`every` is the least time between two updates of a conversation, in seconds."""

    def __init__(
        self, sender: Sender, service: Service, *, links: Links, now: Callable[[], datetime], templates: Sequence[str], every: float = 2.0
    ) -> None:
        self._sender = sender
        self._service = service
        self._links = links
        self._now = now
        self._templates = templates
        self._every = every
        self._waiting: dict[str, dict[str, Job]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._last: dict[str, float] = {}

    def card_of(self, job: Job) -> CardJson:
        """As everybody in the conversation sees it."""
        where = job.conversation
        if where is None or where.personal:
            return self.whole(job)
        texts = catalogue(job.locale)
        return public_view(self.whole(job), job, where, texts) if job.revealed and job.result else group_card(job, where, texts)

    def own_card_of(self, subject: Job | Batch, jobs: Sequence[Job], locale: str) -> CardJson:
        """As its sender alone sees it where others read along."""
        whole = self.whole(subject) if isinstance(subject, Job) else self._whole_batch(subject, jobs, locale)
        where = subject.conversation
        return whole if where is None or where.personal else own_view(whole, subject, where, catalogue(locale))

    def whole(self, job: Job) -> CardJson:
        """As its sender sees it where nobody reads along."""
        texts = catalogue(job.locale)
        match job.outcome:
            case Match() as made:
                return match_card(made, texts, report_url=self._links.file(f"matches/{made.id}/report", job.tenant), job=job.id)
            case Profile() as made:
                return profile_card(made, texts, word_url=self._links.file(f"profiles/{made.id}/word", job.tenant))
            case ListPreview() as made:
                return preview_card(made, texts)
            case Shortlist() as made:
                csv, word = (self._links.file(f"shortlists/{made.id}/{form}", job.tenant) for form in ("csv", "word"))
                return shortlist_card(made, texts, csv_url=csv, word_url=word)
        json_url = self._links.file(f"jobs/{job.id}/json", job.tenant)
        return job_card(job, texts, now=self._now(), json_url=json_url, templates=self._templates)

    def batch_card_of(self, batch: Batch, jobs: Sequence[Job], locale: str) -> CardJson:
        """As everybody in the conversation sees it."""
        where = batch.conversation
        return self._whole_batch(batch, jobs, locale) if where is None or where.personal else group_batch_card(batch, jobs, where, catalogue(locale))

    def _whole_batch(self, batch: Batch, jobs: Sequence[Job], locale: str) -> CardJson:
        zip_url = self._links.file(f"batches/{batch.id}/zip", batch.tenant)
        folder = candidates_folder(jobs) or self._links.batch(batch.id, batch.tenant)
        return batch_card(batch, jobs, catalogue(locale), now=self._now(), zip_url=zip_url, folder_url=folder)

    def show(self, job: Job) -> None:
        """Note the job's state; its card follows as soon as the conversation's pace allows."""
        if job.conversation is None:
            return
        place = job.conversation.id
        # several jobs of a batch are one card; what has ended must be settled all the same
        self._waiting.setdefault(place, {})[job.batch or job.id] = job
        if place not in self._tasks:
            self._tasks[place] = asyncio.create_task(self._drain(place))
            self._tasks[place].add_done_callback(lambda _: self._tasks.pop(place, None))

    async def settle(self, timeout: float) -> None:
        """Wait until all cards are up to date, at most `timeout` seconds."""
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=timeout)

    async def _drain(self, place: str) -> None:
        while waiting := self._waiting.get(place):
            await asyncio.sleep(max(0.0, self._last.get(place, -self._every) + self._every - monotonic()))
            # what has ended goes first: people wait for it
            key = next((k for k, j in waiting.items() if j.state.ended), next(iter(waiting)))
            job = waiting.pop(key)
            self._last[place] = monotonic()
            try:
                await self._update(job)
            except Unreachable:  # its mark stays: the sweeper has it drawn once the bot is let in again
                _log.info("card of job %s not updated: the bot is shut out", job.id)
            except Exception as error:  # noqa: BLE001  # one card that fails must not stop the others
                _log.warning("card of job %s not updated: %s", job.id, type(error).__name__)
        self._waiting.pop(place, None)

    async def _update(self, job: Job) -> None:
        where = job.conversation
        if where is None:
            return
        job = await self._service.shown(job.tenant, job.id)  # as it is now: it may have been deleted since
        if not job.batch:
            await self._update_job(job, where)
            return
        if job.card and not job.archive:  # one of the batch that has a card of its own
            await self._drawn(job, where)
        await self._update_batch(job, where)

    async def _update_job(self, job: Job, where: Conversation) -> None:
        drawn = await self._drawn(job, where)
        if drawn is None or (drawn.state.ended and not await self._service.settle(drawn)):
            self.show(job)

    async def _drawn(self, job: Job, where: Conversation) -> Job | None:
        """Draw until the card shows what is stored, and return that; None where it does not yet.

        While it was on its way, another process may have shown something newer, or may have given the job another card.
        """
        for _ in range(REDRAWS):
            message = await self._draw(job, where)
            if not message:
                return None
            drawn, job = job, await self._service.shown(job.tenant, job.id)
            if (drawn.state, drawn.step, drawn.updated, message) == (job.state, job.step, job.updated, job.card):
                return job
        return None

    async def _draw(self, job: Job, where: Conversation) -> str:
        """The message that shows it now; empty where the first card is just being posted by somebody else."""
        if not job.card and not await self._service.may_post(job.tenant, job.id):
            await asyncio.sleep(self._every)
            return ""
        card = self.card_of(job)
        message = await self._sender.replace(where, job.card, card) if job.card else await self._posted(where, card)
        if message and message != job.card and not await self._service.set_card(job.tenant, job.id, message, known=job.card):
            await self.withdraw(where, message, job.locale)
        return message

    async def _posted(self, where: Conversation, card: CardJson) -> str:
        async with asyncio.timeout(self._service.posting_seconds):
            return await self._sender.post(where, card)

    async def withdraw(self, where: Conversation, message: str, locale: str) -> None:
        """A card that came too late says nothing and can do nothing."""
        texts = catalogue(locale)
        await self._sender.replace(where, message, note_card(texts("card.withdrawn"), texts))

    async def _update_batch(self, job: Job, where: Conversation) -> None:
        """Of all processes that work on a batch, one draws its card at a time, as often as the pace allows."""
        batches = self._service.batches
        batch, wait = await batches.take_turn(job.tenant, job.batch, every=self._every)
        if not wait and not batch.card:
            batch, wait = await self._first_card(batch)
        if wait:
            await asyncio.sleep(min(wait, self._every))
            self.show(job)
            return
        jobs = await batches.jobs(batch)
        unsettled = set(await self._service.store.open_ids(batch.tenant, prefix=batch.prefix))
        card = self.batch_card_of(batch, jobs, job.locale)
        message = await self._sender.replace(where, batch.card, card) if batch.card else await self._posted(where, card)
        if message != batch.card and not await batches.set_card(batch.tenant, batch.id, message, known=batch.card):
            await self.withdraw(where, message, job.locale)
            self.show(job)
            return
        now = await batches.get(batch.tenant, batch.id)
        ended = [*(one for one in jobs if one.state.ended and one.id in unsettled), *([job] if job.archive else [])]
        own = [one for one in ended if one.card and not one.archive]  # their own cards follow before they are settled
        drawn = {one.id: await self._drawn(one, where) for one in own}
        settled = [await self._service.settle(one) for one in ended if drawn.get(one.id, one)]
        if now.next_update != batch.next_update or len(settled) < len(ended) or not all(settled):
            self.show(job)  # another has drawn it meanwhile, or a job has changed

    async def _first_card(self, batch: Batch) -> tuple[Batch, float]:
        """The batch with the card of its ZIP file, or the right to post one; else how long to wait."""
        if batch.parent:
            parent = await self._service.job(batch.tenant, batch.parent)
            if parent.card:
                await self._service.batches.set_card(batch.tenant, batch.id, parent.card)
                return await self._service.batches.get(batch.tenant, batch.id), 0.0
        allowed = await self._service.may_post(batch.tenant, batch.parent or batch.id)
        return batch, 0.0 if allowed else self._every
