"""What was decided about offers, append-only: each entry holds the hash of the one before, so that nothing can be changed or left out unseen.

Entries hold ids and keyed hashes alone. Names and reasons stand apart, each with the key of its hash: a person's go without breaking the chain.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.model.codec import from_json, to_json
from pipeline.model.offer import Move, Offer, Verb
from pipeline.offer.machine import digest
from pipeline.sequence import Numbers, Ticket
from pipeline.store import OFFERS, Store, decoded

LOG, LOG_TEXTS = "approvallog", "approvaltexts"
_NAME = "approvals"
NONE = "0" * 64
LOOKS = 4
"""So often a log is read that grows meanwhile."""


class Entry(BaseModel):
    """`who` and `why` are keyed hashes of the person's id and of name and reason, `what` the hash of what was offered; `before` is the hash of the
    entry before.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seq: int
    at: datetime
    offer: str
    move: int
    version: int
    verb: str
    stage: str
    what: str
    who: str
    why: str
    before: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(_canonical(self)).hexdigest()


class Words(BaseModel):
    """What the hashes of an entry stand for, with the key that they were made with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern="^[0-9a-f]{64}$")
    user: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """`entries` in the chain, `erased` of them without their words, `head` the hash of the last; `broken` says what is wrong, entry by entry."""

    entries: int
    erased: int
    head: str
    broken: tuple[tuple[int, str], ...]


class ApprovalLog:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._sequence = Numbers(store)

    async def append(self, offer: Offer, number: int) -> None:
        """Log the offer's move of that number, from 0, once. Raises Busy."""
        move, tenant = offer.moves[number], offer.tenant
        holder = f"{offer.id}-{number}"
        words = await self._words(tenant, holder, move)

        def entry(last: Ticket | None) -> str:
            before = Entry.model_validate_json(last.data) if last else None
            made = Entry(
                seq=before.seq + 1 if before else 1,
                at=move.at,
                offer=offer.id,
                move=number,
                version=move.version,
                verb=move.verb.value,
                stage=move.stage.value,
                what=move.what,
                who=_keyed(words.key, move.user),
                why=_keyed(words.key, f"{move.name}\n{move.text}"),
                before=before.hash if before else NONE,
            )
            return _canonical(made).decode()

        async def logged() -> bool:
            known = await self._store.get(OFFERS, tenant, offer.id, Offer)
            return known is None or known.done > number

        async def write(ticket: Ticket) -> None:
            await self._write(tenant, ticket)

        await self._sequence.take(tenant, _NAME, holder, has_one=logged, write=write, data=entry)

    async def _write(self, tenant: str, ticket: Ticket) -> None:
        made = Entry.model_validate_json(ticket.data)
        await self._store.create(LOG, tenant, _key(made.seq), made)

        def noted(known: Offer | None) -> Offer | None:
            return known.model_copy(update={"done": made.move + 1}) if known and known.done <= made.move else None

        await self._store.change(OFFERS, tenant, made.offer, Offer, noted)

    async def _words(self, tenant: str, holder: str, move: Move) -> Words:
        """Kept before the entry is made: repeated, it is made with the same key."""
        fresh = Words(key=secrets.token_hex(32), user=move.user, name=move.name, text=move.text)
        await self._store.create(LOG_TEXTS, tenant, holder, fresh)
        return await self._store.get(LOG_TEXTS, tenant, holder, Words) or fresh

    async def entries(self, tenant: str) -> list[Entry]:
        """All of a tenant, oldest first."""
        return [from_json(record.value, Entry) for record in await self._store.records.all(LOG, tenant)]

    async def forget_person(self, tenant: str, user: str) -> int:
        """Erase what says who somebody was and why they decided; the chain stays whole. Returns how many entries that were."""
        gone = 0
        for record in await self._store.records.all(LOG_TEXTS, tenant):
            if user in ((words := from_json(record.value, Words)).user, words.text):
                await self._store.records.delete(LOG_TEXTS, tenant, record.key)
                gone += 1
        return gone

    async def forget_words(self, tenant: str, offer: str) -> None:
        """Erase the words of one offer's entries."""
        for record in await self._store.records.all(LOG_TEXTS, tenant, prefix=f"{offer}-"):
            await self._store.records.delete(LOG_TEXTS, tenant, record.key)

    async def verify(self, tenant: str) -> Checked:
        """Hold every entry against the one before, against its words, and against the offer that it is about.

        What is just being written is neither wrong nor missing.
        """
        for _ in range(LOOKS):
            before = await self._end(tenant)
            checked = await self._verified(tenant, before)
            if not any(why == "end" for _, why in checked.broken) or await self._end(tenant) == before:
                break  # else it has grown while it was read
        return checked

    async def _verified(self, tenant: str, end: Ticket | None) -> Checked:
        records = await self._store.records.all(LOG, tenant)
        words = {record.key: record.value for record in await self._store.records.all(LOG_TEXTS, tenant)}
        offers = {o.id: o for o in decoded(await self._store.records.all(OFFERS, tenant), Offer) if o}
        broken: list[tuple[int, str]] = []
        entries: list[Entry | None] = []
        for seq, record in enumerate(records, start=1):
            try:
                entry = Entry.model_validate_json(record.value)
            except ValidationError:
                broken.append((seq, "unreadable"))
                entries.append(None)
                continue
            last = entries[-1] if entries else None
            if _canonical(entry) != record.value or record.key != _key(entry.seq) or entry.seq != seq:
                broken.append((seq, "changed"))
            elif (last is not None or seq == 1) and entry.before != (last.hash if last else NONE):
                broken.append((seq, "chain"))
            entries.append(entry)
        readable = [entry for entry in entries if entry]
        erased = 0
        for entry in readable:
            said = words.pop(f"{entry.offer}-{entry.move}", None)
            wrong = _wrong(said, entry, offers.get(entry.offer)) if said is not None else None
            erased += said is None
            if wrong or not _fits(entry, offers.get(entry.offer)):
                broken.append((entry.seq, wrong or "offer"))
        broken += [(0, "stray") for holder in words if not _is_coming(holder, offers)]
        logged = {(entry.offer, entry.move) for entry in readable}
        broken += [(0, "missing") for offer in offers.values() for move in range(offer.done) if (offer.id, move) not in logged]
        if not _ends_well(end, readable, offers):
            broken.append((len(records), "end"))
        head = readable[-1].hash if readable else NONE
        return Checked(len(records), erased, head, tuple(broken))

    async def _end(self, tenant: str) -> Ticket | None:
        """The end of the chain as the sequence knows it; None where there is none or it cannot be read."""
        try:
            return await self._sequence.last(tenant, _NAME)
        except ValidationError:
            return Ticket(number=-1, holder="")


