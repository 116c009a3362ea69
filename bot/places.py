"""Which conversations let the bot in, and where each person's 1:1 chat is."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable

from pydantic import BaseModel, ConfigDict

from pipeline.errors import Conflict, TransientError
from pipeline.model.codec import from_json, to_json
from pipeline.model.job import Conversation
from pipeline.ports import Records
from pipeline.store import decoded

SHUT, CHATS = "shut", "chats"
"""SHUT are the conversations that the bot is shut out of; CHATS the 1:1 chats by their person."""
REMEMBERED_SECONDS = 60.0
"""After so long a process looks again whether a conversation is open: another may have heard of it."""
LOOK_SECONDS = 0.3
"""So long it waits for the storage to say that a conversation is shut."""
REMEMBERED = 2000


class Shut(BaseModel):
    """`code` is the channel's, for the operators; `team` is the team's whose channel it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    team: str = ""


class Places:
    def __init__(self, records: Records, *, now: Callable[[], float] = time.monotonic) -> None:
        self._records = records
        self._now = now
        self._shut: dict[tuple[str, str], tuple[bool, float]] = {}
        self._chats: dict[tuple[str, str], Conversation] = {}

    # --- shut out

    async def is_shut(self, where: Conversation) -> bool:
        place = (where.tenant, _key(where))
        shut, until = self._shut.get(place, (False, -1.0))
        if until <= self._now():
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    shut = await self._records.get(SHUT, *place) is not None
            except (TransientError, TimeoutError):  # better to knock at a closed door than to leave somebody with silence
                return False
            self._remember(place, shut=shut)
        return shut

    async def shut(self, where: Conversation, code: str) -> None:
        place = (where.tenant, _key(where))
        self._remember(place, shut=True)
        try:
            await self._records.put(SHUT, *place, to_json(Shut(code=code, team=where.team), Shut), etag=None)
        except Conflict:
            return  # known already

    async def open(self, where: Conversation) -> None:
        """A team that lets the bot in does so in all of its channels."""
        self._shut.clear()
        await self._records.delete(SHUT, where.tenant, _key(where))
        if where.team:
            for record in await self._records.all(SHUT, where.tenant):
                if from_json(record.value, Shut).team == where.team:
                    await self._records.delete(SHUT, where.tenant, record.key)

    def _remember(self, place: tuple[str, str], *, shut: bool) -> None:
        if len(self._shut) >= REMEMBERED:
            self._shut.clear()
        self._shut[place] = (shut, self._now() + REMEMBERED_SECONDS)

    # --- 1:1 chats

    async def seen(self, where: Conversation) -> None:
        """Remember the 1:1 chat of a person, and its service url, which may change."""
        place = (where.tenant, _hash(where.user))
        if not where.personal or self._chats.get(place) == where:
            return
        known = await self._records.get(CHATS, *place)
        if known is None or from_json(known.value, Conversation) != where:
            try:
                await self._records.put(CHATS, *place, to_json(where, Conversation), etag=known.etag if known else None)
            except Conflict:
                return  # the same person wrote twice: either is right
        if len(self._chats) >= REMEMBERED:
            self._chats.clear()
        self._chats[place] = where

    async def people(self, tenant: str) -> list[Conversation]:
        """The 1:1 chats of all who have written to the bot."""
        return [chat for chat in decoded(await self._records.all(CHATS, tenant), Conversation) if chat]

    async def chat_of(self, tenant: str, user: str) -> Conversation | None:
        known = await self._records.get(CHATS, tenant, _hash(user))
        return from_json(known.value, Conversation) if known else None


def _key(where: Conversation) -> str:
    """The chat or the channel: its threads are open or shut with it."""
    return _hash(where.thread)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
