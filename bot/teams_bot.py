"""Thin: Activity -> Event -> dialogs -> Turn -> cards."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

from botbuilder.core import Bot, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ActivityTypes, ErrorResponseException
from msrest.exceptions import ClientRequestError

from bot.board import Board
from bot.events import event_of
from bot.sender import Sender
from cards.chat import note_card
from cards.elements import CardJson
from cards.i18n import catalogue
from dialogs.router import handle
from dialogs.services import Services
from dialogs.turn import Event, Flow, Redraw, Replace, Reply, Show, ShowBatch, ShowJob, Turn
from pipeline.errors import Conflict, TransientError
from pipeline.model.job import Conversation
from pipeline.ports import Records

_log = logging.getLogger("bot")
_FLOWS = "flows"

STORE_SECONDS = 4.0
"""So long a turn waits for the storage; the channel gives up after ten."""
REPLY_SECONDS = 0.8
"""So long it then waits for the channel to take the cards."""


class TeamsBot(Bot):
    def __init__(self, services: Services, sender: Sender, board: Board, records: Records, started: Callable[[], None]) -> None:
        self._services = services
        self._sender = sender
        self._board = board
        self._records = records
        self._started = started
        self._unfinished: set[asyncio.Task[None]] = set()

    async def on_turn(self, context: TurnContext) -> None:
        activity = context.activity
        event = event_of(activity)
        if event is None:
            if activity.type == ActivityTypes.invoke:
                await _answer(
                    context,
                    {"statusCode": 501, "type": "application/vnd.microsoft.error", "value": {"code": "NotSupported", "message": "Not supported"}},
                    501,
                )
            return
        shown: CardJson | None = None
        try:
            shown = await self._turn(event)
        except (TransientError, TimeoutError) as error:  # the storage: the user hears of it, and nothing is half-done
            _log.warning("turn: %s", error)
            await self._in_time(self._say(event, catalogue(event.conversation.locale)("error.storage_turn")))
        except Exception:  # whatever it was: the user hears of it, the adapter logs it
            await self._in_time(self._apologise(event))
            raise
        if activity.type == ActivityTypes.invoke:
            await _answer(context, _invoke_body(shown))

    async def drain(self, timeout: float) -> None:
        """Wait for what turns have left to do, at most `timeout` seconds."""
        if self._unfinished:
            await asyncio.wait(list(self._unfinished), timeout=timeout)

    async def _turn(self, event: Event) -> CardJson | None:
        """What is stored is stored when this returns; slow answers of the channel may follow later."""
        async with asyncio.timeout(STORE_SECONDS):
            flow = await self._flow(event)
            turn = await handle(event, flow, self._services)
        await self._in_time(self._perform(event, turn, flow))
        return next((self._card(reply) for reply in turn.replies if self._takes_place(event, reply)), None)

    def _takes_place(self, event: Event, reply: Reply) -> bool:
        """Does the reply take the place of the card that was clicked?"""
        match reply:
            case Replace(message):
                return message == event.card
            case ShowBatch(batch):
                return bool(batch.card) and batch.card == event.card
            case _:
                return False

    async def _in_time(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it, but keep the channel waiting no longer than REPLY_SECONDS: what takes longer goes on behind the answer."""
        task = asyncio.create_task(work)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        await asyncio.wait({task}, timeout=REPLY_SECONDS)
        if task.done():
            task.result()

    async def _apologise(self, event: Event) -> None:
        """Nobody is left with silence: a card with a reference that stands in the log, too."""
        reference = uuid.uuid4().hex[:8].upper()
        _log.error("no answer found, reference %s", reference)
        await self._say(event, catalogue(event.conversation.locale)("error.turn_failed", reference=reference))

    async def _say(self, event: Event, text: str) -> None:
        try:
            await self._sender.post(event.conversation, note_card(text, catalogue(event.conversation.locale)))
        except (ErrorResponseException, ClientRequestError) as error:
            _log.warning("card not posted: %s", type(error).__name__)

    async def _perform(self, event: Event, turn: Turn, flow: Flow) -> None:
        """Post and replace cards, then wake the jobs."""
        for reply in turn.replies:
            try:
                await self._reply(event, reply)
            except (ErrorResponseException, ClientRequestError, TransientError, TimeoutError) as error:
                # the work goes on: the board posts the card of a job that has none
                _log.warning("card not posted: %s", type(error).__name__)
        await asyncio.gather(*(self._services.service.wake(job) for job in turn.jobs))
        if turn.jobs:
            self._started()
        if turn.flow != flow:
            await self._keep(event, turn.flow)

    async def _reply(self, event: Event, reply: Reply) -> None:
        where, service = event.conversation, self._services.service
        match reply:
            case Redraw(job):
                self._board.show(job)
            case Replace(message):
                await self._sender.replace(where, message, self._card(reply))
            case ShowJob(job):
                if job.card:
                    await self._sender.replace(where, job.card, self._card(reply))
                elif await service.may_post(job.tenant, job.id):
                    message = await self._posted(where, reply)
                    if not await service.set_card(job.tenant, job.id, message):
                        await self._board.withdraw(where, message, where.locale)
            case ShowBatch(batch):
                if batch.card:
                    await self._sender.replace(where, batch.card, self._card(reply))
                elif await service.may_post(batch.tenant, batch.id):
                    message = await self._posted(where, reply)
                    if not await service.batches.set_card(batch.tenant, batch.id, message):
                        await self._board.withdraw(where, message, where.locale)
            case Show():
                await self._sender.post(where, self._card(reply))

    async def _posted(self, where: Conversation, reply: Reply) -> str:
        """Post a job's first card; whoever takes longer than its right to do so lasts leaves it to the board."""
        async with asyncio.timeout(self._services.service.posting_seconds):
            return await self._sender.post(where, self._card(reply))

    def _card(self, reply: Reply) -> CardJson:
        match reply:
            case Show(card) | Replace(_, card):
                return card
            case ShowJob(job) | Redraw(job):
                return self._board.card_of(job)
            case ShowBatch(batch, jobs):
                return self._board.batch_card_of(batch, jobs, (batch.conversation.locale if batch.conversation else ""))

    async def _flow(self, event: Event) -> Flow:
        record = await self._records.get(_FLOWS, event.conversation.tenant, _flow_key(event))
        return Flow(**json.loads(record.value)) if record else Flow()

    async def _keep(self, event: Event, flow: Flow) -> None:
        tenant, key = event.conversation.tenant, _flow_key(event)
        try:
            record = await self._records.get(_FLOWS, tenant, key)
            await self._records.put(_FLOWS, tenant, key, json.dumps({"job": flow.job}).encode(), etag=record.etag if record else None)
        except (Conflict, TransientError) as error:
            _log.info("flow not kept: %s", type(error).__name__)


def _flow_key(event: Event) -> str:
    return hashlib.sha256(f"{event.conversation.id}\n{event.conversation.user}".encode()).hexdigest()[:32]


def _invoke_body(card: CardJson | None) -> dict[str, object]:
    """What Action.Execute expects: the card for the person who clicked, or a short confirmation."""
    if card is not None:
        return {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": card}
    return {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "✓"}


async def _answer(context: TurnContext, body: dict[str, object], status: int = 200) -> None:
    await context.send_activity(Activity(type=ActivityTypes.invoke_response, value=InvokeResponse(status=status, body=body)))
