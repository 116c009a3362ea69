"""The local page: one HTML file, filled with the reader's texts."""

from __future__ import annotations

import html
import json
from pathlib import Path

from aiohttp import web

from bot.web.views import texts_of

_FOLDER = Path(__file__).parent / "static"


class Page:
    def __init__(self, *, templates: tuple[str, ...], default: str) -> None:
        self._templates = templates
        self._default = default
        self._html = (_FOLDER / "index.html").read_text("utf-8")

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/", self.index), web.static("/static", _FOLDER)]

    async def index(self, request: web.Request) -> web.Response:
        texts = texts_of(request)
        shown = texts.section("page")
        options = "".join(
            f'<option value="{html.escape(name)}"{" selected" if name == self._default else ""}>{html.escape(name)}</option>'
            for name in self._templates
        )
        filled = self._html.replace("{{lang}}", texts.language).replace("{{templates}}", options)
        filled = filled.replace("{{texts}}", json.dumps(shown, ensure_ascii=False).replace("</", "<\\/"))
        for key, text in shown.items():
            filled = filled.replace("{{" + key + "}}", html.escape(text))
        return web.Response(text=filled, content_type="text/html", headers={"Cache-Control": "no-store"})
