"""The whole path through the real HTTP route: file in, card posted, the same card updated, Word file out."""

from __future__ import annotations

import asyncio
import io
import re
import sqlite3
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from docx import Document as Word

import pipeline.jobs
from app import Running, start
from bot.settings import Settings
from tests.fakes import Connector, Files, Sent, actions_of, click_activity, message_activity

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


async def post(running: Running, activity: dict, *, status: int | None = None) -> dict | None:
    async with aiohttp.ClientSession() as session, session.post(f"{running.url}/api/messages", json=activity) as response:
        if status:
            assert response.status == status
        return await response.json() if response.content_type == "application/json" else None


async def download(url: str) -> bytes:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 200
        return await response.read()


def words(docx: bytes) -> str:
    """All text of a Word file."""
    return "\n".join(t.text for t in Word(io.BytesIO(docx)).element.body.iter(f"{{{W}}}t") if t.text)


async def send_cv(running: Running, connector: Connector, files: Files, name: str = "de-einspaltig-brandt.pdf") -> None:
    await post(running, message_activity(connector, files=[(name, f"{files.origin}/{name}")]), status=202)
    await connector.until(lambda sent: any("In Word öffnen" in s.text for s in sent))


async def test_a_dropped_pdf_becomes_a_card_that_turns_into_the_result(running: Running, connector: Connector, files: Files, tmp_path: Path) -> None:
    await send_cv(running, connector, files)
    assert len(connector.posts) == 1
    assert "Lebenslauf wird bearbeitet" in connector.posts[0].text
    assert {s.message for s in connector.sent} == {"m1"}
    result = connector.sent[-1]
    for wanted in (
        "Katharina Brandt",
        "Projektleiterin Maschinenbau",
        "Neckartal Automation GmbH",
        "SolidWorks",
        "Italienisch",
        "13 Jahre".replace("13", "13,2"),
    ):
        assert wanted in result.text
    links = {a["title"]: a["url"] for a in actions_of(result.card) if a["type"] == "Action.OpenUrl"}
    data = await download(links["In Word öffnen"])
    assert "Leitung von Projekten mit 2 bis 4 Mio. € Volumen" in words(data)
    assert b'"name": "Katharina Brandt"' in await download(links["JSON herunterladen"])
    (tmp_path / "cv.docx").write_bytes(data)
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation=file://{tmp_path}/office",
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            tmp_path,
            tmp_path / "cv.docx",
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    pages = subprocess.run(["pdftotext", tmp_path / "cv.pdf", "-"], check=True, capture_output=True, text=True).stdout
    assert "Katharina Brandt" in pages
    assert "Muster Personal GmbH" in pages
    assert files.requests[0].headers.get("Authorization") is None


async def test_the_same_activity_three_times_at_once_is_one_job(running: Running, connector: Connector, files: Files) -> None:
    activity = message_activity(connector, files=[("cv.pdf", f"{files.origin}/en-one-column-lindqvist.pdf")], locale="en-GB")
    await asyncio.gather(*(post(running, activity, status=202) for _ in range(3)))
    await connector.until(lambda sent: any("Open in Word" in s.text for s in sent))
    await post(running, activity, status=202)
    await asyncio.sleep(0.3)
    assert len(connector.posts) == 1


async def test_the_turn_is_answered_while_the_file_host_is_silent(running: Running, connector: Connector, files: Files) -> None:
    files.hold.clear()
    await post(running, message_activity(connector, files=[("cv.pdf", f"{files.origin}/gibtsnicht.pdf")]), status=202)
    files.hold.set()
    await connector.until(lambda sent: any("abgelaufen" in s.text for s in sent))
    assert "Referenznummer" in connector.sent[-1].text


async def test_a_file_that_is_neither_pdf_nor_word_gets_a_card_that_says_what_to_do(running: Running, connector: Connector, files: Files) -> None:
    files.files["bild.pdf"] = b"\x89PNG nothing of a CV"
    await post(running, message_activity(connector, files=[("bild.pdf", f"{files.origin}/bild.pdf")]))
    await connector.until(lambda sent: any("keine PDF-, Word- (.docx) oder ZIP-Datei" in s.text for s in sent))
    assert not [a for a in actions_of(connector.sent[-1].card) if a.get("verb") == "cv.retry"]


