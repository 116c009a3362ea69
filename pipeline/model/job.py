"""One piece of background work, as it is stored."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from pipeline.model.finding import Severity


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DELETED = "deleted"

    @property
    def ended(self) -> bool:
        return self in (State.DONE, State.FAILED, State.DELETED)


class Step(StrEnum):
    RECEIVED = "received"
    READING = "reading"
    STRUCTURING = "structuring"
    CHECKING = "checking"
    WRITING = "writing"
    SAVED = "saved"


STEPS = tuple(Step)


class Conversation(_Stored):
    """Where to answer, hours later too. `user_id` is the channel's, `user` the directory's id of the person."""

    tenant: str
    id: str
    service_url: str
    channel: str
    bot_id: str
    user_id: str
    user: str
    locale: str = "de"


class Source(_Stored):
    """Where the bytes come from: a short-lived link of the channel, or a blob that is already ours (`url` empty)."""

    url: str = ""
    name: str
    size: int = 0


class DriveItem(_Stored):
    """A saved file: `id` within its drive, `url` opens it for the user."""

    id: str
    name: str
    url: str


class Notice(_Stored):
    """A finding as it is kept with the result."""

    severity: Severity
    key: str
    values: dict[str, str] = Field(default_factory=dict)


class Usage(_Stored):
    """Tokens and money of model calls; `cost` in US dollars."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0


class Result(_Stored):
    """What the result card shows. `years` of experience; `seconds` from receipt to the saved file."""

    candidate: str
    candidate_id: str
    headline: str = ""
    years: float = 0.0
    position: str = ""
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)
    seconds: float = 0.0
    usage: Usage = Usage()
    structurer: str = ""
    word: DriveItem
    pages: int = 0


class Problem(_Stored):
    """Why a job failed: a message key with values, and the reference number that the log has too."""

    key: str
    values: dict[str, str | int] = Field(default_factory=dict)
    reference: str
    retry: bool = False


class Job(_Stored):
    id: str
    tenant: str
    user: str
    source: Source
    created: datetime
    updated: datetime
    asked_again: datetime | None = None
    state: State = State.QUEUED
    step: Step = Step.RECEIVED
    attempts: int = 0
    lease_until: datetime | None = None
    wake_at: datetime | None = None
    template: str
    language: str = ""
    locale: str = "de"
    conversation: Conversation | None = None
    card: str = ""
    batch: str = ""
    content: str = ""
    timings: dict[str, float] = Field(default_factory=dict)
    usage: Usage = Usage()
    result: Result | None = None
    problem: Problem | None = None

    @property
    def begun(self) -> datetime:
        """When the work that is shown was asked for."""
        return self.asked_again or self.created

    @property
    def progress(self) -> float:
        """Share of the steps that are behind the job, 0 to 1."""
        if self.state in (State.DONE, State.DELETED):
            return 1.0
        return STEPS.index(self.step) / (len(STEPS) - 1)


class Batch(_Stored):
    """Several jobs that came together and share one card."""

    id: str
    tenant: str
    user: str
    created: datetime
    jobs: tuple[str, ...]
    conversation: Conversation | None = None
    card: str = ""


class Candidate(_Stored):
    """The person; may own several CVs."""

    id: str
    tenant: str
    name: str
    email: str = ""
    jobs: tuple[str, ...] = ()
