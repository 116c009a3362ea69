"""Signed links: who holds one may open that one download, signed in or not."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from pipeline.model.link import SIGNATURE, TENANT, UNTIL, is_signed

LINK_KEY = web.AppKey("link_key", bytes)
"""What links are signed with; without it none opens."""
_DOWNLOADS = "/api/download/"


def opens(request: web.Request) -> bool:
    """Does the request hold a link of ours that is still good? What is not a download is never opened by a link."""
    key, query = request.app.get(LINK_KEY), request.query
    if not key or request.method not in ("GET", "HEAD") or not request.path.startswith(_DOWNLOADS):
        return False
    tenant, until, signature = (query.get(name, "") for name in (TENANT, UNTIL, SIGNATURE))
    return is_signed(key, request.path, tenant=tenant, until=until, signature=signature, now=datetime.now(UTC))


def is_link(request: web.Request) -> bool:
    """Is it one of ours, good or not?"""
    return request.path.startswith(_DOWNLOADS) and SIGNATURE in request.query
