"""Cards -> the channel, in turns and hours later: posts, replaces in place, retries with jitter."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

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


class Sender:
    """`pause` scales the waits between tries, in seconds."""

    def __init__(self, adapter: TeamsAdapter, *, pause: float = 1.0) -> None:
        self._adapter = adapter
        self._pause = pause
        self._clients: dict[str, Any] = {}

    async def post(self, where: Conversation, card: CardJson) -> str:
        """Post a card; returns the message's id, empty where the channel gives none."""
        client = await self._client(where)

        async def send() -> str:
            response = await client.conversations.send_to_conversation(where.id, _message(where, card))
            return response.id if response and response.id else ""

        return await self._with_retries(send, repeatable=False)

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
            return await self._with_retries(update, repeatable=True)
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

    async def _with_retries(self, act: Callable[[], Awaitable[T]], *, repeatable: bool) -> T:
        attempt = 1
        while True:
            try:
                await self._token()
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
