"""How much one person may ask for: what is beyond is refused at once, so that no queue grows. Each process counts for itself."""

from __future__ import annotations

from dataclasses import dataclass

from aiolimiter import AsyncLimiter

from pipeline.errors import UserError
from pipeline.model.person import Person

REMEMBERED = 10_000
MINUTE, TEN_MINUTES = 60.0, 600.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """Messages a minute and uploads in ten minutes, of one person; however many files an upload has. 0: no limit."""

    messages: int = 30
    uploads: int = 20


class Rates:
    def __init__(self, allowance: Allowance) -> None:
        self._kinds = {"message": (allowance.messages, MINUTE), "upload": (allowance.uploads, TEN_MINUTES)}
        self._limits: dict[tuple[str, str, str], AsyncLimiter] = {}

    async def message(self, person: Person) -> None:
        """Raises UserError: too_fast."""
        await self._count("message", person)

    async def upload(self, person: Person) -> None:
        """Raises UserError: too_fast."""
        await self._count("upload", person)

    async def _count(self, kind: str, person: Person) -> None:
        most, seconds = self._kinds[kind]
        if not most:
            return
        if len(self._limits) >= REMEMBERED:
            self._limits.clear()
        limit = self._limits.setdefault((kind, person.tenant, person.user), AsyncLimiter(most, seconds))
        if not limit.has_capacity():
            raise UserError("too_fast", minutes=max(1, round(seconds / most / MINUTE)))
        await limit.acquire()
