"""Profiles and matches through the real route: said and clicked in the chat, shown on cards, opened as Word files."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
from docx import Document

from app import Running
from tests.e2e.test_chat import download, post, send_cv, words
from tests.fakes import Connector, Files, Sent, actions_of, click_activity, message_activity

POSTING = """neues Profil: Projektleiter Sondermaschinenbau
## Anforderungen
- Projektleitung
- SolidWorks
- mindestens fünf Jahre Erfahrung in der Projektleitung
- Kubernetes
## Wünschenswert
- Italienischkenntnisse
- Polnisch mindestens B2"""


class Talk:
    """One person in the 1:1 chat; every message and click has a number of its own."""

    def __init__(self, running: Running, connector: Connector, *, locale: str = "de-DE") -> None:
        self.running, self.connector, self.locale, self.number = running, connector, locale, 0

    async def say(self, text: str, wanted: str, *, files: list[tuple[str, str]] = ()) -> Sent:  # type: ignore[assignment]
        self.number += 1
        before = len(self.connector.sent)
        await post(self.running, message_activity(self.connector, text=text, files=files, number=f"say-{self.number}", locale=self.locale))
        return await self._until(wanted, before)

    async def click(self, on: Sent, button: str, wanted: str, /, **inputs: str) -> Sent:
        self.number += 1
        before = len(self.connector.sent)
        action = next(a for a in actions_of(on.card) if a.get("title") == button and a["type"] == "Action.Execute")
        activity = click_activity(self.connector, {**action["data"], **inputs}, message=on.message, number=f"click-{self.number}")
        await post(self.running, activity | {"locale": self.locale})
        return await self._until(wanted, before)

    async def _until(self, wanted: str, before: int) -> Sent:
        await self.connector.until(lambda sent: any(wanted in s.text for s in sent[before:]))
        return next(s for s in reversed(self.connector.sent) if wanted in s.text)


def link(card: dict[str, Any], title: str) -> str:
    return next(a["url"] for a in actions_of(card) if a["type"] == "Action.OpenUrl" and a["title"] == title)


async def test_from_a_posting_to_a_match_a_verdict_of_one_s_own_and_a_ranking(running: Running, connector: Connector, files: Files) -> None:
    await send_cv(running, connector, files)
    talk = Talk(running, connector)
    profile = await talk.say(POSTING, "Projektleiter Sondermaschinenbau")
    assert "mind. 5 Jahre" in profile.text
    assert "Kann-Anforderungen" in profile.text
    assert "Kubernetes" in words(await download(link(profile.card, "In Word öffnen")))

    match = await talk.say("mit Profil Projektleitr Sonder abgleichen", "Bericht in Word")  # a typo, and part of the title
    for piece in ("Katharina Brandt", "teilweise Übereinstimmung", "1 Muss-Anforderung nicht gefunden", "SolidWorks", "es entscheidet ein Mensch"):
        assert piece in match.text
    assert "Kubernetes: erfüllt +" in match.text
    report = words(await download(link(match.card, "Bericht in Word")))
    assert "Katharina Brandt" in report
    assert "(Seite 1, Zeile" in report

    requirement = next(c["value"] for c in _choices(match.card, "requirement") if c["title"] == "Kubernetes")
    refused = await talk.click(match, "Urteil speichern", "begründen", requirement=requirement, status="met", reason="x")
    assert refused.message != match.message
    changed = await talk.click(match, "Urteil speichern", "geändert von Anna", requirement=requirement, status="met", reason="im Gespräch bestätigt")
    assert (changed.message, "im Gespräch bestätigt" in changed.text, "nicht gefunden)" in changed.text) == (match.message, True, True)
    assert "starke Übereinstimmung" in changed.text

    ranking = await talk.say("Rangliste Sondermaschinenbau", "1 bis 1 von 1")
    assert "Katharina Brandt" in ranking.text
    csv = (await download(link(ranking.card, "CSV"))).decode("utf-8-sig")
    assert csv.splitlines()[1].startswith("1;Katharina Brandt;")
    assert "Katharina Brandt" in words(await download(link(ranking.card, "Word")))
    assert "Katharina Brandt" in (await talk.say("Profile für Brandt", "Passend zu Katharina Brandt")).text


def _choices(card: Any, name: str) -> list[dict[str, str]]:
    if isinstance(card, dict):
        if card.get("id") == name:
            return list(card["choices"])
        return next((found for value in card.values() if (found := _choices(value, name))), [])
    return next((found for item in card if (found := _choices(item, name))), []) if isinstance(card, list) else []


async def test_a_profile_is_edited_on_its_card_and_a_late_edit_is_refused(running: Running, connector: Connector) -> None:
    talk = Talk(running, connector, locale="en-GB")
    profile = await talk.say("new profile: Senior Java Entwickler, 5 Jahre, Kubernetes, München, ab März", "Edit")
    form = await talk.click(profile, "Edit", "Edit job profile")
    filled = {
        "title": "Java Developer",
        "customer": "Fleetpay eG",
        "text_r1": "",
        "text_r2": "Kubernetes",
        "years_r2": "2",
        "weight_r2": "5",
        "importance_r2": "must",
        "level_r2": "-",
    }
    saved = await talk.click(form, "Save", "Fleetpay eG", **filled)
    assert "Java Developer" in saved.text
    assert "weight 5 · min. 2 years" in saved.text
    assert "Senior Java" not in saved.text.replace("Java Developer", "")
    late = await talk.click(form, "Save", "has been changed meanwhile", **filled)
    assert "once more" in late.text
    added = await talk.click(
        await talk.click(saved, "Edit", "Edit job profile"),
        "Save",
        "Edit job profile",
        text_new="Englisch mindestens B2",
        importance_new="nice",
        weight_new="3",
        years_new="0",
        level_new="-",
    )
    assert "Englisch mindestens B2" in str(added.card)
    gone = await talk.click(saved, "Archive", "Archived: Java Developer")
    assert gone.message == saved.message
    assert "There is no such job profile yet" in (await talk.say("profiles", "no such job profile")).text
    aside = await talk.say("archived profiles", "Archived job profiles")
    back = await talk.click(aside, "Take back", "Kubernetes")
    assert "Archive" in back.text
    assert "Take back" not in back.text
    assert "Java Developer" in (await talk.say("profiles", "Job profiles")).text


async def test_a_job_description_as_a_file_is_no_cv(running: Running, connector: Connector, files: Files) -> None:
    document = Document()
    for text, style in (
        ("Stationsleitung (m/w/d)", "Title"),
        ("Anforderungen", "Heading 1"),
        ("Fachweiterbildung Intensivpflege", "List Bullet"),
        ("Deutsch C1", "List Bullet"),
    ):
        document.add_paragraph(text, style=style)
    data = io.BytesIO()
    document.save(data)
    files.files["stelle.docx"] = data.getvalue()
    talk = Talk(running, connector)
    card = await talk.say("Profil", "Stationsleitung (m/w/d)", files=[("stelle.docx", f"{files.origin}/stelle.docx")])
    assert "Fachweiterbildung Intensivpflege" in card.text
    assert "mind. C1" in card.text
    found = await talk.say("Profile station", "Stationsleitung (m/w/d)")
    asked = await talk.say("match", "Mit welchem Stellenprofil?")
    assert "Stationsleitung" in found.text + asked.text
    none = await talk.say("abgleichen mit Profil Station", "noch keinen fertigen Lebenslauf")
    assert "Senden Sie mir zuerst einen" in none.text


async def test_without_a_cv_in_the_conversation_the_bot_asks_which(running: Running, connector: Connector, files: Files) -> None:
    await send_cv(running, connector, files)
    talk = Talk(running, connector)
    await talk.say("neues Profil: Projektleiter, SolidWorks", "SolidWorks")
    async with aiohttp.ClientSession() as session:  # a conversation of its own has no CV yet
        activity = message_activity(connector, text="match to profile Projektleiter", number="other-1")
        activity["conversation"]["id"] = "another-chat"
        await session.post(f"{running.url}/api/messages", json=activity)
    await connector.until(lambda sent: any("Welchen Lebenslauf soll ich abgleichen?" in s.text for s in sent))
    asked = next(s for s in connector.sent if "Welchen Lebenslauf" in s.text)
    assert "Katharina Brandt" in asked.text
    match = await talk.click(asked, "Abgleichen", "Bericht in Word")
    assert "Katharina Brandt" in match.text


async def test_erasing_a_candidate_takes_the_match_along(running: Running, connector: Connector, files: Files) -> None:
    await send_cv(running, connector, files)
    talk = Talk(running, connector)
    await talk.say("neues Profil: Projektleiter, SolidWorks", "SolidWorks")
    match = await talk.say("match Projektleiter", "Bericht in Word")
    report = link(match.card, "Bericht in Word")
    asked = await talk.say("lösche Brandt", "Brandt")
    await talk.click(asked, next(a["title"] for a in actions_of(asked.card) if a["data"]["verb"] == "candidate.delete"), "gelöscht")
    await connector.until(lambda sent: [s for s in sent if s.message == match.message][-1].text != match.text)
    async with aiohttp.ClientSession() as session, session.get(report) as response:
        assert response.status == 404
    assert "Brandt" not in (await talk.say("Rangliste Projektleiter", "noch keine Lebensläufe")).text
