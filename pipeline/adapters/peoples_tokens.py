"""Graph tokens in a person's name, wherever they have signed in: in the chat, or in the tab, whose token is held in memory while it is good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pipeline.errors import SignInNeeded
from pipeline.model.person import Person
from pipeline.ports import Tokens

GOOD_FOR = timedelta(minutes=60)
"""Entra's own tokens end by then; one that has ended is refused there."""
MOST = 1000


class Exchange(Protocol):
    async def graph(self, assertion: str, tenant: str) -> str:
        """Raises SignInNeeded, TransientError."""
        ...


@dataclass(frozen=True, slots=True)
class _Handed:
    token: str
    until: datetime


class PeoplesTokens:
    """`chat` gives the person as the chat's token service knows them, None where they have never written to the bot."""

    def __init__(
        self, chat_tokens: Tokens, exchange: Exchange, chat: Callable[[Person], Awaitable[Person | None]], *, now: Callable[[], datetime]
    ) -> None:
        self._chat_tokens = chat_tokens
        self._exchange = exchange
        self._chat = chat
        self._now = now
        self._handed: dict[tuple[str, str], _Handed] = {}

    def hand_in(self, person: Person, token: str) -> None:
        """The tab's checked token. It is never stored."""
        if len(self._handed) >= MOST:
            self._handed.clear()
        self._handed[person.tenant, person.user] = _Handed(token, self._now() + GOOD_FOR)

    async def graph(self, person: Person) -> str:
        """Raises SignInNeeded, TransientError."""
        if person.channel_user:
            return await self._chat_tokens.graph(person)
        handed = self._handed.get((person.tenant, person.user))
        if handed and handed.until > self._now():
            with suppress(SignInNeeded):  # it has ended, or Entra asks for more: the chat's sign-in may do
                return await self._exchange.graph(handed.token, person.tenant)
            self._handed.pop((person.tenant, person.user), None)
        known = await self._chat(person)
        if known is None:
            raise SignInNeeded
        return await self._chat_tokens.graph(known)
