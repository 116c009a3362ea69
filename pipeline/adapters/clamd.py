"""MalwareScan by clamd (ClamAV's daemon), over its socket: the INSTREAM command of clamd(8)."""

from __future__ import annotations

import asyncio
import struct

from pipeline.errors import TransientError, UserError

SECONDS = 20
_CHUNK = 1 << 18
_LENGTH = struct.Struct(">I")


class Clamd:
    """`address` is a socket's path ("/run/clamav/clamd.ctl") or "host:port"."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def check(self, data: bytes) -> None:
        """Raises UserError (malware); TransientError where the daemon gives no verdict: then nothing may be opened."""
        try:
            async with asyncio.timeout(SECONDS):
                verdict = await self._ask(data)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise TransientError(f"clamd: {type(error).__name__}", key="scanner_down") from error
        if verdict.endswith(" FOUND"):
            raise UserError("malware", name=verdict.removeprefix("stream: ").removesuffix(" FOUND"))
        if verdict != "stream: OK":
            raise TransientError(f"clamd: {verdict[:80]}", key="scanner_down")

    async def _ask(self, data: bytes) -> str:
        reader, writer = await self._connect()
        try:
            writer.write(b"zINSTREAM\0")
            for at in range(0, len(data), _CHUNK):
                part = data[at : at + _CHUNK]
                writer.write(_LENGTH.pack(len(part)) + part)
                await writer.drain()
            writer.write(_LENGTH.pack(0))
            await writer.drain()
            return (await reader.readuntil(b"\0")).decode("utf-8", "replace").rstrip("\0")
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._address.startswith("/"):
            return await asyncio.open_unix_connection(self._address)
        host, _, port = self._address.rpartition(":")
        return await asyncio.open_connection(host, int(port))
