"""ZIP files, batches, cancelling."""

from __future__ import annotations

import asyncio
import io
import random
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.board import Links
from cards.batch import candidates_folder
from pipeline.errors import UserError
from pipeline.model.document import Document
from pipeline.model.formats import is_archive, is_word_file
from pipeline.model.job import Job, Source, State, Step
from pipeline.read import archive as limits
from pipeline.read.archive import members
from tests.cards import samples
from tests.conftest import NOW, sample
from tests.world import World, make_world

PDF = sample("de-tabelle-yilmaz")


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


def packed(files: dict[str, bytes], *, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def cvs(count: int) -> dict[str, bytes]:
    return {f"Bewerber/cv {i:03}.pdf": PDF + f"\n%% {i}".encode() for i in range(count)}


async def test_a_zip_file_becomes_the_jobs_of_its_cvs_in_one_batch(world: World) -> None:
    job = await world.submit(
        data=packed(cvs(12) | {"notes.txt": b"hello", "__MACOSX/._x.pdf": b"x", "Bewerber/.DS_Store": b"x"}), conversation=world.conversation()
    )
    await world.service.set_card("t", job.id, "m1")
    await world.work()
    done = await world.service.job("t", job.id)
    assert (done.state, done.archive) == (State.DONE, True)
    batch = await world.service.batches.get("t", done.batch)
    assert (batch.card, batch.conversation) == ("m1", job.conversation)
    jobs = await world.service.batches.jobs(batch)
    assert [j.source.name for j in jobs] == [f"cv {i:03}.pdf" for i in range(12)] + ["notes.txt"]
    assert [j.state for j in jobs] == [State.DONE] * 12 + [State.FAILED]
    assert (jobs[-1].problem.key, jobs[-1].problem.retry) == ("unknown_format", False)
    assert await world.service.retry_failed("t", "u", batch.id) == [], "no attempt would help"
    assert not [path for path in world.files() if job.id in str(path)], "the ZIP file itself is not kept"
    assert job.id not in {j.id for j in await world.service.jobs_of("t", "u")}
    made = zipfile.ZipFile(io.BytesIO(await world.service.batches.as_zip(batch)))
    assert made.namelist() == ["CV Deniz Yilmaz.docx"] + [f"CV Deniz Yilmaz ({i}).docx" for i in range(2, 13)]
    assert made.testzip() is None


async def test_unpacking_it_twice_changes_nothing(world: World) -> None:
    job = await world.submit(data=packed(cvs(3)))
    await world.work()
    before = {record.key for record in await world.records.all("jobs", "t")}

    def again(done: object) -> object:
        return done.model_copy(update={"state": State.QUEUED, "archive": False, "batch": "", "step": Step.RECEIVED})

    await world.service.store.change("jobs", "t", job.id, type(job), again)
    await world.run(job)
    await world.work()
    assert {record.key for record in await world.records.all("jobs", "t")} == before


async def test_a_card_whose_id_arrives_after_unpacking_is_the_batch_s(world: World) -> None:
    job = await world.submit(data=packed(cvs(1)), conversation=world.conversation())
    await world.work()
    await world.service.set_card("t", job.id, "m7")
    assert (await world.service.batches.get("t", (await world.service.job("t", job.id)).batch)).card == "m7"


def broken() -> bytes:
    return packed(cvs(1))[:-30]


def encrypted() -> bytes:
    data = bytearray(packed({"cv.pdf": PDF}))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (broken(), "archive_damaged"),
        (encrypted(), "archive_encrypted"),
        (packed({}), "archive_empty"),
        (packed({"__MACOSX/._cv.pdf": b"x"}), "archive_empty"),
        (packed({f"{i}.pdf": b"%PDF-" for i in range(limits.MAX_FILES + 1)}), "archive_too_many"),
        (packed({"cv.pdf": PDF, "more.zip": packed({"a.pdf": PDF})}), "archive_nested"),
        (packed({f"{i}.pdf": b"%PDF-" + bytes(14 * 2**20) for i in range(22)}, how=zipfile.ZIP_STORED), "archive_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
async def test_an_archive_that_cannot_be_taken_is_refused_whole(world: World, data: bytes, key: str) -> None:
    world.incoming.data = data
    failed = await world.run(await world.submit(data=None, source=Source(name="cvs.zip", url="https://x.sharepoint.com/1")))
    assert (failed.state, failed.problem.key) == (State.FAILED, key)
    assert len(await world.records.all("jobs", "t")) == 1


def test_a_bomb_ends_early_and_the_rest_goes_on() -> None:
    bomb = packed({"bomb.pdf": b"%PDF-" + bytes(10 * 2**20), "huge.pdf": b"%PDF-" + bytes(200 * 2**20), "cv.pdf": PDF})
    assert len(bomb) < 2**20
    found = list(members(bomb))
    assert [(m.name, m.problem, len(m.data)) for m in found] == [
        ("bomb.pdf", "archive_bomb", 0),
        ("huge.pdf", "too_large", 0),
        ("cv.pdf", "", len(PDF)),
    ]
    large = packed({"scan.pdf": b"%PDF-" + random.Random(1).randbytes(limits.MAX_BYTES)})
    assert [(m.problem, m.limit) for m in members(large)] == [("too_large", 15)]


def test_files_that_are_too_large_count_towards_the_whole_although_nothing_of_them_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_TOTAL", 2 * limits.MAX_BYTES)
    huge = b"%PDF-" + bytes(limits.MAX_BYTES)
    with pytest.raises(UserError) as refused:
        list(members(packed({f"{i}.pdf": huge for i in range(3)}, how=zipfile.ZIP_STORED)))
    assert refused.value.key == "archive_too_large"


def test_what_an_archive_says_of_its_sizes_is_not_believed() -> None:
    data = bytearray(packed({"cv.pdf": b"%PDF-" + bytes(30 * 2**20)}))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (1000).to_bytes(4, "little")
    assert [m.problem in ("archive_bomb", "damaged") for m in members(bytes(data))] == [True]


@pytest.mark.parametrize("name", ["../../etc/passwd.pdf", "/etc/cv.pdf", "C:\\Users\\cv.pdf", "a/../b/cv.pdf"])
def test_names_are_names_and_never_paths(name: str) -> None:
    assert [m.name for m in members(packed({name: PDF}))] == [name.replace("\\", "/").rpartition("/")[2]]


def test_what_is_a_zip_file_and_what_a_document() -> None:
    word = (Path(__file__).parents[2] / "pipeline" / "render" / "templates" / "classic.docx").read_bytes()
    assert (is_word_file(word), is_archive(word)) == (True, False)
    holding = packed({"keyword/cv.docx": word}, how=zipfile.ZIP_STORED)
    assert (is_word_file(holding), is_archive(holding)) == (False, True)
    assert not is_archive(packed({"[Content_Types].xml": b"", "xl/workbook.xml": b""}))
    assert not is_archive(packed({"mimetype": b"application/vnd.oasis.opendocument.text"}))


async def test_a_waiting_job_is_cancelled_and_can_be_taken_up_again(world: World) -> None:
    job = await world.submit()
    with pytest.raises(UserError):
        await world.service.cancel("t", "somebody", job.id)
    assert [j.id for j in await world.service.open_jobs("t", "u")] == [job.id]
    assert (await world.service.cancel("t", "u", job.id)).state == State.CANCELLED
    assert await world.run(job) is None
    assert await world.service.open_jobs("t", "u") == []
    assert (await world.run(await world.service.retry("t", "u", job.id))).state == State.DONE
    assert (await world.service.cancel("t", "u", job.id)).state == State.DONE, "too late"


@pytest.mark.parametrize("step", [Step.READING, Step.STRUCTURING, Step.CHECKING, Step.WRITING])
async def test_a_running_job_is_cancelled_and_leaves_no_word_file(world: World, step: Step) -> None:
    job = await world.submit()

    async def cancel(current: object) -> None:
        if current.step == step and current.state == State.RUNNING:
            await world.service.cancel("t", "u", job.id)

    assert (await world.runner.run("t", job.id, cancel)).job is None
    assert (await world.service.job("t", job.id)).state == State.CANCELLED
    assert not [path for path in world.files() if path.name == "word"]


async def test_a_long_step_ends_when_its_job_is_cancelled(world: World) -> None:
    world.runner = replace(world.runner, lease=0.3)
    job = await world.submit()
    reading = asyncio.Event()

    async def for_ever(pdf: bytes) -> Document:
        reading.set()
        await asyncio.sleep(60)
        raise AssertionError

    world.reader.read = for_ever
    running = asyncio.create_task(world.wakeup(job))
    await reading.wait()
    await world.service.cancel("t", "u", job.id)
    outcome = await asyncio.wait_for(running, timeout=30)
    assert outcome.job is None


async def test_failed_jobs_of_a_batch_are_tried_again_together(world: World) -> None:
    batch = await world.service.batches.open("t", "u", "k")
    jobs = [await world.submit(batch=batch.id) for _ in range(4)]
    world.reader.faults = [UserError("too_complex"), UserError("too_complex")]
    await world.work()
    assert [j.state for j in await world.service.batches.jobs(batch)].count(State.FAILED) == 2
    with pytest.raises(UserError):
        await world.service.retry_failed("t", "somebody", batch.id)
    assert len(await world.service.retry_failed("t", "u", batch.id)) == 2
    await world.work()
    assert [j.state for j in await world.service.batches.jobs(batch)] == [State.DONE] * len(jobs)


async def test_of_several_processes_one_draws_a_batch_at_a_time(world: World) -> None:
    batch = await world.service.batches.open("t", "u", "k", card="m1")
    turns = await asyncio.gather(*(world.service.batches.take_turn("t", batch.id, every=2) for _ in range(5)))
    assert sorted(wait == 0 for _, wait in turns) == [False] * 4 + [True]


FOLDERS = {
    ("https://x/personal/a/Documents/CV/2026/Anna", "https://x/personal/a/Documents/CV/2026/Ben"): "https://x/personal/a/Documents/CV/2026",
    ("https://x/personal/a/Documents/CV/2026/Anna", "https://x/personal/a/Documents/CV/2026/Anna"): "https://x/personal/a/Documents/CV/2026/Anna",
    ("https://x/personal/a/Documents/CV/2026/Anna", "https://x/personal/b/Documents/CV/2026/Ben"): "",
    ("https://x/personal/a/Documents/CV/2026/Anna", ""): "",
    ("https://x/personal/a/Documents/CV/2025/Anna", "https://x/personal/a/Documents/CV/2026/Anna"): "https://x/personal/a/Documents/CV",
    (): "",
}


@pytest.mark.parametrize("folders", FOLDERS)
def test_the_folder_of_a_batch_holds_all_its_files(folders: tuple[str, ...]) -> None:
    def of(folder: str) -> Job:
        made = samples.done()
        word = made.result.word.model_copy(update={"folder": folder, "path": "CV/2026/Anna"})
        return made.model_copy(update={"result": made.result.model_copy(update={"word": word})})

    assert candidates_folder([of(folder) for folder in folders]) == FOLDERS[folders]


def test_without_a_drive_the_folder_is_the_tab_in_teams() -> None:
    made = Links("https://cv.firma.de", lambda: NOW, b"k" * 32, "6d2b1b0c-0000-4000-8000-00000000a001").batch("d" * 32, "t")
    assert made == f"https://teams.microsoft.com/l/entity/6d2b1b0c-0000-4000-8000-00000000a001/cvs?context=%7B%22subEntityId%22%3A%22{'d' * 32}%22%7D"
    assert Links("http://127.0.0.1:3978", lambda: NOW).batch("d" * 32, "local") == f"http://127.0.0.1:3978/?batch={'d' * 32}"
