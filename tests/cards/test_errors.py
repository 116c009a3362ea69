"""Every error that people can meet has a text, which needs no more than the error gives."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

from cards.i18n import LANGUAGES, catalogue
from tests.conftest import ROOT


def raised() -> dict[str, set[frozenset[str]]]:
    """Keys of `UserError("key", value=…)` in the program, with the values that each gives."""
    found: dict[str, set[frozenset[str]]] = {}
    for folder in ("bot", "cli", "dialogs", "pipeline"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "UserError" and node.args:
                    key = node.args[0]
                    if isinstance(key, ast.Constant) and all(keyword.arg for keyword in node.keywords):
                        found.setdefault(str(key.value), set()).add(frozenset(str(keyword.arg) for keyword in node.keywords))
    return found


RAISED = raised()


def test_there_are_many() -> None:
    assert len(RAISED) > 60


@pytest.mark.parametrize("key", sorted(RAISED))
def test_an_error_has_a_text_that_needs_no_more_than_it_gives(key: str) -> None:
    for language in LANGUAGES:
        text = catalogue(language).section("error").get(key)
        assert text, f"error.{key} is missing"
        wanted = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        for given in RAISED[key]:
            assert wanted <= given, (key, wanted, given)


def test_the_walk_sees_the_program() -> None:
    assert Path(ROOT / "dialogs" / "matching.py").is_file()
    assert {"bad_requirement", "offer_changed", "too_large"} <= set(RAISED)
