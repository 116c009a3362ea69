"""What the form of an offer holds, taken over into the offer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from cards.i18n import Catalogue
from cards.offer_actions import Form
from dialogs.talk import Talk
from pipeline.errors import UserError
from pipeline.model.customer import Contact, Customer
from pipeline.model.match import Match
from pipeline.model.money import CURRENCIES
from pipeline.model.offer import Offer, Terms, Unit

_NUMBERS = ("rate", "volume", "days_a_week", "vat", "cost")
_MAY_BE_EMPTY = ("rate", "volume", "cost")
_WHOLE = ("remote", "payment_days")
_DATES = ("start", "end", "valid_until")
_TEXTS = ("role", "place", "travel", "conditions", "introduction")
LONG_AGO, LONG_AHEAD = timedelta(days=366), timedelta(days=5 * 366)
"""What begins earlier or later was mistyped."""
_FACTORS = {(Unit.HOUR, Unit.DAY): Decimal("0.125"), (Unit.DAY, Unit.HOUR): Decimal(8)}


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that was filled in, over the offer that it was drawn of."""

    form: Form
    before: Offer
    customer: Customer | None
    contact: Contact | None
    match: Match | None
    texts: Catalogue
    talk: Talk

    def change(self, known: Offer) -> Offer:
        """The offer with it. Raises UserError: bad_terms."""
        offers, before, form = self.talk.service.offers, self.before, self.form
        same = {"customer": self.customer, "contact": self.contact}  # as they are now: an address may have been put right
        moved_on = self.customer is None or before.customer is None or self.customer.id != before.customer.id
        changed = offers.addressed(known, self.customer, self.contact) if moved_on else known.model_copy(update=same)
        terms = filled_terms(changed.terms, form, before.terms, self.texts, today=offers.today)
        if (language := _language(form, before)) != before.language or (moved_on and before.customer is None and self.customer is None):
            changed = changed.model_copy(update={"language": language})
        blind = form.get("blind", str(before.blind)).lower() == "true"
        changed = changed.model_copy(update={"blind": blind, "terms": terms, "computed": _is_computed(before, form, terms)})
        told = form.get("introduction", before.terms.introduction)
        other = (changed.blind, changed.language, terms.role) != (before.blind, before.language, before.terms.role)
        if other and told.split() == before.terms.introduction.split():  # nobody has written it: it is said anew
            changed = offers.introduced(changed, self.match)
        return offers.with_volume(changed)


def _language(form: Form, before: Offer) -> str:
    chosen = form.get("language", before.language)
    return chosen if chosen in ("de", "en") else before.language


async def filled(form: Form, before: Offer, talk: Talk) -> Filled:
    """Raises UserError: bad_terms, before anything is kept; unknown_customer."""
    filled_terms(before.terms, form, before.terms, talk.texts, today=talk.service.offers.today)
    customer = await _customer(form, before, talk)
    match = await talk.service.matches.get(talk.tenant, before.match) if before.match else None
    return Filled(form, before, customer, _contact(form, customer, before), match, talk.texts, talk)


async def _customer(form: Form, before: Offer, talk: Talk) -> Customer | None:
    """The one that was chosen now, else a new one of the name that was written, else the one of before, as it is now."""
    customers, before_id = talk.service.customers, before.customer.id if before.customer else "-"
    name, chosen = form.get("new_customer", "").strip(), form.get("customer", before_id) or "-"
    if name and chosen in (before_id, "-"):
        known = await customers.meant(talk.tenant, name, exactly=True)
        key = talk.service.job_id(talk.tenant, f"{talk.event.id}\n{before.id}\ncustomer")
        return known or await customers.add(talk.tenant, customers.named(name, language=_language(form, before)), key=key)
    return None if chosen == "-" else await customers.get(talk.tenant, chosen)


def _contact(form: Form, customer: Customer | None, before: Offer) -> Contact | None:
    """By name: the list may have changed since the form was drawn."""
    if customer is None:
        return None
    if before.customer is None or customer.id != before.customer.id or "contact" not in form:
        return next(iter(customer.contacts), None)
    shown, chosen = before.customer.contacts, form["contact"]
    if not chosen.isdecimal() or int(chosen) >= len(shown):
        return None
    picked = shown[int(chosen)]
    return next((contact for contact in customer.contacts if contact.name == picked.name), picked)


def filled_terms(known: Terms, form: Form, before: Terms, texts: Catalogue, *, today: date) -> Terms:
    """With what the form holds and did not hold `before`: a client sends what nobody has touched, too. Raises UserError: bad_terms.

    A volume in hours becomes one in days with the unit, and the other way round, unless another is written.
    """
    values: dict[str, Any] = {name: form[name].strip() for name in _TEXTS if name in form}
    values |= {name: form[name] for name in ("currency", "unit") if form.get(name)}
    values |= {name: form[name].strip() or None for name in _DATES if name in form}
    field = ""
    try:
        for field in (name for name in (*_NUMBERS, *_WHOLE) if name in form and (form[name].strip() or name in _MAY_BE_EMPTY)):
            number = _decimal(form[field].strip() or "0")
            values[field] = int(number) if field in _WHOLE else number
        if values.get("cost") == 0:
            values["cost"] = None
        touched = {name: value for name, value in values.items() if value != _as_input(getattr(before, name))}
        made = Terms.model_validate({**known.model_dump(), **touched})
    except ValidationError as error:
        raise UserError("bad_terms", field=texts(f"offer.{error.errors()[0]['loc'][0]}")) from None
    except (InvalidOperation, ValueError, OverflowError):
        raise UserError("bad_terms", field=texts(f"offer.{field}")) from None
    if made.currency not in CURRENCIES:
        raise UserError("bad_terms", field=texts("offer.currency"))
    if made.start and not today - LONG_AGO < made.start < today + LONG_AHEAD:
        raise UserError("bad_terms", field=texts("offer.start"))
    if made.end and (made.end > today + 2 * LONG_AHEAD or (made.start and made.end < made.start)):
        raise UserError("bad_terms", field=texts("offer.end"))
    factor = _FACTORS.get((before.unit, made.unit))
    return made.model_copy(update={"volume": (made.volume * factor).quantize(Decimal("0.01"))}) if factor and "volume" not in touched else made


def _is_computed(before: Offer, form: Form, terms: Terms) -> bool:
    """Does the volume follow from the period? Until somebody writes another, and again where they write 0."""
    if terms.volume == 0 and (terms.start is None or terms.end is None or "volume" in form):
        return True
    return before.computed and (terms.volume == before.terms.volume or terms.unit is not before.terms.unit)


def _as_input(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _decimal(text: str) -> Decimal:
    """As inputs give numbers: with a point, or with a comma. To the cent."""
    return Decimal(text.strip().replace(",", ".")).quantize(Decimal("0.01")).normalize() + 0
