"""What the pipeline needs from outside. Adapters in `pipeline.adapters` fill these; `app.py` chooses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pipeline.model.document import Document
from pipeline.model.job import Conversation, DriveItem, Source, WhenEdited
from pipeline.model.offer import MailDraft
from pipeline.model.person import Person, Role


@dataclass(frozen=True, slots=True)
class Record:
    """A stored JSON document and the tag of the version that was read."""

    key: str
    value: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Wakeup:
    """A queue message: an id, and the receipt that extends or deletes it. `count` says how often it was received."""

    body: str
    receipt: str
    count: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked. `schema` is the strict JSON schema of the answer, `name` its name (letters, digits, _)."""

    name: str
    system: str
    user: str
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer as JSON, with the tokens used and their price in US dollars."""

    answer: dict[str, Any]
    input_tokens: int
    output_tokens: int
    cost: float
    model: str


class RefusedByModel(Exception):
    """The model gave no usable answer: a refusal, a cut-off, or something outside the schema."""


class Records(Protocol):
    """JSON documents with compare-and-set, in tables partitioned by tenant. Keys are ids: [A-Za-z0-9_-].

    Every call of this port, of Blobs and of Queue may raise TransientError where the storage does not answer in time.
    """

    async def get(self, table: str, tenant: str, key: str) -> Record | None: ...

    async def put(self, table: str, tenant: str, key: str, value: bytes, *, etag: str | None) -> str:
        """Write and return the new etag. `etag=None` creates. Raises Conflict where the stored version is another."""
        ...

    async def delete(self, table: str, tenant: str, key: str, *, etag: str | None = None) -> None:
        """Deleting what is not there is no error. With an etag: raises Conflict where the stored version is another."""
        ...

    async def all(self, table: str, tenant: str, *, prefix: str = "", limit: int | None = None) -> list[Record]:
        """A tenant's records by key: those whose key begins with `prefix`, at most the first `limit`."""
        ...

    async def tenants(self, table: str) -> list[str]: ...

    async def tables(self) -> list[str]: ...

    async def scrub(self) -> None:
        """Let go of what was deleted or changed, where the storage itself keeps it for a while."""
        ...


class Blobs(Protocol):
    """Named byte strings. Names are paths of ids: `tenant/job/name`."""

    async def put(self, name: str, data: bytes) -> None:
        """Write or replace, atomically."""
        ...

    async def get(self, name: str) -> bytes | None: ...

    async def delete(self, prefix: str) -> int:
        """Delete the blob of that name, or all below it as a folder; returns how many."""
        ...

    async def names(self, prefix: str = "") -> list[str]:
        """The names of all blobs below a prefix (all without one), sorted."""
        ...

    async def archive(self, name: str) -> bool:
        """Compress a blob and move it to the cheap tier; `get` still gives it as it was. False where there is nothing to do."""
        ...


class Queue(Protocol):
    """Wake-ups with a lease: what is received and not deleted comes back."""

    async def send(self, body: str, *, delay: float = 0.0) -> None: ...

    async def receive(self, *, lease: float) -> Wakeup | None:
        """The next wake-up, hidden from others for `lease` seconds; None where there is none."""
        ...

    async def extend(self, wakeup: Wakeup, *, lease: float) -> Wakeup | None:
        """Hide it for longer; None where somebody else has it by now."""
        ...

    async def delete(self, wakeup: Wakeup) -> None: ...

    async def bury(self, wakeup: Wakeup) -> None:
        """Move it to the dead letters, for people to look at."""
        ...

    async def dead(self) -> list[str]:
        """The bodies of the dead letters, oldest first, at most 32."""
        ...


@dataclass(frozen=True, slots=True)
class WordFile:
    """What is to be saved. `candidate` is whose CV it is, `created` when it was sent in.

    The bytes name their job, and repeating the job gives the same bytes: so a drive finds what an earlier attempt has left there.
    `of_several`: the address of its folder is wanted too, where all of them lie.
    """

    job: str
    candidate: str
    name: str
    data: bytes
    created: datetime
    of_several: bool = False


class Drive(Protocol):
    """Where Word files go: in the person's name, or in the firm's."""

    async def save(self, person: Person, file: WordFile, *, known: DriveItem | None = None, when_edited: WhenEdited = WhenEdited.ASK) -> DriveItem:
        """Save a file. The same job saving again finds its own file: one job, one file.

        `known` is the job's file of before, whose place it takes. Nothing else is ever overwritten, and `known` neither where it is open or was
        edited: then the new file lies beside it. Raises EditedSince, SignInNeeded, UserError (drive_full, drive_forbidden, no_drive), TransientError.
        """
        ...

    def link(self, tenant: str, item: DriveItem) -> str:
        """Where people open it. A link that runs out is a fresh one each time."""
        ...

    async def read(self, tenant: str, item: DriveItem) -> bytes | None:
        """None where it is gone. Raises as `save` does."""
        ...

    async def edited(self, tenant: str, item: DriveItem) -> bool:
        """Has somebody changed the file since it was saved? Raises as `save` does."""
        ...

    async def delete(self, tenant: str, item: DriveItem) -> bool:
        """False where it is still there and cannot be deleted by the app. Raises TransientError."""
        ...


