"""Who has opened the tab: every kind of bad token is a 401, and says nothing of why."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest

from pipeline.model.document import Document
from pipeline.model.person import Role
from tests.bot.signed_in import APP, FIRM, OTHER_KEY, Site, site, token
from tests.world import make_world


@pytest.fixture
async def signed(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[Site]:
    async with make_world(tmp_path, documents) as world, site(world) as made:
        made.directory.given[FIRM, "anna"] = frozenset({Role.RECRUITER})
        yield made


async def test_a_good_token_says_who_it_is_and_the_directory_what_they_may(signed: Site) -> None:
    assert await signed.ask("GET", "/api/me", token()) == (200, {"tenant": FIRM, "user": "anna", "roles": ["recruiter"]})
    assert await signed.ask("GET", "/api/v1/jobs", token(roles=["Admin"])) == (200, {"jobs": []})
    assert (await signed.ask("GET", "/api/v1/keys", token(roles=["Admin"])))[0] == 403, "roles that a token names do not count"
    assert signed.entra.asked == 2, "metadata and keys once"


@pytest.mark.parametrize("audience", [APP, f"api://{APP}", f"api://botid-{APP}", f"api://cv.firma.de/botid-{APP}"])
async def test_every_name_of_the_app_is_its_own(signed: Site, audience: str) -> None:
    assert (await signed.ask("GET", "/api/me", token(aud=audience)))[0] == 200


def now(seconds: int) -> int:
    return int(time.time()) + seconds


BAD = {
    "none": "", "garbage": "a.b.c", "key of ours that is none": "cvg_t_1_2", "expired": token(exp=now(-400)), "not yet": token(nbf=now(4000)), "no end": token(exp=None),
    "audience": token(aud="other"), "audience of another host": token(aud=f"api://evil.example/botid-{APP}"), "for Graph": token(aud="https://graph.microsoft.com"), "issuer": token(iss="https://evil.example/t/v2.0"), "version 1": token(iss="https://sts.windows.net/t/", ver="1.0"),
    "tenant not allowed": token(tenant="evil"), "issuer of another tenant": token(iss="https://login.microsoftonline.com/t2/v2.0"), "no tenant": token(tid=None), "no person": token(oid=None),
    "no scope": token(scp=None), "scope": token(scp="User.Read"), "scope in a word": token(scp="access_as_users"), "app only": token(scp=None, idtyp="app", roles=["Admin"]), "app with scope": token(idtyp="app"),
    "client": token(azp="00000000-0000-0000-0000-000000000000"), "no client": token(azp=None), "other key": token(key=OTHER_KEY), "unknown key": token(kid="k9"), "HS256": token(alg="HS256"),
    "unsigned": jwt.encode({"aud": APP, "tid": FIRM, "oid": "anna"}, None, algorithm="none", headers={"kid": "k1"}), "tenant as a list": token(tid=[FIRM]),
}  # fmt: skip


@pytest.mark.parametrize("bearer", BAD.values(), ids=BAD)
async def test_every_bad_token_is_a_401(signed: Site, bearer: str) -> None:
    status, body = await signed.ask("GET", "/api/v1/jobs", bearer)
    assert (status, body["error"]["key"]) == (401, "sign_in_first")


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "bearer ", f"Token {token()}", token()])
async def test_every_other_header_is_a_401(signed: Site, header: str) -> None:
    assert (await signed.ask("GET", "/api/v1/jobs", headers={"Authorization": header}))[0] == 401


async def test_who_is_on_the_same_computer_has_to_sign_in_too(signed: Site) -> None:
    """A proxy that sets no header comes from here."""
    assert (await signed.ask("GET", "/api/jobs"))[0] == 401
    assert (await signed.ask("GET", "/api/jobs?tenant=t"))[0] == 401


async def test_keys_that_cannot_be_had_let_nobody_in(signed: Site) -> None:
    signed.entra.down = True
    assert (await signed.ask("GET", "/api/jobs", token()))[0] == 401


async def test_rights_that_cannot_be_checked_are_none(signed: Site) -> None:
    signed.directory.down = True
    status, body = await signed.ask("GET", "/api/jobs", token())
    assert (status, body["error"]["key"]) == (503, "rights_unknown")
