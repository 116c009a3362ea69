"""Keeps the cards of running jobs up to date: at most one update in two seconds per conversation, the last state always."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic

from bot.sender import Sender
from cards.batch import batch_card
from cards.elements import CardJson
from cards.i18n import catalogue
from cards.job import job_card
from pipeline.model.job import Conversation, Job, State
from pipeline.service import Service

_log = logging.getLogger("board")


class Board:
    """`every` is the least time between two updates of a conversation, in seconds."""

    def __init__(
        self, sender: Sender, service: Service, *, url: str, now: Callable[[], datetime], templates: Sequence[str], every: float = 2.0
    ) -> None:
        self._sender = sender
        self._service = service
        self._url = url
        self._now = now
        self._templates = templates
        self._every = every
        self._waiting: dict[str, dict[str, Job]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._last: dict[str, float] = {}

    def card_of(self, job: Job) -> CardJson:
        where = f"?tenant={job.tenant}" if job.tenant != "local" else ""
        json_url = f"{self._url}/api/jobs/{job.id}/json{where}"
        return job_card(job, catalogue(job.locale), now=self._now(), json_url=json_url, templates=self._templates)

    def show(self, job: Job) -> None:
        """Note the job's state; its card follows as soon as the conversation's pace allows."""
        if job.conversation is None:
            return
        place = job.conversation.id
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
            except Exception as error:  # noqa: BLE001  # one card that fails must not stop the others
                _log.warning("card of job %s not updated: %s", job.id, type(error).__name__)
        self._waiting.pop(place, None)

    async def _update(self, job: Job) -> None:
        where = job.conversation
        if where is None:
            return
        if job.batch:
            await self._update_batch(job, where)
            return
        job = await self._service.job(job.tenant, job.id)  # as it is now: it may have been deleted since
        if job.state == State.DELETED:
            return
        known, card = job.card, self.card_of(job)
        message = await self._sender.replace(where, known, card) if known else await self._sender.post(where, card)
        if message and message != known:
            await self._service.set_card(job.tenant, job.id, message)

    async def _update_batch(self, job: Job, where: Conversation) -> None:
        batch = await self._service.batch(job.tenant, job.batch)
        card = batch_card(await self._service.batch_jobs(batch), catalogue(job.locale), now=self._now())
        message = await self._sender.replace(where, batch.card, card) if batch.card else await self._sender.post(where, card)
        if message and message != batch.card:
            await self._service.set_batch_card(job.tenant, job.batch, message)
