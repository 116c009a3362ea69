"""Words as the matcher compares them: without gender, case, number, accents and hyphens."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

_STEMMER = snowballstemmer.stemmer("german")
"""For all languages: what matters is that both sides are cut alike."""

_NOTES = re.compile(r"\((?:[mwfdxi]|div|gn|all genders?|alle geschlechter)(?:\s*[/|,]\s*(?:[mwfdxi]|div|gn))*\)", re.IGNORECASE)
"""(m/w/d), (all genders)."""
_MARKS = re.compile(
    r"(?<=\w)(?:[/*:_·]-?(?:in(?:nen)?|r|n|e[rn]?|frau|mann|leute)(?!\w)|\((?:in|innen|r|n|frau|mann)\)|(?<=[a-zäöüß])In(?:nen)?(?!\w))"
)
"""Entwickler*in, Pfleger/in, Kaufmann/-frau, Angestellte(r), EntwicklerInnen."""
_PERSONS = (
    (re.compile(r"(kauf|fach|ob|zimmer|ver(?:trauens)?)(?:frau(?:en)?|männer|leute)$"), r"\1mann"),
    (re.compile(r"kräfte$"), "kraft"),
    (re.compile(r"ärzt(?:in|innen|e)$"), "arzt"),
    (re.compile(r"anwält(?:in|innen|e)$"), "anwalt"),
    (re.compile(r"köch(?:in|innen|e)$"), "koch"),
    (
        re.compile(
            r"(.{2,}(?:er|or|ist|ent|ant|eur|är|wirt|loge|og|graf|graph|iker|nom|arzt|anwalt|ekt|eut|urg|ot|ar|at|iat|et|erb|schmied|förster|vogt))in(?:nen)?$"
        ),
        r"\1",
    ),
    (re.compile(r"(beamt|expert|kolleg|gesell|kund)in(?:nen)?$"), r"\1"),
)
"""Women's names of jobs -> the form that the lexicon has."""

_TOKEN = re.compile(r"(?<![\w.])\.[A-Za-z]{2,}(?!\w)|\d+(?:[.,]\d+)+|\w+(?:[.@&'’+#]\w+)*[+#]*")


@dataclass(frozen=True, slots=True)
class Word:
    """`raw` as printed, `lemma` without case and gender, `stem` as compared; `[start, end)` in the text.

    `joined` to the word before by hyphen or slash.
    """

    raw: str
    lemma: str
    stem: str
    start: int
    end: int
    joined: bool = False


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[Word, ...]:
    """The words of a text; positions are those of `neutral(text)`."""
    found: list[Word] = []
    plain = neutral(text)
    for match in _TOKEN.finditer(plain):
        joined = bool(found) and match.start() > found[-1].end and plain[found[-1].end : match.start()] in ("-", "/", "‑", "–")
        found.append(Word(match.group(), lemma(match.group()), stem(match.group()), match.start(), match.end(), joined))
    return tuple(found)


@lru_cache(maxsize=4096)
def neutral(text: str) -> str:
    """The text without marks of gender and without characters that nobody sees."""
    text = unicodedata.normalize("NFKC", text)
    return _MARKS.sub("", _NOTES.sub("", text)).replace("\u00ad", "").replace("_", " ")


@lru_cache(maxsize=65536)
def lemma(word: str) -> str:
    """One word without case and gender."""
    word = word.casefold().replace("’", "'")
    for pattern, form in _PERSONS:
        word, changed = pattern.subn(form, word)
        if changed:
            break
    return word


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """One word as it is compared. Dots within go: Node.js is nodejs."""
    word = lemma(word)
    return str(_STEMMER.stemWord(re.sub(r"(?<=[^\W\d])\.(?=\w)", "", word)))
