"""Messages of chats and channels, and shared files, of the fake Graph.

Sources: learn.microsoft.com/graph/api/chatmessage-get (paths, permissions), …/resources/chatmessageattachment, …/api/shares-get, …/api/driveitem-get-content.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.graph.server import Graph, Refusal, Token

READ_FILES = {"Files.Read.All", "Files.ReadWrite", "Files.ReadWrite.All"}
ID = r"[^/]+"


@dataclass
class Shared:
    """A file somewhere in a drive: where its bytes may be fetched, and who may read it."""

    link: str
    readers: frozenset[str]


@dataclass
class Chats:
    """`messages` by their decoded path below /v1.0; `files` by the address that attachments name."""

    messages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    members: dict[str, frozenset[str]] = field(default_factory=dict)
    files: dict[str, Shared] = field(default_factory=dict)

    def attach(self, message: str, *names: str, link: str, readers: tuple[str, ...], members: tuple[str, ...] = ()) -> None:
        """A message with files; `link` is where the bytes of each lie, below its name."""
        found = []
        for name in names:
            address = f"https://contoso-my.sharepoint.com/personal/anna/Documents/Microsoft Teams Chat Files/{name}"
            self.files[address] = Shared(f"{link}/{name}", frozenset(readers))
            found.append(
                {"id": f"guid-{name}", "contentType": "reference", "contentUrl": address, "name": name, "content": None, "thumbnailUrl": None}
            )
        self.messages[message] = found
        self.members[message] = frozenset(members or readers)

    def add_to(self, graph: Graph) -> None:
        channel = rf"teams/{ID}/channels/{ID}/messages/{ID}(/replies/{ID})?"
        graph.route("GET", rf"chats/{ID}/messages/{ID}", self._message, delegated={"Chat.Read", "Chat.ReadWrite"})
        graph.route("GET", channel, self._message, delegated={"ChannelMessage.Read.All"})
        graph.route("GET", rf"shares/(?P<share>{ID})/driveItem/content", self._content, delegated=READ_FILES)

    async def _message(self, request: web.Request, token: Token, match: re.Match[str]) -> web.Response:
        if request.query_string:
            raise Refusal(400, "BadRequest", "Query options are not supported here")
        path = unquote(match[0])
        if path not in self.messages:
            raise Refusal(404, "NotFound")
        if token.user not in self.members[path]:
            raise Refusal(403, "Forbidden")
        # what a message holds besides files: a card, a quoted message
        other = [{"id": "x", "contentType": "messageReference", "contentUrl": None, "name": None, "content": "{}"}]
        body = {"contentType": "html", "content": "<div>…</div>"}
        return web.json_response({"id": path.rpartition("/")[2], "messageType": "message", "body": body, "attachments": other + self.messages[path]})

    async def _content(self, request: web.Request, token: Token, match: re.Match[str]) -> web.Response:
        share = match["share"]
        try:
            assert share.startswith("u!")
            assert not share.endswith("=")
            address = base64.urlsafe_b64decode(share[2:] + "=" * (-len(share[2:]) % 4)).decode()
        except (AssertionError, binascii.Error, UnicodeError):
            raise Refusal(400, "invalidRequest", "The sharing URL is not encoded") from None
        found = self.files.get(address)
        if found is None:
            raise Refusal(404, "itemNotFound")
        if token.user not in found.readers:
            raise Refusal(403, "accessDenied")
        return web.Response(status=302, headers={"Location": found.link})
