"""What somebody has to look after, and when: marks that outlive any process."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.errors import Conflict
from pipeline.model.codec import to_json
from pipeline.model.job import Marker
from pipeline.store import OFFERS_DUE, Store, decoded


class Due:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def mark(self, tenant: str, key: str, *, seconds: float) -> None:
        """Somebody looks after it after so many seconds, unless it is settled before."""
        marker = Marker(due=self._store.clock.now() + timedelta(seconds=seconds))
        await self._store.change(OFFERS_DUE, tenant, key, Marker, lambda _: marker)

    async def take(self, tenant: str, key: str, *, seconds: float) -> str:
        """Look after it, alone for so many seconds; the tag to settle it with."""
        record = await self._store.records.get(OFFERS_DUE, tenant, key)
        until = to_json(Marker(due=self._store.clock.now() + timedelta(seconds=seconds)), Marker)
        return await self._store.records.put(OFFERS_DUE, tenant, key, until, etag=record.etag if record else None)

    async def settle(self, tenant: str, key: str, tag: str, *, again: datetime | None) -> bool:
        """It has been looked after, the next time then. False where it was marked or taken anew meanwhile."""
        try:
            if again:
                await self._store.records.put(OFFERS_DUE, tenant, key, to_json(Marker(due=again), Marker), etag=tag)
            else:
                await self._store.records.delete(OFFERS_DUE, tenant, key, etag=tag)
        except Conflict:
            return False
        return True

    async def now(self) -> list[tuple[str, str]]:
        """Tenants and keys of what somebody has to look after now."""
        found, at = [], self._store.clock.now()
        for tenant in await self._store.records.tenants(OFFERS_DUE):
            records = await self._store.records.all(OFFERS_DUE, tenant)
            marks = zip(records, decoded(records, Marker), strict=True)
            found += [(tenant, record.key) for record, mark in marks if mark is None or mark.due <= at]
        return found
