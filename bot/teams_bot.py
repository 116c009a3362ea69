"""Thin: Activity -> Event -> dialogs -> Turn -> cards."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Mapping

from botbuilder.core import Bot, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ActivityTypes, ErrorResponseException
from msrest.exceptions import ClientRequestError

from bot.board import Board
from bot.desk import Desk
from bot.errands import Errands
from bot.events import conversation_of, event_of, is_mentioned, is_there
from bot.invokes import Answered, Handler, Invoked, invoked, told
from bot.places import Places
from bot.rates import Rates
from bot.sender import Sender, Unreachable
from bot.signin import ChatSignIn
from cards.attached import file_consent_card
from cards.chat import note_card, receipt_text, refusal
from cards.elements import CardJson
from cards.i18n import catalogue
from cards.job import error_text
from dialogs.router import handle
from dialogs.services import Services
from dialogs.turn import (
    Answer,
    AskSignIn,
    Erase,
    Event,
    FilesDropped,
    Flow,
    Follow,
    Mentioned,
    OfferCard,
    OfferFile,
    Redraw,
    Replace,
    Reply,
    Show,
    ShowBatch,
    ShowJob,
    TextSaid,
    Turn,
    View,
)
from pipeline.errors import Conflict, TransientError, UserError
from pipeline.model.job import Batch, Conversation, Job, Place
from pipeline.model.rights import RIGHTS, may
from pipeline.once import Once
from pipeline.ports import Records

_log = logging.getLogger("bot")
_FLOWS = "flows"

STORE_SECONDS = 4.0
"""So long a turn waits for the storage; the channel gives up after ten."""
NOTICE_SECONDS = 1.0
"""So long it waits to note that the bot was let in or shut out."""
PATIENCE_SECONDS = 1.5
"""So long a person waits for what takes a while before a note says that it has begun."""
ANSWER_SECONDS = 60.0
"""Who fell silent in the middle of a turn is followed by a repeat of the message after so long."""
REPLY_SECONDS = 0.8
"""So long it then waits for the channel to take the cards."""


class TeamsBot(Bot):
    """`started` hears that there is work; `sign_in` is None where nobody can sign in; `invokes` answers what is no card's button, by its name."""

    def __init__(
        self,
        services: Services,
        sender: Sender,
        board: Board,
        *,
        records: Records,
        places: Places,
        errands: Errands,
        desk: Desk,
        rates: Rates,
        started: Callable[[], None],
        sign_in: ChatSignIn | None = None,
        invokes: Mapping[str, Handler],
    ) -> None:
        self._services = services
        self._sender = sender
        self._board = board
        self._once = Once(services.service.store)
        self._records = records
        self._places = places
        self.errands = errands
        self._desk = desk
        self._rates = rates
        self._started = started
        self._sign_in = sign_in
        self._invokes = invokes

    async def on_turn(self, context: TurnContext) -> None:
        activity = context.activity
        if activity.type == ActivityTypes.invoke and (handler := self._invokes.get(activity.name or "")):
            asked = invoked(activity, conversation_of(activity))
            answer = await self._refused(asked) or await handler(asked)
            await _answer(context, answer.body, answer.status)
            return
        await self._notice(activity)
        event = event_of(activity, team_group=await self._team_group(activity))
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
            if await self._repeated(event):
                return
            await self._count(event)
            shown = await self._turn(event)
        except UserError as error:
            texts = catalogue(event.conversation.locale)
            await self.errands.in_time(self._say(event, error_text(error.key, error.values, texts)), REPLY_SECONDS)
        except (TransientError, TimeoutError) as error:  # the storage: the user hears of it, and nothing is half-done
            _log.warning("turn: %s", error)
            await self.errands.in_time(self._say(event, catalogue(event.conversation.locale)("error.storage_turn")), REPLY_SECONDS)
        except Exception:  # whatever it was: the user hears of it, the adapter logs it
            await self.errands.in_time(self._apologise(event), REPLY_SECONDS)
            raise
        if activity.type == ActivityTypes.invoke:
            await _answer(context, _invoke_body(shown))

    async def _refused(self, asked: Invoked) -> Answered | None:
        """The answer to who may not ask that; None where they may. What the table of rights lacks, nobody may."""
        if asked.deed not in RIGHTS:
            return Answered(400)
        texts = catalogue(asked.where.locale)
        try:
            if may(asked.deed, await self._services.directory.roles(asked.where.person)):
                if asked.name == "composeExtension/submitAction":  # what begins work counts as what is dropped
                    await self._rates.upload(asked.where.person)
                return None
            text = refusal(asked.deed, texts)
        except UserError as error:
            text = error_text(error.key, error.values, texts)
        except TransientError as error:
            _log.warning("rights: %s", error)
            text = texts("error.rights_unknown")
        return told(asked, text)

    async def begin(self, job: Job) -> None:
        """Show a job that did not come in by a turn, and let the work begin."""
        if job.conversation:
            event = Event(id=job.id, conversation=job.conversation, content=TextSaid(""))
            await self._perform(event, Turn((ShowJob(job),), (job,)), Flow())

    async def _count(self, event: Event) -> None:
        """What people write and send; clients click by themselves, too. Raises UserError: too_fast."""
        person = event.conversation.person
        if isinstance(event.content, TextSaid | FilesDropped | Mentioned):
            await self._rates.message(person)
        if isinstance(event.content, FilesDropped | Mentioned):
            await self._rates.upload(person)

    async def _repeated(self, event: Event) -> bool:
        """Has what somebody wrote been delivered before? Files and clicks find what they have begun by themselves."""
        if not isinstance(event.content, TextSaid) or not event.id:
            return False
        async with asyncio.timeout(STORE_SECONDS):
            return not await self._once.first(event.conversation.tenant, "said", event.conversation.id, event.id, seconds=ANSWER_SECONDS)

    async def _notice(self, activity: Activity) -> None:
        """Where the bot was let in or shut out, and where each person's 1:1 chat is."""
        there = is_there(activity)
        if activity.conversation is None or activity.from_property is None:
            return
        where = conversation_of(activity)
        if where.personal and there is not False and activity.type != ActivityTypes.invoke:
            self.errands.start(self._seen(where))  # the turn does not wait for it
        try:
            async with asyncio.timeout(NOTICE_SECONDS):
                if there is False:
                    await self._places.shut(where, str(activity.type))
                elif there or await self._places.is_shut(where):  # whoever writes or clicks has let the bot in
                    await self._places.open(where)
        except (TransientError, TimeoutError) as error:  # the turn goes on without
            _log.warning("not noted: %s", error)

    async def _seen(self, where: Conversation) -> None:
        try:
            await self._places.seen(where)
        except TransientError as error:  # the next message tries again
            _log.warning("not noted: %s", error)

    async def _team_group(self, activity: Activity) -> str:
        """The directory's id of the team that the bot was mentioned in, where the activity does not say it."""
        if activity.type != ActivityTypes.message or activity.conversation is None or activity.from_property is None:
            return ""
        where = conversation_of(activity)
        if where.place is not Place.CHANNEL or where.team_group or not where.team or not is_mentioned(activity):
            return ""
        return await self._sender.group_of_team(where)

    async def _turn(self, event: Event) -> CardJson | None:
        """What is stored is stored when this returns; slow answers of the channel may follow later."""
        async with asyncio.timeout(STORE_SECONDS):
            flow = await self._flow(event)
            turn = await handle(event, flow, self._services)
        await self.errands.in_time(self._perform(event, turn, flow), REPLY_SECONDS)
        if self._sign_in and _wants_sign_in(event, turn):
            self.errands.start(self._sign_in.ask_if_needed(event.conversation))
        return next((self._card(reply) for reply in turn.replies if self._takes_place(event, reply)), None)

    def _takes_place(self, event: Event, reply: Reply) -> bool:
        """Does the reply take the place of the card that was clicked?"""
        match reply:
            case Replace(message) | OfferCard(message=message):
                return bool(message) and message == event.card
            case Answer() | View():
                return True
            case ShowBatch(batch):
                return bool(batch.card) and batch.card == event.card
            case _:
                return False

    async def _apologise(self, event: Event) -> None:
        """Nobody is left with silence: a card with a reference that stands in the log, too."""
        reference = uuid.uuid4().hex[:8].upper()
        _log.error("no answer found, reference %s", reference)
        await self._say(event, catalogue(event.conversation.locale)("error.turn_failed", reference=reference))

    async def _say(self, event: Event, text: str) -> None:
        try:
            await self._sender.post(event.conversation, note_card(text, catalogue(event.conversation.locale)))
        except (ErrorResponseException, ClientRequestError, Unreachable) as error:
            _log.warning("card not posted: %s", type(error).__name__)

    async def _perform(self, event: Event, turn: Turn, flow: Flow) -> None:
        """Post and replace cards, then wake the jobs."""
        for reply in turn.replies:
            try:
                await self._reply(event, reply)
            except (ErrorResponseException, ClientRequestError, Unreachable, TransientError, TimeoutError) as error:
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
            case ShowJob(job) if job.conversation and job.conversation.thread != where.thread:
                await self._sender.post(where, self._board.whole(job))  # asked for elsewhere: its own card stays where it is
            case ShowJob(job):
                if job.card:
                    message = await self._sender.replace(where, job.card, self._card(reply))
                    if message != job.card and not await service.set_card(job.tenant, job.id, message, known=job.card):
                        await self._board.withdraw(where, message, where.locale)
                    await self._catch_up(job)
                elif await service.may_post(job.tenant, job.id):
                    message = await self._posted(where, reply)
                    if not await service.set_card(job.tenant, job.id, message):
                        await self._board.withdraw(where, message, where.locale)
            case ShowBatch(batch, jobs):
                if batch.card:
                    message = await self._sender.replace(where, batch.card, self._card(reply))
                    if message != batch.card and not await service.batches.set_card(batch.tenant, batch.id, message, known=batch.card):
                        await self._board.withdraw(where, message, where.locale)
                    await self._catch_up(*jobs)
                elif await service.may_post(batch.tenant, batch.id):
                    message = await self._posted(where, reply)
                    if not await service.batches.set_card(batch.tenant, batch.id, message):
                        await self._board.withdraw(where, message, where.locale)
            case Show():
                await self._sender.post(where, self._card(reply))
            case OfferFile(job, name, size):
                await self._sender.post(where, file_consent_card(job.id, name, size, catalogue(where.locale)))
            case AskSignIn() if self._sign_in:
                await self._sign_in.ask(where)
            case OfferCard(tenant, offer, card, message):
                await self._desk.place(where, tenant, offer, card, message)
            case Follow(tenant, offer):
                self.errands.start(self._follow(tenant, offer))
            case Erase():
                self.errands.start(self._erase(where, reply))

    async def _follow(self, tenant: str, offer: str) -> None:
        try:
            await self._desk.tend(tenant, offer)
        except TransientError as error:  # its mark stays: it is looked after again
            _log.warning("offer %s: %s", offer, error)

    async def _catch_up(self, *drawn: Job) -> None:
        """What has changed while the card was on its way may have been drawn before it arrived: it is drawn again."""
        for job in drawn:
            now = await self._services.service.job(job.tenant, job.id)
            if (now.state, now.step, now.updated) != (job.state, job.step, job.updated):
                self._board.show(now)

    async def _erase(self, where: Conversation, asked: Erase) -> None:
        """The receipt takes the place of the question; where it takes longer, a note that it has begun."""
        texts = catalogue(where.locale)
        work = asyncio.ensure_future(self._services.service.erase_candidate(asked.tenant, asked.candidate))
        await asyncio.wait({work}, timeout=PATIENCE_SECONDS)
        if not work.done():
            await self._answer_erased(where, asked.message, texts("delete.begun"))
        try:
            receipt = await work
            text = receipt_text(receipt, texts) if receipt else texts("delete.already")
        except TransientError as error:  # the next retention run does it to its end
            _log.warning("candidate not erased yet: %s", error)
            text = texts("delete.later")
        await self._answer_erased(where, asked.message, text)
        for job in asked.jobs:
            self._board.show(job)

    async def _answer_erased(self, where: Conversation, message: str, text: str) -> None:
        made = note_card(text, catalogue(where.locale))
        try:
            await (self._sender.replace(where, message, made) if message else self._sender.post(where, made))
        except (ErrorResponseException, ClientRequestError, Unreachable) as error:
            _log.warning("card not replaced: %s", type(error).__name__)

    async def _posted(self, where: Conversation, reply: Reply) -> str:
        """Post a job's first card; whoever takes longer than its right to do so lasts leaves it to the board."""
        async with asyncio.timeout(self._services.service.posting_seconds):
            return await self._sender.post(where, self._card(reply))

    def _card(self, reply: Reply) -> CardJson:
        match reply:
            case Show(card) | Replace(_, card) | Answer(card) | OfferCard(card=card):
                return card
            case ShowJob(job) | Redraw(job) | View(Job() as job, own=False):
                return self._board.card_of(job)
            case ShowBatch(batch, jobs) | View(Batch() as batch, own=False, jobs=jobs):
                return self._board.batch_card_of(batch, jobs, _locale(batch))
            case View(subject, _, jobs):
                return self._board.own_card_of(subject, jobs, _locale(subject))
            case OfferFile() | AskSignIn() | Follow() | Erase():
                raise AssertionError("no Adaptive Card")

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


def _wants_sign_in(event: Event, turn: Turn) -> bool:
    """In the 1:1 chat at any message but the one that is about it; elsewhere at a file, which cannot be opened without."""
    match event.content:
        case FilesDropped():
            return True
        case TextSaid():
            return not turn.about_sign_in
        case Mentioned():
            return bool(turn.jobs)
        case _:
            return False


def _locale(subject: Job | Batch) -> str:
    return subject.conversation.locale if subject.conversation else ""


def _flow_key(event: Event) -> str:
    return hashlib.sha256(f"{event.conversation.id}\n{event.conversation.user}".encode()).hexdigest()[:32]


def _invoke_body(card: CardJson | None) -> dict[str, object]:
    """What Action.Execute expects: the card for the person who clicked, or a short confirmation."""
    if card is not None:
        return {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": card}
    return {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "✓"}


async def _answer(context: TurnContext, body: dict[str, object] | None, status: int = 200) -> None:
    await context.send_activity(Activity(type=ActivityTypes.invoke_response, value=InvokeResponse(status=status, body=body)))
