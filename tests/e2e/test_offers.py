"""Offers through the real route: CV in, matched, offered, approved by a second person, Word out. In German and in English."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app import Running, start
from bot.settings import Settings
from pipeline.adapters.local.files import FolderBlobs
from pipeline.adapters.local.sqlite import SqliteFile, SqliteRecords
from pipeline.model.offer import Offer, Verb
from pipeline.model.person import Person, Role
from pipeline.offer.machine import Actor
from pipeline.store import OFFERS
from tests.conftest import ROOT
from tests.e2e.people import Colleague, inputs_of
from tests.e2e.test_chat import download, words
from tests.e2e.test_matching_chat import POSTING, link
from tests.fakes import Connector, Files, Sent, actions_of, click_activity, in_group, message_activity
from tests.pipeline.offer.desk import Desk, made
from tests.world import Clock

CSV = (
    "Firma;Rechtsform;Ansprechpartner;E-Mail;Straße;PLZ;Ort;USt-IdNr.;Umsatz\n"
    "Neckartal Maschinenbau;AG;Frau Erika Muster;erika@neckartal.example;Werkstraße 12;70173;Stuttgart;DE136695976;1\n"
    "Spree Logistik GmbH;;;info@spree.example;Hafenplatz 3;80331;Berlin;DE123;2\n"
    ";;;;;;;;3\n"
)
ENGLISH = """new profile: Software Engineer Payments
## Requirements
- Python
- Kubernetes
## Nice to have
- Danish"""
TERMS = {"customer": "-", "rate": "95", "unit": "hour", "start": "2027-03-01", "end": "2027-08-31", "days_a_week": "3", "volume": "0", "cost": "70"}


@pytest.fixture
def anna(running: Running, connector: Connector) -> Colleague:
    return Colleague(running, connector, "user-1", "Anna Huber")


@pytest.fixture
async def ben(running: Running, connector: Connector) -> Colleague:
    """Whoever has written to the bot can be asked."""
    made = Colleague(running, connector, "ben", "Ben Kraft")
    await made.say("hilfe", "Ziehen Sie")
    return made


async def drop_cv(person: Colleague, files: Files, name: str = "de-einspaltig-brandt.pdf", wanted: str = "In Word öffnen") -> Sent:
    return await person.say("", wanted, files=[(name, f"{files.origin}/{name}")])


async def with_customers(person: Colleague, files: Files) -> Sent:
    files.files["kunden.csv"] = CSV.encode("cp1252")
    preview = await person.say("", "das würde der Import tun", files=[("kunden.csv", f"{files.origin}/kunden.csv")])
    await person.click(preview, "Importieren")
    await person.sees("Kundenliste importiert")
    return preview


async def offered(person: Colleague, files: Files, **more: str) -> Sent:
    """A complete draft of Anna's, made by a sentence."""
    await drop_cv(person, files)
    form = await person.say("Angebot für Katharina Brandt an Neckartal Maschinenbau AG 95 €/h ab 1. März, 3 Tage pro Woche", "Angebot bearbeiten")
    return await person.answer_of(form, "Speichern", **TERMS | {"new_customer": "Neckartal Maschinenbau AG"} | more)


async def submitted(anna: Colleague, ben: Colleague, files: Files) -> tuple[Sent, Sent]:
    """Anna's card and Ben's."""
    shown = await offered(anna, files)
    await anna.click(shown, "Zur Freigabe", approver="ben")
    return shown, await ben.sees("bittet um Freigabe")


