"""The running app with stand-ins for all that Teams brings: channel, token service, Graph."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from app import Running, start
from bot.settings import Settings
from tests.fakes import Connector, Files, Sent, actions_of, click_activity, in_group, invoke_activity, message_activity
from tests.graph.chats import Chats
from tests.graph.drive import Drives
from tests.graph.server import Graph
from tests.graph.token_service import CONNECTION, TokenService

SCOPES = frozenset({"Chat.Read", "ChannelMessage.Read.All", "Files.ReadWrite"})
GROUP_MESSAGE = "chats/19:group@thread.v2/messages/a1"
CHANNEL_MESSAGE = "teams/group-1/channels/19:channel@thread.tacv2/messages/1700000000001/replies/a1"
FILE = "de-einspaltig-brandt.pdf"
SECRETS = ("Katharina", "Brandt", "Maschinenbau", FILE, "Neckartal")
"""What nobody but the sender may read in a group."""


@dataclass
class Teams:
    running: Running
    connector: Connector
    files: Files
    tokens: TokenService
    graph: Graph
    chats: Chats
    drives: Drives

    async def post(self, activity: dict[str, Any], *, status: int | None = None) -> Any:
        """The answer's body; None where there is none."""
        async with aiohttp.ClientSession() as session, session.post(f"{self.running.url}/api/messages", json=activity) as response:
            assert status is None or response.status == status, (response.status, await response.text())
            return await response.json() if response.content_type == "application/json" else None

    async def say(self, text: str, *, number: str = "t1", **more: Any) -> None:
        await self.post(message_activity(self.connector, text=text, number=number, **more), status=202)

    async def drop(self, name: str = FILE, *, number: str = "a1") -> None:
        await self.post(message_activity(self.connector, files=[(name, f"{self.files.origin}/{name}")], number=number), status=202)

    async def mention(self, text: str = "", *, channel: bool = False, number: str = "a1", user: str = "user-1") -> None:
        activity = message_activity(self.connector, text=text, number=number)
        activity["from"] = {"id": f"29:{user}".replace("user-1", "user"), "aadObjectId": user, "name": "Anna"}
        await self.post(in_group(activity, channel=channel), status=202)

    async def invoke(self, name: str, value: dict[str, Any], *, status: int = 200, **more: Any) -> Any:
        return await self.post(invoke_activity(self.connector, name, value, **more), status=status)

    async def click(self, card: dict[str, Any], verb: str, *, group: bool = False, **more: Any) -> Any:
        data = next(a["data"] for a in actions_of(card) if a.get("verb") == verb)
        activity = click_activity(self.connector, data, **more)
        return await self.post(in_group(activity) if group else activity, status=200)

    def sign_in(self, user: str = "user-1", scopes: frozenset[str] = SCOPES) -> None:
        """As if the person had signed in before."""
        channel_user = f"29:{user}".replace("user-1", "user")
        self.tokens.tokens[channel_user] = f"token-of-{user}"
        self.graph.sign_in(user, *scopes)
        self.drives.one_drive(user)

    def consent(self, user: str = "user-1") -> None:
        """As if the person had consented, but their token is not here yet."""
        self.sign_in(user)
        channel_user = f"29:{user}".replace("user-1", "user")
        self.tokens.consented[channel_user] = self.tokens.tokens.pop(channel_user)

    async def until(self, wanted: Callable[[list[Sent]], bool], seconds: float = 30) -> None:
        await self.connector.until(lambda sent: bool(sent) and wanted(sent), seconds)

    @property
    def asked_by(self) -> set[str]:
        """In whose names Graph was asked."""
        tokens = (call.headers["Authorization"].removeprefix("Bearer ") for call in self.graph.calls)
        return {self.graph.tokens[token].user for token in tokens}

    def of_kind(self, ending: str) -> list[Sent]:
        return [sent for sent in self.connector.sent if sent.kind.endswith(ending)]


@asynccontextmanager
async def teams_world(settings: Settings, connector: Connector, files: Files, *, sso: bool = True) -> AsyncIterator[Teams]:
    graph, chats = Graph(), Chats()
    chats.add_to(graph)
    drives = Drives(graph)
    async with graph, TokenService() as tokens:
        changed = replace(settings, sso_connection=CONNECTION if sso else "", token_service=tokens.origin, graph=graph.url)
        running = await start(changed, pace=0.05)
        try:
            yield Teams(running, connector, files, tokens, graph, chats, drives)
        finally:
            running.stop.set()
            await running.ended
