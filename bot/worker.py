"""Lease a wake-up, run its job, keep its cards up to date."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from pipeline.jobs import Runner
from pipeline.model.job import Job
from pipeline.ports import Queue, Wakeup

_log = logging.getLogger("worker")

SWEEP_SECONDS = 30.0
DRAIN_SECONDS = 15.0
"""With closing connections and sandbox the process ends within 25 s of SIGTERM."""


class Worker:
    """Runs up to `count` jobs at a time. `publish` hears of every change of a job; `idle` seconds between looks at an empty queue."""

    def __init__(self, runner: Runner, queue: Queue, publish: Callable[[Job], None], *, count: int = 2, idle: float = 1.0) -> None:
        self._runner = runner
        self._queue = queue
        self._publish = publish
        self._count = count
        self._idle = idle
        self._nudge = asyncio.Event()
        self._stopping = False
        self._running: dict[asyncio.Task[None], tuple[str, str]] = {}
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._loops = [asyncio.create_task(self._take()), asyncio.create_task(self._sweep())]

    async def alive(self) -> None:
        """Raises RuntimeError where a loop has ended that should run."""
        if not self._loops or any(loop.done() for loop in self._loops):
            raise RuntimeError("the worker's loop has ended")

    def nudge(self) -> None:
        """There may be something new: look now."""
        self._nudge.set()

    async def stop(self) -> None:
        """Take nothing new; let running jobs finish for a while, then give them back."""
        self._stopping = True
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if self._running:
            await asyncio.wait(list(self._running), timeout=DRAIN_SECONDS)
        for task, (tenant, job_id) in list(self._running.items()):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._runner.release(tenant, job_id)

    async def _take(self) -> None:
        while not self._stopping:
            if len(self._running) >= self._count:
                await asyncio.wait(list(self._running), return_when=asyncio.FIRST_COMPLETED)
                continue
            self._nudge.clear()
            try:
                wakeup = await self._queue.receive(lease=self._runner.lease)
            except Exception:  # noqa: BLE001  # storage failed: the loop must live on
                _log.exception("queue")
                wakeup = None
            if wakeup is None:
                try:
                    async with asyncio.timeout(self._idle):
                        await self._nudge.wait()
                except TimeoutError:
                    pass
                continue
            tenant, _, job_id = wakeup.body.partition("/")
            task = asyncio.create_task(self._work(wakeup, tenant, job_id))
            self._running[task] = (tenant, job_id)
            task.add_done_callback(lambda t: self._running.pop(t, None))

    async def _work(self, wakeup: Wakeup, tenant: str, job_id: str) -> None:
        async def notify(job: Job) -> None:
            self._publish(job)

        beat = asyncio.create_task(self._extend(wakeup, tenant, job_id))
        try:
            await self._runner.run(tenant, job_id, notify)
            await self._queue.delete(wakeup)
        except Exception:  # noqa: BLE001  # storage failed: the wake-up comes back after its lease
            _log.exception("job %s", job_id)
        finally:
            beat.cancel()

    async def _extend(self, wakeup: Wakeup, tenant: str, job_id: str) -> None:
        while True:
            await asyncio.sleep(self._runner.lease / 3)
            try:
                await self._queue.extend(wakeup, lease=self._runner.lease)
                await self._runner.renew(tenant, job_id)
            except Exception:  # noqa: BLE001  # storage failed: the next beat tries again
                _log.exception("heartbeat")

    async def _sweep(self) -> None:
        while True:
            try:
                if woken := await self._runner.sweep():
                    _log.info("woke %d waiting jobs", woken)
            except Exception:  # noqa: BLE001  # storage failed: the next round tries again
                _log.exception("sweep")
            await asyncio.sleep(SWEEP_SECONDS)
