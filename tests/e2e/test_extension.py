"""The message extension: search from the compose box, and a Word CV of the message of somebody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.settings import Settings
from pipeline.adapters.local.directory import SameRoles
from pipeline.model.person import Role
from pipeline.model.rights import RIGHTS
from tests.e2e.teams import FILE, Teams, teams_world
from tests.fakes import Connector, Files, actions_of, invoke_activity

CARD = "application/vnd.microsoft.card.adaptive"
HERE = {"id": "19:anna_ben@unq.gbl.spaces", "conversationType": "personal", "tenantId": "tenant-1"}
"""A chat of two people, which the bot is not in."""


@pytest.fixture
async def teams(settings: Settings, connector: Connector, files: Files) -> AsyncIterator[Teams]:
    async with teams_world(settings, connector, files) as made:
        made.sign_in()
        yield made


async def invoked(teams: Teams, name: str, value: dict[str, Any], *, status: int = 200, number: str = "i1", user: str = "user-1") -> Any:
    activity = invoke_activity(teams.connector, name, value, number=number, user=user)
    return await teams.post(activity | {"conversation": HERE}, status=status)


def query(command: str, typed: str | None, **options: int) -> dict[str, Any]:
    parameter = {"name": "initialRun", "value": "true"} if typed is None else {"name": "name", "value": typed}
    return {"commandId": command, "parameters": [parameter], "queryOptions": {"skip": 0, "count": 25} | options}


async def two_cvs(teams: Teams) -> None:
    for number, name in enumerate((FILE, "de-tabelle-yilmaz.pdf")):
        await teams.drop(name, number=f"a{number}")
    await teams.until(lambda sent: sum("Lebenslauf fertig" in text for text in {s.message: s.text for s in sent}.values()) == 2)


async def test_candidates_are_found_and_can_be_inserted(teams: Teams) -> None:
    await two_cvs(teams)
    body = await invoked(teams, "composeExtension/query", query("searchCandidates", "katarina"))
    assert body["composeExtension"].keys() == {"type", "attachmentLayout", "attachments"}
    assert (body["composeExtension"]["type"], body["composeExtension"]["attachmentLayout"]) == ("result", "list")
    [hit] = body["composeExtension"]["attachments"]
    assert hit["contentType"] == CARD
    assert hit["preview"] == {
        "contentType": "application/vnd.microsoft.card.thumbnail",
        "content": {"title": "Katharina Brandt", "text": "Projektleiterin Maschinenbau · 13,2 Jahre"},
    }
    assert "Katharina Brandt" in json.dumps(hit["content"])
    assert {a["type"] for a in actions_of(hit["content"])} == {"Action.OpenUrl"}, "others read it: no buttons of its owner"
    everybody = await invoked(teams, "composeExtension/query", query("searchCandidates", None))
    assert len(everybody["composeExtension"]["attachments"]) == 2
    first, second = [await invoked(teams, "composeExtension/query", query("searchCandidates", None, skip=skip, count=1)) for skip in (0, 1)]
    assert first["composeExtension"]["attachments"] + second["composeExtension"]["attachments"] == everybody["composeExtension"]["attachments"]
    past = await invoked(teams, "composeExtension/query", query("searchCandidates", None, skip=2))
    assert past["composeExtension"] == {"type": "result", "attachmentLayout": "list", "attachments": []}


async def test_nobody_finds_the_candidates_of_others(teams: Teams) -> None:
    await two_cvs(teams)
    for typed in (None, "katharina"):
        body = await invoked(teams, "composeExtension/query", query("searchCandidates", typed), user="ben")
        assert body == {"composeExtension": {"type": "message", "text": "Nichts gefunden."}}


async def test_profiles_are_found(teams: Teams) -> None:
    await teams.say("neues Profil: Stationsleitung Intensivpflege\nAnforderungen\n- Fachweiterbildung Intensivpflege\n- Führerschein Klasse B")
    await teams.until(lambda sent: "Stellenprofil" in sent[-1].text and "Bearbeiten" in sent[-1].text)
    for typed in (None, "intensiv"):
        body = await invoked(teams, "composeExtension/query", query("searchProfiles", typed))
        [hit] = body["composeExtension"]["attachments"]
        assert hit["preview"]["content"]["title"].startswith("Stationsleitung Intensivpflege")
        assert "Fachweiterbildung" in json.dumps(hit["content"])


@pytest.mark.parametrize("command", ["searchCustomers", "", None])
async def test_what_is_not_offered_is_refused(teams: Teams, command: str | None) -> None:
    await invoked(teams, "composeExtension/query", {"commandId": command, "parameters": []}, status=400)
    await invoked(teams, "composeExtension/fetchTask", {"commandId": command}, status=400)
    await invoked(teams, "composeExtension/submitAction", {"commandId": command, "data": {}}, status=400)


def action(name: str, address: str, **changes: Any) -> dict[str, Any]:
    attachment = {"id": "guid", "contentType": "reference", "contentUrl": address, "name": name, "content": None}
    message = {"id": "1700000000001", "createdDateTime": "2026-11-21T12:00:00Z", "body": {"contentType": "html", "content": "<div>CV</div>"}}
    payload = message | {"from": {"user": {"id": "ben", "displayName": "Ben"}}, "attachments": [attachment]}
    return {"commandId": "makeWordCv", "commandContext": "message", "messagePayload": payload, "context": {"theme": "default"}} | changes


def shared(teams: Teams, name: str = FILE, reader: str = "user-1") -> str:
    """A file in a chat of two people; returns its address."""
    teams.chats.attach("chats/x/messages/1", name, link=teams.files.origin, readers=(reader,))
    return next(iter(teams.chats.files))


async def dialog(teams: Teams, *, number: str = "i1") -> dict[str, Any]:
    body = await invoked(teams, "composeExtension/fetchTask", action(FILE, shared(teams)), number=number)
    assert body["task"]["type"] == "continue"
    assert body["task"]["value"].keys() == {"title", "height", "width", "card"}
    assert body["task"]["value"]["card"]["contentType"] == CARD
    return body["task"]["value"]["card"]["content"]


async def test_a_word_cv_of_a_message_arrives_in_the_1_to_1_chat(teams: Teams) -> None:
    card = await dialog(teams)
    assert FILE in json.dumps(card)
    [button] = actions_of(card)
    for number in ("i2", "i3"):  # the channel repeats what takes too long
        body = await invoked(teams, "composeExtension/submitAction", action(FILE, "-", data=button["data"]), number=number)
        assert body == {"task": {"type": "message", "value": "Der Lebenslauf ist in Arbeit. Das Ergebnis kommt in den Einzelchat."}}
    await teams.until(lambda sent: "Lebenslauf fertig" in sent[-1].text)
    assert {s.conversation for s in teams.connector.sent} == {"a:29:user"}, "not into the chat of the two"
    assert len(teams.connector.posts) == 1
    assert "Katharina Brandt" in teams.connector.sent[-1].text
    assert teams.asked_by == {"user-1"}


async def test_asked_again_it_is_done_again(teams: Teams) -> None:
    for number in ("i1", "i5"):
        [button] = actions_of(await dialog(teams, number=number))
        await invoked(teams, "composeExtension/submitAction", action(FILE, "-", data=button["data"]), number=f"{number}s")
    await teams.until(lambda sent: sum("Lebenslauf fertig" in s.text or "Diese Datei ist bekannt" in s.text for s in sent) >= 2)
    assert len(teams.connector.posts) == 2


async def test_what_the_dialog_sends_back_opens_nothing_that_the_person_may_not_open(teams: Teams) -> None:
    [button] = actions_of(await dialog(teams))
    foreign = shared(teams, "fremd.pdf", reader="ben")
    address = next(url for url in teams.chats.files if url.endswith("fremd.pdf"))
    assert foreign
    forged = button["data"] | {"files": [["fremd.pdf", address]]}
    await invoked(teams, "composeExtension/submitAction", action(FILE, "-", data=forged), number="i2")
    await teams.until(lambda sent: "kein Recht, diese Datei zu öffnen" in sent[-1].text)


@pytest.mark.parametrize("given", [[], "x", [["a.pdf"]], [["a.pdf", "http://x/"]], [["a.exe", "https://x/"]], [[1, 2]], None])
async def test_nothing_begins_without_a_cv(teams: Teams, given: Any) -> None:
    data = {"verb": "extension.make", "nonce": "n", "files": given}
    body = await invoked(teams, "composeExtension/submitAction", action(FILE, "-", data=data))
    assert body["task"] == {"type": "message", "value": "An dieser Nachricht hängt kein Lebenslauf als PDF- oder Word-Datei."}


@pytest.mark.parametrize("name", ["bild.png", "tabelle.xlsx"])
async def test_a_message_without_a_cv(teams: Teams, name: str) -> None:
    body = await invoked(teams, "composeExtension/fetchTask", action(name, "https://contoso-my.sharepoint.com/x"))
    assert body == {"task": {"type": "message", "value": "An dieser Nachricht hängt kein Lebenslauf als PDF- oder Word-Datei."}}


async def test_who_is_not_signed_in_finds_the_card_in_the_1_to_1_chat(teams: Teams) -> None:
    teams.tokens.tokens.clear()
    body = await invoked(teams, "composeExtension/fetchTask", action(FILE, shared(teams)))
    assert body["task"]["type"] == "message"
    assert "melden Sie sich zuerst an" in body["task"]["value"]
    await teams.until(lambda _: bool(teams.of_kind("oauth")))
    assert teams.of_kind("oauth")[0].conversation == "a:29:user"


async def test_who_has_not_added_the_app_is_told_so(teams: Teams) -> None:
    [button] = actions_of(await dialog(teams))
    teams.connector.faults = [(403, {}, "ForbiddenOperationException")]
    body = await invoked(teams, "composeExtension/submitAction", action(FILE, "-", data=button["data"]), number="i2")
    assert "fügen Sie die App zuerst" in body["task"]["value"]
    await asyncio.sleep(0.2)
    assert teams.connector.sent == []


async def test_where_nobody_can_sign_in_messages_are_out_of_reach(settings: Settings, connector: Connector, files: Files) -> None:
    async with teams_world(settings, connector, files, sso=False) as teams:
        body = await invoked(teams, "composeExtension/fetchTask", action(FILE, "https://contoso-my.sharepoint.com/x"))
        assert "Dateien aus Nachrichten kann ich hier nicht öffnen" in body["task"]["value"]


ASKED = {
    "composeExtension/query": query("searchCandidates", "katharina"),
    "composeExtension/fetchTask": {"commandId": "makeWordCv", "messagePayload": {}},
    "composeExtension/submitAction": {"commandId": "makeWordCv", "data": {"verb": "make", "files": []}},
    "fileConsent/invoke": {"type": "fileUpload", "action": "accept", "context": {"job": "0" * 32}},
}


@pytest.mark.parametrize("name", ASKED)
async def test_who_has_no_role_is_told_so(teams: Teams, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*_: object) -> frozenset[Role]:
        return frozenset()

    monkeypatch.setattr(SameRoles, "roles", none)
    body = await invoked(teams, name, ASKED[name], status=403 if name.startswith("file") else 200)
    assert "die Rolle Recruiter oder Admin" in json.dumps(body, ensure_ascii=False)


async def test_what_the_table_of_rights_lacks_nobody_may_ask(teams: Teams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RIGHTS, "fileConsent/invoke")
    await invoked(teams, "fileConsent/invoke", ASKED["fileConsent/invoke"], status=400)
