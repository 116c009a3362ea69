"""The Bot Framework adapter: one way in, one error path, one credential cache.

Cures what the SDK (4.17.1, at its end of life) gets wrong: dict bodies of invokes, 500 for bad tokens and bad bodies, a new
token per turn, a quadratic list comparison per connector client.
"""

from __future__ import annotations

import asyncio
import enum
import logging
import types
from typing import Any
from urllib.parse import urlsplit

import msrest.universal_http.requests
from aiohttp import web
from botbuilder.core import Bot, InvokeResponse, TurnContext
from botbuilder.core.serializer_helper import serializer_helper
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botbuilder.schema import Activity, ActivityTypes
from botframework.connector.auth import (
    AuthenticateRequestResult,
    AuthenticationConstants,
    ClaimsIdentity,
    ManagedIdentityServiceClientCredentialsFactory,
    PasswordServiceClientCredentialFactory,
    ServiceClientCredentialsFactory,
)
from msrest.serialization import Model

from bot.auth import TokenCheck
from bot.events import tenant_of
from bot.keys import Unauthorized
from bot.settings import Settings, is_loopback

_log = logging.getLogger("bot")

CARD_ACTION = "adaptiveCard/action"
SERVICE_HOSTS = frozenset(
    {"smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com", "smba.infra.gov.teams.microsoft.us", "smba.infra.dod.teams.microsoft.us"}
)
"""Hosts that activities may name as their service url: public cloud and government clouds. Below trafficmanager.net anybody may have a name."""
SERVICE_DOMAIN = ".botframework.com"

# msrest compares a list of 999 codes with a list of 500 for each client; as a set it is the same and 10 times faster
_policy: Any = msrest.universal_http.requests.ClientRetryPolicy
_policy.safe_codes = frozenset(_policy.safe_codes)


class CachedCredentials(ServiceClientCredentialsFactory):
    """One credentials object, and so one token cache, per app, scope and endpoint."""

    def __init__(self, inner: ServiceClientCredentialsFactory) -> None:
        self._inner = inner
        self._made: dict[tuple[str, str, str], Any] = {}

    async def is_valid_app_id(self, app_id: str) -> bool:
        return bool(await self._inner.is_valid_app_id(app_id))

    async def is_authentication_disabled(self) -> bool:
        return bool(await self._inner.is_authentication_disabled())

    async def create_credentials(self, app_id: str, oauth_scope: str, login_endpoint: str, validate_authority: bool) -> Any:  # noqa: FBT001  # the SDK's signature
        key = (app_id, oauth_scope, login_endpoint)
        if key not in self._made:
            self._made[key] = await self._inner.create_credentials(app_id, oauth_scope, login_endpoint, validate_authority)
        return self._made[key]

    async def warm(self) -> None:
        """Have valid tokens at hand, fetched off the event loop. Raises what the token service's client raises."""
        if not await self.is_authentication_disabled():
            for made in list(self._made.values()):
                await asyncio.to_thread(made.get_access_token)


def make_adapter(settings: Settings, check: TokenCheck | None) -> TeamsAdapter:
    configuration = types.SimpleNamespace(
        APP_ID=settings.app_id,
        APP_PASSWORD=settings.app_password,
        APP_TENANTID=settings.app_tenant,
        APP_TYPE=settings.app_type if settings.app_id else "MultiTenant",
    )
    inner: ServiceClientCredentialsFactory
    if settings.app_id and settings.app_type == "UserAssignedMSI":
        inner = ManagedIdentityServiceClientCredentialsFactory(settings.app_id)
    else:
        inner = PasswordServiceClientCredentialFactory(settings.app_id, settings.app_password, settings.app_tenant)
    credentials = CachedCredentials(inner)
    authentication = ConfigurationBotFrameworkAuthentication(configuration, credentials_factory=credentials)
    return TeamsAdapter(authentication, credentials, settings, check)


