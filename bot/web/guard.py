"""Who may use the REST API and the page: until sign-in exists, this computer only; a signed link opens its download for whoever holds it.

The peer, the Host header (against DNS rebinding) and the Origin header (against other pages in the same browser) are checked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from bot.settings import is_loopback
from bot.web.links import is_link, opens
from bot.web.views import problem, texts_of
from pipeline.errors import UserError

UNSIGNED = web.AppKey("unsigned", bool)
"""Set where no bot app id is configured: then the bot endpoint, too, answers this computer only."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MESSAGES = "/api/messages"
_OPEN = frozenset({MESSAGES, "/health/live", "/health/ready"})
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    guarded = request.path not in _OPEN or (request.path == MESSAGES and request.app[UNSIGNED])
    if guarded and not _local(request) and not opens(request):
        if is_link(request):
            return problem(UserError("link_over"), texts_of(request))
        return web.json_response({"error": {"key": "forbidden", "message": "This address answers on this computer only."}}, status=403)
    response = await handler(request)
    if not response.prepared:
        response.headers.update(_HEADERS)
    return response


def _local(request: web.Request) -> bool:
    try:
        host = urlsplit(f"//{request.headers['Host']}").hostname or ""
    except (KeyError, ValueError):
        return False
    origin = request.headers.get("Origin")
    return (
        not any(name in request.headers for name in _FORWARDED)
        and request.remote is not None
        and is_loopback(request.remote)
        and is_loopback(host)
        and (origin is None or origin == f"{request.scheme}://{request.host}")
    )
