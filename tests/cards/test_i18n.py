from __future__ import annotations

import re
from pathlib import Path

import pytest

from cards import i18n
from cards.i18n import Catalogue, catalogue, catalogues
from tests.conftest import ROOT


def test_all_catalogues_have_the_same_keys_and_placeholders() -> None:
    assert set(catalogues()) == {"de", "en"}


def test_a_catalogue_that_differs_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    good = {"s": {"a": "x {n}"}}
    monkeypatch.setattr(i18n, "_read", lambda language: good if language == "en" else {"s": {"a": "x"}})
    catalogues.cache_clear()
    with pytest.raises(ValueError, match=r"s\.a"):
        catalogues()
    monkeypatch.undo()
    catalogues.cache_clear()


def test_every_key_that_the_code_names_exists() -> None:
    texts = catalogue("en")
    for path in [
        *(ROOT / "cards").glob("*.py"),
        *(ROOT / "cli").glob("*.py"),
        *(ROOT / "dialogs").glob("*.py"),
        *(ROOT / "bot").rglob("*.py"),
        ROOT / "app.py",
    ]:
        for key in re.findall(r"""texts(?:\.n)?\(\s*"([a-z_]+\.[a-z_]+)\"""", path.read_text("utf-8")):
            assert key in texts, f"{path.name}: {key}"


@pytest.mark.parametrize(("kind", "pattern"), [("error", r'UserError\(\s*"(\w+)"'), ("finding", r'Finding\(\s*"\w+",\s*"(\w+)"')])
def test_every_error_and_finding_has_its_words(kind: str, pattern: str) -> None:
    texts = catalogue("de")
    found = {key for path in (ROOT / "pipeline").rglob("*.py") for key in re.findall(pattern, Path(path).read_text("utf-8"))}
    assert len(found) > 5
    assert {key for key in found if f"{kind}.{key}" not in texts} == set()


def test_one_is_not_many() -> None:
    texts = Catalogue("de", {"k": "{count} Dinge", "k_one": "ein Ding"})
    assert [texts.n("k", n) for n in (0, 1, 2)] == ["0 Dinge", "ein Ding", "2 Dinge"]
