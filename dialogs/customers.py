"""What people say, drop and click about customers."""

from __future__ import annotations

import re
from functools import partial

from pydantic import ValidationError

from cards.customer import CONTACTS, SALUTATIONS, customer_card, customer_form, customers_card
from cards.i18n import Catalogue
from cards.offer_actions import CustomerAction, EditCustomer, Form, ImportCustomers, MergeCustomers, SaveCustomer, ShowCustomer
from dialogs.talk import Talk
from dialogs.turn import DroppedFile, Meant, Turn
from pipeline.errors import UserError
from pipeline.model.customer import Contact, Customer
from pipeline.model.job import Job, Kind, Source
from pipeline.offer.columns import split_legal_form
from pipeline.service import Submission

ENDINGS = (".csv", ".xlsx", ".xls", ".tsv")
"""Of the names of files that are customer lists."""
_LIST = re.compile(r"(?:customers?|kunden?|kundinnen)(?:\s+(?P<text>.+))?", re.IGNORECASE)
_NEW = re.compile(r"(?:(?:new|neuer?)\s+(?:customer|kunde)|(?:customer|kunde)\s+(?:anlegen|add))\s*[:\-–]?\s*(?P<name>.*)", re.IGNORECASE)
_FIELDS = ("name", "legal_form", "street", "postal_code", "town", "country", "vat_id", "email", "phone", "language", "conditions", "template")


def meant(text: str, talk: Talk) -> Meant | None:
    """None where the text is about something else."""
    if found := _NEW.fullmatch(text):
        return Meant("say.new_customer", partial(_new, talk, found["name"].strip()))
    if found := _LIST.fullmatch(text):
        return Meant("say.customers", partial(_list, talk, (found["text"] or "").strip()))
    return None


def is_list(name: str) -> bool:
    return name.casefold().endswith(ENDINGS)


async def dropped(file: DroppedFile, number: int, talk: Talk) -> tuple[Job, bool]:
    """A list: a job looks at it, and its card says what an import would do."""
    where = talk.event.conversation
    submission = Submission(
        tenant=where.tenant,
        user=where.user,
        kind=Kind.CUSTOMERS,
        source=Source(url=file.url, name=file.name),
        key=f"{where.id}\n{talk.event.id}\ncustomers\n{number}",
        conversation=where,
        locale=where.locale,
    )
    return await talk.service.submit(submission, start=False)


async def clicked(action: CustomerAction, talk: Talk) -> Turn:
    """Raises UserError."""
    customers, tenant, texts = talk.service.customers, talk.tenant, talk.texts
    match action:
        case ShowCustomer(customer=key):
            return talk.answer(await _card(await customers.get(tenant, key), talk))
        case EditCustomer(customer=key):
            return talk.answer(customer_form(await customers.get(tenant, key) if key else None, texts))
        case SaveCustomer():
            return talk.answer(await _card(await _save(action, talk), talk))
        case MergeCustomers(kept=kept, gone=gone):
            return talk.answer(await _card(await customers.merge(tenant, kept, gone), talk))
        case ImportCustomers(job=key):
            job = await talk.service.import_customers(tenant, talk.user, key)
            return Turn(jobs=(job,), flow=talk.flow)


async def _card(customer: Customer, talk: Talk) -> dict[str, object]:
    customers = talk.service.customers
    return customer_card(customer, talk.texts, doubts=await customers.doubts(customer), doubles=await customers.doubles(customer))


async def _list(talk: Talk, text: str) -> Turn:
    customers = talk.service.customers
    found = await customers.find(talk.tenant, text) if text else await customers.all(talk.tenant)
    if text and len(found) == 1:
        return talk.show(await _card(found[0], talk))
    return talk.show(customers_card(found, talk.texts))


async def _new(talk: Talk, name: str) -> Turn:
    return talk.show(customer_form(None, talk.texts, name=name[:160]))


async def _save(action: SaveCustomer, talk: Talk) -> Customer:
    """Raises UserError: bad_customer, changed_meanwhile, unknown_customer."""
    customers, form = talk.service.customers, action.form
    if not action.customer:
        made = _filled(Customer(name="-"), form, talk.texts)
        return await customers.add(talk.tenant, made, key=talk.service.job_id(talk.tenant, f"{talk.event.id}\ncustomer"))
    version = int(action.version) if action.version.isdecimal() else 0
    return await customers.change(talk.tenant, action.customer, version, lambda known: _filled(known, form, talk.texts))


def _filled(known: Customer, form: Form, texts: Catalogue) -> Customer:
    """Raises UserError: bad_customer, bad_terms."""
    values: dict[str, object] = {name: form[name].strip() for name in _FIELDS if name in form}
    days = form.get("payment_days", "").strip()
    if days and not re.fullmatch(r"\d{1,3}([.,]0+)?", days):
        raise UserError("bad_terms", field=texts("customer.payment_days"))
    values["payment_days"] = int(re.split("[.,]", days)[0]) if days else None
    name, legal_form = split_legal_form(str(values.get("name", known.name)))
    values |= {"name": name, "legal_form": values.get("legal_form") or legal_form}
    values["vat_id"] = str(values.get("vat_id", known.vat_id)).replace(" ", "").upper()
    found = (_person(number, form) for number in range(CONTACTS))
    rest = known.contacts[CONTACTS - 1 :]
    try:
        values["contacts"] = [*(contact.model_dump() for contact in found if contact), *(contact.model_dump() for contact in rest)]
        return Customer.model_validate({**known.model_dump(), **values})
    except ValidationError:
        raise UserError("bad_customer") from None


def _person(number: int, form: Form) -> Contact | None:
    """Raises pydantic.ValidationError."""
    name = form.get(f"contact_{number}", "").strip()
    if not name:
        return None
    salutation = form.get(f"salutation_{number}", "-")
    known = salutation if salutation in SALUTATIONS and salutation != "-" else ""
    return Contact(name=name, salutation=known, email=form.get(f"email_{number}", "").strip(), phone=form.get(f"phone_{number}", "").strip())
