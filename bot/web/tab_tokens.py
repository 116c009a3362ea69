"""Who has opened the tab? The check of the token that Teams gives it.

Rules: learn.microsoft.com, "Enable SSO for tab app" and "Access token claims reference" (Entra). What the page says of its reader counts nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
from typing import Any

import jwt

from bot.keys import Fetch, SigningKeys, Unauthorized
from pipeline.model.person import Person

LOGIN = "https://login.microsoftonline.com"
LEEWAY = 300
SCOPE = "access_as_user"
CLIENTS = frozenset({"1fec8e78-bce4-4aaf-ab1b-5451cc387264", "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"})
"""Teams on the desktop and on telephones, and in the browser: those that manifest/register.sh lets in."""


class TabTokens:
    """`host` is the app's public name, as in its identifier (api://<host>/botid-<app id>).

    `tenants` are those whose people may come in; each has its own keys.
    """

    def __init__(
        self,
        app_id: str,
        host: str,
        tenants: Collection[str],
        *,
        login: str = LOGIN,
        fetch: Fetch | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._audiences = [app_id, *(f"api://{name}{app_id}" for name in ("", "botid-", f"{host}/botid-"))]
        self._login = login
        self._keys = {
            tenant: SigningKeys(f"{login}/{tenant}/v2.0/.well-known/openid-configuration", fetch=fetch, now=now)
            for tenant in tenants
            if re.fullmatch(r"[0-9A-Za-z.-]{1,64}", tenant)
        }

    async def person(self, token: str) -> Person:
        """Raises Unauthorized."""
        tenant = self._tenant(token)
        key = await self._keys[tenant].of(token)
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.public,
                algorithms=["RS256"],
                audience=self._audiences,
                issuer=f"{self._login}/{tenant}/v2.0",
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud", "tid", "oid"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthorized(type(error).__name__) from None
        if claims.get("ver") != "2.0" or claims.get("idtyp", "user") != "user":
            raise Unauthorized("version or kind")
        if SCOPE not in str(claims.get("scp", "")).split():
            raise Unauthorized("scope")
        if claims.get("azp") not in CLIENTS:
            raise Unauthorized("client")
        return Person(tenant=tenant, user=str(claims["oid"]))

    def _tenant(self, token: str) -> str:
        """The tenant whose keys the token has to be signed with. Raises Unauthorized for one that is not allowed."""
        try:
            tenant = jwt.decode(token, options={"verify_signature": False}).get("tid")
        except (jwt.PyJWTError, UnicodeError) as error:
            raise Unauthorized(type(error).__name__) from None
        if not isinstance(tenant, str) or tenant not in self._keys:
            raise Unauthorized("tenant")
        return tenant
