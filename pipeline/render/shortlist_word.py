"""Shortlist -> Word and CSV."""

from __future__ import annotations

from pathlib import Path

from pipeline.model.match import Shortlist
from pipeline.render.csv_table import csv_table
from pipeline.render.documents import document_path
from pipeline.render.fill import filled
from pipeline.render.labels import LANGUAGES, labels


def shortlist_word(found: Shortlist, *, language: str = "", firm: str = "", folder: Path | None = None) -> bytes:
    """The .docx. `language` (default: the profile's). Raises UserError: broken_template."""
    code = _code(found, language)
    words = labels(code)
    rows = [
        {
            "rank": str(i),
            "name": one.name,
            "score": str(one.total),
            "missing": words["shortlist_missing"].format(count=one.missing) if one.missing else "–",
        }
        for i, one in enumerate(found.ranked, start=1)
    ]
    context = {
        "labels": words,
        "firm": firm,
        "name": found.profile.title,
        "customer": found.profile.customer,
        "rows": rows,
        "counts": words["shortlist_counts"].format(count=found.count),
        "made": words["match_made"].format(engine=found.versions.engine, lexicon=found.versions.lexicon),
    }
    return filled(document_path("shortlist", folder), context, title=f"{words['shortlist_title']}: {found.profile.title}", language=code, firm=firm)


def shortlist_csv(found: Shortlist, *, language: str = "") -> bytes:
    words = labels(_code(found, language))
    head = [words[f"shortlist_{name}"] for name in ("rank", "candidate", "score", "musts")]
    return csv_table([head, *([str(i), one.name, str(one.total), str(one.missing)] for i, one in enumerate(found.ranked, start=1))])


def _code(found: Shortlist, language: str) -> str:
    return next(code for code in (language, found.profile.language, "en") if code in LANGUAGES)
