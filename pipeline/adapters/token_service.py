"""The Bot Framework's token service: it signs people in from a chat and keeps their tokens fresh, so that we keep none.

Paths and answers as in botframework-connector 4.17.1 (token_api) and learn.microsoft.com, "Bot Connector - User Token". A token for a background
job is asked for by the channel's id of the person, as long as the service's own refresh token lives.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp

from pipeline.errors import SignInNeeded, TransientError
from pipeline.model.job import Conversation
from pipeline.model.person import Person
from pipeline.ports import SignInOffer

CHANNEL = "msteams"
SECONDS = 8.0


class TokenService:
    """`bot_token` gives the bot's own token, empty where the service asks for none (a local stand-in)."""

    def __init__(self, url: str, *, connection: str, app_id: str, bot_token: Callable[[], Awaitable[str]]) -> None:
        self.connection = connection
        self._url = url.rstrip("/")
        self._app_id = app_id
        self._bot_token = bot_token

    async def graph(self, person: Person) -> str:
        return await self._token_of(person)

    async def offer(self, where: Conversation) -> SignInOffer:
        status, answer = await self._call("GET", "/api/botsignin/GetSignInResource", {"state": self._state(where)})
        link = answer.get("signInLink")
        if status != 200 or not link:
            raise TransientError(f"token service: no sign-in link, status {status}")
        return SignInOffer(str(link), _texts(answer.get("tokenExchangeResource")), _texts(answer.get("tokenPostResource")))

    async def exchange(self, person: Person, token: str) -> bool:
        status, answer = await self._call("POST", "/api/usertoken/exchange", self._about(person), {"token": token})
        return status == 200 and bool(answer.get("token"))

    async def redeem(self, person: Person, code: str) -> bool:
        try:
            return bool(await self._token_of(person, code=code))
        except SignInNeeded:
            return False

    async def sign_out(self, person: Person) -> None:
        await self._call("DELETE", "/api/usertoken/SignOut", self._about(person))

    async def _token_of(self, person: Person, **more: str) -> str:
        """Raises SignInNeeded."""
        if not person.channel_user:  # not from a chat: the service knows nobody else
            raise SignInNeeded
        status, answer = await self._call("GET", "/api/usertoken/GetToken", {**self._about(person), **more})
        token = answer.get("token")
        if status != 200 or not token:
            raise SignInNeeded
        return str(token)

    def _about(self, person: Person) -> dict[str, str]:
        return {"userId": person.channel_user, "connectionName": self.connection, "channelId": CHANNEL}

    def _state(self, where: Conversation) -> str:
        """Tells the service for whom it signs in; the shape is that of the SDK's TokenExchangeState."""
        conversation = {
            "bot": {"id": where.bot_id},
            "user": {"id": where.user_id, "aadObjectId": where.user},
            "conversation": {"id": where.id, "conversationType": where.place.value, "tenantId": where.tenant},
            "channelId": where.channel,
            "locale": where.locale,
            "serviceUrl": where.service_url,
        }
        state = {"connectionName": self.connection, "conversation": conversation, "msAppId": self._app_id}
        return base64.b64encode(json.dumps(state).encode()).decode()

    async def _call(self, method: str, path: str, query: Mapping[str, str], body: object = None) -> tuple[int, dict[str, Any]]:
        """Status and answer. 400 and 404 mean that there is no token. Raises TransientError for everything else that is no success."""
        token = await self._bot_token()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            timeout = aiohttp.ClientTimeout(total=SECONDS)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.request(method, f"{self._url}{path}", params={**query, "api-version": "token"}, json=body, headers=headers) as response,
            ):
                if response.status not in (200, 204, 400, 404):
                    asked = response.headers.get("Retry-After", "")
                    raise TransientError(f"token service: status {response.status}", retry_after=float(asked) if asked.isdigit() else None)
                answer = await response.json(content_type=None) if response.status == 200 else {}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise TransientError(f"token service: {type(error).__name__}") from None
        return response.status, answer if isinstance(answer, dict) else {}


def _texts(node: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in node.items() if v} if isinstance(node, dict) else {}
