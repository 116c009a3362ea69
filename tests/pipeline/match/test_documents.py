"""The Word files of a match and of a profile say what the values say."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from docx import Document

from pipeline.matching import compare
from pipeline.model.match import Override, Status
from pipeline.model.profile import Requirement
from pipeline.render.match_report import match_report
from pipeline.render.profile_word import profile_word
from tests.pipeline.match.cvs import LEXICON, TODAY, Page, cv, profile


def text_of(data: bytes) -> str:
    document = Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "de",
            [
                "erfüllt",
                "nicht gefunden",
                "„Dienste in Java“ (Seite 1, Zeile 5)",
                "Java: 6,9 Jahre",
                "Muss-Anforderungen",
                "ein Mensch",
                "gefordert B2",
            ],
        ),
        ("en", ["not found", "“Dienste in Java” (page 1, line 5)", "Java: 6.9 years", "Must-have requirements", "a person decides", "asked for: B2"]),
    ],
)
def test_the_report_shows_every_verdict_with_its_line(language: str, words: list[str]) -> None:
    page = Page()
    made = cv(page, jobs=[("Entwicklerin", "2020-01", "", ["Dienste in Java"])], languages=[("Englisch", "")])
    asked = profile("Java", "Kubernetes", "Englisch B2", nice=("Kotlin & <Co>",))
    asked = asked.model_copy(
        update={"requirements": tuple(r.model_copy(update={"level": "B2"}) if "B2" in r.text else r for r in asked.requirements)}
    )
    found = compare(made, page.document(), asked, LEXICON, today=TODAY)
    changed = found.verdicts[1].model_copy(
        update={
            "status": Status.MET,
            "override": Override(status=Status.MET, reason="im Gespräch bestätigt", user="u1", name="Eva", at=datetime(2026, 11, 21, tzinfo=UTC)),
        }
    )
    report = match_report(
        (found.verdicts[0], changed, *found.verdicts[2:]),
        found.score,
        asked,
        candidate="Müller & Söhne",
        years=found.years,
        notes=found.notes,
        versions=found.versions,
        language=language,
        firm="Firma",
    )
    text = text_of(report)
    assert [word for word in words if word not in text] == []
    assert "Müller & Söhne" in text
    assert "im Gespräch bestätigt" in text
    assert "Kotlin & <Co>" in text


def test_the_profile_s_word_file_marks_what_nobody_has_confirmed() -> None:
    asked = profile("Java", nice=("Kotlin",))
    asked = asked.model_copy(
        update={
            "title": "Entwickler (m/w/d)",
            "customer": "Fleetpay eG",
            "place": "Hamburg",
            "tasks": ("Bauen",),
            "requirements": (
                asked.requirements[0].model_copy(update={"years": 3.5, "weight": 5}),
                asked.requirements[1],
                Requirement(id="r3", text="Docker", suggested=True),
            ),
        }
    )
    text = text_of(profile_word(asked, language="de", firm="Firma"))
    for piece in ("Fleetpay eG", "Hamburg", "Bauen", "Java (mindestens 3,5 Jahre, Gewicht 5)", "Kotlin", "Docker", "noch nicht bestätigt"):
        assert piece in text
