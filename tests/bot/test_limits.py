"""One person's haste is everybody's patience: limits per person, addresses that nothing is sent to, a key server that does not answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.adapter import make_adapter
from bot.auth import TokenCheck
from bot.keys import fetch_json
from bot.places import Places
from bot.rates import Allowance, Rates
from bot.sender import Sender, Unreachable
from bot.settings import Settings
from pipeline.errors import UserError
from pipeline.model.document import Document
from pipeline.model.job import Conversation
from pipeline.model.person import Person, Role
from tests.bot.signed_in import FIRM, Site, site, token
from tests.bot.test_api import form
from tests.bot.test_auth import APP, SETTINGS, activity
from tests.bot.test_auth import token as bot_token
from tests.conftest import sample
from tests.e2e.teams import FILE, Teams, teams_world
from tests.fakes import Connector, Files, Server
from tests.world import make_world

ANNA, BEN = (Person(tenant=FIRM, user=name) for name in ("anna", "ben"))


async def refused(rates: Rates, person: Person, times: int) -> int:
    count = 0
    for _ in range(times):
        try:
            await rates.message(person)
        except UserError as error:
            assert error.key == "too_fast"
            count += 1
    return count


async def test_each_person_has_an_allowance_of_their_own() -> None:
    rates = Rates(Allowance(messages=30, uploads=20))
    assert await refused(rates, ANNA, 30) == 0
    assert await refused(rates, ANNA, 5) == 5
    assert await refused(rates, BEN, 30) == 0
    assert await refused(Rates(Allowance(0, 0)), ANNA, 500) == 0


@pytest.fixture
async def signed(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[Site]:
    async with make_world(tmp_path, documents) as world, site(world) as made:
        made.directory.given = {(FIRM, name): frozenset({Role.RECRUITER}) for name in ("anna", "ben")}
        yield made


async def test_uploads_beyond_the_allowance_are_a_429_and_add_nothing(signed: Site) -> None:
    answers = [
        (await signed.ask("POST", "/api/v1/cv/process", token("anna"), data=form(("a.pdf", sample("de-tabelle-yilmaz")))))[0] for _ in range(5)
    ]
    assert answers == [202, 202, 202, 429, 429]
    assert len((await signed.ask("GET", "/api/v1/jobs", token("anna")))[1]["jobs"]) == 3
    assert (await signed.ask("POST", "/api/v1/cv/process", token("ben"), data=form(("a.pdf", sample("de-tabelle-yilmaz")))))[0] == 202


@pytest.fixture
async def hasty(settings: Settings, connector: Connector, files: Files, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Teams]:
    begin = Rates.__init__
    monkeypatch.setattr(Rates, "__init__", lambda self, _: begin(self, Allowance(messages=4, uploads=2)))
    async with teams_world(settings, connector, files, sso=False) as made:
        yield made


async def test_the_chat_says_so_and_begins_nothing(hasty: Teams) -> None:
    for number in range(3):
        await hasty.drop(FILE, number=f"a{number}")
    await hasty.until(lambda sent: any("sehr viele Anfragen" in s.text for s in sent))
    assert len({s.message for s in hasty.connector.sent if "sehr viele Anfragen" not in s.text}) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/",
        "https://evil.smba.trafficmanager.net.example/",
        "http://smba.trafficmanager.net/",
        "https://eviltrafficmanager.net/",
        "",
        "https://[",
        "file:///etc/passwd",
    ],
)
async def test_nothing_is_sent_to_an_address_that_is_not_the_channels(places: Places, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it came to be stored: no connection is made, no token fetched."""

    def connected(*_: object, **__: object) -> None:
        raise AssertionError("connected")

    monkeypatch.setattr("socket.socket.connect", connected)
    sender = Sender(make_adapter(SETTINGS, TokenCheck(APP)), places)
    where = Conversation(tenant="tenant-1", id="c", service_url=url, channel="msteams", bot_id="28:b", user_id="29:u", user="u")
    with pytest.raises(Unreachable):
        await sender.post(where, {"type": "AdaptiveCard"})
    with pytest.raises(Unreachable):
        await sender.replace(where, "1", {"type": "AdaptiveCard"})


async def test_a_key_server_that_does_not_answer_holds_nobody_up() -> None:
    hold = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await hold.wait()
        return web.Response()

    async def messages(request: web.Request) -> web.Response:
        return await adapter.process(request, None)

    async def live(request: web.Request) -> web.Response:
        return web.Response()

    keys = Server()
    keys.app.router.add_get("/keys", hang)
    async with keys:
        adapter = make_adapter(SETTINGS, TokenCheck(APP, metadata=f"{keys.origin}/keys", fetch=fetch_json))
        app = web.Application()
        app.add_routes([web.post("/api/messages", messages), web.get("/health/live", live)])
        async with TestClient(TestServer(app)) as client:
            begun = time.monotonic()
            asking = [
                asyncio.create_task(client.post("/api/messages", json=activity(), headers={"Authorization": f"Bearer {bot_token()}"}))
                for _ in range(10)
            ]
            await asyncio.sleep(0.2)
            slowest = 0.0
            for _ in range(50):
                before = time.monotonic()
                assert (await client.get("/health/live")).status == 200
                slowest = max(slowest, time.monotonic() - before)
            assert {(await answer).status for answer in asyncio.as_completed(asking)} == {401}
            assert time.monotonic() - begun < 15
            assert slowest < 4.0, "others wait for what is being fetched"
        hold.set()


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/"])
async def test_nothing_says_which_versions_run(signed: Site, path: str) -> None:
    async with signed.client.get(path) as response:
        said = f"{response.headers} {await response.text()}".lower()
        assert not [word for word in ("aiohttp", "python", "botbuilder") if word in said]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/unknown", 404), ("/metrics", 404), ("/health/x", 404), ("/static/", 403), ("/static/../guard.py", 404), ("/admin", 404), ("/.env", 404)],
)
async def test_unknown_addresses_and_folders_show_nothing(signed: Site, path: str, status: int) -> None:
    assert (await signed.ask("GET", path, token("anna")))[0] == status


@pytest.mark.parametrize(("method", "path"), [("POST", "/static/app.js"), ("PUT", "/health/live"), ("GET", "/api/unknown"), ("POST", "/api/match")])
async def test_refusals_and_bad_bodies_do_not_either(signed: Site, method: str, path: str) -> None:
    async with signed.client.request(method, path, headers={"Authorization": f"Bearer {token('anna')}"}, data="[" * 100_000) as response:
        assert response.headers["Server"] == "CV Generator"
        assert 400 <= response.status < 500
