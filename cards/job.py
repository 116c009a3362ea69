"""Cards of one CV: progress, result, error, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from adaptivecards.baseobject import Element

from cards.actions import CancelJob, DeleteJob, FreshJob, PlaceJob, RetryJob, RewriteJob, SaveJob, button
from cards.elements import CardJson, OpenUrl, ShowCard, box, buttons, card, choice, clip, facts, inner_card, plain, progress_bar, say, title
from cards.i18n import Catalogue
from cards.profile import ask_match
from pipeline.model.finding import SEVERITIES
from pipeline.model.job import STEPS, DriveItem, Job, Kind, Notice, Result, State, WhenEdited

AS_THE_CV = "cv"
"""The choice "headings in the language of the CV"."""

CHANGES = 6
"""So many changes of a new version are named."""

_ICONS = {"error": "❌", "warning": "⚠️", "info": "ℹ️"}


def job_card(job: Job, texts: Catalogue, *, now: datetime, json_url: str, templates: Sequence[str]) -> CardJson:
    """The card for the job's state. `templates` are those that the Word file can be written with.

    What needs the 1:1 chat with its sender is offered there only.
    """
    match job.state:
        case State.DONE if job.same_as:
            return _known(job, texts)
        case State.DONE if job.result:
            return _result(job, job.result, texts, json_url, templates)
        case State.CANCELLED:
            return _cancelled(job, texts)
        case State.FAILED:
            return _error(job, texts, templates)
        case State.DELETED:
            return deleted_card(texts)
        case _:
            return _progress(job, texts, now)


def _progress(job: Job, texts: Catalogue, now: datetime) -> CardJson:
    if job.kind is not Kind.CV:
        return _busy(job, texts)
    at = STEPS.index(job.step)
    waiting = job.state == State.QUEUED and job.attempts == 0
    step = texts("progress.waiting") if waiting else texts("progress.step_of", step=at + 1, steps=len(STEPS), name=texts(f"step.{job.step.value}"))
    elapsed = texts("progress.elapsed", time=duration((now - job.begun).total_seconds()))
    again = f" · {texts('progress.again', attempt=job.attempts)}" if job.attempts > 1 else ""
    trail = "  ›  ".join(f"**{texts(f'step.{s.value}')}**" if s == job.step else texts(f"step.{s.value}") for s in STEPS)
    return card(
        title(texts("progress.title"), icon="⏳"),
        plain(job.source.name, limit=120, weight="Bolder"),
        progress_bar(max(job.progress, 0.06)),
        say(step, spacing="Small"),
        say(trail, isSubtle=True, size="Small", spacing="Small"),
        say(elapsed + again, isSubtle=True, size="Small", spacing="Small"),
        actions=[button(texts("progress.cancel"), CancelJob(job.id))],
        summary=texts("progress.summary", file=job.source.name, step=texts(f"step.{job.step.value}")),
    )


def _busy(job: Job, texts: Catalogue) -> CardJson:
    """Of what takes a moment only, the steps are nobody's business."""
    heading = texts(f"{job.kind.value}.progress")
    return card(
        title(heading, icon="⏳"),
        plain(job.source.name, limit=160, weight="Bolder"),
        progress_bar(0.5),
        actions=[button(texts("progress.cancel"), CancelJob(job.id))],
        summary=heading,
    )


