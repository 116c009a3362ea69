"""Storage, model, drive and channel each fail in every way: nothing is lost, the turn is quick, one honest card is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.error import HTTPError, URLError

import pytest

import app
from bot.settings import Settings
from pipeline.errors import TransientError
from pipeline.jobs import MAX_ATTEMPTS
from pipeline.model.document import Document
from pipeline.model.job import DriveItem
from pipeline.model.person import Person
from pipeline.ports import WordFile
from tests.azurite import Azurite
from tests.conftest import sample
from tests.fakes import Model
from tests.faulty import Fault, FaultProxy
from tests.killing.child import LedgerDrive, NoSandbox, ReadyReader, Spec
from tests.killing.ledger import Ledger
from tests.killing.runs import judged, say
from tests.ports import free_port

TURN_SECONDS = 5.0 + 3.0
"""What is promised, and what a slow machine takes."""
REFUSED = "Der Speicher antwortet gerade nicht"


class HonestDrive(LedgerDrive):
    """As a real drive's adapter: what may pass is a TransientError."""

    def _call(self, method: str, path: str, data: bytes | None) -> bytes:
        try:
            return super()._call(method, path, data)
        except (HTTPError, URLError, OSError) as error:
            raise TransientError(f"drive: {type(error).__name__}", retry_after=0.3) from error

    async def save(self, person: Person, file: WordFile, **options: Any) -> DriveItem:
        try:
            async with asyncio.timeout(3):
                return await super().save(person, file, **options)
        except TimeoutError as error:
            raise TransientError("drive: timeout") from error


@dataclass
class Place:
    """The program with a proxy before everything that it needs."""

    ledger: Ledger
    proxies: dict[str, FaultProxy]
    model: Model
    settings: Settings

    async def send(self, number: int) -> bool:
        """Drop the CV; False where the person was told that nothing was taken in. The turn is quick either way."""
        messages = self.ledger.conversations["chat"].messages
        begun = monotonic()
        spec = Spec(self.settings, "", Path())
        assert await say(spec, self.ledger, "chat", ["cv.pdf"], f"a{number}", channel=self.proxies["channel"].origin)
        assert monotonic() - begun < TURN_SECONDS
        refused = [key for key, message in messages.items() if REFUSED in message.card]
        for key in refused:
            messages.pop(key)
        return not refused

    async def sent(self) -> None:
        for number in range(6):
            if await self.send(number):
                return
        raise AssertionError("never taken in")


Places = Callable[[], AbstractAsyncContextManager[Place]]


@pytest.fixture
def places(azurite: Azurite, tmp_path: Path, documents: dict[str, Document], monkeypatch: pytest.MonkeyPatch) -> Places:
    drives: dict[str, str] = {}
    monkeypatch.setattr(app, "Sandbox", NoSandbox)
    monkeypatch.setattr(app, "make_reader", lambda *_: ReadyReader(documents["de-tabelle-yilmaz"]))
    monkeypatch.setattr(app, "ServedDrive", lambda blobs, base_url, **_: HonestDrive(drives[base_url]))
    monkeypatch.setattr("bot.sender.TIMEOUT", 3.0)
    monkeypatch.setattr(app, "PATIENT", 12.0)

    @asynccontextmanager
    async def made() -> AsyncIterator[Place]:
        async with AsyncExitStack() as stack:
            ledger, model = await stack.enter_async_context(Ledger()), await stack.enter_async_context(Model())
            ledger.pdf = sample("de-tabelle-yilmaz")
            connection = azurite.connection()
            account = connection.partition("AccountName=")[2].partition(";")[0]
            proxies = {}
            for name, port in zip(("blobs", "queue", "storage"), azurite.ports, strict=True):
                proxies[name] = await stack.enter_async_context(FaultProxy(f"http://127.0.0.1:{port}"))
                connection = connection.replace(f"http://127.0.0.1:{port}/{account}", f"{proxies[name].origin}/{account}")
            for name, target in (("model", model.origin), ("drive", ledger.origin), ("channel", ledger.origin)):
                proxies[name] = await stack.enter_async_context(FaultProxy(target))
            for proxy in proxies.values():
                proxy.counts = lambda request: request.method in ("PUT", "POST", "MERGE", "PATCH")
            settings = replace(
                Settings(),
                data=tmp_path / account,
                port=free_port(),
                lease=3.0,
                local_origins=(ledger.origin,),
                storage_connection=connection,
                openai_key="k",
                openai_base_url=f"{proxies['model'].origin}/v1",
                llm_timeout=2.0,
            )
            drives[settings.url] = f"{proxies['drive'].origin}/drive"
            running = await app.start(settings, pace=0.05)
            try:
                yield Place(ledger, proxies, model, settings)
            finally:
                for proxy in proxies.values():
                    proxy.harm = lambda number: None
                running.stop.set()
                await running.ended

    return made


