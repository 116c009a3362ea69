"""The companies that get offers: kept, found by a few letters, imported from lists, merged where one is there twice."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from rapidfuzz import fuzz, process

from pipeline.check.customer import customer_doubts, is_vat_id, same_town
from pipeline.errors import UserError
from pipeline.model.customer import Customer, Doubt
from pipeline.offer.columns import Columns, columns_of, customer_of, split_legal_form
from pipeline.ports import Addresses, Ids
from pipeline.store import CUSTOMERS, Store, decoded

LIKE, CLEAR, ALIKE = 72, 12, 88
"""Of 100: so alike are a text and a name that it finds, so much better than the next is the one meant; so alike are names of doubles."""
MEANT = 90
BLOCK = 3
"""Letters with which two names of one list have to begin to be compared: all with all would take minutes."""
FOUND = 12
_NAMESPACE = uuid.UUID("3bd8e9a4-0f1c-4a0e-8a52-6d2ef7a1c904")


class Act(StrEnum):
    """What becomes of a row."""

    ADD = "add"
    CHANGE = "change"
    SAME = "same"
    SKIP = "skip"


class Planned(BaseModel):
    """One customer of a list. `rows` are their numbers in the file, from 1; `known` the customer that is there.

    `reason` is the key of a message, for skipped rows; `like` names another customer that may be the same.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    act: Act
    rows: tuple[int, ...]
    customer: Customer | None = None
    known: str = ""
    reason: str = ""
    like: str = ""
    doubts: tuple[Doubt, ...] = ()


