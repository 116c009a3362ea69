"""Entra access tokens: of the app itself, by managed identity or client secret, and in the name of who has signed in to the tab."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import cache
from typing import Any

import msal
import requests

from pipeline.errors import SignInNeeded, TransientError

COGNITIVE_SERVICES = "https://cognitiveservices.azure.com"
GRAPH = "https://graph.microsoft.com"
BOT_FRAMEWORK = "https://api.botframework.com"
LOGIN = "https://login.microsoftonline.com"
SECONDS = 10.0
EXCHANGES = 500
"""After so many a fresh client takes over: msal keeps every token that it was given, and forgets none of them."""
_PASSING = frozenset({"temporarily_unavailable", "server_error", "timeout"})

_log = logging.getLogger("entra")


@cache
def _client(client_id: str) -> Any:
    identity = msal.UserAssignedManagedIdentity(client_id=client_id) if client_id else msal.SystemAssignedManagedIdentity()
    return msal.ManagedIdentityClient(identity, http_client=requests.Session())


async def managed_identity_token(client_id: str = "", resource: str = COGNITIVE_SERVICES) -> str:
    """A token for Azure OpenAI and Document Intelligence, or for `resource`; msal caches it until shortly before its end.

    `client_id` names a user-assigned identity. Raises TransientError.
    """
    answer = await asyncio.to_thread(_client(client_id).acquire_token_for_client, resource=resource)
    if "access_token" not in answer:
        raise TransientError("no managed identity token")
    return str(answer["access_token"])


class Secret:
    """The app's registration and its client secret. `http` is what msal asks with (its own, where there is none given)."""

    def __init__(self, app_id: str, secret: str, *, http: Any = None, login: str = LOGIN) -> None:
        self._app_id = app_id
        self._secret = secret
        self._http = http
        self._login = login

    def client(self, tenant: str) -> Any:
        """Asks Entra for the tenant's addresses: not for the event loop."""
        return msal.ConfidentialClientApplication(
            self._app_id, client_credential=self._secret, authority=f"{self._login}/{tenant}", timeout=SECONDS, http_client=self._http
        )


class AppTokens:
    """The app's own tokens in its tenant; msal caches them until shortly before their end."""

    def __init__(self, secret: Secret, tenant: str) -> None:
        self._secret = secret
        self._tenant = tenant
        self._made: Any = None
        self._making = asyncio.Lock()

    async def token(self, resource: str) -> str:
        """Raises TransientError."""
        async with self._making:  # one asks, the others find it in the cache
            return await _asked(lambda: self._ask(resource))

    def _ask(self, resource: str) -> dict[str, Any]:
        self._made = self._made or self._secret.client(self._tenant)
        answer: dict[str, Any] = self._made.acquire_token_for_client(scopes=[f"{resource}/.default"])
        return answer


class OnBehalfOf:
    """Tokens for Graph in the name of whoever holds a token for this app, as the tab does.

    Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow.
    """

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._made: dict[str, tuple[Any, int]] = {}

    async def graph(self, assertion: str, tenant: str) -> str:
        """`tenant` is the person's own, from the checked token. Raises SignInNeeded, TransientError."""
        return await _asked(lambda: self._ask(assertion, tenant))

    def _ask(self, assertion: str, tenant: str) -> dict[str, Any]:
        client, used = self._made.get(tenant, (None, 0))
        if client is None or used >= EXCHANGES:
            client, used = self._secret.client(tenant), 0
        self._made[tenant] = (client, used + 1)
        # what the firm has consented to: a scope by name that it has not consented to would be refused
        answer: dict[str, Any] = client.acquire_token_on_behalf_of(user_assertion=assertion, scopes=[f"{GRAPH}/.default"])
        return answer


async def _asked(ask: Callable[[], dict[str, Any]]) -> str:
    """The token; Entra's refusals by their codes, never by their texts, which name people."""
    try:
        answer = await asyncio.to_thread(ask)
    except (requests.RequestException, ValueError) as error:  # msal: ValueError where the tenant's addresses cannot be had
        raise TransientError(f"Entra: {type(error).__name__}") from None
    if "access_token" in answer:
        return str(answer["access_token"])
    code = str(answer.get("error", ""))
    if code in ("invalid_grant", "interaction_required"):  # no consent, more proof wanted, an old token, blocked (AADSTS65001, 50076, 50013, …)
        raise SignInNeeded
    if code not in _PASSING:
        _log.error("Entra refuses the app's own sign-in: %s %s; look at its id and client secret", code[:40], answer.get("error_codes", ""))
    raise TransientError(f"Entra: {code[:40]}")
