"""Consecutive numbers, one after the other: none is left out and none given twice, whatever is killed in between.

The last ticket says who holds it and what it stands for. Whoever takes the next first writes the last one down where it belongs: its
holder may have been killed before. So all tickets but the last are written down, and the last is known.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from pydantic import BaseModel, ConfigDict

from pipeline.errors import Busy, Conflict
from pipeline.model.codec import from_json, to_json
from pipeline.store import Store

SEQUENCES = "sequences"
_TRIES = 40
_PAUSE = 0.01


class Ticket(BaseModel):
    """`number` from 1; `holder` is what it was given to, `data` what it stands for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int
    holder: str
    data: str = ""


Write = Callable[[Ticket], Awaitable[None]]
"""Writes a ticket down where it belongs; doing it again changes nothing."""


class Numbers:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def last(self, tenant: str, name: str) -> Ticket | None:
        return await self._store.get(SEQUENCES, tenant, name, Ticket)

    async def take(
        self,
        tenant: str,
        name: str,
        holder: str,
        *,
        has_one: Callable[[], Awaitable[bool]],
        write: Write,
        data: Callable[[Ticket | None], str] = lambda _: "",
    ) -> None:
        """Give the holder the next number, unless it has one. `data` is made of the ticket before. Raises Busy where many take one at once.

        `has_one` is asked after the last ticket was read: had the holder got an earlier one, it would be written down by now.
        """
        records = self._store.records
        for attempt in range(_TRIES):
            record = await records.get(SEQUENCES, tenant, name)
            last = from_json(record.value, Ticket) if record else None
            if last:
                await write(last)
                if last.holder == holder:
                    return
            if await has_one():
                return
            ticket = Ticket(number=last.number + 1 if last else 1, holder=holder, data=data(last))
            try:
                await records.put(SEQUENCES, tenant, name, to_json(ticket, Ticket), etag=record.etag if record else None)
            except Conflict:
                await asyncio.sleep(random.uniform(0, _PAUSE * min(attempt + 1, 10)))  # noqa: S311  # so that many at once come one after the other
                continue
            await write(ticket)
            return
        raise Busy(f"{name}: many take a number at once")
