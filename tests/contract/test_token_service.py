"""The token service's client, against a service that refuses what is not as published."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from pipeline.adapters.token_service import TokenService
from pipeline.errors import SignInNeeded, TransientError
from pipeline.model.job import Conversation
from pipeline.model.person import Person
from tests.graph.token_service import CONNECTION, EXCHANGE
from tests.graph.token_service import TokenService as Fake

ANNA = Person(tenant="tenant-1", user="anna", channel_user="29:anna")
CHAT = Conversation(tenant="tenant-1", id="a:1", service_url="https://x/", channel="msteams", bot_id="28:app", user_id="29:anna", user="anna")


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    async with Fake(bot_token="bot-token") as server:
        yield server


def client(fake: Fake, *, token: str = "bot-token", connection: str = CONNECTION) -> TokenService:
    async def bot_token() -> str:
        return token

    return TokenService(fake.origin, connection=connection, app_id="app", bot_token=bot_token)


async def test_a_job_gets_a_fresh_token_by_the_channels_id(fake: Fake) -> None:
    fake.tokens["29:anna"] = "graph-token"
    assert await client(fake).graph(ANNA) == "graph-token"


async def test_who_has_not_signed_in_has_to(fake: Fake) -> None:
    with pytest.raises(SignInNeeded):
        await client(fake).graph(ANNA)


async def test_who_is_in_no_chat_cannot_be_known_to_the_service(fake: Fake) -> None:
    with pytest.raises(SignInNeeded):
        await client(fake).graph(Person(tenant="tenant-1", user="anna"))
    assert fake.calls == []


async def test_the_offer_is_handed_on_as_it_is(fake: Fake) -> None:
    offer = await client(fake).offer(CHAT)
    assert offer.exchange == EXCHANGE
    assert offer.post == {"sasUrl": "https://token.example/post"}
    assert offer.link.startswith("https://token.botframework.com/")


async def test_exchanging_with_and_without_consent(fake: Fake) -> None:
    assert not await client(fake).exchange(ANNA, "client-token")
    fake.consented["29:anna"] = "graph-token"
    assert await client(fake).exchange(ANNA, "client-token")
    assert await client(fake).graph(ANNA) == "graph-token"


async def test_a_code_counts_once(fake: Fake) -> None:
    fake.codes["29:anna", "123456"] = "graph-token"
    assert not await client(fake).redeem(ANNA, "654321")
    assert await client(fake).redeem(ANNA, "123456")
    assert not await client(fake).redeem(ANNA, "123456")


async def test_signing_out_forgets_the_token(fake: Fake) -> None:
    fake.tokens["29:anna"] = "graph-token"
    await client(fake).sign_out(ANNA)
    assert fake.tokens == {}


@pytest.mark.parametrize("changes", [{"token": ""}, {"token": "somebody-elses"}])
async def test_the_bot_itself_must_be_known(fake: Fake, changes: dict[str, Any]) -> None:
    with pytest.raises(TransientError, match="401"):
        await client(fake, **changes).graph(ANNA)


async def test_another_connection_holds_no_token(fake: Fake) -> None:
    fake.tokens["29:anna"] = "graph-token"
    with pytest.raises(SignInNeeded):
        await client(fake, connection="other").graph(ANNA)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_passing_faults_are_told_apart_from_a_missing_token(fake: Fake, status: int) -> None:
    fake.faults = [status]
    with pytest.raises(TransientError):
        await client(fake).graph(ANNA)
