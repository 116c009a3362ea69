"""Who may use the REST API and the page, and for what.

With sign-in: people with the tab's token, programs with a key, and downloads by a signed link. Without a registered app: this computer only, where
the peer, the Host header (against DNS rebinding) and the Origin header (against other pages in the same browser) are checked.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from bot.keys import Unauthorized
from bot.settings import is_loopback
from bot.web.caller import CALLER, HERE, Caller, Callers, refused
from bot.web.links import is_link, opens
from bot.web.views import problem, texts_of
from pipeline.errors import TransientError, UserError
from pipeline.model.person import Person
from pipeline.model.rights import RIGHTS

UNSIGNED = web.AppKey("unsigned", bool)
"""Set where no bot app id is configured: then everything answers this computer only."""
CALLERS = web.AppKey("callers", Callers)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MESSAGES = "/api/messages"
_ALWAYS = frozenset({"/health/live", "/health/ready"})
_SHELL = frozenset({"/", "/openapi.yaml"})
"""What holds no data: the empty page, its files, and the description of the API."""
_STATIC = "/static/"
V1 = "/api/v1/"
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")
_TEAMS_JS = "https://res.cdn.office.net"
_TEAMS = (
    "https://*.cloud.microsoft https://teams.microsoft.com https://*.teams.microsoft.com "
    "https://*.microsoft365.com https://*.office.com https://outlook.office.com https://outlook.office365.com"
)
"""Who may show the tab in a frame: learn.microsoft.com, "Prerequisites for tabs"."""

_log = logging.getLogger("web")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    return await _stopped(request) or await handler(request)


async def dress(request: web.Request, response: web.StreamResponse) -> None:
    """Headers of every answer, also of refusals by the framework itself, which would name its version."""
    scripts, frames = ("'self'", "'none'") if request.app[UNSIGNED] else (f"'self' {_TEAMS_JS}", f"'self' {_TEAMS}")
    policy = f"default-src 'self'; script-src {scripts}; connect-src {scripts}; img-src 'self' data:; frame-ancestors {frames}"
    response.headers.update(
        {
            "Content-Security-Policy": f"{policy}; base-uri 'none'; form-action 'self'",
            "Server": "CV Generator",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
    )
    if request.path.startswith("/api/"):  # personal data: in nobody's cache
        response.headers.setdefault("Cache-Control", "no-store")


async def _stopped(request: web.Request) -> web.StreamResponse | None:
    """The refusal; None where the request may go on, with its caller."""
    path, unsigned = request.path, request.app[UNSIGNED]
    if (unsigned and _local(request)) or not unsigned:  # what there is not is "not found", whoever asks
        match request.match_info.http_exception:
            case web.HTTPMethodNotAllowed() as wrong:
                raise wrong
            case web.HTTPException():
                return problem(UserError("not_found"), texts_of(request))
    if path in _ALWAYS or (path == MESSAGES and not unsigned):
        return None
    if opens(request):  # whoever holds a link of ours
        request[CALLER] = Caller(Person(tenant=request.query["tenant"], user=""), all_tenants=True)
        return None
    if is_link(request) and not unsigned:
        return problem(UserError("link_over"), texts_of(request))
    if unsigned and not _local(request):
        return web.json_response({"error": {"key": "forbidden", "message": "This address answers on this computer only."}}, status=403)
    if path == MESSAGES or path in _SHELL or path.startswith(_STATIC):
        return None
    try:
        said = request.headers.get("Authorization", "")
        caller = HERE if unsigned and not said else await request.app[CALLERS].of(said)
    except Unauthorized as error:
        _log.info("401: %s", error)
        return problem(UserError("sign_in_first"), texts_of(request))
    except TransientError as error:
        _log.warning("not checked: %s", error)
        return problem(UserError("rights_unknown"), texts_of(request))
    request[CALLER] = caller
    deed = deed_of(request)
    if deed is None:
        return problem(UserError("not_found"), texts_of(request))
    return None if caller.may(deed) else problem(refused(caller, deed), texts_of(request))


def deed_of(request: web.Request) -> str | None:
    """The route as the table of rights names it; None where there is none. A route that the table lacks is one that nobody may use."""
    resource = request.match_info.route.resource
    if resource is None:
        return None
    return deed_named(request.method, resource.canonical)


def deed_named(method: str, path: str) -> str:
    """`/api/v1/…` and the older `/api/…` are the same; HEAD is what GET is."""
    name = f"{'GET' if method == 'HEAD' else method} {'/api/' + path.removeprefix(V1) if path.startswith(V1) else path}"
    return name if name in RIGHTS else f"unknown {name}"


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
