"""An e-mail as a file that mail programs open as a draft (RFC 5322; `X-Unsent` is Outlook's word for it)."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import EmailMessage
from email.utils import parseaddr

DOCX = ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document")


def mail_file(*, to: str, subject: str, text: str, files: Iterable[tuple[str, bytes]]) -> bytes:
    made = EmailMessage()
    made["To"] = parseaddr(to)[1]
    made["Subject"] = " ".join(subject.split())
    made["X-Unsent"] = "1"
    made.set_content(text)
    for name, data in files:
        made.add_attachment(data, maintype=DOCX[0], subtype=DOCX[1], filename=name)
    return made.as_bytes()
