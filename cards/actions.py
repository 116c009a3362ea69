"""What a button carries: a typed value, packed into the card and unpacked strictly. Never trusted for rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from cards.elements import Execute, Submit
from cards.offer_actions import OFFER_VERBS, CustomerAction, Form, OfferAction
from pipeline.errors import UserError

VERSION = 1
LONGEST, LONGEST_INPUT, MOST_INPUTS = 600, 4000, 80
"""Characters of a packed value and of an input; inputs of one form."""


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
class SaveJob:
    """Put the Word file into the person's OneDrive."""

    job: str


@dataclass(frozen=True, slots=True)
class PlaceJob:
    """What becomes of a new Word file where the one before was edited: "beside" or "replace"."""

    job: str
    when_edited: str


@dataclass(frozen=True, slots=True)
class ViewJob:
    """What only the sender sees of a CV that was sent in where others read along."""

    job: str


@dataclass(frozen=True, slots=True)
class ViewBatch:
    batch: str


@dataclass(frozen=True, slots=True)
class RevealJob:
    """Show it to everybody in the conversation."""

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


@dataclass(frozen=True, slots=True)
class EditProfile:
    """Show the form of a profile; `page` of its requirements from 0, as digits."""

    profile: str
    page: str


@dataclass(frozen=True, slots=True)
class SaveProfile:
    """Keep what the form holds; `version` is the one that was edited. `then` is the page of the form to go on with, or empty."""

    profile: str
    version: str
    page: str
    then: str
    form: Form = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShowProfile:
    profile: str


@dataclass(frozen=True, slots=True)
class ConfirmProfile:
    """Take a model's suggestions over."""

    profile: str
    version: str


@dataclass(frozen=True, slots=True)
class ArchiveProfile:
    profile: str


@dataclass(frozen=True, slots=True)
class RestoreProfile:
    """Take it out of the archive."""

    profile: str


@dataclass(frozen=True, slots=True)
class MatchCv:
    """Hold the CV that a job has made against a profile."""

    profile: str
    job: str


@dataclass(frozen=True, slots=True)
class AskMatch:
    """With which profile? For the CV of a result card."""

    job: str


@dataclass(frozen=True, slots=True)
class RankAll:
    profile: str


@dataclass(frozen=True, slots=True)
class TurnRanking:
    """`page` from 0, as digits."""

    job: str
    page: str


@dataclass(frozen=True, slots=True)
class CompareSome:
    """`chosen` are the candidates' ids, joined by commas, as the card's input gives them."""

    job: str
    chosen: str


@dataclass(frozen=True, slots=True)
class OverrideVerdict:
    """A person sees a verdict differently; `requirement`, `status` and `reason` are inputs of the card."""

    match: str
    requirement: str
    status: str
    reason: str


Action = (
    RetryJob
    | RewriteJob
    | CancelJob
    | CancelAll
    | FreshJob
    | ShowResult
    | SaveJob
    | PlaceJob
    | ViewJob
    | ViewBatch
    | RevealJob
    | RetryBatch
    | CancelBatch
    | TurnPage
    | DeleteJob
    | AskDelete
    | DeleteCandidate
    | KeepCandidate
    | RejectCandidate
    | EditProfile
    | SaveProfile
    | ShowProfile
    | ConfirmProfile
    | ArchiveProfile
    | RestoreProfile
    | MatchCv
    | AskMatch
    | RankAll
    | TurnRanking
    | CompareSome
    | OverrideVerdict
    | OfferAction
    | CustomerAction
)

_VERBS: dict[str, type[Action]] = {
    "cv.retry": RetryJob,
    "cv.rewrite": RewriteJob,
    "cv.cancel": CancelJob,
    "cv.cancel_all": CancelAll,
    "cv.fresh": FreshJob,
    "cv.show": ShowResult,
    "cv.save": SaveJob,
    "cv.place": PlaceJob,
    "cv.view": ViewJob,
    "cv.reveal": RevealJob,
    "cv.delete": DeleteJob,
    "batch.view": ViewBatch,
    "batch.retry": RetryBatch,
    "batch.cancel": CancelBatch,
    "batch.page": TurnPage,
    "candidate.ask": AskDelete,
    "candidate.delete": DeleteCandidate,
    "candidate.keep": KeepCandidate,
    "candidate.reject": RejectCandidate,
    "profile.edit": EditProfile,
    "profile.save": SaveProfile,
    "profile.show": ShowProfile,
    "profile.confirm": ConfirmProfile,
    "profile.archive": ArchiveProfile,
    "profile.restore": RestoreProfile,
    "match.cv": MatchCv,
    "match.ask": AskMatch,
    "match.override": OverrideVerdict,
    "shortlist.make": RankAll,
    "shortlist.page": TurnRanking,
    "shortlist.compare": CompareSome,
    **OFFER_VERBS,
}
_NAMES = {kind: verb for verb, kind in _VERBS.items()}


def verb_of(action: Action) -> str:
    return _NAMES[type(action)]


def pack(action: Action) -> dict[str, Any]:
    packed = {k: v for k, v in asdict(action).items() if k != "form"}
    return {"verb": verb_of(action), "v": VERSION, **packed}


def unpack(data: object) -> Action:
    """Raises UserError("old_card") for a verb, a version or fields that this program does not know."""
    if not isinstance(data, Mapping):
        raise UserError("old_card")
    kind = _VERBS.get(str(data.get("verb")))
    if kind is None or data.get("v") != VERSION:
        raise UserError("old_card")
    names = {f.name for f in fields(kind)} - {"form"}
    values: dict[str, Any] = {k: v for k, v in data.items() if k in names}
    if set(values) != names or not all(isinstance(v, str) and len(v) <= LONGEST for v in values.values()):
        raise UserError("old_card")
    if "form" in {f.name for f in fields(kind)}:
        values["form"] = _form(data, names)
    return kind(**values)


def _form(data: Mapping[str, Any], names: set[str]) -> Form:
    """The inputs of a form. Raises UserError("old_card") where there is more than any form of ours has."""
    found = {str(k): str(v) for k, v in data.items() if k not in names | {"verb", "v"} and isinstance(v, str | int | float)}
    if len(found) > MOST_INPUTS or any(len(v) > LONGEST_INPUT for v in found.values()):
        raise UserError("old_card")
    return found


def button(title: str, action: Action, *, style: str = "default", inputs: tuple[str, ...] = ()) -> Execute:
    """A button for new clients, with the old form as its fallback. `inputs` are fields that inputs of the card fill."""
    data = {k: v for k, v in pack(action).items() if k not in inputs}
    made = Execute(title=title, verb=verb_of(action), data=data, style=style)
    made.fallback = Submit(title=title, data=data, style=style)
    return made
