"""Signing in from the 1:1 chat: silently where consent exists, by one card where not (teams-docs: bots/how-to/authentication/bot-sso-code).

The work never waits for it. Each client of a person that is signed in to Teams sends its own token: only the first is exchanged.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from botbuilder.schema import ErrorResponseException
from msrest.exceptions import ClientRequestError
from pydantic import BaseModel, ConfigDict

from bot.errands import Errands
from bot.invokes import Answered, Handler, Invoked
from bot.sender import Sender, Unreachable
from cards.attached import sign_in_card
from cards.chat import note_card
from cards.i18n import catalogue
from pipeline.errors import Conflict, SignInNeeded, TransientError
from pipeline.model.codec import from_json, to_json
from pipeline.model.job import Conversation
from pipeline.model.person import Person
from pipeline.once import Once
from pipeline.ports import Clock, Records, SignIn, Tokens
from pipeline.service import Service

_log = logging.getLogger("signin")

ASKED = "signin"
AGAIN = timedelta(days=1)
"""Who did not sign in is asked again after so long, or when they ask for it."""
EXCHANGE_SECONDS = 10.0
"""So long an exchange may take before another client's token is tried."""
_EXCHANGED, _CONSENT = "exchanged", "consent"
_ASKED_BY_CLIENT = frozenset({"userconsentrequired", "interactionrequired"})
_BY_PERSON = frozenset({"installappfailed", "installedappnotfound", "invokeerror"})
"""Failures that the person can do something about; the others are the administration's."""


