"""What it carries: `many` (200 CVs, a slow model), `throughput` (1 and 2 workers), `idle`, `turns` (50 messages a second), `simulation`.

Each prints one line of JSON, and a line `missed` where something was lost, wrong, unanswered or slower than wanted; then it exits with 1.
Everything runs on this computer, the fakes too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic, perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

import aiohttp
from aiohttp import web

import app
from bot.settings import Settings
from pipeline.model.job import Conversation, Job, Source, State
from pipeline.read.sandbox import Sandbox
from pipeline.service import Submission
from tests.azurite import Azurite
from tests.conftest import ROOT, sample
from tests.fakes import Server
from tests.killing.child import Spec
from tests.killing.ledger import Ledger
from tests.killing.runs import bench, judged, say
from tests.ports import free_port

PDFS = sorted((ROOT / "benchmarks" / "corpus" / "pdf").glob("*.pdf")) or sorted((ROOT / "samples").glob("*.pdf"))


class SlowModel(Server):
    """Answers every question after so many seconds: with nothing, so that the rules fill the fields."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds, self.now, self.most = seconds, 0, 0
        self.app.router.add_post("/v1/chat/completions", self.complete)

    async def complete(self, request: web.Request) -> web.Response:
        schema = (await request.json())["response_format"]["json_schema"]["schema"]
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        message = {"role": "assistant", "content": json.dumps(empty(schema, schema)), "refusal": None}
        usage = {"prompt_tokens": 2000, "completion_tokens": 300, "total_tokens": 2300}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return web.json_response({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage})


def empty(node: dict, root: dict) -> object:
    """The smallest answer that the schema takes."""
    if "$ref" in node:
        return empty(root["$defs"][node["$ref"].rpartition("/")[2]], root)
    if "anyOf" in node:
        return None if {"type": "null"} in node["anyOf"] else empty(node["anyOf"][0], root)
    kind = node.get("type")
    kind = "null" if isinstance(kind, list) and "null" in kind else kind[0] if isinstance(kind, list) else kind
    return {
        "object": lambda: {name: empty(child, root) for name, child in node["properties"].items()},
        "array": list,
        "string": lambda: node["enum"][0] if "enum" in node else "",
        "integer": lambda: 0,
        "number": lambda: 0,
        "boolean": lambda: False,
        "null": lambda: None,
    }[kind]()


def memory(pids: list[int]) -> float:
    """PSS of these processes and their children, in MB: pages that forked children share count once."""
    total, left = 0, list(pids)
    while left:
        pid = left.pop()
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                total += int(line.split()[1]) if line.startswith("Pss:") else 0
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                left += map(int, children.read_text().split())
        except OSError:  # it has ended
            continue
    return total / 1024


@asynccontextmanager
async def program(*arguments: str, data: Path, env: dict[str, str]):
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(data), "PORT": str(port), "LOG_LEVEL": "ERROR", **env}
    process = subprocess.Popen([sys.executable, "app.py", *arguments], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        while arguments[0] == "serve":
            try:
                async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/health/ready") as response:
                    if response.status == 200:
                        break
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
        yield process, Spec(Settings(port=port), "", Path())
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait, 30)


