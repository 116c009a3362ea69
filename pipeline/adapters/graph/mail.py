"""Drafts of e-mails in a person's own mailbox, through Microsoft Graph; sent by the person alone.

One request makes the draft with its files (learn.microsoft.com/graph/api/user-post-messages); an extended property names what it is for, by which
an earlier attempt's is found (…/api/singlevaluelegacyextendedproperty-get). Permission: Mail.ReadWrite, delegated.
"""

from __future__ import annotations

import base64
from urllib.parse import quote

from pipeline.adapters.graph.client import GraphClient, Refused
from pipeline.errors import UserError
from pipeline.model.offer import MailDraft
from pipeline.model.person import Person
from pipeline.ports import MailMessage, Tokens

PROPERTY = "String {9f3c1e52-7d0a-4b7e-8f6d-2c1b5a9e4d10} Name CvGeneratorOffer"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LARGEST = 3 * 2**20
"""Bytes of files in one request (…/graph/outlook-large-attachments)."""


class GraphMail:
    def __init__(self, client: GraphClient, tokens: Tokens) -> None:
        self._client = client
        self._tokens = tokens

    async def draft(self, person: Person, message: MailMessage) -> MailDraft:
        if sum(len(data) for _, data in message.files) > LARGEST:
            raise UserError("mail_too_large")
        token = await self._tokens.graph(person)
        condition = f"singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY}' and ep/value eq '{message.key}')"
        try:
            known = await self._client.call("GET", f"me/messages?$filter={quote(condition, safe='')}&$select=id,webLink&$top=1", token=token)
            found = known.body.get("value") or []
            if found:
                return MailDraft(id=str(found[0]["id"]), url=str(found[0]["webLink"]))
            made = (await self._client.call("POST", "me/messages", token=token, json=_body(message), repeatable=False)).body
        except Refused as refused:
            if refused.status in (401, 403, 404):  # no consent, or no mailbox
                raise UserError("mail_forbidden") from refused
            raise
        return MailDraft(id=str(made["id"]), url=str(made["webLink"]))


def _body(message: MailMessage) -> dict[str, object]:
    return {
        "subject": message.subject,
        "body": {"contentType": "text", "content": message.text},
        "toRecipients": [{"emailAddress": {"address": message.to}}],
        "attachments": [
            {"@odata.type": "#microsoft.graph.fileAttachment", "name": name, "contentType": DOCX, "contentBytes": base64.b64encode(data).decode()}
            for name, data in message.files
        ],
        "singleValueExtendedProperties": [{"id": PROPERTY, "value": message.key}],
    }
