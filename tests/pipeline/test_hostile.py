"""Hostile files: each ends in time with a named reason, or harmlessly read; whoever opened it lives on and does not grow."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from pathlib import Path

import pytest

from cards.i18n import catalogue
from pipeline.errors import UserError
from pipeline.model.document import Document
from pipeline.read.reader import Reader
from pipeline.read.sandbox import Sandbox
from tests.conftest import sample
from tests.hostile import HOSTILE, pdf

SECONDS, GROWTH = 15.0, 20 * 2**20

REASONS = {
    "unknown_format": {"a_picture", "an_archive", "nothing", "too_much_in_front"},
    "damaged": {"half_a_file", "the_beginning_of_a_file", "only_a_header", "no_root", "page_tree_in_itself"},
    "encrypted": {"a_lock"},
    "too_large": {"too_large"},
    "too_many_pages": {"shared_pages"},
    "too_complex": {"one_word", "words_without_end"},
}
"""Reasons that can be only these; other files may end with one of several, depending on which limit is met first."""

NAMED = {*REASONS, "no_pages", "scanned"}


def resident(process: int) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096


async def outcome(sandbox: Sandbox, data: bytes) -> str | Document:
    try:
        return await Reader(sandbox, None).read(data)
    except UserError as error:
        assert catalogue("de")(f"error.{error.key}", **error.values)
        return error.key


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) >= 60


@pytest.mark.timeout(600)
async def test_each_ends_in_time_with_a_named_reason_and_harms_nobody(sandbox: Sandbox) -> None:
    await sandbox.start()
    zygote = sandbox._process.pid
    await outcome(sandbox, sample("de-tabelle-yilmaz"))
    before = resident(zygote)
    ended: dict[str, str | Document] = {}
    slow: dict[str, float] = {}

    async def one(name: str) -> None:
        data = HOSTILE[name]()
        begun = time.monotonic()
        ended[name] = await outcome(sandbox, data)
        if time.monotonic() - begun > SECONDS:
            slow[name] = time.monotonic() - begun

    waiting = list(HOSTILE)

    async def work() -> None:
        while waiting:
            await one(waiting.pop())

    await asyncio.gather(work(), work())
    assert slow == {}
    assert {name: end for name, end in ended.items() if isinstance(end, str) and end not in NAMED} == {}
    for reason, names in REASONS.items():
        assert {name: ended[name] for name in names} == dict.fromkeys(names, reason)
    assert sandbox._process.pid == zygote
    assert resident(zygote) - before < GROWTH
    for line in ended["scripts"].lines:
        assert "Ada Beispiel" in line.text


async def test_the_server_that_asks_does_not_grow(sandbox: Sandbox) -> None:
    data = [HOSTILE[name]() for name in ("flate_bomb_thrice", "forms_of_powers", "many_contents", "text_operators")]
    for item in data:
        await outcome(sandbox, item)
    gc.collect()
    before = resident(os.getpid())
    for item in data * 3:
        await outcome(sandbox, item)
    gc.collect()
    assert resident(os.getpid()) - before < GROWTH


async def test_a_cv_beside_bombs_is_read_like_any_other(sandbox: Sandbox) -> None:
    bombs = [asyncio.create_task(outcome(sandbox, HOSTILE["text_operators"]())) for _ in range(3)]
    alone = await Sandbox().read(sample("en-one-column-lindqvist"))
    assert await sandbox.read(sample("en-one-column-lindqvist")) == alone
    await asyncio.gather(*bombs)


async def test_one_damaged_page_costs_that_page_only(sandbox: Sandbox) -> None:
    damaged = pdf(b"<</Type/Page/Parent 2 0 R>>", b"(no page)", pages="/Kids[3 0 R 7 0 R 3 0 R]/Count 3")
    document = await sandbox.read(damaged)
    assert document.unreadable == (2,)
    assert {line.page for line in document.lines} == {1, 3}