async def test_the_whole_path_in_german(anna: Colleague, ben: Colleague, files: Files, connector: Connector) -> None:
    await drop_cv(anna, files)
    preview = await with_customers(anna, files)
    for told in (
        "➕ 2 neu",
        "⏭️ 1 übersprungen",
        "Zeile 4",
        "ohne Firmenname",
        "Die Prüfziffer der USt-IdNr. stimmt nicht",
        "Nicht verwendet: Umsatz",
    ):
        assert told in preview.text, told
    await anna.say(POSTING, "mind. 5 Jahre")
    match = await anna.say("match Projektleiter", "Bericht in Word")
    await anna.click(match, "Angebot erstellen")
    form = await anna.sees("Angebot bearbeiten")
    customer = next(c["value"] for c in inputs_of(form)["customer"]["choices"] if c["title"] == "Neckartal Maschinenbau AG")
    assert inputs_of(form)["role"]["value"] == "Projektleiter Sondermaschinenbau"
    assert "Zu Ihren Anforderungen sagt der Lebenslauf:" in inputs_of(form)["introduction"]["value"]
    shown = await anna.answer_of(form, "Speichern", **TERMS | {"customer": customer})
    for wanted in ("Neckartal Maschinenbau AG (Erika Muster)", "26,3 %", "95,00 € pro Stunde", "616 Stunden"):
        assert wanted in shown.text, wanted
    assert "Entwurf – nicht freigegeben" in words(await download(link(shown.card, "Entwurf in Word")))
    await anna.click(shown, "Zur Freigabe", approver="ben")
    asked = await ben.sees("bittet um Freigabe")
    assert {"Freigeben", "Ablehnen", "Änderung erbitten"} <= set(ben.offered(asked))
    await ben.click(asked, "Freigeben")
    told = await anna.sees("Ben Kraft hat freigegeben")
    assert "ANG-2026-0001" in told.text
    done = await anna.sees("Freigegeben von Ben Kraft", "In Word öffnen")
    text = words(await download(link(done.card, "In Word öffnen")))
    for wanted in (
        "Sehr geehrte Frau Muster,",
        "ANG-2026-0001",
        "Katharina Brandt",
        "Werkstraße 12",
        "70173 Stuttgart",
        "95,00\xa0€ pro Stunde",
        "Mit freundlichen Grüßen",
    ):
        assert wanted in text, wanted
    assert "26,3" not in text
    assert "Entwurf" not in text
    late = await ben.sees("Freigegeben von Ben Kraft")
    assert "Freigeben" not in ben.offered(late)
    sent = await anna.answer_of(done, "Gesendet")
    accepted = await anna.answer_of(sent, "Angenommen")
    assert "angenommen" in accepted.text
    listed = await anna.say("angebote", "1 Angebot")
    assert "ANG-2026-0001" in listed.text
    table = (await download(link(listed.card, "CSV"))).decode("utf-8-sig")
    assert "ANG-2026-0001;angenommen;Neckartal Maschinenbau AG;Katharina Brandt" in table
    assert "26,3" not in table
    assert "0 Angebote" not in (await anna.say("angebote angenommen", "1 Angebot")).text
    none = await anna.say("angebote entwurf", "Kein Angebot passt dazu")
    assert "ANG-2026-0001" not in none.text


async def test_the_whole_path_in_english(running: Running, connector: Connector, files: Files) -> None:
    anna = Colleague(running, connector, "user-1", "Anna Huber", locale="en-GB")
    ben = Colleague(running, connector, "ben", "Ben Kraft", locale="en-GB")
    await ben.say("help", "Drop one or more CVs")
    await drop_cv(anna, files, "en-one-column-lindqvist.pdf", "Open in Word")
    form = await anna.say("new customer: Acme Payments Ltd", "Edit customer")
    kept = await anna.answer_of(
        form, "Save", name="Acme Payments", legal_form="Ltd", country="NL", postal_code="1012 JS", town="Amsterdam", language="en", email="hr@acme.example",
        payment_days="30", contact_0="Mary Sample", salutation_0="Ms", email_0="mary@acme.example",
    )  # fmt: skip
    assert "Acme Payments Ltd" in kept.text
    await anna.say(ENGLISH, "Edit")
    match = await anna.say("match to profile Software Engineer", "Report in Word")
    await anna.click(match, "Make offer")
    form = await anna.sees("Edit offer")
    customer = next(c["value"] for c in inputs_of(form)["customer"]["choices"] if c["title"] == "Acme Payments Ltd")
    shown = await anna.answer_of(form, "Save", **TERMS | {"customer": customer, "blind": "true"})
    for wanted in ("offered without the name as", "with 0 % VAT", "€ 95,00 per hour"):
        assert wanted in shown.text, wanted
    await anna.click(shown, "Submit for approval", approver="role")
    asked = await ben.sees("asks for approval")
    await ben.click(asked, "Approve")
    done = await anna.sees("Approved by Ben Kraft", "Open in Word")
    text = words(await download(link(done.card, "Open in Word")))
    for wanted in ("Dear Ms Sample,", "ANG-2026-0001", "NIEDERLANDE", "reverse charge", "within 30 days"):
        assert wanted in text, wanted
    assert "Lindqvist" not in text
    assert "Maja" not in text
    await anna.click(done, "E-mail draft")
    mailed = await anna.sees("A draft of the e-mail to the customer is ready", "Open e-mail draft")
    mail = await download(link(mailed.card, "Open e-mail draft"))
    assert b"To: mary@acme.example" in mail
    assert b"Lindqvist" not in mail
    assert mail.count(b"filename") == 2, "the letter and the CV without the name"


