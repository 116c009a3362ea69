"""Persons -> PDFs, by the layouts of make_cvs.py; one Chromium prints them all, at some fifty milliseconds each."""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiohttp
from cvs import BENCHMARKS, HERE, LAYOUT

import make_cvs  # isort: skip  # found by way of cvs

Person = dict[str, Any]
PAPER = {"printBackground": True, "preferCSSPageSize": True, "paperWidth": 8.27, "paperHeight": 11.8}
"""A4 in inches and a little more: the sidebar, which is 297 mm high, would not fit on its page otherwise."""


def person(name: str) -> Person:
    """One of the persons with traps, or of those that make_cvs.py knows."""
    path = next(path for folder in (HERE, BENCHMARKS) if (path := folder / "persons" / f"{name}.toml").exists())
    return tomllib.loads(path.read_text("utf-8"))


def page(who: Person, layout: str) -> str:
    return make_cvs.html_file(make_cvs.prepared(who, make_cvs.LAYOUTS[layout][1]), layout)


class Browser:
    """Chromium's DevTools protocol, as much as printing needs."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._number, self._session = socket, 0, ""

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        await self._socket.send_json({"id": self._number, "method": method, "params": params, **session})
        while True:
            answer = await self._socket.receive_json()
            if answer.get("id") == self._number:
                return answer["result"]

    async def open(self) -> str:
        """A tab; returns the id of its frame."""
        target = (await self.call("Target.createTarget", url="about:blank"))["targetId"]
        self._session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        return (await self.call("Page.getFrameTree"))["frameTree"]["frame"]["id"]

    async def pdf(self, frame: str, html: str) -> bytes:
        await self.call("Page.setDocumentContent", frameId=frame, html=html)
        return base64.b64decode((await self.call("Page.printToPDF", **PAPER))["data"])


async def _printed(pages: Iterable[tuple[Path, str]]) -> None:
    browser = shutil.which("chromium") or sys.exit("Chromium is missing")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"]
        running = subprocess.Popen([browser, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            address = Path(folder) / "DevToolsActivePort"
            while not address.exists() or not address.read_text().strip():
                await asyncio.sleep(0.05)
            port, path = address.read_text().split()
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(f"http://127.0.0.1:{port}{path}", max_msg_size=0) as socket,
            ):
                tab = Browser(socket)
                frame = await tab.open()
                for target, html in pages:
                    target.write_bytes(await tab.pdf(frame, html))
        finally:
            running.terminate()
            running.wait()


def printed(pages: Iterable[tuple[Path, str]]) -> None:
    """Writes each page of HTML to its target as a PDF."""
    asyncio.run(_printed(pages))


def traps(folder: Path) -> list[Path]:
    """The CVs of the persons with traps, in the folder."""
    targets = {name: folder / f"{layout}-{name}.pdf" for name, layout in LAYOUT.items()}
    printed((target, page(person(name), LAYOUT[name])) for name, target in targets.items())
    return list(targets.values())