def _result(job: Job, result: Result, texts: Catalogue, json_url: str, templates: Sequence[str]) -> CardJson:
    name = result.candidate or texts("result.unnamed")
    years = texts.n("result.years_value", result.years, years=texts.number(result.years)) if result.years else ""
    rows = [
        (texts("result.years"), years),
        (texts("result.position"), result.position),
        (texts("result.skills"), ", ".join(result.skills)),
        (texts("result.languages"), ", ".join(result.languages)),
    ]
    cost = texts("result.cost", cost=texts.number(result.usage.cost, 4)) if result.usage.input_tokens else texts("result.free")
    footer = texts.n(
        "result.footer", result.pages, file=clip(job.source.name, 80), pages=result.pages, seconds=texts.number(result.seconds), cost=cost
    )
    head: list[Element] = [title(texts("result.title"), icon="✅"), plain(name, limit=120, size="Large", weight="Bolder")]
    if result.headline:
        head.append(plain(result.headline, limit=160, isSubtle=True, spacing="None"))
    if result.version > 1:
        head.append(box(*_news(result, texts)))
    return card(
        *head,
        *facts(rows),
        box(*_look(result, texts)),
        *_place(result.word, texts),
        *([box(*_ask_edited(job, texts))] if job.edited else []),
        plain(footer, limit=220, isSubtle=True, size="Small"),
        actions=[
            OpenUrl(title=texts("result.open"), url=result.word.url),
            *([ask_match(job.id, texts)] if not job.conversation or job.conversation.personal else []),
            OpenUrl(title=texts("result.json"), url=json_url),
            *([button(texts("result.save"), SaveJob(job.id))] if job.conversation and job.conversation.personal and not result.word.drive else []),
            _rewrite(job, texts, templates),
            _delete(job, texts),
        ],
        summary=texts("result.summary", name=name),
    )


def _delete(job: Job, texts: Catalogue) -> Element:
    """Asks once more."""
    confirm = inner_card(say(texts("result.delete_confirm")), actions=[button(texts("delete.confirm"), DeleteJob(job.id), style="destructive")])
    return ShowCard(title=texts("result.delete"), card=confirm)


def _place(word: DriveItem, texts: Catalogue) -> list[Element]:
    """Where the file lies, who can see it, and why it lies beside another."""
    if word.waits:
        return [plain(texts("drive.waits"), limit=300, size="Small")]
    if not word.drive:
        return []
    seen_by = "members" if word.site else "shared" if word.shared else "only_you"
    path = " › ".join((word.site or "OneDrive", *word.path.split("/")))
    found: list[Element] = [
        plain(f"📁 {path}", limit=300, size="Small"),
        plain(texts(f"drive.{seen_by}", site=word.site), size="Small", spacing="None"),
    ]
    return [*found, plain(texts(f"drive.beside_{word.beside.value}"), limit=300, size="Small", spacing="Small")] if word.beside else found


def _ask_edited(job: Job, texts: Catalogue) -> list[Element]:
    """Somebody has edited the Word file since: what becomes of the new one?"""
    answers = [button(texts(f"drive.edited_{answer.value}"), PlaceJob(job.id, answer.value)) for answer in (WhenEdited.BESIDE, WhenEdited.REPLACE)]
    return [say(f"**{texts('drive.edited_title')}**"), say(texts("drive.edited_lead"), spacing="Small"), buttons(*answers)]


def _news(result: Result, texts: Catalogue) -> list[Element]:
    """What this version of a known candidate's CV says that the one before did not."""
    found: list[Element] = [say(f"**{texts('version.title', number=result.version)}**")]
    if not result.changes:
        return [*found, say(texts("version.nothing"), size="Small", spacing="Small")]
    found += [plain(f"{texts(f'change.{c.kind}')}: {c.text}", limit=200, size="Small", spacing="Small") for c in result.changes[:CHANGES]]
    more = len(result.changes) - CHANGES
    return found if more <= 0 else [*found, say(texts.n("version.more", more), isSubtle=True, size="Small", spacing="Small")]


def _known(job: Job, texts: Catalogue) -> CardJson:
    """The file was worked on before: the result of then, or a fresh one."""
    again = button(texts("known.fresh"), FreshJob(job.id))
    if job.result is None:
        body: list[Element] = [plain(job.source.name, limit=120, weight="Bolder"), say(texts("known.gone"))]
        return card(title(texts("known.title"), icon="♻️"), *body, actions=[again], summary=texts("known.summary", file=job.source.name))
    name = job.result.candidate or texts("result.unnamed")
    return card(
        title(texts("known.title"), icon="♻️"),
        plain(name, limit=120, size="Large", weight="Bolder"),
        *([plain(job.result.headline, limit=160, isSubtle=True, spacing="None")] if job.result.headline else []),
        say(texts("known.lead")),
        plain(job.source.name, limit=120, isSubtle=True, size="Small"),
        actions=[OpenUrl(title=texts("result.open"), url=job.result.word.url), again],
        summary=texts("known.summary", file=job.source.name),
    )


