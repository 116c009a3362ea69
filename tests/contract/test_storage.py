"""One suite per port, run on every adapter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.adapters.azure.account import Account, AccountSettings
from pipeline.adapters.azure.blobs import ContainerBlobs
from pipeline.adapters.azure.queue import StorageQueue
from pipeline.adapters.azure.records import TableRecords
from pipeline.adapters.local.files import FolderBlobs
from pipeline.adapters.local.sqlite import SqliteFile, SqliteQueue, SqliteRecords
from pipeline.errors import Conflict
from pipeline.ports import Blobs, Queue, Records
from tests.azurite import Azurite


@dataclass
class Lane:
    """A queue and its time: `lease` in seconds, `wait` lets a share of it go by."""

    queue: Queue
    lease: float
    wait: Callable[[float], Awaitable[None]]


@pytest.fixture
async def account(azurite: Azurite) -> AsyncIterator[Account]:
    opened = Account(AccountSettings(azurite.connection()))
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "azure"])
async def records(request: pytest.FixtureRequest, tmp_path: Path, account: Account) -> AsyncIterator[Records]:
    if request.param == "azure":
        yield TableRecords(account)
        return
    file = SqliteFile(tmp_path / "r.sqlite")
    yield SqliteRecords(file)
    await file.close()


@pytest.fixture(params=["sqlite", "azure"])
async def lane(request: pytest.FixtureRequest, tmp_path: Path, account: Account) -> AsyncIterator[Lane]:
    if request.param == "azure":
        yield Lane(StorageQueue(account), 2, lambda share: asyncio.sleep(2 * share))
        return
    now = [1000.0]

    async def wait(share: float) -> None:
        now[0] += 60 * share

    file = SqliteFile(tmp_path / "q.sqlite")
    yield Lane(SqliteQueue(file, now=lambda: now[0]), 60, wait)
    await file.close()


@pytest.fixture(params=["folder", "azure"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path, account: Account) -> Blobs:
    return ContainerBlobs(account, "test") if request.param == "azure" else FolderBlobs(tmp_path / "blobs")


class TestRecords:
    async def test_what_is_put_is_read(self, records: Records) -> None:
        etag = await records.put("jobs", "t", "k", b"1", etag=None)
        record = await records.get("jobs", "t", "k")
        assert record is not None
        assert (record.value, record.etag) == (b"1", etag)

    async def test_creating_twice_is_a_conflict(self, records: Records) -> None:
        await records.put("jobs", "t", "k", b"1", etag=None)
        with pytest.raises(Conflict):
            await records.put("jobs", "t", "k", b"2", etag=None)

    async def test_of_many_writers_with_the_same_etag_one_wins(self, records: Records) -> None:
        etag = await records.put("jobs", "t", "k", b"0", etag=None)
        results = await asyncio.gather(*(records.put("jobs", "t", "k", bytes([i]), etag=etag) for i in range(20)), return_exceptions=True)
        assert sum(isinstance(r, str) for r in results) == 1
        assert sum(isinstance(r, Conflict) for r in results) == 19

    async def test_writing_what_is_not_there_is_a_conflict(self, records: Records) -> None:
        etag = await records.put("jobs", "t", "another", b"1", etag=None)
        with pytest.raises(Conflict):
            await records.put("jobs", "t", "k", b"1", etag=etag)

    async def test_deleted_is_gone_and_may_be_deleted_again(self, records: Records) -> None:
        await records.put("jobs", "t", "k", b"1", etag=None)
        await records.delete("jobs", "t", "k")
        await records.delete("jobs", "t", "k")
        assert await records.get("jobs", "t", "k") is None

    async def test_with_an_etag_only_that_version_is_deleted(self, records: Records) -> None:
        old = await records.put("jobs", "t", "k", b"1", etag=None)
        new = await records.put("jobs", "t", "k", b"2", etag=old)
        with pytest.raises(Conflict):
            await records.delete("jobs", "t", "k", etag=old)
        assert (await records.get("jobs", "t", "k")).value == b"2"
        await records.delete("jobs", "t", "k", etag=new)
        await records.delete("jobs", "t", "k", etag=new)
        assert await records.get("jobs", "t", "k") is None

    async def test_tenants_and_tables_do_not_see_each_other(self, records: Records) -> None:
        await records.put("jobs", "a", "k", b"a", etag=None)
        await records.put("jobs", "b", "k", b"b", etag=None)
        await records.put("flows", "a", "x", b"f", etag=None)
        assert [r.value for r in await records.all("jobs", "a")] == [b"a"]
        assert sorted(await records.tenants("jobs")) == ["a", "b"]

    async def test_what_was_never_written_is_empty(self, records: Records) -> None:
        assert (await records.get("jobs", "t", "k"), await records.all("jobs", "t"), await records.tenants("jobs")) == (None, [], [])
        await records.delete("jobs", "t", "k")
        assert await records.tables() == []

    async def test_a_prefix_and_a_limit_choose(self, records: Records) -> None:
        for key in ("a-1", "a-2", "a-3", "b-1", "A-9", "aa-1"):
            await records.put("jobs", "t", key, b"x", etag=None)
        assert [r.key for r in await records.all("jobs", "t", prefix="a-")] == ["a-1", "a-2", "a-3"]
        assert [r.key for r in await records.all("jobs", "t", prefix="a-", limit=2)] == ["a-1", "a-2"]
        assert await records.all("jobs", "t", prefix="c") == []
        assert await records.tables() == ["jobs"]

    @pytest.mark.parametrize("size", [0, 1, 60_000, 60_001, 400_000])
    async def test_values_of_every_size_come_back(self, records: Records, size: int) -> None:
        value = bytes(i % 251 for i in range(size))
        etag = await records.put("jobs", "t", "k", value, etag=None)
        assert (await records.get("jobs", "t", "k")).value == value
        await records.put("jobs", "t", "k", b"short", etag=etag)
        assert (await records.get("jobs", "t", "k")).value == b"short"

    async def test_many_tenants_are_all_listed(self, records: Records) -> None:
        for i in range(30):
            await records.put("jobs", f"tenant-{i:02}", "k", b"x", etag=None)
        assert sorted(await records.tenants("jobs")) == [f"tenant-{i:02}" for i in range(30)]

    async def test_a_deleted_record_is_created_anew_and_its_old_etag_is_worth_nothing(self, records: Records) -> None:
        old = await records.put("jobs", "t", "k", b"1", etag=None)
        await records.delete("jobs", "t", "k")
        with pytest.raises(Conflict):
            await records.put("jobs", "t", "k", b"2", etag=old)
        await records.put("jobs", "t", "k", b"3", etag=None)
        with pytest.raises(Conflict):
            await records.put("jobs", "t", "k", b"2", etag=old)

    async def test_all_is_sorted_by_key(self, records: Records) -> None:
        for key in "cab":
            await records.put("jobs", "t", key, key.encode(), etag=None)
        assert [r.key for r in await records.all("jobs", "t")] == ["a", "b", "c"]


class TestQueue:
    async def test_a_wakeup_is_received_once(self, lane: Lane) -> None:
        await lane.queue.send("t/1")
        wakeup = await lane.queue.receive(lease=lane.lease)
        assert wakeup is not None
        assert (wakeup.body, wakeup.count) == ("t/1", 1)
        assert await lane.queue.receive(lease=lane.lease) is None

    async def test_what_is_not_deleted_comes_back_after_its_lease(self, lane: Lane) -> None:
        await lane.queue.send("t/1")
        await lane.queue.receive(lease=lane.lease)
        await lane.wait(1.2)
        again = await lane.queue.receive(lease=lane.lease)
        assert again is not None
        assert again.count == 2

    async def test_deleted_is_gone(self, lane: Lane) -> None:
        await lane.queue.send("t/1")
        wakeup = await lane.queue.receive(lease=lane.lease)
        await lane.queue.delete(wakeup)
        await lane.queue.delete(wakeup)
        await lane.wait(1.2)
        assert await lane.queue.receive(lease=lane.lease) is None

    async def test_a_late_worker_cannot_delete_or_extend_what_another_has(self, lane: Lane) -> None:
        await lane.queue.send("t/1")
        first = await lane.queue.receive(lease=lane.lease)
        await lane.wait(1.2)
        second = await lane.queue.receive(lease=lane.lease)
        await lane.queue.delete(first)
        assert await lane.queue.extend(first, lease=lane.lease) is None
        assert await lane.queue.extend(second, lease=lane.lease) is not None

    async def test_extending_hides_it_for_longer_and_gives_the_receipt_that_deletes_it(self, lane: Lane) -> None:
        await lane.queue.send("t/1")
        wakeup = await lane.queue.receive(lease=lane.lease)
        await lane.wait(0.8)
        wakeup = await lane.queue.extend(wakeup, lease=lane.lease)
        await lane.wait(0.6)
        assert await lane.queue.receive(lease=lane.lease) is None
        await lane.queue.delete(wakeup)
        await lane.wait(0.8)
        assert await lane.queue.receive(lease=lane.lease) is None

    async def test_a_delay_is_kept(self, lane: Lane) -> None:
        await lane.queue.send("t/1", delay=lane.lease)
        assert await lane.queue.receive(lease=lane.lease) is None
        await lane.wait(1.2)
        assert await lane.queue.receive(lease=lane.lease) is not None

    async def test_many_receivers_never_get_the_same(self, lane: Lane) -> None:
        for i in range(20):
            await lane.queue.send(f"t/{i}")
        got = await asyncio.gather(*(lane.queue.receive(lease=60) for _ in range(30)))
        bodies = [w.body for w in got if w]
        assert len(bodies) == len(set(bodies)) == 20

    async def test_what_is_buried_is_a_dead_letter(self, lane: Lane) -> None:
        assert await lane.queue.dead() == []
        await lane.queue.send("t/1")
        await lane.queue.bury(await lane.queue.receive(lease=lane.lease))
        await lane.wait(1.2)
        assert await lane.queue.receive(lease=lane.lease) is None
        assert await lane.queue.dead() == ["t/1"]


class TestBlobs:
    async def test_put_get_replace_delete(self, blobs: Blobs) -> None:
        assert await blobs.get("t/j/a") is None
        await blobs.put("t/j/a", b"1")
        await blobs.put("t/j/a", b"2")
        await blobs.put("t/j/b", b"3")
        await blobs.put("t/other/b", b"4")
        assert await blobs.get("t/j/a") == b"2"
        assert await blobs.delete("t/j") == 2
        assert await blobs.get("t/j/a") is None
        assert await blobs.get("t/other/b") == b"4"
        assert await blobs.delete("t/j") == 0

    async def test_archived_blobs_are_read_replaced_and_deleted_like_others(self, blobs: Blobs) -> None:
        await blobs.put("t/j/a", b"1" * 5000)
        assert await blobs.archive("t/j/a") is True
        assert await blobs.archive("t/j/a") is False
        assert await blobs.archive("t/j/none") is False
        assert await blobs.get("t/j/a") == b"1" * 5000
        assert await blobs.names("t") == ["t/j/a"]
        await blobs.put("t/j/a", b"2")
        assert await blobs.get("t/j/a") == b"2"
        await blobs.archive("t/j/a")
        assert await blobs.delete("t/j") == 1
        assert await blobs.get("t/j/a") is None

    async def test_names_are_listed_below_a_folder_only(self, blobs: Blobs) -> None:
        assert await blobs.names() == []
        for name in ("t/a/2", "t/a/1", "t/ab/1", "u/a/1"):
            await blobs.put(name, b"x")
        assert await blobs.names("t/a") == ["t/a/1", "t/a/2"]
        assert await blobs.names("x") == []
        assert await blobs.names() == ["t/a/1", "t/a/2", "t/ab/1", "u/a/1"]
        assert await blobs.delete("t/a") == 2
        assert await blobs.names("t") == ["t/ab/1"]

    @pytest.mark.parametrize("name", ["../x", "/etc/passwd", "t/../../x", ""])
    async def test_names_stay_below_the_root(self, blobs: Blobs, name: str) -> None:
        with pytest.raises(ValueError):
            await blobs.put(name, b"x")
