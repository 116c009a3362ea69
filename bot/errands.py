"""What turns leave behind: work that goes on after the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger("bot")


class Errands:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin it; what goes wrong stands in the log."""
        self._begun(work).add_done_callback(_logged)

    async def in_time(self, work: Coroutine[Any, Any, None], seconds: float) -> None:
        """Do it, but wait no longer than that: what takes longer goes on. Raises what goes wrong in time."""
        task = self._begun(work)
        await asyncio.wait({task}, timeout=seconds)
        if task.done():
            task.result()
        else:
            task.add_done_callback(_logged)

    async def drain(self, timeout: float) -> None:
        """Wait for what is left to do, at most `timeout` seconds."""
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=timeout)

    def _begun(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _logged(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("left undone", exc_info=error)
