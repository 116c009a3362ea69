"""Offers on real storage as several processes see it, what people do with them at random, and whether all is sound after it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from app import BLOB_CONTAINER
from pipeline.adapters.azure.account import Account, AccountSettings
from pipeline.adapters.azure.blobs import ContainerBlobs
from pipeline.adapters.azure.records import TableRecords
from pipeline.adapters.local.files import FolderBlobs
from pipeline.adapters.local.mail import FiledMail
from pipeline.adapters.local.sqlite import SqliteFile, SqliteRecords
from pipeline.adapters.local.system import RandomIds
from pipeline.adapters.served_drive import ServedDrive
from pipeline.customers import NOBODY_KNOWS, Customers
from pipeline.errors import TransientError, UserError
from pipeline.model.customer import Contact, Customer
from pipeline.model.job import Job, Source, State
from pipeline.model.offer import Offer, Terms, Verb
from pipeline.model.person import Person, Role
from pipeline.offer.machine import CLOCK, TABLE, Actor
from pipeline.offer.understand import Wanted
from pipeline.offers import Offers, Office
from pipeline.store import Store
from tests.conftest import NOW
from tests.world import Clock

ANNA = Actor("anna", "Anna", frozenset({Role.RECRUITER}))
BEN = Actor("ben", "Ben", frozenset({Role.APPROVER}))
EVA = Actor("eva", "Eva", frozenset({Role.APPROVER}))
OWNER = Person(tenant="t", user="anna")
CUSTOMER = Customer(
    id="c" * 32,
    tenant="t",
    name="Neckartal Maschinenbau",
    legal_form="AG",
    contacts=(Contact(name="Erika Muster", salutation="Frau", email="e@n.example"),),
    street="Werkstraße 12",
    postal_code="70173",
    town="Stuttgart",
)
FULL = Terms(role="Projektleiter", rate=Decimal(95), volume=Decimal(624), start=NOW.date(), valid_until=NOW.date() + timedelta(days=400))


@dataclass
class Desk:
    """One process's view of the storage."""

    offers: Offers
    store: Store
    blobs: Any
    clock: Clock

    async def draft(self, number: int = 1, **changes: Any) -> Offer:
        cv = Job(
            id=f"{number:032x}",
            tenant="t",
            user="anna",
            source=Source(name="cv.pdf"),
            created=NOW,
            updated=NOW,
            template="classic",
            candidate="d" * 32,
            state=State.DONE,
        )
        made = await self.offers.draft(OWNER, "Anna", key=f"{number:032x}", locale="de", cv=cv, match=None, customer=CUSTOMER, wanted=Wanted())
        edit = {"terms": FULL, "candidate_name": "Katharina Brandt", **changes}
        return (await self.offers.edit("t", made.id, ANNA, version=made.version, change=lambda known: known.model_copy(update=edit))).offer

    async def submitted(self, number: int = 1) -> Offer:
        made = await self.draft(number)
        return (await self.offers.submit("t", made.id, ANNA, version=made.version)).offer

    async def approved(self, number: int = 1) -> Offer:
        asked = await self.submitted(number)
        return (await self.offers.do("t", asked.id, Verb.APPROVE, BEN, version=asked.version)).offer


Open = Callable[[], Awaitable[Desk]]


@asynccontextmanager
async def on_sqlite(root: Path, clock: Clock) -> AsyncIterator[Open]:
    opened = []

    async def desk() -> Desk:
        file = SqliteFile(root / "o.sqlite")
        opened.append(file)
        return made(SqliteRecords(file), FolderBlobs(root / "blobs"), clock)

    yield desk
    for file in opened:
        await file.close()


@asynccontextmanager
async def on_azure(connection: str, clock: Clock) -> AsyncIterator[Open]:
    opened = []

    async def desk() -> Desk:
        account = Account(AccountSettings(connection=connection, patience=30))
        opened.append(account)
        return made(TableRecords(account), ContainerBlobs(account, BLOB_CONTAINER), clock)

    yield desk
    for account in opened:
        await account.close()


