"""Cards -> the channel, in turns and hours later: posts, replaces in place, retries with jitter."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiolimiter import AsyncLimiter
from botbuilder.schema import Activity, ActivityTypes, Attachment, ChannelAccount, ConversationAccount, ErrorResponseException
from botframework.connector.auth import AuthenticationConstants
from msrest.exceptions import ClientRequestError
from requests import RequestException

from bot.adapter import TeamsAdapter
from cards.elements import CardJson
from pipeline.model.job import Conversation

T = TypeVar("T")

CARD = "application/vnd.microsoft.card.adaptive"
TRIES = 4
TIMEOUT = 10.0
_PASSING = frozenset({412, 429, 503})
_AMBIGUOUS = frozenset({500, 502, 504})
"""After these a new message may have arrived all the same: only replacing is repeated."""


PER_CONVERSATION = (6, 12.5)
"""So many operations in so many seconds: half of what a conversation may have in an hour (1,800), and below 7 in one second."""
PER_TENANT = (45, 1.0)
"""The channel allows 50 a second for each app and tenant; the rest is for the answers to clicks."""
_REMEMBERED = 2000


class Sender:
    """`pause` scales the waits between tries, in seconds; `pace` the waits that the channel's limits ask for (0: none)."""

    def __init__(self, adapter: TeamsAdapter, *, pause: float = 1.0, pace: float = 1.0) -> None:
        self._adapter = adapter
        self._pause = pause
        self._pace = pace
        self._clients: dict[str, Any] = {}
        self._limits: dict[str, AsyncLimiter] = {}

    async def post(self, where: Conversation, card: CardJson) -> str:
        """Post a card; returns the message's id, empty where the channel gives none."""
        client = await self._client(where)

        async def send() -> str:
            response = await client.conversations.send_to_conversation(where.id, _message(where, card))
            return response.id if response and response.id else ""

        return await self._with_retries(where, send, repeatable=False)

    async def replace(self, where: Conversation, message: str, card: CardJson) -> str:
        """Put the card in place of a message; returns the id of the message that shows it now.

        A message that is gone (the user deleted it, or the channel lost it) is posted anew.
        """
        client = await self._client(where)

        async def update() -> str:
            activity = _message(where, card)
            activity.id = message
            await client.conversations.update_activity(where.id, message, activity)
            return message

        try:
            return await self._with_retries(where, update, repeatable=True)
        except ErrorResponseException as error:
            if error.response.status_code != 404:
                raise
            return await self.post(where, card)

    async def _client(self, where: Conversation) -> Any:
        """One connector client per service url; it fetches and renews its token itself."""
        if where.service_url not in self._clients:
            identity = self._adapter.own_identity()
            factory = self._adapter.bot_framework_authentication.create_connector_factory(identity)
            client = await factory.create(where.service_url, AuthenticationConstants.TO_CHANNEL_FROM_BOT_OAUTH_SCOPE)
            client.config.connection.timeout = TIMEOUT
            self._clients[where.service_url] = client
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

    async def _with_retries(self, where: Conversation, act: Callable[[], Awaitable[T]], *, repeatable: bool) -> T:
        attempt = 1
        while True:
            try:
                await self._token()
                await self._allowed(where)
                return await act()
            except ErrorResponseException as error:
                passing = error.response.status_code in _PASSING | (_AMBIGUOUS if repeatable else frozenset())
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


def _message(where: Conversation, card: CardJson) -> Activity:
    return Activity(
        type=ActivityTypes.message,
        channel_id=where.channel,
        service_url=where.service_url,
        conversation=ConversationAccount(id=where.id),
        from_property=ChannelAccount(id=where.bot_id),
        recipient=ChannelAccount(id=where.user_id),
        attachments=[Attachment(content_type=CARD, content=card)],
        summary=str(card.get("fallbackText", ""))[:200] or None,
    )
