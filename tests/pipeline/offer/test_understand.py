"""What people write when they want an offer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipeline.model.offer import Unit
from pipeline.offer.understand import Wanted, understood

TODAY = date(2026, 11, 26)
D = Decimal

SAID = {
    "offer for Anna Müller to Muster GmbH 95 €/h from 1 March, 3 days a week": Wanted("Anna Müller", "Muster GmbH", D(95), "EUR", Unit.HOUR, days_a_week=D(3), start=date(2027, 3, 1)),
    "Angebot für Anna Müller an Muster GmbH 95 €/h ab 1. März, 3 Tage pro Woche": Wanted("Anna Müller", "Muster GmbH", D(95), "EUR", Unit.HOUR, days_a_week=D(3), start=date(2027, 3, 1)),
    "Angebot für Brandt an die Stadtwerke Beispielstadt, 760,50 EUR pro Tag ab 01.03.2027 bis 31.12.2027, 60 % remote": Wanted(
        "Brandt", "Stadtwerke Beispielstadt", D("760.5"), "EUR", Unit.DAY, start=date(2027, 3, 1), end=date(2027, 12, 31), remote=60
    ),
    "Offer: Lindqvist to Acme Ltd £95.50 per hour from March 1 until 30 June 2027": Wanted("Lindqvist", "Acme Ltd", D("95.5"), "GBP", Unit.HOUR, start=date(2027, 3, 1), end=date(2027, 6, 30)),
    "neues Angebot für Novak an Muster AG 400 Stunden zu CHF 1'250.50 pro Monat ab sofort": Wanted("Novak", "Muster AG", D("1250.5"), "CHF", Unit.MONTH, volume=D(400), start=TODAY),
    "angebot für Brandt": Wanted("Brandt"),
    "angebot": Wanted(),
    "offer to Muster GmbH 80 €": Wanted(customer="Muster GmbH", rate=D(80), currency="EUR"),
    "Angebot für Brandt an Muster 1.250,00 € pro Tag ab 2027-02-01": Wanted("Brandt", "Muster", D(1250), "EUR", Unit.DAY, start=date(2027, 2, 1)),
}  # fmt: skip


@pytest.mark.parametrize("text", SAID)
def test_what_is_said_is_understood(text: str) -> None:
    assert understood(text, today=TODAY) == SAID[text]


def test_a_day_that_does_not_exist_is_no_day() -> None:
    found = understood("Angebot für Brandt an Muster 82,50 Euro die Stunde ab 31.02.", today=TODAY)
    assert found.start is None
    assert (found.rate, found.unit) == (D("82.5"), Unit.HOUR)


@pytest.mark.parametrize(
    ("today", "start"), [(date(2026, 2, 1), date(2026, 3, 1)), (date(2026, 3, 20), date(2026, 3, 1)), (date(2026, 5, 1), date(2027, 3, 1))]
)
def test_a_day_without_a_year_is_the_next_one(today: date, start: date) -> None:
    assert understood("Angebot für B an C ab 1. März", today=today).start == start
