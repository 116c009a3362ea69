"""The program as a process: start-up, refusals, shutdown, command line."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from pipeline.adapters.local.sqlite import SqliteFile, SqliteRecords
from tests.azurite import Azurite
from tests.conftest import ROOT, SAMPLES, free_port

APP_ID = "6d2b1b0c-1f2e-4a3b-8c4d-00000000a001"


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "LANG": "de_DE.UTF-8", "COLUMNS": "200", **(env or {})}
    return subprocess.run([sys.executable, "app.py", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_convert_writes_word_and_json_and_one_bad_file_never_stops_the_rest(tmp_path: Path) -> None:
    (tmp_path / "kaputt.pdf").write_bytes(b"%PDF-1.4 nothing")
    done = run("convert", "samples", str(tmp_path / "kaputt.pdf"), "--out", str(tmp_path / "out"), "--template", "modern", "--lang", "en")
    assert done.returncode == 1
    assert "beschädigt" in done.stderr
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        f"{p.stem}{suffix}" for p in (ROOT / "samples").glob("*.pdf") for suffix in (".docx", ".json")
    }


def test_convert_is_repeatable_to_the_byte(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert run("convert", "samples/de-tabelle-yilmaz.pdf", "--out", str(tmp_path / name)).returncode == 0
    assert (tmp_path / "a/de-tabelle-yilmaz.docx").read_bytes() == (tmp_path / "b/de-tabelle-yilmaz.docx").read_bytes()


def test_extract_prints_the_json_of_one_file() -> None:
    done = run("extract", "samples/en-one-column-lindqvist.pdf")
    assert done.returncode == 0
    assert json.loads(done.stdout)["basics"]["name"] == "Maja Lindqvist"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["convert", "samples"], 2),
        (["extract", "samples"], 2),
        (["convert", "docs", "--out", "unused-folder"], 2),
        (["convert", "samples", "--out", "unused-folder", "--template", "gibt-es-nicht"], 2),
        (["extract", "gibt-es-nicht.pdf"], 1),
        ([], 2),
    ],
)
def test_exit_status(arguments: list[str], status: int) -> None:
    assert run(*arguments).returncode == status


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"HOST": "0.0.0.0"}, "MICROSOFT_APP_ID"),
        ({"MICROSOFT_APP_ID": APP_ID}, "MICROSOFT_APP_TENANT_ID"),
        ({"MICROSOFT_APP_ID": APP_ID, "MICROSOFT_APP_TENANT_ID": "t"}, "MICROSOFT_APP_PASSWORD"),
        ({"MICROSOFT_APP_ID": "<your app id>", "MICROSOFT_APP_TENANT_ID": "t", "MICROSOFT_APP_PASSWORD": "p"}, "MICROSOFT_APP_ID"),
        ({"PORT": "abc"}, "PORT"),
        ({"AZURE_OPENAI_ENDPOINT": "https://x"}, "AZURE_OPENAI_DEPLOYMENT"),
    ],
)
def test_bad_settings_stop_the_start_and_name_themselves(env: dict[str, str], named: str) -> None:
    done = run("serve", env=env)
    assert done.returncode == 78
    assert named in done.stderr


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[], tuple[subprocess.Popen[str], str]]]:
    """Starts the server as a process, always on the same data; returns it and its address once it is ready."""
    started: list[subprocess.Popen[str]] = []

    def begin() -> tuple[subprocess.Popen[str], str]:
        port = free_port()
        environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "PORT": str(port)}
        process = subprocess.Popen(
            [sys.executable, "app.py", "serve"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        for _ in range(150):
            time.sleep(0.1)
            try:
                assert get(f"http://127.0.0.1:{port}/health/ready")["status"] == "ok"
                break
            except OSError:
                continue
        return process, f"http://127.0.0.1:{port}"

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


def get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=5) as response:
        return dict(json.load(response))


Serve = Callable[[], tuple[subprocess.Popen[str], str]]


def test_sigterm_ends_the_server_in_time_and_leaves_no_process(serve: Serve) -> None:
    process, url = serve()
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    output, log = process.communicate(timeout=25)
    assert process.returncode == 0
    assert time.monotonic() - begun < 20
    assert url in output
    for line in log.splitlines():
        json.loads(line)
    left = subprocess.run(["pgrep", "-f", f"zygote.*{process.pid}"], capture_output=True, check=False)
    assert left.returncode == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_signal_in_the_middle_of_a_batch_loses_no_cv(serve: Serve, number: int) -> None:
    process, url = serve()
    form = aiohttp.FormData()
    for path in SAMPLES * 5:
        form.add_field("files", path.read_bytes(), filename=path.name, content_type="application/pdf")
    async with aiohttp.ClientSession() as session, session.post(f"{url}/api/batch/process", data=form) as response:
        jobs = (await response.json())["job_ids"]
    assert len(jobs) == 5 * len(SAMPLES)
    while not any(get(f"{url}/api/jobs/{job}")["status"] == "done" for job in jobs):
        time.sleep(0.02)
    process.send_signal(number)
    process.communicate(timeout=25)
    assert process.returncode == (0 if number == signal.SIGTERM else -number)
    _, url = serve()
    until = time.monotonic() + 100
    while left := [job for job in jobs if get(f"{url}/api/jobs/{job}")["status"] != "done"]:
        assert time.monotonic() < until, left
        time.sleep(0.2)
    for job in jobs:
        with urllib.request.urlopen(f"{url}/api/download/{job}", timeout=5) as response:
            assert response.read(2) == b"PK"


async def drop(url: str, count: int) -> list[str]:
    form = aiohttp.FormData()
    for i in range(count):
        form.add_field("files", SAMPLES[0].read_bytes() + f"\n%% {i}".encode(), filename=f"{i}.pdf", content_type="application/pdf")
    async with aiohttp.ClientSession() as session, session.post(f"{url}/api/batch/process", data=form) as response:
        return list((await response.json())["job_ids"])


async def test_workers_alone_go_on_with_what_the_server_took_in(serve: Serve, tmp_path: Path) -> None:
    process, url = serve()
    jobs = await drop(url, 8)
    process.kill()
    process.communicate()
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "LEASE_SECONDS": "2"}
    workers = [
        subprocess.Popen(
            [sys.executable, "app.py", "worker", "--workers", "2"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    file = SqliteFile(tmp_path / "cvgen.sqlite")
    try:
        records = SqliteRecords(file)
        until = time.monotonic() + 90
        while True:
            found = [json.loads((await records.get("jobs", "local", job)).value)["state"] for job in jobs]
            if found == ["done"] * len(jobs):
                break
            assert time.monotonic() < until, found
            await asyncio.sleep(0.2)
    finally:
        await file.close()
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
    for worker in workers:
        output, log = worker.communicate(timeout=25)
        assert worker.returncode == 0, log
        assert "gleichzeitig: 2" in output or "at a time: 2" in output


def test_a_second_signal_ends_it_at_once() -> None:
    """Even where the work in hand takes for ever."""
    script = """
