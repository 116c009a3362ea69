"""SIGKILL after each durable step, twenty times each, and five hundred at random, on SQLite and on Azurite.

The ledgers of a fake channel and a fake drive, which outlive every kill, are the judges. `--times 2 --random 50` is a quick look.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from time import monotonic

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipeline.read.sandbox import Sandbox
from tests.azurite import Azurite
from tests.conftest import sample
from tests.killing.runs import Bench, Verdict, bench, killed_at, killed_at_random, steps_of

AT_ONCE = 6
KILLS_OF_A_RUN = 25
COUNTED = 0.99
"""Of the random kills: a process may have ended by itself, because another program took its port."""
KILLED = 0.95
"""Of the runs of a sweep; a run may reach its end by fewer steps than the one that was counted."""


async def sweep(field: Bench, azurite: Azurite | None, folder: Path, times: int) -> tuple[Verdict, Counter[str]]:
    def connection() -> str:
        return azurite.connection() if azurite else ""

    steps = await steps_of(field, folder / "steps", connection=connection())
    accounts: asyncio.Queue[str] = asyncio.Queue()
    for _ in range(AT_ONCE):
        accounts.put_nowait(connection())
    total = Verdict()

    async def one(step: int, number: int) -> None:
        account = await accounts.get()
        try:
            spec = field.spec(folder / f"{step}-{number}", connection=account)
            total.add(await killed_at(field, spec, step, f"{folder.name}-{step}-{number}"))
        finally:
            accounts.put_nowait(account)

    await asyncio.gather(*(one(step, number) for number in range(times) for step in range(1, len(steps) + 1)))
    return total, Counter(step.split(" ")[0] for step in steps)


async def at_random(field: Bench, azurite: Azurite | None, folder: Path, kills: int) -> Verdict:
    total, places = Verdict(), asyncio.Semaphore(3)

    async def one(seed: int) -> None:
        async with places:
            account = azurite.connection() if azurite else ""
            specs = [field.spec(folder / f"r{seed}", connection=account, mode=mode, workers=3) for mode in ("serve", "worker")]
            total.add(await killed_at_random(field, specs, KILLS_OF_A_RUN, seed))

    await asyncio.gather(*(one(seed) for seed in range(-(-kills // KILLS_OF_A_RUN))))
    return total


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--random", type=int, default=500)
    parser.add_argument("--kind", choices=("steps", "random"))
    parser.add_argument("--only", choices=("sqlite", "azurite"))
    arguments = parser.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # whoever is killed while sending leaves half a request
    sandbox = Sandbox()
    document = await sandbox.read(sample("de-tabelle-yilmaz"))
    await sandbox.close()
    bad = False
    for name in ("sqlite", "azurite"):
        if arguments.only not in (None, name):
            continue
        azurite = Azurite() if name == "azurite" else None
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root)
            async with bench(document, sample("de-tabelle-yilmaz"), folder) as field:
                for kind in ("steps", "random"):
                    if arguments.kind not in (None, kind):
                        continue
                    begun = monotonic()
                    (folder / kind).mkdir()
                    if kind == "steps":
                        verdict, steps = await sweep(field, azurite, folder / kind, arguments.times)
                        print(name, "durable steps:", dict(steps), flush=True)
                        wanted = int(KILLED * steps.total() * arguments.times)
                    else:
                        verdict = await at_random(field, azurite, folder / kind, arguments.random)
                        wanted = int(COUNTED * arguments.random)
                    notes = verdict.notes[:5]
                    print(name, kind, json.dumps(asdict(verdict) | {"notes": notes}), f"{monotonic() - begun:.0f} s", flush=True)
                    bad |= not verdict.clean or not verdict.cvs or verdict.kills < wanted
                    if verdict.kills < wanted:
                        print(name, kind, f"only {verdict.kills} kills, wanted {wanted}", flush=True)
        if azurite:
            azurite.close()
    sys.exit(bad)


if __name__ == "__main__":
    asyncio.run(main())
