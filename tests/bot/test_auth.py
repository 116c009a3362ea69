"""Who may speak to the bot endpoint: every kind of bad token is a 401, and no turn runs."""

from __future__ import annotations

import io
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bot.adapter import make_adapter
from bot.auth import TokenCheck
from bot.settings import Settings

APP, TENANT = "app-id", "tenant-1"
SERVICE = "https://smba.trafficmanager.net/emea/"
GOOD, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
SETTINGS = replace(Settings(), app_id=APP, app_password="secret", app_tenant=TENANT, allowed_tenants=frozenset({TENANT, "second"}))


def jwk(key: rsa.RSAPrivateKey, kid: str, endorsements: list[str]) -> dict[str, Any]:
    return {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, "endorsements": endorsements}


class Keys:
    """The key server; counts how often it is asked."""

    def __init__(self) -> None:
        self.keys = [jwk(GOOD, "k1", ["msteams"])]
        self.asked = 0
        self.down = False

    async def fetch(self, url: str) -> Any:
        if self.down:
            raise TimeoutError
        self.asked += 1
        return {"jwks_uri": "keys"} if "openid" in url else {"keys": self.keys}


class Turns:
    def __init__(self) -> None:
        self.count = 0

    async def on_turn(self, context: Any) -> None:
        self.count += 1


