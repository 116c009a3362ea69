"""No cell of a CSV file is a formula, and numbers and telephone numbers stay what they are."""

from __future__ import annotations

import pytest

from pipeline.render.csv_table import csv_table, safe_cell

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " =", "\u00a0=")
FORMULAS = [begin + rest for begin in BEGINNINGS for rest in ("SUM(A1)", "cmd|' /C calc'!A0", 'HYPERLINK("http://x")')]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_text(formula: str) -> None:
    assert safe_cell(formula) == f"'{formula}"


@pytest.mark.parametrize("harmless", ["-12,50", "+49 170 1234567", "+1", "-1", "", "Müller & Söhne", "a=b", "12 %", "-3.000,00 €"])
def test_numbers_and_names_stay_as_they_are(harmless: str) -> None:
    assert safe_cell(harmless) == harmless


def test_the_file_opens_in_a_german_spreadsheet() -> None:
    assert csv_table([["Rang", "Name"], ["1", 'Bei "Ä"; und']]).decode("utf-8-sig").splitlines() == ["Rang;Name", '1;"Bei ""Ä""; und"']
