"""Liveness and readiness. They reveal no version and no data."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

Check = Callable[[], Awaitable[None]]


class Health:
    """`checks` name what the app needs; each raises where it is not there."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self.stopping = False

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/health/live", self.live), web.get("/health/ready", self.ready)]

    async def live(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def ready(self, request: web.Request) -> web.Response:
        if self.stopping:
            return web.json_response({"status": "stopping"}, status=503)
        results = dict(zip(self._checks, await asyncio.gather(*(self._passes(c) for c in self._checks.values())), strict=True))
        good = all(results.values())
        body = {"status": "ok" if good else "failing", "checks": {name: "ok" if ok else "failing" for name, ok in results.items()}}
        return web.json_response(body, status=200 if good else 503)

    async def _passes(self, check: Check) -> bool:
        try:
            async with asyncio.timeout(3):
                await check()
        except Exception:  # noqa: BLE001  # any failure of a dependency means "not ready"
            return False
        return True