def _cancelled(job: Job, texts: Catalogue) -> CardJson:
    return card(
        title(texts("cancel.card"), icon="⏹️"),
        plain(job.source.name, limit=120, weight="Bolder"),
        actions=[button(texts("cancel.again"), RetryJob(job.id)), _delete(job, texts)],
        summary=texts("cancel.card"),
    )


def _rewrite(job: Job, texts: Catalogue, templates: Sequence[str]) -> Element:
    """Asks for another template or another language of the headings."""
    names = [(name, texts(f"template.{name}") if f"template.{name}" in texts else name) for name in templates]
    languages = [(code, texts(f"rewrite.language_{code}")) for code in (AS_THE_CV, "de", "en")]
    chosen = RewriteJob(job.id, job.template, job.language or AS_THE_CV)
    ask = inner_card(
        choice("template", texts("rewrite.template"), names, value=chosen.template),
        choice("language", texts("rewrite.language"), languages, value=chosen.language),
        actions=[button(texts("rewrite.do"), chosen)],
    )
    return ShowCard(title=texts("rewrite.title"), card=ask)


def _look(result: Result, texts: Catalogue) -> list[Element]:
    """Findings: counted by severity, the first three in words."""
    counted = [texts.n(f"severity.{s}_count", result.counts[s]) for s in SEVERITIES if result.counts.get(s)]
    if not counted:
        return [say(texts("result.nothing"), weight="Bolder")]
    found: list[Element] = [say(f"**{texts('result.look')}:** {', '.join(counted)}")]
    found += [plain(f"{_ICONS[n.severity]} {notice_text(n, texts)}", limit=200, spacing="Small") for n in result.notices[:3]]
    more = sum(result.counts.values()) - len(result.notices[:3])
    if more > 0:
        found.append(say(texts.n("result.more", more), isSubtle=True, size="Small", spacing="Small"))
    return found


def notice_text(notice: Notice, texts: Catalogue) -> str:
    """A finding in words."""
    count = int(notice.values["count"]) if notice.values.get("count", "").isdigit() else 0
    key = f"finding.{notice.key}"
    values = {k: v for k, v in notice.values.items() if k != "count"}
    return texts.n(key, count, **values)


def _error(job: Job, texts: Catalogue, templates: Sequence[str]) -> CardJson:
    problem = job.problem
    key = f"error.{problem.key}" if problem and f"error.{problem.key}" in texts else "error.bug"
    actions: list[Element] = [button(texts("error.try_again"), RetryJob(job.id))] if problem and problem.retry else []
    if job.result:
        actions.append(_rewrite(job, texts, templates))
    return card(
        title(texts("error.title"), icon="❌"),
        plain(job.source.name, limit=120, weight="Bolder"),
        plain(texts(key, **(problem.values if problem else {})), limit=500),
        say(texts("error.reference", reference=problem.reference if problem else "–"), isSubtle=True, size="Small"),
        actions=[*actions, _delete(job, texts)] if job.kind is Kind.CV else actions,
        summary=texts("error.summary", file=job.source.name),
    )


def error_text(key: str, values: dict[str, str | int], texts: Catalogue) -> str:
    """A user's error in words; an unknown key reads as an unexpected error."""
    name = f"error.{key}"
    return texts(name, **values) if name in texts else texts("error.bug")


def deleted_card(texts: Catalogue) -> CardJson:
    return card(say(f"🗑️ {texts('delete.card')}", isSubtle=True), summary=texts("delete.card"))


def duration(seconds: float) -> str:
    """ "42 s", "3:05 min"."""
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60}:{whole % 60:02} min"