class Cvs(Ledger):
    """Hands out the corpus, each file with other bytes."""

    async def download(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        number = int("".join(c for c in name if c.isdigit()) or 0)
        return web.Response(body=PDFS[number % len(PDFS)].read_bytes() + f"\n%% {name}".encode())


async def many(folder: Path, *, cvs: int = 200, at_once: int = 8, seconds: float = 10.0) -> dict:
    """All dropped at once, in messages of forty; every card is the batch's."""
    texts = [p for p in PDFS if not p.name.startswith("scan")]
    PDFS[:] = texts
    async with Cvs() as ledger, SlowModel(seconds) as model:
        env = {"LOCAL_ORIGINS": ledger.origin, "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": f"{model.origin}/v1"}
        async with program("serve", "--workers", str(at_once), data=folder, env=env) as (process, spec):
            peak, begun = 0.0, monotonic()
            acknowledged = []
            for i in range(0, cvs, 40):
                first = monotonic()
                assert await say(spec, ledger, f"chat{i}", [f"cv{i + n}.pdf" for n in range(min(40, cvs - i))], "a1")
                acknowledged.append(monotonic() - first)
            while not all(ledger.conversations[f"chat{i}"].final for i in range(0, cvs, 40)):
                peak = max(peak, memory([process.pid]))
                await asyncio.sleep(0.5)
                if monotonic() - begun > 3 * cvs / at_once * seconds:
                    break
            wall = monotonic() - begun
        right = await states(folder)
    return {
        "cvs": cvs, "wall_s": round(wall, 1), "ideal_s": cvs / at_once * seconds, "ratio": round(wall / (cvs / at_once * seconds), 3),
        "peak_pss_mb": round(peak), "states": right, "acknowledged_max_s": round(max(acknowledged), 3), "model_calls_at_once": model.most,
    }  # fmt: skip


async def states(folder: Path) -> dict[str, int]:
    kept = app.keep_locally(Settings(data=folder))
    found: Counter[str] = Counter()
    for tenant in await kept.storage.records.tenants("jobs"):
        for record in await kept.storage.records.all("jobs", tenant):
            job = Job.model_validate_json(record.value)
            found[job.state.value + ("" if job.state != State.DONE or job.result else " without result")] += 1
    await kept.close()
    return dict(found)


async def throughput(folder: Path, *, cvs: int = 240) -> dict:
    """Jobs that wait already, worked on by one process and by two, each with one CV at a time; cards go to a fake channel."""
    PDFS[:] = [p for p in PDFS if not p.name.startswith("scan")]
    speeds: dict[str, float] = {}
    cores: dict[int, list[float]] = {1: [], 2: []}
    for workers in (1, 2, 1, 2):
        data = folder / f"{workers}-{len(speeds)}"
        async with Cvs() as ledger:
            settings = Settings(data=data)
            kept = app.keep_locally(settings)
            service = app.make_service(settings, kept.storage, app.make_drive(settings, kept.storage.blobs, None))
            chat = Conversation(tenant="t", id="chat", service_url=f"{ledger.origin}/", channel="msteams", bot_id="b", user_id="29:u", user="u")
            batch = await service.batches.open("t", "u", "k", chat)
            for i in range(cvs):
                pdf = PDFS[i % len(PDFS)].read_bytes() + f"\n%% {i}".encode()
                await service.submit(Submission("t", "u", Source(name=f"{i}.pdf"), data=pdf, conversation=chat, batch=batch.id))
            begun, first = monotonic(), 0.0
            processes = [
                subprocess.Popen(
                    [sys.executable, "app.py", "worker", "--workers", "1"],
                    cwd=ROOT,
                    stdout=subprocess.DEVNULL,
                    env={"PATH": os.environ["PATH"], "DATA_DIR": str(data), "LOCAL_ORIGINS": ledger.origin, "LOG_LEVEL": "ERROR"},
                )  # fmt: skip
                for _ in range(workers)
            ]
            done = at_first = 0
            while done < cvs:
                await asyncio.sleep(0.5)
                done = sum(b'"state":"done"' in record.value for record in await kept.storage.records.all("jobs", "t"))
                if done and not first:  # start-up is not throughput
                    first, at_first, busy = monotonic(), done, busy_seconds()
            seconds = monotonic() - first
            cores[workers].append((busy_seconds() - busy) / seconds)
            await kept.close()
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                await asyncio.to_thread(process.wait, 30)
            key = f"{workers} worker{'s' * (workers > 1)}"
            speeds[key] = max(speeds.get(key, 0.0), round((cvs - at_first) / seconds, 2))
            print(
                key, f"{(cvs - at_first) / seconds:.2f} CVs/s, start-up {first - begun:.1f} s, {cores[workers][-1]:.2f} cores busy", file=sys.stderr
            )
    ratio = round(speeds["2 workers"] / speeds["1 worker"], 2)
    return speeds | {"ratio": ratio, "cores busy": {str(workers): round(min(found), 2) for workers, found in cores.items()}}


def busy_seconds() -> float:
    """Processor time that the whole machine has worked since it started (proc(5)), in seconds."""
    user, nice, system = map(int, Path("/proc/stat").read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


class CountingProxy(Server):
    """Counts what passes on its way to a service of Azurite."""

    def __init__(self, port: int, counts: Counter[str], name: str) -> None:
        super().__init__()
        self._port, self._counts, self._name = port, counts, name

    async def __aenter__(self):
        async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection("127.0.0.1", self._port)

            async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, count: bool) -> None:
                while data := await source.read(1 << 16):
                    if count and data.split(b" ", 1)[0] in (b"GET", b"PUT", b"POST", b"DELETE", b"MERGE", b"PATCH", b"HEAD"):
                        self._counts[self._name] += 1
                    sink.write(data)
                sink.close()

            await asyncio.gather(copy(reader, back, count=True), copy(there, writer, count=False), return_exceptions=True)

        self._server = await asyncio.start_server(pipe, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()


async def idle(folder: Path, *, seconds: float = 120.0) -> dict:
    """Calls of the storage that a worker with nothing to do makes; and how soon a new job starts in `serve` and in `worker`."""
    azurite, counts, found = Azurite(), Counter(), {}
    connection = azurite.connection()
    account = connection.partition("AccountName=")[2].partition(";")[0]
    proxies = [CountingProxy(port, counts, name) for name, port in zip(("blob", "queue", "table"), azurite.ports, strict=True)]
    for proxy, port in zip(proxies, azurite.ports, strict=True):
        await proxy.__aenter__()
        connection = connection.replace(f"http://127.0.0.1:{port}/{account}", f"http://127.0.0.1:{proxy.port}/{account}")
    settings = Settings(data=folder, storage_connection=connection)
    kept = app.keep_in_azure(settings, patience=60)
    service = app.make_service(settings, kept.storage, app.make_drive(settings, kept.storage.blobs, None))
    async with Ledger() as ledger:
        env = {"AZURE_STORAGE_CONNECTION_STRING": connection, "LOCAL_ORIGINS": ledger.origin}
        async with program("worker", data=folder, env=env):
            await asyncio.sleep(20)
            counts.clear()
            await asyncio.sleep(seconds)
            found["calls_per_minute"] = {name: round(count / seconds * 60, 1) for name, count in counts.items()}
            found["all_calls_per_minute"] = round(sum(counts.values()) / seconds * 60, 1)
            starts = []
            for i in range(8):
                await asyncio.sleep(random.uniform(4, 9))
                job, _ = await service.submit(Submission("t", "u", Source(name=f"{i}.pdf"), data=sample("de-tabelle-yilmaz") + f"\n%% {i}".encode()))
                begun = monotonic()
                while (await service.job("t", job.id)).attempts == 0:
                    await asyncio.sleep(0.02)
                starts.append(monotonic() - begun)
            found["worker_start_s"] = {"median": round(statistics.median(starts), 2), "max": round(max(starts), 2)}
        ledger.pdf = sample("de-tabelle-yilmaz")
        async with program("serve", data=folder, env=env) as (_, spec):
            starts = []
            for i in range(8):
                await asyncio.sleep(random.uniform(4, 9))
                begun = monotonic()
                assert await say(spec, ledger, f"chat{i}", ["cv.pdf"], "a1")
                chat = ledger.conversations[f"chat{i}"]
                while not any(m.updates for m in chat.messages.values()):
                    await asyncio.sleep(0.02)
                starts.append(monotonic() - begun)
            found["serve_drop_to_first_progress_s"] = {"median": round(statistics.median(starts), 2), "max": round(max(starts), 2)}
    await kept.close()
    azurite.close()
    return found


async def turns(folder: Path, *, rate: float = 50.0, seconds: float = 120.0) -> dict:
    """Messages at an even rate from two hundred people of ten firms: help, status, and a CV now and then."""
    async with Cvs() as ledger:
        PDFS[:] = [p for p in PDFS if not p.name.startswith("scan")]
        async with program("serve", data=folder, env={"LOCAL_ORIGINS": ledger.origin}) as (process, spec):
            times, errors, sent = [], 0, 0
            connector = aiohttp.TCPConnector(limit=200)
            async with aiohttp.ClientSession(connector=connector) as session:

                async def one(number: int) -> None:
                    nonlocal errors
                    who = number % 200
                    cv = number % 100 == 0
                    activity = {
                        "type": "message", "id": f"a{number}", "channelId": "msteams", "serviceUrl": f"{ledger.origin}/",
                        "conversation": {"id": f"chat{who}", "conversationType": "personal", "tenantId": f"firm{who % 10}"},
                        "channelData": {"tenant": {"id": f"firm{who % 10}"}}, "from": {"id": f"29:{who}", "aadObjectId": f"user-{who}"},
                        "recipient": {"id": "28:bot"}, "locale": "de-DE", "text": "" if cv else ("status", "hilfe", "lösche Niemand")[number % 3],
                    }  # fmt: skip
                    if cv:
                        url = f"{ledger.origin}/pdf/{number}.pdf"
                        activity["attachments"] = [
                            {"contentType": "application/vnd.microsoft.teams.file.download.info", "name": f"{number}.pdf", "contentUrl": "https://x/x",
                             "content": {"downloadUrl": url, "uniqueId": "u", "fileType": "pdf"}}
                        ]  # fmt: skip
                    begun = perf_counter()
                    try:
                        async with session.post(f"{spec.settings.url}/api/messages", json=activity) as response:
                            errors += response.status >= 300
                    except aiohttp.ClientError:
                        errors += 1
                    times.append(perf_counter() - begun)

                begun, tasks = monotonic(), set()
                while (now := monotonic() - begun) < seconds:
                    while sent < now * rate:
                        task = asyncio.create_task(one(sent))
                        tasks.add(task)
                        task.add_done_callback(tasks.discard)
                        sent += 1
                    await asyncio.sleep(0.005)
                await asyncio.gather(*tasks)
                pss = memory([process.pid])
                unanswered = sent - sum(len(chat.messages) for chat in ledger.conversations.values())
                until = monotonic() + 30  # cards may follow behind the answer
                while unanswered > 0 and monotonic() < until:
                    await asyncio.sleep(0.5)
                    unanswered = sent - sum(len(chat.messages) for chat in ledger.conversations.values())
    times.sort()
    return {
        "messages": sent, "errors": errors, "unanswered": unanswered, "p50_ms": round(times[len(times) // 2] * 1000), "p95_ms": round(times[int(len(times) * 0.95)] * 1000),
        "p99_ms": round(times[int(len(times) * 0.99)] * 1000), "max_ms": round(times[-1] * 1000), "pss_mb": round(pss),
    }  # fmt: skip


async def simulation(folder: Path, *, cvs: int = 10_000, workers: int = 8, at_once: int = 8, every: float = 15.0, reading: float = 3.0) -> dict:
    """Model and drive faked with delays, PDFs not opened; structure, check and Word file are real. One worker is killed every so often."""
    sandbox = Sandbox()
    document = await sandbox.read(sample("de-tabelle-yilmaz"))
    await sandbox.close()
    async with bench(document, sample("de-tabelle-yilmaz"), folder) as field:
        ledger, dice = field.ledger, random.Random(1)
        specs = [
            field.spec(folder / "data", workers=at_once, mode="serve" if i == 0 else "worker", lease=10.0, pace=2.0, reading=reading)
            for i in range(workers)
        ]
        pids = [await field.nursery.spawn(spec) for spec in specs]
        begun, kills, peak, talks = monotonic(), 0, 0.0, []
        await asyncio.sleep(3)

        async def dropping() -> None:
            for i in range(0, cvs, 40):
                name = f"chat{i}"
                while not await say(specs[0], ledger, name, [f"cv{n}.pdf" for n in range(min(40, cvs - i))], "a1"):
                    await asyncio.sleep(0.2)
                talks.append((name, min(40, cvs - i)))

        dropped = asyncio.create_task(dropping())
        next_kill = monotonic() + every
        while not dropped.done() or not all(ledger.conversations[name].final for name, _ in talks):
            await asyncio.sleep(1)
            peak = max(peak, memory(pids))
            if monotonic() > next_kill and sum(bool(ledger.conversations[name].final) for name, _ in talks) < 0.9 * cvs / 40:
                victim = dice.randrange(workers)
                field.nursery.kill(pids[victim])
                await field.nursery.ended(pids[victim])
                pids[victim] = await field.nursery.spawn(specs[victim])
                kills, next_kill = kills + 1, monotonic() + every
            if monotonic() - begun > 3600:
                break
        wall = monotonic() - begun
        for pid in pids:
            field.nursery.kill(pid)
            await field.nursery.ended(pid)
        total = judged(ledger, "none", 0, kills=0, cards=0)
        for name, count in talks:
            total.add(judged(ledger, name, count, kills=0))
        return {
            "cvs": total.cvs, "workers": workers, "wall_s": round(wall), "cvs_per_s": round(total.cvs / wall, 1), "kills": kills, "lost": total.lost,
            "stuck": total.stuck, "duplicate_files": total.duplicate_files, "duplicate_cards": total.duplicate_cards, "orphans": total.orphans,
            "peak_pss_mb": round(peak), "peak_pss_mb_per_worker": round(peak / workers),
        }  # fmt: skip


def missed(name: str, found: dict, cvs: int | None) -> list[str]:
    """What is not as wanted, in words; a run in which nothing happened is not as wanted either."""
    match name:
        case "many":
            wanted = {
                "all done": found["states"] == {"done": cvs or 200},
                "model asked": found["model_calls_at_once"] > 0,
                "wall ≤ 1.15": found["ratio"] <= 1.15,
                "memory ≤ 400 MB": found["peak_pss_mb"] <= 400,
            }
        case "throughput":
            wanted = {"≥ 12 CVs/s": found["2 workers"] >= 12, "two ≥ 1.5 × one": found["ratio"] >= 1.5}
        case "idle":
            wanted = {
                "1 to 30 calls a minute": 0 < found["all_calls_per_minute"] <= 30,
                "worker ≤ 5 s": found["worker_start_s"]["max"] <= 5,
                "serve ≤ 2 s": found["serve_drop_to_first_progress_s"]["max"] <= 2,
            }
        case "turns":
            wanted = {
                "messages sent": found["messages"] > 0,
                "no errors": found["errors"] == 0,
                "all answered": found["unanswered"] <= 0,
                "p95 ≤ 500 ms": found["p95_ms"] <= 500,
            }
        case _:
            wanted = {key: found[key] == 0 for key in ("lost", "stuck", "duplicate_files", "duplicate_cards")}
            wanted |= {"orphans ≤ kills": found["orphans"] <= found["kills"], "all dropped": found["cvs"] == (cvs or 10_000)}
            wanted |= {"killed": found["kills"] > 0}
    return [words for words, true in wanted.items() if not true]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["many", "throughput", "idle", "turns", "simulation"])
    parser.add_argument("--cvs", type=int)
    arguments = parser.parse_args()
    bad = False
    for name in arguments.what:
        with tempfile.TemporaryDirectory() as folder:
            extra = {"cvs": arguments.cvs} if arguments.cvs else {}
            found = asyncio.run(globals()[name](Path(folder), **extra))
        print(name, json.dumps(found), flush=True)
        if missing := missed(name, found, arguments.cvs):
            bad = True
            print(name, "missed:", ", ".join(missing), flush=True)
    sys.exit(bad)


if __name__ == "__main__":
    main()