async def test_four_files_share_one_card(running: Running, connector: Connector, files: Files) -> None:
    names = ["de-einspaltig-brandt.pdf", "de-tabelle-yilmaz.pdf", "en-one-column-lindqvist.pdf", "en-two-column-okafor.pdf"]
    await post(running, message_activity(connector, files=[(n, f"{files.origin}/{n}") for n in names]))
    await connector.until(lambda sent: any("4 fertig" in s.text for s in sent))
    assert len(connector.posts) == 1
    card = connector.sent[-1].card
    assert [a["title"] for a in actions_of(card)].count("In Word öffnen") == 4
    archive = zipfile.ZipFile(io.BytesIO(await download(next(a["url"] for a in actions_of(card) if a["title"] == "Alle als ZIP"))))
    assert len(archive.namelist()) == 4
    assert "CV Katharina Brandt.docx" in archive.namelist()


async def test_commands(running: Running, connector: Connector, files: Files) -> None:
    for number, (text, wanted) in enumerate(
        [
            ("hilfe", "Ziehen Sie"),
            ("status", "Noch keine"),
            ("erzähl mir was", "nicht verstanden"),
            ("lösche", "Bitte nennen Sie den Namen"),
            ("lösche Niemand Da", "Unter Ihren Lebensläufen ist niemand"),
        ]
    ):
        await post(running, message_activity(connector, text=text, number=f"t{number}"))
        assert wanted in connector.sent[-1].text
    await post(running, message_activity(connector, text="help", number="t9", locale="en-US"))
    assert "Drop one or more CVs" in connector.sent[-1].text


async def test_installation_greets(running: Running, connector: Connector) -> None:
    await post(running, message_activity(connector) | {"type": "installationUpdate", "action": "add"})
    assert "Guten Tag" in connector.sent[-1].text


async def test_delete_asks_first_and_then_erases_everything(running: Running, connector: Connector, files: Files, settings: Settings) -> None:
    await send_cv(running, connector, files)
    await post(running, message_activity(connector, text="lösche katarina brand", number="t1"))
    question = connector.sent[-1]
    assert "Endgültig löschen" in question.text
    erase = next(a for a in actions_of(question.card) if a.get("verb") == "candidate.delete")
    stranger = await post(running, click_activity(connector, erase["data"], message=question.message, number="i0", user="somebody-else"))
    assert stranger["value"]["body"][0]["inlines"][0]["text"] == "Bereits gelöscht."
    assert list((settings.data / "blobs").rglob("word"))
    await post(running, click_activity(connector, erase["data"], message=question.message), status=200)
    await connector.until(lambda sent: sent[-1].message == question.message and "Gelöscht: der Lebenslauf" in sent[-1].text)
    assert not [p for p in (settings.data / "blobs").rglob("*") if p.is_file()]
    await connector.until(lambda sent: "Dieser Lebenslauf wurde gelöscht" in next(s for s in reversed(sent) if s.message == "m1").text)
    again = await post(running, click_activity(connector, erase["data"], message=question.message, number="i2"))
    assert "Bereits gelöscht" in again["value"]["body"][0]["inlines"][0]["text"]


async def test_delete_button_of_the_result_card(running: Running, connector: Connector, files: Files, settings: Settings) -> None:
    await send_cv(running, connector, files)
    button = next(a for a in actions_of(connector.sent[-1].card) if a.get("verb") == "cv.delete")
    answer = await post(running, click_activity(connector, button["data"], message="m1"), status=200)
    assert answer["type"] == "application/vnd.microsoft.card.adaptive"
    assert not list((settings.data / "blobs").rglob("word"))


