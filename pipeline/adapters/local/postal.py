"""Addresses from the package `countrystatecity-postal-codes` (Open Database Licence 1.0): offline, read when it is first needed."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from functools import cache
from importlib.resources import files

COUNTRIES = ("DE", "AT", "CH", "LI", "NL")


class PackagedAddresses:
    async def towns(self, country: str, postal_code: str) -> tuple[str, ...] | None:
        if country not in COUNTRIES:
            return None
        known = await asyncio.to_thread(towns_of, country)
        return known.get(postal_code[:4] if country == "NL" else postal_code, ())


@cache
def towns_of(country: str) -> dict[str, tuple[str, ...]]:
    """Of the Netherlands' codes the package knows the four digits only."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    data = files("countrystatecity_postal_codes").joinpath("data", "by-country", country, "postcodes.json").read_bytes()
    for entry in json.loads(data):
        for name in str(entry["localityName"] or "").split(", "):
            if name and name not in found[entry["code"]]:
                found[entry["code"]].append(name)
    return {code: tuple(names) for code, names in found.items()}