@pytest.mark.parametrize("kind", ["storage", "blobs", "queue", "model", "drive", "channel"])
async def test_a_fault_passes_and_one_card_and_one_file_are_left(places: Places, kind: str) -> None:
    async def one(fault: Fault) -> None:
        async with places() as place:
            proxy = place.proxies[kind]
            harmed = 3 if kind == "storage" else 2
            proxy.counted.clear()
            proxy.harm = lambda number: fault if number <= harmed else None
            await place.sent()
            assert await place.ledger.until(lambda: place.ledger.conversations["chat"].final, 60), (kind, fault)
            await asyncio.sleep(1.0)
            # a card whose posting was answered by silence or by a lie may be there twice; only one of them lives
            ambiguous = kind == "channel" and fault in (Fault.ACTED, Fault.HALF, Fault.HANG, Fault.RESET)
            verdict = judged(place.ledger, "chat", 1, kills=harmed if ambiguous else 0)
            assert verdict.clean, (kind, fault, verdict)
            assert proxy.counted, (kind, fault)

    await asyncio.gather(*(one(fault) for fault in Fault))


@pytest.mark.parametrize("fault", [Fault.FAILED, Fault.RESET, Fault.ACTED])
async def test_a_drive_that_stays_down_gets_five_attempts_and_an_honest_card(places: Places, fault: Fault) -> None:
    async with places() as place:
        place.proxies["drive"].harm = lambda number: fault
        await place.sent()
        chat = place.ledger.conversations["chat"]
        assert await place.ledger.until(lambda: chat.final, 60)
        assert "Erneut versuchen" in chat.final[0].card
        assert len(place.proxies["drive"].counted) == MAX_ATTEMPTS
        await asyncio.sleep(2)
        assert len(place.proxies["drive"].counted) == MAX_ATTEMPTS
        assert len(chat.messages) == 1


async def test_a_model_that_stays_down_is_named_and_the_rules_do_the_work(places: Places) -> None:
    async with places() as place:
        place.proxies["model"].harm = lambda number: Fault.FAILED
        await place.sent()
        chat = place.ledger.conversations["chat"]
        assert await place.ledger.until(lambda: chat.final, 90)
        assert "Das Sprachmodell war nicht erreichbar" in chat.final[0].card
        assert judged(place.ledger, "chat", 1, kills=0).clean


async def test_a_channel_that_comes_back_shows_the_result(places: Places) -> None:
    async with places() as place:
        place.proxies["channel"].harm = lambda number: Fault.FAILED
        await place.send(1)
        await asyncio.sleep(8)
        place.proxies["channel"].harm = lambda number: None
        chat = place.ledger.conversations["chat"]
        assert await place.ledger.until(lambda: chat.final, 60)
        assert judged(place.ledger, "chat", 1, kills=0).clean


async def test_a_storage_that_is_gone_is_said_at_once_and_nothing_is_half_done(places: Places) -> None:
    async with places() as place:
        for name in ("storage", "blobs", "queue"):
            place.proxies[name].counts = lambda request: True
            place.proxies[name].harm = lambda number: Fault.HANG
        assert not await place.send(1)
        for name in ("storage", "blobs", "queue"):
            place.proxies[name].harm = lambda number: None
        await asyncio.sleep(8)
        assert place.ledger.conversations["chat"].messages == {}
        assert place.ledger.files == {}
