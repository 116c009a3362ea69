"""The filter of system calls: what it stops, and that nothing starts without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.read import jail
from pipeline.read.sandbox import Sandbox
from tests.conftest import ROOT


def in_a_process(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def test_this_platform_has_it() -> None:
    assert jail.available()


def test_a_jailed_process_cannot_get_out() -> None:
    assert in_a_process("import json; from pipeline.read import jail; jail.install(); print(json.dumps(jail.escapes()))") == []


def test_a_free_one_can_so_the_attempts_are_real() -> None:
    free = in_a_process("import json; from pipeline.read import jail; print(json.dumps(jail.escapes()))")
    assert len(free) == len(jail._ATTEMPTS)


def test_threads_and_pipes_still_work() -> None:
    code = "import json, threading; from pipeline.read import jail; jail.install(); done = []; t = threading.Thread(target=lambda: done.append('ran')); t.start(); t.join(); print(json.dumps(done))"
    assert in_a_process(code) == ["ran"]


async def test_the_sandbox_does_not_start_where_the_jail_leaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leaky = tmp_path / "leaky.py"
    leaky.write_text(
        "import sys\nfrom pipeline.read import jail, zygote\njail._DENIED.pop('socket')\nzygote.main(int(sys.argv[-1]))\n", encoding="utf-8"
    )
    real = subprocess.Popen

    def start(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        return real([command[0], str(leaky), command[-1]], **{**options, "env": {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}})

    monkeypatch.setattr(subprocess, "Popen", start)
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="open a socket"):
        await sandbox.start()
    await sandbox.close()
