"""Offer -> Word: a business letter by DIN 5008, form B (address field 45 mm, reference block beside it)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date

from pipeline.model.customer import Contact
from pipeline.model.money import Money, locale_of, printed, printed_number
from pipeline.model.offer import Offer
from pipeline.model.totals import totals
from pipeline.render.documents import document_path
from pipeline.render.fill import filled
from pipeline.render.labels import LANGUAGES, labels

_PARTICLES = frozenset(
    {"von", "vom", "van", "zu", "zum", "zur", "der", "den", "de", "del", "della", "di", "da", "dos", "du", "la", "le", "ter", "ten"}
)
_GENERATIONS = frozenset({"jun.", "jr.", "jr", "sen.", "sr.", "sr", "junior", "senior"})
_DEGREES = frozenset({"PhD", "M.Sc", "B.Sc", "LL.M", "Dipl.-Ing", "Mag"})
_TO = {"Herr": "Herrn"}
"""A letter is to somebody: accusative."""
Words = dict[str, str]


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What the firm says of itself: `address` in one line, `contact` (phone, e-mail, web), `legal` (register, directors, bank)."""

    firm: str = ""
    address: str = ""
    contact: str = ""
    legal: str = ""
    country: str = "DE"


def offer_word(offer: Offer, head: Letterhead, *, day: date, final: bool, folder: Path | None = None, mark: str = "") -> bytes:
    """The .docx. `day` is the letter's date; unless `final` it says that it is a draft. Raises UserError: broken_template."""
    code = offer.language if offer.language in LANGUAGES else "en"
    words, terms = labels(code), offer.terms
    country = offer.customer.country if offer.customer else head.country
    locale = locale_of(code, country)
    sums = totals(terms)
    role = terms.role or words["offer_title"]
    subject = words["offer_subject"].format(number=offer.name, role=role) if offer.name else words["offer_subject_draft"].format(role=role)
    context: dict[str, Any] = {
        "labels": words,
        "firm": head.firm,
        "name": offer.name or words["offer_title"],
        "sender": " · ".join(filter(None, (head.firm, head.address))),
        "address": [{"text": line} for line in _address(offer, head.country)],
        "info": [{"label": label, "value": value} for label, value in _info(offer, day, words, locale) if value],
        "draft": "" if final else words["offer_draft"],
        "subject": subject,
        "dear": salutation(offer.contact, code),
        "introduction": [line for line in terms.introduction.splitlines() if line.strip()],
        "terms": [{"label": label, "value": value} for label, value in _terms(offer, words, locale) if value],
        "position": role,
        "quantity": f"{printed_number(terms.volume, locale)} {words[f'offer_{terms.unit.value}' + ('_one' if terms.volume == 1 else '')]}",
        "rate": f"{printed(_money(offer, terms.rate), locale)} {words[f'offer_per_{terms.unit.value}']}",
        "net": printed(sums.net, locale),
        "vat_label": words["offer_vat"].format(percent=printed_number(terms.vat, locale))
        if terms.vat
        else words["offer_no_vat" if country != head.country else "offer_vat_free"],
        "vat": printed(sums.vat, locale) if terms.vat else "",
        "gross": printed(sums.gross, locale),
        "notes": _notes(offer, words, locale),
        "sign": offer.owner_name,
        "enclosed": words["offer_enclosed"] if offer.cv else "",
        "contact": head.contact,
        "legal": head.legal,
    }
    own = offer.customer.template if offer.customer else ""
    return filled(_template(own, folder), context, title=subject, language=code, firm=head.firm, mark=mark)


def salutation(contact: Contact | None, language: str) -> str:
    """Where nobody has said how to address somebody, the name says nothing of it either."""
    words = labels(language)
    if contact is None:
        return words["offer_dear_all"]
    last_name = _last_name(in_order(contact.name), titled=language == "de")
    if contact.salutation in ("Herr", "Mr"):
        return words["offer_dear_herr"].format(last_name=last_name)
    if contact.salutation in ("Frau", "Ms"):
        return words["offer_dear"].format(salutation="Ms" if language == "en" else "Frau", last_name=last_name)
    return words["offer_hello"].format(name=in_order(contact.name))


