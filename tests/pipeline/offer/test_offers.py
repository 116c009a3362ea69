"""Offers on real storage, SQLite and Azurite: numbers without gaps, a log that shows any change, what is killed goes on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.adapters.local.files import FolderBlobs
from pipeline.adapters.local.sqlite import SqliteFile, SqliteRecords
from pipeline.approval_log import LOG, LOG_TEXTS
from pipeline.errors import Busy, TransientError, UserError
from pipeline.model.codec import to_json
from pipeline.model.offer import Colleague, Offer, Stage, Terms, Verb
from pipeline.offers import missing
from pipeline.render.mail_file import mail_file
from pipeline.sequence import Ticket
from pipeline.store import OFFERS
from tests.azurite import Azurite
from tests.conftest import NOW
from tests.pipeline.offer.desk import (
    ANNA,
    BEN,
    CUSTOMER,
    EVA,
    FULL,
    OWNER,
    Desk,
    Open,
    interleave,
    judge,
    made,
    on_azure,
    on_sqlite,
)
from tests.world import Clock


@pytest.fixture(params=["sqlite", "azurite"])
async def opening(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Open]:
    clock = Clock()
    place = on_sqlite(tmp_path, clock) if request.param == "sqlite" else on_azure(request.getfixturevalue("azurite").connection(), clock)
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


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_killed_there_is_no_invalid_state_no_gap_and_no_double(tmp_path: Path, seed: int) -> None:
    """A sample; benchmarks/offers.py runs a thousand of them."""
    async with on_sqlite(tmp_path, Clock()) as opened:
        desks = [await opened() for _ in range(2)]
        assert await interleave(desks, seed, rounds=40)
        await judge(desks[0])


async def test_the_same_on_azure(azurite: Azurite) -> None:
    async with on_azure(azurite.connection(), Clock()) as opened:
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
    assert await desk.offers.forget_person("t", "ben") == 1
    checked = await desk.offers.log.verify("t")
    assert (checked.entries, checked.erased, checked.broken) == (3, 1, ())
    stored = b"".join([record.value for table in (LOG, LOG_TEXTS) for record in await desk.store.records.all(table, "t")])
    assert b"Satz" not in stored
    assert b"Ben" not in stored
    assert b"Satz" not in (await desk.store.records.get(OFFERS, "t", asked.id)).value


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


# --- what a review has found


async def test_the_same_save_again_is_the_same_save(desk: Desk) -> None:
    made = await desk.draft()
    terms = made.terms.model_copy(update={"rate": Decimal(80)})
    answers = [
        await desk.offers.edit("t", made.id, ANNA, version=made.version, change=lambda o: o.model_copy(update={"terms": terms})) for _ in range(2)
    ]
    assert [answer.changed for answer in answers] == [True, False]
    assert answers[0].offer == answers[1].offer


async def test_after_its_time_a_request_lapses_whoever_is_quicker(desk: Desk) -> None:
    asked = await desk.submitted()
    desk.clock.time = asked.request.lapse + timedelta(days=20)
    with pytest.raises(UserError, match="request_lapsed"):
        await desk.offers.do("t", asked.id, Verb.APPROVE, BEN, version=asked.version)
    finished = await asyncio.gather(*(desk.offers.finish("t", asked.id) for _ in range(3)))
    assert {one.stage for one in finished} == {Stage.LAPSED}


async def test_what_cannot_be_written_is_not_approved(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    (folder / "documents").mkdir(parents=True)
    (folder / "documents" / "offer.docx").write_bytes(b"no Word file")
    file = SqliteFile(tmp_path / "o.sqlite")
    desk = made(SqliteRecords(file), FolderBlobs(tmp_path / "blobs"), Clock(), templates=folder)
    asked = await desk.submitted()
    with pytest.raises(UserError, match="broken_template"):
        await desk.offers.do("t", asked.id, Verb.APPROVE, BEN, version=asked.version)
    assert (await desk.offers.get("t", asked.id)).stage is Stage.SUBMITTED
    (folder / "documents" / "offer.docx").unlink()
    await desk.offers.do("t", asked.id, Verb.APPROVE, BEN, version=asked.version)
    (folder / "documents" / "offer.docx").write_bytes(b"broken since")
    with pytest.raises(TransientError):
        await desk.offers.finish("t", asked.id)
    (folder / "documents" / "offer.docx").unlink()
    assert (await desk.offers.finish("t", asked.id)).frozen is not None
    await file.close()


@pytest.mark.parametrize("field", ["role", "place", "travel", "conditions", "introduction"])
@pytest.mark.parametrize("text", ["mit Frau Brandt", "KBrandt87", "katharina", "Tel. 0171 12345678", "k@example.com"])
async def test_a_blind_offer_that_says_who_it_is_about_is_not_submitted(desk: Desk, field: str, text: str) -> None:
    made = await desk.draft(blind=True, terms=FULL.model_copy(update={field: text}))
    with pytest.raises(UserError, match="blind_named"):
        await desk.offers.submit("t", made.id, ANNA, version=made.version)


async def test_a_delegate_is_never_who_made_it_and_names_are_no_ids(desk: Desk) -> None:
    made = await desk.draft()
    people = [Colleague(user="ben", name="Max Müller"), Colleague(user="eva", name="Max Müller"), Colleague(user="kim", name="Max Müller")]
    with pytest.raises(UserError, match="four_eyes"):
        await desk.offers.submit("t", made.id, ANNA, version=made.version, approvers=[Colleague(user="anna", name="Anna")])
    asked = (await desk.offers.submit("t", made.id, ANNA, version=made.version, approvers=people[:1])).offer
    for wrong in ("anna", "ben"):
        with pytest.raises(UserError, match="four_eyes"):
            await desk.offers.do("t", asked.id, Verb.DELEGATE, BEN, version=asked.version, text="x", to=Colleague(user=wrong))
    for one in people[1:]:
        await desk.offers.do("t", asked.id, Verb.DELEGATE, BEN, version=asked.version, text=f"{one.name} ({one.user})", to=one)
    known = await desk.offers.get("t", asked.id)
    assert [one.user for one in known.request.approvers] == ["ben", "eva", "kim"]
    everybody = (await desk.offers.submit("t", (await desk.draft(2)).id, ANNA, version=2)).offer
    after = await desk.offers.do("t", everybody.id, Verb.DELEGATE, BEN, version=everybody.version, text="Eva", to=people[1])
    assert after.offer.request.approvers == (), "everybody with the role may decide as before"


async def test_a_mail_without_the_cv_once_the_candidate_is_gone(desk: Desk) -> None:
    approved = await desk.offers.finish("t", (await desk.approved()).id)
    assert [name for name, _ in (await desk.offers.message(approved)).files] == ["ANG-2026-0001.docx"]
    assert not [name for name in await desk.blobs.names(f"t/{approved.id}") if "mail" in name], "no copy of a CV is kept"


async def test_a_discarded_draft_forgets_the_person_too(desk: Desk) -> None:
    made = await desk.draft()
    await desk.offers.do("t", made.id, Verb.DISCARD, ANNA, version=made.version)
    asked = await desk.submitted(2)
    await desk.offers.do("t", asked.id, Verb.REJECT, BEN, version=asked.version, text="Frau Brandt ist krank")
    for key in (made.id, asked.id):
        await desk.offers.finish("t", key)
    await desk.offers.forget_candidate("t", "d" * 32)
    for table in (OFFERS, LOG_TEXTS):
        assert not [record for record in await desk.store.records.all(table, "t") if b"Brandt" in record.value], table
    assert (await desk.offers.log.verify("t")).broken == ()


async def test_a_log_that_was_cut_or_emptied_is_found(desk: Desk) -> None:
    asked = await desk.submitted()
    await desk.offers.finish("t", asked.id)
    records = desk.store.records
    entries, words = await records.all(LOG, "t"), await records.all(LOG_TEXTS, "t")
    ticket = await records.get("sequences", "t", "approvals")
    await records.delete(LOG, "t", entries[-1].key)
    await records.delete(LOG_TEXTS, "t", words[-1].key)
    earlier = Ticket(number=1, holder=f"{asked.id}-0", data=entries[0].value.decode())
    await records.put("sequences", "t", "approvals", to_json(earlier, Ticket), etag=ticket.etag)
    assert "missing" in {why for _, why in (await desk.offers.log.verify("t")).broken}, "set back, with all that belongs to it"
    await records.delete("sequences", "t", "approvals")
    await records.delete(LOG, "t", entries[0].key)
    assert (await desk.offers.log.verify("t")).broken, "emptied"


async def test_what_is_just_being_logged_is_no_alarm(desk: Desk) -> None:
    asked = await desk.submitted()
    await desk.offers.finish("t", asked.id)
    records = desk.store.records
    entry = (await records.all(LOG, "t"))[-1]
    await records.delete(LOG, "t", entry.key)
    await desk.store.change(OFFERS, "t", asked.id, Offer, lambda known: known.model_copy(update={"done": known.done - 1}))
    assert (await desk.offers.log.verify("t")).broken == (), "killed between ticket and entry"
    await desk.offers.finish("t", asked.id)
    assert [record.value for record in await records.all(LOG, "t")][-1] == entry.value


async def test_a_changed_history_of_an_offer_is_found(desk: Desk) -> None:
    asked = await desk.submitted()
    await desk.offers.do("t", asked.id, Verb.REJECT, BEN, version=asked.version, text="Zu teuer.")
    await desk.offers.finish("t", asked.id)

    def forged(known: Offer | None) -> Offer:
        move = known.moves[-1].model_copy(update={"verb": Verb.APPROVE, "stage": Stage.APPROVED})
        return known.model_copy(update={"moves": (*known.moves[:-1], move)})

    await desk.store.change(OFFERS, "t", asked.id, Offer, forged)
    assert [why for _, why in (await desk.offers.log.verify("t")).broken] == ["offer"]


async def test_whoever_is_forgotten_stands_nowhere_any_more(desk: Desk) -> None:
    made = await desk.draft()
    people = [Colleague(user="ben", name="Ben Kraft"), Colleague(user="kim", name="Kim Lang")]
    asked = (await desk.offers.submit("t", made.id, ANNA, version=made.version, approvers=people)).offer
    await desk.offers.do("t", asked.id, Verb.DELEGATE, BEN, version=asked.version, text="eva", to=Colleague(user="eva", name="Eva Berg"))
    await desk.offers.finish("t", asked.id)
    for user in ("ben", "kim", "eva"):
        await desk.offers.forget_person("t", user)
    stored = b"".join([record.value for table in (OFFERS, LOG, LOG_TEXTS) for record in await desk.store.records.all(table, "t")])
    assert [name for name in (b"Ben", b"Kraft", b"Kim", b"Lang", b"Eva", b"Berg") if name in stored] == []
    checked = await desk.offers.verify("t")
    assert (checked.broken, checked.erased) == ((), 1)


@pytest.mark.parametrize("what", ["rate", "customer", "approver", "reason", "word", "number", "record"])
async def test_whatever_is_changed_of_an_approved_offer_is_found(desk: Desk, what: str) -> None:
    final = await desk.offers.finish("t", (await desk.approved()).id)
    assert (await desk.offers.verify("t")).broken == ()

    def changed(known: Offer | None) -> Offer:
        assert known is not None
        move = known.moves[-1].model_copy(update={"name": "Eva"} if what == "approver" else {"text": "anders"})
        match what:
            case "rate":
                return known.model_copy(update={"terms": known.terms.model_copy(update={"rate": Decimal(96)})})
            case "customer":
                return known.model_copy(update={"customer": CUSTOMER.model_copy(update={"name": "Andere"})})
            case _:
                return known.model_copy(update={"moves": (*known.moves[:-1], move)})

    match what:
        case "word":
            data = await desk.blobs.get(f"t/{final.id}/approved")
            await desk.blobs.put(f"t/{final.id}/approved", data[:-1] + bytes([data[-1] ^ 1]))
        case "number":
            ticket = Ticket(number=0, holder="")
            await desk.store.change("sequences", "t", f"offers-{final.year}", Ticket, lambda _: ticket)
        case "record":
            record = await desk.store.records.get(OFFERS, "t", final.id)
            await desk.store.records.put(OFFERS, "t", final.id, b"{" + record.value, etag=record.etag)
        case _:
            await desk.store.change(OFFERS, "t", final.id, Offer, changed)
    assert (await desk.offers.verify("t")).broken != ()


async def test_an_offer_that_is_over_is_neither_submitted_nor_approved(desk: Desk) -> None:
    made = await desk.draft(terms=FULL.model_copy(update={"valid_until": NOW.date()}))
    late = await desk.draft(2, terms=FULL.model_copy(update={"valid_until": NOW.date() - timedelta(days=1)}))
    with pytest.raises(UserError, match="offer_over"):
        await desk.offers.submit("t", late.id, ANNA, version=late.version)
    asked = (await desk.offers.submit("t", made.id, ANNA, version=made.version)).offer
    desk.clock.time += timedelta(days=1)
    with pytest.raises(UserError, match="offer_over"):
        await desk.offers.do("t", asked.id, Verb.APPROVE, BEN, version=asked.version)
    assert (await desk.offers.get("t", asked.id)).stage is Stage.SUBMITTED