def _fits(entry: Entry, offer: Offer | None) -> bool:
    """Does the offer say the same of its move? One that is gone says nothing."""
    if offer is None:
        return True
    if entry.move >= len(offer.moves):
        return False
    move = offer.moves[entry.move]
    same = (move.at, move.verb.value, move.version, move.stage.value, move.what) == (entry.at, entry.verb, entry.version, entry.stage, entry.what)
    return same and (entry.verb != Verb.APPROVE.value or not offer.stage.final or digest(offer) == entry.what)


def _is_coming(holder: str, offers: Mapping[str, Offer]) -> bool:
    """Words of a move that is just being logged."""
    key, _, move = holder.rpartition("-")
    offer = offers.get(key)
    return offer is not None and move.isdecimal() and offer.done <= int(move) < len(offer.moves)


def _ends_well(end: Ticket | None, entries: Sequence[Entry], offers: Mapping[str, Offer]) -> bool:
    """Is the last ticket the last entry? Or the one after it, which is just being written: then its offer does not count it yet."""
    if end is None:
        return not entries
    try:
        entry = Entry.model_validate_json(end.data)
    except ValidationError:
        return False
    sound = _canonical(entry).decode() == end.data and (end.number, end.holder) == (entry.seq, f"{entry.offer}-{entry.move}")
    last = entries[-1] if entries else None
    if last and (last.seq, last.hash) == (entry.seq, entry.hash):
        return sound
    offer = offers.get(entry.offer)
    begun = offer is not None and offer.done <= entry.move
    return sound and begun and entry.seq == (last.seq if last else 0) + 1 and entry.before == (last.hash if last else NONE)


def _wrong(said: bytes, entry: Entry, offer: Offer | None) -> str | None:
    """What does not fit: the words to their hashes, or to what the offer says of its move."""
    try:
        words = Words.model_validate_json(said)
    except ValidationError:
        return "unreadable"
    fits = to_json(words, Words) == said and entry.who == _keyed(words.key, words.user)
    move = offer.moves[entry.move] if offer and entry.move < len(offer.moves) else None
    fits = fits and (move is None or not move.user or (move.user, move.name, move.text) == (words.user, words.name, words.text))
    return None if fits and entry.why == _keyed(words.key, f"{words.name}\n{words.text}") else "words"


def _canonical(entry: Entry) -> bytes:
    """The one way of writing it."""
    return to_json(entry, Entry)


def _keyed(key: str, text: str) -> str:
    return hmac.new(bytes.fromhex(key), text.encode(), hashlib.sha256).hexdigest()


def _key(seq: int) -> str:
    return f"{seq:010}"
