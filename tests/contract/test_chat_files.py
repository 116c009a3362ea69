"""Files of group chats and channels, against a Graph that refuses what Graph refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bot.incoming import LinkedFiles
from pipeline.adapters.graph.chats import ChatFiles, share_id
from pipeline.adapters.graph.client import GraphClient
from pipeline.errors import SignInNeeded, TransientError, UserError
from pipeline.model.job import Source
from pipeline.model.person import Person
from tests.conftest import NOW
from tests.fakes import Files
from tests.graph.chats import Chats
from tests.graph.people import SignedIn
from tests.graph.server import Fault, Graph

ANNA, BEN = (Person(tenant="tenant-1", user=name, channel_user=f"29:{name}") for name in ("anna", "ben"))
MESSAGE = "chats/19%3Agroup%40thread.v2/messages/1700000000001"
STORED = "chats/19:group@thread.v2/messages/1700000000001"
SCOPES = frozenset({"Chat.Read", "Files.ReadWrite"})


@dataclass
class Chat:
    """Anna and Ben in one chat; Anna has sent a file, which Ben may not open."""

    graph: Graph
    chats: Chats
    opened: ChatFiles

    @property
    def asked_by(self) -> list[str]:
        return [call.headers["Authorization"].removeprefix("Bearer token-of-") for call in self.graph.calls]

    async def files(self, person: Person, message: str = MESSAGE) -> list[Source]:
        return await self.opened.files(message, person)

    async def fetch(self, source: Source, person: Person) -> bytes:
        return await self.opened.fetch(source, limit=2**20, person=person)


@pytest.fixture
async def chat(files: Files) -> AsyncIterator[Chat]:
    chats = Chats()
    chats.attach(STORED, "de-einspaltig-brandt.pdf", link=files.origin, readers=("anna",), members=("anna", "ben"))
    async with Graph() as graph:
        chats.add_to(graph)
        for name in ("anna", "ben"):
            graph.sign_in(name, *SCOPES)
        client = GraphClient(now=lambda: NOW, url=graph.url, pause=0.01, seconds=2.0)
        yield Chat(graph, chats, ChatFiles(client, SignedIn(graph), LinkedFiles(hosts=(), local_origins=(files.origin,))))
        await client.close()


async def test_the_file_of_a_message_is_fetched_in_its_senders_name(chat: Chat, files: Files) -> None:
    [found] = await chat.files(ANNA)
    assert found.name == "de-einspaltig-brandt.pdf"
    assert await chat.fetch(found, ANNA) == files.files["de-einspaltig-brandt.pdf"]
    assert chat.asked_by == ["anna", "anna"]
    assert [request.headers.get("Authorization") for request in files.requests] == [None], "the link is the right itself: no token goes there"


async def test_a_short_lived_link_of_the_channel_still_opens_without_graph(chat: Chat, files: Files) -> None:
    data = await chat.fetch(Source(name="x", url=f"{files.origin}/de-tabelle-yilmaz.pdf"), ANNA)
    assert data == files.files["de-tabelle-yilmaz.pdf"]
    assert chat.graph.calls == []


@pytest.mark.parametrize(
    "message",
    [
        "chats/19:other@thread.v2/messages/1",
        "teams/group-1/channels/19:channel@thread.tacv2/messages/1",
    ],
)
async def test_messages_that_cannot_be_read(chat: Chat, message: str) -> None:
    with pytest.raises(UserError) as caught:
        await chat.files(ANNA, message)
    assert caught.value.key == ("message_gone" if message.startswith("chats") else "message_forbidden")


async def test_a_file_that_the_sender_may_not_open_stays_closed(chat: Chat, files: Files) -> None:
    [found] = await chat.files(BEN)
    with pytest.raises(UserError) as caught:
        await chat.fetch(found, BEN)
    assert caught.value.key == "file_forbidden"
    assert files.requests == []


async def test_where_graph_leads_elsewhere_nothing_is_fetched(chat: Chat) -> None:
    [found] = await chat.files(ANNA)
    chat.chats.files[found.share].link = "http://169.254.169.254/latest"
    with pytest.raises(UserError) as caught:
        await chat.fetch(found, ANNA)
    assert caught.value.key == "link_not_allowed"


async def test_without_sign_in_nothing_is_asked(chat: Chat) -> None:
    with pytest.raises(SignInNeeded):
        await chat.files(ANNA.model_copy(update={"user": "nobody"}))
    assert chat.graph.calls == []


async def test_a_token_that_has_expired_asks_for_sign_in(chat: Chat) -> None:
    chat.graph.tokens["token-of-anna"].expires = NOW
    with pytest.raises(SignInNeeded):
        await chat.files(ANNA)


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [(429, {"Retry-After": "17"}, 17.0), (429, {}, None), (500, {}, None), (502, {}, None), (503, {"Retry-After": "5"}, 5.0), (504, {}, None)],
)
async def test_passing_faults_are_the_workers_to_repeat(chat: Chat, status: int, headers: dict[str, str], wait: float | None) -> None:
    chat.graph.faults = [Fault(status, headers)] * 4
    with pytest.raises(TransientError) as caught:
        await chat.files(ANNA)
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("shares/https%3A%2F%2Fcontoso.sharepoint.com%2Fx/driveItem/content", 400, "invalidRequest"),
        ("shares/u!aHR0cHM6Ly9jb250b3NvLnNoYXJlcG9pbnQuY29tL3g=/driveItem/content", 400, "invalidRequest"),
        ("shares/u!%F0/driveItem/content", 400, "invalidRequest"),
        (f"shares/{share_id('https://contoso.sharepoint.com/unknown')}/driveItem/content", 404, "itemNotFound"),
        (MESSAGE + "?$select=attachments", 400, "BadRequest"),
        ("chats/19:group@thread.v2/messages", 400, "BadRequest"),
        ("me/messages", 400, "BadRequest"),
    ],
)
async def test_the_fake_refuses_what_graph_refuses(chat: Chat, path: str, status: int, code: str) -> None:
    token = "token-of-anna"
    answer = await chat.opened._graph.call("GET", path, token=token, accept=(400, 404))
    assert (answer.status, answer.code) == (status, code)
