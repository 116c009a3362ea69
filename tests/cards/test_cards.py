"""Each card in each language, by the official renderer: no validation event, small, and nothing from outside comes alive."""

from __future__ import annotations

import json
import re

import pytest

from cards.i18n import LANGUAGES, catalogue
from tests.cards.samples import all_cards, vector_card
from tests.conftest import chromium, node


def rendered(cards: dict) -> dict[str, dict]:
    job = {"chromium": chromium(), "cards": [{"name": name, "card": card} for name, card in cards.items()]}
    return {r["name"]: r for r in node("cards.mjs", stdin=json.dumps(job))}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("hostile", [False, True])
def test_the_official_renderer_takes_every_card(language: str, hostile: bool) -> None:
    cards = all_cards(catalogue(language), hostile=hostile)
    for name, result in rendered(cards).items():
        assert result["events"] == [], name
        assert result["text"].strip(), name
        assert result["links"] == 0, f"{name}: text from outside became a link"
        assert not re.search(r"\{[a-z_]+\}", result["text"]), f"{name}: a placeholder was not filled"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("hostile", [False, True])
def test_every_card_is_version_1_5_and_under_24_kb(language: str, hostile: bool) -> None:
    for name, card in all_cards(catalogue(language), hostile=hostile).items():
        assert card["version"] == "1.5", name
        assert len(json.dumps(card, ensure_ascii=False).encode("utf-16-le")) < 2 * 24_000, name
        escaped = (
            56_000 if name.startswith(("profile-form", "match-long", "offer-form")) else 24_000
        )  # a form holds whole texts: cutting them would lose what is saved
        assert len(json.dumps(card).encode()) < escaped, name


def test_the_renderer_does_report_a_bad_card() -> None:
    bad = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock"}, {"type": "NoSuchElement"}]}
    assert rendered({"bad": bad})["bad"]["events"]


def test_german_and_english_differ_in_every_card() -> None:
    german, english = all_cards(catalogue("de-DE")), all_cards(catalogue("en-GB"))
    assert {name for name in german if german[name] == english[name]} == set()


VECTORS = [
    "[klick](https://evil.example)", "[klick](javascript:alert(1))", "![bild](https://evil.example/x.png)", "<https://evil.example>", "https://evil.example", "www.evil.example",
    "<a href='https://evil.example'>x</a>", "<at>Anna</at>", "<at id='0'>Anna</at>", "@Anna", "{{DATE(2026-01-01, SHORT)}}", "{{TIME(2026-01-01T00:00:00Z)}}", "${candidate}", "**fett** _kursiv_",
    "# Titel", "- Punkt\n- Punkt", "[x][1]\n\n[1]: https://evil.example", "`code`", "<script>alert(1)</script>", "&lt;a href=&quot;x&quot;&gt;", "[klick]\u200b(https://evil.example)", "\u202egro.live//:sptth", "mailto:x@evil.example",
]  # fmt: skip
"""Markdown, links, mentions and functions of cards, as names of people and files."""


def test_text_from_outside_is_text() -> None:
    cards = {str(i): card for i, vector in enumerate(VECTORS) for card in [vector_card(vector)]}
    assert len(cards) >= 20
    for name, result in rendered(cards).items():
        vector = VECTORS[int(name)]
        assert (result["events"], result["links"]) == ([], 0), vector
        assert "entities" not in cards[name], vector
        shown = "".join(c for c in vector if c.isprintable() and c != " ")
        assert shown in "".join(result["text"].replace("\u2060", "").split()), f"{vector} is shown as it is"
