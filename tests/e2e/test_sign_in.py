"""Signing in from the 1:1 chat: silently where consent exists, by one card where not; the work never waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.settings import Settings
from tests.conftest import free_port
from tests.e2e.teams import FILE, GROUP_MESSAGE, Teams, teams_world
from tests.fakes import Connector, Files
from tests.graph.token_service import CONNECTION, EXCHANGE


@pytest.fixture
async def teams(settings: Settings, connector: Connector, files: Files) -> AsyncIterator[Teams]:
    async with teams_world(settings, connector, files) as made:
        yield made


def exchange(number: str = "exchange-1", **changes: Any) -> dict[str, Any]:
    return {"id": number, "connectionName": CONNECTION, "token": "token-of-the-client"} | changes


async def asked(teams: Teams) -> None:
    await teams.until(lambda _: bool(teams.of_kind("oauth")))
    await asyncio.sleep(0.1)  # until the card is noted


async def test_the_first_file_is_worked_on_while_the_person_is_asked_to_sign_in(teams: Teams) -> None:
    await teams.drop()
    await teams.until(lambda sent: any("In Word öffnen" in s.text for s in sent if s.kind.endswith("adaptive")) and bool(teams.of_kind("oauth")))
    [card] = teams.of_kind("oauth")
    assert card.card == {
        "text": "Melden Sie sich an, damit Word-Dateien in Ihr OneDrive kommen und ich Dateien aus Ihren Gruppenchats öffnen kann. Ihre Arbeit läuft inzwischen weiter.",
        "connectionName": CONNECTION,
        "tokenExchangeResource": EXCHANGE,
        "tokenPostResource": {"sasUrl": "https://token.example/post"},
        "buttons": [{"type": "signin", "title": "Anmelden", "value": "https://token.botframework.com/api/oauth/signin?signin=abc"}],
    }
    await teams.say("status", number="t2")
    await asyncio.sleep(0.2)
    assert len(teams.of_kind("oauth")) == 1, "not at every message"


async def test_who_has_signed_in_is_not_asked(teams: Teams) -> None:
    teams.sign_in()
    await teams.say("hilfe")
    await asyncio.sleep(0.2)
    assert not teams.of_kind("oauth")


async def test_three_clients_send_a_token_each_and_one_is_exchanged(teams: Teams) -> None:
    teams.consent()
    await teams.say("hilfe")
    await asked(teams)
    answers = await asyncio.gather(*(teams.invoke("signin/tokenExchange", exchange(), number=f"i{i}") for i in range(3)))
    assert answers == [{"id": "exchange-1", "connectionName": CONNECTION}] * 3
    assert teams.tokens.count("exchange") == 1
    [card] = teams.of_kind("oauth")
    await teams.until(lambda sent: sent[-1].message == card.message and "Sie sind angemeldet" in sent[-1].text)
    await teams.say("hilfe", number="t9")
    await asyncio.sleep(0.2)
    assert len(teams.of_kind("oauth")) == 1


async def test_without_consent_all_clients_show_the_button_and_the_code_signs_in(teams: Teams) -> None:
    await teams.say("hilfe")
    await asked(teams)
    for number in ("i1", "i2"):
        body = await teams.invoke("signin/tokenExchange", exchange(), number=number, status=412)
        assert body == {
            "id": "exchange-1",
            "connectionName": CONNECTION,
            "failureDetail": "The bot cannot exchange the token. Sign in with the button.",
        }
    assert teams.tokens.count("exchange") == 1
    teams.tokens.codes["29:user", "123456"] = "token-of-user-1"
    await teams.invoke("signin/verifyState", {"state": "999999"}, number="i3", status=404)
    await teams.invoke("signin/verifyState", {"state": "123456"}, number="i4")
    await teams.until(lambda sent: "Sie sind angemeldet" in sent[-1].text)


@pytest.mark.parametrize("state", ["CancelledByUser", "UserCancelledSignIn", ""])
async def test_a_closed_window_is_no_error(teams: Teams, state: str) -> None:
    await teams.say("hilfe")
    await asked(teams)
    await teams.invoke("signin/verifyState", {"state": state})
    await teams.until(lambda sent: "Ohne Anmeldung geht es auch" in sent[-1].text)
    assert teams.connector.sent[-1].message == teams.of_kind("oauth")[0].message
    await teams.say("hilfe", number="t2")
    await asyncio.sleep(0.2)
    assert len(teams.of_kind("oauth")) == 1


@pytest.mark.parametrize(("changes"), [{"connectionName": "other"}, {"id": ""}, {"token": ""}, {"token": None}])
async def test_an_exchange_that_is_none(teams: Teams, changes: dict[str, Any]) -> None:
    body = await teams.invoke("signin/tokenExchange", exchange(**changes), status=400)
    assert body["failureDetail"]
    assert teams.tokens.count("exchange") == 0


async def test_where_the_token_service_fails_the_next_client_is_tried(teams: Teams) -> None:
    teams.consent()
    teams.tokens.faults = [503]
    await teams.invoke("signin/tokenExchange", exchange(), status=412)
    await teams.invoke("signin/tokenExchange", exchange(), number="i2")
    assert teams.tokens.count("exchange") == 2


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("installappfailed", "unter „Apps“ selbst hinzu"),
        ("authrequestfailed", "nennen Sie Ihrer Administration diesen Code: authrequestfailed"),
        ("installedappnotfound", "fügen Sie die App in Teams"),
        ("invokeerror", "Die Anmeldung kam nicht an"),
        ("resourcematchfailed", "diesen Code: resourcematchfailed"),
        ("oauthcardnotvalid", "diesen Code: oauthcardnotvalid"),
        ("tokenmissing", "diesen Code: tokenmissing"),
        ("<b>neu</b> 1", "diesen Code: bneub"),
    ],
)
async def test_each_failure_is_logged_and_said_once(teams: Teams, caplog: pytest.LogCaptureFixture, code: str, said: str) -> None:
    with caplog.at_level(logging.ERROR):
        for number in ("i1", "i2"):
            assert await teams.invoke("signin/failure", {"code": code, "message": "Anna Muster"}, number=number) is None
    await teams.until(lambda sent: said in sent[-1].text)
    await asyncio.sleep(0.1)
    assert len(teams.connector.sent) == 1
    assert "signin/failure: " in caplog.text
    assert "Muster" not in caplog.text


@pytest.mark.parametrize("code", ["userconsentrequired", "interactionrequired"])
async def test_what_the_client_asks_the_person_itself_is_not_said_again(teams: Teams, code: str) -> None:
    await teams.invoke("signin/failure", {"code": code})
    await asyncio.sleep(0.1)
    assert teams.connector.sent == []


@pytest.mark.parametrize("text", ["abmelden", "Sign out", "sign-out", "logout"])
async def test_signing_out(teams: Teams, text: str) -> None:
    teams.sign_in()
    await teams.say(text)
    await teams.until(lambda sent: "Sie sind abgemeldet" in sent[-1].text)
    await asyncio.sleep(0.1)
    assert teams.tokens.tokens == {}
    assert not teams.of_kind("oauth"), "who signs out is not asked at once"


@pytest.mark.parametrize("text", ["anmelden", "sign in", "Login"])
async def test_asking_for_it(teams: Teams, text: str) -> None:
    for number in ("t1", "t2"):
        await teams.say(text, number=number)
    await teams.until(lambda _: len(teams.of_kind("oauth")) == 2)


async def test_what_waits_for_the_sign_in_goes_on_after_it(teams: Teams) -> None:
    teams.chats.attach(GROUP_MESSAGE, FILE, link=teams.files.origin, readers=("user-1",))
    await teams.mention()
    await teams.until(
        lambda sent: any("melden Sie sich zuerst an" in s.text for s in sent if s.kind.endswith("adaptive")) and bool(teams.of_kind("oauth"))
    )
    assert teams.of_kind("oauth")[0].conversation == "a:29:user", "it is asked in the 1:1 chat"
    teams.consent()
    await teams.invoke("signin/tokenExchange", exchange())
    await teams.until(lambda sent: any(s.text.startswith("✅ Fertig") for s in sent if s.conversation.startswith("19:")))


async def test_where_nobody_can_sign_in_nobody_is_asked(settings: Settings, connector: Connector, files: Files) -> None:
    async with teams_world(replace(settings, port=free_port()), connector, files, sso=False) as teams:
        await teams.say("abmelden")
        await teams.until(lambda sent: "Eine Anmeldung ist hier nicht eingerichtet" in sent[-1].text)
        body = await teams.invoke("signin/tokenExchange", exchange(), status=501)
        assert body["type"] == "application/vnd.microsoft.error"
        assert teams.tokens.calls == []
