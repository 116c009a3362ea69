"""Teams' own way of putting a file into a person's OneDrive: a card that asks, and an address to upload to (teams-docs: bots/how-to/bots-filesv4.md).

It needs no permission of Microsoft Graph, and works in the 1:1 chat only.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from botbuilder.schema import ErrorResponseException
from msrest.exceptions import ClientRequestError

from bot.errands import Errands
from bot.incoming import LinkedFiles
from bot.invokes import Answered, Handler, Invoked
from bot.sender import Sender, Unreachable
from cards.attached import Attached, file_info_card
from cards.chat import note_card
from cards.elements import CardJson
from cards.i18n import catalogue
from cards.job import error_text
from pipeline.errors import TransientError, UserError
from pipeline.model.job import Conversation
from pipeline.once import Once
from pipeline.service import Service

_log = logging.getLogger("consent")

TRIES = 3
CLAIM_SECONDS = 180.0
"""Longer than all tries may take: after so long another click may try again."""
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class FileConsent:
    """`pause` in seconds, between two tries."""

    def __init__(self, service: Service, sender: Sender, errands: Errands, links: LinkedFiles, *, pause: float = 1.0) -> None:
        self._service = service
        self._sender = sender
        self._errands = errands
        self._links = links
        self._pause = pause
        self._once = Once(service.store)

    def invokes(self) -> dict[str, Handler]:
        return {"fileConsent/invoke": self.answered}

    async def answered(self, event: Invoked) -> Answered:
        """Answer at once; the upload follows. Who answers is held against the job's record, never against the card."""
        where, context = event.where, event.value.get("context")
        job = str(context.get("job") or "") if isinstance(context, dict) else ""
        action = event.value.get("action")
        if action not in ("accept", "decline") or not where.personal:
            return Answered(400)
        if action == "decline":
            self._errands.start(self._show(where, event.reply_to, self._note(where, "consent.declined")))
            return Answered()
        upload = event.value.get("uploadInfo")
        if await self._once.first(where.tenant, "consent", where.user, job, event.reply_to, seconds=CLAIM_SECONDS):
            self._errands.start(self._saved(event, job, upload if isinstance(upload, dict) else {}))
        return Answered()

    async def _saved(self, event: Invoked, job: str, upload: Mapping[str, Any]) -> None:
        where, outcome = event.where, ""
        shown: CardJson | Attached
        try:
            await self._service.own_shown(where.tenant, where.user, job)
            _, data = await self._service.word(where.tenant, job)
            await self._upload(str(upload.get("uploadUrl") or ""), data)
            await self._service.handed_over(where.tenant, where.user, job)
            named = {key: str(upload.get(key) or "") for key in ("name", "contentUrl", "uniqueId", "fileType")}
            shown, outcome = file_info_card(named["name"], named["contentUrl"], named["uniqueId"], named["fileType"] or "docx"), "saved"
        except UserError as error:
            texts = catalogue(where.locale)
            shown = note_card(error_text(error.key, error.values, texts), texts)
        except TransientError as error:
            _log.warning("not saved: %s", error)
            shown = self._note(where, "consent.failed")
        await self._once.done(where.tenant, "consent", where.user, job, event.reply_to, outcome=outcome)
        await self._show(where, event.reply_to, shown)

    async def _upload(self, url: str, data: bytes) -> None:
        """One piece, without a token. Raises UserError, TransientError."""
        headers = {"Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}", "Content-Type": WORD}
        for attempt in range(1, TRIES + 1):
            try:
                status = await self._links.put(url, data, headers=headers)
            except TransientError:
                if attempt == TRIES:
                    raise
                status = 0
            if status in (200, 201) or (status == 416 and attempt > 1):  # 416: it arrived the first time, only the answer was lost
                return
            if status in (401, 403, 404, 410, 416):
                raise UserError("upload_expired")
            if status == 507:
                raise UserError("onedrive_full")
            await asyncio.sleep(self._pause * attempt)
        raise TransientError(f"upload: status {status}")

    async def _show(self, where: Conversation, message: str, card: CardJson | Attached) -> None:
        """In place of the card that asked: it would stay clickable."""
        try:
            await (self._sender.replace(where, message, card) if message else self._sender.post(where, card))
        except (Unreachable, ErrorResponseException, ClientRequestError) as error:
            _log.info("not shown: %s", type(error).__name__)

    def _note(self, where: Conversation, key: str) -> CardJson:
        texts = catalogue(where.locale)
        return note_card(texts(key), texts)
