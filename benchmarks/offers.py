"""Offers: interleavings with kills, two processes that are killed, the time from approval to the updated card, a list of 10,000 customers.

`python benchmarks/offers.py [what …] [--runs 1000] [--kills 100] [--rows 10000] [--azure]`. The figures stand in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import sys
import tempfile
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from app import start
from bot.settings import Settings
from pipeline.adapters.local.files import FolderBlobs
from pipeline.adapters.local.postal import PackagedAddresses, towns_of
from pipeline.adapters.local.sqlite import SqliteFile, SqliteRecords
from pipeline.adapters.local.system import RandomIds
from pipeline.customer_lists import CustomerLists
from pipeline.customers import NOBODY_KNOWS, Customers
from pipeline.errors import TransientError
from pipeline.model.job import Job, Source
from pipeline.store import Store
from tests.azurite import Azurite
from tests.conftest import NOW, SAMPLES
from tests.e2e.people import Colleague
from tests.fakes import Connector, Files
from tests.pipeline.offer.desk import Open, act, interleave, judge, on_azure, on_sqlite
from tests.ports import free_port
from tests.world import Clock


async def interleavings(runs: int, azurite: Azurite | None) -> None:
    begun, killed, done = perf_counter(), 0, 0
    for seed in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            clock = Clock()
            place = on_azure(azurite.connection(), clock) if azurite else on_sqlite(Path(folder), clock)
            async with place as opened:
                desks = [await opened() for _ in range(2)]
                killed += await interleave(desks, seed, rounds=20)
                await judge(desks[0])
                done += 1
    where = "Azurite" if azurite else "SQLite"
    print(f"interleavings on {where}: {done} of {runs} sound, {killed} kills, {perf_counter() - begun:.0f} s")


async def processes(kills: int, azurite: Azurite | None) -> None:
    """Two programs of their own work on the same offers; one of them is killed (SIGKILL) again and again, and begun anew."""
    begun, dice = perf_counter(), random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        where = azurite.connection() if azurite else folder

        async def program() -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(sys.executable, __file__, "act", "--at", where, "--seed", str(dice.randrange(10**6)))

        running = [await program() for _ in range(2)]
        for _ in range(kills):
            await asyncio.sleep(dice.uniform(1.5, 4))
            gone = dice.randrange(2)
            assert running[gone].returncode is None, "a program has ended by itself"
            running[gone].kill()
            await running[gone].wait()
            running[gone] = await program()
        for one in running:
            one.kill()
            await one.wait()
        async with at(where) as opened:
            desk = await opened()
            offers = [offer for offer in await desk.offers.all("t") if offer]
            for offer in offers:
                await desk.offers.finish("t", offer.id)
            await judge(desk)
            moves, numbers = sum(len(offer.moves) for offer in offers), sum(1 for offer in await desk.offers.all("t") if offer and offer.number)
    place = "Azurite" if azurite else "SQLite"
    print(
        f"two programs on {place}: {kills} kills, {len(offers)} offers, {moves} moves, {numbers} numbers without a gap, {perf_counter() - begun:.0f} s"
    )


def at(where: str) -> AbstractAsyncContextManager[Open]:
    """`where`: a folder, or the connection string of an account."""
    return on_azure(where, Clock()) if "AccountName" in where else on_sqlite(Path(where), Clock())


async def acting(where: str, seed: int) -> None:
    """What one of the two programs does, until it is killed."""
    dice = random.Random(seed)
    async with at(where) as opened:
        desk = await opened()
        while True:
            keys = [offer.id for offer in await desk.offers.all("t") if offer and not offer.stage.final]
            if len(keys) < 4:
                with suppress(TransientError):
                    await desk.draft(dice.randrange(10**12))
                continue
            await asyncio.gather(*(act(desk, dice.choice(keys), dice) for _ in range(3)))


async def approvals(count: int) -> None:
    """From the click to the submitter's card that says so, with number and Word file."""
    with tempfile.TemporaryDirectory() as folder:
        async with Connector() as connector, Files({p.name: p.read_bytes() for p in SAMPLES}) as files:
            settings = replace(Settings(), data=Path(folder), port=free_port(), local_origins=(files.origin,))
            running = await start(settings, pace=0.05)
            try:
                anna, ben = (Colleague(running, connector, user, name) for user, name in (("user-1", "Anna"), ("ben", "Ben")))
                await ben.say("hilfe", "Ziehen Sie")
                await anna.say("", "In Word öffnen", files=[("cv.pdf", f"{files.origin}/de-einspaltig-brandt.pdf")])
                seconds, answers = [], []
                for number in range(count):
                    before = len(connector.sent)
                    form = await anna.say(f"Angebot für Brandt an Muster {number} GmbH 95 €/h ab 1. März", "Angebot bearbeiten")
                    shown = await anna.answer_of(form, "Speichern", new_customer=f"Muster {number} GmbH", volume="100", role="Projektleiterin")
                    await anna.click(shown, "Zur Freigabe", approver="ben")
                    asked = await ben.sees("bittet um Freigabe", f"Muster {number} GmbH", since=before)
                    begun = perf_counter()
                    await ben.click(asked, "Freigeben")
                    answers.append(perf_counter() - begun)
                    await anna.sees(f"ANG-{NOW.year}-{number + 1:04}", "In Word öffnen", since=before)
                    seconds.append(perf_counter() - begun)
            finally:
                running.stop.set()
                await running.ended
    print(f"approve -> answer: median {median(answers) * 1000:.0f} ms, longest {max(answers) * 1000:.0f} ms")
    print(f"approve -> submitter's card with number and Word file: median {median(seconds) * 1000:.0f} ms, longest {max(seconds) * 1000:.0f} ms")


