"""The companies that get offers: kept, found by a few letters, imported from lists, merged where one is there twice."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from rapidfuzz import fuzz, process

from pipeline.check.customer import customer_doubts
from pipeline.errors import UserError
from pipeline.model.customer import Contact, Customer, Doubt
from pipeline.offer.columns import Columns, columns_of, customer_of, split_legal_form
from pipeline.ports import Addresses, Ids
from pipeline.store import CUSTOMERS, Store, decoded

LIKE, CLEAR, ALIKE = 72, 12, 88
"""Of 100: so alike are a text and a name that it finds, so much better than the next is the one meant; so alike are names of doubles."""
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
    """What an import will do. `mapping` says which column is what; `unused` columns are left."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mapping: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]
    planned: tuple[Planned, ...]

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

    def named(self, company: str) -> Customer:
        """A customer of whom nothing but the name is known."""
        name, form = split_legal_form(company[:160])
        return Customer(name=name, legal_form=form, country=self._country)

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

    async def change(self, tenant: str, customer_id: str, version: int, change: Callable[[Customer], Customer]) -> Customer:
        """A new version of it. Raises UserError: unknown_customer, changed_meanwhile (it is no longer the version that the person saw)."""
        await self.get(tenant, customer_id)
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
        now = self._store.clock.now()

        def joined(known: Customer | None) -> Customer | None:
            return _joined(known, other).model_copy(update={"version": known.version + 1, "updated": now}) if known else None

        if other.merged_into != one.id:
            one = await self._store.change(CUSTOMERS, tenant, one.id, Customer, joined) or one
        marked = {"merged_into": one.id, "updated": now}
        await self._store.change(CUSTOMERS, tenant, other.id, Customer, lambda known: known.model_copy(update=marked) if known else None)
        return one

    # --- lists

    async def plan(self, tenant: str, rows: Sequence[Sequence[str]]) -> Plan:
        """What an import of these rows would do: nothing is changed. Raises UserError: no_company_column, empty_table."""
        columns = columns_of(rows)
        if len(rows) <= columns.header + 1:
            raise UserError("empty_table")
        known = _Index(await self.all(tenant))
        found: dict[str, Planned] = {}
        skipped: list[Planned] = []
        for number, row in enumerate(rows[columns.header + 1 :], start=columns.header + 2):
            try:
                customer = customer_of(row, columns, country=self._country)
            except UserError as error:
                skipped.append(Planned(act=Act.SKIP, rows=(number,), reason=error.key))
                continue
            key = _key(customer)
            if before := found.get(key):
                joined = _joined(before.customer or customer, customer)
                found[key] = before.model_copy(update={"rows": (*before.rows, number), "customer": joined})
            else:
                found[key] = Planned(act=Act.ADD, rows=(number,), customer=customer)
        planned = [await self._decided(one, known, columns.fields) for one in found.values()]
        return _plan(columns, sorted((*planned, *skipped), key=lambda one: one.rows))

    async def _decided(self, planned: Planned, known: _Index, fields: Collection[str]) -> Planned:
        customer = planned.customer
        if customer is None:
            return planned
        towns = await self._offline.towns(customer.country, customer.postal_code) if customer.postal_code else None
        doubts = customer_doubts(customer, towns)
        there = known.same(customer)
        if there is None:
            like = known.like(customer)
            return planned.model_copy(update={"doubts": doubts, "like": like.company if like else ""})
        merged = _overwritten(there, customer, fields)
        act = Act.SAME if merged == there else Act.CHANGE
        return planned.model_copy(update={"act": act, "known": there.id, "customer": merged, "doubts": doubts})

    async def carry_out(self, tenant: str, planned: Planned, *, key: str) -> None:
        """Do what was planned for one customer; `key` names the import. Repeating it changes nothing."""
        customer = planned.customer
        if customer is None or planned.act not in (Act.ADD, Act.CHANGE):
            return
        if planned.act is Act.ADD:
            await self.add(tenant, customer, key=uuid.uuid5(_NAMESPACE, f"{tenant}\n{key}\n{planned.rows[0]}").hex)
            return
        now = self._store.clock.now()

        def changed(there: Customer | None) -> Customer | None:
            merged = _overwritten(there, customer, _FIELDS) if there else None
            if there is None or merged is None or merged == there:
                return None
            return merged.model_copy(update={"version": there.version + 1, "updated": now})

        await self._store.change(CUSTOMERS, tenant, planned.known, Customer, changed)


class _Index:
    """The customers that are there, by all that tells them apart."""

    def __init__(self, customers: Iterable[Customer]) -> None:
        self._by: dict[tuple[str, str], Customer] = {}
        self._near: dict[str, list[Customer]] = {}
        for one in customers:
            for mark in _marks(one):
                self._by.setdefault(mark, one)
            self._near.setdefault(one.postal_code, []).append(one)

    def same(self, customer: Customer) -> Customer | None:
        return next((self._by[mark] for mark in _marks(customer) if mark in self._by), None)

    def like(self, customer: Customer) -> Customer | None:
        return next((one for one in self._near.get(customer.postal_code, ()) if _alike(one, customer)), None)


def _marks(customer: Customer) -> list[tuple[str, str]]:
    """Each of them alone says which company it is."""
    marks = [("vat", customer.vat_id)] if customer.vat_id else []
    name = _plain(customer.name)
    return [*marks, ("name", f"{name}\n{customer.postal_code}\n{_plain(customer.town)}")] if name else marks


def _key(customer: Customer) -> str:
    return "\n".join(f"{kind}:{value}" for kind, value in _marks(customer)[-1:])


def _alike(one: Customer, other: Customer) -> bool:
    """The same VAT id, or nearly the same name in the same place."""
    if one.vat_id and one.vat_id == other.vat_id:
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
    contacts: Mapping[str, Contact] = {c.name.casefold(): c for c in (*there.contacts, *listed.contacts)}
    return there.model_copy(update={**said, "contacts": tuple(contacts.values())[:20]})


_DEFAULTED = ("country",)
_FIELDS = ("name", "legal_form", "street", "postal_code", "town", "country", "vat_id", "email", "payment_days", "conditions", "template")


def _missing(kept: Customer, other: Customer) -> dict[str, object]:
    return {name: getattr(other, name) for name in _FIELDS if getattr(kept, name) in ("", None)}


def _plan(columns: Columns, planned: Sequence[Planned]) -> Plan:
    return Plan(mapping=columns.mapping, unused=columns.unused, planned=tuple(planned))


def _plain(text: str) -> str:
    text = text.casefold().replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return " ".join(re.findall(r"\w+", text))