async def test_a_rejection_says_why_and_needs_a_reason(anna: Colleague, ben: Colleague, files: Files) -> None:
    _, asked = await submitted(anna, ben, files)
    assert "✓" in await ben.click(asked, "Ablehnen", reason=" ")
    await ben.sees("Bitte schreiben Sie einen Satz dazu, warum.")
    await ben.click(asked, "Ablehnen", reason="Der Satz ist zu niedrig.")
    told = await anna.sees("hat nicht freigegeben")
    assert "Der Satz ist zu niedrig." in told.text
    card = await anna.sees("Ben Kraft schreibt:")
    assert {"Bearbeiten"} <= set(anna.offered(card))
    assert "Zur Freigabe" not in anna.offered(card)


async def test_changes_are_asked_for_made_and_the_old_card_decides_nothing(
    anna: Colleague, ben: Colleague, files: Files, connector: Connector
) -> None:
    _, asked = await submitted(anna, ben, files)
    await ben.click(asked, "Änderung erbitten", comment="Bitte 98 € und den Zeitraum prüfen.")
    card = await anna.sees("Bitte 98 € und den Zeitraum prüfen.")
    card = await anna.sees("Änderung erbeten")
    form = await anna.answer_of(await with_button(anna, "Bearbeiten"), "Bearbeiten")
    changed = await anna.answer_of(form, "Speichern", rate="98")
    before = len(connector.sent)
    await anna.click(changed, "Zur Freigabe", approver="ben")
    again = await ben.sees("98,00", since=before)
    assert again.message != asked.message, "a card that changes tells nobody: there is a new one"
    outdated = await ben.sees("Diese Anfrage gilt nicht mehr")
    assert outdated.message == asked.message
    await ben.click(asked, "Freigeben")
    await ben.sees("Das Angebot wurde inzwischen geändert")
    await ben.click(again, "Freigeben")
    await anna.sees("Ben Kraft hat freigegeben")
    assert card


async def with_button(person: Colleague, title: str) -> Sent:
    return next(s for s in reversed(person.connector.sent) if s.conversation == person.chat and title in person.offered(s))


async def test_five_clicks_at_once_are_one_approval(anna: Colleague, ben: Colleague, files: Files, connector: Connector) -> None:
    _, asked = await submitted(anna, ben, files)
    data = ben.data_of(asked, "Freigeben")
    await asyncio.gather(*(ben.post(click_activity(connector, data, message=asked.message, number=f"five-{i}")) for i in range(5)))
    await anna.sees("Ben Kraft hat freigegeben")
    await ben.connector.until(lambda sent: sum("Darüber hat schon Ben Kraft entschieden" in s.text for s in sent) == 4)
    assert sum("Ben Kraft hat freigegeben" in s.text for s in connector.sent) == 1
    numbers = {part for s in connector.sent for part in s.text.split() if part.startswith("ANG-")}
    assert numbers == {"ANG-2026-0001"}


async def test_nobody_approves_their_own_offer(anna: Colleague, ben: Colleague, files: Files, connector: Connector) -> None:
    _, asked = await submitted(anna, ben, files)
    data = ben.data_of(asked, "Freigeben")
    await anna.post(click_activity(connector, data, message=asked.message, number="own"))
    refused = await anna.sees("Ein eigenes Angebot können Sie nicht selbst freigeben")
    assert refused


