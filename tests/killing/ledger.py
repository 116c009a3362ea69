"""The fakes that judge: a channel and a drive that outlive every kill and remember what happened to them."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes import Server

FINAL = ("In Word öffnen", "Das hat nicht geklappt", "Diese Datei ist bekannt", "Abgebrochen")


REPEAT = "Der Speicher antwortet gerade nicht"
"""What a turn says that had no time to take the files: then nobody did, and the person sends them again."""


@dataclass
class Message:
    """A card in a conversation, as it looks now."""

    id: str
    card: str
    updates: int = 0

    @property
    def as_card(self) -> dict[str, Any]:
        return dict(json.loads(self.card))

    @property
    def final(self) -> bool:
        return any(text in self.card for text in FINAL) and "in Arbeit" not in self.card


@dataclass
class Conversation:
    messages: dict[str, Message] = field(default_factory=dict)

    @property
    def told_to_repeat(self) -> list[Message]:
        return [message for message in self.messages.values() if REPEAT in message.card]

    @property
    def final(self) -> list[Message]:
        return [message for message in self.messages.values() if message.final]


class Ledger(Server):
    """`POST`/`PUT` of cards as the channel takes them, and `PUT`/`GET`/`DELETE` of files. `files`: how often each was written."""

    def __init__(self) -> None:
        super().__init__()
        self.conversations: dict[str, Conversation] = defaultdict(Conversation)
        self.files: dict[str, int] = defaultdict(int)
        self.contents: dict[str, set[bytes]] = defaultdict(set)
        self.pdf = b""
        self.changed = asyncio.Event()
        self.app.add_routes(
            [
                web.post("/v3/conversations/{conversation}/activities", self.post),
                web.put("/v3/conversations/{conversation}/activities/{message}", self.put),
                web.get("/pdf/{name}", self.download),
                web.put("/drive/{tenant}/{job}", self.save),
                web.get("/drive/{tenant}/{job}", self.read),
                web.delete("/drive/{tenant}/{job}", self.remove),
            ]
        )

    async def post(self, request: web.Request) -> web.Response:
        conversation = self.conversations[request.match_info["conversation"]]
        number = f"m{len(conversation.messages) + 1}"
        conversation.messages[number] = Message(number, await _card(request))
        self.changed.set()
        return web.json_response({"id": number})

    async def put(self, request: web.Request) -> web.Response:
        message = self.conversations[request.match_info["conversation"]].messages.get(request.match_info["message"])
        card = await _card(request)
        if message is None:
            return web.json_response({"error": {"code": "ActivityNotFoundInConversation", "message": "-"}}, status=404)
        message.card, message.updates = card, message.updates + 1
        self.changed.set()
        return web.json_response({"id": message.id})

    async def download(self, request: web.Request) -> web.Response:
        return web.Response(body=self.pdf + b"\n%% " + request.match_info["name"].encode())

    async def save(self, request: web.Request) -> web.Response:
        path = f"{request.match_info['tenant']}/{request.match_info['job']}"
        data = await request.read()
        self.files[path] += 1
        self.contents[path].add(data)
        return web.Response(status=201)

    async def read(self, request: web.Request) -> web.Response:
        found = self.contents.get(f"{request.match_info['tenant']}/{request.match_info['job']}")
        return web.Response(body=next(iter(found))) if found else web.Response(status=404)

    async def remove(self, request: web.Request) -> web.Response:
        path = f"{request.match_info['tenant']}/{request.match_info['job']}"
        self.files.pop(path, None)
        self.contents.pop(path, None)
        return web.Response(status=204)

    async def until(self, wanted: object, seconds: float) -> bool:
        """Whether it came true in time."""
        try:
            async with asyncio.timeout(seconds):
                while not wanted():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True


async def _card(request: web.Request) -> str:
    activity = await request.json()
    assert len(await request.read()) < 28_000
    return json.dumps(activity["attachments"][0]["content"], ensure_ascii=False)
