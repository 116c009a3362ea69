"""Drafts of e-mails as files that a mail program opens as drafts (RFC 5322; `X-Unsent` is Outlook's word for it)."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import parseaddr

from pipeline.model.offer import MailDraft
from pipeline.model.person import Person
from pipeline.ports import Blobs, MailMessage

MAIL = "mail"
DOCX = ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document")


class FiledMail:
    """`<tenant>/<key>/mail` among the given blobs."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    async def draft(self, person: Person, message: MailMessage) -> MailDraft:
        name = f"{person.tenant}/{message.key}/{MAIL}"
        await self._blobs.put(name, as_file(message))
        return MailDraft(id=name, url="")


def as_file(message: MailMessage) -> bytes:
    made = EmailMessage()
    made["To"] = parseaddr(message.to)[1]
    made["Subject"] = " ".join(message.subject.split())
    made["X-Unsent"] = "1"
    made.set_content(message.text)
    for name, data in message.files:
        made.add_attachment(data, maintype=DOCX[0], subtype=DOCX[1], filename=name)
    return made.as_bytes()
