"""The program with storage, drive and channel wrapped: it counts every durable step, and kills itself after the one it is told.

What is wrapped is wrapped here; the product has no switch for it. PDFs are not opened: a ready document stands for each.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import app
from bot.sender import Sender
from bot.settings import Settings
from pipeline.adapters.served_drive import ServedDrive
from pipeline.model.document import Document
from pipeline.model.job import DriveItem
from pipeline.model.person import Person
from pipeline.ports import WordFile
from pipeline.transfer import Storage

DURABLE = {
    "records": ("put", "delete"),
    "blobs": ("put", "delete"),
    "queue": ("send", "receive", "extend", "delete", "bury"),
    "drive": ("save",),
    "channel": ("post", "replace"),
}


@dataclass(frozen=True)
class Spec:
    """What to run: "serve" or "worker"; `kill_at` is the number of the durable step after which the process dies, 0 for never.

    The steps are written to the file `steps`, one a line.
    """

    settings: Settings
    drive: str
    document: Path
    mode: str = "serve"
    kill_at: int = 0
    pace: float = 0.05
    steps: str = ""
    reading: float = 0.0


@dataclass
class Steps:
    spec: Spec
    count: int = 0
    names: list[str] = field(default_factory=list)

    def wrapped(self, port: str, name: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counted(*args: Any, **kwargs: Any) -> Any:
            result = await call(*args, **kwargs)
            if name == "receive" and result is None:
                return result
            self.count += 1
            if self.spec.steps:
                with open(self.spec.steps, "a") as file:
                    file.write(f"{port}.{name} {args[0] if port == 'records' else ''}\n")
            if self.count == self.spec.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return counted

    def wrap(self, port: str, thing: Any) -> Any:
        for name in DURABLE[port]:
            setattr(thing, name, self.wrapped(port, name, getattr(thing, name)))
        return thing


class LedgerDrive(ServedDrive):
    """A drive of another process: it keeps a ledger of what is saved, and outlives this one."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def save(self, person: Person, file: WordFile, **_: Any) -> DriveItem:
        path = f"{person.tenant}/{file.job}"
        await asyncio.to_thread(self._call, "PUT", path, file.data)
        return DriveItem(id=path, name=file.name, url=f"{self._url}/{path}")

    def link(self, tenant: str, item: DriveItem) -> str:
        return item.url

    async def read(self, tenant: str, item: DriveItem) -> bytes | None:
        return await asyncio.to_thread(self._call, "GET", item.id, None)

    async def delete(self, tenant: str, item: DriveItem) -> bool:
        await asyncio.to_thread(self._call, "DELETE", item.id, None)
        return True

    def _call(self, method: str, path: str, data: bytes | None) -> bytes:
        with urlopen(Request(f"{self._url}/{path}", data, method=method), timeout=10) as response:
            return bytes(response.read())


@dataclass
class ReadyReader:
    document: Document
    seconds: float = 0.0

    async def read(self, pdf: bytes) -> Document:
        await asyncio.sleep(self.seconds)
        return self.document


class NoSandbox:
    async def start(self) -> None: ...

    async def close(self) -> None: ...


def run(spec: Spec) -> None:
    """Run until killed or told to stop."""
    steps = Steps(spec)

    def wrapped_kept(make: Callable[..., app.Kept]) -> Callable[..., app.Kept]:
        def made(*args: Any, **kwargs: Any) -> app.Kept:
            kept = make(*args, **kwargs)
            storage = Storage(*(steps.wrap(port, getattr(kept.storage, port)) for port in ("records", "blobs", "queue")))
            return replace(kept, storage=storage)

        return made

    app.keep_locally = wrapped_kept(app.keep_locally)
    app.keep_in_azure = wrapped_kept(app.keep_in_azure)
    app.Sandbox = NoSandbox
    app.ServedDrive = lambda blobs, **_: steps.wrap("drive", LedgerDrive(spec.drive))
    document: Document = pickle.loads(spec.document.read_bytes())
    app.make_reader = lambda *_: ReadyReader(document, spec.reading)
    for name in DURABLE["channel"]:
        setattr(Sender, name, unbound(steps, name, getattr(Sender, name)))

    async def running() -> None:
        begin = app.start if spec.mode == "serve" else app.start_worker
        started = await begin(spec.settings, pace=spec.pace)
        app.stop_on_signals(started.stop)
        await started.ended

    asyncio.run(running())


def unbound(steps: Steps, name: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    counted = steps.wrapped("channel", name, method)

    async def called(self: Sender, *args: Any, **kwargs: Any) -> Any:
        return await counted(self, *args, **kwargs)

    return called