async def test_the_word_file_written_again_in_another_template_and_language(running: Running, connector: Connector, files: Files) -> None:
    await send_cv(running, connector, files)
    card = connector.sent[-1].card
    before = await download(next(a["url"] for a in actions_of(card) if a["type"] == "Action.OpenUrl"))
    button = next(a for a in actions_of(card) if a.get("verb") == "cv.rewrite")
    assert {"template": "classic", "language": "cv"}.items() <= button["data"].items()
    chosen = button["data"] | {"template": "modern", "language": "en"}
    await post(running, click_activity(connector, chosen, message="m1", number="i0", user="somebody-else"), status=200)
    assert "jemand anderes" in connector.sent[-1].text
    unknown = click_activity(connector, chosen | {"template": "../../etc"}, message="m1", number="i1")
    await post(running, unknown, status=200)
    assert "classic, modern" in connector.sent[-1].text
    for number in ("i2", "i3"):
        await post(running, click_activity(connector, chosen, message="m1", number=number), status=200)

    def rewritten(sent: list[Sent]) -> bool:
        return any(
            {"verb": "cv.rewrite", "template": "modern", "language": "en"}.items() <= a.get("data", {}).items() for a in actions_of(sent[-1].card)
        )

    await connector.until(rewritten)
    assert connector.sent[-1].message == "m1"
    after = await download(next(a["url"] for a in actions_of(connector.sent[-1].card) if a["type"] == "Action.OpenUrl"))
    assert "Berufserfahrung" in words(before)
    assert "Professional experience" in words(after)
    assert "Leitung von Projekten mit 2 bis 4 Mio. € Volumen" in words(after)


async def test_a_card_of_last_year_gets_a_friendly_answer(running: Running, connector: Connector) -> None:
    answer = await post(running, click_activity(connector, {"verb": "cv.retry", "v": 0, "job": "x"}, message="m1"), status=200)
    assert answer["statusCode"] == 200
    assert "älteren Version" in connector.sent[-1].text


async def test_an_old_client_sends_the_same_button_as_a_message(running: Running, connector: Connector, files: Files) -> None:
    await send_cv(running, connector, files)
    button = next(a for a in actions_of(connector.sent[-1].card) if a.get("verb") == "cv.delete")
    await post(running, message_activity(connector, number="s1", value=button["fallback"]["data"]) | {"replyToId": "m1", "text": None}, status=202)
    assert "gelöscht" in connector.sent[-1].text