def made(records: Any, blobs: Any, clock: Clock, llm: Any = None, **office: Any) -> Desk:
    store = Store(records, clock)
    drive = ServedDrive(blobs, base_url="http://127.0.0.1:1")
    customers = Customers(store, RandomIds(), addresses=NOBODY_KNOWS, offline=NOBODY_KNOWS)
    offers = Offers(store, blobs, drive, customers=customers, mail=FiledMail(), office=Office(**office), llm=llm)
    return Desk(offers, store, blobs, clock)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Killing:
    """Records whose process is killed before or after a write: `chance` of it."""

    real: Any
    dice: random.Random
    chance: float

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        if name not in ("put", "delete"):
            return found

        async def risky(*args: Any, **kw: Any) -> Any:
            if self.dice.random() < self.chance:
                raise Killed
            answer = await found(*args, **kw)
            if self.dice.random() < self.chance:
                raise Killed
            return answer

        return risky


LEGAL = {(before.value, verb.value, after.value) for (before, verb), after in TABLE.items()}


async def act(desk: Desk, key: str, dice: random.Random) -> None:
    """Something that anybody may try with an offer, of the newest version or of the one before; what is refused is refused."""
    try:
        known = await desk.offers.get("t", key)
        version = known.version - dice.choice([0, 0, 0, 1])
        terms = known.terms.model_copy(update={"rate": Decimal(dice.randint(50, 150))})
        match dice.choice(["edit", "submit", "submit", "approve", "approve", "reject", "changes", "finish", "finish", "lapse"]):
            case "edit":
                await desk.offers.edit("t", key, ANNA, version=version, change=lambda o: o.model_copy(update={"terms": terms}))
            case "submit":
                await desk.offers.submit("t", key, ANNA, version=version)
            case "approve":
                await desk.offers.do("t", key, Verb.APPROVE, dice.choice([BEN, EVA, ANNA]), version=version)
            case "reject":
                await desk.offers.do("t", key, Verb.REJECT, BEN, version=version, text="zu teuer")
            case "changes":
                await desk.offers.do("t", key, Verb.REQUEST_CHANGES, EVA, version=version, text="bitte kürzer")
            case "lapse":
                await desk.offers.do("t", key, Verb.LAPSE, CLOCK, version=version)
            case "finish":
                await desk.offers.finish("t", key)
    except (UserError, TransientError):
        pass


async def interleave(desks: list[Desk], seed: int, *, rounds: int) -> int:
    """Anna edits and submits, Ben and Eva decide, on two sets of connections that are killed at any write; returns how many were killed."""
    dice = random.Random(seed)
    calm = desks[0]
    offers = [(await calm.draft(seed * 100 + number)).id for number in range(3)]
    killed = 0
    risky = [made(Killing(desk.store.records, dice, 0.08), desk.blobs, desk.clock) for desk in desks]

    async def one() -> None:
        nonlocal killed
        try:
            await act(dice.choice(risky), dice.choice(offers), dice)
        except Killed:
            killed += 1

    for _ in range(rounds):
        await asyncio.gather(*(one() for _ in range(dice.randint(1, 4))))
    for key in offers:
        await calm.offers.finish("t", key)
    return killed


async def judge(desk: Desk) -> None:
    """No state that cannot be, no move that is not allowed, no gap, no double, and a log that is whole."""
    offers = [offer for offer in await desk.offers.all("t") if offer]
    numbers = sorted(offer.number for offer in offers if offer.number)
    assert numbers == list(range(1, len(numbers) + 1))
    moves = 0
    for offer in offers:
        assert bool(offer.number) == offer.stage.final
        assert (offer.frozen is not None) == offer.stage.final
        before = "draft"
        for move in offer.moves:
            assert (before, move.verb.value, move.stage.value) in LEGAL
            assert move.verb is not Verb.APPROVE or move.user != "anna"
            before = move.stage.value
        assert before == offer.stage.value
        assert sum(move.verb is Verb.APPROVE for move in offer.moves) == int(offer.stage.final)
        assert offer.done == len(offer.moves)
        moves += len(offer.moves)
    checked = await desk.offers.log.verify("t")
    assert (checked.entries, checked.broken) == (moves, ())
