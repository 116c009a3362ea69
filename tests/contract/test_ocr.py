"""Document Intelligence against a server that checks each request against the published REST API (2024-11-30)."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from PIL import Image, ImageDraw

from pipeline.adapters.document_intelligence import DocumentIntelligence, png
from pipeline.adapters.local.tesseract import Tesseract, installed
from pipeline.errors import TransientError, UserError
from pipeline.ports import PageImage
from pipeline.read.reader import Reader
from pipeline.read.sandbox import Sandbox
from tests.fakes import Server
from tests.pipeline.test_scan import scanned

ANALYZE = "/documentintelligence/documentModels/prebuilt-read:analyze"
RESULT = "/documentintelligence/documentModels/prebuilt-read/analyzeResults/3b31320d-8bab-4f88-b19c-2322a7f11034"


class Azure(Server):
    """Reads pictures with Tesseract, and answers as the service does."""

    def __init__(self) -> None:
        super().__init__()
        self.app.add_routes([web.post(ANALYZE, self.analyze), web.get(RESULT, self.result)])
        self.refusals: list[tuple[int, dict[str, str]]] = []
        self.status = "succeeded"
        self.asked = 0
        self.headers: dict[str, str] = {}
        self._answer: dict[str, Any] = {}

    async def analyze(self, request: web.Request) -> web.Response:
        self.headers = dict(request.headers)
        if self.refusals:
            status, headers = self.refusals.pop(0)
            return web.json_response({"error": {"code": "X", "message": "x"}}, status=status, headers=headers)
        assert request.query == {"api-version": "2024-11-30"}
        assert request.headers["Content-Type"] == "application/octet-stream"
        assert request.headers.get("Ocp-Apim-Subscription-Key") == "secret" or request.headers.get("Authorization") == "Bearer token"
        picture = Image.open(io.BytesIO(await request.read()))
        assert picture.format == "PNG"
        assert all(50 <= side <= 10_000 for side in picture.size)
        words = await Tesseract(installed()).words(PageImage(*picture.size, 200, picture.convert("L").tobytes()))
        self._answer = self._as_the_service_says_it(words, picture.size)
        return web.Response(status=202, headers={"Operation-Location": f"{self.origin}{RESULT}?api-version=2024-11-30", "Retry-After": "0"})

    @staticmethod
    def _as_the_service_says_it(words: list[Any], size: tuple[int, int]) -> dict[str, Any]:
        offset, told, lines = 0, [], {}
        for word in sorted(words, key=lambda w: (w.line, w.left)):
            box = [word.left, word.top, word.right, word.top, word.right, word.bottom, word.left, word.bottom]
            told.append({"content": word.text, "polygon": box, "confidence": word.confidence, "span": {"offset": offset, "length": len(word.text)}})
            lines.setdefault(word.line, {"content": "", "polygon": box, "spans": [{"offset": offset, "length": len(word.text)}]})
            offset += len(word.text) + 1
        page = {
            "pageNumber": 1,
            "angle": 0,
            "width": size[0],
            "height": size[1],
            "unit": "pixel",
            "words": told,
            "lines": list(lines.values()),
            "spans": [],
        }
        return {"apiVersion": "2024-11-30", "modelId": "prebuilt-read", "stringIndexType": "textElements", "content": "", "pages": [page]}

    async def result(self, request: web.Request) -> web.Response:
        assert request.headers.get("Ocp-Apim-Subscription-Key") == "secret" or request.headers.get("Authorization") == "Bearer token"
        self.asked += 1
        if self.asked < 3:
            return web.json_response({"status": "running"}, headers={"Retry-After": "0"})
        return web.json_response({"status": self.status} | ({"analyzeResult": self._answer} if self.status == "succeeded" else {}))


@pytest.fixture
async def azure() -> AsyncIterator[Azure]:
    async with Azure() as server:
        yield server


def page() -> PageImage:
    picture = Image.new("L", (900, 300), 255)
    ImageDraw.Draw(picture).text((60, 100), "Ada Beispiel", fill=0, font_size=60)
    return PageImage(*picture.size, 200, picture.tobytes())


def test_the_picture_is_a_png() -> None:
    image = page()
    again = Image.open(io.BytesIO(png(image)))
    assert (again.mode, again.size, again.tobytes()) == ("L", (900, 300), image.grey)
    assert round(again.info["dpi"][0]) == 200


async def test_words_with_their_places(azure: Azure) -> None:
    words = await DocumentIntelligence(azure.origin, key="secret", poll=0).words(page())
    assert [w.text for w in words] == ["Ada", "Beispiel"]
    assert words[0].line == words[1].line
    assert 55 < words[0].left < words[0].right < words[1].left < 900
    assert 0.5 < words[0].confidence <= 1
    assert azure.asked == 3


async def test_by_managed_identity(azure: Azure) -> None:
    async def token() -> str:
        return "token"

    assert len(await DocumentIntelligence(azure.origin, entra_token=token, poll=0).words(page())) == 2
    assert "Ocp-Apim-Subscription-Key" not in azure.headers


async def test_a_scanned_cv_is_read_through_it(azure: Azure, sandbox: Sandbox) -> None:
    document = await Reader(sandbox, DocumentIntelligence(azure.origin, key="secret", poll=0)).read(scanned("de-einspaltig-brandt"))
    assert "Katharina Brandt" in [line.text for line in document.lines]
    assert all(line.confidence is not None for line in document.lines)


@pytest.mark.parametrize(
    ("status", "headers", "error", "wait"),
    [
        (429, {"Retry-After": "7"}, TransientError, 7.0),
        (503, {}, TransientError, None),
        (401, {}, TransientError, None),
        (400, {}, UserError, None),
        (413, {}, UserError, None),
    ],
)
async def test_refusals(azure: Azure, status: int, headers: dict[str, str], error: type[Exception], wait: float | None) -> None:
    azure.refusals = [(status, headers)]
    with pytest.raises(error) as caught:
        await DocumentIntelligence(azure.origin, key="secret", poll=0).words(page())
    assert getattr(caught.value, "retry_after", None) == wait


async def test_an_analysis_that_fails_is_the_page_s_fault(azure: Azure) -> None:
    azure.status = "failed"
    with pytest.raises(UserError, match="too_complex"):
        await DocumentIntelligence(azure.origin, key="secret", poll=0).words(page())


async def test_nobody_there_is_a_passing_fault() -> None:
    with pytest.raises(TransientError):
        await DocumentIntelligence("http://127.0.0.1:9", key="secret").words(page())
