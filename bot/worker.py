"""Lease a wake-up, run its job, keep its cards up to date."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from pipeline.errors import TransientError
from pipeline.jobs import MAX_ATTEMPTS, Runner
from pipeline.model.job import Job
from pipeline.ports import Queue, Wakeup

_log = logging.getLogger("worker")

SWEEP_SECONDS = 15.0
"""What was lost with a killed process goes on after its lease and at most this time."""
RELEASE_SECONDS = 4.0
"""So long giving a job back may take, all at the same time."""
DRAIN_SECONDS = 15.0
"""With closing connections and sandbox the process ends within 25 s of SIGTERM."""
DAILY_SECONDS = 3600.0
"""Between two looks whether the daily work is due."""
ALSO_EACH = 2
"""What is no job is looked after at each second round."""
LONGEST_IDLE = 4.0
"""Seconds between two looks at a queue that stays empty: 15 calls a minute, and no job waits longer."""


@dataclass(slots=True)
class _Held:
    """A wake-up in hand; its receipt changes whenever it is extended."""

    wakeup: Wakeup
    tenant: str
    job_id: str
    holder: str = ""


class Worker:
    """Runs up to `count` jobs at a time.

    `publish` hears of every change of a job; `idle` seconds between the first looks at an empty queue; `daily` does what is due once a day,
    and is asked more often; `sweep` looks after what is no job, as often as the sweeper looks after jobs.
    """

    def __init__(
        self,
        runner: Runner,
        queue: Queue,
        publish: Callable[[Job], None],
        *,
        count: int = 2,
        idle: float = 1.0,
        daily: Callable[[], Awaitable[object]] | None = None,
        sweep: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._runner = runner
        self._queue = queue
        self._publish = publish
        self._count = count
        self._idle = idle
        self._daily = daily
        self._also = sweep
        self._nudge = asyncio.Event()
        self._stopping = False
        self._running: dict[asyncio.Task[None], _Held] = {}
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._loops = [asyncio.create_task(loop) for loop in (self._take(), self._sweep(), self._every_day())]

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
        await asyncio.gather(*(self._give_back(task, held) for task, held in list(self._running.items())))

    async def _give_back(self, task: asyncio.Task[None], held: _Held) -> None:
        """Stop it, and let another take it at once; where the storage does not answer, its lease runs out."""
        task.cancel()
        with suppress(TransientError, TimeoutError):
            async with asyncio.timeout(RELEASE_SECONDS):
                await asyncio.gather(task, return_exceptions=True)
                await self._runner.release(held.tenant, held.job_id, held.holder)
                await self._queue.extend(held.wakeup, lease=0.0)

    async def _take(self) -> None:
        idle = self._idle
        while not self._stopping:
            if len(self._running) >= self._count:
                await asyncio.wait(list(self._running), return_when=asyncio.FIRST_COMPLETED)
                continue
            self._nudge.clear()
            wakeup = await self._received()
            if wakeup is None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(idle):
                        await self._nudge.wait()
                idle = self._idle if self._nudge.is_set() else min(idle * 1.5, LONGEST_IDLE)
                continue
            idle = self._idle
            tenant, _, job_id = wakeup.body.partition("/")
            held = _Held(wakeup, tenant, job_id)
            task = asyncio.create_task(self._work(held))
            self._running[task] = held
            task.add_done_callback(lambda t: self._running.pop(t, None))

    async def _received(self) -> Wakeup | None:
        """The next wake-up. Stopped in the middle, what comes in all the same is handed back at once."""
        receiving = asyncio.ensure_future(self._next())
        try:
            return await asyncio.shield(receiving)
        except asyncio.CancelledError:
            with suppress(TransientError):
                if wakeup := await receiving:
                    await self._queue.extend(wakeup, lease=0.0)
            raise

    async def _next(self) -> Wakeup | None:
        try:
            return await self._queue.receive(lease=self._runner.lease)
        except TransientError as error:  # the loop must live on
            _log.warning("queue: %s", error)
        except Exception:  # noqa: BLE001  # whatever it is
            _log.exception("queue")
        return None

    async def _work(self, held: _Held) -> None:
        async def notify(job: Job) -> None:
            held.holder = job.holder
            self._publish(job)

        beat = asyncio.create_task(self._extend(held))
        try:
            outcome = await self._runner.run(held.tenant, held.job_id, notify)
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)  # the receipt must not change any more
            if outcome.dead:
                await self._queue.bury(held.wakeup)
            elif outcome.again is not None:
                await self._queue.extend(held.wakeup, lease=outcome.again)
            else:
                await self._queue.delete(held.wakeup)
        except TransientError as error:  # the wake-up comes back after its lease
            _log.warning("job %s: %s", held.job_id, error)
        except Exception:  # noqa: BLE001  # a record that cannot be read, for instance
            _log.exception("job %s", held.job_id)
            if held.wakeup.count >= MAX_ATTEMPTS:
                with suppress(TransientError):
                    await self._queue.bury(held.wakeup)
        finally:
            beat.cancel()

    async def _extend(self, held: _Held) -> None:
        while True:
            await asyncio.sleep(self._runner.lease / 3)
            try:
                held.wakeup = await self._queue.extend(held.wakeup, lease=self._runner.lease) or held.wakeup
            except TransientError as error:  # the next beat tries again
                _log.warning("heartbeat: %s", error)

    async def _sweep(self) -> None:
        async def notify(job: Job) -> None:
            self._publish(job)

        every, rounds = min(SWEEP_SECONDS, self._runner.lease), 0
        while True:
            try:
                if looked := await self._runner.sweep(notify, every=every):
                    _log.info("looked after %d jobs", looked)
                    self.nudge()
                rounds += 1
                if self._also and rounds % ALSO_EACH == 0:
                    await self._also()
            except TransientError as error:  # the next round tries again
                _log.warning("sweep: %s", error)
            except Exception:  # noqa: BLE001  # the loop must live on
                _log.exception("sweep")
            await asyncio.sleep(every)

    async def _every_day(self) -> None:
        while self._daily:
            try:
                await self._daily()
            except TransientError as error:
                _log.warning("daily work: %s", error)
            except Exception:  # noqa: BLE001  # the loop must live on
                _log.exception("daily work")
            await asyncio.sleep(DAILY_SECONDS)
        await asyncio.Event().wait()