class Asked(BaseModel):
    """When a person was last asked to sign in, and on which card."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: datetime
    card: str = ""


class ChatSignIn:
    """`signed_in` is told who has just signed in."""

    def __init__(
        self,
        sign_in: SignIn,
        tokens: Tokens,
        service: Service,
        sender: Sender,
        errands: Errands,
        *,
        records: Records,
        clock: Clock,
        signed_in: Callable[[Person], Awaitable[None]],
    ) -> None:
        self._sign_in = sign_in
        self._tokens = tokens
        self._sender = sender
        self._errands = errands
        self._once = Once(service.store)
        self._records = records
        self._clock = clock
        self._signed_in = signed_in

    def invokes(self) -> dict[str, Handler]:
        return {"signin/tokenExchange": self.exchange, "signin/verifyState": self.verify, "signin/failure": self.failed}

    async def needed(self, person: Person) -> bool:
        """Raises TransientError."""
        try:
            await self._tokens.graph(person)
        except SignInNeeded:
            return True
        return False

    async def ask_if_needed(self, where: Conversation) -> None:
        """At a message of somebody who is not signed in: ask, but not at every message. Elsewhere than in the 1:1 chat they are asked there."""
        try:
            if await self.needed(where.person) and await self._may_ask(where):
                await self.ask(where)
        except TransientError as error:  # the next message asks
            _log.warning("not asked to sign in: %s", error)

    async def ask(self, where: Conversation, *, here: bool = True) -> None:
        """Ask in the 1:1 chat; not `here`: it is not the bot's, even where it is between two. Raises TransientError."""
        try:
            chat = where if here and where.personal else await self._sender.chat_with(where)
            offer = await self._sign_in.offer(chat)
            card = sign_in_card(self._sign_in.connection, offer.link, offer.exchange, offer.post, catalogue(where.locale))
            message = await self._sender.post(chat, card)
        except (Unreachable, ErrorResponseException, ClientRequestError) as error:
            _log.info("not asked to sign in: %s", type(error).__name__)
            return
        await self._note(where.person, Asked(at=self._clock.now(), card=message))

    async def exchange(self, event: Invoked) -> Answered:
        """Take a client's token. 412 makes the client show the card's button."""
        person, value = event.where.person, event.value
        exchange, connection, token = (str(value.get(name) or "") for name in ("id", "connectionName", "token"))
        body: dict[str, object] = {"id": exchange, "connectionName": connection}
        if connection != self._sign_in.connection or not exchange or not token:
            return Answered(400, {**body, "failureDetail": "The request names another connection, or holds no token."})
        key = ("exchange", person.user, exchange)
        if not await self._once.first(person.tenant, *key, seconds=EXCHANGE_SECONDS):
            outcome = await self._once.outcome(person.tenant, *key)
            return Answered(200, body) if outcome == _EXCHANGED else _consent(body)
        try:
            exchanged = await self._sign_in.exchange(person, token)
        except TransientError as error:  # the next client's token, or the button
            _log.warning("exchange: %s", error)
            await self._once.done(person.tenant, *key, outcome="")
            return _consent(body)
        await self._once.done(person.tenant, *key, outcome=_EXCHANGED if exchanged else _CONSENT)
        if not exchanged:
            return _consent(body)
        self._errands.start(self._welcome(event))
        return Answered(200, body)

    async def verify(self, event: Invoked) -> Answered:
        """The code that the sign-in window gives after consent; anything else says that the window was closed."""
        code = str(event.value.get("state") or "")
        if not re.fullmatch(r"\d{4,12}", code):
            self._errands.start(self._declined(event))
            return Answered(200)
        if not await self._sign_in.redeem(event.where.person, code):
            return Answered(404)
        self._errands.start(self._welcome(event))
        return Answered(200)

    async def failed(self, event: Invoked) -> Answered:
        """The client could not sign in: the log gets the code, the person one sentence (docs: registration, "When it does not work")."""
        code = re.sub(r"[^a-z]", "", str(event.value.get("code") or "").lower())[:40] or "unknown"
        _log.error("signin/failure: %s", code)
        person = event.where.person
        day = f"{self._clock.now():%Y-%m-%d}"
        if code not in _ASKED_BY_CLIENT and await self._once.first(person.tenant, "failure", person.user, code, day, seconds=AGAIN.total_seconds()):
            self._errands.start(self._say(event.where, f"signin.{code}" if code in _BY_PERSON else "signin.failed", code=code))
        return Answered(200)

    async def _welcome(self, event: Invoked) -> None:
        where = event.where
        await self._say(where, "signin.done", card=await self._card(event))
        await self._records.delete(ASKED, where.tenant, _key(where.person))
        await self._signed_in(where.person)

    async def _declined(self, event: Invoked) -> None:
        card = await self._card(event)
        await self._note(event.where.person, Asked(at=self._clock.now()))
        await self._say(event.where, "signin.declined", card=card)

    async def _say(self, where: Conversation, key: str, *, card: str = "", **values: str) -> None:
        """In place of the card that asked, where it is known."""
        texts = catalogue(where.locale)
        said = note_card(texts(key, **values), texts)
        try:
            await (self._sender.replace(where, card, said) if card else self._sender.post(where, said))
        except (Unreachable, ErrorResponseException, ClientRequestError) as error:
            _log.info("not said: %s", type(error).__name__)

    async def _may_ask(self, where: Conversation) -> bool:
        """Of all processes one asks, and not again for a while."""
        person, now = where.person, self._clock.now()
        record = await self._records.get(ASKED, person.tenant, _key(person))
        if record and now - from_json(record.value, Asked).at < AGAIN:
            return False
        try:
            await self._records.put(ASKED, person.tenant, _key(person), to_json(Asked(at=now), Asked), etag=record.etag if record else None)
        except Conflict:
            return False
        return True

    async def _card(self, event: Invoked) -> str:
        """The card that asked: the client names it, or we remember it."""
        record = await self._records.get(ASKED, event.where.tenant, _key(event.where.person))
        return event.reply_to or (from_json(record.value, Asked).card if record else "")

    async def _note(self, person: Person, asked: Asked) -> None:
        record = await self._records.get(ASKED, person.tenant, _key(person))
        try:
            await self._records.put(ASKED, person.tenant, _key(person), to_json(asked, Asked), etag=record.etag if record else None)
        except Conflict:
            _log.info("another process has asked meanwhile")


def _consent(body: dict[str, object]) -> Answered:
    return Answered(412, {**body, "failureDetail": "The bot cannot exchange the token. Sign in with the button."})


def _key(person: Person) -> str:
    return hashlib.sha256(person.user.encode()).hexdigest()[:32]
