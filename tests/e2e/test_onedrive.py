"""From the dropped CV to the person's OneDrive: saved, shown, written again, erased, by the running app."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.settings import Settings
from tests.e2e.teams import Teams, teams_world
from tests.e2e.test_chat import download, words
from tests.fakes import Connector, Files, Sent, actions_of
from tests.graph.drive import Drive, Item
from tests.graph.token_service import CONNECTION
from tests.graph.words import word

FOLDER = "CV Generator/2026/Katharina Brandt"


@pytest.fixture
async def teams(settings: Settings, connector: Connector, files: Files) -> AsyncIterator[Teams]:
    async with teams_world(settings, connector, files) as world:
        yield world


def onedrive(teams: Teams) -> Drive:
    return teams.drives.drives["b!user-1"]


def paths(teams: Teams) -> list[str]:
    """Without the year, which passes."""
    return sorted(item.path.split("/", 2)[2] for item in onedrive(teams).files)


def last(teams: Teams, text: str) -> Sent:
    return next(sent for sent in reversed(teams.connector.sent) if text in sent.text)


async def until_said(teams: Teams, text: str) -> Sent:
    await teams.until(lambda sent: text in sent[-1].text or any(text in s.text for s in sent))
    return last(teams, text)


async def saved(teams: Teams) -> Item:
    teams.sign_in()
    await teams.drop()
    await until_said(teams, "In Word öffnen")
    return onedrive(teams).files[0]


async def rewrite(teams: Teams) -> None:
    """Another template, from the result card."""
    card = last(teams, "In Word öffnen")
    data = next(a["data"] for a in actions_of(card.card) if a.get("verb") == "cv.rewrite")
    await teams.invoke("adaptiveCard/action", {"action": {"type": "Action.Execute", "verb": "cv.rewrite", "data": data | {"template": "modern"}}})


async def test_a_word_file_lies_in_the_persons_onedrive_by_one_call(teams: Teams) -> None:
    item = await saved(teams)
    assert paths(teams) == ["Katharina Brandt/CV Katharina Brandt.docx"]
    card = last(teams, "In Word öffnen")
    assert "📁 OneDrive › CV Generator › 20" in card.text
    assert "Sehen können die Datei nur Sie." in card.text
    links = {a["title"]: a["url"] for a in actions_of(card.card) if a["type"] == "Action.OpenUrl"}
    assert links["In Word öffnen"].startswith("https://contoso-my.sharepoint.com/")
    assert "In OneDrive speichern" not in card.text
    assert [call.method for call in teams.graph.calls] == ["PUT"]
    assert "Leitung von Projekten" in words(item.data)


async def test_without_a_sign_in_there_is_a_download_that_moves_once_there_is_one(teams: Teams) -> None:
    teams.consent()
    await teams.drop()
    card = await until_said(teams, "In Word öffnen")
    assert "noch nicht in OneDrive" in card.text
    assert "In OneDrive speichern" in card.text
    link = next(a["url"] for a in actions_of(card.card) if a["title"] == "In Word öffnen")
    assert "Katharina Brandt" in words(await download(link))
    assert onedrive(teams).files == []
    await teams.invoke("signin/tokenExchange", {"id": "e1", "connectionName": CONNECTION, "token": "from-the-client"})
    moved = await until_said(teams, "Sehen können die Datei nur Sie.")
    assert paths(teams) == ["Katharina Brandt/CV Katharina Brandt.docx"]
    assert moved.message == card.message
    assert "noch nicht in OneDrive" not in moved.text


async def test_another_template_takes_the_place_of_the_file(teams: Teams) -> None:
    item = await saved(teams)
    before = item.data
    await rewrite(teams)
    await teams.until(lambda sent: item.content == 2 and "In Word öffnen" in sent[-1].text)
    assert item.data != before
    assert len(onedrive(teams).files) == 1


@pytest.mark.parametrize(("answer", "names", "told"), [
    ("beside", ["CV Katharina Brandt (2).docx", "CV Katharina Brandt.docx"], "Die bisherige Datei wurde bearbeitet"),
    ("replace", ["CV Katharina Brandt.docx"], ""),
])  # fmt: skip
async def test_an_edited_file_is_not_overwritten_before_the_person_says_so(teams: Teams, answer: str, names: list[str], told: str) -> None:
    item = await saved(teams)
    item.edit(word("edited in Word"))
    edited = item.data
    await rewrite(teams)
    card = await until_said(teams, "Die Word-Datei wurde inzwischen bearbeitet")
    assert item.data == edited
    assert len(onedrive(teams).files) == 1
    data = next(a["data"] for a in actions_of(card.card) if a.get("verb") == "cv.place" and a["data"]["when_edited"] == answer)
    await teams.invoke("adaptiveCard/action", {"action": {"type": "Action.Execute", "verb": "cv.place", "data": data}})
    await teams.until(lambda sent: "In Word öffnen" in sent[-1].text and "inzwischen bearbeitet" not in sent[-1].text)
    assert sorted(one.name for one in onedrive(teams).files) == names
    assert (item.data == edited) is (answer == "beside")
    assert told in teams.connector.sent[-1].text


async def test_an_answer_that_no_card_gives_changes_nothing(teams: Teams) -> None:
    item = await saved(teams)
    item.edit(word("edited in Word"))
    await rewrite(teams)
    card = await until_said(teams, "Die Word-Datei wurde inzwischen bearbeitet")
    data = next(a["data"] for a in actions_of(card.card) if a.get("verb") == "cv.place") | {"when_edited": "ask"}
    await teams.invoke("adaptiveCard/action", {"action": {"type": "Action.Execute", "verb": "cv.place", "data": data}})
    await until_said(teams, "Diese Karte stammt aus einer älteren Version")
    assert item.content == 2


async def test_a_file_that_is_open_in_word_is_kept(teams: Teams) -> None:
    item = await saved(teams)
    item.locked = True
    await rewrite(teams)
    card = await until_said(teams, "gerade in Word geöffnet")
    assert (item.content, len(onedrive(teams).files)) == (1, 2)
    assert "In Word öffnen" in card.text


async def test_erasing_a_candidate_erases_the_file_in_onedrive(teams: Teams) -> None:
    await saved(teams)
    await teams.say("lösche Katharina Brandt", number="d1")
    await teams.click(last(teams, "Endgültig löschen").card, "candidate.delete", message=last(teams, "Endgültig löschen").message)
    assert "Word-Dateien: 1," in (await until_said(teams, "Beleg")).text
    assert onedrive(teams).files == []


async def test_erasing_finds_the_file_of_before_that_lies_beside(teams: Teams) -> None:
    await saved(teams)
    onedrive(teams).files[0].edit(word("edited in Word"))
    await rewrite(teams)
    ask = await until_said(teams, "Daneben speichern")
    beside = next(a["data"] for a in actions_of(ask.card) if a.get("verb") == "cv.place" and a["data"]["when_edited"] == "beside")
    await teams.invoke("adaptiveCard/action", {"action": {"type": "Action.Execute", "verb": "cv.place", "data": beside}})
    await until_said(teams, "liegt daneben")
    await teams.say("lösche Katharina Brandt", number="d1")
    question = await until_said(teams, "Endgültig löschen")
    await teams.click(question.card, "candidate.delete", message=question.message)
    assert "Word-Dateien: 2," in (await until_said(teams, "Beleg")).text
    assert onedrive(teams).files == []


async def test_a_receipt_names_what_could_not_be_deleted(teams: Teams) -> None:
    await saved(teams)
    teams.tokens.tokens.clear()  # signed out meanwhile
    await teams.say("lösche Katharina Brandt", number="d1")
    question = last(teams, "Endgültig löschen")
    await teams.click(question.card, "candidate.delete", message=question.message)
    assert len(onedrive(teams).files) == 1
    receipt = (await until_said(teams, "Beleg")).text
    assert "Word-Dateien: 0," in receipt
    assert "Eine Word-Datei in OneDrive ließ sich nicht löschen" in receipt


async def test_a_full_onedrive_is_told_and_tried_again(teams: Teams) -> None:
    teams.sign_in()
    onedrive(teams).quota = 10
    await teams.drop()
    card = await until_said(teams, "ist kein Platz mehr")
    onedrive(teams).quota = 2**30
    await teams.click(card.card, "cv.retry", message=card.message)
    await until_said(teams, "In Word öffnen")
    assert len(onedrive(teams).files) == 1


async def test_a_colleague_gets_a_file_of_their_own(teams: Teams) -> None:
    await saved(teams)
    teams.sign_in("user-2")
    activity_card = last(teams, "In Word öffnen")
    from tests.fakes import message_activity

    activity = message_activity(teams.connector, files=[("cv.pdf", f"{teams.files.origin}/de-einspaltig-brandt.pdf")], number="b1")
    activity["from"] = {"id": "29:user-2", "aadObjectId": "user-2", "name": "Berta"}
    activity["conversation"]["id"] = "chat-2"
    await teams.post(activity, status=202)
    await teams.until(lambda sent: sent[-1].message != activity_card.message and "In Word öffnen" in sent[-1].text)
    assert "Diese Datei ist bekannt" not in teams.connector.sent[-1].text
    assert [len(teams.drives.drives[f"b!user-{n}"].files) for n in (1, 2)] == [1, 1]
