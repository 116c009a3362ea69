"""Cards of customers and offers, also with hostile content in every field that comes from outside."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from cards.customer import customer_card, customer_form, customers_card, preview_card
from cards.elements import CardJson
from cards.extension import offer_hit_card
from cards.i18n import Catalogue
from cards.offer import (
    Around,
    approval_card,
    decided_card,
    offer_card,
    offer_form,
    offers_card,
    reminder_card,
    state_card,
    watched,
    which_candidate_card,
)
from pipeline.model.customer import Contact, Customer, Doubt, ListPreview, ListRow
from pipeline.model.job import Candidate, DriveItem
from pipeline.model.offer import Colleague, Frozen, MailDraft, Move, Offer, Request, Stage, Terms, Verb
from pipeline.model.person import Person
from tests.conftest import NOW

CAN = {
    Stage.DRAFT: (Verb.EDIT, Verb.SUBMIT, Verb.DISCARD),
    Stage.SUBMITTED: (Verb.EDIT, Verb.WITHDRAW),
    Stage.CHANGES: (Verb.EDIT, Verb.SUBMIT, Verb.DISCARD),
    Stage.REJECTED: (Verb.EDIT, Verb.DISCARD),
    Stage.LAPSED: (Verb.EDIT, Verb.SUBMIT, Verb.DISCARD),
    Stage.APPROVED: (Verb.SEND, Verb.ACCEPT, Verb.DECLINE, Verb.EXPIRE),
    Stage.SENT: (Verb.ACCEPT, Verb.DECLINE, Verb.EXPIRE),
    Stage.ACCEPTED: (Verb.REOPEN,),
    Stage.DECLINED: (Verb.REOPEN,),
    Stage.EXPIRED: (Verb.REOPEN,),
    Stage.DISCARDED: (),
}


def customer(text: str = "") -> Customer:
    return Customer(
        id="c" * 32,
        tenant="t",
        name=(text or "Neckartal Maschinenbau")[:160],
        legal_form="AG",
        contacts=(Contact(name=(text or "Erika Muster")[:120], salutation="Frau", email="erika@neckartal.example", phone="+49 711 123456"),),
        street=(text or "Werkstraße 12")[:160],
        postal_code="70173",
        town=(text or "Stuttgart")[:100],
        vat_id="DE136695976",
        email="info@neckartal.example",
        payment_days=30,
        conditions=(text or "2 % Skonto bei Zahlung innerhalb von 7 Tagen")[:500],
    )


def offer(stage: Stage, text: str = "", **changes: object) -> Offer:
    number = {"number": 1, "year": 2026} if stage.final else {}
    request = Request(
        approvers=(Colleague(user="ben", name=(text or "Ben Kraft")[:80]),), at=NOW, remind=NOW + timedelta(days=1), lapse=NOW + timedelta(days=5)
    )
    said = {Stage.REJECTED: Verb.REJECT, Stage.CHANGES: Verb.REQUEST_CHANGES, Stage.LAPSED: Verb.LAPSE}.get(stage, Verb.APPROVE)
    why = text or "Bitte den Satz auf 98 € anheben und den Einsatzort klären."
    moves = (
        ()
        if stage in (Stage.DRAFT, Stage.DISCARDED)
        else (Move(at=NOW, verb=Verb.SUBMIT, user="anna", name="Anna", version=1, stage=Stage.SUBMITTED),)
    )
    if moves and stage is not Stage.SUBMITTED:
        moves = (*moves, Move(at=NOW, verb=said, user="ben", name=(text or "Ben Kraft")[:80], version=2, stage=stage, text=why[:1000]))
    item = DriveItem(
        id="x",
        name="ANG-2026-0001.docx",
        url="http://127.0.0.1/x",
        drive="d",
        path="CV Generator/2026/Katharina Brandt",
        owner=Person(tenant="t", user="u"),
    )
    frozen = {"frozen": Frozen(sha256="0" * 64, item=item, edited=stage is Stage.DECLINED)} if stage.final else {}
    made = Offer(
        id="a" * 32,
        tenant="t",
        owner=Person(tenant="t", user="anna"),
        owner_name=(text or "Anna Huber")[:80],
        created=NOW,
        updated=NOW,
        version=2,
        stage=stage,
        customer=customer(text),
        contact=customer(text).contacts[0],
        candidate="d" * 32,
        candidate_name=text or "Katharina Brandt",
        reference="6A21F0",
        cv="b" * 32,
        terms=Terms(
            role=(text or "Projektleiterin Sondermaschinenbau")[:160],
            rate=Decimal(95),
            volume=Decimal(616),
            days_a_week=Decimal(3),
            start=date(2027, 3, 1),
            end=date(2027, 8, 31),
            place=(text or "Stuttgart")[:160],
            remote=60,
            travel=(text or "nach Aufwand, Bahn 2. Klasse")[:200],
            valid_until=date(2026, 12, 31),
            cost=Decimal(70),
            introduction=(text or "vielen Dank für Ihr Interesse. Für die Aufgabe „Projektleiterin“ schlagen wir Ihnen Katharina Brandt vor.")[:3000],
        ),
        request=request if stage is Stage.SUBMITTED else None,
        moves=moves,
        **number,
        **frozen,
    )
    return made.model_copy(update=changes)


def offer_cards(texts: Catalogue, *, text: str = "") -> dict[str, CardJson]:
    people = (Colleague(user="ben", name=(text or "Ben Kraft")[:80]), Colleague(user="eva", name="Eva Lang"))
    doubts = (
        Doubt(key="town", value=text or "70173 Hamburg (Stuttgart)"),
        Doubt(key="vat_id", value=text or "DE123"),
        Doubt(key="email", value=text or "x@"),
    )

    def around(stage: Stage, **more: object) -> Around:
        return Around(
            word_url="http://127.0.0.1/w", verbs=CAN[stage], approvers=people, channel=True, mails=True, mail_url="http://127.0.0.1/m", **more
        )

    may = Around(word_url="http://127.0.0.1/w", verbs=(Verb.APPROVE, Verb.REJECT, Verb.REQUEST_CHANGES, Verb.DELEGATE), approvers=people)
    found = [offer(stage, text) for stage in Stage] * 2
    person = Candidate(id="b" * 32, tenant="t", name=text or "Katharina Brandt", jobs=("a" * 32,), used=NOW)
    rows = tuple(
        ListRow(
            row=i + 2,
            act=act,
            name=text or f"Muster {i} GmbH",
            reason="row_without_company" if act == "skip" else "",
            like=text or "Muster AG",
            doubts=doubts[:2],
        )
        for i, act in enumerate(("add", "change", "skip", "add") * 2)
    )
    preview = ListPreview(
        job="a" * 32,
        mapping=((text or "Firma", "name"), ("PLZ", "postal_code"), ("Ort", "town"), ("Ansprechpartner", "contact")),
        unused=(text or "Umsatz", "Farbe"),
        counts={"add": 9, "change": 2, "same": 1, "skip": 1},
        doubts=3,
        like=1,
        rows=rows,
    )
    one = customer(text)
    return {
        **{f"offer-{stage.value}": offer_card(offer(stage, text), texts, around(stage)) for stage in Stage},
        "offer-phrase": offer_card(offer(Stage.DRAFT, text, match="e" * 32), texts, around(Stage.DRAFT, words=True)),
        "offer-phrasing": offer_card(offer(Stage.DRAFT, text, match="e" * 32, wants_words=True), texts, around(Stage.DRAFT, words=True)),
        "offer-lacks": offer_card(offer(Stage.DRAFT, text), texts, around(Stage.DRAFT, missing=("customer", "rate", "start"), doubts=doubts)),
        "offer-mail": offer_card(offer(Stage.APPROVED, text, mail=MailDraft(id="x", url="")), texts, around(Stage.APPROVED)),
        "offer-mail-problem": offer_card(offer(Stage.APPROVED, text, wants_mail=True, mail_problem="mail_forbidden"), texts, around(Stage.APPROVED)),
        "offer-mail-coming": offer_card(offer(Stage.APPROVED, text, wants_mail=True), texts, around(Stage.APPROVED)),
        "offer-unsaved": offer_card(offer(Stage.APPROVED, text, frozen=Frozen(sha256="0" * 64, item=DriveItem(id="", name="x", url=""), problem="drive_forbidden")), texts, around(Stage.APPROVED)),
        "offer-written": offer_card(offer(Stage.APPROVED, text, frozen=None, number=0), texts, around(Stage.APPROVED)),
        "offer-blind": offer_card(offer(Stage.DRAFT, text, blind=True), texts, around(Stage.DRAFT)),
        "offer-approval": approval_card(offer(Stage.SUBMITTED, text), texts, may),
        "offer-approval-decided": approval_card(offer(Stage.REJECTED, text), texts, Around(word_url="http://127.0.0.1/w")),
        "offer-state": state_card(offer(Stage.SUBMITTED, text), texts),
        "offer-outdated": state_card(offer(Stage.DRAFT, text), texts, old=True),
        "offer-channel": watched(state_card(offer(Stage.SUBMITTED, text), texts), offer(Stage.SUBMITTED, text), texts, ["29:ben", "29:eva"]),
        **{f"offer-told-{s.value}": decided_card(offer(s, text), texts) for s in (Stage.APPROVED, Stage.REJECTED, Stage.CHANGES, Stage.LAPSED)},
        "offer-reminder": reminder_card(offer(Stage.SUBMITTED, text), texts),
        "offer-form": offer_form(offer(Stage.DRAFT, text), texts, customers=[one] * 3),
        "offer-form-new": offer_form(offer(Stage.DRAFT, text, customer=None, contact=None), texts, customers=[one], wanted=text or "Neue Firma GmbH"),
        "offer-which": which_candidate_card([person, person], texts, text="angebot"),
        "offers": offers_card(found, texts, seen={one.id for one in found}, stage="", text="", page=0, csv_url="http://127.0.0.1/csv"),
        "offers-last": offers_card(found, texts, seen={one.id for one in found}, stage="sent", text=text[:80], page=9, csv_url="http://127.0.0.1/csv"),
        "offers-none": offers_card([], texts, seen=(), stage="", text="", page=0, csv_url="http://127.0.0.1/csv"),
        "insert-offer": offer_hit_card(offer(Stage.SENT, text), texts),
        "customer": customer_card(one, texts, doubts=doubts, doubles=[one]),
        "customer-form": customer_form(one, texts),
        "customer-form-new": customer_form(None, texts, name=text[:160] or "Neue Firma"),
        "customers": customers_card([one] * 14, texts),
        "customers-none": customers_card([], texts),
        "customer-list": preview_card(preview, texts),
        "customer-list-done": preview_card(preview.model_copy(update={"done": True}), texts),
        "customer-list-nothing": preview_card(preview.model_copy(update={"counts": {"same": 4}, "rows": (), "doubts": 0, "like": 0}), texts),
    }  # fmt: skip
