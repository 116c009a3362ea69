"""Stands in for the Bot Framework's token service (paths and parameters as in botframework-connector 4.17.1, token_api)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes import Server

CONNECTION = "graph"
EXCHANGE = {"id": "exchange-1", "uri": "api://botid-app"}


@dataclass
class TokenService(Server):
    """`tokens` are what it holds, by the channel's id of the person; `consented` can be exchanged for, `codes` redeemed.

    `bot_token` is the bot's own, without which nothing is answered; empty: the local bot has none.
    """

    tokens: dict[str, str] = field(default_factory=dict)
    consented: dict[str, str] = field(default_factory=dict)
    codes: dict[tuple[str, str], str] = field(default_factory=dict)
    bot_token: str = ""
    faults: list[int] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.app.add_routes(
            [
                web.get("/api/usertoken/GetToken", self.get_token),
                web.post("/api/usertoken/exchange", self.exchange),
                web.delete("/api/usertoken/SignOut", self.sign_out),
                web.get("/api/botsignin/GetSignInResource", self.resource),
            ]
        )

    def count(self, name: str) -> int:
        return sum(called == name for called, _ in self.calls)

    async def get_token(self, request: web.Request) -> web.Response:
        if problem := self._problem(request, "GetToken", {"userId", "connectionName", "channelId"}, {"code"}):
            return problem
        user, code = request.query["userId"], request.query.get("code")
        if code is not None and (user, code) in self.codes:
            self.tokens[user] = self.codes.pop((user, code))
        elif code is not None:
            return web.json_response({"error": {"code": "NotFound", "message": "-"}}, status=404)
        if user not in self.tokens:
            return web.json_response({}, status=404)
        return web.json_response(
            {"channelId": "msteams", "connectionName": CONNECTION, "token": self.tokens[user], "expiration": "2026-11-21T13:00:00Z"}
        )

    async def exchange(self, request: web.Request) -> web.Response:
        if problem := self._problem(request, "exchange", {"userId", "connectionName", "channelId"}):
            return problem
        body = await request.json()
        if set(body) != {"token"} or not body["token"]:
            return web.json_response({"error": {"code": "BadArgument", "message": "-"}}, status=400)
        user = request.query["userId"]
        if user not in self.consented:
            return web.json_response({"error": {"code": "ConsentRequired", "message": "AADSTS65001"}}, status=400)
        self.tokens[user] = self.consented[user]
        return web.json_response({"channelId": "msteams", "connectionName": CONNECTION, "token": self.tokens[user]})

    async def sign_out(self, request: web.Request) -> web.Response:
        if problem := self._problem(request, "SignOut", {"userId", "connectionName", "channelId"}):
            return problem
        self.tokens.pop(request.query["userId"], None)
        return web.json_response({})

    async def resource(self, request: web.Request) -> web.Response:
        if problem := self._problem(request, "GetSignInResource", {"state"}):
            return problem
        state: Any = json.loads(base64.b64decode(request.query["state"], validate=True))
        assert state["connectionName"] == CONNECTION
        assert state["conversation"]["user"]["id"].startswith("29:")
        assert state["conversation"].keys() >= {"bot", "user", "conversation", "channelId", "serviceUrl"}
        assert "msAppId" in state
        link = "https://token.botframework.com/api/oauth/signin?signin=abc"
        return web.json_response(
            {"signInLink": link, "tokenExchangeResource": EXCHANGE, "tokenPostResource": {"sasUrl": "https://token.example/post"}}
        )

    def _problem(self, request: web.Request, name: str, needed: set[str], more: set[str] = frozenset()) -> web.Response | None:
        self.calls.append((name, request.query.get("userId", "")))
        if self.faults:
            return web.Response(status=self.faults.pop(0))
        if request.headers.get("Authorization", "") != (f"Bearer {self.bot_token}" if self.bot_token else ""):
            return web.json_response({"error": {"code": "Unauthorized", "message": "-"}}, status=401)
        names = set(request.query) - {"api-version"}
        if not needed <= names <= needed | more or request.query.get("api-version") != "token":
            return web.json_response({"error": {"code": "BadSyntax", "message": "-"}}, status=400)
        if request.query.get("connectionName", CONNECTION) != CONNECTION or request.query.get("channelId", "msteams") != "msteams":
            return web.json_response({"error": {"code": "BadArgument", "message": "-"}}, status=400)
        return None
