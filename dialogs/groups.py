"""Group chats and channels: others read along, so nothing of a CV is said there unless its sender chose so."""

from __future__ import annotations

import re

from cards.actions import (
    Action,
    CancelBatch,
    CancelJob,
    DeleteJob,
    FreshJob,
    RetryBatch,
    RetryJob,
    RevealJob,
    RewriteJob,
    ShowResult,
    TurnPage,
    ViewBatch,
    ViewJob,
)
from cards.group import line_card
from cards.i18n import Catalogue
from cards.offer_actions import ApproveOffer, DelegateOffer, RejectOffer, RequestChanges, ViewOffer
from dialogs import matching
from dialogs.services import Services
from dialogs.turn import Answer, Event, Flow, Mentioned, Show, ShowJob, Turn
from pipeline.model.job import Place, Source
from pipeline.service import Submission

HERE = (
    ApproveOffer,
    DelegateOffer,
    RejectOffer,
    RequestChanges,
    ViewOffer,
    CancelBatch,
    CancelJob,
    DeleteJob,
    FreshJob,
    RetryBatch,
    RetryJob,
    RevealJob,
    RewriteJob,
    ShowResult,
    TurnPage,
    ViewBatch,
    ViewJob,
)
"""What may be done where others read along; everything else shows names, and belongs into the 1:1 chat."""


_APPROVALS = re.compile(r"(?:approvals|freigaben)\s+(?:here|hier)", re.IGNORECASE)


async def mentioned(event: Event, said: Mentioned, flow: Flow, services: Services, texts: Catalogue, *, command: bool) -> Turn:
    """A file in the message becomes a job, which finds it. A `command` is answered in the 1:1 chat only."""
    where = event.conversation
    if command or matching.means_profile(said.text):
        return _line("group.commands", event, flow, texts)
    if services.sign_in is None or not said.message:
        return _line("group.send_there", event, flow, texts)
    submission = Submission(
        tenant=where.tenant,
        user=where.user,
        source=Source(name=texts("group.file"), message=said.message),
        key=f"{where.id}\n{event.id}",
        conversation=where,
        locale=where.locale,
    )
    job, new = await services.service.submit(submission, start=False)
    return Turn((ShowJob(job),), (job,), flow) if new else Turn(flow=flow)


def means_approvals(text: str) -> bool:
    """ "approvals here", "Freigaben hier"."""
    return bool(_APPROVALS.fullmatch(text.strip(" .!")))


async def approvals_here(event: Event, flow: Flow, services: Services, texts: Catalogue) -> Turn:
    """Make this channel the place where approvals are asked for."""
    where = event.conversation
    if where.place is not Place.CHANNEL:
        return _line("offer.here_where", event, flow, texts)
    await services.service.offers.ask_in(where.model_copy(update={"id": where.thread}))
    return _line("offer.here", event, flow, texts)


def allowed(action: Action | None) -> bool:
    return action is None or isinstance(action, HERE)


def elsewhere(event: Event, flow: Flow, texts: Catalogue) -> Turn:
    return Turn((Answer(line_card(texts("group.commands"), event.conversation.bot_id, texts)),), flow=flow)


def discreet(turn: Turn) -> Turn:
    """What would be posted for all to read is for the person who clicked."""
    replies = tuple(Answer(reply.card) if isinstance(reply, Show) else reply for reply in turn.replies)
    return Turn(replies, turn.jobs, turn.flow)


def _line(key: str, event: Event, flow: Flow, texts: Catalogue) -> Turn:
    return Turn((Show(line_card(texts(key), event.conversation.bot_id, texts)),), flow=flow)
