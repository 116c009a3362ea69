"""Records and Queue in one SQLite file (WAL), for the processes of one computer, on a local disk."""

from __future__ import annotations

import asyncio
import sqlite3
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pipeline.errors import Conflict, TransientError
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
CREATE TABLE IF NOT EXISTS dead (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
"""

LOCKED_SECONDS = 3.0
"""How long to wait for another process that is writing: a turn must be answered before Teams gives up."""


_AFTER = "~"
"""Stands behind every character that keys may have."""


class SqliteFile:
    """One connection, used by one thread at a time, off the event loop."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=LOCKED_SECONDS)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute("PRAGMA secure_delete=ON")
        self._connection.executescript(_SCHEMA)
        self._lock = asyncio.Lock()

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run one query: it waits for nobody who writes. Raises TransientError where the file cannot be had."""
        return await self._in_thread(lambda: work(self._connection))

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in one transaction. Raises TransientError where the file cannot be had."""

        def transaction() -> T:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(self._connection)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            return result

        return await self._in_thread(transaction)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        async def locked() -> T:
            async with self._lock:
                try:
                    return await asyncio.to_thread(work)
                except sqlite3.OperationalError as error:  # locked, or the disk is full
                    raise TransientError(f"SQLite: {error}", key="storage_down") from error

        # a caller that is cancelled must not free the connection while the thread is still using it
        task = asyncio.ensure_future(locked())
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be left to hear of it
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Close, once what is still running has ended."""
        async with self._lock:
            self._connection.close()


class SqliteRecords:
    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    async def get(self, table: str, tenant: str, key: str) -> Record | None:
        query = "SELECT key, value, version FROM records WHERE tbl=? AND tenant=? AND key=?"
        row = await self._file.read(lambda c: c.execute(query, (table, tenant, key)).fetchone())
        return Record(row[0], bytes(row[1]), str(row[2])) if row else None

    async def put(self, table: str, tenant: str, key: str, value: bytes, *, etag: str | None) -> str:
        # from the clock, so that a record which was deleted and made again has another one
        version = max(time.time_ns(), int(etag or 0) + 1)

        def write(c: sqlite3.Connection) -> str:
            if etag is None:
                try:
                    c.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?)", (table, tenant, key, value, version))
                except sqlite3.IntegrityError:
                    raise Conflict(key) from None
                return str(version)
            where = (value, version, table, tenant, key, int(etag))
            changed = c.execute("UPDATE records SET value=?, version=? WHERE tbl=? AND tenant=? AND key=? AND version=?", where)
            if changed.rowcount != 1:
                raise Conflict(key)
            return str(version)

        return await self._file.run(write)

    async def delete(self, table: str, tenant: str, key: str, *, etag: str | None = None) -> None:
        def remove(c: sqlite3.Connection) -> None:
            where = (table, tenant, key)
            if etag is not None:
                row = c.execute("SELECT version FROM records WHERE tbl=? AND tenant=? AND key=?", where).fetchone()
                if row and str(row[0]) != etag:
                    raise Conflict(key)
            c.execute("DELETE FROM records WHERE tbl=? AND tenant=? AND key=?", where)

        await self._file.run(remove)

    async def all(self, table: str, tenant: str, *, prefix: str = "", limit: int | None = None) -> list[Record]:
        query = "SELECT key, value, version FROM records WHERE tbl=? AND tenant=? AND key>=? AND key<? ORDER BY key LIMIT ?"
        where = (table, tenant, prefix, prefix + _AFTER, -1 if limit is None else limit)
        rows = await self._file.read(lambda c: c.execute(query, where).fetchall())
        return [Record(key, bytes(value), str(version)) for key, value, version in rows]

    async def tenants(self, table: str) -> list[str]:
        rows = await self._file.read(lambda c: c.execute("SELECT DISTINCT tenant FROM records WHERE tbl=?", (table,)).fetchall())
        return [row[0] for row in rows]

    async def tables(self) -> list[str]:
        rows = await self._file.read(lambda c: c.execute("SELECT DISTINCT tbl FROM records ORDER BY tbl").fetchall())
        return [row[0] for row in rows]

    async def scrub(self) -> None:
        """The write-ahead log holds what was there before; where somebody is just reading, the next time empties it."""
        await self._file.read(lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())


class SqliteQueue:
    def __init__(self, file: SqliteFile, *, now: Callable[[], float] = time.time) -> None:
        self._file = file
        self._now = now

    async def send(self, body: str, *, delay: float = 0.0) -> None:
        visible = self._now() + delay
        await self._file.run(lambda c: c.execute("INSERT INTO queue (body, visible) VALUES (?, ?)", (body, visible)))

    async def receive(self, *, lease: float) -> Wakeup | None:
        now = self._now()
        if not await self._file.read(lambda c: c.execute("SELECT 1 FROM queue WHERE visible <= ? LIMIT 1", (now,)).fetchone()):
            return None  # an empty queue is looked at without keeping others from writing

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

    async def bury(self, wakeup: Wakeup) -> None:
        def move(c: sqlite3.Connection) -> None:
            if c.execute("DELETE FROM queue WHERE receipt=?", (wakeup.receipt,)).rowcount:
                c.execute("INSERT INTO dead (body) VALUES (?)", (wakeup.body,))

        await self._file.run(move)

    async def dead(self) -> list[str]:
        rows = await self._file.read(lambda c: c.execute("SELECT body FROM dead ORDER BY id LIMIT 32").fetchall())
        return [row[0] for row in rows]
