"""What comes in (Event), what goes out (Turn), and what the conversation is about (Flow). Plain values, no framework."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from cards.actions import Action
from cards.elements import CardJson
from pipeline.model.job import Batch, Conversation, Job


@dataclass(frozen=True, slots=True)
class DroppedFile:
    """A file in a message; `url` is short-lived, `unique` the drive's id of the file or empty."""

    name: str
    url: str
    unique: str = ""


@dataclass(frozen=True, slots=True)
class FilesDropped:
    """`text` is what was written beside the files."""

    files: tuple[DroppedFile, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class TextSaid:
    text: str


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Said to the bot where others read along. `message` is where Microsoft Graph keeps what was said, empty where that is not known."""

    text: str
    message: str


@dataclass(frozen=True, slots=True)
class Clicked:
    """A button. `action` is None where the card's data is not understood (a card of an older version)."""

    action: Action | None


@dataclass(frozen=True, slots=True)
class Installed:
    pass


Content = FilesDropped | TextSaid | Mentioned | Clicked | Installed


@dataclass(frozen=True, slots=True)
class Event:
    """`id` is the activity's, the same for every repeat; `card` the message whose button was clicked."""

    id: str
    conversation: Conversation
    content: Content
    card: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """Which CV the person is talking about: the id of a job, or empty."""

    job: str = ""


@dataclass(frozen=True, slots=True)
class Show:
    """Post a card."""

    card: CardJson


@dataclass(frozen=True, slots=True)
class Replace:
    """Put a card in place of a posted one."""

    message: str
    card: CardJson


@dataclass(frozen=True, slots=True)
class ShowJob:
    """Post the job's card and remember its message, then let the work begin; draw it again where there is one already."""

    job: Job


@dataclass(frozen=True, slots=True)
class ShowBatch:
    """Post one card for several jobs and remember its message, then let the work begin; replace it where there is one already."""

    batch: Batch
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Show a card to the person who clicked, and to nobody else."""

    card: CardJson


@dataclass(frozen=True, slots=True)
class View:
    """Show a job, or a batch with its jobs, to the person who clicked and to nobody else; `own`: they have sent it in."""

    subject: Job | Batch
    own: bool
    jobs: tuple[Job, ...] = ()


@dataclass(frozen=True, slots=True)
class OfferFile:
    """Ask whether the job's Word file may go into the person's OneDrive; `size` in bytes."""

    job: Job
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class AskSignIn:
    """Let the person sign in."""


@dataclass(frozen=True, slots=True)
class Redraw:
    """The job has changed: its card, wherever it is, follows."""

    job: Job


@dataclass(frozen=True, slots=True)
class OfferCard:
    """Show an offer: in place of a message, where one is named. The card follows the offer from now on."""

    tenant: str
    offer: str
    card: CardJson
    message: str = ""


@dataclass(frozen=True, slots=True)
class Follow:
    """The offer has changed: what follows from it is done, and all its cards are drawn."""

    tenant: str
    offer: str


@dataclass(frozen=True, slots=True)
class Erase:
    """Erase a candidate, however long it takes; the receipt takes the place of the message. `jobs` are those whose cards then say so."""

    tenant: str
    candidate: str
    jobs: tuple[Job, ...]
    message: str


Reply = Show | Replace | ShowJob | ShowBatch | Redraw | Answer | View | OfferFile | AskSignIn | OfferCard | Follow | Erase


@dataclass(frozen=True, slots=True)
class Turn:
    """`about_sign_in`: the person has just been asked, or has signed out; nobody asks again because of it."""

    replies: tuple[Reply, ...] = ()
    jobs: tuple[Job, ...] = field(default=())
    flow: Flow = Flow()
    about_sign_in: bool = False


@dataclass(frozen=True, slots=True)
class Meant:
    """What came in, understood: the deed as the table of rights names it (none where nobody needs a right), and how it is done."""

    deed: str
    act: Callable[[], Awaitable[Turn]]