async def test_editing_withdraws_the_request(anna: Colleague, ben: Colleague, files: Files) -> None:
    shown, asked = await submitted(anna, ben, files)
    card = await anna.sees("Gefragt: Ben Kraft")
    await anna.click(card, "Zurückziehen")
    await ben.sees("Diese Anfrage gilt nicht mehr")
    await ben.click(asked, "Freigeben")
    await ben.sees("Das Angebot wurde inzwischen geändert")
    assert shown


async def test_another_may_be_passed_the_request(anna: Colleague, ben: Colleague, files: Files, running: Running, connector: Connector) -> None:
    eva = Colleague(running, connector, "eva", "Eva Lang")
    await eva.say("hilfe", "Ziehen Sie")
    _, asked = await submitted(anna, ben, files)
    assert "bittet um Freigabe" not in " ".join(s.text for s in connector.sent if s.conversation == eva.chat)
    await ben.click(asked, "Weitergeben", delegate="eva")
    hers = await eva.sees("bittet um Freigabe")
    await eva.click(hers, "Freigeben")
    await anna.sees("Eva Lang hat freigegeben")


async def test_in_a_channel_everybody_sees_the_state_and_approvers_may_decide(
    anna: Colleague, ben: Colleague, files: Files, connector: Connector
) -> None:
    await ben.post(in_group(message_activity(connector, text="Freigaben hier", number="here"), channel=True))
    await connector.until(lambda sent: "Freigaben werden ab jetzt in diesem Kanal erbeten" in sent[-1].text)
    shown = await offered(anna, files)
    await anna.click(shown, "Zur Freigabe", approver="channel")
    channel = "19:channel@thread.tacv2"
    await connector.until(lambda sent: any(s.conversation == channel for s in sent))
    base = next(s for s in connector.sent if s.conversation == channel)
    assert "wartet auf Freigabe" in base.text
    assert "26,3" not in base.text
    assert not {"offer.approve", "offer.reject"} & {a.get("verb") for a in actions_of(base.card)}
    assert "29:ben" in base.card["refresh"]["userIds"]
    view = in_group(click_activity(connector, base.card["refresh"]["action"]["data"], message=base.message, number="view"), channel=True)
    bens = (await ben.post(view))["value"]
    assert "offer.approve" in {a.get("verb") for a in actions_of(bens)}
    annas = (await anna.post(view | {"id": "view-2"}))["value"]
    assert "offer.approve" not in {a.get("verb") for a in actions_of(annas)}
    data = next(a["data"] for a in actions_of(bens) if a.get("verb") == "offer.approve")
    await ben.post(in_group(click_activity(connector, data, message=base.message, number="yes"), channel=True))
    await connector.until(lambda sent: any(s.conversation == channel and "freigegeben" in s.text and "ANG-2026-0001" in s.text for s in sent))
    await anna.sees("Ben Kraft hat freigegeben")


async def test_what_is_missing_is_named_and_nothing_can_be_submitted(anna: Colleague, ben: Colleague, files: Files) -> None:
    await drop_cv(anna, files)
    form = await anna.say("angebot", "Angebot bearbeiten")
    shown = await anna.answer_of(form, "Speichern", customer="-", role="")
    assert "Es fehlt noch:" in shown.text
    for name in ("Kunde", "Aufgabe", "Satz (netto)", "Umfang", "Beginn"):
        assert name in shown.text.partition("Es fehlt noch:")[2], name
    assert "Zur Freigabe" not in anna.offered(shown)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("rate", "-5", "Satz (netto)"),
        ("rate", "abc", "Satz (netto)"),
        ("end", "2027-01-01", "Ende"),
        ("start", "morgen", "Beginn"),
        ("remote", "130", "Remote (%)"),
        ("unit", "year", "je"),
    ],
)
async def test_a_value_that_does_not_fit_is_named_and_nothing_is_lost(anna: Colleague, files: Files, field: str, value: str, named: str) -> None:
    shown = await offered(anna, files)
    form = await anna.answer_of(shown, "Bearbeiten")
    await anna.click(form, "Speichern", **{field: value})
    refused = await anna.sees("Eine Angabe passt nicht")
    assert named in refused.text
    again = await anna.say("angebote Brandt", "1 Angebot")
    assert "Neckartal Maschinenbau AG" in again.text


