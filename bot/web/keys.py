"""API keys, and who the caller is, in the REST API."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from bot.web.api import answered
from bot.web.bodies import body_of
from bot.web.caller import caller_of
from pipeline.api_keys import ApiKey, ApiKeys
from pipeline.model.rights import Scope


class KeyBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    scopes: tuple[Scope, ...]


class KeysApi:
    def __init__(self, keys: ApiKeys) -> None:
        self._keys = keys

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/me", answered(self.me)),
            web.get("/api/keys", answered(self.list_keys)),
            web.post("/api/keys", answered(self.create)),
            web.delete("/api/keys/{key_id}", answered(self.revoke)),
        ]

    async def me(self, request: web.Request) -> web.StreamResponse:
        """Who the caller is, so that the page shows what they may do."""
        caller = caller_of(request)
        return web.json_response({"tenant": caller.person.tenant, "user": caller.person.user, "roles": sorted(caller.roles)})

    async def list_keys(self, request: web.Request) -> web.StreamResponse:
        keys = await self._keys.all(caller_of(request).person.tenant)
        return web.json_response({"keys": [_json(key) for key in keys]})

    async def create(self, request: web.Request) -> web.StreamResponse:
        """The answer holds the secret, this once."""
        body = await body_of(request, KeyBody)
        person = caller_of(request).person
        key, secret = await self._keys.create(person.tenant, person.user, body.name, body.scopes)
        return web.json_response({**_json(key), "key": secret}, status=201, headers={"Cache-Control": "no-store"})

    async def revoke(self, request: web.Request) -> web.StreamResponse:
        person = caller_of(request).person
        await self._keys.revoke(person.tenant, person.user, request.match_info["key_id"])
        return web.Response(status=204)


def _json(key: ApiKey) -> dict[str, Any]:
    return {"key_id": key.id, "name": key.name, "scopes": list(key.scopes), "created": key.created.isoformat(), "by": key.by}
