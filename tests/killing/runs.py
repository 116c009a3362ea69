"""Runs in which the program is killed, and what the ledgers say afterwards."""

from __future__ import annotations

import asyncio
import pickle
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp

from bot.settings import Settings
from pipeline.model.document import Document
from tests.fakes import actions_of
from tests.killing.child import Spec
from tests.killing.ledger import Ledger
from tests.killing.nursery import Nursery
from tests.ports import free_port

LEASE = 1.0
RETRIES = ("cv.retry", "batch.retry")
PATIENCE = LEASE + 15.0
"""Seconds after the last kill in which all has to be done."""


@dataclass
class Verdict:
    """Summed up over runs. `orphans` are cards that were posted but whose id was never stored: at most one per kill.

    `given_up`: how many cards asked the person to try again, since so many processes died of the job.
    """

    runs: int = 0
    kills: int = 0
    cvs: int = 0
    lost: int = 0
    stuck: int = 0
    duplicate_files: int = 0
    duplicate_cards: int = 0
    orphans: int = 0
    given_up: int = 0
    slowest: float = 0.0
    notes: list[str] = field(default_factory=list)

    def add(self, other: Verdict) -> None:
        for name in ("runs", "kills", "cvs", "lost", "stuck", "duplicate_files", "duplicate_cards", "orphans", "given_up"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.slowest = max(self.slowest, other.slowest)
        self.notes += other.notes

    @property
    def clean(self) -> bool:
        return not (self.lost or self.stuck or self.duplicate_files or self.duplicate_cards) and self.orphans <= self.kills


@dataclass
class Bench:
    nursery: Nursery
    ledger: Ledger
    document: Path

    def spec(self, data: Path, *, connection: str = "", workers: int = 2, lease: float = LEASE, **changes: object) -> Spec:
        settings = replace(
            Settings(),
            data=data,
            port=free_port(),
            lease=lease,
            workers=workers,
            local_origins=(self.ledger.origin,),
            storage_connection=connection,
            log_level="CRITICAL",
        )
        return Spec(settings, f"{self.ledger.origin}/drive", self.document, **changes)


@asynccontextmanager
async def bench(document: Document, pdf: bytes, folder: Path) -> AsyncIterator[Bench]:
    path = folder / "document.pickle"
    path.write_bytes(pickle.dumps(document))
    async with Ledger() as ledger, Nursery() as nursery:
        ledger.pdf = pdf
        yield Bench(nursery, ledger, path)


async def ready(bench: Bench, spec: Spec, pid: int) -> bool:
    """Wait until the process answers; False where it was killed before."""
    until = monotonic() + 30
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{spec.settings.url}/health/live") as response:
                    if response.status == 200:
                        return True
            except aiohttp.ClientError:
                if not bench.nursery.alive(pid):
                    return False
                if monotonic() > until:
                    raise
            await asyncio.sleep(0.02)


async def say(spec: Spec, ledger: Ledger, conversation: str, names: Sequence[str], number: str, *, channel: str = "") -> bool:
    """Drop CVs into a chat of a tenant of its own; True where the program has acknowledged it."""
    files = [
        {"contentType": "application/vnd.microsoft.teams.file.download.info", "name": name, "contentUrl": "https://x.sharepoint.com/x",
         "content": {"downloadUrl": f"{ledger.origin}/pdf/{conversation}-{name}", "uniqueId": name, "fileType": "pdf"}}
        for name in names
    ]  # fmt: skip
    return await _post(spec, _activity(channel or ledger.origin, conversation, number) | {"type": "message", "text": "", "attachments": files})


async def tell(spec: Spec, ledger: Ledger, conversation: str, data: dict[str, Any], number: str, *, message: str) -> bool:
    """Click a button with that data on a card."""
    value = {"action": {"type": "Action.Execute", "verb": data["verb"], "data": data}, "trigger": "manual"}
    click = {"type": "invoke", "name": "adaptiveCard/action", "replyToId": message, "value": value}
    return await _post(spec, _activity(ledger.origin, conversation, number) | click)


def _activity(channel: str, conversation: str, number: str) -> dict[str, Any]:
    return {
        "id": number,
        "channelId": "msteams",
        "serviceUrl": f"{channel}/",
        "conversation": {"id": conversation, "conversationType": "personal", "tenantId": conversation},
        "channelData": {"tenant": {"id": conversation}},
        "from": {"id": "29:user", "aadObjectId": "user-1"},
        "recipient": {"id": "28:bot"},
        "locale": "de-DE",
    }


async def _post(spec: Spec, activity: dict[str, Any]) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.post(f"{spec.settings.url}/api/messages", json=activity) as response:
            return response.status < 300
    except aiohttp.ClientError:
        return False


async def said(spec: Spec, ledger: Ledger, conversation: str, names: Sequence[str], number: str) -> None:
    """The same, delivered again until it is acknowledged, as the channel does, and until nothing asks to repeat it, as the person does."""
    until = monotonic() + 60
    while True:
        told = len(ledger.conversations[conversation].told_to_repeat)
        if await say(spec, ledger, conversation, names, number) and len(ledger.conversations[conversation].told_to_repeat) == told:
            return
        assert monotonic() < until, "never acknowledged"
        await asyncio.sleep(0.05)


def judged(ledger: Ledger, conversation: str, cvs: int, *, kills: int, cards: int = 1) -> Verdict:
    """What the ledgers say of a conversation in which `cvs` CVs were dropped and so many cards should be."""
    messages = ledger.conversations[conversation]
    files = {path: times for path, times in ledger.files.items() if path.startswith(f"{conversation}/")}
    final = len(messages.final)
    found = Verdict(runs=1, kills=kills, cvs=cvs)
    found.stuck = max(0, cards - final)
    found.lost = max(0, cvs - len(files))
    found.duplicate_files = max(0, len(files) - cvs) + sum(len(ledger.contents[path]) > 1 for path in files)
    found.duplicate_cards = max(0, final - cards)
    found.orphans = max(0, len(messages.messages) - len(messages.told_to_repeat) - max(final, cards))
    if not found.clean:
        found.notes.append(f"{conversation}: {found} {[(m.id, m.final, m.updates) for m in messages.messages.values()]} {files}")
    return found


async def killed_at(bench: Bench, spec: Spec, step: int, conversation: str, *, names: list[str] | None = None) -> Verdict:
    """Kill the program after its n-th durable step, start it again, and wait for the end. 0: no kill."""
    if names is None:
        names = ["cv.pdf"]
    first = await bench.nursery.spawn(replace(spec, kill_at=step))
    kills = 0
    acknowledged = await ready(bench, spec, first) and await say(spec, bench.ledger, conversation, names, "a1")
    cards = 1 if len(names) > 3 else len(names)

    def over() -> bool:
        return len(bench.ledger.conversations[conversation].final) >= cards

    begun = monotonic()
    if step:
        waiting = asyncio.create_task(bench.nursery.ended(first, 60))
        done = asyncio.create_task(bench.ledger.until(over, 5.0))
        await asyncio.wait({waiting, done}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():  # all is shown; what is left to do is settling
            await asyncio.wait({waiting}, timeout=1.0)
        done.cancel()
        if waiting.done():
            kills = 1
            begun = monotonic()
            first = await bench.nursery.spawn(spec)
            await ready(bench, spec, first)
        waiting.cancel()
    if not acknowledged:
        await said(spec, bench.ledger, conversation, names, "a1")
    await bench.ledger.until(over, PATIENCE)
    seconds = monotonic() - begun
    await asyncio.sleep(0.2)  # what comes too much comes now
    bench.nursery.kill(first)
    await bench.nursery.ended(first)
    verdict = judged(bench.ledger, conversation, len(names), kills=kills, cards=cards)
    verdict.slowest = seconds
    return verdict


async def killed_at_random(bench: Bench, specs: list[Spec], kills: int, seed: int, *, every: float = 1.5, least: int = 0) -> Verdict:
    """Several processes share one storage; one of them is killed again and again while CVs come in, `least` of them or more. The first spec serves."""
    dice = random.Random(seed)
    pids = [await bench.nursery.spawn(spec) for spec in specs]
    await ready(bench, specs[0], pids[0])
    talks: list[tuple[str, int]] = []
    stopping = asyncio.Event()

    async def talk() -> None:
        number = 0
        while not stopping.is_set() or sum(count for _, count in talks) < least:
            conversation, count = f"r{seed}-{number}", dice.choice([1, 1, 1, 2, 5])
            talks.append((conversation, count))
            await said(specs[0], bench.ledger, conversation, [f"cv{i}.pdf" for i in range(count)], "a1")
            number += 1
            await asyncio.sleep(dice.uniform(0, 0.2))

    talking = [asyncio.create_task(talk())]
    killed = 0
    for _ in range(kills):
        await asyncio.sleep(dice.expovariate(1 / every))
        victim = dice.randrange(len(specs))
        killed += bench.nursery.alive(pids[victim])
        bench.nursery.kill(pids[victim])
        await bench.nursery.ended(pids[victim])
        pids[victim] = await bench.nursery.spawn(specs[victim])
    stopping.set()
    await asyncio.gather(*talking)

    def cards(count: int) -> int:
        return 1 if count > 3 else count

    def over() -> bool:
        return all(len(bench.ledger.conversations[name].final) >= cards(count) for name, count in talks)

    begun = monotonic()
    await bench.ledger.until(over, PATIENCE * 2)
    seconds = monotonic() - begun
    total = Verdict()
    for name, _ in talks:
        total.given_up += await tried_again(bench, specs[0], name)
    await asyncio.sleep(0.5)
    for pid in pids:
        bench.nursery.kill(pid)
        await bench.nursery.ended(pid)
    for name, count in talks:
        total.add(judged(bench.ledger, name, count, kills=0, cards=cards(count)))
    total.kills, total.slowest = killed, seconds
    return total


async def tried_again(bench: Bench, spec: Spec, conversation: str) -> int:
    """Whose process was killed five times at one step is given up, and its card says so: then the person clicks "try again". How often."""
    clicks = 0
    for message in bench.ledger.conversations[conversation].final:
        for action in actions_of(message.as_card):
            if action.get("verb") not in RETRIES:
                continue
            clicks += 1
            assert await tell(spec, bench.ledger, conversation, action["data"], f"again-{clicks}", message=message.id)
            await bench.ledger.until(lambda shown=message: shown.final and not any(verb in shown.card for verb in RETRIES), PATIENCE)
    return clicks


async def steps_of(bench: Bench, path: Path, *, connection: str = "") -> list[str]:
    """The durable steps from start-up to the last card of one CV, without a kill."""
    spec = bench.spec(path.with_name("steps-data"), connection=connection, steps=str(path))
    verdict = await killed_at(bench, spec, 0, f"steps-{path.parent.name}")
    assert verdict.clean, verdict
    return path.read_text().splitlines()
