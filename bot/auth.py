"""Is this request from the Bot Framework? The check of the token that comes with every activity.

Rules: learn.microsoft.com, "Authenticate requests from the Bot Connector service to your bot". The SDK's own check answers
500 to bad tokens, blocks the event loop while it fetches keys, and does not survive a key rotation.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
from jwt.algorithms import RSAAlgorithm

METADATA = "https://login.botframework.com/v1/.well-known/openidconfiguration"
ISSUER = "https://api.botframework.com"
LEEWAY = 300
_DAY, _MINUTE = 86_400.0, 60.0

Fetch = Callable[[str], Awaitable[Any]]


class Unauthorized(Exception):
    """The reason is for the log; the caller learns nothing but 401."""


@dataclass(frozen=True, slots=True)
class _Key:
    public: Any
    endorsements: frozenset[str]


class TokenCheck:
    """Keeps the signing keys for a day; an unknown key id fetches them anew, at most once a minute."""

    def __init__(self, app_id: str, *, metadata: str = METADATA, fetch: Fetch | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._app_id = app_id
        self._metadata = metadata
        self._fetch = fetch or fetch_json
        self._now = now
        self._keys: dict[str, _Key] = {}
        self._fetched = -_DAY
        self._lock = asyncio.Lock()

    async def claims(self, header: str, activity: Mapping[str, Any]) -> dict[str, Any]:
        """The token's claims. Raises Unauthorized."""
        scheme, _, token = header.partition(" ")
        if scheme.casefold() != "bearer" or not token.strip():
            raise Unauthorized("no bearer token")
        try:
            head = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, UnicodeError) as error:
            raise Unauthorized(type(error).__name__) from None
        if head.get("alg") != "RS256" or not isinstance(head.get("kid"), str):
            raise Unauthorized("algorithm or key id")
        key = await self._key(head["kid"])
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.public,
                algorithms=["RS256"],
                audience=self._app_id,
                issuer=ISSUER,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthorized(type(error).__name__) from None
        if activity.get("channelId") not in key.endorsements:
            raise Unauthorized("channel not endorsed")
        service_url = claims.get("serviceurl") or claims.get("serviceUrl")
        if not service_url or service_url != activity.get("serviceUrl"):
            raise Unauthorized("service url")
        return claims

    async def _key(self, kid: str) -> _Key:
        age = self._now() - self._fetched
        if age > _DAY or (kid not in self._keys and age > _MINUTE):
            async with self._lock:
                if self._now() - self._fetched >= min(age, _MINUTE):
                    await self._refresh()
        if kid not in self._keys:
            raise Unauthorized("unknown key")
        return self._keys[kid]

    async def _refresh(self) -> None:
        self._fetched = self._now()
        try:
            document = await self._fetch(self._metadata)
            found = (await self._fetch(document["jwks_uri"]))["keys"]
            self._keys = {
                k["kid"]: _Key(RSAAlgorithm.from_jwk(json.dumps(k)), frozenset(k.get("endorsements") or ())) for k in found if k.get("kty") == "RSA"
            }
        except (aiohttp.ClientError, TimeoutError, KeyError, TypeError, ValueError, jwt.PyJWTError) as error:
            raise Unauthorized(f"keys cannot be fetched: {type(error).__name__}") from None


async def fetch_json(url: str) -> Any:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session, session.get(url) as response:
        response.raise_for_status()
        return await response.json(content_type=None)
