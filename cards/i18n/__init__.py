"""Everything that a reader of cards, page and command line sees, one catalogue per language; English is the schema."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "de")


class Catalogue:
    """The texts of one language, by dotted key."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = dict(texts)

    def __call__(self, key: str, **values: str | int | float) -> str:
        """The text with its placeholders filled. Raises KeyError for an unknown key."""
        return self._texts[key].format_map(values)

    def n(self, key: str, count: float, **values: str | int | float) -> str:
        """The text for a number: `<key>_one` for exactly one, where the catalogue has it."""
        one = f"{key}_one"
        return self(one if count == 1 and one in self else key, count=count, **values)

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def section(self, name: str) -> dict[str, str]:
        """The texts below a name, unfilled."""
        return {k.removeprefix(f"{name}."): v for k, v in self._texts.items() if k.startswith(f"{name}.")}

    def number(self, value: float, digits: int = 1) -> str:
        text = f"{value:.{digits}f}"
        return text.replace(".", ",") if self.language == "de" else text

    def amount(self, value: float) -> str:
        """To a tenth, and whole numbers without it."""
        return self.number(value, 0 if float(value).is_integer() else 1)


def catalogue(locale: str) -> Catalogue:
    """The catalogue of a locale ("de-DE"); English where there is none."""
    language = locale.split("-", maxsplit=1)[0].split("_", maxsplit=1)[0].lower()
    return catalogues()[language if language in LANGUAGES else "en"]


@cache
def catalogues() -> dict[str, Catalogue]:
    """All catalogues. Raises ValueError where one differs from English in keys or placeholders."""
    found = {language: _flat(_read(language)) for language in LANGUAGES}
    schema = {key: _placeholders(text) for key, text in found["en"].items()}
    for language, texts in found.items():
        other = {key: _placeholders(text) for key, text in texts.items()}
        if other != schema:
            wrong = sorted({k for k in schema.keys() | other.keys() if schema.get(k) != other.get(k)})
            raise ValueError(f"the catalogue {language} differs from English in: {', '.join(wrong)}")
    return {language: Catalogue(language, texts) for language, texts in found.items()}


def _read(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text("utf-8"))


def _flat(tables: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {f"{section}.{key}": text for section, texts in tables.items() for key, text in texts.items()}


def _placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)
