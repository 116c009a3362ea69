"""Bytes of a dropped file, and of one that goes into a person's drive.

https, allowed hosts only, every redirect checked, no token, a hard size limit.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import aiohttp

from pipeline.errors import TransientError, UserError
from pipeline.model.job import Source
from pipeline.model.person import Person

REDIRECTS = 3
SECONDS = 30


class LinkedFiles:
    """`hosts` are suffixes like ".sharepoint.com"; `local_origins` ("http://127.0.0.1:8080") are for local tests only."""

    def __init__(self, *, hosts: tuple[str, ...], local_origins: tuple[str, ...] = ()) -> None:
        self._hosts = hosts
        self._local = local_origins

    async def fetch(self, source: Source, *, limit: int, person: Person) -> bytes:
        url = source.url
        try:
            timeout = aiohttp.ClientTimeout(total=SECONDS, connect=5)
            async with aiohttp.ClientSession(timeout=timeout, connector=self._connector()) as session:
                for _ in range(REDIRECTS + 1):
                    self._check(url)
                    async with session.get(url, allow_redirects=False) as response:
                        if response.status in (301, 302, 303, 307, 308):
                            url = urljoin(url, response.headers.get("Location", ""))
                            continue
                        return await _body(response, limit)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _failed(error) from None
        raise UserError("link_not_allowed")

    async def put(self, url: str, data: bytes, *, headers: Mapping[str, str]) -> int:
        """Write to an address that is itself the right to do so; returns the status. Raises UserError (link_not_allowed), TransientError."""
        self._check(url)
        try:
            timeout = aiohttp.ClientTimeout(total=SECONDS, connect=5)
            async with (
                aiohttp.ClientSession(timeout=timeout, connector=self._connector()) as session,
                session.put(url, data=data, headers=headers, allow_redirects=False) as response,
            ):
                return response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _failed(error) from None

    def _check(self, url: str) -> None:
        """Raises UserError for anything but https on an allowed host."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").encode("idna").decode().lower() if parts.hostname else ""
            port = parts.port
        except (ValueError, UnicodeError):
            raise UserError("link_not_allowed") from None
        if f"{parts.scheme}://{parts.netloc}" in self._local:
            return
        allowed = any(host.endswith(suffix) and host != suffix.lstrip(".") for suffix in self._hosts)
        if parts.scheme != "https" or parts.username or parts.password or port not in (None, 443) or not allowed:
            raise UserError("link_not_allowed")

    def _connector(self) -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(socket_factory=None if self._local else _public_socket)


def _failed(error: Exception) -> UserError | TransientError:
    if isinstance(error.__cause__, PermissionError) or "not public" in str(error):
        return UserError("link_not_allowed")
    return TransientError(f"file link: {type(error).__name__}")


def _public_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket for public addresses only: what the name resolves to is checked, not the name."""
    family, kind, protocol, _, target = address
    if not ipaddress.ip_address(target[0]).is_global:
        raise PermissionError("the address is not public")
    return socket.socket(family, kind, protocol)


async def _body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    if response.status in (401, 403, 404, 410):
        raise UserError("link_expired")
    if response.status != 200:
        raise TransientError(f"file link: status {response.status}")
    data = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        data += chunk
        if len(data) > limit:
            raise UserError("too_large", limit=limit // 2**20)
    return bytes(data)
