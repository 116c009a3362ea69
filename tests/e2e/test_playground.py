"""The bot in Microsoft's Agents Playground, headless: a custom activity brings the file, the stream shows what a user would see."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from app import Running
from tests.conftest import NODE, free_port
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
