"""Audit -> Word and JSON, for a data protection officer to read."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from pipeline.model.bias import Audit
from pipeline.render.documents import document_path
from pipeline.render.fill import filled
from pipeline.render.labels import LANGUAGES, labels

Words = dict[str, str]


def bias_word(audit: Audit, *, language: str, firm: str = "", folder: Path | None = None) -> bytes:
    """The .docx. Raises UserError: broken_template."""
    code = language if language in LANGUAGES else "en"
    words = labels(code)
    pairs, differing = len(audit.outcomes), len(audit.differing)
    versions = audit.versions
    context = {
        "labels": words,
        "firm": firm,
        "name": audit.day.strftime("%d.%m.%Y") if code == "de" else audit.day.isoformat(),
        "result": words["bias_found" if differing else "bias_clean"].format(pairs=pairs, differing=differing),
        "rows": [
            {"kind": kind_text(kind.name, words), "pairs": str(kind.pairs), "differing": str(kind.differing), "largest": str(kind.largest)}
            for kind in audit.kinds()
        ],
        "differences": [
            words["bias_difference"]
            .format(person=one.person, kind=kind_text(one.kind, words), name=one.name, one=one.one, other=one.other, what=", ".join(one.differing))
            .strip()
            for one in audit.differing
        ],
        "limits": words["bias_limits_text"].format(pairs=pairs),
        "made": words["bias_made"].format(
            engine=versions.engine, lexicon=versions.lexicon, structurer=audit.structurer, model=versions.model or words["bias_no_model"]
        ),
    }
    return filled(document_path("bias", folder), context, title=words["bias_title"], language=code, firm=firm)


def bias_json(audit: Audit) -> str:
    found = {
        "day": audit.day.isoformat(),
        "pairs": len(audit.outcomes),
        "differing": len(audit.differing),
        "versions": {**audit.versions.model_dump(), "structurer": audit.structurer},
        "kinds": [asdict(kind) for kind in audit.kinds()],
        "differences": [asdict(outcome) for outcome in audit.differing],
    }
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def kind_text(kind: str, words: Words) -> str:
    """ "name (Turkish)" in the reader's language."""
    name, _, origin = kind.partition(" (")
    text = words[f"bias_kind_{name}"]
    return f"{text} ({words[f'bias_origin_{origin[:-1]}']})" if origin else text
