"""A proxy on loopback that passes requests on, and does harm to those that it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum

import aiohttp
from aiohttp import web
from yarl import URL

from tests.fakes import Server

_AUTO = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Storage requests are signed: nothing may be added on the way."""

_OWN = {"transfer-encoding", "content-length", "content-encoding", "connection", "host"}


class Fault(StrEnum):
    THROTTLED = "429"
    FAILED = "500"
    ACTED = "502 after acting"
    HANG = "hang"
    RESET = "reset"
    HALF = "half a body"


class FaultProxy(Server):
    """Stands before `target`. `harm(request, number)` says what happens to the n-th request that `counts`, from 1; None lets it pass."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self.target = target
        self.counts: Callable[[web.Request], bool] = lambda request: True
        self.harm: Callable[[int], Fault | None] = lambda number: None
        self.counted: list[str] = []
        self.app.router.add_route("*", "/{path:.*}", self.handle)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> FaultProxy:
        await super().__aenter__()
        self._session = aiohttp.ClientSession(auto_decompress=False)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._session.close()
        await super().__aexit__(*error)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        fault = None
        if self.counts(request):
            self.counted.append(f"{request.method} {request.path}")
            fault = self.harm(len(self.counted))
        match fault:
            case Fault.THROTTLED:
                return web.json_response({"error": {"code": "TooManyRequests", "message": "-"}}, status=429, headers={"Retry-After": "1"})
            case Fault.FAILED:
                return web.json_response({"error": {"code": "InternalError", "message": "-"}}, status=500)
            case Fault.HANG:
                await asyncio.sleep(120)
            case Fault.RESET:
                request.transport.abort()
                return web.Response()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN - {"content-encoding"}}
        if "Host" in request.headers:
            headers["Host"] = request.headers["Host"]
        url = URL(self.target + request.raw_path, encoded=True)
        async with self._session.request(request.method, url, data=body or None, headers=headers, skip_auto_headers=_AUTO) as answer:
            data = await answer.read()
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _OWN - {"content-encoding"}}
            if fault == Fault.ACTED:
                return web.json_response({"error": {"code": "BadGateway", "message": "-"}}, status=502)
            if fault == Fault.HALF:
                response = web.StreamResponse(status=answer.status, headers=kept | {"Content-Length": str(len(data) + 100)})
                await response.prepare(request)
                await response.write(data[: len(data) // 2])
                request.transport.abort()
                return response
            return web.Response(status=answer.status, body=data, headers=kept)
