"""The text above an offer's terms: what the match has found, in the CV's own words. Nothing is said that no line says."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pipeline.model.match import Match, Status, Verdict
from pipeline.model.profile import Importance
from pipeline.offer.blind import names

FACTS = 5
LONGEST = 160
_LANGUAGES = ("de", "en")


def introduction(match: Match | None, *, role: str, candidate: str, language: str, hidden: str = "") -> str:
    """Paragraphs, one per line. Quotes that hold a part of the name `hidden` are left out: the offer is blind."""
    words = _words()[language if language in _LANGUAGES else "en"]
    lines = [lead(role=role, candidate=candidate, language=language)]
    facts = [words["fact"].format(requirement=v.text, quote=_short(v.quotes[0].text)) for v in proven(match, hidden)[:FACTS]]
    return "\n".join([*lines, words["facts"], *facts] if facts else lines)


def lead(*, role: str, candidate: str, language: str) -> str:
    """The first sentence."""
    words = _words()[language if language in _LANGUAGES else "en"]
    return words["lead" if role else "lead_no_role"].format(role=role, candidate=candidate)


def proven(match: Match | None, hidden: str) -> list[Verdict]:
    """What is met and quoted, must-haves first."""
    verdicts = match.verdicts if match else ()
    found = [v for v in verdicts if v.status is Status.MET and v.quotes and not (hidden and names(v.quotes[0].text, hidden))]
    return sorted(found, key=lambda v: v.importance is Importance.NICE)


def _short(quote: str) -> str:
    return quote if len(quote) <= LONGEST else quote[: LONGEST - 1].rsplit(" ", 1)[0] + " …"


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "introduction.toml").read_text("utf-8"))
