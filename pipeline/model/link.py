"""Links that open one download for whoever holds them, for a day."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import urlencode

GOOD_FOR = timedelta(hours=24)
TENANT, UNTIL, SIGNATURE = "tenant", "until", "sig"
"""Names in the link's query."""


def signed_query(key: bytes, path: str, tenant: str, *, now: datetime) -> str:
    """What makes of the path, with a query of its own or without, a link that opens: only this one, only in this tenant, only for GOOD_FOR."""
    until = str(int((now + GOOD_FOR).timestamp()))
    return urlencode({TENANT: tenant, UNTIL: until, SIGNATURE: _signature(key, path, tenant, until)})


def is_signed(key: bytes, path: str, *, tenant: str, until: str, signature: str, now: datetime) -> bool:
    """Was the link made by us for this path and tenant, and is it still good?"""
    expected = _signature(key, path, tenant, until)
    ours = hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
    return ours and now.timestamp() < int(until)


def _signature(key: bytes, path: str, tenant: str, until: str) -> str:
    """HMAC-SHA256 (RFC 2104); the parts hold no line breaks, so that no two links have the same text."""
    return hmac.new(key, f"{tenant}\n{path}\n{until}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()