class TeamsAdapter(CloudAdapter):
    """`check` is None only on loopback without an app id, where every local request is accepted."""

    def __init__(self, authentication: Any, credentials: CachedCredentials, settings: Settings, check: TokenCheck | None) -> None:
        super().__init__(authentication)
        self.credentials = credentials
        self._settings = settings
        self._check = check
        self.on_turn_error = _on_turn_error

    async def process(self, request: web.Request, bot: Bot, ws_response: Any = None) -> web.Response:
        if request.content_type != "application/json":
            return web.Response(status=415)
        try:
            body = await request.json()
            if not (isinstance(body, dict) and isinstance(body.get("type"), str) and isinstance(body.get("channelId", ""), str)):
                return web.Response(status=400)
            activity = Activity().deserialize(body)
        except web.HTTPException:
            raise
        except Exception:  # noqa: BLE001  # msrest and json raise many kinds for a bad body
            return web.Response(status=400)
        try:
            claims = await self._check.claims(request.headers.get("Authorization", ""), body) if self._check else {}
        except Unauthorized as error:
            _log.warning("activity refused: %s", error)
            return web.Response(status=401)
        if not self._allowed(body, activity):
            return web.Response(status=403)
        response = await self.process_activity(self._authenticated(claims), activity, bot.on_turn)
        if response is None:
            return web.Response(status=202)
        return web.json_response(plain_json(response.body), status=int(response.status))

    def _allowed(self, body: dict[str, Any], activity: Activity) -> bool:
        """Channel, service url, and the tenant: the one that the turn will take it for, too."""
        if not self.may_call(str(body.get("serviceUrl", ""))):
            return False
        if self._check is None:
            return True
        tenant = named_tenant(body)
        return body.get("channelId") == "msteams" and tenant in self._settings.allowed_tenants and tenant == tenant_of(activity)

    def may_call(self, service_url: str) -> bool:
        """Is it an address of the channel? Our token goes nowhere else, however the address came to be stored."""
        try:
            url = urlsplit(service_url)
            host, port = url.hostname or "", url.port
        except ValueError:
            return False
        if self._check is None:
            return is_loopback(host)
        known = host in SERVICE_HOSTS or host.endswith(SERVICE_DOMAIN)
        return known and url.scheme == "https" and not (url.username or url.password) and port in (None, 443)

    def own_identity(self) -> ClaimsIdentity:
        """The identity that the bot speaks with when nobody asked it."""
        if self._check is None:
            return ClaimsIdentity({}, True, AuthenticationConstants.ANONYMOUS_AUTH_TYPE)
        return self.create_claims_identity(self._settings.app_id)

    def _authenticated(self, claims: dict[str, Any]) -> AuthenticateRequestResult:
        identity = ClaimsIdentity(claims, True) if claims else self.own_identity()
        result = AuthenticateRequestResult()
        result.claims_identity = identity
        result.audience = AuthenticationConstants.TO_CHANNEL_FROM_BOT_OAUTH_SCOPE
        result.caller_id = None
        result.connector_factory = self.bot_framework_authentication.create_connector_factory(identity)
        return result


async def _on_turn_error(context: TurnContext, error: Exception) -> None:
    """Everything that a turn did not catch: the log gets the cause, a click its answer (the bot has told the user)."""
    _log.error("turn failed", exc_info=error)
    if context.activity.type == ActivityTypes.invoke:
        body = {"statusCode": 500, "type": "application/vnd.microsoft.error", "value": {"code": "Error", "message": "Error"}}
        status = 200 if context.activity.name == CARD_ACTION else 500  # a card shows the body; to all others 200 would mean that it worked
        await context.send_activity(Activity(type=ActivityTypes.invoke_response, value=InvokeResponse(status=status, body=body)))


def plain_json(value: Any) -> Any:
    """SDK models, enums and containers -> plain JSON data."""
    if isinstance(value, Model):
        return serializer_helper(value)
    if isinstance(value, dict):
        return {k: plain_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(v) for v in value]
    return value.value if isinstance(value, enum.Enum) else value


def named_tenant(body: dict[str, Any]) -> str:
    """The tenant that an activity comes from; empty where it names none, or two."""
    places = (_part(body, "conversation").get("tenantId"), _part(_part(body, "channelData"), "tenant").get("id"))
    named = [tenant for tenant in places if tenant is not None]
    return named[0] if named and all(isinstance(tenant, str) and tenant == named[0] for tenant in named) else ""


def _part(node: dict[str, Any], name: str) -> dict[str, Any]:
    found = node.get(name)
    return found if isinstance(found, dict) else {}
