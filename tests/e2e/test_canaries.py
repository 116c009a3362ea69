"""Nothing of a secret or of a person is ever logged: the program at its most talkative, with everything that can fail failing."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.azurite import Azurite
from tests.conftest import ROOT
from tests.fakes import Connector, Files, message_activity
from tests.ports import free_port

FILE = "de-einspaltig-brandt.pdf"
PERSON = ("Katharina", "Brandt", "k.brandt", "katharina", "+49", "Maschinenbau", FILE, "Geheimprofil", "SolidWorks")
"""Of the CV, of its file's name, and of what was said about it."""
SECRETS = {"OPENAI_API_KEY": "canary-openai-4711", "DOCUMENT_INTELLIGENCE_KEY": "canary-ocr-4711"}


@pytest.mark.parametrize("azure", [False, True], ids=["local", "azure"])
async def test_logs_name_no_secret_and_no_person(azure: bool, azurite: Azurite, connector: Connector, files: Files, tmp_path: Path) -> None:
    port, silent = free_port(), free_port()
    connection = azurite.connection() if azure else ""
    secrets = [*SECRETS.values(), *re.findall(r"AccountKey=([^;]+)", connection)]
    env = {
        "PATH": os.environ["PATH"], "PORT": str(port), "DATA_DIR": str(tmp_path), "LOG_LEVEL": "DEBUG", "LOCAL_ORIGINS": files.origin, "LEASE_SECONDS": "2",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{silent}/v1", "DOCUMENT_INTELLIGENCE_ENDPOINT": f"http://127.0.0.1:{silent}", "LLM_TIMEOUT": "1",
        "AZURE_STORAGE_CONNECTION_STRING": connection, **SECRETS,
    }  # fmt: skip
    program = await asyncio.create_subprocess_exec(
        sys.executable, "app.py", "serve", cwd=ROOT, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    reading = asyncio.create_task(program.stdout.read())
    async with aiohttp.ClientSession() as session:

        async def say(number: str, **more: object) -> None:
            body = message_activity(connector, number=number, **more)
            async with session.post(f"http://127.0.0.1:{port}/api/messages", json=body) as response:
                assert response.status < 300

        await up(session, port)
        await say("1", files=[(FILE, f"{files.origin}/{FILE}")])
        await connector.until(lambda sent: any("Lebenslauf fertig" in s.text for s in sent), 60)
        connector.faults = [(500, {}, "x")] * 3
        for number, text in enumerate(
            ("neues Profil: Geheimprofil, SolidWorks", "match Geheimprofil", "status Brandt", "absage Brandt", "lösche Katharina Brandt"), start=2
        ):
            await say(str(number), text=text)
        await say("9", files=[("Brandt kaputt.pdf", f"{files.origin}/gone.pdf")])
        for path in ("jobs/Brandt", "download/Katharina", "profiles?search=Katharina"):
            async with session.get(f"http://127.0.0.1:{port}/api/v1/{path}") as response:
                await response.read()
        await asyncio.sleep(2)
    program.terminate()
    said = (await reading).decode("utf-8", "replace")
    assert await program.wait() == 0
    assert '"level": "DEBUG"' in said or '"level": "WARNING"' in said, "it did talk"
    assert not [secret for secret in secrets if secret in said]
    assert not [line for line in said.splitlines() if any(word.casefold() in line.casefold() for word in PERSON)]


async def up(session: aiohttp.ClientSession, port: int) -> None:
    for _ in range(300):
        try:
            async with session.get(f"http://127.0.0.1:{port}/health/ready") as response:
                if response.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("never ready")
