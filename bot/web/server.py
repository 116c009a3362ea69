"""The HTTP application: bot endpoint, REST API, page, health."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aiohttp import web

from bot.adapter import TeamsAdapter
from bot.teams_bot import TeamsBot
from bot.web.caller import Callers
from bot.web.guard import CALLERS, MESSAGES, UNSIGNED, V1, dress, guard
from bot.web.links import LINK_KEY

MAX_ACTIVITY = 2**20


class Routes(Protocol):
    def routes(self) -> Sequence[web.AbstractRouteDef]: ...


def make_app(adapter: TeamsAdapter, bot: TeamsBot, parts: Sequence[Routes], *, callers: Callers, unsigned: bool, link_key: bytes) -> web.Application:
    """`parts` are the REST API, the page, health: whatever answers. `link_key`: what links are signed with.

    The REST API stands below /api/v1; the older paths without the version stay as they are.
    """
    app = web.Application(middlewares=[guard], client_max_size=MAX_ACTIVITY)

    app.on_response_prepare.append(dress)
    app[UNSIGNED], app[LINK_KEY], app[CALLERS] = unsigned, link_key, callers

    async def messages(request: web.Request) -> web.Response:
        return await adapter.process(request, bot)

    routes = [route for part in parts for route in part.routes()]
    versioned = [
        web.route(r.method, r.path.replace("/api/", V1, 1), r.handler) for r in routes if isinstance(r, web.RouteDef) and r.path.startswith("/api/")
    ]
    app.add_routes([web.post(MESSAGES, messages), *routes, *versioned])
    return app
