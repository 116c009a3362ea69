"""Text that speaks to a machine instead of a reader: "Ignore all previous instructions", "Hinweis an die KI", <system>.

It is flagged, and kept from models. That is a courtesy, not the defence: a model's answer can only point, and each question sees its
own sections only.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from functools import cache

from pipeline.lang.lexicon import LANGUAGES, any_of, data

_TAGS = re.compile(
    r"</?\s*(?:system|assistant|user|instructions?)\s*>|\[/?\s*(?:system|inst|assistant)\s*\]|<\|[a-z_]+\|>|<<\s*sys\s*>>"
    r"|^\s*(?:system|assistant)\s*:\s|###\s*instructions?\b|\bsystem\s?prompt\b|[\"'\]}]{2,}\s*,\s*[\"'\[{]",
    re.IGNORECASE,
)
_ENCODED = re.compile(r"(?<![\w/+.@-])[A-Za-z0-9+/]{24,}={0,2}(?![\w/+@-])")


def instructing(texts: Sequence[str]) -> set[int]:
    """Which of the texts (lines, in order) tell a machine what to do, alone or together with the next one."""
    if not _speaks_to_a_machine(" ".join(texts)) and not any(map(_TAGS.search, texts)):
        return set()
    found: set[int] = set()
    for i, text in enumerate(texts):
        if _speaks_to_a_machine(text):
            found.add(i)
        elif i + 1 < len(texts) and not _speaks_to_a_machine(texts[i + 1]) and _speaks_to_a_machine(f"{text} {texts[i + 1]}"):
            found |= {i, i + 1}
    return found


def _speaks_to_a_machine(text: str) -> bool:
    return bool(_TAGS.search(text) or _phrases().search(text) or _decodes_to_a_sentence(text))


@cache
def _phrases() -> re.Pattern[str]:
    patterns = []
    for language in LANGUAGES:
        words = {name: any_of(found) for name, found in data(language)["instructions"].items()}
        patterns += [
            rf"{words['override']}\w*\W(?:[\w'’-]+\W+){{0,5}}?(?:\w*{words['orders']})",
            rf"{words['address']}\W{{0,3}}(?:[\w'’-]+\W+){{0,3}}?{words['machines']}\b",
            words["roles"] + r"\b",
            words["verdicts"],
        ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})", re.IGNORECASE)


def _decodes_to_a_sentence(text: str) -> bool:
    """Does a word of it hide words (base64)?"""
    for match in _ENCODED.finditer(text):
        try:
            plain = base64.b64decode(match.group(), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if plain.isprintable() and plain.count(" ") >= 2:
            return True
    return False