class Plan(BaseModel):
    """What an import will do. `mapping` says which column is what; `unused` columns are left; `fields` are what the list can say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mapping: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]
    planned: tuple[Planned, ...]
    fields: tuple[str, ...] = ()

    def count(self, act: Act) -> int:
        return sum(one.act is act for one in self.planned)


class NoAddresses:
    """Where nobody knows which town has which postal code."""

    async def towns(self, country: str, postal_code: str) -> tuple[str, ...] | None:
        return None


NOBODY_KNOWS = NoAddresses()


class Customers:
    """`addresses` knows which town has which postal code; `offline` the same without asking anybody, for long lists. `country` is the firm's own."""

    def __init__(self, store: Store, ids: Ids, *, addresses: Addresses, offline: Addresses, country: str = "DE") -> None:
        self._store = store
        self._ids = ids
        self._addresses = addresses
        self._offline = offline
        self._country = country

    async def add(self, tenant: str, customer: Customer, *, key: str = "") -> Customer:
        """Keep a new customer; with a `key` (an id) repeating it changes nothing."""
        now = self._store.clock.now()
        new = customer.model_copy(update={"id": key or self._ids.new(), "tenant": tenant, "created": now, "updated": now, "version": 1})
        await self._store.create(CUSTOMERS, tenant, new.id, new)
        return new

    def named(self, company: str, *, language: str = "de") -> Customer:
        """A customer of whom nothing but the name is known."""
        name, form = split_legal_form(company[:160])
        return Customer(name=name, legal_form=form, country=self._country, language=language)

    async def get(self, tenant: str, customer_id: str) -> Customer:
        """Where it was merged into another, that one. Raises UserError: unknown_customer."""
        for _ in range(10):
            found = await self._store.get(CUSTOMERS, tenant, customer_id, Customer) if re.fullmatch(r"[0-9a-f]{32}", customer_id) else None
            if found is None:
                break
            if not found.merged_into:
                return found
            customer_id = found.merged_into
        raise UserError("unknown_customer")

    async def all(self, tenant: str) -> list[Customer]:
        """By name."""
        found = decoded(await self._store.records.all(CUSTOMERS, tenant), Customer)
        return sorted((one for one in found if one and not one.merged_into), key=lambda one: (_plain(one.name), one.id))

    async def find(self, tenant: str, text: str) -> list[Customer]:
        """Customers whose name, town or contact is like the text, best first; one alone where it is clear which was meant."""
        wanted, everybody = _plain(text), await self.all(tenant)
        if not wanted:
            return []
        names = {one.id: _plain(one.name) for one in everybody}
        whole = {one.id: _plain(f"{one.company} {one.town} {' '.join(c.name for c in one.contacts)}") for one in everybody}
        scores: dict[str, float] = {}
        for texts, scorer in ((names, fuzz.WRatio), (names, fuzz.partial_ratio), (whole, fuzz.token_set_ratio)):
            for _, score, key in process.extract(wanted, texts, scorer=scorer, score_cutoff=LIKE, limit=FOUND * 2):
                scores[key] = max(scores.get(key, 0.0), score + (10 if names[key] == wanted else 0))
        by_id = {one.id: one for one in everybody}
        found = sorted(scores, key=lambda key: (-scores[key], names[key]))
        if found and (len(found) == 1 or scores[found[0]] - scores[found[1]] >= CLEAR or names[found[0]] == wanted != names[found[1]]):
            return [by_id[found[0]]]
        return [by_id[key] for key in found[:FOUND]]

    async def meant(self, tenant: str, text: str, *, exactly: bool = False) -> Customer | None:
        """The one whose name this is, but for a slip of the pen unless `exactly`. None where several are, or none: then a person chooses."""
        company, name = _plain(text), _plain(split_legal_form(text)[0])
        everybody = await self.all(tenant)
        exact = [one for one in everybody if _plain(one.company) == company] or [one for one in everybody if _plain(one.name) in (company, name)]
        like = [] if exact or exactly else [one for one in everybody if _is_slip(_plain(one.name), name)]
        return (exact or like)[0] if len(exact or like) == 1 else None

    async def change(self, tenant: str, customer_id: str, version: int, change: Callable[[Customer], Customer]) -> Customer:
        """A new version of it. Raises UserError: unknown_customer, changed_meanwhile (it is no longer the version that the person saw)."""
        if (await self.get(tenant, customer_id)).id != customer_id:  # it was merged into another since
            raise UserError("changed_meanwhile")
        now, late = self._store.clock.now(), False

        def changed(known: Customer | None) -> Customer | None:
            nonlocal late
            late = known is None or known.version != version
            if known is None or late:
                return None
            return change(known).model_copy(update={"version": known.version + 1, "updated": now})

        found = await self._store.change(CUSTOMERS, tenant, customer_id, Customer, changed)
        if late or found is None:
            raise UserError("changed_meanwhile")
        return found

    async def doubts(self, customer: Customer) -> tuple[Doubt, ...]:
        """What a person should look at."""
        towns = await self._addresses.towns(customer.country, customer.postal_code) if customer.postal_code else None
        return customer_doubts(customer, towns)

    # --- one that is there twice

    async def doubles(self, customer: Customer) -> list[Customer]:
        """Others that may be the same company."""
        return [one for one in await self.all(customer.tenant) if one.id != customer.id and _alike(one, customer)][:FOUND]

    async def merge(self, tenant: str, kept: str, gone: str) -> Customer:
        """Make one of two: `kept` keeps what it says, and takes over what only the other knows. Repeating it changes nothing.

        Raises UserError: unknown_customer, same_customer.
        """
        one, other = await self.get(tenant, kept), await self._store.get(CUSTOMERS, tenant, gone, Customer)
        if other is None:
            raise UserError("unknown_customer")
        if one.id == other.id:
            raise UserError("same_customer")
        now, marked = self._store.clock.now(), {"merged_into": one.id, "updated": self._store.clock.now()}
        await self._store.change(CUSTOMERS, tenant, other.id, Customer, lambda known: known.model_copy(update=marked) if known else None)
        if (mine := await self._store.get(CUSTOMERS, tenant, one.id, Customer)) and mine.merged_into == other.id:  # the other way round, at once
            one, other = (one, other) if one.id < other.id else (other, one)
            back = {"merged_into": ""}
            await self._store.change(CUSTOMERS, tenant, one.id, Customer, lambda known: known.model_copy(update=back) if known else None)

        def joined(known: Customer | None) -> Customer | None:
            made = _joined(known, other) if known else None
            return made.model_copy(update={"version": known.version + 1, "updated": now}) if known and made and made != known else None

        return await self._store.change(CUSTOMERS, tenant, one.id, Customer, joined) or one

    # --- lists

    async def plan(self, tenant: str, rows: Sequence[Sequence[str]]) -> Plan:
        """What an import of these rows would do: nothing is changed. Raises UserError: no_company_column, empty_table."""
        columns = columns_of(rows)
        wanted = [(number, row) for number, row in enumerate(rows, start=1) if number > columns.header + 1 and row]
        if not wanted:
            raise UserError("empty_table")
        everybody = await self.all(tenant)
        listed = [(number, await self._listed(row, columns)) for number, row in wanted]
        planned = await asyncio.to_thread(self._planned, listed, columns, everybody)
        with_doubts = [await self._doubted(one) for one in planned]
        return Plan(mapping=columns.mapping, unused=columns.unused, planned=tuple(with_doubts), fields=tuple(name for name in columns.fields if name))

    async def _listed(self, row: Sequence[str], columns: Columns) -> Customer | str:
        """The customer of a row; or the key of what is wrong with it. A zero that a spreadsheet dropped comes back, where the town says so."""
        try:
            customer = customer_of(row, columns, country=self._country)
        except UserError as error:
            return error.key
        if customer.country == "DE" and re.fullmatch(r"[1-9]\d{3}", customer.postal_code):
            towns = await self._offline.towns("DE", f"0{customer.postal_code}")
            if towns and any(same_town(customer.town, town) for town in towns):
                return customer.model_copy(update={"postal_code": f"0{customer.postal_code}"})
        return customer

    def _planned(self, rows: Sequence[tuple[int, Customer | str]], columns: Columns, everybody: Sequence[Customer]) -> list[Planned]:
        known, found, skipped = _Index(everybody), dict[str, Planned](), list[Planned]()
        for number, customer in rows:
            if isinstance(customer, str):
                skipped.append(Planned(act=Act.SKIP, rows=(number,), reason=customer))
                continue
            key = _key(customer)
            if before := found.get(key):
                joined = _joined(before.customer or customer, customer)
                found[key] = before.model_copy(update={"rows": (*before.rows, number), "customer": joined})
            else:
                found[key] = Planned(act=Act.ADD, rows=(number,), customer=customer)
        decided = _alike_inside([self._decided(one, known, columns.fields) for one in found.values()])
        return sorted((*decided, *skipped), key=lambda one: one.rows)

    def _decided(self, planned: Planned, known: _Index, fields: Collection[str]) -> Planned:
        customer = planned.customer
        there = known.same(customer) if customer else None
        if customer is None:
            return planned
        if there is None:
            like = known.like(customer)
            return planned.model_copy(update={"like": like.company if like else ""})
        act = Act.SAME if _overwritten(there, customer, fields) == there else Act.CHANGE
        renamed = Doubt(key="renamed", value=f"{there.company} → {customer.company}")
        other = _plain(there.name) != _plain(customer.name)
        return planned.model_copy(update={"act": act, "known": there.id, "doubts": (renamed,) if other else ()})

    async def _doubted(self, planned: Planned) -> Planned:
        customer = planned.customer
        if customer is None:
            return planned
        towns = await self._offline.towns(customer.country, customer.postal_code) if customer.postal_code else None
        return planned.model_copy(update={"doubts": (*planned.doubts, *customer_doubts(customer, towns))})

    async def carry_out(self, tenant: str, plan: Plan, planned: Planned, *, key: str) -> None:
        """Do what was planned for one customer, on what is there now; `key` names the import. Repeating it changes nothing."""
        customer = planned.customer
        if customer is None or planned.act not in (Act.ADD, Act.CHANGE):
            return
        if planned.act is Act.ADD:
            await self.add(tenant, customer, key=uuid.uuid5(_NAMESPACE, f"{tenant}\n{key}\n{planned.rows[0]}").hex)
            return
        now = self._store.clock.now()

        def changed(there: Customer | None) -> Customer | None:
            merged = _overwritten(there, customer, plan.fields) if there else None
            if there is None or merged is None or merged == there:
                return None
            return merged.model_copy(update={"version": there.version + 1, "updated": now})

        await self._store.change(CUSTOMERS, tenant, planned.known, Customer, changed)


