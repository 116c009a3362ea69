"""The Word file's own strings. Its language is the document's, not the reader's."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("de", "en")


@cache
def labels(language: str) -> dict[str, str]:
    """The strings of a language; English where there is no catalogue for it."""
    code = language if language in LANGUAGES else "en"
    found: dict[str, str] = tomllib.loads((Path(__file__).parent / f"{code}.toml").read_text("utf-8"))
    return found
