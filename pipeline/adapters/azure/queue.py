"""Queue in Azure Queue Storage. Messages hold ids only, never expire, and go to a second queue when they are dead."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from pipeline.adapters.azure.account import Account
from pipeline.ports import Wakeup

T = TypeVar("T")

QUEUE = "cvgen-wakeups"
DEAD = "cvgen-wakeups-dead"
_FOR_EVER = -1
"""Time to live: without it a message vanishes after seven days."""

_LONGEST = 7 * 24 * 3600
_GONE = frozenset({"PopReceiptMismatch", "MessageNotFound"})


class StorageQueue:
    def __init__(self, account: Account) -> None:
        self._account = account
        self._queue = account.queues.get_queue_client(QUEUE)
        self._dead = account.queues.get_queue_client(DEAD)

    async def send(self, body: str, *, delay: float = 0.0) -> None:
        visible = min(math.ceil(delay), _LONGEST)
        await self._on(self._queue, lambda: self._queue.send_message(body, visibility_timeout=visible, time_to_live=_FOR_EVER))

    async def receive(self, *, lease: float) -> Wakeup | None:
        seconds = max(1, math.ceil(lease))
        message = await self._on(self._queue, lambda: self._queue.receive_message(visibility_timeout=seconds))
        if message is None:
            return None
        return Wakeup(message.content, f"{message.id} {message.pop_receipt}", message.dequeue_count or 1)

    async def extend(self, wakeup: Wakeup, *, lease: float) -> Wakeup | None:
        """Each extension gives a new receipt; only the newest is good."""
        number, _, receipt = wakeup.receipt.partition(" ")
        seconds = max(1, math.ceil(lease))
        async with self._account.asked():
            try:
                message = await self._queue.update_message(number, receipt, visibility_timeout=seconds)
            except HttpResponseError as error:
                if not _gone(error):
                    raise
                return None
        return Wakeup(wakeup.body, f"{number} {message.pop_receipt}", wakeup.count)

    async def delete(self, wakeup: Wakeup) -> None:
        await self._deleted(wakeup)

    async def bury(self, wakeup: Wakeup) -> None:
        await self._on(self._dead, lambda: self._dead.send_message(wakeup.body, time_to_live=_FOR_EVER))
        await self._deleted(wakeup)

    async def dead(self) -> list[str]:
        return [message.content for message in await self._on(self._dead, lambda: self._dead.peek_messages(max_messages=32))]

    async def _deleted(self, wakeup: Wakeup) -> None:
        number, _, receipt = wakeup.receipt.partition(" ")
        async with self._account.asked():
            try:
                await self._queue.delete_message(number, receipt)
            except HttpResponseError as error:
                if not _gone(error):
                    raise

    async def _on(self, queue: Any, call: Callable[[], Awaitable[T]]) -> T:
        """The call's answer; the queue is made with the first one."""
        async with self._account.asked():
            try:
                return await call()
            except ResourceNotFoundError:
                with suppress(ResourceExistsError):  # another process was quicker
                    await queue.create_queue()
                return await call()


def _gone(error: HttpResponseError) -> bool:
    """Somebody else has the message by now, or it was deleted."""
    return error.status_code in (400, 404) and str(getattr(error, "error_code", "")).rpartition(".")[2].replace("_", "").lower() in {
        name.lower() for name in _GONE
    }
