"""Drafts in people's mailboxes, of the fake Graph.

Sources: learn.microsoft.com/graph/api/user-post-messages (body, permission Mail.ReadWrite), …/api/singlevaluelegacyextendedproperty-get (the filter),
…/resources/fileattachment; attachments of a request stay below 3 MB (…/graph/outlook-large-attachments).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.graph.server import Graph, Refusal, Token, json_of

PROPERTY = re.compile(r"(String|Integer|Boolean) \{[0-9a-f-]{36}\} (Name \w+|Id 0x[0-9A-F]{4})")
FILTER = re.compile(r"singleValueExtendedProperties/Any\(ep: ep/id eq '([^']+)' and ep/value eq '([^']+)'\)")
WRITABLE = {"subject", "body", "toRecipients", "ccRecipients", "attachments", "singleValueExtendedProperties", "importance"}


@dataclass
class Mailboxes:
    """`drafts` by user; `missing` users have no mailbox."""

    drafts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    sent: int = 0

    def add_to(self, graph: Graph) -> None:
        graph.route("POST", "me/messages", self.create, delegated={"Mail.ReadWrite"})
        graph.route("GET", "me/messages", self.find, delegated={"Mail.Read", "Mail.ReadWrite"})
        graph.route("POST", r"me/(sendMail|messages/[^/]+/send)", self.send, delegated={"Mail.Send"})

    async def send(self, request: web.Request, token: Token, match: re.Match[str]) -> web.Response:
        self.sent += 1
        return web.Response(status=202)

    async def create(self, request: web.Request, token: Token, match: re.Match[str]) -> web.Response:
        self._there(token)
        body = await json_of(request)
        if unknown := set(body) - WRITABLE:
            raise Refusal(400, "RequestBodyRead", f"The property '{min(unknown)}' does not exist on type 'microsoft.graph.message'.")
        if set(body.get("body", {})) != {"contentType", "content"} or body["body"]["contentType"] not in ("text", "html"):
            raise Refusal(400, "ErrorInvalidRequest")
        for one in body.get("toRecipients", []):
            if not re.fullmatch(r"[^@\s]+@[^@\s]+", one["emailAddress"]["address"]):
                raise Refusal(400, "ErrorInvalidRecipients")
        for one in body.get("singleValueExtendedProperties", []):
            if set(one) != {"id", "value"} or not PROPERTY.fullmatch(one["id"]):
                raise Refusal(400, "ErrorInvalidPropertyId")
        size = sum(_checked(one) for one in body.get("attachments", []))
        if size > 3 * 2**20:
            raise Refusal(413, "RequestBodyTooLarge")
        number = len(self.drafts.setdefault(token.user, [])) + 1
        made = {"id": f"AAMk{number}", "isDraft": True, "webLink": f"https://outlook.office365.com/owa/?ItemID=AAMk{number}", **body}
        self.drafts[token.user].append(made)
        return web.json_response({k: v for k, v in made.items() if k not in ("attachments", "singleValueExtendedProperties")}, status=201)

    async def find(self, request: web.Request, token: Token, match: re.Match[str]) -> web.Response:
        self._there(token)
        if set(request.query) - {"$filter", "$select", "$top"}:
            raise Refusal(400, "BadRequest")
        condition = FILTER.fullmatch(request.query.get("$filter", ""))
        if condition is None or not PROPERTY.fullmatch(condition[1]):
            raise Refusal(400, "ErrorInvalidUrlQueryFilter")
        wanted = {"id": condition[1], "value": condition[2]}
        found = [d for d in self.drafts.get(token.user, []) if wanted in d.get("singleValueExtendedProperties", [])]
        names = request.query.get("$select", "id").split(",")
        return web.json_response({"value": [{name: d[name] for name in names} for d in found[: int(request.query.get("$top", 10))]]})

    def _there(self, token: Token) -> None:
        if token.user in self.missing:
            raise Refusal(404, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive, soft-deleted, or is hosted on-premise.")


def _checked(attachment: dict[str, Any]) -> int:
    """The attachment's size in bytes."""
    if attachment.get("@odata.type") != "#microsoft.graph.fileAttachment" or not attachment.get("name"):
        raise Refusal(400, "ErrorInvalidAttachment")
    try:
        return len(base64.b64decode(attachment["contentBytes"], validate=True))
    except (KeyError, binascii.Error):
        raise Refusal(400, "RequestBodyRead", "Cannot convert a value to target type 'Edm.Binary'") from None
