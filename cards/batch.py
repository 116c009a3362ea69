"""The common card of several CVs that came together."""

from __future__ import annotations

from datetime import datetime

from adaptivecards.baseobject import Element

from cards.elements import CardJson, OpenUrl, buttons, card, plain, progress_bar, say, table, title
from cards.i18n import Catalogue
from cards.job import duration, error_text
from pipeline.model.job import Job, State

SHOWN = 12


def batch_card(jobs: list[Job], texts: Catalogue, *, now: datetime) -> CardJson:
    done = sum(j.state == State.DONE for j in jobs)
    failed = sum(j.state == State.FAILED for j in jobs)
    running = len(jobs) - done - failed - sum(j.state == State.DELETED for j in jobs)
    ended = running == 0
    share = sum(1.0 if j.state.ended else j.progress for j in jobs) / max(len(jobs), 1)
    rows = [[plain(j.source.name or "–", limit=60), _state(j, texts)] for j in jobs[:SHOWN]]
    heading = texts("batch.done_title" if ended else "batch.title", count=len(jobs))
    body = [
        title(heading, icon="✅" if ended else "⏳"),
        progress_bar(share, style="good" if ended else "accent"),
        say(texts("batch.counts", done=done, running=running, failed=failed), spacing="Small"),
        say(_elapsed(jobs, texts, now, ended=ended), isSubtle=True, size="Small", spacing="Small"),
        table(rows, [3, 4]),
    ]
    if len(jobs) > SHOWN:
        body.append(say(texts.n("batch.more", len(jobs) - SHOWN), isSubtle=True, size="Small"))
    return card(*body, summary=heading)


def _elapsed(jobs: list[Job], texts: Catalogue, now: datetime, *, ended: bool) -> str:
    """Since the first came in, until now or until the last ended."""
    begun = min((job.begun for job in jobs), default=now)
    until = max((job.updated for job in jobs), default=now) if ended else now
    return texts("progress.elapsed", time=duration((until - begun).total_seconds()))


def _state(job: Job, texts: Catalogue) -> Element:
    if job.state == State.DONE and job.result:
        return buttons(OpenUrl(title=texts("result.open"), url=job.result.word.url))
    if job.state == State.FAILED and job.problem:
        return plain(f"❌ {error_text(job.problem.key, job.problem.values, texts)}", limit=160)
    if job.state == State.DELETED:
        return plain(texts("page.deleted"))
    if job.state == State.QUEUED and job.attempts == 0:
        return plain(texts("progress.waiting"), isSubtle=True)
    return plain(texts(f"step.{job.step.value}"), isSubtle=True)
