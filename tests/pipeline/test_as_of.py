"""What "heute" means: the day of the document, and where it is from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pipeline.check.as_of import day_of
from pipeline.check.check import check
from pipeline.check.timeline import experience_years
from pipeline.model.cv import AsOf, Cv
from pipeline.model.finding import Finding
from pipeline.model.json_resume import to_json_resume
from pipeline.structure.rules import structure_by_rules
from tests.pipeline.test_layouts import GAP, Row, heading, page

TODAY = date(2026, 11, 21)
JOB: list[Row] = [heading("Berufserfahrung"), [("03/2018 – heute", 60), ("Leiterin Einkauf, Beispiel GmbH, Bonn", 200)]]
REST: list[Row] = [GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False)]


def checked(rows: list[Row], created: str = "") -> tuple[Cv, list[Finding]]:
    document = replace(page(rows), created=created)
    return check(structure_by_rules(document), document, today=TODAY)


@pytest.mark.parametrize("text", ["Stand: Februar 2024", "(Stand 02/2024)", "Last updated in Feb 2024", "Aktualisiert am 15.02.2024"])
def test_the_page_says_it(text: str) -> None:
    cv, findings = checked([(text, 10, False), *JOB, *REST], created="2025-01-01")
    assert (cv.as_of.date[:7], cv.as_of.source) == ("2024-02", "text")
    assert to_json_resume(cv)["meta"]["asOf"]["line"] == 3
    assert next(dict(f.values) for f in findings if f.key == "as_of_text") == {"date": "02/2024"}
    assert experience_years(cv, day_of(cv.as_of)) == 6.0


def test_the_signature_says_it() -> None:
    cv, _ = checked([*JOB, *REST, GAP, ("Köln, den 3. Februar 2024", 10, False)])
    assert cv.as_of == AsOf("2024-02-03", "text", cv.as_of.line)
    assert cv.as_of.line > 0


def test_else_the_file_says_it() -> None:
    cv, findings = checked([*JOB, *REST], created="2023-05-06")
    assert (cv.as_of, "as_of_metadata" in {f.key for f in findings}) == (AsOf("2023-05-06", "metadata"), True)


@pytest.mark.parametrize("created", ["", "2031-01-01", "2017-12-31"], ids=["none", "to come", "before the last job"])
def test_else_it_is_today(created: str) -> None:
    cv, findings = checked([*JOB, *REST], created=created)
    assert cv.as_of == AsOf("2026-11-21", "today")
    assert not any(f.key.startswith("as_of") for f in findings)


def test_a_cv_without_anything_running_needs_no_hint() -> None:
    _, findings = checked(
        [heading("Berufserfahrung"), [("03/2018 – 02/2020", 60), ("Leiterin Einkauf, Beispiel GmbH, Bonn", 200)], *REST], "2023-05-06"
    )
    assert not any(f.key.startswith("as_of") for f in findings)
