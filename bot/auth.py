"""Is this request from the Bot Framework? The check of the token that comes with every activity.

Rules: learn.microsoft.com, "Authenticate requests from the Bot Connector service to your bot". The SDK's own check answers
500 to bad tokens, blocks the event loop while it fetches keys, and does not survive a key rotation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt

from bot.keys import Fetch, SigningKeys, Unauthorized, bearer

METADATA = "https://login.botframework.com/v1/.well-known/openidconfiguration"
ISSUER = "https://api.botframework.com"
LEEWAY = 300


class TokenCheck:
    def __init__(self, app_id: str, *, metadata: str = METADATA, fetch: Fetch | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._app_id = app_id
        self._keys = SigningKeys(metadata, fetch=fetch, now=now)

    async def claims(self, header: str, activity: Mapping[str, Any]) -> dict[str, Any]:
        """The token's claims. Raises Unauthorized."""
        token = bearer(header)
        key = await self._keys.of(token)
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
