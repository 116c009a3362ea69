"""What people write when they want an offer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pipeline.model.offer import Unit
from pipeline.offer.understand import Wanted, asks_for_offer, understood

TODAY = date(2026, 2, 10)
D = Decimal
HOUR, DAY, MONTH = Unit.HOUR, Unit.DAY, Unit.MONTH
MARCH, END = date(2026, 3, 1), date(2026, 8, 31)


def of(rate: str = "", unit: Unit | None = None, **more: Any) -> Wanted:
    """What was said of Brandt and Bosch."""
    money = {"rate": D(rate), "currency": more.pop("currency", "EUR"), "unit": unit} if rate else {}
    return Wanted("Brandt", "Bosch", **money, **more)


SAID = {
    "95 €/h ab 1. März, 3 Tage pro Woche": of("95", HOUR, days_a_week=D(3), start=MARCH),
    "95 €/h from 1 March, 3 days a week": of("95", HOUR, days_a_week=D(3), start=MARCH),
    ", 95 Euro/Stunde, ab 1.3., 3 Tage/Woche, 60% remote": of("95", HOUR, days_a_week=D(3), start=MARCH, remote=60),
    "ab 01.03.2026 720 EUR/Tag": of("720", DAY, start=MARCH),
    "from March 2026 720 EUR a day": of("720", DAY, start=MARCH),
    "vom 1.3.2026 bis 31.8.2026 110 €/h": of("110", HOUR, start=MARCH, end=END),
    "760,50 EUR pro Tag ab 01.03.2026 bis 31.08.2026": of("760.5", DAY, start=MARCH, end=END),
    "£95.50 per hour from March 1 until 31 August 2026": of("95.5", HOUR, currency="GBP", start=MARCH, end=END),
    "1.250,00 € pro Tag ab 2026-03-01": of("1250", DAY, start=MARCH),
    "zu CHF 1'250.50 pro Monat ab sofort": of("1250.5", MONTH, currency="CHF", start=TODAY),
    "800€ am Tag, 5 Tage die Woche": of("800", DAY, days_a_week=D(5)),
    "95 €/h, 40 Tage": of("95", HOUR, volume=D(320)),
    "720 €/Tag, 80 Stunden": of("720", DAY, volume=D(10)),
    "720 €/Tag, 6 Monate ab 1.3.": of("720", DAY, start=MARCH, end=END),
    "110 €/h ab 1.3. für 6 Monate": of("110", HOUR, start=MARCH, end=END),
    "95 €/h, 20 Stunden pro Woche": of("95", HOUR, days_a_week=D("2.5")),
    "ab 1.3. 40 Std./Woche": of(start=MARCH, days_a_week=D(5)),
    "95 €/h, 8 h/Tag": of("95", HOUR),
    "95 €/h, Zahlungsziel 30 Tage": of("95", HOUR, payment_days=30),
    "95 €/h, 2 Tage vor Ort": of("95", HOUR),
    "vom 1.12. bis 28.2.": of(start=date(2026, 12, 1), end=date(2027, 2, 28)),
    "vom 1.1. bis 31.3.": of(start=date(2027, 1, 1), end=date(2027, 3, 31)),
    "1.3.-31.8.": of(start=MARCH, end=END),
    "from March to August": of(start=MARCH, end=END),
    "from 1 March until end of August": of(start=MARCH, end=END),
    "ab KW 12": of(start=date(2026, 3, 16)),
    "ab Mitte März": of(start=date(2026, 3, 15)),
    "Mitte März": of(start=date(2026, 3, 15)),
    "ab dem 31.2.": of(),
    "EK 70 €, VK 95 €/h": of("95", HOUR, cost=D(70)),
    "Reisepauschale 500 €, 110 €/h": of("110", HOUR),
    ", 90-95 €/h": of("95", HOUR),
    "95,- €/h": of("95", HOUR),
    "95 euros per hour": of("95", HOUR),
    "120 dollars per hour": of("120", HOUR, currency="USD"),
    "95 €/h netto zzgl. MwSt": of("95", HOUR),
    ", Stundensatz 95 Euro": of("95", HOUR),
    "Tagessatz: 720 €": of("720", DAY),
    ", drei Tage pro Woche, 100 Prozent remote": of(days_a_week=D(3), remote=100),
    "zum 1. März, komplett remote": of(start=MARCH, remote=100),
    "": of(),
    "95 €/h, kein Remote": of("95", HOUR, remote=0),
    "95 €/h nicht remote": of("95", HOUR, remote=0),
    "95 €/h, no remote": of("95", HOUR, remote=0),
    "95 €/h, remote 40 %": of("95", HOUR, remote=40),
    "95 €/h, Homeoffice-Anteil: 40 %": of("95", HOUR, remote=40),
    "95 €/h, 80 % vor Ort": of("95", HOUR, remote=20),
    "95 €/h, 3 Tage remote, 2 Tage vor Ort": of("95", HOUR, remote=60),
    "95 €/h, 4 days a week, 1 day from home": of("95", HOUR, days_a_week=D(4), remote=25),
    "95 €/h, remote": of("95", HOUR, remote=100),
    "12.500 € monatlich": of("12500", MONTH),
    "12.500 € mtl.": of("12500", MONTH),
    "12.500 €/Mon.": of("12500", MONTH),
    "600 € täglich": of("600", DAY),
    ", Tagesrate 600 €": of("600", DAY),
    ", day rate of 600 EUR": of("600", DAY),
    "12.5k €/Monat": of("12500", MONTH),
    "1 250,50 € pro Tag": of("1250.5", DAY),
    "95 €/h, 30 Tage netto": of("95", HOUR, payment_days=30),
    "95 €/h, zahlbar innerhalb von 30 Tagen": of("95", HOUR, payment_days=30),
    "95 €/h, payment within 30 days": of("95", HOUR, payment_days=30),
    "95 €/h, net 30 days": of("95", HOUR, payment_days=30),
    "95 €/h, gültig bis 31.12.2026": of("95", HOUR, valid_until=date(2026, 12, 31)),
    "95 €/h, valid until 31 December": of("95", HOUR, valid_until=date(2026, 12, 31)),
    "95 €/h, gültig 2 Wochen": of("95", HOUR, valid_until=date(2026, 2, 24)),
    "95 €/h ab 1.März, Ende: 30. Juni": of("95", HOUR, start=MARCH, end=date(2026, 6, 30)),
    "95 €/h from 1 March, end 2026-06-30": of("95", HOUR, start=MARCH, end=date(2026, 6, 30)),
    "95 €/h ab 1. März für sechs Monate": of("95", HOUR, start=MARCH, end=END),
    "95 €/h from 1 March for six months": of("95", HOUR, start=MARCH, end=END),
    "95 €/h, 20 Tage im Monat": of("95", HOUR, days_a_week=D("4.5")),
    "95 €/h, Einsatzort München, ab 1. März": of("95", HOUR, place="München", start=MARCH),
    "95 €/h, blind": of("95", HOUR, blind=True),
    "95 €/h, anonymisiert": of("95", HOUR, blind=True),
}  # fmt: skip


@pytest.mark.parametrize("text", SAID)
def test_what_is_said_is_understood(text: str) -> None:
    assert understood(f"Angebot für Brandt an Bosch {text}", today=TODAY) == SAID[text]


@pytest.mark.parametrize(
    "text",
    [
        "Angebot für Frau Brandt an die Firma Bosch", "Angebot an Bosch für Frau Brandt", "offer for Brandt to Bosch", "neues Angebot für Brandt zu Bosch", "Bitte ein Angebot für Brandt an Bosch",
        "Mach mir ein Angebot für Brandt an Bosch", "Angebot erstellen für Brandt an Bosch", "Bitte Angebot für Brandt an Bosch erstellen", "Angebot für Brandt, Kunde Bosch",
        "I need an offer for Brandt to Bosch", "Angebot für Brandt an den Kunden Bosch", "Erstelle ein Angebot für Brandt an Bosch", "make an offer for Brandt to Bosch", "please write an offer for Brandt at Bosch", "Angebot: Brandt an Bosch", "offer - Brandt to Bosch",
    ],
)  # fmt: skip
def test_however_it_is_asked_for(text: str) -> None:
    assert understood(text, today=TODAY) == Wanted("Brandt", "Bosch")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("angebot", ("", "")),
        ("angebot für Brandt", ("Brandt", "")),
        ("offer to Muster GmbH 80 €", ("", "Muster GmbH")),
        ("Angebot für Anna von der Heide an Bosch Power Tools GmbH", ("Anna von der Heide", "Bosch Power Tools GmbH")),
    ],
)
def test_one_of_the_two_may_be_missing(text: str, names: tuple[str, str]) -> None:
    found = understood(text, today=TODAY)
    assert (found.candidate, found.customer) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Angebot für Brandt zu 95 €/h an Neckartal AG", ("Brandt", "Neckartal AG", "")),
        ("offer for Brandt at 95 €/h to Acme Ltd", ("Brandt", "Acme Ltd", "")),
        ("Angebot für Brandt an Frau Muster, Acme AG, 95 €/h", ("Brandt", "Acme AG", "Muster")),
        ("Angebot erstellen", ("", "", "")),
        ("Angebot für An Nguyen an Bosch", ("An Nguyen", "Bosch", "")),
    ],
)
def test_names_are_names_alone(text: str, names: tuple[str, str, str]) -> None:
    found = understood(text, today=TODAY)
    assert (found.candidate, found.customer, found.contact) == names


@pytest.mark.parametrize(
    "text", ["offers", "Angebote Bosch", "Was kostet ein Angebot?", "match Brandt", "Angebots-Vorlage", "neuer Kunde: Angebot GmbH"]
)
def test_what_asks_for_no_offer(text: str) -> None:
    assert not asks_for_offer(text)


@pytest.mark.parametrize("text", ["99999999999 €/h", "2.000.000 €/h", "9999999999 h", "0 €/h"])
def test_what_nobody_can_mean_is_not_said(text: str) -> None:
    found = understood(f"Angebot für Brandt an Bosch {text}", today=TODAY)
    assert (found.rate, found.volume, found.customer) == (None, None, "Bosch")


@pytest.mark.parametrize(
    ("today", "start"), [(date(2026, 2, 1), date(2026, 3, 1)), (date(2026, 3, 20), date(2026, 3, 1)), (date(2026, 5, 1), date(2027, 3, 1))]
)
def test_a_day_without_a_year_is_the_next_one(today: date, start: date) -> None:
    assert understood("Angebot für B an C ab 1. März", today=today).start == start