@dataclass(frozen=True, slots=True)
class MailMessage:
    """An e-mail with files by name. The same `key` is the same message."""

    key: str
    to: str
    subject: str
    text: str
    files: tuple[tuple[str, bytes], ...] = ()


class Mail(Protocol):
    """Drafts of e-mails, for a person to send."""

    async def draft(self, person: Person, message: MailMessage) -> MailDraft:
        """Put a draft into the person's mailbox; repeating it finds it. Raises UserError (sign_in_needed, mail_forbidden), TransientError."""
        ...


class Tokens(Protocol):
    """Access tokens in a person's name. Nothing of them is stored by us."""

    async def graph(self, person: Person) -> str:
        """A fresh access token for Microsoft Graph. Raises SignInNeeded, TransientError."""
        ...


@dataclass(frozen=True, slots=True)
class SignInOffer:
    """What a chat needs to let a person sign in: `link` for the person, `exchange` and `post` for their client, as the token service gave them."""

    link: str
    exchange: Mapping[str, str]
    post: Mapping[str, str]


class Directory(Protocol):
    """Who may do what in the firm."""

    async def roles(self, person: Person) -> frozenset[Role]:
        """The person's roles; none where the firm has given none. Raises TransientError where it cannot be told: then nobody may do anything."""
        ...


class SignIn(Protocol):
    """Lets people sign in from a chat. `connection` is the token service's name of what they sign in to."""

    connection: str

    async def offer(self, where: Conversation) -> SignInOffer:
        """Raises TransientError, as all of these do."""
        ...

    async def exchange(self, person: Person, token: str) -> bool:
        """Take the token that the person's client got silently. False where the person has to consent first."""
        ...

    async def redeem(self, person: Person, code: str) -> bool:
        """Take the code that the sign-in window gave. False where it is wrong or has run out."""
        ...

    async def sign_out(self, person: Person) -> None: ...


class Addresses(Protocol):
    """Which town has which postal code."""

    async def towns(self, country: str, postal_code: str) -> tuple[str, ...] | None:
        """The towns with that code, none where there is no such code; None where that is not known for the country (ISO 3166-1)."""
        ...


class Llm(Protocol):
    """A language model that answers in JSON."""

    name: str

    async def complete(self, prompt: Prompt) -> Completion:
        """Raises RefusedByModel, TransientError."""
        ...

    async def close(self) -> None: ...


class IncomingFiles(Protocol):
    """The bytes behind a channel's link, or of a file shared in a chat."""

    async def fetch(self, source: Source, *, limit: int, person: Person) -> bytes:
        """At most `limit` bytes, with no more rights than the person's.

        Raises UserError (link_expired, link_not_allowed, too_large, file_forbidden, file_gone), SignInNeeded, TransientError.
        """
        ...


class ChatMessages(Protocol):
    """The message of a group chat or a channel that mentions the bot: the channel itself does not say which files it holds."""

    async def files(self, message: str, person: Person) -> list[Source]:
        """The files in it, read with the person's own rights. Raises UserError (message_forbidden, message_gone), SignInNeeded, TransientError."""
        ...


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page as a picture: `grey` holds height × width bytes, row by row from the top, 0 black to 255 white."""

    width: int
    height: int
    dpi: float
    grey: bytes


@dataclass(frozen=True, slots=True)
class OcrWord:
    """A word on a picture: box in pixels from the top left corner, confidence from 0 to 1; words of one printed line share `line`."""

    text: str
    left: int
    top: int
    right: int
    bottom: int
    confidence: float
    line: int


class Ocr(Protocol):
    """Optical character recognition: sees the picture of a page and nothing else."""

    async def words(self, image: PageImage) -> list[OcrWord]:
        """The words of a page, in any order. Raises TransientError; UserError (too_complex) where a page takes too long."""
        ...


class MalwareScan(Protocol):
    """Looks at a file before anybody opens it."""

    async def check(self, data: bytes) -> None:
        """Returns where nothing is found. Raises UserError (malware), TransientError where there is no verdict."""
        ...


class PdfReader(Protocol):
    """Opens PDFs, Word files and spreadsheets; whatever a file does, it does it in a process of its own."""

    async def read(self, pdf: bytes) -> Document:
        """Raises UserError, TransientError."""
        ...

    async def rows(self, xlsx: bytes) -> list[list[str]]:
        """The cells of a spreadsheet's first sheet that holds something, as text. Raises UserError, TransientError."""
        ...


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, with time zone UTC."""
        ...


class Ids(Protocol):
    def new(self) -> str:
        """A fresh id: 32 hexadecimal digits."""
        ...
