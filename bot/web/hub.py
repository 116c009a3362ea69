"""Changes of jobs, handed on to the open pages of their user."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.model.job import Job

WAITING = 500
"""So many unread changes a page may have; then it is cut off and connects again."""


class Hub:
    def __init__(self) -> None:
        self._listeners: dict[asyncio.Queue[Job | None], tuple[str, str]] = {}

    @contextmanager
    def listen(self, tenant: str, user: str) -> Iterator[asyncio.Queue[Job | None]]:
        """A queue of changes; None says that the server is going down."""
        queue: asyncio.Queue[Job | None] = asyncio.Queue(WAITING)
        self._listeners[queue] = (tenant, user)
        try:
            yield queue
        finally:
            self._listeners.pop(queue, None)

    def publish(self, job: Job) -> None:
        for queue, who in list(self._listeners.items()):
            if who == (job.tenant, job.user):
                self._put(queue, job)

    def close(self) -> None:
        for queue in list(self._listeners):
            self._put(queue, None)

    def _put(self, queue: asyncio.Queue[Job | None], job: Job | None) -> None:
        try:
            queue.put_nowait(job)
        except asyncio.QueueFull:  # it reads too slowly: cut off, it connects again and asks for everything
            self._listeners.pop(queue, None)
            queue.get_nowait()
            queue.put_nowait(None)
