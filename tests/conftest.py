from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app import Running, start
from bot.places import Places
from bot.settings import Settings
from pipeline.adapters.local.sqlite import SqliteFile, SqliteRecords
from pipeline.model.document import Document
from pipeline.read.sandbox import Sandbox
from tests.azurite import Azurite
from tests.fakes import Connector, Files
from tests.ports import free_port

ROOT = Path(__file__).parents[1]
SAMPLES = sorted((ROOT / "samples").glob("*.pdf"))
NODE = ROOT / "tests" / "node"
TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def sample(name: str) -> bytes:
    return (ROOT / "samples" / f"{name}.pdf").read_bytes()


def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "Chromium is missing: apt-get install chromium"
    return found


def node(script: str, *arguments: str, stdin: str = "") -> object:
    done = subprocess.run(["node", NODE / script, *arguments], input=stdin, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    started = Azurite()
    yield started
    started.close()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    box = Sandbox()
    yield box
    await box.close()


async def read_samples() -> dict[str, Document]:
    box = Sandbox()
    try:
        return {path.stem: await box.read(path.read_bytes()) for path in SAMPLES}
    finally:
        await box.close()


@pytest.fixture(scope="session")
def documents() -> dict[str, Document]:
    """They are values: nobody changes them."""
    return asyncio.run(read_samples())


@pytest.fixture
async def connector() -> AsyncIterator[Connector]:
    async with Connector() as server:
        yield server


@pytest.fixture
async def files() -> AsyncIterator[Files]:
    async with Files({path.name: path.read_bytes() for path in SAMPLES}) as server:
        yield server


@pytest.fixture
async def places(tmp_path: Path) -> AsyncIterator[Places]:
    file = SqliteFile(tmp_path / "places.sqlite")
    yield Places(SqliteRecords(file))
    await file.close()


@pytest.fixture
def settings(tmp_path: Path, files: Files) -> Settings:
    return replace(Settings(), data=tmp_path / "data", port=free_port(), local_origins=(files.origin,), firm="Muster Personal GmbH")


@pytest.fixture
async def running(settings: Settings) -> AsyncIterator[Running]:
    app = await start(settings, pace=0.05)
    yield app
    app.stop.set()
    await app.ended
