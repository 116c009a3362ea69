"""Times and memory over a corpus: `make speed`. Prints a Markdown table; docs/benchmarks.md keeps the last one."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from unittest import mock

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import aiohttp  # noqa: E402

from app import start  # noqa: E402
from bot.settings import Settings  # noqa: E402
from pipeline.check.check import check  # noqa: E402
from pipeline.conversion import Options, Tools, convert  # noqa: E402
from pipeline.errors import UserError  # noqa: E402
from pipeline.read import extract as extracting  # noqa: E402
from pipeline.read.sandbox import Sandbox  # noqa: E402
from pipeline.structure.rules import structure_by_rules  # noqa: E402
from tests.conftest import free_port  # noqa: E402
from tests.fakes import Connector, Files, message_activity  # noqa: E402


async def steps(pdfs: dict[str, bytes], rounds: int = 5) -> list[tuple[str, str]]:
    """Median times per CV, warm, one after the other."""
    sandbox = Sandbox(children=1)
    tools, options = Tools(sandbox), Options(date.today())
    usable = {}
    for name, data in pdfs.items():
        try:
            done = await convert(data, tools, options)
        except UserError:
            continue
        if not done.document.scanned:
            usable[name] = data
    rows = []
    for label, word in (("extract: PDF → JSON", False), ("convert: PDF → Word", True)):
        best = []
        for data in usable.values():
            times = []
            for _ in range(rounds):
                begun = time.perf_counter()
                await convert(data, tools, options, word=word)
                times.append(time.perf_counter() - begun)
            best.append(statistics.median(times))
        best.sort()
        rows.append(
            (
                f"{label}, median of {len(best)} CVs",
                f"{1000 * statistics.median(best):.1f} ms (p95 {1000 * best[int(0.95 * (len(best) - 1))]:.1f} ms)",
            )
        )
    reads = []
    for data in usable.values():
        begun = time.perf_counter()
        await sandbox.read(data)
        reads.append(time.perf_counter() - begun)
    rows.append(("– of it reading in the sandbox", f"{1000 * statistics.median(reads):.1f} ms"))
    await sandbox.close()
    return rows


def in_one_process(pdfs: dict[str, bytes], rounds: int = 5) -> list[tuple[str, str]]:
    """Reading, structure and check without the sandbox, with and without the two checks of what is printed."""
    rows = []
    usable = [data for data in pdfs.values() if _has_text(data)]
    for label, nothing in (("with the checks of what is printed", False), ("without them", True)):
        with ExitStack() as patched:
            if nothing:
                for name in ("hidden_words", "doubtful_words"):
                    patched.enter_context(mock.patch.object(extracting, name, return_value=set()))
            times = []
            for data in usable:
                taken = []
                for _ in range(rounds):
                    begun = time.perf_counter()
                    document = extracting.extract(data)
                    check(structure_by_rules(document), document, today=date.today())
                    taken.append(time.perf_counter() - begun)
                times.append(statistics.median(taken))
        rows.append((f"read, structure, check in one process, {label}", f"{1000 * statistics.median(times):.1f} ms"))
    return rows


def _has_text(data: bytes) -> bool:
    try:
        return not extracting.extract(data).scanned
    except UserError:
        return False


async def turns(pdf: bytes, count: int = 60) -> list[tuple[str, str]]:
    """Time until a turn with a file is acknowledged, in process, with a loopback connector."""
    async with Connector() as connector, Files({"cv.pdf": pdf}) as files:
        with tempfile.TemporaryDirectory() as folder:
            settings = replace(Settings(), data=Path(folder), port=free_port(), local_origins=(files.origin,), log_level="ERROR")
            running = await start(settings, pace=0.5)
            times = []
            async with aiohttp.ClientSession() as session:
                for i in range(count):
                    body = message_activity(connector, files=[("cv.pdf", f"{files.origin}/cv.pdf")], number=f"a{i}")
                    body["conversation"]["id"] = f"chat-{i}"
                    begun = time.perf_counter()
                    async with session.post(f"{running.url}/api/messages", json=body) as response:
                        assert response.status == 202
                    times.append(time.perf_counter() - begun)
                    await asyncio.sleep(0.2)
            running.stop.set()
            await running.ended
    times = sorted(times[5:])
    return [
        (
            f"turn with a file acknowledged, {len(times)} turns",
            f"p50 {1000 * statistics.median(times):.0f} ms, p95 {1000 * times[int(0.95 * (len(times) - 1))]:.0f} ms",
        )
    ]


def memory(pid: int) -> float:
    """RSS of a process and all below it, in MB; pages that forks share are counted once (PSS)."""
    pids, total = [pid], 0.0
    while pids:
        current = pids.pop()
        try:
            pids += [int(p) for p in Path(f"/proc/{current}/task/{current}/children").read_text().split()]
            total += (
                next(int(line.split()[1]) for line in Path(f"/proc/{current}/smaps_rollup").read_text().splitlines() if line.startswith("Pss:"))
                / 1024
            )
        except (FileNotFoundError, ProcessLookupError, StopIteration):
            continue
    return total


async def process(pdfs: list[bytes], count: int = 200) -> list[tuple[str, str]]:
    """The real process: time until ready, memory after many CVs."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"DATA_DIR": folder, "PORT": str(port), "LOG_LEVEL": "ERROR"}
        begun = time.perf_counter()
        running = subprocess.Popen([sys.executable, "app.py", "serve"], cwd=HERE.parent, env=environment, stdout=subprocess.DEVNULL)
        base = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"{base}/health/ready") as response:
                        if response.status == 200:
                            break
                except aiohttp.ClientError:
                    await asyncio.sleep(0.02)
            ready = time.perf_counter() - begun
            before = memory(running.pid)
            jobs = []
            for i in range(count):
                form = aiohttp.FormData()
                form.add_field("file", pdfs[i % len(pdfs)], filename=f"{i}.pdf", content_type="application/pdf")
                async with session.post(f"{base}/api/cv/process", data=form) as response:
                    jobs.append((await response.json())["job_id"])
            begun = time.perf_counter()
            left = set(jobs)
            while left:
                for job in list(left)[:20]:
                    async with session.get(f"{base}/api/jobs/{job}") as response:
                        if (await response.json())["status"] in ("done", "failed"):
                            left.discard(job)
                await asyncio.sleep(0.1)
            after = memory(running.pid)
        running.terminate()
        running.wait(timeout=30)
    return [
        ("app ready after start", f"{ready:.2f} s"),
        ("memory of all processes, idle", f"{before:.0f} MB"),
        (f"memory of all processes after {count} CVs", f"{after:.0f} MB"),
    ]


def main() -> None:
    corpus = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus"
    pdfs = {path.stem: path.read_bytes() for path in sorted((corpus / "pdf").glob("*.pdf"))}
    rows = asyncio.run(steps(pdfs)) + in_one_process(pdfs)
    one = next(iter(pdfs.values()))
    rows += asyncio.run(turns(one))
    rows += asyncio.run(process([data for data in pdfs.values() if len(data) < 300_000]))
    print("| what | measured |\n| --- | --- |")
    for row in rows:
        print("| {} | {} |".format(*row))


if __name__ == "__main__":
    main()