def customers_csv(rows: int) -> bytes:
    dice = random.Random(1)
    towns = sorted((code, names[0]) for code, names in towns_of("DE").items())
    names = ["Neckar", "Spree", "Donau", "Alb", "Harz", "Elbe", "Isar", "Main", "Ruhr", "Saar"]
    kinds = ["Maschinenbau", "Logistik", "Pflege", "Software", "Elektrotechnik", "Bau", "Handel", "Metall", "Energie", "Medizintechnik"]
    lines = ["Firma;Rechtsform;Ansprechpartner;E-Mail;Straße;PLZ;Ort;Telefon"]
    for number in range(rows):
        code, town = dice.choice(towns)
        name = f"{dice.choice(names)}{dice.choice(kinds)} {number}"
        lines.append(
            f"{name};GmbH;Frau Erika Muster {number};info{number}@firma{number}.example;Werkstraße {number % 200};{code};{town};+49 711 {number:06}"
        )
    return "\n".join(lines).encode("cp1252", "replace")


async def lists(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = SqliteFile(Path(folder) / "c.sqlite")
        blobs, offline = FolderBlobs(Path(folder) / "blobs"), PackagedAddresses()
        customers = Customers(Store(SqliteRecords(file), Clock()), RandomIds(), addresses=NOBODY_KNOWS, offline=offline)
        work = CustomerLists(customers, blobs, None)
        job = Job(id="a" * 32, tenant="t", user="u", source=Source(name="k.csv"), created=NOW, updated=NOW, template="classic")
        data = customers_csv(rows)

        async def nothing() -> None: ...

        for again in ("into an empty storage", "the same list again"):
            begun = perf_counter()
            await work.preview(job, data)
            looked = perf_counter() - begun
            counts = json.loads(await blobs.get(f"t/{job.id}/preview"))["counts"]
            begun = perf_counter()
            await work.carry_out(job, nothing)
            print(f"{rows} customers, {again}: preview {looked:.2f} s, import {perf_counter() - begun:.2f} s, {counts}")
        begun = perf_counter()
        found = await customers.find("t", "NeckarSoftware")
        print(f"found by a few letters among {len(await customers.all('t'))}: {(perf_counter() - begun) * 1000:.0f} ms, {len(found)} hits")
        await file.close()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=["lists", "approvals", "interleavings", "processes"])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--at")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--approvals", type=int, default=20)
    parser.add_argument("--azure", action="store_true")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if arguments.what == ["act"]:
        await acting(arguments.at, arguments.seed)
    if "lists" in arguments.what:
        await lists(arguments.rows)
    if "approvals" in arguments.what:
        await approvals(arguments.approvals)
    azurite = Azurite() if arguments.azure else None
    try:
        if "interleavings" in arguments.what:
            await interleavings(arguments.runs, azurite)
        if "processes" in arguments.what:
            await processes(arguments.kills, azurite)
    finally:
        if azurite:
            azurite.close()


if __name__ == "__main__":
    asyncio.run(main())
