"""Printed language levels -> CEFR (Common European Framework of Reference) or "native"."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from pipeline.lang.lexicon import any_of, key, lexicon

_CEFR = re.compile(r"(?<!\w)([ABC][12])(?!\w)")


@lru_cache(maxsize=1024)
def cefr(text: str) -> str:
    """A1 to C2, "native", or empty where the wording names no level."""
    plain = key(text)
    levels = lexicon().levels
    inner = key(re.sub(r"\(.*?\)", "", text))
    if levels.get(plain) == "native" or levels.get(inner) == "native":
        return "native"
    if match := _CEFR.search(text):
        return match.group(1)
    for candidate in (plain, inner):
        if candidate in levels:
            return levels[candidate]
    hits = _wordings().findall(plain)
    return levels[max(hits, key=len)] if hits else ""


@cache
def _wordings() -> re.Pattern[str]:
    """Every wording of a level; the longest first."""
    return re.compile(rf"(?<!\w)(?:{any_of(lexicon().levels)})(?!\w)")