async def test_without_a_cv_the_bot_says_what_it_needs(anna: Colleague) -> None:
    await anna.say("angebot", "Senden Sie mir zuerst den Lebenslauf")
    await anna.say("angebot für Niemand Da an Muster GmbH", "ist niemand")
    await anna.say("angebote", "Hier gibt es noch keine Angebote")
    await anna.say("kunden", "Hier gibt es noch keine Kunden")


async def test_two_customers_of_nearly_one_name_are_merged(anna: Colleague) -> None:
    for name in ("Neckartal Maschinenbau AG", "Neckartal Maschinebau AG"):
        form = await anna.say(f"neuer Kunde: {name}", "Kunde bearbeiten")
        shown = await anna.answer_of(form, "Speichern", name=name.removesuffix(" AG"), legal_form="AG", country="DE")
    assert "Vielleicht dieselbe Firma" in shown.text
    merged = await anna.answer_of(shown, "Zusammenführen")
    assert "Vielleicht dieselbe Firma" not in merged.text
    listed = await anna.say("kunden", "Kunden")
    assert listed.text.count("Neckartal") == 1


async def test_a_list_that_is_no_table_says_what_to_do(anna: Colleague, files: Files) -> None:
    files.files["kunden.xlsx"] = b"PK\x03\x04 nothing"
    await anna.say("", "Bitte speichern Sie die Liste als CSV oder Excel-Datei", files=[("kunden.xlsx", f"{files.origin}/kunden.xlsx")])
    files.files["alt.xls"] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    await anna.say("", "alte oder verschlüsselte Excel-Datei", files=[("alt.xls", f"{files.origin}/alt.xls")])


async def test_the_customer_that_is_chosen_is_the_one(anna: Colleague, files: Files) -> None:
    for name in ("Bosch Rexroth AG", "Bosch Power Tools GmbH"):
        form = await anna.say(f"neuer Kunde: {name}", "Kunde bearbeiten")
        await anna.answer_of(form, "Speichern", name=name.rpartition(" ")[0], legal_form=name.rpartition(" ")[2])
    await drop_cv(anna, files)
    form = await anna.say("Angebot für Katharina Brandt an Bosch 95 €/h", "Angebot bearbeiten")
    assert inputs_of(form)["new_customer"]["value"] == ""
    assert inputs_of(form)["customer"]["value"] == "-"
    chosen = next(c["value"] for c in inputs_of(form)["customer"]["choices"] if c["title"] == "Bosch Rexroth AG")
    shown = await anna.answer_of(form, "Speichern", customer=chosen)
    assert "Bosch Rexroth AG" in shown.text
    assert "2 Kunden" not in (await anna.say("kunden Bosch", "Kunden")).text


async def test_an_agreed_volume_stays_and_a_computed_one_follows(anna: Colleague, files: Files) -> None:
    shown = await offered(anna, files)
    assert "616 Stunden" in shown.text
    later = await anna.answer_of(await anna.answer_of(shown, "Bearbeiten"), "Speichern", end="2027-09-30")
    assert "616 Stunden" not in later.text
    agreed = await anna.answer_of(await anna.answer_of(later, "Bearbeiten"), "Speichern", volume="400")
    moved = await anna.answer_of(await anna.answer_of(agreed, "Bearbeiten"), "Speichern", end="2027-10-31")
    assert "400 Stunden" in moved.text
    days = await anna.answer_of(await anna.answer_of(moved, "Bearbeiten"), "Speichern", unit="day")
    assert "50 Tage" in days.text


