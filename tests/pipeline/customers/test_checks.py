"""Postal code and town, VAT id, e-mail: doubts, in four countries."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from pipeline.adapters.address_service import AddressService
from pipeline.adapters.local.postal import PackagedAddresses
from pipeline.check.customer import customer_doubts, same_town
from pipeline.model.customer import Customer
from tests.fakes import Server

ADDRESSES = [
    ("DE", "70173", "Stuttgart", ""), ("DE", "60311", "Frankfurt a. M.", ""), ("DE", "60311", "Frankfurt am Main", ""), ("DE", "80331", "Muenchen", ""), ("DE", "50667", "Köln", ""),
    ("DE", "10115", "Berlin-Mitte", ""), ("DE", "70173", "Hamburg", "town"), ("DE", "7017", "Stuttgart", "postal_code_form"), ("DE", "00000", "Stuttgart", "postal_code_unknown"),
    ("AT", "1010", "Wien", ""), ("AT", "6020", "Innsbruck", ""), ("AT", "1010", "Graz", "town"), ("AT", "0999", "Wien", "postal_code_form"),
    ("CH", "8001", "Zürich", ""), ("CH", "8001", "Bern", "town"), ("CH", "80010", "Zürich", "postal_code_form"),
    ("NL", "1012 JS", "Amsterdam", ""), ("NL", "1012JS", "Amsterdam", ""), ("NL", "1012 JS", "Rotterdam", "town"), ("NL", "1012", "Amsterdam", "postal_code_form"),
    ("LI", "9490", "Vaduz", ""), ("FR", "75001", "Paris", ""), ("DE", "", "Stuttgart", ""), ("DE", "70173", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("country", "code", "town", "doubt"), ADDRESSES)
async def test_postal_code_and_town_belong_together(country: str, code: str, town: str, doubt: str) -> None:
    towns = await PackagedAddresses().towns(country, code) if code else None
    found = customer_doubts(Customer(name="x", country=country, postal_code=code, town=town), towns)
    assert [one.key for one in found] == ([doubt] if doubt else [])


@pytest.mark.parametrize(
    ("country", "number", "right"),
    [
        ("DE", "DE136695976", True), ("DE", "DE136695977", False), ("DE", "136695976", True), ("AT", "ATU13585627", True), ("AT", "ATU13585626", False),
        ("NL", "NL004495445B01", True), ("NL", "NL123456789B01", False), ("CH", "CHE-107.787.577 MWST", True), ("CH", "CHE107787577", True), ("CH", "CHE-107.787.578 MWST", False),
        ("DE", "XX123", False), ("DE", "ATU13585627", True),
    ],
)  # fmt: skip
def test_vat_ids_by_their_check_digits(country: str, number: str, right: bool) -> None:
    found = customer_doubts(Customer(name="x", country=country, vat_id=number), None)
    assert [one.key for one in found] == ([] if right else ["vat_id"])


@pytest.mark.parametrize(
    ("email", "right"),
    [("a@firma.example", True), ("a.b+c@sub.firma.example", True), ("a@", False), ("firma.example", False), ("a b@firma.example", False)],
)
def test_addresses_of_e_mails(email: str, right: bool) -> None:
    assert [one.key for one in customer_doubts(Customer(name="x", email=email), None)] == ([] if right else ["email"])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Halle (Saale)", "Halle", True), ("St. Gallen", "Sankt Gallen", False), ("Köln", "Koeln", True), ("Ulm", "Umm", False)],
)
def test_spellings_of_a_town(one: str, other: str, same: bool) -> None:
    assert same_town(one, other) is same


class Localities(Server):
    """As openplzapi.org describes it."""

    def __init__(self) -> None:
        super().__init__()
        self.status = 200
        self.app.router.add_get("/{country}/Localities", self.answer)

    async def answer(self, request: web.Request) -> web.Response:
        assert request.match_info["country"] in ("de", "at", "ch", "li")
        assert set(request.query) == {"postalCode", "pageSize"}
        known: dict[str, list[dict[str, Any]]] = {"70173": [{"postalCode": "70173", "name": "Stuttgart", "federalState": {"key": "08"}}]}
        return web.json_response(known.get(request.query["postalCode"], []), status=self.status)


async def test_an_address_service_answers_and_the_offline_data_does_where_it_fails() -> None:
    async with Localities() as server:
        service = AddressService(server.origin, PackagedAddresses())
        assert await service.towns("DE", "70173") == ("Stuttgart",)
        assert await service.towns("DE", "80331") == ()
        server.status = 503
        assert "München" in await service.towns("DE", "80331")
        assert await service.towns("NL", "1012JS") == ("Amsterdam",)
    assert "Stuttgart" in await AddressService("http://127.0.0.1:9", PackagedAddresses()).towns("DE", "70173")
