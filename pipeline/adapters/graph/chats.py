"""Messages and files of group chats and channels, through Microsoft Graph in their sender's own name.

The channel itself delivers no file there. So: the message (learn.microsoft.com/graph/api/chatmessage-get), the files that it refers to
(…/resources/chatmessageattachment), and the bytes of each by its address (…/api/shares-get), which lead to a link that needs no token.
"""

from __future__ import annotations

import base64

from pipeline.adapters.graph.client import Answer, GraphClient, Refused
from pipeline.errors import UserError
from pipeline.model.job import Source
from pipeline.model.person import Person
from pipeline.ports import IncomingFiles, Tokens

MOST_FILES = 20
"""Of one message."""


class ChatFiles:
    """`links` fetches what Graph leads to: it checks the host, and knows no token."""

    def __init__(self, graph: GraphClient, tokens: Tokens, links: IncomingFiles) -> None:
        self._graph = graph
        self._tokens = tokens
        self._links = links

    async def files(self, message: str, person: Person) -> list[Source]:
        found = (await self._get(message, person, what="message")).body.get("attachments")
        named = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
        files = [item for item in named if item.get("contentType") == "reference" and item.get("contentUrl")]
        return [Source(name=str(item.get("name") or "CV")[-160:], share=str(item["contentUrl"])) for item in files[:MOST_FILES]]

    async def fetch(self, source: Source, *, limit: int, person: Person) -> bytes:
        if not source.share:
            return await self._links.fetch(source, limit=limit, person=person)
        answer = await self._get(f"shares/{share_id(source.share)}/driveItem/content", person, what="file")
        link = source.model_copy(update={"url": answer.headers.get("Location", ""), "share": ""})
        return await self._links.fetch(link, limit=limit, person=person)

    async def _get(self, path: str, person: Person, *, what: str) -> Answer:
        """Raises UserError (<what>_forbidden, <what>_gone), SignInNeeded, TransientError."""
        try:
            return await self._graph.call("GET", path, token=await self._tokens.graph(person))
        except Refused as refused:
            if refused.status in (403, 404, 410):
                raise UserError(f"{what}_forbidden" if refused.status == 403 else f"{what}_gone") from None
            raise


def share_id(address: str) -> str:
    """How Graph names a file by its address (learn.microsoft.com/graph/api/shares-get, "Encoding sharing URLs")."""
    return "u!" + base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")
