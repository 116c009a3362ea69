"""Drafts in people's mailboxes: once, in their own name, never sent."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from pipeline.adapters.graph.client import GraphClient
from pipeline.adapters.graph.mail import PROPERTY, GraphMail
from pipeline.errors import SignInNeeded, TransientError, UserError
from pipeline.model.person import Person
from pipeline.ports import MailMessage
from tests.conftest import NOW
from tests.graph.mailbox import Mailboxes
from tests.graph.server import Fault, Graph

ANNA = Person(tenant="t", user="user-1", channel_user="29:user")
MESSAGE = MailMessage(
    key="a" * 32, to="erika@neckartal.example", subject="Angebot ANG-2026-0001", text="Guten Tag\n\nÄÖÜ", files=(("ANG-2026-0001.docx", b"PK word"),)
)


@dataclass
class Tokens:
    known: bool = True

    async def graph(self, person: Person) -> str:
        if not self.known:
            raise SignInNeeded
        return f"token-of-{person.user}"


@dataclass
class Office:
    graph: Graph
    boxes: Mailboxes
    mail: GraphMail
    tokens: Tokens


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    graph, boxes, tokens = Graph(), Mailboxes(), Tokens()
    boxes.add_to(graph)
    async with graph:
        graph.sign_in("user-1", "Mail.ReadWrite")
        client = GraphClient(now=lambda: NOW, url=graph.url, pause=0.01)
        yield Office(graph, boxes, GraphMail(client, tokens), tokens)
        await client.close()


async def test_a_draft_with_its_file_lies_in_the_persons_mailbox(office: Office) -> None:
    made = await office.mail.draft(ANNA, MESSAGE)
    (draft,) = office.boxes.drafts["user-1"]
    assert (made.id, made.url) == (draft["id"], draft["webLink"])
    assert draft["isDraft"]
    assert draft["toRecipients"] == [{"emailAddress": {"address": MESSAGE.to}}]
    assert base64.b64decode(draft["attachments"][0]["contentBytes"]) == b"PK word"
    assert office.boxes.sent == 0


async def test_the_same_message_again_is_found(office: Office) -> None:
    first = await office.mail.draft(ANNA, MESSAGE)
    assert await office.mail.draft(ANNA, MESSAGE) == first
    await office.mail.draft(ANNA, replace(MESSAGE, key="b" * 32))
    assert len(office.boxes.drafts["user-1"]) == 2


async def test_an_answer_that_is_lost_makes_no_second_draft(office: Office) -> None:
    office.graph.faults = [None, Fault(how="reset", after=True)]
    try:
        await office.mail.draft(ANNA, MESSAGE)
    except TransientError:
        await office.mail.draft(ANNA, MESSAGE)
    assert len(office.boxes.drafts["user-1"]) == 1


@pytest.mark.parametrize(("scopes", "missing"), [({"Mail.Read"}, False), ({"Files.ReadWrite"}, False), ({"Mail.ReadWrite"}, True)])
async def test_without_consent_or_mailbox_it_says_so(office: Office, scopes: set[str], missing: bool) -> None:
    office.graph.sign_in("user-1", *scopes)
    office.boxes.missing = {"user-1"} if missing else set()
    with pytest.raises(UserError, match="mail_forbidden"):
        await office.mail.draft(ANNA, MESSAGE)


async def test_without_a_sign_in_it_says_so(office: Office) -> None:
    office.tokens.known = False
    with pytest.raises(SignInNeeded):
        await office.mail.draft(ANNA, MESSAGE)


async def test_what_is_too_large_for_one_request_is_not_tried(office: Office) -> None:
    with pytest.raises(UserError, match="mail_too_large"):
        await office.mail.draft(ANNA, replace(MESSAGE, files=(("a.docx", bytes(2 * 2**20)), ("b.docx", bytes(2 * 2**20)))))
    assert not office.graph.calls


@pytest.mark.parametrize("status", [429, 503])
async def test_throttling_is_waited_for(office: Office, status: int) -> None:
    office.graph.faults = [Fault(status, {"Retry-After": "0"}), None, Fault(429, {"Retry-After": "0"})]
    await office.mail.draft(ANNA, MESSAGE)
    assert len(office.boxes.drafts["user-1"]) == 1


GOOD: dict[str, Any] = {
    "subject": "x",
    "body": {"contentType": "text", "content": "x"},
    "toRecipients": [{"emailAddress": {"address": "a@b.example"}}],
}
BAD = [
    ("POST", "me/messages", GOOD | {"attachments": [{"name": "x", "contentBytes": "eA=="}]}, 400),
    (
        "POST",
        "me/messages",
        GOOD | {"attachments": [{"@odata.type": "#microsoft.graph.fileAttachment", "name": "x", "contentBytes": "no base64!"}]},
        400,
    ),
    ("POST", "me/messages", GOOD | {"toRecipients": [{"emailAddress": {"address": "nobody"}}]}, 400),
    ("POST", "me/messages", GOOD | {"singleValueExtendedProperties": [{"id": "CvGenerator", "value": "x"}]}, 400),
    ("POST", "me/messages", GOOD | {"text": "x"}, 400),
    ("POST", "me/messages", {"subject": "x", "body": "x"}, 400),
    ("GET", "me/messages?$filter=subject eq 'x'", None, 400),
    ("GET", f"me/messages?$filter=singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY}')", None, 400),
    ("GET", "me/messages?$search=x", None, 400),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), BAD)
async def test_the_fake_refuses_what_graph_refuses(office: Office, method: str, path: str, body: Any, status: int) -> None:
    headers = {"Authorization": "Bearer token-of-user-1"}
    async with aiohttp.ClientSession() as session, session.request(method, f"{office.graph.url}/{path}", json=body, headers=headers) as answer:
        assert answer.status == status
