"""The personal tab in headless Chromium, in a frame of Teams, with Microsoft's client library: it signs in silently and shows what is the person's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.web.page import TEAMS_JS
from pipeline.model.document import Document
from pipeline.model.person import Role
from tests.bot.signed_in import FIRM, Site, site, token
from tests.conftest import NODE, chromium, node
from tests.world import make_world


@pytest.fixture
async def signed(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[Site]:
    async with make_world(tmp_path, documents) as world, site(world) as made:
        made.directory.given = {(FIRM, "anna"): frozenset({Role.RECRUITER}), (FIRM, "adam"): frozenset({Role.ADMIN})}
        for user in ("anna", "adam"):
            await world.run(await world.submit(user=user))
        yield made


async def opened(signed: Site, tmp_path: Path, bearer: str, *more: str) -> dict[str, object]:
    url = str(signed.client.make_url("")).rstrip("/")
    return await asyncio.to_thread(node, "tab.mjs", url, chromium(), str(tmp_path), bearer, *more)


async def test_it_signs_in_silently_and_shows_what_is_the_persons(signed: Site, tmp_path: Path) -> None:
    result = await opened(signed, tmp_path, token("anna"))
    assert result["problems"] == []
    assert (result["lang"], result["theme"], result["names"], result["message"]) == ("de", "dark", ["Deniz Yilmaz"], "")
    assert "12,3 Jahre" in str(result["line"]), "the client's language, not the browser's"
    assert {"initialize", "authentication.getAuthToken", "registerHandler", "appInitialization.success"} <= set(result["asked"])
    assert result["keys"] is False, "not an admin's"
    assert (await signed.ask("GET", str(result["open"])))[0] == 200, "a browser sends no token along"


async def test_an_admin_makes_a_key_sees_it_once_and_revokes_it(signed: Site, tmp_path: Path) -> None:
    result = await opened(signed, tmp_path, token("adam"), "keys")
    assert result["problems"] == []
    assert result["keys"] is True
    assert str(result["key"]).startswith(f"cvg_{FIRM}_")
    assert (await signed.ask("GET", "/api/v1/jobs", str(result["key"])))[0] == 401, "it was revoked"


async def test_without_consent_it_says_so_and_shows_nothing(signed: Site, tmp_path: Path) -> None:
    result = await opened(signed, tmp_path, "")
    assert "Anmeldung in Teams" in str(result["message"])
    assert result["names"] == []


def test_the_library_is_the_one_that_its_makers_publish() -> None:
    readme = (NODE / "node_modules/@microsoft/teams-js/README.md").read_text("utf-8")
    address, _, integrity = (part for part in (TEAMS_JS.split('"')[1], "", TEAMS_JS.split('integrity="')[1].split('"')[0]))
    assert address in readme
    assert integrity in readme
