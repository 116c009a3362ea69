"""Records and Queue in one SQLite file (WAL). One process at a time on a local disk."""

from __future__ import annotations

import asyncio
import sqlite3
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pipeline.errors import Conflict
from pipeline.ports import Record, Wakeup

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    tbl TEXT NOT NULL, tenant TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (tbl, tenant, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, visible REAL NOT NULL,
    receipt TEXT NOT NULL DEFAULT '', count INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS queue_visible ON queue (visible, id);
"""


class SqliteFile:
    """One connection, used by one thread at a time, off the event loop."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute("PRAGMA secure_delete=ON")
        self._connection.executescript(_SCHEMA)
        self._lock = asyncio.Lock()

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in one transaction."""

        def transaction() -> T:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(self._connection)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            return result

        async def locked() -> T:
            async with self._lock:
                return await asyncio.to_thread(transaction)

        # a caller that is cancelled must not free the connection while the thread is still using it
        return await asyncio.shield(asyncio.ensure_future(locked()))

    async def close(self) -> None:
        """Close, once what is still running has ended."""
        async with self._lock:
            self._connection.close()


class SqliteRecords:
    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    async def get(self, table: str, tenant: str, key: str) -> Record | None:
        query = "SELECT key, value, version FROM records WHERE tbl=? AND tenant=? AND key=?"
        row = await self._file.run(lambda c: c.execute(query, (table, tenant, key)).fetchone())
        return Record(row[0], bytes(row[1]), str(row[2])) if row else None

    async def put(self, table: str, tenant: str, key: str, value: bytes, *, etag: str | None) -> str:
        def write(c: sqlite3.Connection) -> str:
            if etag is None:
                try:
                    c.execute("INSERT INTO records VALUES (?, ?, ?, ?, 1)", (table, tenant, key, value))
                except sqlite3.IntegrityError:
                    raise Conflict(key) from None
                return "1"
            version = int(etag)
            where = (value, version + 1, table, tenant, key, version)
            changed = c.execute("UPDATE records SET value=?, version=? WHERE tbl=? AND tenant=? AND key=? AND version=?", where)
            if changed.rowcount != 1:
                raise Conflict(key)
            return str(version + 1)

        return await self._file.run(write)

    async def delete(self, table: str, tenant: str, key: str) -> None:
        await self._file.run(lambda c: c.execute("DELETE FROM records WHERE tbl=? AND tenant=? AND key=?", (table, tenant, key)))

    async def all(self, table: str, tenant: str) -> list[Record]:
        query = "SELECT key, value, version FROM records WHERE tbl=? AND tenant=? ORDER BY key"
        rows = await self._file.run(lambda c: c.execute(query, (table, tenant)).fetchall())
        return [Record(key, bytes(value), str(version)) for key, value, version in rows]

    async def tenants(self, table: str) -> list[str]:
        rows = await self._file.run(lambda c: c.execute("SELECT DISTINCT tenant FROM records WHERE tbl=?", (table,)).fetchall())
        return [row[0] for row in rows]


class SqliteQueue:
    def __init__(self, file: SqliteFile, *, now: Callable[[], float] = time.time) -> None:
        self._file = file
        self._now = now

    async def send(self, body: str, *, delay: float = 0.0) -> None:
        visible = self._now() + delay
        await self._file.run(lambda c: c.execute("INSERT INTO queue (body, visible) VALUES (?, ?)", (body, visible)))

    async def receive(self, *, lease: float) -> Wakeup | None:
        now = self._now()

        def take(c: sqlite3.Connection) -> Wakeup | None:
            row = c.execute("SELECT id, body, count FROM queue WHERE visible <= ? ORDER BY visible, id LIMIT 1", (now,)).fetchone()
            if row is None:
                return None
            receipt = f"{row[0]}:{uuid.uuid4().hex}"
            c.execute("UPDATE queue SET visible=?, receipt=?, count=count+1 WHERE id=?", (now + lease, receipt, row[0]))
            return Wakeup(row[1], receipt, row[2] + 1)

        return await self._file.run(take)

    async def extend(self, wakeup: Wakeup, *, lease: float) -> Wakeup | None:
        where = (self._now() + lease, wakeup.receipt)
        changed = await self._file.run(lambda c: c.execute("UPDATE queue SET visible=? WHERE receipt=?", where).rowcount)
        return wakeup if changed else None

    async def delete(self, wakeup: Wakeup) -> None:
        await self._file.run(lambda c: c.execute("DELETE FROM queue WHERE receipt=?", (wakeup.receipt,)))
