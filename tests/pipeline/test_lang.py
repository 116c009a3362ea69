from __future__ import annotations

import pytest

from pipeline.lang.dates import find_dates, find_periods
from pipeline.lang.detect import language_of
from pipeline.lang.levels import cefr
from pipeline.lang.lexicon import LANGUAGES, data, lexicon


@pytest.mark.parametrize(
    ("text", "start", "end", "current"),
    [
        ("03/2018 – heute", "2018-03", None, "heute"),
        ("seit 2020", "2020", None, "seit"),
        ("Okt. 2015 – Dez. 2019", "2015-10", "2019-12", None),
        ("2018–2020", "2018", "2020", None),
        ("01.04.2015", "2015-04-01", None, None),
        ("01.07.2009 – 28.02.2018", "2009-07-01", "2018-02-28", None),
        ("since January 2016", "2016-01", None, "since"),
        ("Jun, 2021 - Present", "2021-06", None, "Present"),
        ("03.2018 bis heute", "2018-03", None, "heute"),
        ("von 03/2018 bis 02/2020", "2018-03", "2020-02", None),
        ("September 2004 — June 2005", "2004-09", "2005-06", None),
        ("Depuis mars 2019", "2019-03", None, "Depuis"),
        ("mars 2019 – aujourd’hui", "2019-03", None, "aujourd'hui"),
        ("03–07/2019", "2019-03", "2019-07", None),
        ("Jan - Mar 2020", "2020-01", "2020-03", None),
        ("bis 2019", None, "2019", None),
        ("2019-03 – 2020-05", "2019-03", "2020-05", None),
        ("05/19 - 06/20", "2019-05", "2020-06", None),
        ("Sep 01, 2022", "2022-09-01", None, None),
        ("1. April 2015 – 30. Juni 2016", "2015-04-01", "2016-06-30", None),
    ],
)
def test_printed_periods(text: str, start: str | None, end: str | None, current: str | None) -> None:
    (found,) = find_periods(text)
    assert (found.start and found.start.iso) == start
    assert (found.end and found.end.iso) == end
    assert (found.current and text.replace("’", "'")[found.current.start : found.current.end]) == current


@pytest.mark.parametrize(
    "text", ["+49 221 4710 366", "PostgreSQL 15", "Raum 2150b", "IFRS 16 von 9 auf 3 Tage", "Umsatz 86 Mio. €", "70565 Stuttgart", ""]
)
def test_what_is_no_date(text: str) -> None:
    assert find_periods(text) == []
    assert find_dates(text) == []


@pytest.mark.parametrize(
    ("text", "level"),
    [("verhandlungssicher", "C1"), ("Muttersprache", "native"), ("C2", "C2"), ("courant (C1)", "C1"), ("Grundkenntnisse", "A2"), ("Professional working", "C1"),
     ("zweite Muttersprache", "native"), ("fließend in Wort und Schrift", "C1"), ("mit viel Freude", "")],
)  # fmt: skip
def test_levels(text: str, level: str) -> None:
    assert cefr(text) == level


def keys(node: dict, prefix: str = "") -> set[str]:
    return {prefix + k for k in node} | {x for k, v in node.items() if isinstance(v, dict) for x in keys(v, f"{prefix}{k}.")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_language_files_have_the_same_keys(language: str) -> None:
    assert keys(data(language)) == keys(data("en"))


@pytest.mark.parametrize(
    ("heading", "section"),
    [("akademischer werdegang", "education"), ("schulischer werdegang", "education"), ("beruflicher werdegang", "work"), ("employment history", "work"), ("sprachkenntnisse", "languages")],
)  # fmt: skip
def test_headings(heading: str, section: str) -> None:
    assert lexicon().sections[heading] == section


@pytest.mark.parametrize(
    ("text", "language"), [("Leitung von Projekten und Führung der Mitarbeiter", "de"), ("Led a team of seven engineers and reduced costs", "en")]
)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language
