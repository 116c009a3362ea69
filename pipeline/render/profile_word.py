"""Profile -> Word (Stellenprofil)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from babel.numbers import format_decimal

from pipeline.model.profile import Importance, Profile, Requirement
from pipeline.render.documents import document_path
from pipeline.render.fill import filled
from pipeline.render.labels import LANGUAGES, labels


def profile_word(profile: Profile, *, language: str = "", firm: str = "", folder: Path | None = None) -> bytes:
    """The .docx. `language` (default: the profile's); `folder` holds the firm's own templates. Raises UserError: broken_template."""
    code = next(code for code in (language, profile.language, "en") if code in LANGUAGES)
    words = labels(code)
    facts = [(words[f"profile_{name}"], getattr(profile, name)) for name in ("place", "start", "workload")]

    def listed(chosen: Iterable[Requirement]) -> list[str]:
        return [_requirement(requirement, words, code) for requirement in chosen]

    context = {
        "labels": words,
        "firm": firm,
        "name": profile.title,
        "customer": profile.customer,
        "facts": [{"label": label, "value": value} for label, value in facts if value],
        "summary": profile.summary,
        "tasks": list(profile.tasks),
        "musts": listed(r for r in profile.confirmed if r.importance is Importance.MUST),
        "nices": listed(r for r in profile.confirmed if r.importance is Importance.NICE),
        "suggested": [*profile.suggested_tasks, *listed(r for r in profile.requirements if r.suggested)],
        "offers": list(profile.offers),
    }
    return filled(document_path("profile", folder), context, title=profile.title, language=code, firm=firm)


def _requirement(requirement: Requirement, words: dict[str, str], code: str) -> str:
    """The requirement with what the text does not say itself."""
    more = []
    if requirement.years:
        more.append(words["profile_years"].format(years=format_decimal(requirement.years, locale=code)))
    if requirement.level and requirement.level not in requirement.text:
        more.append(words["profile_level"].format(level=requirement.level))
    if requirement.weight != requirement.importance.weight:
        more.append(words["profile_weight"].format(weight=requirement.weight))
    return f"{requirement.text} ({', '.join(more)})" if more else requirement.text
