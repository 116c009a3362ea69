"""What the firm proposes to a customer for a candidate (Angebot), and everything that was decided about it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from pipeline.model.customer import Contact, Customer
from pipeline.model.job import DriveItem
from pipeline.model.person import Person


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stage(StrEnum):
    """Where an offer stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CHANGES = "changes"
    REJECTED = "rejected"
    LAPSED = "lapsed"
    APPROVED = "approved"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    DISCARDED = "discarded"

    @property
    def final(self) -> bool:
        """It has a number and is a business letter: its terms do not change any more."""
        return self in (Stage.APPROVED, Stage.SENT, Stage.ACCEPTED, Stage.DECLINED, Stage.EXPIRED)


class Verb(StrEnum):
    """What can be done with an offer."""

    EDIT = "edit"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request_changes"
    DELEGATE = "delegate"
    LAPSE = "lapse"
    SEND = "send"
    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"
    REOPEN = "reopen"
    DISCARD = "discard"


DECISIONS = frozenset({Verb.APPROVE, Verb.REJECT, Verb.REQUEST_CHANGES})


class Unit(StrEnum):
    """What a rate is paid for."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class Terms(_Stored):
    """What is offered. `rate` per `unit`, `volume` in units, `vat` and `remote` in percent; 0 and None where it is not known yet.

    `days_a_week` and `start` to `end` say how the volume comes about. `cost` is what the unit costs the firm: no customer sees it.
    """

    role: str = Field(default="", max_length=160)
    rate: Decimal = Field(default=Decimal(0), ge=0, le=1_000_000, max_digits=12, decimal_places=2)
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    unit: Unit = Unit.HOUR
    volume: Decimal = Field(default=Decimal(0), ge=0, le=100_000, max_digits=9, decimal_places=2)
    days_a_week: Decimal = Field(default=Decimal(5), gt=0, le=7, max_digits=3, decimal_places=1)
    start: date | None = None
    end: date | None = None
    place: str = Field(default="", max_length=160)
    remote: int = Field(default=0, ge=0, le=100)
    travel: str = Field(default="", max_length=200)
    payment_days: int = Field(default=14, ge=0, le=365)
    conditions: str = Field(default="", max_length=500)
    valid_until: date | None = None
    vat: Decimal = Field(default=Decimal(19), ge=0, le=100, max_digits=5, decimal_places=2)
    cost: Decimal | None = Field(default=None, ge=0, le=1_000_000, max_digits=12, decimal_places=2)
    introduction: str = Field(default="", max_length=3000)


class Colleague(_Stored):
    """Somebody of the firm who decides."""

    user: str
    name: str = ""


class Request(_Stored):
    """What was asked of whom. Without `approvers` everybody with that role may decide. `channel`: in the channel that the firm has chosen."""

    approvers: tuple[Colleague, ...] = ()
    channel: bool = False
    at: datetime
    remind: datetime
    lapse: datetime
    reminded: bool = False


class Move(_Stored):
    """Who did what when, and why. `version` is the one that the person saw, `stage` where it led, `what` the hash of what was offered then.

    The text of a delegation is the id of whom it was passed on to.
    """

    at: datetime
    verb: Verb
    user: str
    name: str = ""
    version: int
    stage: Stage
    text: str = Field(default="", max_length=1000)
    what: str = ""


class Frozen(_Stored):
    """The approved Word file: `sha256` of our own copy, and the one on the drive. `edited`: that one was changed since.

    `problem` is the key of the message that says why it could not be saved there.
    """

    sha256: str
    item: DriveItem
    edited: bool = False
    problem: str = ""


class MailDraft(_Stored):
    """A draft in the submitter's mailbox, or as a file that a mail program opens."""

    id: str
    url: str


class Offer(_Stored):
    """`version` counts the changes of its terms and its submissions: what a person decides, they decide about one version.

    `customer` and `contact` are as they were when it was last edited; `candidate` is the candidate's id, `cv` the job that made the CV, `match` the
    match that it came from, `reference` what a blind offer calls the candidate. `done` counts the moves that are in the approval log.
    `computed`: the volume follows from the period, until somebody says another. `wants_mail` and `wants_words`: a draft of the e-mail, or an
    introduction in a model's words, was asked for and is being made.
    """

    id: str
    tenant: str
    owner: Person
    owner_name: str = ""
    locale: str = "de"
    language: str = Field(default="de", pattern="^[a-z]{2}$")
    created: datetime
    updated: datetime
    version: int = 1
    stage: Stage = Stage.DRAFT
    terms: Terms = Terms()
    customer: Customer | None = None
    contact: Contact | None = None
    candidate: str = ""
    candidate_name: str = ""
    blind: bool = False
    computed: bool = True
    reference: str = ""
    cv: str = ""
    match: str = ""
    profile: str = ""
    request: Request | None = None
    moves: tuple[Move, ...] = ()
    done: int = 0
    year: int = 0
    number: int = 0
    frozen: Frozen | None = None
    mail: MailDraft | None = None
    mail_problem: str = ""
    wants_mail: bool = False
    wants_words: bool = False

    @property
    def name(self) -> str:
        """What it is called once it has a number: ANG-2026-0001; empty before."""
        return f"ANG-{self.year}-{self.number:04}" if self.number else ""

    @property
    def decision(self) -> Move | None:
        """Who decided about the version that is there now; of a business letter, who approved it."""
        if self.stage.final:
            return next((m for m in reversed(self.moves) if m.verb is Verb.APPROVE), None)
        return next((m for m in reversed(self.moves) if m.verb in DECISIONS and m.version == self.version), None)

    @property
    def shown_candidate(self) -> str:
        """As the customer reads it."""
        return self.reference if self.blind else self.candidate_name
