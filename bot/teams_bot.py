"""Thin: Activity -> Event -> dialogs -> Turn -> cards."""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Callable

from botbuilder.core import Bot, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ActivityTypes, ErrorResponseException
from msrest.exceptions import ClientRequestError

from bot.board import Board
from bot.events import event_of
from bot.sender import Sender
from cards.batch import batch_card
from cards.chat import note_card
from cards.elements import CardJson
from cards.i18n import catalogue
from dialogs.router import Services, handle
from dialogs.turn import Event, Flow, Replace, Reply, Show, ShowBatch, ShowJob, Turn
from pipeline.errors import Conflict
from pipeline.ports import Records

_log = logging.getLogger("bot")
_FLOWS = "flows"


class TeamsBot(Bot):
    def __init__(self, services: Services, sender: Sender, board: Board, records: Records, started: Callable[[], None]) -> None:
        self._services = services
        self._sender = sender
        self._board = board
        self._records = records
        self._started = started

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
        try:
            shown = await self._turn(event)
        except Exception:  # whatever it was: the user hears of it, the adapter logs it
            await self._apologise(event)
            raise
        if activity.type == ActivityTypes.invoke:
            await _answer(context, _invoke_body(shown))

    async def _turn(self, event: Event) -> CardJson | None:
        flow = await self._flow(event)
        turn = await handle(event, flow, self._services)
        shown = await self._perform(event, turn)
        if turn.flow != flow:
            await self._keep(event, turn.flow)
        return shown

    async def _apologise(self, event: Event) -> None:
        """Nobody is left with silence: a card with a reference that stands in the log, too."""
        reference = uuid.uuid4().hex[:8].upper()
        _log.error("no answer found, reference %s", reference)
        texts = catalogue(event.conversation.locale)
        try:
            await self._sender.post(event.conversation, note_card(texts("error.turn_failed", reference=reference), texts))
        except (ErrorResponseException, ClientRequestError) as error:
            _log.warning("card not posted: %s", type(error).__name__)

    async def _perform(self, event: Event, turn: Turn) -> CardJson | None:
        """Post and replace cards, then wake the jobs. Returns the card that takes the clicked one's place."""
        in_place = None
        for reply in turn.replies:
            if isinstance(reply, Replace) and reply.message == event.card:
                in_place = reply.card
            try:
                await self._reply(event, reply)
            except (ErrorResponseException, ClientRequestError) as error:
                # the work goes on: the board posts the card of a job that has none
                _log.warning("card not posted: %s", type(error).__name__)
        for job in turn.jobs:
            await self._services.service.wake(job)
            self._started()
        return in_place

    async def _reply(self, event: Event, reply: Reply) -> None:
        where, service = event.conversation, self._services.service
        match reply:
            case Show(card):
                await self._sender.post(where, card)
            case Replace(message, card):
                await self._sender.replace(where, message, card)
            case ShowJob(job):
                message = await self._sender.post(where, self._board.card_of(job))
                if message:
                    await service.set_card(job.tenant, job.id, message)
            case ShowBatch(batch, jobs):
                message = await self._sender.post(where, batch_card(list(jobs), catalogue(where.locale), now=self._services.now()))
                if message:
                    await service.set_batch_card(batch.tenant, batch.id, message)

    async def _flow(self, event: Event) -> Flow:
        record = await self._records.get(_FLOWS, event.conversation.tenant, _flow_key(event))
        return Flow(**json.loads(record.value)) if record else Flow()

    async def _keep(self, event: Event, flow: Flow) -> None:
        tenant, key = event.conversation.tenant, _flow_key(event)
        record = await self._records.get(_FLOWS, tenant, key)
        try:
            await self._records.put(_FLOWS, tenant, key, json.dumps({"job": flow.job}).encode(), etag=record.etag if record else None)
        except Conflict:
            _log.info("a later turn has set the flow")


def _flow_key(event: Event) -> str:
    return hashlib.sha256(f"{event.conversation.id}\n{event.conversation.user}".encode()).hexdigest()[:32]


def _invoke_body(card: CardJson | None) -> dict[str, object]:
    """What Action.Execute expects: the card for the person who clicked, or a short confirmation."""
    if card is not None:
        return {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": card}
    return {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "✓"}


async def _answer(context: TurnContext, body: dict[str, object], status: int = 200) -> None:
    await context.send_activity(Activity(type=ActivityTypes.invoke_response, value=InvokeResponse(status=status, body=body)))
