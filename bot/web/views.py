"""Jobs and errors as the REST API shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from cards.i18n import LANGUAGES, Catalogue, catalogue
from cards.job import error_text, notice_text
from pipeline.errors import UserError
from pipeline.model.job import STEPS, Job, State

_STATUS = {
    "too_fast": 429,
    "too_large": 413,
    "unknown_format": 415,
    "old_word_file": 415,
    "unknown_job": 404,
    "unknown_candidate": 404,
    "unknown_profile": 404,
    "unknown_match": 404,
    "unknown_offer": 404,
    "unknown_customer": 404,
    "changed_meanwhile": 409,
    "not_ready": 409,
    "not_yours": 403,
    "offer_hidden": 403,
    "link_over": 403,
    "drive_forbidden": 502,
    "no_drive": 409,
    "sign_in_needed": 401,
    "sign_in_first": 401,
    "no_right": 403,
    "not_for_keys": 403,
    "rights_unknown": 503,
    "unknown_key": 404,
    "not_found": 404,
    "storage_turn": 503,
}


def texts_of(request: web.Request) -> Catalogue:
    """The catalogue of the first language in Accept-Language that we have; German where none is named."""
    for part in request.headers.get("Accept-Language", "").split(","):
        language = part.split(";")[0].strip().split("-")[0].lower()
        if language in LANGUAGES:
            return catalogue(language)
    return catalogue("de")


def problem(error: UserError, texts: Catalogue) -> web.Response:
    """A user's error as an answer, in the reader's language."""
    return web.json_response({"error": problem_json(error, texts)}, status=_STATUS.get(error.key, 400))


def problem_json(error: UserError, texts: Catalogue) -> dict[str, str]:
    return {"key": error.key, "message": error_text(error.key, error.values, texts)}


Link = Callable[[str, str], str]


def job_json(job: Job, texts: Catalogue, link: Link) -> dict[str, Any]:
    """`link` makes a file's path below /api and its tenant an address that a browser can open."""
    result, failed = job.result, job.problem
    return {
        "job_id": job.id,
        "kind": job.kind.value,
        "profile_id": job.profile or None,
        "status": job.state.value,
        "progress": round(job.progress, 2),
        "steps": _steps(job, texts),
        "result_url": link(f"download/{job.id}", job.tenant) if result else None,
        "json_url": link(f"jobs/{job.id}/json", job.tenant) if result else None,
        "batch_id": job.batch or None,
        "archive": job.archive,
        "known": bool(job.same_as),
        "error": {
            "key": failed.key,
            "message": error_text(failed.key, failed.values, texts),
            "reference": failed.reference,
            "retry": failed.retry,
        }
        if failed
        else None,
        "file": job.source.name,
        "created": job.created.isoformat(),
        "updated": job.updated.isoformat(timespec="microseconds"),
        "result": {
            "candidate": result.candidate,
            "headline": result.headline,
            "years": result.years,
            "position": result.position,
            "skills": list(result.skills),
            "languages": list(result.languages),
            "findings": [{"severity": n.severity, "text": notice_text(n, texts)} for n in result.notices],
            "counts": result.counts,
            "seconds": result.seconds,
            "cost": result.usage.cost,
            "pages": result.pages,
            "version": result.version,
            "changes": [f"{texts(f'change.{change.kind}')}: {change.text}" for change in result.changes],
            "years_text": texts.n("page.years", result.years, years=texts.number(result.years)) if result.years else "",
        }
        if result
        else None,
    }


def _steps(job: Job, texts: Catalogue) -> list[dict[str, Any]]:
    at = STEPS.index(job.step)
    done = job.state in (State.DONE, State.DELETED)
    return [
        {
            "name": step.value,
            "title": texts(f"step.{step.value}"),
            "status": "done" if done or i < at else job.state.value if i == at else "waiting",
            "seconds": job.timings.get(step.value),
        }
        for i, step in enumerate(STEPS)
    ]
