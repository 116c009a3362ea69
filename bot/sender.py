"""Cards -> the channel, in turns and hours later: posts, replaces in place, retries with jitter, keeps out where it is shut out."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiolimiter import AsyncLimiter
from botbuilder.schema import (
    Activity,
    ActivityTypes,
    Attachment,
    ChannelAccount,
    ConversationAccount,
    ConversationParameters,
    ErrorResponseException,
)
from botframework.connector.auth import AuthenticationConstants
from botframework.connector.teams import TeamsConnectorClient
from msrest.exceptions import ClientRequestError, HttpOperationError
from requests import RequestException

from bot.adapter import TeamsAdapter
from bot.places import Places
from bot.refusals import DISABLED, Remedy, code_of, remedy
from cards.attached import Attached
from cards.elements import CardJson, shrunk
from pipeline.errors import TransientError
from pipeline.model.job import Conversation, Place

T = TypeVar("T")
_log = logging.getLogger("sender")

CARD = "application/vnd.microsoft.card.adaptive"
TRIES = 4
TIMEOUT = 10.0
DETAILS_SECONDS = 2.0
"""A turn waits for them."""

PER_CONVERSATION = (6, 12.5)
"""So many operations in so many seconds: half of what a conversation may have in an hour (1,800), and below 7 in one second."""
PER_TENANT = (45, 1.0)
"""The channel allows 50 a second for each app and tenant; the rest is for the answers to clicks."""
_REMEMBERED = 2000


class Unreachable(Exception):
    """The bot is shut out of the conversation: nothing is sent until the channel says that it is back."""


class Sender:
    """`pause` scales the waits between tries, in seconds; `pace` the waits that the channel's limits ask for (0: none)."""

    def __init__(self, adapter: TeamsAdapter, places: Places, *, pause: float = 1.0, pace: float = 1.0) -> None:
        self._adapter = adapter
        self._places = places
        self._pause = pause
        self._pace = pace
        self._clients: dict[str, Any] = {}
        self._limits: dict[str, AsyncLimiter] = {}

    async def post(self, where: Conversation, card: CardJson | Attached) -> str:
        """Post a card; returns the message's id, empty where the channel gives none. Raises Unreachable."""
        client = await self._client(where)

        async def send(shown: CardJson | Attached) -> str:
            response = await client.conversations.send_to_conversation(where.id, _message(where, shown))
            return response.id if response and response.id else ""

        return await self._sent(where, card, send, repeatable=False)

    async def replace(self, where: Conversation, message: str, card: CardJson | Attached) -> str:
        """Put the card in place of a message; returns the id of the message that shows it now. Raises Unreachable.

        A message that is gone (the user deleted it, or the channel lost it) is posted anew.
        """
        client = await self._client(where)

        async def update(shown: CardJson | Attached) -> str:
            activity = _message(where, shown)
            activity.id = message
            await client.conversations.update_activity(where.id, message, activity)
            return message

        try:
            return await self._sent(where, card, update, repeatable=True)
        except ErrorResponseException as error:
            if remedy(error.response.status_code, code_of(error)) is not Remedy.ANEW:
                raise
            return await self.post(where, card)

    async def chat_with(self, where: Conversation) -> Conversation:
        """The bot's own 1:1 chat with a person; where none is known, one is opened. Raises Unreachable for who has not added the app."""
        known = await self._places.chat_of(where.tenant, where.user)
        if known:
            return known.model_copy(update={"locale": where.locale})
        client = await self._client(where)
        parameters = ConversationParameters(
            is_group=False,
            bot=ChannelAccount(id=where.bot_id),
            members=[ChannelAccount(id=where.user_id)],
            tenant_id=where.tenant,
            channel_data={"tenant": {"id": where.tenant}},
        )

        async def create() -> str:
            return str((await client.conversations.create_conversation(parameters)).id)

        try:
            made = await self._with_retries(where, create, repeatable=True)  # opening it again gives the same chat
        except ErrorResponseException as error:
            if remedy(error.response.status_code, code_of(error)) is not Remedy.SHUT_OUT:
                raise
            raise Unreachable(code_of(error)) from None
        outside = {"team": "", "team_group": "", "team_channel": ""}
        chat = where.model_copy(update={"id": made, "place": Place.PERSONAL, **outside})
        await self._places.seen(chat)
        return chat

    async def group_of_team(self, where: Conversation) -> str:
        """The directory's id of the team, which not every activity names; empty where the channel does not say."""
        client = _once(TeamsConnectorClient((await self._client(where)).config.credentials, where.service_url))
        try:
            async with asyncio.timeout(DETAILS_SECONDS):  # the thread goes on, nobody waits for it
                await self._token()
                details = await asyncio.to_thread(client.teams.get_team_details, where.team)
        except (HttpOperationError, ClientRequestError, TimeoutError) as error:
            _log.warning("no details of the team: %s", type(error).__name__)
            return ""
        return str(details.aad_group_id or "")

    async def _client(self, where: Conversation) -> Any:
        """One connector client per service url; it fetches and renews its token itself. Raises Unreachable where it is not the channel's."""
        if not self._adapter.may_call(where.service_url):
            raise Unreachable("service url not allowed")
        if where.service_url not in self._clients:
            identity = self._adapter.own_identity()
            factory = self._adapter.bot_framework_authentication.create_connector_factory(identity)
            client = await factory.create(where.service_url, AuthenticationConstants.TO_CHANNEL_FROM_BOT_OAUTH_SCOPE)
            self._clients[where.service_url] = _once(client)
        return self._clients[where.service_url]

    async def _allowed(self, where: Conversation) -> None:
        """Wait until the limits of the conversation and of the tenant have room: a token bucket each."""
        if self._pace:
            await self._limit(f"{where.tenant}\n{where.id}", *PER_CONVERSATION).acquire()
            await self._limit(where.tenant, *PER_TENANT).acquire()

    def _limit(self, key: str, most: int, seconds: float) -> AsyncLimiter:
        limit = self._limits.pop(key, None) or AsyncLimiter(most, seconds * self._pace)
        self._limits[key] = limit  # the newest last
        if len(self._limits) > _REMEMBERED:
            self._limits.pop(next(iter(self._limits)))
        return limit

    async def _sent(
        self, where: Conversation, card: CardJson | Attached, send: Callable[[CardJson | Attached], Awaitable[str]], *, repeatable: bool
    ) -> str:
        """Send it, smaller where it is too large, and not at all where the bot is shut out."""
        if await self._is_shut(where):
            raise Unreachable
        try:
            return await self._with_retries(where, lambda: send(card), repeatable=repeatable)
        except ErrorResponseException as error:
            status, code = error.response.status_code, code_of(error)
            match remedy(status, code):
                case Remedy.SHRINK if isinstance(card, dict):
                    _log.error("a card was too large for the channel: it is sent without its details")
                    return await self._with_retries(where, lambda: send(shrunk(card)), repeatable=repeatable)
                case Remedy.SHUT_OUT:
                    await self._shut_out(where, code)
                    raise Unreachable(code) from None
                case Remedy.ANEW if not repeatable:  # not even a new message finds the conversation
                    await self._shut_out(where, code)
                    raise Unreachable(code) from None
                case Remedy.OPERATORS:
                    _log.error("the channel refuses the bot: %d %s; look at its registration and settings", status, code)
            raise

    async def _is_shut(self, where: Conversation) -> bool:
        try:
            return await self._places.is_shut(where)
        except TransientError:  # then the channel says it
            return False

    async def _shut_out(self, where: Conversation, code: str) -> None:
        if code == DISABLED:
            _log.error("the firm's administration has disabled the bot (%s)", code)
        else:
            _log.info("the bot is shut out of a conversation: %s", code)
        try:
            await self._places.shut(where, code)
        except TransientError as error:
            _log.warning("not noted: %s", error)

    async def _with_retries(self, where: Conversation, act: Callable[[], Awaitable[T]], *, repeatable: bool) -> T:
        attempt = 1
        while True:
            try:
                await self._token()
                await self._allowed(where)
                return await act()
            except ErrorResponseException as error:
                what = remedy(error.response.status_code, code_of(error))
                passing = what is Remedy.AGAIN or (what is Remedy.AGAIN_IF_HARMLESS and repeatable)
                if attempt == TRIES or not passing:
                    raise
                asked = error.response.headers.get("Retry-After", "")
                await asyncio.sleep(min(float(asked), 30.0) if asked.isdigit() else self._backoff(attempt))
            except ClientRequestError:
                if attempt == TRIES or not repeatable:
                    raise
                await asyncio.sleep(self._backoff(attempt))
            attempt += 1

    async def _token(self) -> None:
        """A token before the client needs one: the client would fetch it on the event loop. Raises ClientRequestError."""
        try:
            await self._adapter.credentials.warm()
        except (RequestException, PermissionError) as error:
            raise ClientRequestError("no token for the channel", error) from error

    def _backoff(self, attempt: int) -> float:
        return random.uniform(0, self._pause * 2**attempt)  # noqa: S311  # jitter, nothing secret


def _once(client: Any) -> Any:
    """Each request once: msrest would repeat updates by itself, for up to 90 seconds, and hide the channel's answer."""
    client.config.connection.timeout = TIMEOUT
    client.config.retry_policy.retries = 0
    client.config.retry_policy.policy.status_forcelist = ()
    return client


def _message(where: Conversation, card: CardJson | Attached) -> Activity:
    if isinstance(card, Attached):
        attachment = Attachment(content_type=card.kind, content=dict(card.content), name=card.name or None, content_url=card.url or None)
        summary = card.summary
    else:
        attachment, summary = Attachment(content_type=CARD, content=card), str(card.get("fallbackText", ""))
    return Activity(
        type=ActivityTypes.message,
        channel_id=where.channel,
        service_url=where.service_url,
        conversation=ConversationAccount(id=where.id),
        from_property=ChannelAccount(id=where.bot_id),
        recipient=ChannelAccount(id=where.user_id),
        attachments=[attachment],
        summary=summary[:200] or None,
    )
