"""The page, on this computer and as the tab in Teams: one HTML file, filled with the reader's texts."""

from __future__ import annotations

import html
import json
from pathlib import Path

from aiohttp import web

from bot.web.views import texts_of
from cards.i18n import catalogue

TEAMS_JS = (
    '<script src="https://res.cdn.office.net/teams-js/2.58.0/js/MicrosoftTeams.min.js" crossorigin="anonymous" defer '
    'integrity="sha384-sMo/EOqQPa1OCup2/VBRum7oFeOS22kvs8WGDc45xK53tUVZzFR5WwFYDUYN1LO4"></script>\n  '
)
"""Microsoft's client library, as its README says; the browser refuses any other bytes. Loaded inside Teams only."""
_FOLDER = Path(__file__).parent / "static"


class Page:
    def __init__(self, *, templates: tuple[str, ...], default: str) -> None:
        self._templates = templates
        self._default = default
        self._html = (_FOLDER / "index.html").read_text("utf-8")

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/", self.index), web.static("/static", _FOLDER)]

    async def index(self, request: web.Request) -> web.Response:
        query = request.query
        texts = catalogue(query["locale"]) if query.get("locale") else texts_of(request)
        tab, theme = query.get("tab") == "teams", query.get("theme", "")
        shown = texts.section("page")
        shown["privacy"] = shown["privacy_tab" if tab else "privacy"]
        options = "".join(
            f'<option value="{html.escape(name)}"{" selected" if name == self._default else ""}>{html.escape(name)}</option>'
            for name in self._templates
        )
        filled = self._html.replace("{{lang}}", texts.language).replace("{{templates}}", options)
        filled = filled.replace("{{teams}}", TEAMS_JS if tab else "")
        filled = filled.replace("{{theme}}", "" if not theme else "light" if theme == "default" else "dark")
        filled = filled.replace("{{texts}}", json.dumps(shown, ensure_ascii=False).replace("</", "<\\/"))
        for key, text in shown.items():
            filled = filled.replace("{{" + key + "}}", html.escape(text))
        return web.Response(text=filled, content_type="text/html", headers={"Cache-Control": "no-store"})
