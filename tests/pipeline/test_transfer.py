"""Migration, backup and restore: everything, proven, and half-done work goes on."""

from __future__ import annotations

import asyncio
import stat
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.adapters.azure.account import Account, AccountSettings
from pipeline.adapters.azure.blobs import ContainerBlobs
from pipeline.adapters.azure.queue import StorageQueue
from pipeline.adapters.azure.records import TableRecords
from pipeline.adapters.local.files import FolderBlobs
from pipeline.adapters.local.sqlite import SqliteFile, SqliteQueue, SqliteRecords
from pipeline.adapters.served_drive import ServedDrive
from pipeline.link_key import link_key
from pipeline.model.codec import from_json
from pipeline.model.document import Document
from pipeline.model.job import Job, State, Step
from pipeline.service import Service
from pipeline.transfer import Incomplete, Storage, backup, inventory, migrate, restore
from tests.azurite import Azurite
from tests.world import World, make_world


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path / "here", documents) as made:
        yield made


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Storage]:
    file = SqliteFile(tmp_path / "there" / "t.sqlite")
    yield Storage(SqliteRecords(file), FolderBlobs(tmp_path / "there" / "blobs"), SqliteQueue(file))
    await file.close()


@pytest.fixture
async def azure(azurite: Azurite, tmp_path: Path) -> AsyncIterator[Storage]:
    account = Account(AccountSettings(connection=azurite.connection()))
    yield Storage(TableRecords(account), ContainerBlobs(account, "cvgen"), StorageQueue(account))
    await account.close()


def told(kind: str, count: int) -> None:
    assert count > 0
    assert kind in ("records", "blobs")


async def half_done(world: World) -> Job:
    """A job whose worker was killed after reading; beside it one that is done."""
    await world.run(await world.submit())
    job = await world.submit(conversation=world.conversation())

    async def die(current: Job) -> None:
        if current.step == Step.STRUCTURING:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await world.runner.run("t", job.id, die)
    return await world.service.job("t", job.id)


async def go_on(world: World, storage: Storage, job: Job) -> Job:
    """A worker on the other storage, after the lease has run out."""
    drive = ServedDrive(storage.blobs, base_url="http://127.0.0.1:1")
    clock, ids = world.clock, world.runner.ids
    service = Service(records=storage.records, blobs=storage.blobs, queue=storage.queue, drive=drive, clock=clock, ids=ids)
    runner = replace(world.runner, service=service, blobs=storage.blobs, drive=drive)
    wakeup = await storage.queue.receive(lease=30)
    assert wakeup.body == f"t/{job.id}", "what was open is woken"
    clock.time = job.lease_until.replace(year=job.lease_until.year + 1)
    done = (await runner.run("t", job.id, world.notify)).job
    assert await service.word("t", job.id)
    return done


async def test_a_backup_restored_into_an_empty_storage_goes_on_with_a_half_done_job(world: World, there: Storage, tmp_path: Path) -> None:
    job = await half_done(world)
    path = tmp_path / "backup.zip"
    saved = await backup(world.storage, path, told)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.part"))
    restored = await restore(path, there, told)
    assert restored.digest == saved.digest == (await inventory(there)).digest == (await inventory(world.storage)).digest
    calls = world.reader.calls
    done = await go_on(world, there, job)
    assert (done.state, world.reader.calls) == (State.DONE, calls), "reading is not repeated"


async def test_to_azure_and_back(world: World, azure: Storage, there: Storage) -> None:
    job = await half_done(world)
    moved = await migrate(world.storage, azure, told)
    assert (len(moved.records), len(moved.blobs)) == (len((await inventory(azure)).records), len((await inventory(azure)).blobs))
    assert (await migrate(world.storage, azure, told)).digest == moved.digest, "a second time changes nothing"
    back = await migrate(azure, there, told)
    assert back.digest == moved.digest
    assert (await go_on(world, there, job)).state == State.DONE