import app, asyncio
async def main():
    stop = asyncio.Event()
    app.stop_on_signals(stop)
    print("ready", flush=True)
    await stop.wait()
    print("stopping", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    for word in ("ready", "stopping"):
        assert process.stdout.readline().strip() == word
        process.send_signal(signal.SIGTERM)
    process.communicate(timeout=25)
    assert process.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize(("arguments", "named"), [(["serve", "--workers", "0"], "WORKERS"), (["worker", "--workers", "99"], "WORKERS")])
def test_the_number_of_workers_is_checked(arguments: list[str], named: str) -> None:
    done = run(*arguments)
    assert done.returncode == 78
    assert named in done.stderr


async def test_backup_restore_and_migration_on_the_command_line(serve: Serve, tmp_path: Path, azurite: Azurite) -> None:
    process, url = serve()
    jobs = await drop(url, 2)
    while not all(get(f"{url}/api/jobs/{job}")["status"] == "done" for job in jobs):
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=25)
    here = {"DATA_DIR": str(tmp_path)}
    saved = run("storage", "backup", str(tmp_path / "b.zip"), env=here)
    assert (saved.returncode, "Gesichert." in saved.stderr) == (0, True), saved.stderr
    restored = run("storage", "restore", str(tmp_path / "b.zip"), env={"DATA_DIR": str(tmp_path / "other")})
    assert restored.returncode == 0, restored.stderr
    assert saved.stderr.partition("SHA-256 ")[2][:20] == restored.stderr.partition("SHA-256 ")[2][:20]
    again = run("storage", "restore", str(tmp_path / "b.zip"), env={"DATA_DIR": str(tmp_path / "other")})
    assert (again.returncode, "not empty" in again.stderr) == (1, True)
    refused = run("storage", "migrate", "--to", "azure", env=here)
    assert (refused.returncode, "AZURE_STORAGE_CONNECTION_STRING" in refused.stderr) == (78, True)
    account = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection()}
    moved = run("storage", "migrate", "--to", "azure", env=here | account)
    assert moved.returncode == 0, moved.stderr
    back = run("storage", "migrate", "--to", "local", env={"DATA_DIR": str(tmp_path / "back")} | account)
    assert back.returncode == 0, back.stderr
    assert run("storage", "dead-letters", env=account).returncode == 0
    kept = run("retention", "--tenant", "local", "--candidate", "10", env=account)
    assert "Kandidat/innen nach 10 Tagen" in kept.stdout
    assert run("retention", "--tenant", "local", "--log", "10", env=account).returncode == 1
    report = run("retention", env=account)
    assert (report.returncode, "local" in report.stdout) == (0, True), report.stderr


def test_without_graph_settings_its_client_is_not_loaded() -> None:
    script = """
import asyncio, os, sys, tempfile
from dataclasses import replace
from pathlib import Path
from app import start
from bot.settings import Settings
from tests.ports import free_port

async def main():
    with tempfile.TemporaryDirectory() as folder:
        running = await start(replace(Settings(), data=Path(folder), port=free_port()))
        running.stop.set()
        await running.ended
    print(sorted(name for name in sys.modules if name.split(".")[0] in ("msgraph", "msgraph_core", "kiota_abstractions")))

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("[]"), done.stdout
