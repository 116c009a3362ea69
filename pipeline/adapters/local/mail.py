"""Where no mailbox is: the draft is made when it is opened, as a file. Nothing is kept, so nothing has to be erased."""

from __future__ import annotations

from pipeline.model.offer import MailDraft
from pipeline.model.person import Person
from pipeline.ports import MailMessage


class FiledMail:
    async def draft(self, person: Person, message: MailMessage) -> MailDraft:
        return MailDraft(id=message.key, url="")