def _alike_inside(listed: Sequence[Planned]) -> list[Planned]:
    """Rows of one list may be the same company, too: those of one VAT id, and of nearly one name in one place, which begins alike."""
    by_vat, near = dict[str, str](), dict[str, dict[str, str]]()
    found: list[Planned] = []
    for one in listed:
        customer, like = one.customer, ""
        if customer and one.act is Act.ADD:
            name = _plain(customer.name)
            beside = near.setdefault(f"{customer.postal_code}\n{name[:BLOCK]}", {})
            vat = next((mark for kind, mark in _marks(customer) if kind == "vat"), "")
            alike = process.extractOne(name, beside, scorer=fuzz.ratio, score_cutoff=ALIKE)
            like = one.like or by_vat.get(vat, "") or (alike[2] if alike else "")
            beside.setdefault(customer.company, name)
            if vat:
                by_vat.setdefault(vat, customer.company)
        found.append(one.model_copy(update={"like": like}) if like else one)
    return found


class _Index:
    """The customers that are there, by all that tells them apart."""

    def __init__(self, customers: Iterable[Customer]) -> None:
        self._by: dict[tuple[str, str], Customer] = {}
        self._bare: dict[str, list[Customer]] = {}
        self._near: dict[str, dict[str, str]] = {}
        self._all: dict[str, Customer] = {}
        for one in customers:
            for mark in _marks(one):
                self._by.setdefault(mark, one)
            self._bare.setdefault(_bare(one), []).append(one)
            self._near.setdefault(one.postal_code, {})[one.id] = _plain(one.name)
            self._all[one.id] = one

    def same(self, customer: Customer) -> Customer | None:
        """By VAT id, or by company and place; where one of them names no legal form, by name and place, if that is but one."""
        if sure := next((self._by[mark] for mark in _marks(customer) if mark in self._by), None):
            return sure
        bare = [one for one in self._bare.get(_bare(customer), ()) if not one.legal_form or not customer.legal_form]
        return bare[0] if len(bare) == 1 else None

    def like(self, customer: Customer) -> Customer | None:
        near = self._near.get(customer.postal_code, {})
        found = process.extractOne(_plain(customer.name), near, scorer=fuzz.ratio, score_cutoff=ALIKE)
        return self._all[found[2]] if found else None


