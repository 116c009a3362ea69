"""PDF bytes -> Document, in a separate process with limits. Nothing else in the product opens a PDF."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
from pathlib import Path

from pydantic import ValidationError

from pipeline.errors import TransientError, UserError
from pipeline.model.codec import from_json
from pipeline.model.document import Document
from pipeline.ports import PageImage
from pipeline.read.pixels import HEAD
from pipeline.read.zygote import REQUEST, SHEET, WALL_SECONDS

MAX_BYTES = 15 * 2**20
_ROOT = Path(__file__).parents[2]
_log = logging.getLogger("sandbox")
_MAX_ANSWER = 32 * 2**20


def _refusal(answer: bytes) -> UserError:
    """What the child says is wrong with the file; an answer that is none is a file that broke it."""
    try:
        refused = json.loads(answer)
        return UserError(str(refused["error"]), **refused["values"])
    except (ValueError, KeyError, TypeError):
        return UserError("too_complex")


class Sandbox:
    """Owns the zygote process. At most `children` PDFs are read at the same time."""

    def __init__(self, *, children: int = 2) -> None:
        self._places = asyncio.Semaphore(children)
        self._starting = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    async def start(self) -> None:
        """Start the zygote, unless it runs. Raises RuntimeError where it does not come up."""
        async with self._starting:
            if self._process and self._process.poll() is None:
                return
            self._stop()
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            environment = {"PATH": os.defpath, "PYTHONHASHSEED": "0", "LANG": "C.UTF-8"}
            self._process = subprocess.Popen(  # noqa: ASYNC220  # starting takes a millisecond; what it prints is waited for below
                [sys.executable, "-m", "pipeline.read.zygote", str(theirs.fileno())],
                cwd=_ROOT,
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
            theirs.close()
            ours.setblocking(False)
            said = (await asyncio.wait_for(asyncio.get_running_loop().sock_recv(ours, 1000), 30)).decode()
            if said == "limits":
                _log.warning("this platform has no filter of system calls: PDFs are opened in a process with limits only")
            elif said != "jailed":
                raise RuntimeError(f"the sandbox did not start: {said or 'no answer'}")
            self._control = ours

    async def read(self, pdf: bytes) -> Document:
        """Read one PDF. Raises UserError with the reason, TransientError where the sandbox itself failed."""
        answer = await self._answer(pdf, 0)
        if not answer.startswith(b'{"document":'):
            raise _refusal(answer)
        try:
            return from_json(answer[len(b'{"document":') : -1], Document)
        except ValidationError:
            raise UserError("too_complex") from None

    async def pixels(self, pdf: bytes, page: int) -> PageImage:
        """The picture of a page, from 1. Raises as `read`."""
        answer = await self._answer(pdf, page)
        width, height, dpi = HEAD.unpack_from(answer) if len(answer) > HEAD.size else (0, 0, 0.0)
        if not width or len(answer) != HEAD.size + width * height:
            raise _refusal(answer)
        return PageImage(width, height, dpi, answer[HEAD.size :])

    async def rows(self, xlsx: bytes) -> list[list[str]]:
        """The rows of a spreadsheet's first sheet. Raises as `read`."""
        answer = await self._answer(xlsx, SHEET)
        if not answer.startswith(b'{"rows":'):
            raise _refusal(answer)
        rows: list[list[str]] = json.loads(answer)["rows"]
        return rows

    async def _answer(self, pdf: bytes, page: int) -> bytes:
        if len(pdf) > MAX_BYTES:
            raise UserError("too_large", limit=MAX_BYTES // 2**20)
        async with self._places:
            await self.start()
            answer = await self._ask(pdf, page)
        if not answer:
            if self._process is None or self._process.poll() is not None:
                raise TransientError("the sandbox is gone")
            raise UserError("too_complex")
        return answer

    async def _ask(self, pdf: bytes, page: int) -> bytes:
        """The child's answer; empty where it was killed or took too long."""
        if self._control is None:
            raise TransientError("no sandbox")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with ours:
            try:
                socket.send_fds(self._control, [b"x"], [theirs.fileno()])
            except OSError as error:
                self._stop()
                raise TransientError("the sandbox is gone") from error
            finally:
                theirs.close()
            ours.setblocking(False)
            try:
                async with asyncio.timeout(WALL_SECONDS + 1):
                    return await self._exchange(ours, REQUEST.pack(len(pdf), page) + pdf)
            except (TimeoutError, OSError):
                return b""

    @staticmethod
    async def _exchange(connection: socket.socket, request: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(connection, request)
        parts = bytearray()
        while chunk := await loop.sock_recv(connection, 1 << 18):
            parts += chunk
            if len(parts) > _MAX_ANSWER:
                return b""
        return bytes(parts)

    def _stop(self) -> None:
        if self._control:
            self._control.close()
            self._control = None
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def close(self) -> None:
        self._stop()
