"""What the steps know about languages: one data file per language, the same keys in each.

CVs mix languages ("Skills" over German text), so matching uses the union of all files; ties go to the first file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

LANGUAGES = ("de", "en", "fr", "it", "es", "nl", "pl")
HEAD_LAST = ("de", "en", "nl")
"""Languages whose headings name the thing last ("Berufliche Fähigkeiten"); the others name it first ("Competenze professionali")."""

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Lexicon:
    """The union of all languages, ready for matching. Keys are casefolded."""

    sections: dict[str, str]
    heading_stems: tuple[tuple[str, str, bool], ...]
    labels: dict[str, str]
    columns: dict[str, str]  # "arbeitgeber" -> "who"
    months: dict[str, int]
    present: tuple[str, ...]
    since: tuple[str, ...]
    until: tuple[str, ...]
    expected: tuple[str, ...]
    seasons: tuple[str, ...]
    as_of: tuple[str, ...]
    levels: dict[str, str]
    languages: frozenset[str]
    countries: frozenset[str]
    document_titles: frozenset[str]
    list_and: frozenset[str]
    possessives: frozenset[str]
    networks: tuple[str, ...]
    name_particles: frozenset[str]  # "von", "de": lower case inside a name
    name_titles: frozenset[str]  # "dr.", "frau", "mba"
    grades: tuple[str, ...]
    title_words: re.Pattern[str]
    company_words: re.Pattern[str]
    company_suffix: re.Pattern[str]
    institution_words: re.Pattern[str]
    degree_words: re.Pattern[str]
    at_company: re.Pattern[str]
    pauses: re.Pattern[str]
    page_number: re.Pattern[str]


@cache
def data(language: str) -> dict[str, Any]:
    """One language's file as it stands. Raises FileNotFoundError for a language without one."""
    return _read(language)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / f"{name}.toml").read_text("utf-8"))


def _names(words: Iterable[str]) -> str:
    """Words may have any beginning ("Berufsfachschule"); what is written with capitals stands alone and as it is written: "MIT" is no "mit"."""
    plain = [word for word in words if word.islower()]
    return "|".join([_alternatives(plain), *(rf"(?<!\w)(?-i:{re.escape(word)})" for word in sorted(set(words) - set(plain)))])


def _alternatives(words: list[str], *, escape: bool = True) -> str:
    return any_of(words) if escape else "|".join(sorted(set(words), key=len, reverse=True))


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first. Common beginnings are factored out: hundreds of words are as quick as one."""
    tree: dict[str, Any] = {}
    for word in words:
        node = tree
        for char in word:
            node = node.setdefault(char, {})
        node[""] = {}
    return _pattern_of(tree)


def _pattern_of(node: dict[str, Any]) -> str:
    branches = [re.escape(char) + _pattern_of(below) for char, below in sorted(node.items()) if char]
    if not branches:
        return ""
    optional = "" in node
    return f"(?:{'|'.join(branches)})" + ("?" if optional else "") if len(branches) > 1 or optional else branches[0]


@cache
def lexicon() -> Lexicon:
    files = [data(language) for language in LANGUAGES]
    common = _read("common")

    def union(*path: str) -> list[str]:
        found: list[str] = []
        for file in files:
            node: Any = file
            for key in path:
                node = node[key]
            found.extend(node)
        return found

    def inverted(table: str) -> dict[str, str]:
        result: dict[str, str] = {}
        for file in files:
            for key, words in file[table].items():
                for word in words:
                    result.setdefault(word.casefold(), key)
        return result

    months: dict[str, int] = {}
    for file in files:
        for number, names in enumerate(file["months"], start=1):
            for name in names:
                months.setdefault(name, number)
    stems = [
        (stem, section, language in HEAD_LAST)
        for language, file in zip(LANGUAGES, files, strict=True)
        for section, words in file["heading_stems"].items()
        for stem in words
    ]
    return Lexicon(
        sections=inverted("sections"),
        heading_stems=tuple(stems),
        labels=inverted("labels"),
        columns=inverted("columns"),
        months=months,
        present=tuple(dict.fromkeys(union("present"))),
        since=tuple(dict.fromkeys(union("since"))),
        until=tuple(dict.fromkeys(union("until"))),
        expected=tuple(dict.fromkeys(union("expected"))),
        seasons=tuple(dict.fromkeys(union("seasons"))),
        as_of=tuple(dict.fromkeys(union("as_of"))),
        levels=inverted("levels"),
        languages=frozenset(union("languages")),
        countries=frozenset(union("countries")),
        document_titles=frozenset(union("titles_of_document")),
        list_and=frozenset(union("list_and")),
        possessives=frozenset(common["possessives"]),
        networks=tuple(common["networks"]),
        name_particles=frozenset(common["name_particles"]),
        name_titles=frozenset(common["name_titles"]),
        grades=tuple(sorted(set(union("words", "grades")), key=len, reverse=True)),
        # German compounds carry the title at their end ("Bilanzbuchhalterin"), so words may have any beginning
        title_words=re.compile(rf"(?:{_alternatives(union('words', 'titles'))})(?:in|innen|/in|:in|\*in|\(in\)|s|e|r|n|en)?\b", re.IGNORECASE),
        company_words=re.compile(rf"(?:{_alternatives(union('words', 'companies'))})\b", re.IGNORECASE),
        company_suffix=re.compile(rf"(?<!\w)(?:{_alternatives(common['company_suffixes'], escape=False)})(?!\w)", re.IGNORECASE),
        institution_words=re.compile(rf"(?:{_names(union('words', 'institutions'))})\b", re.IGNORECASE),
        degree_words=re.compile(rf"(?<!\w)(?:{_alternatives(union('words', 'degrees'), escape=False)})", re.IGNORECASE),
        at_company=re.compile(rf"\s(?:{_alternatives(union('at_company'))})\s", re.IGNORECASE),
        pauses=re.compile(rf"(?:{_alternatives(union('words', 'pauses'))})\b", re.IGNORECASE),
        page_number=re.compile(
            rf"(?:(?:{_alternatives(union('page_words'))})\s*)?\d{{1,3}}\s*(?:(?:/|\||{_alternatives(union('page_of'))})\s*\d{{1,3}})?", re.IGNORECASE
        ),
    )


@lru_cache(maxsize=8192)
def key(text: str) -> str:
    """Text as the lexicon's keys are written: casefolded, one space, no colon or decoration at the ends."""
    return re.sub(r"\s+", " ", text).strip(" :.•·|–—-_*#►▪■").casefold().replace("’", "'")
