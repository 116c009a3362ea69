"""The exchange of the tab's token for one for Graph, against a token endpoint that takes what Entra's documentation says, and nothing else.

Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow (request and error codes), …/v2-protocols-oidc.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests

from pipeline.adapters.entra import GRAPH, LOGIN, AppTokens, OnBehalfOf, Secret
from pipeline.adapters.peoples_tokens import PeoplesTokens
from pipeline.errors import SignInNeeded, TransientError
from pipeline.model.person import Person
from tests.world import Clock

APP, SECRET, FIRM = "6d2b1b0c-0000-4000-8000-00000000a001", "s3cret", "11111111-2222-4333-8444-555555555555"
GOOD = "tab-token-of-anna"


@dataclass
class Answer:
    status_code: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise requests.HTTPError(str(self.status_code))


@dataclass
class Entra:
    """Answers msal; `error` is what the next exchange fails with."""

    error: str = ""
    down: bool = False
    exchanges: int = 0

    def get(self, url: str, **_: Any) -> Answer:
        if self.down:
            raise requests.ConnectionError
        if "/common/discovery/instance" in url:
            return Answer(200, json.dumps({"tenant_discovery_endpoint": "-", "metadata": []}))
        assert url == f"{LOGIN}/{FIRM}/v2.0/.well-known/openid-configuration"
        base = f"{LOGIN}/{FIRM}"
        found = {"authorization_endpoint": f"{base}/oauth2/v2.0/authorize", "token_endpoint": f"{base}/oauth2/v2.0/token", "issuer": f"{base}/v2.0"}
        return Answer(200, json.dumps(found))

    def post(self, url: str, data: Any = None, **_: Any) -> Answer:
        if self.down:
            raise requests.ConnectionError
        assert url == f"{LOGIN}/{FIRM}/oauth2/v2.0/token"
        sent = {k: v[0] for k, v in parse_qs(data).items()} if isinstance(data, str) else dict(data)
        if (sent.get("client_id"), sent.get("client_secret")) != (APP, SECRET):
            return self._refused("invalid_client", 7000215)
        if f"{GRAPH}/.default" not in sent.get("scope", "").split():
            return self._refused("invalid_scope", 70011)
        if sent["grant_type"] == "client_credentials":
            return Answer(200, json.dumps({"token_type": "Bearer", "expires_in": 3599, "access_token": "app-token"}))
        if sent["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer" or sent.get("requested_token_use") != "on_behalf_of":
            return self._refused("unsupported_grant_type", 70003)
        if self.error:
            return self._refused(self.error, 65001)
        if sent.get("assertion") != GOOD:
            return self._refused("invalid_grant", 50013)
        self.exchanges += 1
        return Answer(
            200, json.dumps({"token_type": "Bearer", "scope": "Files.ReadWrite", "expires_in": 3599, "access_token": "graph-token-of-anna"})
        )

    def _refused(self, error: str, code: int) -> Answer:
        return Answer(400, json.dumps({"error": error, "error_codes": [code], "error_description": "AADSTS… anna@firm.example"}))

    def close(self) -> None: ...


def exchange(entra: Entra, secret: str = SECRET) -> OnBehalfOf:
    return OnBehalfOf(Secret(APP, secret, http=entra))


async def test_the_tabs_token_becomes_one_for_graph() -> None:
    entra = Entra()
    assert await exchange(entra).graph(GOOD, FIRM) == "graph-token-of-anna"
    assert entra.exchanges == 1


async def test_the_apps_own_token() -> None:
    assert await AppTokens(Secret(APP, SECRET, http=Entra()), FIRM).token(GRAPH) == "app-token"


@pytest.mark.parametrize("error", ["invalid_grant", "interaction_required"])
async def test_who_has_to_consent_or_to_prove_more_signs_in_anew(error: str) -> None:
    with pytest.raises(SignInNeeded):
        await exchange(Entra(error=error)).graph(GOOD, FIRM)


async def test_an_old_token_is_a_sign_in() -> None:
    with pytest.raises(SignInNeeded):
        await exchange(Entra()).graph("an old one", FIRM)


@pytest.mark.parametrize("entra", [Entra(down=True), Entra(error="temporarily_unavailable"), Entra(error="server_error")])
async def test_what_may_pass_is_tried_again(entra: Entra) -> None:
    with pytest.raises(TransientError):
        await exchange(entra).graph(GOOD, FIRM)


async def test_a_wrong_secret_is_the_admins_business_and_named_without_people(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(TransientError):
        await exchange(Entra(), "wrong").graph(GOOD, FIRM)
    assert "client secret" in caplog.text
    assert "anna" not in caplog.text


# --- a person's token, wherever they have signed in

ANNA = Person(tenant=FIRM, user="anna")
IN_CHAT = Person(tenant=FIRM, user="anna", channel_user="29:anna")


class ChatTokens:
    """The chat's token service: it knows whoever has a channel's id."""

    async def graph(self, person: Person) -> str:
        if not person.channel_user:
            raise SignInNeeded
        return f"chat-token-of-{person.channel_user}"


def peoples(entra: Entra, clock: Clock, known: Person | None) -> PeoplesTokens:
    async def chat(person: Person) -> Person | None:
        return known

    return PeoplesTokens(ChatTokens(), exchange(entra), chat, now=clock.now)


async def test_jobs_of_the_chat_use_the_chats_sign_in() -> None:
    tokens = peoples(Entra(), Clock(), None)
    tokens.hand_in(ANNA, GOOD)
    assert await tokens.graph(IN_CHAT) == "chat-token-of-29:anna"


async def test_jobs_of_the_tab_use_its_token_while_it_is_good_then_the_chats_sign_in() -> None:
    clock = Clock()
    tokens = peoples(Entra(), clock, IN_CHAT)
    tokens.hand_in(ANNA, GOOD)
    assert await tokens.graph(ANNA) == "graph-token-of-anna"
    clock.time += timedelta(minutes=61)
    assert await tokens.graph(ANNA) == "chat-token-of-29:anna"


async def test_who_has_signed_in_nowhere_has_no_token() -> None:
    tokens = peoples(Entra(), Clock(), None)
    tokens.hand_in(Person(tenant="other", user="anna"), GOOD)
    with pytest.raises(SignInNeeded):
        await tokens.graph(ANNA)


async def test_a_token_of_the_tab_that_has_ended_hides_nobodys_sign_in_in_the_chat() -> None:
    tokens = peoples(Entra(), Clock(), IN_CHAT)
    tokens.hand_in(ANNA, "ended")
    assert await tokens.graph(ANNA) == "chat-token-of-29:anna"
