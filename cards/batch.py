"""The common card of several CVs that came together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from adaptivecards.baseobject import Element

from cards.actions import CancelBatch, RetryBatch, ShowResult, TurnPage, button
from cards.elements import CardJson, OpenUrl, box, buttons, card, plain, progress_bar, say, table, title
from cards.i18n import Catalogue
from cards.job import duration, error_text
from pipeline.model.job import Batch, Job, State

PAGE = 10
"""So many CVs are listed at a time."""
NAMED = 5
"""So many failed files are named above the list, with their reasons."""


def batch_card(batch: Batch, jobs: Sequence[Job], texts: Catalogue, *, now: datetime, zip_url: str, folder_url: str) -> CardJson:
    counted = {state: sum(job.state == state for job in jobs) for state in State}
    ended = bool(jobs) and all(job.state.ended for job in jobs)
    share = sum(1.0 if job.state.ended else job.progress for job in jobs) / max(len(jobs), 1)
    heading = texts.n("batch.done_title" if ended else "batch.title", len(jobs))
    failed = [job for job in jobs if job.state == State.FAILED]
    actions: list[Element] = []
    if counted[State.DONE]:
        actions += [OpenUrl(title=texts("batch.folder"), url=folder_url), OpenUrl(title=texts("batch.download"), url=zip_url)]
    if not ended:
        actions.append(button(texts("batch.cancel"), CancelBatch(batch.id)))
    return card(
        title(heading, icon=("⚠️" if failed else "✅") if ended else "⏳"),
        progress_bar(share, style="good" if ended and not failed else "accent"),
        say(_counts(counted, len(jobs), texts), spacing="Small"),
        say(_elapsed(jobs, texts, now, ended=ended), isSubtle=True, size="Small", spacing="Small"),
        *_failures(batch, failed, texts),
        *_page(batch, jobs, texts),
        actions=actions,
        summary=heading,
    )


def candidates_folder(jobs: Sequence[Job]) -> str:
    """The folder that holds all Word files of these jobs, with their folders in it; empty where they lie in several drives, or none is known."""
    folders = [job.result.word.folder.split("/") for job in jobs if job.result]
    same = [parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))]
    paths = [len(job.result.word.path.split("/")) for job in jobs if job.result]
    inside = all(folders) and folders and len(same) > max(len(parts) - count for parts, count in zip(folders, paths, strict=True))
    return "/".join(same) if inside else ""


def _counts(counted: dict[State, int], received: int, texts: Catalogue) -> str:
    """What there is none of is left out, but for what people wait for."""
    parts = [texts("batch.received", count=received)]
    for state in (State.DONE, State.RUNNING, State.QUEUED, State.FAILED, State.CANCELLED, State.DELETED):
        if counted[state] or state in (State.DONE, State.FAILED):
            parts.append(texts(f"batch.count_{state.value}", count=counted[state]))
    return " · ".join(parts)


def _elapsed(jobs: Sequence[Job], texts: Catalogue, now: datetime, *, ended: bool) -> str:
    """Since the first came in, until now or until the last ended."""
    begun = min((job.begun for job in jobs), default=now)
    until = max((job.updated for job in jobs), default=now) if ended else now
    return texts("progress.elapsed", time=duration((until - begun).total_seconds()))


def _failures(batch: Batch, failed: list[Job], texts: Catalogue) -> list[Element]:
    if not failed:
        return []
    again = [buttons(button(texts("batch.retry"), RetryBatch(batch.id)))] if any(job.problem and job.problem.retry for job in failed) else []
    named = [plain(f"❌ {job.source.name}: {_reason(job, texts)}", limit=220, spacing="Small") for job in failed[:NAMED]]
    more = [say(texts.n("batch.more", len(failed) - NAMED), isSubtle=True, size="Small")] if len(failed) > NAMED else []
    return [box(say(f"**{texts('batch.failures')}**"), *named, *more, *again)]


def _reason(job: Job, texts: Catalogue) -> str:
    return error_text(job.problem.key, job.problem.values, texts) if job.problem else texts("error.bug")


def _page(batch: Batch, jobs: Sequence[Job], texts: Catalogue) -> list[Element]:
    """The CVs of the page that is open; with buttons to the others where there are more than fit."""
    pages = max(1, -(-len(jobs) // PAGE))
    page = min(batch.page, pages - 1)
    listed = jobs[page * PAGE : (page + 1) * PAGE]
    rows = [[plain(_name(job), limit=60), _state(job, texts)] for job in listed]
    if pages == 1:
        return [table(rows, [1, 1])] if rows else []
    turns = [(page - 1, f"‹ {texts('batch.previous')}"), (page + 1, f"{texts('batch.next')} ›")]
    shown = texts("batch.page", first=page * PAGE + 1, last=page * PAGE + len(listed), count=len(jobs))
    return [
        table(rows, [1, 1]),
        say(shown, isSubtle=True, size="Small"),
        buttons(*(button(text, TurnPage(batch.id, str(to))) for to, text in turns if 0 <= to < pages)),
    ]


def _name(job: Job) -> str:
    return (job.result.candidate if job.result else "") or job.source.name


def _state(job: Job, texts: Catalogue) -> Element:
    if job.state == State.DONE and job.result:
        return buttons(OpenUrl(title=texts("result.open"), url=job.result.word.url), button(texts("batch.card"), ShowResult(job.id)))
    if job.state == State.DONE:
        return plain(texts("known.gone_short"), isSubtle=True)
    if job.state == State.FAILED:
        return plain(f"❌ {_reason(job, texts)}", limit=160, size="Small")
    if job.state == State.RUNNING:
        return plain(texts(f"step.{job.step.value}"), isSubtle=True)
    return plain(texts(f"status.state_{job.state.value}"), isSubtle=True)