async def test_terms_of_one_customer_do_not_go_to_the_next_and_addresses_are_put_right(anna: Colleague, files: Files) -> None:
    form = await anna.say("neuer Kunde: Alpha GmbH", "Kunde bearbeiten")
    await anna.answer_of(form, "Speichern", name="Alpha", legal_form="GmbH", conditions="Rabatt 10 % laut Rahmenvertrag", payment_days="60")
    shown = await offered(anna, files, new_customer="Alpha GmbH")
    form = await anna.answer_of(shown, "Bearbeiten")
    assert inputs_of(form)["conditions"]["value"] == "Rabatt 10 % laut Rahmenvertrag"
    assert inputs_of(form)["payment_days"]["value"] == 60
    beta = await anna.answer_of(form, "Speichern", new_customer="Beta AG")
    form = await anna.answer_of(beta, "Bearbeiten")
    assert (inputs_of(form)["conditions"]["value"], inputs_of(form)["payment_days"]["value"]) == ("", 14)
    card = await anna.say("kunden Beta", "Kunde")
    edit = await anna.answer_of(card, "Bearbeiten")
    await anna.answer_of(edit, "Speichern", street="Neuer Weg 1", postal_code="70173", town="Stuttgart")
    again = await anna.answer_of(form, "Speichern")
    assert "Neuer Weg 1" in words(await download(link(again.card, "Entwurf in Word")))


@asynccontextmanager
async def running_with(settings: Settings, connector: Connector) -> AsyncIterator[tuple[Colleague, Colleague]]:
    """Anna and Ben, before a process that is stopped at the end."""
    running = await start(settings, pace=0.05)
    try:
        yield Colleague(running, connector, "user-1", "Anna Huber"), Colleague(running, connector, "ben", "Ben Kraft")
    finally:
        running.stop.set()
        await running.ended


@asynccontextmanager
async def storage(settings: Settings) -> AsyncIterator[Desk]:
    """What is stored, while no process works."""
    file = SqliteFile(settings.data / "cvgen.sqlite")
    yield made(SqliteRecords(file), FolderBlobs(settings.data / "blobs"), Clock(datetime.now(UTC)))
    await file.close()


async def submitted_and_stopped(settings: Settings, connector: Connector, files: Files) -> dict[str, str]:
    """What Ben's button carries."""
    async with running_with(settings, connector) as (anna, ben):
        await ben.say("hilfe", "Ziehen Sie")
        _, asked = await submitted(anna, ben, files)
        return ben.data_of(asked, "Freigeben")


async def test_a_killed_process_leaves_an_approval_that_the_next_carries_through(settings: Settings, connector: Connector, files: Files) -> None:
    """The decision is stored; number, Word file and cards are what another process does."""
    data = await submitted_and_stopped(settings, connector, files)
    async with storage(settings) as desk:
        approver = Actor("ben", "Ben Kraft", frozenset({Role.APPROVER}))
        await desk.offers.do("tenant-1", data["offer"], Verb.APPROVE, approver, version=int(data["version"]))
        await desk.offers.due.mark("tenant-1", data["offer"], seconds=0)
    async with running_with(replace(settings, lease=1.0), connector) as (anna, _):
        done = await anna.sees("Freigegeben von Ben Kraft", "In Word öffnen")
        assert "ANG-2026-0001" in done.text
        await anna.sees("Ben Kraft hat freigegeben")


async def test_approvers_are_reminded_once_and_a_request_lapses(settings: Settings, connector: Connector, files: Files) -> None:
    data = await submitted_and_stopped(settings, connector, files)

    async def earlier(name: str) -> None:
        """As if time had passed."""
        async with storage(settings) as desk:

            def moved(known: Offer | None) -> Offer:
                request = known.request.model_copy(update={name: datetime.now(UTC) - timedelta(hours=1)})
                return known.model_copy(update={"request": request})

            await desk.store.change(OFFERS, "tenant-1", data["offer"], Offer, moved)
            await desk.offers.due.mark("tenant-1", data["offer"], seconds=0)

    await earlier("remind")
    async with running_with(replace(settings, lease=1.0), connector) as (anna, ben):
        await ben.sees("Wartet noch auf Ihre Freigabe")
    await earlier("lapse")
    async with running_with(replace(settings, lease=1.0), connector) as (anna, ben):
        await anna.sees("Niemand hat rechtzeitig entschieden")
        card = await anna.sees("Anfrage abgelaufen")
        assert "Zur Freigabe" in anna.offered(card)
        lapsed = await ben.sees("Anfrage abgelaufen")
        assert "Freigeben" not in ben.offered(lapsed)
    assert sum("Wartet noch auf Ihre Freigabe" in s.text for s in connector.sent) == 1