async def test_when_the_storage_fails_the_user_hears_of_it(
    running: Running, connector: Connector, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite3.connect(next(settings.data.glob("*.sqlite*"))) as database:
        database.execute("drop table records")
    await post(running, message_activity(connector, text="status"))
    assert "Der Speicher antwortet gerade nicht" in connector.sent[-1].text


async def test_a_bug_in_a_turn_has_a_reference_number(
    running: Running, connector: Connector, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialogs.router.status_card", lambda *_, **__: 1 / 0)
    await post(running, message_activity(connector, text="status"))
    shown = re.search(r"Referenznummer (\w{8})", connector.sent[-1].text)
    assert shown
    assert f"reference {shown.group(1)}" in caplog.text


async def test_a_restart_goes_on_with_what_was_received(settings: Settings, connector: Connector, files: Files) -> None:
    running = await start(settings, pace=0.05)
    await post(running, message_activity(connector, files=[("cv.pdf", f"{files.origin}/de-tabelle-yilmaz.pdf")]))
    running.stop.set()
    await running.ended
    running = await start(settings, pace=0.05)
    try:
        await connector.until(lambda sent: any("In Word öffnen" in s.text for s in sent))
        assert len(connector.posts) == 1
    finally:
        running.stop.set()
        await running.ended


def zipped(names: list[str], files: Files) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for i, name in enumerate(names):
            archive.writestr(f"Bewerber/{i:02} {name}", files.files[name] + f"\n%% {i}".encode() * (i > 0))
    return made.getvalue()


def button(sent: list[Sent], verb: str) -> dict:
    return next(a["data"] for s in reversed(sent) for a in actions_of(s.card) if a.get("verb") == verb)


async def test_a_zip_of_twelve_is_one_card_with_pages_and_cards_on_demand(running: Running, connector: Connector, files: Files) -> None:
    files.files["cvs.zip"] = zipped(["de-tabelle-yilmaz.pdf"] * 11 + ["de-einspaltig-brandt.pdf"], files)
    await post(running, message_activity(connector, files=[("cvs.zip", f"{files.origin}/cvs.zip")]))
    await connector.until(lambda sent: any("12 Lebensläufe bearbeitet" in s.text for s in sent), 40)
    assert len(connector.posts) == 1, "one card for all of it"
    card = connector.sent[-1]
    assert "1 bis 10 von 12" in card.text
    assert "12 eingegangen · 12 fertig · 0 fehlgeschlagen" in card.text
    turned = await post(running, click_activity(connector, button(connector.sent, "batch.page"), message="m1", number="i1"), status=200)
    assert "11 bis 12 von 12" in str(turned)
    assert "Katharina Brandt" in str(turned)
    details = next(a["data"] for a in actions_of(turned["value"]) if a.get("verb") == "cv.show")
    await post(running, click_activity(connector, details, message="m1", number="i2"), status=200)
    assert len(connector.posts) == 2
    assert "Lebenslauf fertig" in connector.sent[-1].text
    await post(running, click_activity(connector, details, message="m1", number="i3", user="somebody-else"), status=200)
    assert "jemand anderes" in connector.sent[-1].text
    folder = next(a["url"] for a in actions_of(turned["value"]) if a.get("title") == "Ordner öffnen")
    assert b"<html" in await download(folder)


async def test_a_dropped_zip_that_is_refused_says_why(running: Running, connector: Connector, files: Files) -> None:
    files.files["leer.zip"] = b"PK\x05\x06" + bytes(18)
    await post(running, message_activity(connector, files=[("leer.zip", f"{files.origin}/leer.zip")]))
    await connector.until(lambda sent: any("Die ZIP-Datei enthält keine Dateien" in s.text for s in sent))


async def test_the_failed_of_a_batch_are_named_and_tried_again(
    running: Running, connector: Connector, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["de-einspaltig-brandt.pdf", "de-tabelle-yilmaz.pdf", "en-one-column-lindqvist.pdf"]
    files.files["kaputt.pdf"] = b"%PDF-1.4 nothing"
    monkeypatch.setattr("pipeline.conversion.check", lambda *_, **__: 1 / 0)
    await post(running, message_activity(connector, files=[(n, f"{files.origin}/{n}") for n in [*names, "kaputt.pdf"]]))
    await connector.until(lambda sent: any("4 Lebensläufe bearbeitet" in s.text for s in sent))
    assert "kaputt.pdf: Die Datei ist beschädigt" in connector.sent[-1].text
    assert "0 fertig · 4 fehlgeschlagen" in connector.sent[-1].text
    monkeypatch.undo()
    await post(running, click_activity(connector, button(connector.sent, "batch.retry"), message="m1"), status=200)
    await connector.until(lambda sent: "3 fertig · 1 fehlgeschlagen" in sent[-1].text)
    assert not [a for a in actions_of(connector.sent[-1].card) if a.get("verb") == "batch.retry"], "a damaged file stays damaged"


async def test_the_same_file_again_offers_what_is_there_or_a_fresh_run(running: Running, connector: Connector, files: Files) -> None:
    await send_cv(running, connector, files)
    await post(running, message_activity(connector, files=[("noch einmal.pdf", f"{files.origin}/de-einspaltig-brandt.pdf")], number="a2"))
    await connector.until(lambda sent: any("Diese Datei ist bekannt" in s.text for s in sent))
    known = connector.sent[-1]
    assert "Katharina Brandt" in known.text
    assert (await download(next(a["url"] for a in actions_of(known.card) if a["type"] == "Action.OpenUrl")))[:2] == b"PK"
    await post(running, click_activity(connector, button([known], "cv.fresh"), message=known.message), status=200)
    await connector.until(lambda sent: sent[-1].message == known.message and "Lebenslauf fertig" in sent[-1].text)
    assert "Version" not in connector.sent[-1].text, "the same file is no new version"


async def test_cancelling_by_button_and_by_command(running: Running, connector: Connector, files: Files) -> None:
    files.hold = asyncio.Event()
    for number in ("a1", "a2"):
        await post(running, message_activity(connector, files=[(f"{number}.pdf", f"{files.origin}/de-tabelle-yilmaz.pdf")], number=number))
    await post(running, message_activity(connector, text="status", number="t0"))
    assert connector.sent[-1].text.count("in Arbeit · gerade eben") + connector.sent[-1].text.count("wartet · gerade eben") == 2
    await post(running, message_activity(connector, text="abbrechen", number="t1"))
    which = connector.sent[-1]
    assert "a1.pdf" in which.text
    assert "a2.pdf" in which.text
    first = next(a["data"] for a in actions_of(which.card) if a.get("verb") == "cv.cancel")
    await post(running, click_activity(connector, first, message=which.message, number="i1"), status=200)
    await connector.until(lambda sent: sum("Abgebrochen" in s.text for s in sent) == 1)
    await post(running, message_activity(connector, text="cancel", number="t2"))
    await connector.until(lambda sent: any("Abgebrochen: ein Lebenslauf." in s.text for s in sent))
    files.hold.set()
    await post(running, message_activity(connector, text="abbrechen", number="t3"))
    assert "Gerade wird kein Lebenslauf bearbeitet" in connector.sent[-1].text
    await post(running, click_activity(connector, button(connector.sent, "cv.retry"), message="m1", number="i2"), status=200)
    await connector.until(lambda sent: any("Lebenslauf fertig" in s.text for s in sent))


async def test_a_rejection_is_recorded_with_its_date(running: Running, connector: Connector, files: Files) -> None:
    await send_cv(running, connector, files)
    await post(running, message_activity(connector, text="Absage Katarina Brand", number="t1"))
    assert re.search(r"Absage an Katharina Brandt vermerkt\. Am \d\d\.\d\d\.20\d\d werden alle gespeicherten Daten gelöscht", connector.sent[-1].text)
    await post(running, message_activity(connector, text="Absage", number="t2"))
    assert "Bitte nennen Sie den Namen: absage" in connector.sent[-1].text


async def test_a_card_that_the_user_deleted_is_posted_anew_and_remembered(running: Running, connector: Connector, files: Files) -> None:
    await send_cv(running, connector, files)
    connector.gone.add("m1")
    await post(running, click_activity(connector, button(connector.sent, "cv.rewrite") | {"template": "modern", "language": "cv"}, message="m1"))
    await connector.until(lambda sent: sent[-1].message == "m2" and "Lebenslauf fertig" in sent[-1].text)
    assert len(connector.posts) == 2


async def test_whoever_writes_again_has_let_the_bot_in(running: Running, connector: Connector) -> None:
    connector.faults = [(403, {}, "ConversationBlockedByUser")]
    await post(running, message_activity(connector, text="hilfe", number="b1"))
    await asyncio.sleep(0.2)
    assert connector.sent == []
    await post(running, message_activity(connector, text="hilfe", number="b2"))
    await connector.until(lambda sent: "Ziehen Sie" in sent[-1].text)


async def test_a_message_that_is_delivered_again_is_answered_once(running: Running, connector: Connector) -> None:
    for _ in range(3):
        await post(running, message_activity(connector, text="status", number="s1"))
    await asyncio.sleep(0.3)
    assert len(connector.posts) == 1


async def test_a_late_page_does_not_hide_that_all_is_done(
    running: Running, connector: Connector, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.files["cvs.zip"] = zipped(["de-tabelle-yilmaz.pdf"] * 11 + ["de-einspaltig-brandt.pdf"], files)
    gate, real, throttled = asyncio.Event(), pipeline.jobs.convert, []

    async def when_told(*args: Any, **kwargs: Any) -> Any:
        await gate.wait()
        return await real(*args, **kwargs)

    monkeypatch.setattr(pipeline.jobs, "convert", when_told)
    taken = connector._record

    async def too_many(request: web.Request, message: str) -> web.Response:
        if "11 bis 12 von 12" in await request.text() and not throttled:
            throttled.append(message)
            return web.json_response({"error": {"code": "x", "message": "-"}}, status=429, headers={"Retry-After": "4"})
        return await taken(request, message)

    connector._record = too_many
    await post(running, message_activity(connector, files=[("cvs.zip", f"{files.origin}/cvs.zip")]))
    await connector.until(lambda sent: any("12 eingegangen" in s.text for s in sent))
    await post(running, click_activity(connector, button(connector.sent, "batch.page"), message="m1", number="p1"))
    gate.set()
    await connector.until(lambda sent: any("12 fertig" in s.text for s in sent))
    await asyncio.sleep(6)  # the page has arrived by now
    assert "12 fertig" in connector.sent[-1].text
    assert throttled == ["m1"]
