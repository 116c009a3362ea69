"""Starts children of the program in a few milliseconds: a process that has everything loaded forks them.

As a script: reads one pickled Spec per line (hexadecimal) and forks; prints the child's pid, later "ended PID STATUS".
"""

from __future__ import annotations

import asyncio
import importlib
import os
import pickle
import select
import signal
import sys
from pathlib import Path

LOADED = (
    "bot.board", "bot.incoming", "bot.teams_bot", "bot.web.api", "bot.web.health", "bot.web.page", "bot.web.server", "bot.worker",
    "dialogs.router", "pipeline.adapters.azure.blobs", "pipeline.adapters.azure.queue", "pipeline.adapters.azure.records",
    "pipeline.adapters.local.files", "pipeline.adapters.local.sqlite", "pipeline.adapters.entra",
)  # fmt: skip
"""What the program itself loads late."""

ROOT = Path(__file__).parents[2]


class Nursery:
    async def __aenter__(self) -> Nursery:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.killing.nursery", cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**20
        )
        self._begun: asyncio.Queue[int] = asyncio.Queue()
        self._ended: dict[int, asyncio.Future[int]] = {}
        self._lock = asyncio.Lock()
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        for pid, ended in self._ended.items():
            if not ended.done():
                os.kill(pid, signal.SIGKILL)
        self._process.stdin.close()
        await self._process.wait()
        self._listening.cancel()

    async def spawn(self, spec: object) -> int:
        async with self._lock:
            self._process.stdin.write(pickle.dumps(spec).hex().encode() + b"\n")
            await self._process.stdin.drain()
            return await self._begun.get()

    def kill(self, pid: int, number: int = signal.SIGKILL) -> None:
        if not self._ended[pid].done():
            os.kill(pid, number)

    def alive(self, pid: int) -> bool:
        return not self._ended[pid].done()

    async def ended(self, pid: int, timeout: float = 30.0) -> int:
        return await asyncio.wait_for(asyncio.shield(self._ended[pid]), timeout)

    async def _listen(self) -> None:
        while line := await self._process.stdout.readline():
            words = line.split()
            if words[0] == b"ended":
                self._ended[int(words[1])].set_result(int(words[2]))
            elif words[0] == b"began":  # a number may come back: it is another process then
                self._ended[int(words[1])] = asyncio.get_running_loop().create_future()
                self._begun.put_nowait(int(words[1]))


def main() -> None:
    from tests.killing import child

    for name in LOADED:
        importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    waker_read, waker_write = os.pipe()
    os.set_blocking(waker_write, False)
    signal.set_wakeup_fd(waker_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    pending = b""
    while True:
        ready, _, _ = select.select([0, waker_read], [], [])
        if waker_read in ready:
            os.read(waker_read, 4096)
            reap()
        if 0 in ready:
            chunk = os.read(0, 1 << 16)
            if not chunk:
                return
            pending += chunk
            while b"\n" in pending:
                line, _, pending = pending.partition(b"\n")
                fork(child, pickle.loads(bytes.fromhex(line.decode())), waker_read, waker_write)


def fork(child: object, spec: object, *waker: int) -> None:
    pid = os.fork()
    if pid:
        print("began", pid, flush=True)
        return
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in (*waker, 0):
            os.close(descriptor)
        os.dup2(2, 1)  # what the program prints must not reach the driver's line
        child.run(spec)
        status = 0
    finally:
        os._exit(status)


def reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        print("ended", pid, os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
