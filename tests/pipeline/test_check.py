"""Check: what is not on the page is no fact; what is on the page is not lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pipeline.check.check import check
from pipeline.check.timeline import experience_years
from pipeline.model.cv import Basics, Cv, Period, Position, SkillGroup, Sourced
from pipeline.model.document import Box, Document, Line, PageSize, Span
from pipeline.model.finding import Finding
from pipeline.structure.rules import structure_by_rules
from tests.conftest import TODAY


def document(*texts: str) -> Document:
    lines = tuple(
        Line(i, 1, Box(50, 20 * i, 400, 20 * i + 12), text, (Span(0, len(text), 10, bold=False, italic=False, color="000000"),))
        for i, text in enumerate(texts, 1)
    )
    return Document(lines, (PageSize(595, 842),))


def keys(findings: list[Finding]) -> set[str]:
    return {f.key for f in findings}


@pytest.mark.parametrize(
    "leaf",
    [
        Sourced("Erfundene Firma AG", (1,)),
        Sourced("Beispiel GmbH", (2,)),
        Sourced("Beispiel GmbH", (99,)),
        Sourced("Beispiel GmbH", ()),
        Sourced("2019-04", (1,), printed="03/2019", rule="date"),
        Sourced("C2", (1,), printed="verhandlungssicher", rule="cefr"),
        Sourced("Beispiel GmbH", (1,), printed="Beispiel GmbH", rule="no-such-rule"),
    ],
)
def test_a_value_that_its_lines_do_not_support_is_dropped_with_a_finding(leaf: Sourced) -> None:
    page = document("Beispiel GmbH, 03/2019, verhandlungssicher", "Ganz etwas anderes")
    cv = Cv("de", "test", positions=(Position(company=leaf),))
    checked, findings = check(cv, page, today=TODAY)
    assert checked.positions[0].company is None
    assert "value_not_in_lines" in keys(findings)


@pytest.mark.parametrize(
    ("texts", "leaf"),
    [
        (["Steuerbera-", "tung Meier"], Sourced("Steuerberatung Meier", (1, 2))),
        (["C++, C# und R&D", "x"], Sourced("R&D", (1,))),
        (["sophie.", "kowalczyk@example.org"], Sourced("sophie.kowalczyk@example.org", (1, 2))),
        (["03/2019 – heute", "x"], Sourced("2019-03", (1,), printed="03/2019", rule="date")),
        (["Englisch verhandlungssicher", "x"], Sourced("C1", (1,), printed="verhandlungssicher", rule="cefr")),
    ],
)
def test_a_value_that_stands_there_stays(texts: list[str], leaf: Sourced) -> None:
    checked, _ = check(Cv("de", "test", positions=(Position(company=leaf),)), document(*texts), today=TODAY)
    assert checked.positions[0].company == leaf


@pytest.mark.parametrize(
    ("page", "value"),
    [
        ("john.doe@acme.de", "johndoe@acme.de"),
        ("john.doe@acme.de", "john@doe.ac-me.de"),
        ("Note 1,3", "13"),
        ("Headed a profitable unit", "Head of IT"),
        ("JavaScript", "Java"),
        ("C++", "C"),
        ("nothing here", "★★★★★"),
    ],
)
def test_what_only_looks_like_it_is_no_fact(page: str, value: str) -> None:
    checked, _ = check(Cv("de", "test", positions=(Position(company=Sourced(value, (1,))),)), document(page), today=TODAY)
    assert checked.positions[0].company is None


@pytest.mark.parametrize(
    ("page", "used", "lost"),
    [
        ("Docker, R, C, Django, Go, JavaScript, Java", ["Docker", "Django", "JavaScript"], "R, C, Go, Java"),
        ("C, C++, C#", ["C"], "C++, C#"),
        ("50667 Köln, Allee 5", ["50667", "Köln", "Allee"], "5"),
    ],
)
def test_short_words_are_not_lost_in_longer_ones(page: str, used: list[str], lost: str) -> None:
    skills = (SkillGroup(None, tuple(Sourced(u, (1,)) for u in used)),)
    checked, _ = check(Cv("de", "test", skills=skills), document(page), today=TODAY)
    assert [(o.text, o.reason) for o in checked.left_out] == [(lost, "not_understood")]


def test_checking_many_lines_stays_quick() -> None:
    texts = [f"Zeile {i} mit einigen Wörtern darin" for i in range(3000)]
    highlights = (Sourced(" ".join(texts), tuple(range(1, 3001))),)
    checked, _ = check(Cv("de", "test", positions=(Position(highlights=highlights),)), document(*texts), today=TODAY)
    assert checked.positions[0].highlights == highlights


def test_a_line_that_nothing_uses_is_listed_and_found() -> None:
    page = document("Beispiel GmbH in Köln", "Diese Zeile verwendet niemand")
    checked, findings = check(Cv("de", "test", positions=(Position(company=Sourced("Beispiel GmbH", (1,))),)), page, today=TODAY)
    assert [(o.line, o.reason, o.text) for o in checked.left_out] == [
        (1, "not_understood", "Köln"),
        (2, "not_understood", "Diese Zeile verwendet niemand"),
    ] or [(o.line, o.reason, o.text) for o in checked.left_out] == [
        (1, "not_understood", "in Köln"),
        (2, "not_understood", "Diese Zeile verwendet niemand"),
    ]
    assert "not_understood" in keys(findings)


async def test_nothing_is_lost_on_the_samples(documents: dict[str, Document]) -> None:
    for name, page in documents.items():
        checked, findings = check(structure_by_rules(page), page, today=TODAY)
        assert [o for o in checked.left_out if o.reason == "not_understood"] == [], name
        assert "value_not_in_lines" not in keys(findings), name


def position(start: str, end: str = "", *, current: bool = False) -> Position:
    def leaf(iso: str) -> Sourced | None:
        return Sourced(iso, (1,), printed=iso, rule="date") if iso else None

    return Position(title=Sourced("x", (1,)), period=Period(leaf(start), leaf(end), Sourced("heute", (1,)) if current else None))


@pytest.mark.parametrize(
    ("positions", "wanted", "unwanted"),
    [
        ([position("2019-03", "2018-01")], {"end_before_start"}, {"gap"}),
        ([position("2031-01", current=True)], {"starts_in_future"}, set()),
        ([position("2015", "2016"), position("2018", "2020")], {"gap"}, set()),
        ([position("2015-01", "2016-03"), position("2016-07", "2020-01")], set(), {"gap"}),
        ([position("2015-01", "2016-03"), position("2016-08", "2020-01")], {"gap"}, set()),
        ([position("2015", current=True), position("2018", current=True)], {"several_current"}, {"gap"}),
        ([position("2015-01", "2016-12"), position("2015-03", "2016-12")], {"overlap"}, {"gap"}),
        ([position("2015", "2016"), position("2016", "2020")], set(), {"overlap"}),
        ([position("")], {"dates_missing"}, set()),
        ([], {"missing_work"}, set()),
    ],
)
def test_dates(positions: list[Position], wanted: set[str], unwanted: set[str]) -> None:
    page = document("x heute 2019-03 2018-01 2031-01 2015 2016 2018 2020 2015-01 2016-03 2016-07 2016-08 2020-01 2016-12 2015-03")
    _, findings = check(Cv("de", "test", positions=tuple(positions)), page, today=TODAY)
    assert wanted <= keys(findings)
    assert not unwanted & keys(findings)


def test_overlapping_jobs_count_once() -> None:
    cv = Cv("de", "test", positions=(position("2010-01", "2014-12"), position("2012-01", "2016-12"), position("2020-01", current=True)))
    assert experience_years(cv, date(2020, 12, 31)) == 8.0


@pytest.mark.parametrize(
    ("basics", "wanted"),
    [
        (Basics(), {"missing_name", "missing_email", "missing_phone"}),
        (Basics(email=Sourced("a@b", (1,))), {"email_invalid"}),
        (Basics(phone=Sourced("12", (1,))), {"phone_invalid"}),
    ],
)
def test_contact_data(basics: Basics, wanted: set[str]) -> None:
    _, findings = check(replace(Cv("de", "test"), basics=basics), document("a@b 12"), today=TODAY)
    assert wanted <= keys(findings)


def test_the_gravest_comes_first() -> None:
    _, findings = check(Cv("de", "test"), document("etwas"), today=TODAY)
    order = [("error", "warning", "info").index(f.severity) for f in findings]
    assert order == sorted(order)