async def test_a_migration_that_was_killed_goes_on(world: World, there: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    await half_done(world)
    real, calls = FolderBlobs.put, 0

    async def failing(self: FolderBlobs, name: str, data: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise asyncio.CancelledError
        await real(self, name, data)

    monkeypatch.setattr(FolderBlobs, "put", failing)
    with pytest.raises(asyncio.CancelledError):
        await migrate(world.storage, there, told)
    done = await migrate(world.storage, there, told)
    assert done.digest == (await inventory(there)).digest


async def test_what_changes_meanwhile_is_copied_again(world: World, there: Storage) -> None:
    await half_done(world)
    late: list[Job] = []

    def submit_late(kind: str, count: int) -> None:
        if not late and kind == "blobs":
            late.append(asyncio.get_running_loop().create_task(world.submit()))

    await migrate(world.storage, there, submit_late)
    assert (await inventory(there)).digest == (await inventory(world.storage)).digest


async def test_a_target_with_other_things_in_it_is_left_alone(world: World, there: Storage, tmp_path: Path) -> None:
    await half_done(world)
    await there.records.put("jobs", "t", "f" * 32, b"{}", etag=None)
    with pytest.raises(Incomplete, match="jobs/t/ffff"):
        await migrate(world.storage, there, told)
    await backup(world.storage, tmp_path / "b.zip", told)
    with pytest.raises(Incomplete, match="not empty"):
        await restore(tmp_path / "b.zip", there, told)
    assert len((await inventory(there)).records) == 1


async def test_a_damaged_backup_is_refused(world: World, there: Storage, tmp_path: Path) -> None:
    await half_done(world)
    path = tmp_path / "b.zip"
    await backup(world.storage, path, told)
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(path) as good, zipfile.ZipFile(forged, "w") as bad:
        for name in good.namelist():
            data = good.read(name)
            bad.writestr(name, data + b" " if name.endswith("original") else data)
    with pytest.raises(Incomplete, match="damaged in the backup"):
        await restore(forged, there, told)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(Incomplete, match=r"b\.zip cannot be read"):
        await restore(path, there, told)


async def test_who_is_erased_during_a_backup_is_not_in_it(world: World, tmp_path: Path) -> None:
    job = await world.run(await world.submit())
    real = world.storage.blobs.names

    async def erase_first(prefix: str = "") -> list[str]:
        if not prefix:
            await world.service.erase_candidate("t", job.candidate)
        return await real(prefix)

    world.storage.blobs.names = erase_first
    await backup(world.storage, tmp_path / "b.zip", lambda *_: None)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Yilmaz" not in everything


async def test_a_job_that_ends_during_a_backup_is_taken_up_again_after_the_restore(world: World, there: Storage, tmp_path: Path) -> None:
    job = await world.submit()
    real = world.storage.records.tenants

    async def ended_meanwhile(table: str) -> list[str]:
        found = await real(table)
        if table == "open":
            await world.run(job)
            await world.service.settle(await world.service.job("t", job.id))
        return found

    world.storage.records.tenants = ended_meanwhile
    await backup(world.storage, tmp_path / "b.zip", told)
    await restore(tmp_path / "b.zip", there, told)
    assert (await there.queue.receive(lease=1)).body == f"t/{job.id}"
    assert await there.records.get("open", "t", job.id)


async def test_a_finished_job_is_never_saved_without_its_candidate(world: World, there: Storage, tmp_path: Path) -> None:
    job = await world.submit()
    real = world.storage.records.tenants

    async def ended_meanwhile(table: str) -> list[str]:
        found = await real(table)
        if table == "jobs":
            await world.run(job)
        return found

    world.storage.records.tenants = ended_meanwhile
    await backup(world.storage, tmp_path / "b.zip", told)
    await restore(tmp_path / "b.zip", there, told)
    done = from_json((await there.records.get("jobs", "t", job.id)).value, Job)
    assert done.state == State.DONE
    assert await there.records.get("candidates", "t", done.candidate)


async def test_a_backup_goes_into_a_storage_where_the_app_was_started_once(world: World, there: Storage, tmp_path: Path) -> None:
    await world.run(await world.submit())
    await backup(world.storage, tmp_path / "b.zip", told)
    await link_key(there.records, world.runner.ids)
    assert (await restore(tmp_path / "b.zip", there, told)).digest == (await inventory(there)).digest
