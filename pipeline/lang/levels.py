"""Printed language levels -> CEFR (Common European Framework of Reference) or "native"."""

from __future__ import annotations

import re

from pipeline.lang.lexicon import key, lexicon

_CEFR = re.compile(r"(?<!\w)([ABC][12])(?!\w)")


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
    hits = [phrase for phrase in levels if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", plain)]
    return levels[max(hits, key=len)] if hits else ""
