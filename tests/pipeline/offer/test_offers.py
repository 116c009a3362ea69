"""Offers on real storage, SQLite and Azurite: numbers without gaps, a log that shows any change, what is killed goes on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app import BLOB_CONTAINER
from pipeline.adapters.azure.account import Account, AccountSettings
from pipeline.adapters.azure.blobs import ContainerBlobs
from pipeline.adapters.azure.records import TableRecords
from pipeline.adapters.local.files import FolderBlobs
from pipeline.adapters.local.mail import FiledMail
from pipeline.adapters.local.sqlite import SqliteFile, SqliteRecords
from pipeline.adapters.local.system import RandomIds
from pipeline.adapters.served_drive import ServedDrive
from pipeline.approval_log import LOG, LOG_TEXTS
from pipeline.customers import NOBODY_KNOWS, Customers
from pipeline.errors import Busy, TransientError, UserError
from pipeline.model.codec import to_json
from pipeline.model.customer import Contact, Customer
from pipeline.model.job import Job, Source, State
from pipeline.model.offer import Colleague, Offer, Stage, Terms, Verb
from pipeline.model.person import Person, Role
from pipeline.offer.machine import CLOCK, TABLE, Actor
from pipeline.offer.understand import Wanted
from pipeline.offers import Offers, Office, missing
from pipeline.render.mail_file import mail_file
from pipeline.store import OFFERS, Store
from tests.azurite import Azurite
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
FULL = Terms(role="Projektleiter", rate=Decimal(95), volume=Decimal(624), start=NOW.date(), valid_until=NOW.date() + timedelta(days=30))


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
async def on_azure(azurite: Azurite, clock: Clock) -> AsyncIterator[Open]:
    connection = azurite.connection()
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


@pytest.fixture(params=["sqlite", "azurite"])
async def opening(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Open]:
    clock = Clock()
    place = on_sqlite(tmp_path, clock) if request.param == "sqlite" else on_azure(request.getfixturevalue("azurite"), clock)
    async with place as desk:
        yield desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with on_sqlite(tmp_path, Clock()) as opened:
        yield await opened()


async def test_five_identical_approvals_at_once_are_one(opening: Open) -> None:
    desks = [await opening() for _ in range(2)]
    asked = await desks[0].submitted()
    clicks = [desks[i % 2].offers.do("t", asked.id, Verb.APPROVE, BEN, version=asked.version) for i in range(5)]
    answers = await asyncio.gather(*clicks, return_exceptions=True)
    done = [a for a in answers if not isinstance(a, Exception)]
    assert len(done) == 1
    assert done[0].changed
    assert [(a.key, a.values["name"]) for a in answers if isinstance(a, UserError)] == [("already_decided", "Ben")] * 4
    await asyncio.gather(*(one.offers.finish("t", asked.id) for one in desks for _ in range(3)))
    final = await desks[0].offers.get("t", asked.id)
    assert (final.name, final.stage, len(final.moves), final.done) == ("ANG-2026-0001", Stage.APPROVED, 3, 3)
    checked = await desks[0].offers.log.verify("t")
    assert (checked.entries, checked.broken) == (3, ())


async def test_numbers_have_no_gap_and_no_double_with_two_processes(opening: Open) -> None:
    desks = [await opening() for _ in range(2)]
    offers = [await desks[0].approved(number) for number in range(1, 13)]
    work = [desk.offers.finish("t", offer.id) for offer in offers for desk in desks]
    random.Random(7).shuffle(work)
    for result in await asyncio.gather(*work, return_exceptions=True):
        assert result is None or isinstance(result, Offer | Busy), result
    for offer in offers:
        await desks[1].offers.finish("t", offer.id)
    found = [await desks[0].offers.get("t", offer.id) for offer in offers]
    assert sorted(offer.number for offer in found) == list(range(1, 13))
    checked = await desks[0].offers.log.verify("t")
    assert (checked.entries, checked.broken) == (36, ())


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


async def interleave(desks: list[Desk], seed: int, *, rounds: int) -> int:
    """Anna edits and submits, Ben and Eva decide, on two processes that are killed at any write; returns how many were killed."""
    dice = random.Random(seed)
    calm = desks[0]
    offers = [(await calm.draft(seed * 100 + number)).id for number in range(3)]
    killed = 0
    risky = [made(Killing(desk.store.records, dice, 0.08), desk.blobs, desk.clock) for desk in desks]

    async def one() -> None:
        nonlocal killed
        desk, key = dice.choice(risky), dice.choice(offers)
        known = await calm.offers.get("t", key)
        version = known.version - dice.choice([0, 0, 0, 1])
        terms = known.terms.model_copy(update={"rate": Decimal(dice.randint(50, 150))})
        act = dice.choice(["edit", "submit", "submit", "approve", "approve", "reject", "changes", "finish", "finish", "lapse"])
        try:
            match act:
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
        except UserError:
            pass
        except TransientError:
            pass
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


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_killed_there_is_no_invalid_state_no_gap_and_no_double(tmp_path: Path, seed: int) -> None:
    """A sample; benchmarks/offers.py runs a thousand of them."""
    async with on_sqlite(tmp_path, Clock()) as opened:
        desks = [await opened() for _ in range(2)]
        assert await interleave(desks, seed, rounds=40)
        await judge(desks[0])


async def test_the_same_on_azure(azurite: Azurite) -> None:
    async with on_azure(azurite, Clock()) as opened:
        desks = [await opened() for _ in range(2)]
        await interleave(desks, 3, rounds=25)
        await judge(desks[0])


async def test_one_flipped_byte_of_the_log_is_found(desk: Desk) -> None:
    asked = await desk.submitted()
    await desk.offers.do("t", asked.id, Verb.REJECT, BEN, version=asked.version, text="Der Satz ist zu niedrig.")
    await desk.offers.finish("t", asked.id)
    assert (await desk.offers.log.verify("t")).broken == ()
    records = desk.store.records
    for table in (LOG, LOG_TEXTS, "sequences"):
        for record in await records.all(table, "t"):
            for at in range(0, len(record.value), 7):
                flipped = bytearray(record.value)
                flipped[at] ^= 1
                tag = await records.put(table, "t", record.key, bytes(flipped), etag=(await records.get(table, "t", record.key)).etag)
                with suppress(UnicodeDecodeError):
                    assert (await desk.offers.log.verify("t")).broken, (table, record.key, at)
                await records.put(table, "t", record.key, record.value, etag=tag)
    for record in await records.all(LOG, "t"):
        await records.delete(LOG, "t", record.key)
        assert (await desk.offers.log.verify("t")).broken, "an entry that is gone"
        await records.put(LOG, "t", record.key, record.value, etag=None)
    assert (await desk.offers.log.verify("t")).broken == ()


async def test_the_chain_stays_whole_when_a_person_is_erased(desk: Desk) -> None:
    asked = await desk.submitted()
    await desk.offers.do("t", asked.id, Verb.REJECT, BEN, version=asked.version, text="Der Satz ist zu niedrig.")
    await desk.offers.finish("t", asked.id)
    assert await desk.offers.log.forget_person("t", "ben") == 1
    checked = await desk.offers.log.verify("t")
    assert (checked.entries, checked.erased, checked.broken) == (3, 1, ())
    stored = b"".join([record.value for table in (LOG, LOG_TEXTS) for record in await desk.store.records.all(table, "t")])
    assert b"Satz" not in stored
    assert b"Ben" not in stored


async def test_the_approved_file_is_frozen_and_a_change_is_seen(desk: Desk) -> None:
    approved = await desk.approved()
    final = await desk.offers.finish("t", approved.id)
    name, data = await desk.offers.word(final)
    assert name == "ANG-2026-0001.docx"
    desk.clock.time += timedelta(days=3)
    assert (await desk.offers.word(await desk.offers.get("t", final.id)))[1] == data
    await desk.blobs.put(f"t/{final.id}/approved", data + b"x")
    with pytest.raises(UserError, match="not_ready"):
        await desk.offers.word(final)


async def test_a_request_is_reminded_of_once_and_lapses(desk: Desk) -> None:
    asked = await desk.submitted()  # on a Saturday
    assert asked.request.remind == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert asked.request.lapse == datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
    assert not await desk.offers.remind(asked)
    desk.clock.time = asked.request.remind
    assert await desk.offers.remind(asked)
    assert not await desk.offers.remind(asked)
    assert not await desk.offers.remind(await desk.offers.get("t", asked.id))
    desk.clock.time = asked.request.lapse
    lapsed = await desk.offers.finish("t", asked.id)
    assert (lapsed.stage, lapsed.moves[-1].user) == (Stage.LAPSED, "")
    again = await desk.offers.submit("t", asked.id, ANNA, version=lapsed.version)
    assert again.offer.stage is Stage.SUBMITTED


async def test_the_numbers_of_each_year_begin_at_one_in_the_firms_time(desk: Desk) -> None:
    desk.clock.time = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    one = await desk.offers.finish("t", (await desk.approved(1)).id)
    desk.clock.time = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    two = await desk.offers.finish("t", (await desk.approved(2)).id)
    assert (one.name, two.name) == ("ANG-2026-0001", "ANG-2027-0001")


async def test_a_draft_that_lacks_something_cannot_be_submitted(desk: Desk) -> None:
    made = await desk.draft(terms=Terms())
    assert missing(made) == ("role", "rate", "volume", "start", "valid_until")
    with pytest.raises(UserError, match="offer_incomplete"):
        await desk.offers.submit("t", made.id, ANNA, version=made.version)


async def test_two_edits_of_one_version_one_wins_and_the_other_hears_of_it(desk: Desk) -> None:
    made = await desk.draft()
    edits = [
        desk.offers.edit(
            "t",
            made.id,
            ANNA,
            version=made.version,
            change=lambda o, rate=rate: o.model_copy(update={"terms": o.terms.model_copy(update={"rate": Decimal(rate)})}),
        )
        for rate in (80, 90)
    ]
    answers = await asyncio.gather(*edits, return_exceptions=True)
    assert [a.key for a in answers if isinstance(a, UserError)] == ["offer_changed"]


async def test_a_draft_of_an_erased_candidate_forgets_them_and_a_letter_stays(desk: Desk) -> None:
    draft, letter = await desk.draft(1), await desk.offers.finish("t", (await desk.approved(2)).id)
    assert await desk.offers.forget_candidate("t", "d" * 32) == 1
    record = await desk.store.records.get(OFFERS, "t", draft.id)
    assert b"Brandt" not in record.value
    assert (await desk.offers.get("t", draft.id)).stage is Stage.DISCARDED
    assert (await desk.offers.get("t", letter.id)).candidate_name == "Katharina Brandt"


async def test_letters_are_kept_six_years_and_drafts_no_longer_than_candidates(desk: Desk) -> None:
    draft, letter = await desk.draft(1), await desk.offers.finish("t", (await desk.approved(2)).id)
    desk.clock.time = NOW + timedelta(days=184)
    assert await desk.offers.tidy("t", draft_days=183) == 1
    with pytest.raises(UserError, match="unknown_offer"):
        await desk.offers.get("t", draft.id)
    desk.clock.time = datetime(2032, 12, 31, tzinfo=UTC)
    assert await desk.offers.tidy("t", draft_days=183) == 0
    desk.clock.time = datetime(2033, 1, 1, tzinfo=UTC)
    assert await desk.offers.tidy("t", draft_days=183) == 1
    assert await desk.blobs.names(f"t/{letter.id}") == []
    assert (await desk.offers.log.verify("t")).broken == ()


async def test_the_draft_of_the_mail_holds_the_letter(desk: Desk) -> None:
    approved = await desk.offers.finish("t", (await desk.approved()).id)
    await desk.offers.wish_mail("t", approved.id, ANNA)
    done = await desk.offers.finish("t", approved.id)
    assert done.mail is not None
    message = await desk.offers.message(done)
    mail = mail_file(to=message.to, subject=message.subject, text=message.text, files=message.files)
    assert b"X-Unsent: 1" in mail
    assert b"To: e@n.example" in mail
    assert b"ANG-2026-0001.docx" in mail
    with pytest.raises(UserError, match="not_yours"):
        await desk.offers.wish_mail("t", approved.id, BEN)


async def test_a_delegate_is_kept_with_the_request(desk: Desk) -> None:
    made = await desk.draft()
    asked = (await desk.offers.submit("t", made.id, ANNA, version=made.version, approvers=[Colleague(user="ben", name="Ben")])).offer
    with pytest.raises(UserError, match="not_approver"):
        await desk.offers.do("t", asked.id, Verb.APPROVE, EVA, version=asked.version)
    eva = Colleague(user="eva", name="Eva")
    await desk.offers.do("t", asked.id, Verb.DELEGATE, BEN, version=asked.version, text="Eva", to=eva)
    assert (await desk.offers.do("t", asked.id, Verb.APPROVE, EVA, version=asked.version)).offer.stage is Stage.APPROVED


def test_what_is_stored_reads_again(tmp_path: Path) -> None:
    offer = Offer(id="a" * 32, tenant="t", owner=OWNER, created=NOW, updated=NOW, terms=FULL, customer=CUSTOMER)
    assert Offer.model_validate_json(to_json(offer, Offer)) == offer
    assert replace(Clock(), time=NOW).now() == NOW
