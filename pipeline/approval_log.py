"""What was decided about offers, append-only: each entry holds the hash of the one before, so that nothing can be changed or left out unseen.

Entries hold ids and keyed hashes alone. Names and reasons stand apart, each with the key of its hash: a person's go without breaking the chain.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.model.codec import from_json, to_json
from pipeline.model.offer import Move, Offer
from pipeline.sequence import Sequence, Ticket
from pipeline.store import OFFERS, Store

LOG, LOG_TEXTS = "approvallog", "approvaltexts"
_NAME = "approvals"
NONE = "0" * 64


class Entry(BaseModel):
    """`who` and `why` are keyed hashes of the person's id and of name and reason; `before` is the hash of the entry before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seq: int
    at: datetime
    offer: str
    move: int
    version: int
    verb: str
    stage: str
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
        self._sequence = Sequence(store)

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
            if from_json(record.value, Words).user == user:
                await self._store.records.delete(LOG_TEXTS, tenant, record.key)
                gone += 1
        return gone

    async def forget_words(self, tenant: str, offer: str) -> None:
        """Erase the words of one offer's entries."""
        for record in await self._store.records.all(LOG_TEXTS, tenant, prefix=f"{offer}-"):
            await self._store.records.delete(LOG_TEXTS, tenant, record.key)

    async def verify(self, tenant: str) -> Checked:
        """Hold every entry against the one before and against its words."""
        broken: list[tuple[int, str]] = []
        records = await self._store.records.all(LOG, tenant)
        words = {record.key: record.value for record in await self._store.records.all(LOG_TEXTS, tenant)}
        before, erased, seen = NONE, 0, 0
        for seq, record in enumerate(records, start=1):
            try:
                entry = Entry.model_validate_json(record.value)
            except ValidationError:
                broken.append((seq, "unreadable"))
                before = ""
                continue
            if _canonical(entry) != record.value or record.key != _key(entry.seq) or entry.seq != seq:
                broken.append((seq, "changed"))
            elif entry.before != before and before:
                broken.append((seq, "chain"))
            before, seen = entry.hash, seq
            said = words.pop(f"{entry.offer}-{entry.move}", None)
            if said is None:
                erased += 1
            elif (wrong := _wrong(said, entry)) is not None:
                broken.append((seq, wrong))
        broken += [(0, "stray") for holder in words if not await self._unwritten(tenant, holder)]
        last = await self._last(tenant)
        if (last is None and records) or (last and (last.seq, last.hash) != (len(records), before)):
            broken.append((seen, "end"))
        return Checked(len(records), erased, before if records else NONE, tuple(broken))

    async def _unwritten(self, tenant: str, holder: str) -> bool:
        """Words of a move that is just being logged."""
        offer, _, move = holder.rpartition("-")
        known = await self._store.get(OFFERS, tenant, offer, Offer)
        return known is not None and move.isdecimal() and known.done <= int(move)

    async def _last(self, tenant: str) -> Entry | None:
        """The end of the chain as the sequence knows it; None where there is none or it cannot be read."""
        try:
            ticket = await self._sequence.last(tenant, _NAME)
            entry = Entry.model_validate_json(ticket.data) if ticket else None
        except ValidationError:
            return None
        fits = ticket and entry and (ticket.number, ticket.holder) == (entry.seq, f"{entry.offer}-{entry.move}")
        return entry if fits else None


def _wrong(said: bytes, entry: Entry) -> str | None:
    try:
        words = Words.model_validate_json(said)
    except ValidationError:
        return "unreadable"
    fits = to_json(words, Words) == said and entry.who == _keyed(words.key, words.user)
    return None if fits and entry.why == _keyed(words.key, f"{words.name}\n{words.text}") else "words"


def _canonical(entry: Entry) -> bytes:
    """The one way of writing it."""
    return to_json(entry, Entry)


def _keyed(key: str, text: str) -> str:
    return hmac.new(bytes.fromhex(key), text.encode(), hashlib.sha256).hexdigest()


def _key(seq: int) -> str:
    return f"{seq:010}"
