"""Cards of the conversation: help, status, deletion."""

from __future__ import annotations

from datetime import datetime

from adaptivecards.baseobject import Element

from cards.actions import AskDelete, CancelAll, CancelJob, DeleteCandidate, KeepCandidate, RejectCandidate, button
from cards.elements import CardJson, OpenUrl, buttons, card, nothing, plain, say, table, title
from cards.i18n import Catalogue
from pipeline.model.job import Candidate, Job, Receipt
from pipeline.model.rights import needed

SHOWN = 10


_COMMANDS = ("drop", "profile", "match", "offer", "customers", "status", "cancel", "delete", "reject", "signout", "help")


def help_card(texts: Catalogue, *, lead: str = "") -> CardJson:
    """`lead`: "hello" on installation, "unknown" after a text that was not understood, else the overview."""
    commands = "\n".join(f"- {texts(f'help.{name}')}" for name in _COMMANDS)
    return card(
        title(texts("help.title"), icon="📄"),
        say(texts(f"help.{lead}") if lead else texts("help.lead")),
        *([say(texts("help.lead"))] if lead == "hello" else []),
        say(commands),
        say(texts("help.ai"), isSubtle=True, size="Small"),
        *([say(texts("help.data"), isSubtle=True, size="Small", spacing="Small")] if lead == "hello" else []),
        summary=texts("help.summary"),
    )


def status_card(jobs: list[Job], texts: Catalogue, *, now: datetime, total: int = 0) -> CardJson:
    """The newest jobs; `total` is how many there are."""
    if not jobs:
        return card(say(texts("status.none")), summary=texts("status.title"))
    rows = [
        [plain(_shown(job), limit=60), plain(f"{_state(job, texts)} · {_age(job, texts, now)}", isSubtle=True), _open(job, texts)]
        for job in jobs[:SHOWN]
    ]
    body: list[Element] = [title(texts("status.title"), icon="🗂️"), table(rows, [4, 3, 3])]
    if total > len(rows):
        body.append(say(texts.n("status.more", total - len(rows)), isSubtle=True, size="Small"))
    return card(*body, summary=texts("status.title"))


def _shown(job: Job) -> str:
    return (job.result.candidate if job.result else "") or job.source.name


def _open(job: Job, texts: Catalogue) -> Element:
    return buttons(OpenUrl(title=texts("result.open"), url=job.result.word.url)) if job.result else nothing()


def _state(job: Job, texts: Catalogue) -> str:
    return texts(f"status.state_{job.state.value}")


def _age(job: Job, texts: Catalogue, now: datetime) -> str:
    minutes = int((now - job.created).total_seconds() // 60)
    if minutes < 1:
        return texts("status.now")
    if minutes < 60:
        return texts("status.ago_minutes", count=minutes)
    if minutes < 60 * 24:
        return texts("status.ago_hours", count=minutes // 60)
    return texts("status.ago_days", count=minutes // (60 * 24))


def delete_card(candidates: list[Candidate], texts: Catalogue) -> CardJson:
    """Asks before anything is erased; with several matches, which one."""
    if len(candidates) > 1:
        rows = [
            [plain(c.name, limit=80), plain(c.email, limit=80), buttons(button(texts("result.delete"), AskDelete(c.id)))] for c in candidates[:SHOWN]
        ]
        return card(say(texts("delete.which")), table(rows, [3, 3, 2]), summary=texts("delete.title"))
    candidate = candidates[0]
    question = texts.n("delete.question", len(candidate.jobs) + len(candidate.begun), name=candidate.name)
    return card(
        title(texts("delete.title"), icon="🗑️"),
        plain(question, limit=400),
        actions=[
            button(texts("delete.confirm"), DeleteCandidate(candidate.id), style="destructive"),
            button(texts("delete.cancel"), KeepCandidate()),
        ],
        summary=texts("delete.title"),
    )


def cancel_card(jobs: list[Job], texts: Catalogue, *, now: datetime) -> CardJson:
    """Which of several jobs to stop."""
    rows = [
        [plain(_shown(job), limit=60), plain(_age(job, texts, now), isSubtle=True), buttons(button(texts("progress.cancel"), CancelJob(job.id)))]
        for job in jobs[:SHOWN]
    ]
    more = [say(texts.n("status.more", len(jobs) - SHOWN), isSubtle=True, size="Small")] if len(jobs) > SHOWN else []
    every = button(texts.n("cancel.all", len(jobs)), CancelAll(), style="destructive")
    return card(title(texts("cancel.which"), icon="⏹️"), table(rows, [4, 2, 3]), *more, actions=[every], summary=texts("cancel.which"))


def reject_card(candidates: list[Candidate], texts: Catalogue) -> CardJson:
    """Of which candidate nothing comes."""
    rows = [
        [plain(c.name, limit=80), plain(c.email, limit=80), buttons(button(texts("reject.do"), RejectCandidate(c.id)))] for c in candidates[:SHOWN]
    ]
    return card(title(texts("reject.title")), say(texts("reject.lead")), table(rows, [3, 3, 3]), summary=texts("reject.title"))


def receipt_text(receipt: Receipt, texts: Catalogue) -> str:
    """That a candidate was erased, with the number of the receipt."""
    what = texts.n("delete.done", receipt.cvs)
    counts = texts("delete.receipt_counts", files=receipt.files, blobs=receipt.blobs, cards=receipt.cards)
    if receipt.left:
        counts = f"{counts} {texts.n('drive.left', receipt.left)}"
    if receipt.offers:
        counts = f"{counts} {texts.n('delete.offers_kept', receipt.offers)}"
    return f"{what} {counts} {texts('delete.receipt', reference=receipt.reference, at=receipt.at.strftime('%Y-%m-%d %H:%M UTC'))}"


def note_card(text: str, texts: Catalogue) -> CardJson:
    """A short answer that may hold text from outside."""
    return card(plain(text, limit=500), summary=text)


def refusal(deed: str, texts: Catalogue) -> str:
    """Which role is missing."""
    return texts("error.no_right", roles=texts("role.or").join(texts(f"role.{role}") for role in needed(deed)))
