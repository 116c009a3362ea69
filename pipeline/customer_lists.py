"""Customer lists that people drop: read, planned and shown; carried out when a person says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pipeline.customers import Act, Customers, Plan, Planned
from pipeline.errors import UserError
from pipeline.model.codec import from_json, to_json
from pipeline.model.customer import ListPreview, ListRow
from pipeline.model.job import Job, Step
from pipeline.ports import Blobs, PdfReader
from pipeline.read.sheet import MAX_BYTES, csv_rows
from pipeline.store import blob

AT_ONCE = 24
SHOWN = 8
"""Rows that the preview names, the most telling first."""
_TELLING = (Act.SKIP, Act.CHANGE, Act.ADD, Act.SAME)
PLAN, PREVIEW = "plan", "preview"


class CustomerLists:
    def __init__(self, customers: Customers, blobs: Blobs, reader: PdfReader) -> None:
        self._customers = customers
        self._blobs = blobs
        self._reader = reader

    async def preview(self, job: Job, data: bytes) -> None:
        """Say what an import would do. Raises UserError: too_large, bad_table, too_many_rows, no_company_column, empty_table, old_spreadsheet."""
        if len(data) > MAX_BYTES:
            raise UserError("too_large", limit=MAX_BYTES // 2**20)
        if data.startswith(b"\xd0\xcf\x11\xe0"):
            raise UserError("old_spreadsheet")
        rows = await self._reader.rows(data) if data[:4] == b"PK\x03\x04" else await asyncio.to_thread(csv_rows, data)
        plan = await self._customers.plan(job.tenant, rows)
        await self._blobs.put(blob(job, PLAN), to_json(plan, Plan))
        await self._blobs.put(blob(job, PREVIEW), to_json(_preview(job, plan), ListPreview))

    async def carry_out(self, job: Job, progress: Callable[[], Awaitable[None]]) -> None:
        """Do what the preview said. Killed in between, it is begun again and finds what is done. Raises UserError: not_ready."""
        stored = await self._blobs.get(blob(job, PLAN))
        if stored is None:
            raise UserError("not_ready")
        plan = from_json(stored, Plan)
        places = asyncio.Semaphore(AT_ONCE)

        async def one(planned: Planned) -> None:
            async with places:
                await self._customers.carry_out(job.tenant, plan, planned, key=job.id)

        wanted = [planned for planned in plan.planned if planned.act in (Act.ADD, Act.CHANGE)]
        for begin in range(0, len(wanted), 1000):
            await asyncio.gather(*(one(planned) for planned in wanted[begin : begin + 1000]))
            await progress()
        await self._blobs.put(blob(job, PREVIEW), to_json(_preview(job, plan, done=True), ListPreview))
        await self._blobs.delete(blob(job, "original"))  # the customers are kept; the list itself is needed no more


async def preview_of(job: Job, blobs: Blobs) -> ListPreview | None:
    """What the job's card shows."""
    stored = await blobs.get(blob(job, PREVIEW))
    return from_json(stored, ListPreview) if stored else None


def importable(job: Job) -> bool:
    """Has the list been previewed, and not been imported?"""
    return job.step is Step.CHECKING


def _preview(job: Job, plan: Plan, *, done: bool = False) -> ListPreview:
    telling = sorted(
        (one for one in plan.planned if one.act is not Act.SAME or one.doubts),
        key=lambda one: (not one.doubts and not one.like, _TELLING.index(one.act)),
    )
    return ListPreview(
        job=job.id,
        mapping=plan.mapping,
        unused=plan.unused,
        counts={act.value: plan.count(act) for act in Act},
        doubts=sum(bool(one.doubts) for one in plan.planned),
        like=sum(bool(one.like) for one in plan.planned),
        rows=tuple(_row(one) for one in telling[:SHOWN]),
        done=done,
    )


def _row(planned: Planned) -> ListRow:
    name = planned.customer.company if planned.customer else ""
    return ListRow(row=planned.rows[0], act=planned.act.value, name=name, reason=planned.reason, like=planned.like, doubts=planned.doubts[:2])