def _marks(customer: Customer) -> list[tuple[str, str]]:
    """Each of them alone says which company it is. A VAT id that cannot be one says nothing."""
    marks = [("vat", customer.vat_id)] if customer.vat_id and is_vat_id(customer.vat_id, customer.country) else []
    return [*marks, ("company", f"{_plain(customer.company)}\n{customer.postal_code}\n{_plain(customer.town)}")]


def _bare(customer: Customer) -> str:
    return f"{_plain(customer.name)}\n{customer.postal_code}\n{_plain(customer.town)}"


def _key(customer: Customer) -> str:
    """Rows of one company in a list."""
    return "\n".join(_marks(customer)[-1])


def _is_slip(name: str, typed: str) -> bool:
    """One name, mistyped: numbers in it are the same."""
    return re.findall(r"\d+", name) == re.findall(r"\d+", typed) and fuzz.ratio(name, typed) >= MEANT


def _alike(one: Customer, other: Customer) -> bool:
    """The same VAT id, or nearly the same name in the same place."""
    if one.vat_id and one.vat_id == other.vat_id and is_vat_id(one.vat_id, one.country):
        return True
    near = not one.postal_code or not other.postal_code or one.postal_code == other.postal_code or _plain(one.town) == _plain(other.town)
    return near and fuzz.ratio(_plain(one.name), _plain(other.name)) >= ALIKE


def _joined(kept: Customer, other: Customer) -> Customer:
    """What `kept` says, and what only the other says; the contacts of both."""
    names = {contact.name.casefold() for contact in kept.contacts}
    contacts = (*kept.contacts, *(c for c in other.contacts if c.name.casefold() not in names))[:20]
    return kept.model_copy(update={**_missing(kept, other), "contacts": contacts})


def _overwritten(there: Customer, listed: Customer, columns: Collection[str]) -> Customer:
    """What the list says goes before what is there; what it does not say, or has no column for, stays."""
    fields = (name for name in _FIELDS if name in columns or name not in _DEFAULTED)
    said = {name: value for name in fields if (value := getattr(listed, name)) not in ("", None)}
    contacts = {contact.name.casefold(): contact for contact in there.contacts}
    for contact in listed.contacts:
        before = contacts.get(contact.name.casefold(), contact)
        told = {name: value for name in ("salutation", "email", "phone") if (value := getattr(contact, name))}
        contacts[contact.name.casefold()] = before.model_copy(update=told)
    return there.model_copy(update={**said, "contacts": tuple(contacts.values())[:20]})


_DEFAULTED = ("country", "language")
_FIELDS = (
    *("name", "legal_form", "street", "postal_code", "town", "country", "vat_id"),
    *("email", "phone", "language", "payment_days", "conditions", "template"),
)


def _missing(kept: Customer, other: Customer) -> dict[str, object]:
    return {name: getattr(other, name) for name in _FIELDS if getattr(kept, name) in ("", None)}


def _plain(text: str) -> str:
    text = text.casefold().replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return " ".join(re.findall(r"\w+", text))
