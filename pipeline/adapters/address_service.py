"""Addresses from a service as OpenPLZ API describes it (openplzapi.org): `GET {url}/{country}/Localities?postalCode=…`, a list of `name`s.

What it does not know, or does not answer in time, the offline data says.
"""

from __future__ import annotations

from urllib.parse import quote

import aiohttp

from pipeline.ports import Addresses

COUNTRIES = ("DE", "AT", "CH", "LI")
SECONDS = 1.5
MOST = 50


class AddressService:
    """`otherwise` answers for countries that the service does not have, and where it fails."""

    def __init__(self, url: str, otherwise: Addresses) -> None:
        self._url = url.rstrip("/")
        self._otherwise = otherwise

    async def towns(self, country: str, postal_code: str) -> tuple[str, ...] | None:
        if country in COUNTRIES:
            url = f"{self._url}/{country.lower()}/Localities?postalCode={quote(postal_code, safe='')}&pageSize={MOST}"
            try:
                async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session, session.get(url) as answer:
                    if answer.status == 200:
                        return tuple(dict.fromkeys(str(locality["name"]) for locality in await answer.json()))
            except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
                pass
        return await self._otherwise.towns(country, postal_code)