async def test_the_log_of_what_was_decided_is_proven_on_the_command_line(settings: Settings, connector: Connector, files: Files) -> None:
    async with running_with(settings, connector) as (anna, ben):
        await ben.say("hilfe", "Ziehen Sie")
        _, asked = await submitted(anna, ben, files)
        await ben.click(asked, "Ablehnen", reason="Der Satz ist zu niedrig.")
        await anna.sees("hat nicht freigegeben")

    def verify(*arguments: str) -> tuple[int, str]:
        environment = os.environ | {"DATA_DIR": str(settings.data), "LANG": "de_DE.UTF-8", "COLUMNS": "400"}
        command = [sys.executable, "app.py", "audit", "verify", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    status, said = verify()
    assert (status, "so, wie es geschrieben wurde" in said) == (0, True), said
    head = said.partition("Letzter Prüfwert: ")[2].split()[0]
    assert verify("--head", head)[0] == 0
    assert verify("--head", "0" * 64)[0] == 1
    async with storage(settings) as desk:
        record = (await desk.store.records.all("approvallog", "tenant-1"))[0]
        flipped = bytearray(record.value)
        flipped[len(flipped) // 2] ^= 1
        await desk.store.records.put("approvallog", "tenant-1", record.key, bytes(flipped), etag=record.etag)
    status, said = verify()
    assert (status, "NICHT so" in said) == (1, True), said
    assert "Eintrag 1" in said


async def test_whoever_is_not_concerned_sees_how_far_it_is_and_nothing_of_the_terms(settings: Settings, connector: Connector, files: Files) -> None:
    roles = {"anna": {Role.RECRUITER}, "ben": {Role.APPROVER}, "carl": {Role.RECRUITER}}

    async def of(self: object, person: Person) -> frozenset[Role]:
        return frozenset(roles.get(person.user, ()))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pipeline.adapters.local.directory.SameRoles.roles", of)
        running = await start(settings, pace=0.05)
        try:
            anna, ben, carl = (Colleague(running, connector, user, user.capitalize()) for user in roles)
            for one in (ben, carl):
                await one.say("hilfe", "Ziehen Sie")
            await anna.say("", "In Word öffnen", files=[("cv.pdf", f"{files.origin}/de-einspaltig-brandt.pdf")])
            form = await anna.say("Angebot für Brandt an Alpha GmbH 95 €/h ab 1. März", "Angebot bearbeiten")
            shown = await anna.answer_of(form, "Speichern", new_customer="Alpha GmbH", volume="100", role="Projektleiterin")
            await anna.click(shown, "Zur Freigabe", approver="ben")
            asked = await ben.sees("bittet um Freigabe")
            await ben.click(asked, "Ablehnen", reason="Die Marge ist zu klein.")
            await anna.sees("Die Marge ist zu klein.")
            listed = await carl.say("angebote", "1 Angebot")
            assert "9.500" not in listed.text
            table = (await download(link(listed.card, "CSV"))).decode("utf-8-sig")
            assert "Alpha GmbH" in table
            assert "9500" not in table
            await carl.click(listed, "Öffnen")
            seen = await carl.sees("Entschieden hat Ben")
            assert "Marge" not in seen.text
            own = await anna.say("angebote", "9.500,00")
            assert "9500,00" in (await download(link(own.card, "CSV"))).decode("utf-8-sig")
        finally:
            running.stop.set()
            await running.ended


async def test_nobody_is_asked_where_nobody_could_answer(running: Running, connector: Connector, files: Files) -> None:
    anna = Colleague(running, connector, "user-1", "Anna")
    await anna.say("", "In Word öffnen", files=[("cv.pdf", f"{files.origin}/de-einspaltig-brandt.pdf")])
    form = await anna.say("Bitte mach mir ein Angebot für Brandt an Alpha GmbH 95 €/h ab 1. März", "Angebot bearbeiten")
    shown = await anna.answer_of(form, "Speichern", new_customer="Alpha GmbH", volume="100", role="Projektleiterin")
    assert "noch niemanden" in await anna.click(shown, "Zur Freigabe", approver="role") or await anna.sees("noch niemanden")
