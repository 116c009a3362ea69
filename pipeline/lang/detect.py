"""The language of a text, by lingua (offline, n-gram models)."""

from __future__ import annotations

from functools import cache
from typing import Any

from pipeline.lang.lexicon import LANGUAGES


@cache
def _detector() -> Any:
    from lingua import IsoCode639_1, LanguageDetectorBuilder  # 96 MB of models: loaded on first use

    codes = [getattr(IsoCode639_1, code.upper()) for code in LANGUAGES]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_low_accuracy_mode().build()


def language_of(text: str, default: str = "de") -> str:
    """ISO 639-1 code of the language that most of the text is in."""
    found = _detector().detect_language_of(text[:500])
    return str(found.iso_code_639_1.name).lower() if found else default
