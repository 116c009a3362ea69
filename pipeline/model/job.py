"""One piece of background work, as it is stored."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from pipeline.model.customer import ListPreview
from pipeline.model.finding import Severity
from pipeline.model.match import Match, Shortlist
from pipeline.model.person import Person
from pipeline.model.profile import Profile


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"

    @property
    def ended(self) -> bool:
        return self not in (State.QUEUED, State.RUNNING)


class Kind(StrEnum):
    """What a job makes: a Word CV, a profile of a posting, a match, the ranking of all CVs for a profile, or customers of a list."""

    CV = "cv"
    PROFILE = "profile"
    MATCH = "match"
    SHORTLIST = "shortlist"
    CUSTOMERS = "customers"


class Step(StrEnum):
    RECEIVED = "received"
    READING = "reading"
    STRUCTURING = "structuring"
    CHECKING = "checking"
    WRITING = "writing"
    SAVED = "saved"


STEPS = tuple(Step)


THREAD = ";messageid="
"""In a channel, this and the id of the message that is answered follow the channel's id."""


class Place(StrEnum):
    """What kind of conversation: between one person and the bot, or one that others read."""

    PERSONAL = "personal"
    GROUP = "groupChat"
    CHANNEL = "channel"


class Conversation(_Stored):
    """Where to answer, hours later too. `user_id` is the channel's, `user` the directory's id of the person, `name` theirs.

    In a channel of a team: `team` is the channel's own id of the team, `team_group` the directory's, `team_channel` the channel in it.
    """

    tenant: str
    id: str
    service_url: str
    channel: str
    bot_id: str
    user_id: str
    user: str
    name: str = ""
    locale: str = "de"
    place: Place = Place.PERSONAL
    team: str = ""
    team_group: str = ""
    team_channel: str = ""

    @property
    def personal(self) -> bool:
        """Nobody but this person reads it."""
        return self.place is Place.PERSONAL

    @property
    def person(self) -> Person:
        return Person(tenant=self.tenant, user=self.user, channel_user=self.user_id)

    @property
    def thread(self) -> str:
        """The chat or the channel, whatever message of it is answered."""
        return self.id.partition(THREAD)[0]


class Source(_Stored):
    """Where the bytes come from: a short-lived link of the channel, a file shared in a chat (`share` is its address, opened with the sender's own
    rights), or a blob that is already ours (all empty). `message` is a message whose files are not known yet, as Graph addresses it.
    """

    url: str = ""
    name: str
    size: int = 0
    share: str = ""
    message: str = ""


class WhenEdited(StrEnum):
    """What becomes of a new Word file where somebody has edited the one before."""

    ASK = "ask"
    BESIDE = "beside"
    REPLACE = "replace"


class Beside(StrEnum):
    """Why a file lies beside another of the same name, in place of which it could not be saved."""

    EXISTS = "exists"
    OPEN = "open"
    EDITED = "edited"


class DriveItem(_Stored):
    """A saved file: `id` within its drive, `url` opens it for the user, `folder` the folder it lies in, where there is one to open.

    `drive` is Graph's id of the drive, empty where the app serves the file; then `waits`, where it does so until its owner signs in. `path` is the
    folder as people read it. The file lies in the OneDrive of its `owner`, or in a library of `site`, whose members see it; `shared`: so do
    others. `ctag` is the version of the content as it was written.
    """

    id: str
    name: str
    url: str
    folder: str = ""
    drive: str = ""
    path: str = ""
    owner: Person | None = None
    site: str = ""
    shared: bool = False
    ctag: str = ""
    beside: Beside | None = None
    waits: bool = False

    @property
    def saved_in(self) -> str:
        """ "download", "onedrive", "library"; empty where there is nothing but the app's own drive."""
        if not self.drive:
            return "download" if self.waits else ""
        return "onedrive" if self.owner else "library"


class Notice(_Stored):
    """A finding as it is kept with the result."""

    severity: Severity
    key: str
    values: dict[str, str] = Field(default_factory=dict)


class Change(_Stored):
    """What a new version of a CV says that the one before did not (or the other way round); `kind` is the key of a message."""

    kind: str
    text: str


