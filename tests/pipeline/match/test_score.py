"""From verdicts and weights to the score."""

from __future__ import annotations

import pytest

from pipeline.match.compare import asked_by, verdicts_of
from pipeline.match.score import score, scored
from pipeline.model.match import Band, Status, Verdict
from pipeline.model.profile import Importance
from tests.pipeline.match.cvs import LEXICON, Page, cv, facts_of, profile


def verdict(status: str, importance: str = "must", weight: int = 3, *, counts: bool = True) -> Verdict:
    state = Status(status)
    return Verdict(requirement="r", text="t", importance=Importance(importance), weight=weight, status=state, engine=state, scored=counts)


@pytest.mark.parametrize(
    ("verdicts", "total", "band"),
    [
        ([verdict("met"), verdict("met", "nice", 1)], 100, "strong"),
        ([verdict("met"), verdict("not_found", "nice", 1)], 75, "good"),
        ([verdict("met", weight=5), verdict("met", weight=5), verdict("not_found", weight=1)], 55, "partial"),  # 91 of a scale to 60
        ([verdict("met")] * 20 + [verdict("not_found")] * 2, 45, "partial"),
        ([verdict("met")] * 60 + [verdict("not_found")] * 9, 17, "weak"),
        ([verdict("partly"), verdict("unclear")], 35, "weak"),
        ([verdict("met"), verdict("unclear", counts=False)], 100, "strong"),
        ([], 0, "weak"),
    ],
)
def test_the_score_follows_from_verdicts_and_weights(verdicts: list[Verdict], total: int, band: str) -> None:
    found = score(verdicts)
    assert (found.total, found.band) == (total, Band(band))


def test_each_verdict_says_what_it_would_bring_to_meet_it() -> None:
    found, now = scored([verdict("met"), verdict("not_found"), verdict("partly", "nice", 2)])
    assert now.total == 30
    assert [v.points for v in found] == [0, 58, 8]


def test_every_quote_is_a_line_of_the_cv_as_it_stands() -> None:
    page = Page()
    made = cv(page, jobs=[("Backend-Entwicklerin", "2020-01", "", ["Dienste in Kotlin mit Postgres"])], languages=[("Englisch", "B2")])
    asked = asked_by(profile("Kotlin", "SQL-Datenbanken", "Englisch B2", "Backend-Entwicklung"), LEXICON)
    found, _ = verdicts_of(facts_of(made), page.document(), asked, LEXICON)
    assert [v.status.value for v in found] == ["met"] * 4
    assert all(v.quotes for v in found)
    assert all(quote.text == page.texts[quote.line - 1] for v in found for quote in v.quotes)


def test_the_same_input_gives_the_same_bytes() -> None:
    page = Page()
    made = cv(page, jobs=[("Koch", "2020-01", "", ["Kochen", "Java"])], skills=["Kotlin", "Java"])
    asked = asked_by(profile("Java", "Kotlin oder Java", nice=("Kochen",)), LEXICON)
    once, again = (str(verdicts_of(facts_of(made), page.document(), asked, LEXICON)) for _ in range(2))
    assert once == again
