"""Completed educations on one scale: 1 vocational training, 2 master craftsman and the like, 3 bachelor, 4 master and diploma, 5 doctorate."""

from __future__ import annotations

import re
from dataclasses import dataclass

VOCATIONAL, ADVANCED, BACHELOR, MASTER, DOCTORATE = range(1, 6)

_LEVELS = {
    DOCTORATE: ("promotion", r"promoviert\w*", r"dr\.(?!\w)", r"ph\.?\s?d\.?", r"doktor\w*", r"doctora\w*", "doctor of"),
    MASTER: (
        *("master(?:abschluss|studium|-?studiengang)?", r"m\.?\s?(?:sc|a|eng|ed|ba)\.?(?!\w)", r"diplom(?:-?\w+|\s\w+)?", r"dipl\.?-?\s?\w*\.?"),
        *(r"magister\w*", "staatsexamen", "staatsprüfung", "approbation", r"volljurist\w*", r"mba(?!\w)", r"ll\.?m\.?", "maîtrise"),
        *("laurea magistrale", "licenciatura", "magisterium"),
    ),
    BACHELOR: (
        *(
            r"bachelor\w*",
            r"b\.?\s?(?:sc|a|eng|ed)\.?(?!\w)",
            r"ll\.?b\.?",
            r"diplom(?:-?\w+)?\s?\(fh\)",
            r"dipl\.?-?\s?\w+\.?\s?\(fh\)",
            r"hbo(?!\w)",
        ),
        *(r"licence(?!\w)", "laurea(?! mag)", r"grado(?!\w)", "inżynier", "licencjat"),
    ),
    ADVANCED: (
        *(r"\w*meister(?:in|prüfung)?(?!\w)", r"\w*techniker(?:in)?(?!\w)", r"\w*fachwirt\w*", r"\w*betriebswirt\w*\s?\(ihk\)"),
        *(r"bilanzbuchhalter\w*\s?\(ihk\)", r"fachkauf\w+", r"aufstiegs\w+"),
    ),
    VOCATIONAL: (
        *(r"\w*ausbildung\w*", r"\w*lehre(?!\w)", r"umschulung\w*", r"gesellen\w+", "ihk-abschluss", r"facharbeiter\w*", r"\w*kauf(?:mann|frau)\w*"),
        *(r"\w*fachangestellte\w*", "apprenticeship", r"vocational\s\w+", r"examen\w*", r"examiniert\w*", r"\w*assistent(?:in)?(?!\w)"),
        *(r"mbo(?!\w)", r"bts(?!\w)", "technikum"),
    ),
}
"""Words of CVs. The highest level whose words are there counts, but for a diploma of a university of applied sciences."""
_ASKED = {
    DOCTORATE: ("promotion", r"promoviert\w*", "doktortitel", r"ph\.?\s?d\.?", "doctorate"),
    MASTER: (
        r"master(?:abschluss|studium)?(?!\w)",
        "master's degree",
        r"diplom(?!\w)",
        r"universitäts\w+",
        "staatsexamen",
        "approbation",
        r"volljurist\w*",
    ),
    BACHELOR: (
        *(r"\w*studium(?!\w)", r"\w*studiums(?!\w)", r"(?:fach)?hochschul\w+", r"akademisch\w+ (?:abschluss|grad|ausbildung)", r"bachelor\w*"),
        *("university degree", "degree", "studienabschluss", "studies in", "graduate"),
    ),
    VOCATIONAL: (
        *(
            r"(?:berufs)?ausbildung(?!\w)",
            "berufsabschluss",
            r"lehre(?!\w)",
            "vocational (?:training|qualification)",
            "apprenticeship",
            "abschluss als",
        ),
    ),
}
"""Words of postings."""


def _compiled(words: dict[int, tuple[str, ...]]) -> tuple[tuple[int, re.Pattern[str]], ...]:
    return tuple((level, re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})", re.IGNORECASE)) for level, patterns in words.items())


_SCALE, _WISHES = _compiled(_LEVELS), _compiled(_ASKED)
_FH = re.compile(_LEVELS[BACHELOR][3] + "|" + _LEVELS[BACHELOR][4], re.IGNORECASE)
_OR = re.compile(r"(?<!\w)(?:oder|or|bzw|beziehungsweise)(?!\w)|/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DegreeAsked:
    """The least `level` that a text asks for, named at `[start, end)`."""

    level: int
    text: str
    start: int
    end: int


def degree_of(text: str) -> int:
    """The level of an education as a CV prints it; 0 where its words name none."""
    found = next((level for level, pattern in _SCALE if pattern.search(text)), 0)
    return BACHELOR if found == MASTER and _FH.search(text) else found


def degree_asked(text: str) -> DegreeAsked | None:
    """What a requirement asks for: of alternatives ("Ausbildung oder Studium") the lowest."""
    found = [DegreeAsked(level, match.group(), *match.span()) for level, pattern in _WISHES for match in pattern.finditer(text)]
    if not found:
        return None
    return min(found, key=lambda asked: asked.level) if _OR.search(text) else max(found, key=lambda asked: asked.level)


def degrees_named(text: str) -> list[tuple[int, int]]:
    """Where a requirement names a level of education."""
    return [match.span() for _, pattern in _WISHES for match in pattern.finditer(text)]
