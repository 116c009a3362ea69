"""The HTTP application: bot endpoint, REST API, page, health."""

from __future__ import annotations

from aiohttp import web

from bot.adapter import TeamsAdapter
from bot.teams_bot import TeamsBot
from bot.web.api import Api
from bot.web.guard import MESSAGES, UNSIGNED, guard
from bot.web.health import Health
from bot.web.page import Page

MAX_ACTIVITY = 2**20


def make_app(adapter: TeamsAdapter, bot: TeamsBot, api: Api, page: Page, health: Health, *, unsigned: bool) -> web.Application:
    app = web.Application(middlewares=[guard], client_max_size=MAX_ACTIVITY)

    app[UNSIGNED] = unsigned

    async def messages(request: web.Request) -> web.Response:
        return await adapter.process(request, bot)

    app.add_routes([web.post(MESSAGES, messages), *api.routes(), *page.routes(), *health.routes()])
    return app
