"""The bot in Microsoft's Agents Playground, headless: a custom activity brings the file, the stream shows what a user would see."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from app import Running
from tests.conftest import NODE, free_port
from tests.e2e.test_matching_chat import POSTING
from tests.fakes import Files


@asynccontextmanager
async def playground(bot: str, folder: Path) -> AsyncIterator[str]:
    port = free_port()
    environment = os.environ | {"TEAMSAPPTESTER_BROWSER": "none"}
    cli = NODE / "node_modules/@microsoft/m365agentsplayground/cli.js"
    process = await asyncio.create_subprocess_exec(
        "node", str(cli), "start", "--dt", "-e", f"{bot}/api/messages", "-c", "msteams", "-p", str(port),
        cwd=folder, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as session, asyncio.timeout(60):
            while True:
                try:
                    async with session.get(f"http://127.0.0.1:{port}/_internal/v1/config") as response:
                        if response.status == 200:
                            break
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def test_a_cv_in_the_playground(running: Running, files: Files, tmp_path: Path) -> None:
    async with playground(running.url, tmp_path) as base, aiohttp.ClientSession() as session:
        async with session.get(f"{base}/_internal/v1/config") as response:
            chat = (await response.json())["config"]["personalChat"]["id"]
        seen: list[dict] = []
        async with session.ws_connect(f"{base.replace('http', 'ws')}/_ws_conversation/v1/conversations/stream") as stream:
            activity = {
                "type": "message",
                "id": "custom-1",
                "channelId": "msteams",
                "serviceUrl": f"{base.replace('127.0.0.1', 'localhost')}/_connector",
                "from": {"id": "user-id-0", "aadObjectId": "00000000-0000-0000-0000-0000000000020", "name": "Alex Wilber"},
                "recipient": {"id": "00000000-0000-0000-0000-00000000000011", "name": "Test Bot"},
                "conversation": {"id": chat, "conversationType": "personal", "tenantId": "00000000-0000-0000-0000-0000000000001"},
                "locale": "de-DE",
                "attachments": [
                    {
                        "contentType": "application/vnd.microsoft.teams.file.download.info",
                        "name": "cv.pdf",
                        "content": {"downloadUrl": f"{files.origin}/de-einspaltig-brandt.pdf", "uniqueId": "1", "fileType": "pdf"},
                    }
                ],
            }
            async with session.post(f"{base}/_internal/v1/customActivities", json=activity) as response:
                assert response.status < 300, await response.text()
            async with asyncio.timeout(30):
                async for message in stream:
                    seen.append(json.loads(message.data))
                    if "In Word öffnen" in message.data:
                        break
        everything = json.dumps(seen, ensure_ascii=False)
        assert "Lebenslauf wird bearbeitet" in everything
        assert "Katharina Brandt" in everything
        assert "updateMessage" in everything, [list(event) for event in seen]


class Seen:
    """What a person in the Playground sees: the stream of its events."""

    def __init__(self, base: str, session: aiohttp.ClientSession, chat: str) -> None:
        self.base, self.session, self.chat, self.events, self.number = base, session, chat, [], 0

    async def send(self, user: str, name: str, **content: Any) -> None:
        self.number += 1
        activity = {
            "type": "message",
            "id": f"custom-{self.number}",
            "channelId": "msteams",
            "serviceUrl": f"{self.base.replace('127.0.0.1', 'localhost')}/_connector",
            "from": {"id": user, "aadObjectId": user, "name": name},
            "recipient": {"id": "00000000-0000-0000-0000-00000000000011", "name": "Test Bot"},
            "conversation": {"id": self.chat, "conversationType": "personal", "tenantId": "00000000-0000-0000-0000-0000000000001"},
            "locale": "de-DE",
            **content,
        }
        async with self.session.post(f"{self.base}/_internal/v1/customActivities", json=activity) as response:
            assert response.status < 300, await response.text()

    async def until(self, stream: aiohttp.ClientWebSocketResponse, *wanted: str) -> None:
        """Read on until one event says all of it."""
        async with asyncio.timeout(30):
            while not any(all(text in json.dumps(event, ensure_ascii=False) for text in wanted) for event in self.events):
                self.events.append(json.loads((await stream.receive()).data))

    def data(self, verb: str, **fields: str) -> dict[str, Any]:
        """What the newest button with that verb carries."""
        found: list[dict[str, Any]] = []

        def walk(node: Any) -> None:
            if isinstance(node, dict):
                if node.get("verb") == verb and "v" in node and all(node.get(k) == v for k, v in fields.items()):
                    found.append(node)
                for value in node.values():
                    walk(value)
            elif isinstance(node, list):
                for value in node:
                    walk(value)

        walk(self.events)
        return found[-1]


async def test_from_a_cv_to_an_approved_offer_in_the_playground(running: Running, files: Files, tmp_path: Path) -> None:
    """By the buttons' old form, Action.Submit, as clients send it that know no other."""
    file = {"contentType": "application/vnd.microsoft.teams.file.download.info", "name": "cv.pdf"}
    link = {"downloadUrl": f"{files.origin}/de-einspaltig-brandt.pdf", "uniqueId": "1", "fileType": "pdf"}
    anna, ben = ("user-id-0", "Alex Wilber"), ("user-id-1", "Megan Bowen")
    async with playground(running.url, tmp_path) as base, aiohttp.ClientSession() as session:
        async with session.get(f"{base}/_internal/v1/config") as response:
            seen = Seen(base, session, (await response.json())["config"]["personalChat"]["id"])
        async with session.ws_connect(f"{base.replace('http', 'ws')}/_ws_conversation/v1/conversations/stream") as stream:
            await seen.send(*ben, text="hilfe")
            await seen.until(stream, "Ziehen Sie")
            await seen.send(*anna, attachments=[file | {"content": link}])
            await seen.until(stream, "In Word öffnen", "Katharina Brandt")
            await seen.send(*anna, text=POSTING)
            await seen.until(stream, "mind. 5 Jahre")
            await seen.send(*anna, text="match Projektleiter")
            await seen.until(stream, "Bericht in Word")
            await seen.send(*anna, value=seen.data("offer.make"))
            await seen.until(stream, "Angebot bearbeiten")
            terms = {"new_customer": "Neckartal Maschinenbau AG", "rate": "95", "start": "2027-03-01", "volume": "616", "customer": "-"}
            await seen.send(*anna, value=seen.data("offer.save") | terms)
            await seen.until(stream, "Wer soll das Angebot freigeben?")
            await seen.send(*anna, value=seen.data("offer.submit") | {"approver": "user-id-1"})
            await seen.until(stream, "bittet um Freigabe")
            await seen.send(*ben, value=seen.data("offer.approve"))
            await seen.until(stream, "ANG-2026-0001", "In Word öffnen", "Freigegeben von Megan Bowen")
