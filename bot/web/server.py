"""The HTTP application: bot endpoint, REST API, page, health."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aiohttp import web

from bot.adapter import TeamsAdapter
from bot.teams_bot import TeamsBot
from bot.web.guard import MESSAGES, UNSIGNED, guard
from bot.web.links import LINK_KEY

MAX_ACTIVITY = 2**20


class Routes(Protocol):
    def routes(self) -> Sequence[web.AbstractRouteDef]: ...


def make_app(adapter: TeamsAdapter, bot: TeamsBot, parts: Sequence[Routes], *, unsigned: bool, link_key: bytes) -> web.Application:
    """`parts` are the REST API, the page, health: whatever answers. `link_key`: what links are signed with."""
    app = web.Application(middlewares=[guard], client_max_size=MAX_ACTIVITY)

    app[UNSIGNED], app[LINK_KEY] = unsigned, link_key

    async def messages(request: web.Request) -> web.Response:
        return await adapter.process(request, bot)

    app.add_routes([web.post(MESSAGES, messages), *(route for part in parts for route in part.routes())])
    return app
