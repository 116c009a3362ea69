"""The keys that an issuer signs its tokens with: kept for a day; an unknown key id fetches them anew, at most once a minute."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
from jwt.algorithms import RSAAlgorithm

RETRY_SECONDS = 3.0
"""After keys could not be fetched nobody asks again for so long; those that are known hold."""
_DAY, _MINUTE = 86_400.0, 60.0

Fetch = Callable[[str], Awaitable[Any]]


class Unauthorized(Exception):
    """The reason is for the log; the caller learns nothing but 401."""


@dataclass(frozen=True, slots=True)
class Key:
    """`endorsements`: the channels that the Bot Framework lets it sign for; other issuers have none."""

    public: Any
    endorsements: frozenset[str]


class SigningKeys:
    """`metadata` is the address of the issuer's OpenID configuration."""

    def __init__(self, metadata: str, *, fetch: Fetch | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._metadata = metadata
        self._fetch = fetch or fetch_json
        self._now = now
        self._keys: dict[str, Key] = {}
        self._fetched = -_DAY
        self._again = 0.0
        self._lock = asyncio.Lock()

    async def of(self, token: str) -> Key:
        """The key that the token says it is signed with. Raises Unauthorized."""
        try:
            head = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, UnicodeError) as error:
            raise Unauthorized(type(error).__name__) from None
        kid = head.get("kid")
        if head.get("alg") != "RS256" or not isinstance(kid, str):
            raise Unauthorized("algorithm or key id")
        age = self._now() - self._fetched
        if age > _DAY or (kid not in self._keys and age > _MINUTE):
            async with self._lock:
                if self._now() - self._fetched >= min(age, _MINUTE) and self._now() >= self._again:
                    await self._refresh(needed=kid not in self._keys)
        if kid not in self._keys:
            raise Unauthorized("unknown key")
        return self._keys[kid]

    async def _refresh(self, *, needed: bool) -> None:
        """Raises Unauthorized where they cannot be fetched and one is `needed` that is not known."""
        try:
            document = await self._fetch(self._metadata)
            found = (await self._fetch(document["jwks_uri"]))["keys"]
            self._keys = {
                k["kid"]: Key(RSAAlgorithm.from_jwk(json.dumps(k)), frozenset(k.get("endorsements") or ())) for k in found if k.get("kty") == "RSA"
            }
            self._fetched = self._now()
        except (aiohttp.ClientError, TimeoutError, KeyError, TypeError, ValueError, jwt.PyJWTError) as error:
            self._again = self._now() + RETRY_SECONDS
            if needed:
                raise Unauthorized(f"keys cannot be fetched: {type(error).__name__}") from None


def bearer(header: str) -> str:
    """The token of an Authorization header. Raises Unauthorized."""
    scheme, _, token = header.partition(" ")
    if scheme.casefold() != "bearer" or not token.strip():
        raise Unauthorized("no bearer token")
    return token.strip()


async def fetch_json(url: str) -> Any:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session, session.get(url) as response:
        response.raise_for_status()
        return await response.json(content_type=None)