def token(key: rsa.RSAPrivateKey = GOOD, *, kid: str | None = "k1", alg: str = "RS256", **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": "https://api.botframework.com", "aud": APP, "iat": now, "nbf": now, "exp": now + 600, "serviceurl": SERVICE} | changes
    claims = {k: v for k, v in claims.items() if v is not None}
    return jwt.encode(claims, "x" * 32 if alg == "HS256" else key, algorithm=alg, headers={"kid": kid} if kid else {})


def activity(**changes: Any) -> dict[str, Any]:
    base = {
        "type": "message", "id": "1", "channelId": "msteams", "serviceUrl": SERVICE, "text": "hi", "from": {"id": "29:u"}, "recipient": {"id": "28:b"},
        "conversation": {"id": "c", "tenantId": TENANT}, "channelData": {"tenant": {"id": TENANT}},
    }  # fmt: skip
    return {k: v for k, v in (base | changes).items() if v is not None}


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
async def client(keys: Keys, turns: Turns, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TestClient]:
    adapter = make_adapter(SETTINGS, TokenCheck(APP, fetch=keys.fetch))

    async def no_connector(*_: object) -> object:
        return object()

    monkeypatch.setattr("botframework.connector.auth._connector_factory_impl._ConnectorFactoryImpl.create", no_connector)
    app = web.Application(client_max_size=2**20)

    async def messages(request: web.Request) -> web.Response:
        return await adapter.process(request, turns)

    app.router.add_post("/api/messages", messages)
    async with TestClient(TestServer(app)) as made:
        yield made


async def send(client: TestClient, header: str | None, body: Any = None, **options: Any) -> int:
    headers = {"Authorization": header} if header is not None else {}
    async with client.post("/api/messages", json=activity() if body is None else body, headers=headers, **options) as response:
        return response.status


async def test_a_good_token_passes(client: TestClient, turns: Turns, keys: Keys) -> None:
    for _ in range(3):
        assert await send(client, f"Bearer {token()}") == 202
    assert turns.count == 3
    assert keys.asked == 2, "metadata and keys once"


BAD_TOKENS = {
    "none": None, "empty": "", "basic": "Basic abc", "bearer-empty": "Bearer ", "garbage": "Bearer a.b.c", "two": "Bearer x y",
    "expired": f"Bearer {token(exp=int(time.time()) - 400)}", "not-yet": f"Bearer {token(nbf=int(time.time()) + 4000)}", "no-exp": f"Bearer {token(exp=None)}",
    "issuer": f"Bearer {token(iss='https://evil.example')}", "no-issuer": f"Bearer {token(iss=None)}", "emulator": f"Bearer {token(iss='https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/')}",
    "audience": f"Bearer {token(aud='other')}", "no-audience": f"Bearer {token(aud=None)}", "other-key": f"Bearer {token(OTHER)}", "unknown-kid": f"Bearer {token(kid='k9')}",
    "no-kid": f"Bearer {token(kid=None)}", "hs256": f"Bearer {token(alg='HS256')}", "service-url": f"Bearer {token(serviceurl='https://smba.trafficmanager.net/other/')}",
    "no-service-url": f"Bearer {token(serviceurl=None)}",
}  # fmt: skip


@pytest.mark.parametrize("header", BAD_TOKENS.values(), ids=BAD_TOKENS)
async def test_every_bad_token_is_a_401(client: TestClient, turns: Turns, header: str | None) -> None:
    assert await send(client, header) == 401
    assert turns.count == 0


async def test_alg_none_is_a_401(client: TestClient) -> None:
    unsigned = jwt.encode({"aud": APP}, None, algorithm="none", headers={"kid": "k1"})
    assert await send(client, f"Bearer {unsigned}") == 401


async def test_a_key_that_the_channel_does_not_endorse(client: TestClient, keys: Keys) -> None:
    keys.keys = [jwk(GOOD, "k1", ["directline"])]
    assert await send(client, f"Bearer {token()}") == 401


async def test_a_rotated_key_is_fetched_at_once_but_not_for_every_guess() -> None:
    keys, now = Keys(), [1000.0]
    check = TokenCheck(APP, fetch=keys.fetch, now=lambda: now[0])
    await check.claims(f"Bearer {token()}", activity())
    keys.keys = [jwk(OTHER, "k2", ["msteams"])]
    now[0] += 61
    assert (await check.claims(f"Bearer {token(OTHER, kid='k2')}", activity()))["aud"] == APP
    asked = keys.asked
    for _ in range(5):
        with pytest.raises(Exception, match="unknown key"):
            await check.claims(f"Bearer {token(kid='k3')}", activity())
    assert keys.asked == asked


async def test_keys_that_cannot_be_fetched_for_a_moment_keep_nobody_out() -> None:
    keys, now = Keys(), [1000.0]
    check = TokenCheck(APP, fetch=keys.fetch, now=lambda: now[0])
    keys.down = True
    with pytest.raises(Exception, match="cannot be fetched"):
        await check.claims(f"Bearer {token()}", activity())
    keys.down = False
    now[0] += 4
    assert await check.claims(f"Bearer {token()}", activity()), "seconds later they are asked for again"
    keys.down = True
    now[0] += 2 * 86_400
    assert await check.claims(f"Bearer {token()}", activity()), "those of before hold"


async def test_no_keys_no_entry(client: TestClient, keys: Keys) -> None:
    keys.down = True
    assert await send(client, f"Bearer {token()}") == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"conversation": {"id": "c", "tenantId": "other"}},
        {"channelData": {"tenant": {"id": "other"}}},
        {"conversation": {"id": "c"}, "channelData": None},
        {"conversation": {"id": "c", "tenantId": "second"}},
        {"conversation": {"id": "c", "tenantId": {"a": TENANT}}},
        {"conversation": {"id": "c", "tenantId": f"{TENANT}!"}},
        {"conversation": {"id": "c", "tenantID": "evil"}},
        {"channelData": {"tenant": {"id": [TENANT]}}},
    ],
)
async def test_other_tenants_are_refused(client: TestClient, turns: Turns, changes: dict[str, Any]) -> None:
    assert await send(client, f"Bearer {token()}", activity(**changes)) == 403
    assert turns.count == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://smba.trafficmanager.net/",
        "https://smba.trafficmanager.net.evil.example/",
        "https://169.254.169.254/",
        "https://eviltrafficmanager.net/",
        "https://attacker.trafficmanager.net/",
        "https://evil.teams.microsoft.com.example/",
        "https://u:p@smba.trafficmanager.net/",
        "https://smba.trafficmanager.net:8443/",
        "https://smba.trafficmanager.net:x/",
    ],
)
async def test_service_urls_off_the_list_are_refused_even_when_signed(client: TestClient, turns: Turns, url: str) -> None:
    assert await send(client, f"Bearer {token(serviceurl=url)}", activity(serviceUrl=url)) == 403
    assert turns.count == 0


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"type": "message", "channelId": ["msteams"]}', "application/json", 400),
        (b"x", "text/plain", 415),
        (b"", None, 415),
        (b" " * (2**20 + 9), "application/json", 413),
    ],
)
async def test_bad_bodies(client: TestClient, data: bytes, content_type: str | None, status: int) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    async with client.post("/api/messages", data=io.BytesIO(data), headers=headers, skip_auto_headers=("Content-Type",)) as response:
        assert response.status == status


async def test_other_methods(client: TestClient) -> None:
    async with client.get("/api/messages") as response:
        assert response.status == 405
