"""What everybody reads in a group chat or a channel: that there is work, and how far it is, but neither names nor contents."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from adaptivecards.baseobject import Element

from cards.actions import RevealJob, ViewBatch, ViewJob, button
from cards.elements import CardJson, OpenUrl, card, plain, progress_bar, say, seen_by, title
from cards.i18n import Catalogue
from pipeline.model.job import STEPS, Batch, Conversation, Job, State

SAID_TO_ALL = frozenset({"sign_in_needed", "no_file_in_message", "message_forbidden", "message_gone", "file_forbidden", "file_gone", "chats_off"})
"""Reasons of a failure that say nothing of a CV, but what its sender has to do."""
IN_THE_CHAT = frozenset({"sign_in_needed", "message_forbidden", "file_forbidden", "chats_off"})
"""Those of them that are put right in the 1:1 chat."""


def chat_url(bot_id: str) -> str:
    """Opens the 1:1 chat with the bot, by the channel's id of it ("28:…")."""
    return f"https://teams.microsoft.com/l/chat/0/0?users={quote(bot_id, safe=':')}"


def line_card(text: str, bot_id: str, texts: Catalogue) -> CardJson:
    """One line, and the way to the 1:1 chat."""
    return card(say(text), actions=[OpenUrl(title=texts("group.chat"), url=chat_url(bot_id))], summary=text)


def group_card(job: Job, where: Conversation, texts: Catalogue) -> CardJson:
    """A job as everybody sees it; its sender's client asks for more at once, all others by the button, in vain."""
    view = button(texts("group.details"), ViewJob(job.id))
    heading, icon = _state(job, texts)
    body: list[Element] = [title(heading, icon=icon)]
    if where.name:
        body.append(plain(texts("group.sent_by", name=where.name), limit=120, isSubtle=True, spacing="None"))
    if not job.state.ended:
        body.append(progress_bar(max(job.progress, 1 / len(STEPS) / 2)))
    actions: list[Element] = [view]
    key = job.problem.key if job.state == State.FAILED and job.problem else ""
    if key in SAID_TO_ALL:
        body.append(say(texts(f"error.{key}")))
    if key in IN_THE_CHAT:
        actions.insert(0, OpenUrl(title=texts("group.chat"), url=chat_url(where.bot_id)))
    if job.state == State.DELETED:
        return card(*body, summary=heading)
    if job.state.ended and key not in SAID_TO_ALL:
        body.append(say(texts("group.private"), isSubtle=True, size="Small"))
    return seen_by(card(*body, actions=actions, summary=heading), view, [where.user_id])


def group_batch_card(batch: Batch, jobs: Sequence[Job], where: Conversation, texts: Catalogue) -> CardJson:
    view = button(texts("group.details"), ViewBatch(batch.id))
    ended = sum(job.state.ended for job in jobs)
    done = bool(jobs) and ended == len(jobs)
    heading = texts("group.done" if done else "group.busy")
    body: list[Element] = [
        title(heading, icon="✅" if done else "⏳"),
        *([plain(texts("group.sent_by", name=where.name), limit=120, isSubtle=True, spacing="None")] if where.name else []),
        progress_bar(ended / max(len(jobs), 1)),
        say(texts("group.count", done=ended, count=len(jobs)), size="Small", spacing="Small"),
        say(texts("group.private"), isSubtle=True, size="Small"),
    ]
    return seen_by(card(*body, actions=[view], summary=heading), view, [where.user_id])


def own_view(whole: CardJson, subject: Job | Batch, where: Conversation, texts: Catalogue) -> CardJson:
    """A card as its sender alone sees it in a group; of a finished CV with the button that shows it to all."""
    view = button(texts("group.details"), ViewJob(subject.id) if isinstance(subject, Job) else ViewBatch(subject.id))
    note = say(texts("group.only_you"), isSubtle=True, size="Small")
    actions = list(whole.get("actions", []))
    if isinstance(subject, Job) and subject.state == State.DONE and subject.result and not subject.revealed:
        actions.insert(1, card(actions=[button(texts("group.reveal"), RevealJob(subject.id))])["actions"][0])
    body = [*card(note)["body"], *whole["body"]]
    return seen_by(whole | {"body": body, "actions": actions}, view, [where.user_id])


def public_view(whole: CardJson, job: Job, where: Conversation, texts: Catalogue) -> CardJson:
    """A result that its sender shows to all: the Word file can be opened, and nothing done that only its sender may do."""
    word = job.result.word.url if job.result else ""
    links = [action for action in whole.get("actions", []) if action.get("url") == word]
    return seen_by(whole | {"actions": links}, button(texts("group.details"), ViewJob(job.id)), [where.user_id])


def _state(job: Job, texts: Catalogue) -> tuple[str, str]:
    match job.state:
        case State.DONE:
            return texts("group.done"), "✅"
        case State.FAILED:
            return texts("group.failed"), "❌"
        case State.CANCELLED:
            return texts("cancel.card"), "⏹️"
        case State.DELETED:
            return texts("group.deleted"), "🗑️"
        case State.QUEUED if job.attempts == 0:
            return texts("group.received"), "📄"
        case _:
            return texts("group.busy"), "⏳"
