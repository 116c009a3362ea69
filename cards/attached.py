"""Cards that are Teams' own and no Adaptive Cards: sign-in, and a file that goes into the person's OneDrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cards.i18n import Catalogue

OAUTH = "application/vnd.microsoft.card.oauth"
FILE_CONSENT = "application/vnd.microsoft.teams.card.file.consent"
FILE_INFO = "application/vnd.microsoft.teams.card.file.info"


@dataclass(frozen=True, slots=True)
class Attached:
    """`kind` is the content type; `name` and `url` are those of the file that the card is about."""

    kind: str
    content: Mapping[str, Any]
    summary: str
    name: str = ""
    url: str = ""


def sign_in_card(connection: str, link: str, exchange: Mapping[str, str], post: Mapping[str, str], texts: Catalogue) -> Attached:
    """The person's client signs in silently by `exchange` where it can, and shows the button where it cannot."""
    content: dict[str, Any] = {
        "text": texts("signin.text"),
        "connectionName": connection,
        "buttons": [{"type": "signin", "title": texts("signin.button"), "value": link}],
    }
    if exchange:
        content["tokenExchangeResource"] = dict(exchange)
    if post:
        content["tokenPostResource"] = dict(post)
    return Attached(OAUTH, content, texts("signin.text"))


def file_consent_card(job: str, name: str, size: int, texts: Catalogue) -> Attached:
    """Asks whether the file may go into the person's OneDrive; `size` in bytes."""
    context = {"job": job}
    content = {"description": texts("consent.description"), "sizeInBytes": size, "acceptContext": context, "declineContext": context}
    return Attached(FILE_CONSENT, content, texts("consent.description"), name=name)


def file_info_card(name: str, url: str, unique: str, kind: str) -> Attached:
    """The file where it lies now; `unique` and `kind` as the channel has named them."""
    return Attached(FILE_INFO, {"uniqueId": unique, "fileType": kind}, name, name=name, url=url)
