"""One suite per port, run on every adapter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pipeline.adapters.local.files import FolderBlobs, FolderDrive, safe_name
from pipeline.adapters.local.sqlite import SqliteFile, SqliteQueue, SqliteRecords
from pipeline.errors import Conflict
from pipeline.ports import Blobs, Drive, Queue, Records


@pytest.fixture(params=["sqlite"])
async def records(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Records]:
    file = SqliteFile(tmp_path / "r.sqlite")
    yield SqliteRecords(file)
    await file.close()


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


@pytest.fixture(params=["sqlite"])
async def queue(request: pytest.FixtureRequest, tmp_path: Path, now: list[float]) -> AsyncIterator[Queue]:
    file = SqliteFile(tmp_path / "q.sqlite")
    yield SqliteQueue(file, now=lambda: now[0])
    await file.close()


@pytest.fixture(params=["folder"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return FolderBlobs(tmp_path / "blobs")


@pytest.fixture(params=["folder"])
def drive(request: pytest.FixtureRequest, tmp_path: Path) -> Drive:
    return FolderDrive(tmp_path / "drive", base_url="http://127.0.0.1:1")


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
        with pytest.raises(Conflict):
            await records.put("jobs", "t", "k", b"1", etag="1")

    async def test_deleted_is_gone_and_may_be_deleted_again(self, records: Records) -> None:
        await records.put("jobs", "t", "k", b"1", etag=None)
        await records.delete("jobs", "t", "k")
        await records.delete("jobs", "t", "k")
        assert await records.get("jobs", "t", "k") is None

    async def test_tenants_and_tables_do_not_see_each_other(self, records: Records) -> None:
        await records.put("jobs", "a", "k", b"a", etag=None)
        await records.put("jobs", "b", "k", b"b", etag=None)
        await records.put("flows", "a", "x", b"f", etag=None)
        assert [r.value for r in await records.all("jobs", "a")] == [b"a"]
        assert sorted(await records.tenants("jobs")) == ["a", "b"]

    async def test_all_is_sorted_by_key(self, records: Records) -> None:
        for key in "cab":
            await records.put("jobs", "t", key, key.encode(), etag=None)
        assert [r.key for r in await records.all("jobs", "t")] == ["a", "b", "c"]


class TestQueue:
    async def test_a_wakeup_is_received_once(self, queue: Queue) -> None:
        await queue.send("t/1")
        wakeup = await queue.receive(lease=60)
        assert wakeup is not None
        assert (wakeup.body, wakeup.count) == ("t/1", 1)
        assert await queue.receive(lease=60) is None

    async def test_what_is_not_deleted_comes_back_after_its_lease(self, queue: Queue, now: list[float]) -> None:
        await queue.send("t/1")
        await queue.receive(lease=60)
        now[0] += 61
        again = await queue.receive(lease=60)
        assert again is not None
        assert again.count == 2

    async def test_deleted_is_gone(self, queue: Queue, now: list[float]) -> None:
        await queue.send("t/1")
        wakeup = await queue.receive(lease=60)
        await queue.delete(wakeup)
        now[0] += 100
        assert await queue.receive(lease=60) is None

    async def test_a_late_worker_cannot_delete_or_extend_what_another_has(self, queue: Queue, now: list[float]) -> None:
        await queue.send("t/1")
        first = await queue.receive(lease=60)
        now[0] += 61
        second = await queue.receive(lease=60)
        await queue.delete(first)
        assert await queue.extend(first, lease=60) is None
        assert await queue.extend(second, lease=60) is not None

    async def test_extending_hides_it_for_longer(self, queue: Queue, now: list[float]) -> None:
        await queue.send("t/1")
        wakeup = await queue.receive(lease=60)
        now[0] += 50
        await queue.extend(wakeup, lease=60)
        now[0] += 50
        assert await queue.receive(lease=60) is None

    async def test_a_delay_is_kept(self, queue: Queue, now: list[float]) -> None:
        await queue.send("t/1", delay=10)
        assert await queue.receive(lease=60) is None
        now[0] += 11
        assert await queue.receive(lease=60) is not None

    async def test_many_receivers_never_get_the_same(self, queue: Queue) -> None:
        for i in range(20):
            await queue.send(f"t/{i}")
        got = await asyncio.gather(*(queue.receive(lease=60) for _ in range(30)))
        bodies = [w.body for w in got if w]
        assert len(bodies) == len(set(bodies)) == 20


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

    @pytest.mark.parametrize("name", ["../x", "/etc/passwd", "t/../../x", ""])
    async def test_names_stay_below_the_root(self, blobs: Blobs, name: str) -> None:
        with pytest.raises(ValueError):
            await blobs.put(name, b"x")


class TestDrive:
    async def test_one_job_is_one_file(self, drive: Drive) -> None:
        first = await drive.save("t", "f", "CV A.docx", b"1", job="j1")
        again = await drive.save("t", "f", "CV A.docx", b"2", job="j1")
        other = await drive.save("t", "f", "CV A.docx", b"3", job="j2")
        assert first == again
        assert first.id != other.id
        assert await drive.read("t", first) == b"2"
        await drive.delete("t", first)
        await drive.delete("t", first)
        assert await drive.read("t", first) is None
        assert await drive.read("t", other) == b"3"


@pytest.mark.parametrize(
    ("name", "safe"),
    [("CV Jörg Müller.docx", "CV Jörg Müller.docx"), ("../../etc/passwd", "etc passwd"), ('a"b*c:d<e>f?g|h', "a b c d e f g h"), ("CON", "_CON"),
     ("com1.docx", "_com1.docx"), ("", "_"), ("...", "_"), (" x. ", "x"), ("~$lock.docx", "$lock.docx"), ("a\u202egnp.exe\u200b", "a gnp.exe"), ("x" * 300, "x" * 100)],
)  # fmt: skip
def test_file_names_that_every_drive_takes(name: str, safe: str) -> None:
    assert safe_name(name) == safe
