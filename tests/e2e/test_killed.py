"""Killed with SIGKILL at any durable step, and at random: nothing is lost, nothing is there twice, nothing is stuck.

A sample; `benchmarks/kills.py` runs each step twenty times and five hundred random kills, on both storages.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from pipeline.model.document import Document
from tests.azurite import Azurite
from tests.conftest import sample
from tests.killing.runs import Bench, Verdict, bench, killed_at, killed_at_random, steps_of

AT_ONCE = 6


@pytest.fixture
async def field(documents: dict[str, Document], tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(documents["de-tabelle-yilmaz"], sample("de-tabelle-yilmaz"), tmp_path) as made:
        yield made


@pytest.fixture(params=["sqlite", "azure"])
def connection(request: pytest.FixtureRequest, azurite: Azurite) -> Callable[[], str]:
    return azurite.connection if request.param == "azure" else lambda: ""


async def test_killed_at_every_durable_step(field: Bench, connection: Callable[[], str], tmp_path: Path) -> None:
    steps = await steps_of(field, tmp_path / "steps", connection=connection())
    assert len(steps) > 25
    assert {step.split(".")[0] for step in steps} == {"records", "blobs", "queue", "drive", "channel"}
    every = 1 if not connection() else 4
    places, total = asyncio.Semaphore(AT_ONCE), Verdict()

    async def one(step: int) -> None:
        async with places:
            total.add(await killed_at(field, field.spec(tmp_path / f"d{step}", connection=connection()), step, f"s{step}"))

    await asyncio.gather(*(one(step) for step in range(1, len(steps) + 1, every)))
    assert total.clean, total
    assert total.kills >= total.runs - 4, "the program really was killed"


async def test_killed_at_random_while_two_processes_share_the_work(field: Bench, connection: Callable[[], str], tmp_path: Path) -> None:
    account = connection()
    specs = [field.spec(tmp_path / "data", connection=account, mode=mode, workers=3) for mode in ("serve", "worker")]
    total = await killed_at_random(field, specs, 12, 7, least=8)
    assert total.clean, total
    assert total.cvs >= 8


async def test_the_judge_does_see_what_is_wrong(field: Bench, tmp_path: Path) -> None:
    """Where the ledgers would let everything pass, the tests above could not fail."""
    await killed_at(field, field.spec(tmp_path / "d"), 0, "good")
    from tests.killing.ledger import Message
    from tests.killing.runs import judged

    ledger, card = field.ledger, next(iter(field.ledger.conversations["good"].messages.values())).card
    path = next(path for path in ledger.files if path.startswith("good/"))
    assert judged(ledger, "good", 1, kills=0).clean
    ledger.conversations["good"].messages["m2"] = Message("m2", card)
    assert judged(ledger, "good", 1, kills=0).duplicate_cards == 1
    ledger.conversations["good"].messages["m2"].card = "Lebenslauf in Arbeit"
    assert (judged(ledger, "good", 1, kills=0).orphans, judged(ledger, "good", 1, kills=0).clean) == (1, False)
    ledger.conversations["good"].messages["m1"].card = "Lebenslauf in Arbeit"
    assert judged(ledger, "good", 1, kills=1).stuck == 1
    ledger.files["good/another"] = 1
    assert judged(ledger, "good", 1, kills=0).duplicate_files == 1
    ledger.files.pop("good/another")
    ledger.contents[path].add(b"other bytes")
    assert judged(ledger, "good", 1, kills=0).duplicate_files == 1
    ledger.files.pop(path)
    assert judged(ledger, "good", 1, kills=0).lost == 1
