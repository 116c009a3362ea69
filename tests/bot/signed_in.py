"""The web application with an app registered: whoever asks needs the tab's token or a key. Entra is a key pair of ours."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jwt
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.board import Links
from bot.rates import Allowance, Rates
from bot.web.api import Api
from bot.web.caller import Callers
from bot.web.health import Health
from bot.web.hub import Hub
from bot.web.keys import KeysApi
from bot.web.matching import MatchingApi
from bot.web.offers import OffersApi
from bot.web.page import Page
from bot.web.server import make_app
from bot.web.tab_tokens import LOGIN, TabTokens
from pipeline.errors import TransientError
from pipeline.model.link import signed_query
from pipeline.model.person import Person, Role
from tests.bot.test_auth import jwk
from tests.world import World

APP, FIRM, OTHER_FIRM = "6d2b1b0c-0000-4000-8000-00000000a001", "t", "t2"
TEAMS = "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"
KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
LINK_KEY = b"k" * 32


class Entra:
    """Keys of each tenant, and how often they were asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self.down = False

    async def fetch(self, url: str) -> Any:
        self.asked += 1
        if self.down:
            raise TimeoutError
        return {"jwks_uri": "keys"} if url.startswith(LOGIN) else {"keys": [{k: v for k, v in jwk(KEY, "k1", []).items() if k != "endorsements"}]}


def token(user: str = "anna", tenant: str = FIRM, *, key: rsa.RSAPrivateKey = KEY, kid: str = "k1", alg: str = "RS256", **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": f"{LOGIN}/{tenant}/v2.0", "aud": APP, "iat": now, "nbf": now, "exp": now + 600, "ver": "2.0", "tid": tenant, "oid": user,
        "scp": "access_as_user", "azp": TEAMS, "preferred_username": "admin@firm.example",
    } | changes  # fmt: skip
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, "x" * 32 if alg == "HS256" else key, algorithm=alg, headers={"kid": kid})


@dataclass
class Roles:
    """Who has which; asked for each request."""

    given: dict[tuple[str, str], frozenset[Role]] = field(default_factory=dict)
    down: bool = False

    async def roles(self, person: Person) -> frozenset[Role]:
        if self.down:
            raise TransientError("directory")
        return self.given.get((person.tenant, person.user), frozenset())


@dataclass
class Site:
    client: TestClient
    world: World
    directory: Roles
    entra: Entra

    async def ask(self, method: str, path: str, bearer: str = "", **sent: Any) -> tuple[int, Any]:
        headers = {**({"Authorization": f"Bearer {bearer}"} if bearer else {}), **sent.pop("headers", {})}
        async with self.client.request(method, path, headers=headers, **sent) as response:
            if response.content_type == "text/event-stream":
                return response.status, None
            return response.status, await (response.json() if response.content_type == "application/json" else response.read())

    def link(self, path: str, tenant: str = FIRM) -> str:
        return f"{path}?{signed_query(LINK_KEY, path, tenant, now=datetime.now(UTC))}"


@asynccontextmanager
async def site(world: World) -> AsyncIterator[Site]:
    directory, entra, service = Roles(), Entra(), world.service
    hub = Hub()
    parts = (
        Api(
            service,
            hub,
            lambda: None,
            link=Links("http://x", lambda: datetime.now(UTC), LINK_KEY).path,
            rates=Rates(Allowance(5, 3)),
            templates=("classic", "modern"),
        ),
        MatchingApi(service, lambda: None, rates=Rates(Allowance(0, 0)), firm="F", templates=None),
        OffersApi(service, directory),
        KeysApi(service.api_keys),
        Page(templates=("classic",), default="classic"),
        Health({}),
    )
    callers = Callers(directory, service.api_keys, TabTokens(APP, "cv.firma.de", {FIRM, OTHER_FIRM}, fetch=entra.fetch), tenants={FIRM, OTHER_FIRM})
    app = make_app(None, None, parts, callers=callers, unsigned=False, link_key=LINK_KEY)
    async with TestClient(TestServer(app)) as client:
        yield Site(client, world, directory, entra)
        hub.close()
