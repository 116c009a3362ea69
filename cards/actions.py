"""What a button carries: a typed value, packed into the card and unpacked strictly. Never trusted for rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from cards.elements import Execute, Submit
from pipeline.errors import UserError

VERSION = 1


@dataclass(frozen=True, slots=True)
class RetryJob:
    job: str


@dataclass(frozen=True, slots=True)
class RewriteJob:
    """Write the Word file again; `template` and `language` are inputs of the card, which replace the values packed."""

    job: str
    template: str
    language: str


@dataclass(frozen=True, slots=True)
class CancelJob:
    job: str


@dataclass(frozen=True, slots=True)
class CancelAll:
    """Every job of the person who clicks."""


@dataclass(frozen=True, slots=True)
class FreshJob:
    """Work on a file that was recognised all the same."""

    job: str


@dataclass(frozen=True, slots=True)
class ShowResult:
    """A card of its own for one CV of a batch."""

    job: str


@dataclass(frozen=True, slots=True)
class RetryBatch:
    batch: str


@dataclass(frozen=True, slots=True)
class CancelBatch:
    batch: str


@dataclass(frozen=True, slots=True)
class TurnPage:
    """`page` from 0, as digits."""

    batch: str
    page: str


@dataclass(frozen=True, slots=True)
class DeleteJob:
    job: str


@dataclass(frozen=True, slots=True)
class AskDelete:
    candidate: str


@dataclass(frozen=True, slots=True)
class DeleteCandidate:
    candidate: str


@dataclass(frozen=True, slots=True)
class KeepCandidate:
    pass


@dataclass(frozen=True, slots=True)
class RejectCandidate:
    """Nothing comes of it: the time until the candidate's data is erased begins."""

    candidate: str


Action = (
    RetryJob
    | RewriteJob
    | CancelJob
    | CancelAll
    | FreshJob
    | ShowResult
    | RetryBatch
    | CancelBatch
    | TurnPage
    | DeleteJob
    | AskDelete
    | DeleteCandidate
    | KeepCandidate
    | RejectCandidate
)

_VERBS: dict[str, type[Action]] = {
    "cv.retry": RetryJob,
    "cv.rewrite": RewriteJob,
    "cv.cancel": CancelJob,
    "cv.cancel_all": CancelAll,
    "cv.fresh": FreshJob,
    "cv.show": ShowResult,
    "cv.delete": DeleteJob,
    "batch.retry": RetryBatch,
    "batch.cancel": CancelBatch,
    "batch.page": TurnPage,
    "candidate.ask": AskDelete,
    "candidate.delete": DeleteCandidate,
    "candidate.keep": KeepCandidate,
    "candidate.reject": RejectCandidate,
}
_NAMES = {kind: verb for verb, kind in _VERBS.items()}


def verb_of(action: Action) -> str:
    return _NAMES[type(action)]


def pack(action: Action) -> dict[str, Any]:
    return {"verb": verb_of(action), "v": VERSION, **asdict(action)}


def unpack(data: object) -> Action:
    """Raises UserError("old_card") for a verb, a version or fields that this program does not know."""
    if not isinstance(data, Mapping):
        raise UserError("old_card")
    kind = _VERBS.get(str(data.get("verb")))
    if kind is None or data.get("v") != VERSION:
        raise UserError("old_card")
    names = {f.name for f in fields(kind)}
    values = {k: v for k, v in data.items() if k in names}
    if set(values) != names or not all(isinstance(v, str) and len(v) <= 200 for v in values.values()):
        raise UserError("old_card")
    return kind(**values)


def button(title: str, action: Action, *, style: str = "default") -> Execute:
    """A button for new clients, with the old form as its fallback."""
    data = pack(action)
    made = Execute(title=title, verb=verb_of(action), data=data, style=style)
    made.fallback = Submit(title=title, data=data, style=style)
    return made
