"""Signed links: who holds one may open that one file, signed in or not."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urlencode

from aiohttp import web

from pipeline.model.link import SIGNATURE, TENANT, UNTIL, is_signed

LINK_KEY = web.AppKey("link_key", bytes)
"""What links are signed with; without it none opens."""
_FILES = re.compile(
    r"/api/(download/[^/]+|jobs/[^/]+/json|batches/[^/]+/zip|profiles/[^/]+/word|matches/[^/]+/report|shortlists/[^/]+/(csv|word)"
    r"|offers/csv|offers/[^/]+/(word|mail))"
)


def opens(request: web.Request) -> bool:
    """Does the request hold a link of ours that is still good? What is no file is never opened by a link."""
    key, query = request.app.get(LINK_KEY), request.query
    if not key or request.method not in ("GET", "HEAD") or not _FILES.fullmatch(request.path):
        return False
    tenant, until, signature = (query.get(name, "") for name in (TENANT, UNTIL, SIGNATURE))
    own = urlencode([(name, value) for name, value in query.items() if name not in (TENANT, UNTIL, SIGNATURE)])
    path = f"{request.path}?{own}" if own else request.path
    return is_signed(key, path, tenant=tenant, until=until, signature=signature, now=datetime.now(UTC))


def is_link(request: web.Request) -> bool:
    """Is it one of ours, good or not?"""
    return _FILES.fullmatch(request.path) is not None and SIGNATURE in request.query