def in_order(name: str) -> str:
    """ "Muster, Max" is Max Muster; "Max Muster, MBA" is he as well."""
    last, comma, rest = (part.strip() for part in name.partition(","))
    if not comma or not rest:
        return last or name
    degree = all(word.isupper() or word.endswith(".") or word in _DEGREES for word in rest.replace(",", " ").split())
    return last if degree else f"{rest} {last}"


def _last_name(name: str, *, titled: bool) -> str:
    """The name by which somebody is addressed, with what belongs to it: "Dr. von der Heide"."""
    parts = [part for part in name.split() if part.casefold() not in _GENERATIONS]
    titles = [part for part in parts if part.endswith(".")] if titled else []
    names = [part for part in parts if not part.endswith(".")] or parts
    begin = next((i for i, part in enumerate(names) if i and part.casefold() in _PARTICLES), len(names) - 1)
    return " ".join((*titles, *names[begin:]))


def _template(name: str, folder: Path | None) -> Path:
    """The customer's own template ("offer-<name>.docx" among the firm's documents) where there is one."""
    own = folder / "documents" / f"offer-{name}.docx" if folder and name.replace("-", "").replace(" ", "").isalnum() else None
    return own if own and own.is_file() else document_path("offer", folder)


def _address(offer: Offer, home: str) -> list[str]:
    customer = offer.customer
    if customer is None:
        return []
    person = f"{_TO.get(offer.contact.salutation, offer.contact.salutation)} {in_order(offer.contact.name)}".strip() if offer.contact else ""
    # as the post of the sending country reads it: in capitals, in its language (DIN 5008)
    abroad = Locale("de").territories.get(customer.country, customer.country).upper() if customer.country != home else ""
    return [line for line in (customer.company, person, *customer.address, abroad) if line]


def _info(offer: Offer, day: date, words: Words, locale: str) -> list[tuple[str, str]]:
    return [
        (words["offer_number"], offer.name),
        (words["offer_date"], printed_date(day, locale)),
        (words["offer_contact"], offer.owner_name),
        (words["offer_valid"], printed_date(offer.terms.valid_until, locale)),
    ]


def _terms(offer: Offer, words: Words, locale: str) -> list[tuple[str, str]]:
    terms = offer.terms
    start, end = printed_date(terms.start, locale), printed_date(terms.end, locale)
    if start and end:
        period = words["offer_span"].format(start=start, end=end)
    elif start:
        period = words["offer_from"].format(start=start)
    else:
        period = words["offer_to"].format(end=end) if end else ""
    week = words["offer_week_one" if terms.days_a_week == 1 else "offer_week"].format(days=printed_number(terms.days_a_week, locale))
    week = "" if terms.days_a_week == 5 else week
    remote = words["offer_remote"].format(percent=terms.remote) if terms.remote else ""
    candidate = words["offer_blind"].format(reference=offer.reference) if offer.blind else offer.candidate_name
    return [
        (words["offer_candidate"], candidate),
        (words["offer_role"], terms.role),
        (words["offer_period"], ", ".join(filter(None, (period, week)))),
        (words["offer_place"], ", ".join(filter(None, (terms.place, remote)))),
        (words["offer_travel"], terms.travel),
        (words["offer_conditions"], terms.conditions),
    ]


def _notes(offer: Offer, words: Words, locale: str) -> list[str]:
    terms = offer.terms
    pay = {0: "offer_payment_now", 1: "offer_payment_one"}.get(terms.payment_days, "offer_payment")
    notes = [words["offer_estimate"], words[pay].format(days=terms.payment_days)]
    if terms.valid_until:
        notes.append(words["offer_binding"].format(date=printed_date(terms.valid_until, locale)))
    return [*notes, words["offer_thanks"]]


def printed_date(day: date | None, locale: str) -> str:
    return str(format_date(day, "long", locale=locale)) if day else ""


def _money(offer: Offer, amount: Any) -> Money:
    return Money(amount=amount, currency=offer.terms.currency)
