"""What an offer says: the introduction, by rules and by a model; the letter; the CV without the person."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from pipeline.errors import UserError
from pipeline.model.customer import Contact, Customer
from pipeline.model.cv import Basics, Cv, Position, Sourced, leaves
from pipeline.model.match import Match, Quote, Status, Verdict
from pipeline.model.money import Money, locale_of, printed, to_cents
from pipeline.model.offer import Offer, Stage, Terms, Unit
from pipeline.model.profile import Importance
from pipeline.model.totals import totals
from pipeline.offer.blind import blind, reference_of
from pipeline.offer.introduction import introduction
from pipeline.offer.phrase import phrased
from pipeline.offer.volume import after_working_days, suggested_volume, working_days
from pipeline.ports import Completion, Prompt, RefusedByModel
from pipeline.render.documents import document_path
from pipeline.render.offer_word import Letterhead, in_order, offer_word, salutation
from tests.cards.matching_samples import match as sample_match
from tests.cards.offer_samples import offer

D = Decimal
FACTS = (
    ("Kubernetes", "Betrieb von Microservices auf Kubernetes (AKS)", Status.MET, Importance.MUST),
    ("Projektleitung", "Leitung von drei Projekten mit bis zu 12 Personen", Status.MET, Importance.NICE),
    ("Polnisch", "", Status.NOT_FOUND, Importance.MUST),
    ("Java", "Katharina Brandt entwickelte mit Java 17", Status.MET, Importance.MUST),
)


def match() -> Match:
    verdicts = tuple(
        Verdict(
            requirement=f"r{i}", text=text, importance=importance, weight=3, status=status, engine=status, quotes=(Quote(text=quote, page=1, line=i),) if quote else ()
        )
        for i, (text, quote, status, importance) in enumerate(FACTS, start=1)
    )  # fmt: skip
    return sample_match().model_copy(update={"verdicts": verdicts})


def test_the_introduction_quotes_what_is_met_must_haves_first() -> None:
    text = introduction(match(), role="DevOps Engineer", candidate="Katharina Brandt", language="de")
    assert text.splitlines() == [
        "vielen Dank für Ihr Interesse. Für die Aufgabe „DevOps Engineer“ schlagen wir Ihnen Katharina Brandt vor.",
        "Zu Ihren Anforderungen sagt der Lebenslauf:",
        "– Kubernetes: „Betrieb von Microservices auf Kubernetes (AKS)“",
        "– Java: „Katharina Brandt entwickelte mit Java 17“",
        "– Projektleitung: „Leitung von drei Projekten mit bis zu 12 Personen“",
    ]


def test_a_blind_introduction_leaves_out_quotes_that_name_the_person() -> None:
    text = introduction(match(), role="DevOps Engineer", candidate="Candidate 6A21F0", language="en", hidden="Katharina Brandt")
    assert "Brandt" not in text
    assert "Java 17" not in text
    assert "Candidate 6A21F0" in text


# --- a model's words


@dataclass
class Model:
    sentences: list[tuple[str, list[int]]]
    seen: list[Prompt] = field(default_factory=list)
    refuses: bool = False
    name: str = "model"

    async def complete(self, prompt: Prompt) -> Completion:
        self.seen.append(prompt)
        if self.refuses:
            raise RefusedByModel
        return Completion({"sentences": [{"text": text, "facts": facts} for text, facts in self.sentences]}, 1, 1, 0.0, "m")

    async def close(self) -> None: ...


async def said(*sentences: tuple[str, list[int]], language: str = "de", **more: Any) -> str:
    model = Model(list(sentences))
    return await phrased(match(), model, role="DevOps Engineer", candidate="Katharina Brandt", language=language, **more)


GOOD = [
    ("Katharina Brandt bringt Erfahrung im Betrieb von Microservices auf Kubernetes (AKS) mit.", [1]),
    ("Zudem ist die Leitung von drei Projekten mit bis zu 12 Personen belegt.", [3]),
    ("Laut Lebenslauf entwickelte Katharina Brandt mit Java 17.", [2]),
]


@pytest.mark.parametrize("sentence", GOOD)
async def test_what_the_facts_say_may_be_said(sentence: tuple[str, list[int]]) -> None:
    assert sentence[0] in await said(sentence)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("Katharina Brandt ist eine hervorragende Expertin für Kubernetes.", [1]),
        ("Katharina Brandt betreibt Microservices auf Kubernetes seit zehn Jahren.", [1]),
        ("Leitung von fünf Projekten mit bis zu 12 Personen.", [3]),
        ("Leitung von drei Projekten mit bis zu 120 Personen.", [3]),
        ("Betrieb von Microservices auf Kubernetes (AKS) und OpenShift.", [1]),
        ("Betrieb von Microservices auf Kubernetes (AKS).", []),
        ("Betrieb von Microservices auf Kubernetes (AKS).", [9]),
        ("Betrieb von Microservices auf Kubernetes (AKS).", [3]),
        ("Rufen Sie an: +49 711 123456.", [1]),
        ("Bitte besuchen Sie https://evil.example.", [1]),
        ("", [1]),
    ],
)
async def test_what_no_fact_says_is_taken_out(text: str, facts: list[int]) -> None:
    assert await said((text, facts)) == ""
    kept = await said(GOOD[0], (text, facts))
    assert kept.splitlines()[1] == GOOD[0][0]


async def test_english_sentences_stand_on_english_facts() -> None:
    english = match()
    verdict = english.verdicts[0].model_copy(
        update={"text": "Kubernetes", "quotes": (Quote(text="Runs microservices on Kubernetes", page=1, line=1),)}
    )
    english = english.model_copy(update={"verdicts": (verdict,)})
    good, bad = (
        "The candidate has experience with microservices on Kubernetes.",
        "The candidate is a brilliant leader of microservices on Kubernetes.",
    )
    made = await phrased(english, Model([(good, [1]), (bad, [1])]), role="Engineer", candidate="Candidate 6A21F0", language="en")
    assert good in made
    assert "brilliant" not in made


async def test_a_blind_offers_facts_do_not_name_the_person_to_the_model() -> None:
    model = Model([GOOD[0]])
    await phrased(match(), model, role="x", candidate="Kandidat/in 6A21F0", language="de", hidden="Katharina Brandt")
    assert "Brandt" not in model.seen[0].user


async def test_a_model_that_refuses_changes_nothing() -> None:
    assert await phrased(match(), Model([], refuses=True), role="x", candidate="y", language="de") == ""
    assert await said() == ""


# --- money and days


@pytest.mark.parametrize(("amount", "cents"), [("0.005", "0.01"), ("1.005", "1.01"), ("2.675", "2.68"), ("-0.005", "-0.01"), ("1.004", "1.00")])
def test_a_half_cent_goes_up(amount: str, cents: str) -> None:
    assert to_cents(D(amount)) == D(cents)


@pytest.mark.parametrize(
    ("terms", "amounts"),
    [
        (("95", "616", "19"), ("58520.00", "11118.80", "69638.80")),
        (("0.10", "3", "19"), ("0.30", "0.06", "0.36")),
        (("33.33", "3.5", "7.7"), ("116.66", "8.98", "125.64")),
        (("1000000", "100000", "0"), ("100000000000.00", "0.00", "100000000000.00")),
        (("0", "0", "19"), ("0.00", "0.00", "0.00")),
    ],
)
def test_totals_are_decimal(terms: tuple[str, str, str], amounts: tuple[str, str, str]) -> None:
    rate, volume, vat = map(D, terms)
    sums = totals(Terms(rate=rate, volume=volume, vat=vat))
    assert (sums.net.amount, sums.vat.amount, sums.gross.amount) == tuple(map(D, amounts))


def test_margin_and_profit_where_a_cost_is_known() -> None:
    sums = totals(Terms(rate=D(95), volume=D(100), cost=D(70)))
    assert (sums.margin, sums.profit) == (D("26.3"), Money(amount=D("2500.00")))
    assert totals(Terms(rate=D(95), volume=D(100))).margin is None


@pytest.mark.parametrize(
    ("language", "country", "written"),
    [
        ("de", "DE", "1.234,50 €"),
        ("de", "AT", "€ 1.234,50"),
        ("de", "CH", "EUR 1’234.50"),
        ("en", "GB", "€1,234.50"),
        ("de", "NL", "1.234,50 €"),
        ("en", "XX", "€1,234.50"),
    ],
)
def test_money_is_written_as_in_the_customers_country(language: str, country: str, written: str) -> None:
    assert printed(Money(amount=D("1234.5")), locale_of(language, country)).replace("\xa0", " ") == written


def test_working_days_know_the_holidays_of_the_state() -> None:
    assert working_days(date(2026, 1, 5), date(2026, 1, 9), country="DE", region="BW") == 4, "Epiphany"
    assert working_days(date(2026, 1, 5), date(2026, 1, 9), country="DE", region="BE") == 5
    assert after_working_days(date(2026, 12, 23), 2, country="DE", region="BW") == date(2026, 12, 28)
    assert after_working_days(date(2026, 11, 20), 1, country="DE", region="") == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("unit", "days", "volume"),
    [(Unit.HOUR, "5", "176"), (Unit.DAY, "5", "22"), (Unit.DAY, "3", "13"), (Unit.HOUR, "2.5", "88"), (Unit.MONTH, "5", "1")],
)
def test_the_volume_of_a_month(unit: Unit, days: str, volume: str) -> None:
    terms = Terms(unit=unit, days_a_week=D(days), start=date(2026, 9, 1), end=date(2026, 10, 1) if unit is Unit.MONTH else date(2026, 9, 30))
    assert suggested_volume(terms, country="DE", region="BW") == D(volume)


def test_without_an_end_there_is_no_volume() -> None:
    assert suggested_volume(Terms(start=date(2026, 9, 1)), country="DE", region="") == 0
    assert suggested_volume(Terms(start=date(2026, 9, 1), end=date(2026, 8, 1)), country="DE", region="") == 0


# --- the letter


HEAD = Letterhead("Muster Personal GmbH", "Königstraße 1 · 70173 Stuttgart", "Tel. 1", "HRB 1", "DE")


def text_of(docx: bytes) -> str:
    document = Document(io.BytesIO(docx))
    return "\n".join(node.text for node in document.element.body.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t") if node.text)


def letter(made: Offer, *, final: bool = True, folder: Path | None = None) -> str:
    return text_of(offer_word(made, HEAD, day=date(2026, 11, 26), final=final, folder=folder))


def test_the_letter_says_what_was_approved_and_nothing_of_the_firms_own_business() -> None:
    said = letter(offer(Stage.APPROVED))
    for wanted in (
        "ANG-2026-0001",
        "26. November 2026",
        "31. Dezember 2026",
        "Sehr geehrte Frau Muster,",
        "58.520,00\xa0€",
        "69.638,80\xa0€",
        "Katharina Brandt",
        "3 Tage pro Woche",
        "60 % remote",
    ):
        assert wanted in said, wanted
    for hidden in ("70,00", "26,3", "15.400", "Marge", "Entwurf"):
        assert hidden not in said, hidden
    assert "Entwurf – nicht freigegeben" in letter(offer(Stage.DRAFT), final=False)


def test_the_same_offer_is_the_same_bytes() -> None:
    made = [offer_word(offer(Stage.APPROVED), HEAD, day=date(2026, 11, 26), final=True, mark="_job_x") for _ in range(2)]
    assert made[0] == made[1]


def test_a_blind_letter_does_not_name_the_person() -> None:
    blind_one = offer(Stage.APPROVED, blind=True)
    blind_one = blind_one.model_copy(update={"terms": blind_one.terms.model_copy(update={"introduction": ""})})
    data = offer_word(blind_one, HEAD, day=date(2026, 11, 26), final=True)
    assert "Kandidat/in 6A21F0" in text_of(data)
    assert b"Brandt" not in data
    assert "Brandt" not in text_of(data)


def test_the_country_stands_below_an_address_abroad() -> None:
    made = offer(Stage.APPROVED)
    abroad = made.customer.model_copy(update={"country": "AT", "postal_code": "1010", "town": "Wien"})
    said = letter(made.model_copy(update={"customer": abroad, "terms": made.terms.model_copy(update={"vat": D(0)})}))
    assert "1010 Wien\nÖSTERREICH" in said
    assert "Steuerschuldner ist der Leistungsempfänger" in said


@pytest.mark.parametrize(
    ("contact", "language", "dear"),
    [
        (None, "de", "Sehr geehrte Damen und Herren,"), (Contact(name="Erika Muster", salutation="Frau"), "de", "Sehr geehrte Frau Muster,"),
        (Contact(name="Max Muster", salutation="Herr"), "de", "Sehr geehrter Herr Muster,"), (Contact(name="Kim Muster"), "de", "Guten Tag Kim Muster,"),
        (Contact(name="Erika Muster", salutation="Frau"), "en", "Dear Ms Muster,"), (Contact(name="Max Muster", salutation="Mr"), "en", "Dear Mr Muster,"),
        (Contact(name="Kim Muster"), "en", "Dear Kim Muster,"), (None, "en", "Dear Sir or Madam,"), (Contact(name="Dr. Eva von der Heide", salutation="Frau"), "de", "Sehr geehrte Frau Dr. von der Heide,"),
    ],
)  # fmt: skip
def test_how_people_are_addressed(contact: Contact | None, language: str, dear: str) -> None:
    assert salutation(contact, language) == dear


HOSTILE = ["{{ firm }}", "{% for x in y %}", "<b>x</b>", "&amp; <w:p/>", "\x00\x01\x02", "\u202ex", "x" * 160, "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(text: str) -> None:
    said = letter(offer(Stage.APPROVED, text))
    assert "Muster Personal GmbH" in said
    if "{" in text or "<" in text:
        assert text in said


def test_the_firms_and_a_customers_own_template_go_first(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    for name, word in (("offer", "Hausvorlage"), ("offer-neckartal", "Kundenvorlage")):
        document = Document(document_path("offer"))
        document.add_paragraph(word)
        document.save(tmp_path / "documents" / f"{name}.docx")
    assert "Hausvorlage" in letter(offer(Stage.APPROVED), folder=tmp_path)
    made = offer(Stage.APPROVED)
    theirs = made.model_copy(update={"customer": made.customer.model_copy(update={"template": "neckartal"})})
    assert "Kundenvorlage" in letter(theirs, folder=tmp_path)
    for name in ("../../x", "nicht da"):
        other = made.model_copy(update={"customer": made.customer.model_copy(update={"template": name})})
        assert "Hausvorlage" in letter(other, folder=tmp_path)
    broken = Document(document_path("offer"))
    broken.add_paragraph("{{ no_such_thing }}")
    broken.save(tmp_path / "documents" / "offer.docx")
    with pytest.raises(UserError, match="broken_template"):
        letter(offer(Stage.APPROVED), folder=tmp_path)


# --- without the person


def test_a_blind_cv_holds_nothing_of_the_person() -> None:
    def leaf(text: str) -> Sourced:
        return Sourced(text, (1,))

    cv = Cv(
        language="de",
        structurer="rules",
        basics=Basics(
            name=leaf("Dr. Katharina Müller-Brandt"), email=leaf("k.brandt@example.com"), phone=leaf("+49 711 123456"), address=leaf("Weg 1"), city=leaf("Stuttgart"),
            birth_date=leaf("1980-01-01"), nationality=leaf("deutsch"), headline=leaf("Projektleiterin"), summary=(leaf("Frau Müller-Brandt leitet Projekte. Mehr: www.brandt.example"),),
        ),
        positions=(Position(title=leaf("Leiterin"), company=leaf("Brandt & Söhne"), highlights=(leaf("Vertretung von K. Brandt, erreichbar unter 0711 / 98 76 54-32"), leaf("Katharinas Team"))),),
        references=(leaf("Herr Muster, Chef von Katharina"),),
    )  # fmt: skip
    made = blind(cv, called="Kandidat/in 6A21F0")
    said = " ".join(value.text for _, value in leaves(made))
    for hidden in ("Katharina", "Müller", "Brandt", "@", "711", "98 76", "Weg 1", "1980", "www", "Muster"):
        assert hidden not in said, hidden
    assert made.basics.name.text == "Kandidat/in 6A21F0"
    assert "Projektleiterin" in said
    assert "leitet Projekte" in said


def test_a_reference_is_always_the_same_and_another_for_each() -> None:
    assert reference_of("a") == reference_of("a")
    assert len({reference_of(str(i)) for i in range(500)}) == 500


def test_a_customer_signs_with_its_legal_form() -> None:
    assert Customer(name="Muster", legal_form="GmbH").company == "Muster GmbH"


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Muster, Max", "Max Muster"),
        ("Max Muster, MBA", "Max Muster"),
        ("Max Muster, Dipl.-Ing.", "Max Muster"),
        ("Max Muster", "Max Muster"),
        ("Muster,", "Muster"),
    ],
)
def test_a_name_is_read_in_its_order(name: str, read: str) -> None:
    assert in_order(name) == read


def test_nobody_is_addressed_by_a_degree_or_a_generation() -> None:
    assert salutation(Contact(name="Max Muster jun.", salutation="Herr"), "de") == "Sehr geehrter Herr Muster,"
    assert salutation(Contact(name="Muster, Max", salutation="Herr"), "de") == "Sehr geehrter Herr Muster,"
    assert salutation(Contact(name="Max Muster, MBA", salutation="Mr"), "en") == "Dear Mr Muster,"


@pytest.mark.parametrize(
    "line", ["Havnegårdsvej 9 Aarhus C 8000 DK", "Käthe-Kollwitz-Ring 112 – 60439 Frankfurt", "Am Markt 3", "Lange Straße 5b, Köln"]
)
def test_no_address_is_left_in_a_blind_cv(line: str) -> None:
    cv = Cv(language="de", structurer="rules", basics=Basics(name=Sourced("Ida Sorensen", ()), summary=Sourced(f"{line}\nLeitung von Projekten", ())))
    said = str(blind(cv, called="X").basics.summary)
    assert "Leitung von Projekten" in said
    assert not any(part in said for part in re.findall(r"\d+|[A-ZÄÖÜ][\w-]{4,}", line))
