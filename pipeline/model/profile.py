"""A job profile that a customer wants filled (Stellenprofil)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Importance(StrEnum):
    MUST = "must"
    NICE = "nice"

    @property
    def weight(self) -> int:
        """What a requirement weighs where nobody has said otherwise."""
        return 3 if self is Importance.MUST else 1


class Requirement(_Stored):
    """One thing that the customer asks for. `years` and `level` are the least, 0 and empty where none is asked.

    `level` is a CEFR level (A1 to C2). `suggested`: a model's idea that does not count until a person confirms it. `line` of the posting, or 0.
    """

    id: str
    text: str = Field(min_length=1, max_length=400)
    importance: Importance = Importance.MUST
    weight: int = Field(default=3, ge=1, le=5)
    years: float = Field(default=0.0, ge=0, le=50)
    level: str = Field(default="", pattern="^([ABC][12])?$")
    suggested: bool = False
    line: int = 0


class Profile(_Stored):
    """`language` is the posting's (ISO 639-1); `source` the name of the file that it came in, if any. `version` counts its changes.

    `suggested_tasks` are a model's ideas, as suggested requirements are.
    """

    id: str = ""
    tenant: str = ""
    user: str = ""
    title: str = Field(min_length=1, max_length=200)
    customer: str = ""
    place: str = ""
    start: str = ""
    workload: str = ""
    summary: str = ""
    tasks: tuple[str, ...] = ()
    suggested_tasks: tuple[str, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    offers: tuple[str, ...] = ()
    language: str = "de"
    source: str = ""
    created: datetime | None = None
    updated: datetime | None = None
    version: int = 1
    archived: bool = False

    @property
    def suggests(self) -> bool:
        """Does it hold ideas that nobody has taken over?"""
        return bool(self.suggested_tasks) or any(r.suggested for r in self.requirements)

    @property
    def confirmed(self) -> tuple[Requirement, ...]:
        """The requirements that count."""
        return tuple(r for r in self.requirements if not r.suggested)
