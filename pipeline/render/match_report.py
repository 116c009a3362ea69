"""Match -> Word: verdict by verdict, each with the lines that it stands on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from babel.numbers import format_decimal

from pipeline.model.match import Reason, Score, Status, Verdict, Versions
from pipeline.model.profile import Importance, Profile
from pipeline.render.documents import document_path
from pipeline.render.fill import filled
from pipeline.render.labels import LANGUAGES, labels
from pipeline.render.view import mark

_COLOURS = {Status.MET: "DDF3E4", Status.PARTLY: "FFF3D6", Status.UNCLEAR: "FFF3D6", Status.NOT_FOUND: "FBE0E0"}
GAINS = 4
"""So many things that would change the result are named."""

Words = dict[str, str]


def match_report(
    verdicts: Sequence[Verdict],
    score: Score,
    profile: Profile,
    *,
    candidate: str,
    years: float,
    notes: Sequence[Reason],
    versions: Versions,
    language: str = "",
    firm: str = "",
    folder: Path | None = None,
) -> bytes:
    """The .docx. `language` (default: the profile's); `folder` holds the firm's own templates. Raises UserError: broken_template."""
    code = next(code for code in (language, profile.language, "en") if code in LANGUAGES)
    words = labels(code)
    counted = {status: sum(verdict.status is status for verdict in verdicts) for status in Status}
    better = sorted((verdict for verdict in verdicts if verdict.points > 0), key=lambda verdict: -verdict.points)[:GAINS]
    context = {
        "labels": words,
        "firm": firm,
        "name": candidate or words["candidate"],
        "profile": ", ".join(filter(None, (profile.title, profile.customer))),
        "score": str(score.total),
        "band": words[f"band_{score.band.value}"],
        "counts": words["match_counts"].format(
            met=counted[Status.MET],
            all=len(verdicts),
            partly=counted[Status.PARTLY],
            unclear=counted[Status.UNCLEAR],
            missing=counted[Status.NOT_FOUND],
            years=format_decimal(years, locale=code),
        ),
        "capped": words["match_capped"].format(missing=score.missing, cap=score.cap) if score.missing else "",
        "musts": _rows(verdicts, Importance.MUST, words, code),
        "nices": _rows(verdicts, Importance.NICE, words, code),
        "changes": [words["match_gain"].format(text=verdict.text, points=verdict.points) for verdict in better],
        "notes": [_reason(note, words) for note in notes],
        "how": words["match_rule"],
        "made": words["match_made"].format(engine=versions.engine, lexicon=versions.lexicon),
    }
    title = f"{words['match_title']}: {candidate or words['candidate']}"
    return filled(document_path("match", folder), context, title=title, language=code, firm=firm)


def _rows(verdicts: Sequence[Verdict], importance: Importance, words: Words, code: str) -> list[dict[str, Any]]:
    """Of one importance, what is missing on top, then in the profile's order."""
    order = (Status.NOT_FOUND, Status.UNCLEAR, Status.PARTLY, Status.MET)
    chosen = sorted((verdict for verdict in verdicts if verdict.importance is importance), key=lambda verdict: order.index(verdict.status))
    return [_row(verdict, words, code) for verdict in chosen]


def _row(verdict: Verdict, words: Words, code: str) -> dict[str, Any]:
    why = [_reason(reason, words) for reason in verdict.reasons]
    if verdict.override:
        by = verdict.override
        why.append(words["match_override"].format(name=by.name or "–", reason=by.reason, engine=words[f"status_{verdict.engine.value}"]))
    quotes = [words["quote"].format(text=quote.text, page=quote.page, line=quote.line) for quote in verdict.quotes]
    shown = [words["match_years"].format(what=one.what, years=format_decimal(one.years, locale=code)) for one in verdict.experience]
    return {
        "mark": mark(f"/verdicts/{verdict.requirement}"),
        "status": words[f"status_{verdict.status.value}"],
        "colour": _COLOURS[verdict.status],
        "text": verdict.text,
        "years": ", ".join(shown),
        "quotes": quotes if quotes or why else ["–"],
        "why": "; ".join(why),
    }


def _reason(reason: Reason, words: Words) -> str:
    return words[f"reason_{reason.key}"].format(**reason.values)