class Usage(_Stored):
    """Tokens and money of model calls; `cost` in US dollars."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0


class Result(_Stored):
    """What the result card shows. `years` of experience; `seconds` from receipt to the saved file.

    `earlier` are Word files of before that were not replaced but lie beside the newest.
    """

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
    earlier: tuple[DriveItem, ...] = ()
    pages: int = 0
    version: int = 1
    changes: tuple[Change, ...] = ()


class Problem(_Stored):
    """Why a job failed: a message key with values, and the reference number that the log has too."""

    key: str
    values: dict[str, str | int] = Field(default_factory=dict)
    reference: str
    retry: bool = False


class Job(_Stored):
    """`profile` is what a match or a shortlist is about, `about` the job whose CV is matched. `outcome` is what a job that makes no CV has made:
    never stored here, it is looked up to be shown.

    `revealed`: who sent the CV in shows it to everybody in the conversation.

    `same_as` is the job whose result this one has, because the same file was worked on before, unless `fresh` was asked for.

    `attempts` since the last step that was done; `holder` is the attempt that has the lease.

    An `archive` is a ZIP file: its work is to become the jobs of the CVs in it, in the batch that it names. `content` is the SHA-256 of the
    file's bytes, `candidate` the id of whose CV it is, once that is known; `archived`: its files are packed.

    `edited`: somebody has edited the Word file since, and the person has to say `when_edited` what becomes of the new one.
    """

    id: str
    tenant: str
    user: str
    kind: Kind = Kind.CV
    profile: str = ""
    about: str = ""
    source: Source
    created: datetime
    updated: datetime
    asked_again: datetime | None = None
    state: State = State.QUEUED
    step: Step = Step.RECEIVED
    attempts: int = 0
    holder: str = ""
    lease_until: datetime | None = None
    wake_at: datetime | None = None
    template: str
    language: str = ""
    locale: str = "de"
    conversation: Conversation | None = None
    card: str = ""
    revealed: bool = False
    batch: str = ""
    archive: bool = False
    content: str = ""
    same_as: str = ""
    fresh: bool = False
    candidate: str = ""
    archived: bool = False
    edited: bool = False
    when_edited: WhenEdited = WhenEdited.ASK
    timings: dict[str, float] = Field(default_factory=dict)
    usage: Usage = Usage()
    result: Result | None = None
    problem: Problem | None = None
    outcome: Profile | Match | Shortlist | ListPreview | None = None

    @property
    def person(self) -> Person:
        """Who sent it in."""
        return self.conversation.person if self.conversation else Person(tenant=self.tenant, user=self.user)

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
    """Several jobs that came together and share one card; their ids begin with its `prefix`.

    `parent` is the ZIP file's job, whose card it takes over. `page` of the results is the one that the card shows. Before `next_update` nobody
    draws the card again.
    """

    id: str
    tenant: str
    user: str
    created: datetime
    conversation: Conversation | None = None
    card: str = ""
    parent: str = ""
    page: int = 0
    next_update: datetime | None = None

    @property
    def prefix(self) -> str:
        return self.id[:BATCH_PREFIX]


BATCH_PREFIX = 12
"""Digits of a batch's id that its jobs' ids begin with: so one question finds them all."""


class Marker(_Stored):
    """Says that a job's card is not final yet: at `due` somebody looks after it."""

    due: datetime


class Pointer(_Stored):
    """Where the result for some content is."""

    job: str


class Candidate(_Stored):
    """The person; may own several CVs: the jobs are their versions, oldest first. `matches` are the jobs that held them against profiles.

    `begun` are jobs whose CV is theirs, but has not been saved (yet).

    `used`: when somebody last worked with one of them; `rejected`: when it was said that nothing comes of it; `erasing`: since then they are
    being erased, whatever is killed in between.
    """

    id: str
    tenant: str
    name: str
    email: str = ""
    jobs: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()
    used: datetime
    rejected: datetime | None = None
    erasing: bool = False

    @property
    def all_jobs(self) -> tuple[str, ...]:
        """All that hold something of the person."""
        return (*self.jobs, *self.begun, *self.matches)


class Periods(_Stored):
    """Days: until originals and results are archived, until an unused or rejected candidate is erased, until events are forgotten."""

    hot_days: int = Field(default=30, ge=1)
    candidate_days: int = Field(default=183, ge=1)
    log_days: int = Field(default=183, ge=183)


class Receipt(_Stored):
    """That a candidate was erased: what went, without saying who it was. `cards` were replaced by "deleted"; `left` are Word files in people's
    drives that the app could not delete; `offers` are business letters, which the law says to keep.
    """

    reference: str
    tenant: str
    at: datetime
    cvs: int = 0
    files: int = 0
    blobs: int = 0
    cards: int = 0
    left: int = 0
    offers: int = 0
