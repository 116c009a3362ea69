"""Finds the firm's SharePoint library, by Microsoft's own client for Graph; loaded only where such a library is configured.

Addresses: learn.microsoft.com/graph/api/site-getbypath, /site-list-drives, /drive-get.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator, BaseBearerTokenAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import GraphClientFactory

from pipeline.adapters.graph.client import GRAPH
from pipeline.adapters.graph.drive import Library
from pipeline.errors import TransientError, UserError

SECONDS = 30.0
"""For all questions together; the client tries each again where it is told to wait."""
_PASSING = frozenset({408, 429, 500, 502, 503, 504, 509})


@dataclass(frozen=True, slots=True)
class Wanted:
    """`site` is the site's address as the browser shows it; `name` the library's, empty for the site's own "Documents". Or `drive`, Graph's id."""

    site: str = ""
    name: str = ""
    drive: str = ""


class LibraryFinder:
    """Asks once; what was found holds as long as the process."""

    def __init__(self, wanted: Wanted, *, app_token: Callable[[], Awaitable[str]], url: str = GRAPH, seconds: float = SECONDS) -> None:
        self._wanted = wanted
        self._app_token = app_token
        self._url = url.rstrip("/")
        self._seconds = seconds
        self._found: Library | None = None
        self._asking = asyncio.Lock()

    async def __call__(self) -> Library:
        """Raises UserError: no_library; TransientError."""
        async with self._asking:
            if self._found is None:
                self._found = await self._ask()
            return self._found

    async def _ask(self) -> Library:
        try:
            # the factory puts its own transport around ours, and does not close ours
            async with asyncio.timeout(self._seconds), httpx.AsyncHTTPTransport() as transport:
                http = httpx.AsyncClient(transport=transport, timeout=self._seconds / 2)
                adapter = GraphRequestAdapter(
                    BaseBearerTokenAuthenticationProvider(_AppToken(self._app_token)), GraphClientFactory.create_with_default_middleware(client=http)
                )
                adapter.base_url = self._url
                client = GraphServiceClient(request_adapter=adapter)
                return await (self._by_id(client) if self._wanted.drive else self._by_name(client))
        except APIError as error:
            if error.response_status_code in _PASSING:
                raise TransientError(f"Graph: status {error.response_status_code}") from None
            raise UserError("no_library") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise TransientError(f"Graph: {type(error).__name__}") from None

    async def _by_id(self, client: Any) -> Library:
        drive = await client.drives.by_drive_id(self._wanted.drive).get()
        return Library(self._wanted.drive, _site_name(drive.web_url, drive.name))

    async def _by_name(self, client: Any) -> Library:
        parts = urlsplit(self._wanted.site)
        address = f"{self._url}/sites/{parts.hostname}:/{quote(parts.path.strip('/'))}"
        site = await client.sites.by_site_id("root").with_url(address).get()
        title = site.display_name or site.name or parts.path.rpartition("/")[2]
        if not self._wanted.name:
            drive = await client.sites.by_site_id(site.id).drive.get()
            return Library(drive.id, title)
        asked = client.sites.by_site_id(site.id).drives
        while asked is not None:
            page = await asked.get()
            for drive in page.value or ():
                if (drive.name or "").casefold() == self._wanted.name.casefold():
                    return Library(drive.id, title)
            asked = asked.with_url(page.odata_next_link) if page.odata_next_link else None
        raise UserError("no_library")


def _site_name(url: str | None, name: str | None) -> str:
    """What people know the site by: "…/sites/recruiting/Shared Documents" is "recruiting"."""
    parts = urlsplit(url or "").path.strip("/").split("/")
    return parts[1] if len(parts) > 1 and parts[0] in ("sites", "teams") else name or "SharePoint"


class _AppToken(AccessTokenProvider):
    """The app's own token, for whatever address we have built ourselves."""

    def __init__(self, app_token: Callable[[], Awaitable[str]]) -> None:
        self._app_token = app_token

    async def get_authorization_token(self, uri: str, additional_authentication_context: dict[str, Any] | None = None) -> str:
        return await self._app_token()

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([])
