"""Ocr by Azure AI Document Intelligence: the model prebuilt-read, REST API 2024-11-30.

A picture is posted, the answer is asked for until it is there. Only pixels leave this computer, never the file.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from bisect import bisect_right
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from pipeline.errors import TransientError, UserError
from pipeline.ports import OcrWord, PageImage

VERSION = "2024-11-30"
SECONDS, POLL = 60.0, 1.0
"""How long a page may take, and the pause between two questions where the service names none."""


class DocumentIntelligence:
    """`endpoint` as the Azure portal shows it. Without a key `entra_token` gives an access token (role Cognitive Services User)."""

    def __init__(
        self, endpoint: str, *, key: str = "", entra_token: Callable[[], Awaitable[str]] | None = None, pages: int = 4, poll: float = POLL
    ) -> None:
        self._url = f"{endpoint.rstrip('/')}/documentintelligence/documentModels/prebuilt-read:analyze"
        self._key, self._entra_token, self._poll = key, entra_token, poll
        self._places = asyncio.Semaphore(pages)

    async def words(self, image: PageImage) -> list[OcrWord]:
        """Raises UserError: too_complex where the service cannot read the picture; TransientError."""
        headers = {"Ocp-Apim-Subscription-Key": self._key} if self._key else {"Authorization": f"Bearer {await self._token()}"}
        try:
            async with self._places, asyncio.timeout(SECONDS), aiohttp.ClientSession(headers=headers) as session:
                return words_of(await self._analysed(session, png(image)))
        except (aiohttp.ClientError, TimeoutError, KeyError, TypeError, ValueError) as error:
            raise TransientError(f"Document Intelligence: {type(error).__name__}") from error

    async def _token(self) -> str:
        if self._entra_token is None:
            raise TransientError("Document Intelligence: neither key nor identity")
        return await self._entra_token()

    async def _analysed(self, session: aiohttp.ClientSession, picture: bytes) -> dict[str, Any]:
        content_type = {"Content-Type": "application/octet-stream"}
        async with session.post(self._url, params={"api-version": VERSION}, data=picture, headers=content_type) as posted:
            if posted.status != 202:
                raise _refusal(posted)
            result = posted.headers["Operation-Location"]
            pause = _pause(posted, self._poll)
        while True:
            await asyncio.sleep(pause)
            async with session.get(result) as asked:
                if asked.status != 200:
                    raise _refusal(asked)
                answer = await asked.json()
                pause = _pause(asked, self._poll)
            if answer["status"] == "succeeded":
                found: dict[str, Any] = answer["analyzeResult"]
                return found
            if answer["status"] in ("failed", "canceled"):
                raise UserError("too_complex")


def _pause(response: aiohttp.ClientResponse, default: float) -> float:
    """Seconds until the next question, as the service asks for."""
    asked = response.headers.get("Retry-After", "")
    return float(asked) if asked.isdigit() else default


def _refusal(response: aiohttp.ClientResponse) -> Exception:
    """A picture that the service does not take is the user's matter; all else may pass."""
    if response.status in (400, 413, 415):
        return UserError("too_complex")
    wait = _pause(response, 0.0)
    return TransientError(f"Document Intelligence: HTTP {response.status}", retry_after=wait or None)


def words_of(result: dict[str, Any]) -> list[OcrWord]:
    """The words of the result's one page; a word belongs to the line whose span begins last before it."""
    found: list[OcrWord] = []
    for page in result["pages"]:
        starts = sorted(span["offset"] for line in page.get("lines", ()) for span in line["spans"])
        for word in page.get("words", ()):
            xs, ys = word["polygon"][0::2], word["polygon"][1::2]
            line = bisect_right(starts, word["span"]["offset"])
            found.append(OcrWord(word["content"], int(min(xs)), int(min(ys)), int(max(xs)), int(max(ys)), float(word["confidence"]), line))
    return found


def png(image: PageImage) -> bytes:
    """The picture as PNG (ISO/IEC 15948): 8 bits of grey, no row filter."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + image.grey[y * image.width : (y + 1) * image.width] for y in range(image.height))
    head = struct.pack(">IIBBBBB", image.width, image.height, 8, 0, 0, 0, 0)
    dots = round(image.dpi / 0.0254)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"pHYs", struct.pack(">IIB", dots, dots, 1))
        + chunk(b"IDAT", zlib.compress(rows, 6))
        + chunk(b"IEND", b"")
    )
