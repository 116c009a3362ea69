"""A Microsoft Graph that checks each request against the published contract, and refuses everything it does not know.

`drive.py`, `directory.py` and `chats.py` add their routes. Errors have Graph's own shape (learn.microsoft.com/graph/errors).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.fakes import Server

AUDIENCE = "https://graph.microsoft.com"
VERSION = "/v1.0/"


@dataclass
class Token:
    """Delegated with `user` and `scopes`, or the app's own with `roles`."""

    user: str = ""
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    audience: str = AUDIENCE
    expires: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(hours=1))


@dataclass
class Fault:
    """Answers in place of Graph: with a status, or by "hang", "reset", "cut" (half an answer after having done what was asked)."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    code: str = "fault"
    how: str = ""
    after: bool = False
    """The request is carried out before: only its answer is lost."""


@dataclass
class Call:
    method: str
    path: str
    headers: dict[str, str]
    size: int
    status: int = 0


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str = "-", headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


Handler = Callable[[web.Request, Token, re.Match[str]], Awaitable[web.StreamResponse]]
Plain = Callable[[web.Request, str], Awaitable[web.StreamResponse]]


@dataclass
class Route:
    method: str
    path: re.Pattern[str]
    handler: Handler
    delegated: frozenset[str]
    application: frozenset[str]


class Graph(Server):
    """`calls` are all requests as they came; `faults` answer the next ones instead. `hold` is what a hanging answer waits for."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: dict[str, Token] = {}
        self.calls: list[Call] = []
        self.faults: list[Fault | None] = []
        self.hold = asyncio.Event()
        self._routes: list[Route] = []
        self._outside: dict[str, Plain] = {}
        self.app.router.add_route("*", "/{tail:.*}", self._answered)

    @property
    def url(self) -> str:
        return f"{self.origin}/v1.0"

    def sign_in(self, user: str = "user-1", *scopes: str, token: str = "") -> str:
        """A delegated token."""
        value = token or f"token-of-{user}"
        self.tokens[value] = Token(user=user, scopes=frozenset(scopes or {"User.Read", "Files.ReadWrite"}))
        return value

    def let_app_in(self, *roles: str, token: str = "app-token") -> str:
        """A token of the app itself."""
        self.tokens[token] = Token(roles=frozenset(roles))
        return token

    def route(self, method: str, path: str, handler: Handler, *, delegated: set[str] = frozenset(), application: set[str] = frozenset()) -> None:
        """`path` is a regular expression over the raw, still encoded path below the version; any one of the permissions is enough."""
        self._routes.append(Route(method, re.compile(path), handler, frozenset(delegated), frozenset(application)))

    def outside(self, prefix: str, handler: Plain) -> None:
        """Addresses that are their own key: `handler` gets what follows the prefix. A token that is sent along makes a 401."""
        self._outside[prefix] = handler

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        """Records the call, plays the next fault, and gives refusals their shape."""
        call = Call(request.method, request.raw_path, dict(request.headers), len(await request.read()))
        self.calls.append(call)
        fault = self.faults.pop(0) if self.faults else None
        if fault and not fault.after:
            return await self._faulty(request, fault, call)
        try:
            response = await self._checked(request)
        except Refusal as refusal:
            response = error(refusal.status, refusal.code, refusal.message, refusal.headers)
        call.status = response.status
        return await self._faulty(request, fault, call) if fault else response

    async def _faulty(self, request: web.Request, fault: Fault, call: Call) -> web.StreamResponse:
        call.status = fault.status
        if fault.how == "reset":
            request.transport.abort()
            return web.Response()
        if fault.how == "hang":
            await self.hold.wait()
        if fault.how == "cut":
            response = web.StreamResponse(status=200, headers={"Content-Type": "application/json", "Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"id":')
            request.transport.abort()
            return response
        return error(fault.status or 504, fault.code, headers=fault.headers)

    async def _checked(self, request: web.Request) -> web.StreamResponse:
        for prefix, handler in self._outside.items():
            if request.path.startswith(prefix):
                if "Authorization" in request.headers:
                    raise Refusal(401, "unauthenticated")
                return await handler(request, request.path.removeprefix(prefix))
        token = self._token(request)
        path = request.raw_path.partition("?")[0].removeprefix(VERSION)
        if re.search(r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]", path) or re.search(r"%(?![0-9A-Fa-f]{2})", path):
            raise Refusal(400, "invalidRequest", "The path is not encoded")
        found = [(route, match) for route in self._routes if (match := route.path.fullmatch(path))]
        if not found:
            raise Refusal(400, "BadRequest", "Resource not found for the segment")
        for route, match in found:
            if route.method == request.method:
                allowed = route.delegated if token.user else route.application
                if not allowed & (token.scopes if token.user else token.roles):
                    raise Refusal(403, "accessDenied", "Insufficient privileges to complete the operation.")
                return await route.handler(request, token, match)
        raise Refusal(405, "notAllowed", "HTTP method not allowed")

    def _token(self, request: web.Request) -> Token:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        token = self.tokens.get(value) if scheme == "Bearer" else None
        if token is None:
            raise Refusal(401, "InvalidAuthenticationToken", "Access token is empty or not valid.")
        if token.audience != AUDIENCE:
            raise Refusal(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
        if token.expires <= datetime.now(UTC):
            raise Refusal(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
        return token


def error(status: int, code: str, message: str = "-", headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status, headers=headers)


async def json_of(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object, or Graph's refusal of what is none."""
    if request.content_type != "application/json":
        raise Refusal(415, "UnsupportedMediaType", "The content type must be application/json")
    try:
        body = await request.json()
    except ValueError:
        raise Refusal(400, "BadRequest", "Unable to read JSON request payload.") from None
    if not isinstance(body, dict):
        raise Refusal(400, "BadRequest", "Unable to read JSON request payload.")
    return body
