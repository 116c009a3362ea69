"""PDF -> Document: its text by the sandbox, its scanned pages by character recognition."""

from __future__ import annotations

import asyncio

from pipeline.errors import UserError
from pipeline.model.document import Document, Line
from pipeline.ports import Ocr
from pipeline.read.sandbox import Sandbox
from pipeline.read.scan import scan_lines, with_scans

MIN_LETTERS = 60
"""Fewer letters than this in the whole file are no CV."""


class Reader:
    """The sandbox sees the file and hands out pixels; the engine sees the pixels only. `ocr` None: scans are refused."""

    def __init__(self, sandbox: Sandbox, ocr: Ocr | None) -> None:
        self._sandbox = sandbox
        self._ocr = ocr

    async def read(self, pdf: bytes) -> Document:
        """Raises UserError with the reason (scanned: pictures only, and no engine), TransientError."""
        document = await self._sandbox.read(pdf)
        if document.scanned and self._ocr:
            pages = await asyncio.gather(*(self._page(pdf, number, self._ocr) for number in document.scanned))
            document = with_scans(document, dict(zip(document.scanned, pages, strict=True)))
        if sum(map(str.isalpha, "".join(line.text for line in document.lines))) < MIN_LETTERS:
            raise UserError("no_text" if self._ocr else "scanned")
        return document

    async def rows(self, xlsx: bytes) -> list[list[str]]:
        """Raises UserError with the reason, TransientError."""
        return await self._sandbox.rows(xlsx)

    async def _page(self, pdf: bytes, number: int, ocr: Ocr) -> list[Line]:
        image = await self._sandbox.pixels(pdf, number)
        words = await ocr.words(image)
        return await asyncio.to_thread(scan_lines, words, image, number)
