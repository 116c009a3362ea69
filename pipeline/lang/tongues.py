"""Names of spoken languages in the languages we read -> ISO 639 codes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from babel import Locale

from pipeline.lang.lexicon import LANGUAGES, any_of, key, lexicon

_ALSO = {
    "mandarin": "zh",
    "farsi": "fa",
    "dari": "fa",
    "holländisch": "nl",
    "schweizerdeutsch": "gsw",
    "castellano": "es",
    "flämisch": "nl",
    "flemish": "nl",
}
_BEHIND = r"(?:-?\s?(?:sprach)?kenntnisse?n?|sprachig\w*)?"
_NEXT = (
    r"(?=\s*(?:$|[,;.:/&+()–—-]|(?:oder|or|und|and|sowie|bzw|auf|at|on|to|in|im|mit|with|als|as|mindestens|mind\.?|min\.?|ab|from|level|niveau|kenntnisse?|skills?|language|"
    r"proficiency|fluen\w+|fließend|sehr|gut\w*|verhandlungs\w+|sicher|stufe|wünschenswert|von|erforderlich|required|preferred|is|ist|ou|et|of|[abc][12]|muttersprach\w+|native|"
    r"wort|spoken|written|essential)(?!\w)))"
)
"""What may stand behind the name of a language where the language itself is meant, and not "German tax law"."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language in a text, at `[start, end)`."""

    code: str
    start: int
    end: int


@cache
def _codes() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in Locale(language).languages.items():
            found.setdefault(name.casefold(), code)
    return found | _ALSO


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])({any_of(lexicon().languages)}){_BEHIND}{_NEXT}", re.IGNORECASE)


def code_of(name: str) -> str:
    """The code of a language's name, of any of its words at least; the name itself where nobody knows it."""
    plain = key(name)
    words = re.findall(r"[^\W\d_]+", plain)
    return next((code for word in (plain, *words) if (code := _codes().get(word))), plain)


def tongues_in(text: str) -> list[Tongue]:
    """The languages that a text asks for or names."""
    return [Tongue(code_of(match.group(1)), match.start(), match.end()) for match in _pattern().finditer(text)]
