"""One requirement against one CV."""

from __future__ import annotations

import pytest

from pipeline.match.facts import from_bytes, to_bytes
from pipeline.model.cv import Cv
from tests.pipeline.match.cvs import cv, facts_of, judged

BACKEND = cv(
    jobs=[
        ("Backend-Entwicklerin", "2020-01", "", ["Zahlungsdienste in Kotlin und Go", "Betrieb auf K8s"]),
        ("Softwareentwickler", "2016-01", "2019-12", ["Java-Dienste mit PostgreSQL", "Backend-Entwicklung"]),
    ],
    skills=["MySQL", "JavaScript"],
    education=["Bachelor of Science Informatik"],
    languages=[("Deutsch", "native"), ("Englisch", "B2"), ("Polnisch", "")],
)
NURSE = cv(
    jobs=[("Krankenschwester Intensivpflege", "2018-04", "2026-04", []), ("Projektleiterin", "2017-01", "2018-01", [])],
    education=["Ausbildung zur Gesundheits- und Krankenpflegerin"],
    certificates=["AWS Practitioner (geplant)"],
    summary=["Keine Kenntnisse in Java. Führerschein Klasse C."],
)


@pytest.mark.parametrize(
    ("made", "text", "status"),
    [
        (BACKEND, "Kubernetes", "met"),  # K8s
        (BACKEND, "Go, Rust oder Scala", "met"),
        (BACKEND, "Kotlin und Rust", "partly"),
        (BACKEND, "SQL-Datenbanken", "met"),  # PostgreSQL is one
        (NURSE, "SQL-Datenbanken", "not_found"),
        (cv(skills=["SQL-Datenbanken"]), "PostgreSQL", "partly"),  # but not the other way round
        (cv(skills=["MySQL"]), "PostgreSQL", "not_found"),  # beside it
        (cv(skills=["MySQL"]), "PostgreSQL oder vergleichbar", "met"),
        (cv(skills=["JavaScript"]), "Java", "not_found"),
        (cv(summary=["Go-live begleitet"]), "Go", "not_found"),
        (NURSE, "C", "not_found"),  # a driving licence is no programming language
        (NURSE, "Java", "not_found"),  # denied
        (cv(summary=["Nicht nur Java, auch Kotlin"]), "Java", "met"),
        (cv(certificates=["Kubernetes-Zertifikat (geplant)"]), "Kubernetes", "partly"),
        (BACKEND, "mindestens fünf Jahre Erfahrung in der Backend-Entwicklung", "met"),
        (BACKEND, "mindestens zwölf Jahre Erfahrung in der Backend-Entwicklung", "partly"),
        (cv(skills=["Java"]), "3 Jahre Erfahrung mit Java", "unclear"),  # no position shows it
        (BACKEND, "5+ Jahre Berufserfahrung", "met"),
        (NURSE, "Projektleitung", "met"),
        (NURSE, "Abgeschlossene Ausbildung als Pflegefachfrau/-mann", "met"),
        (cv(jobs=[("Krankenschwester", "2018-04", "", [])]), "Abgeschlossene Ausbildung als Pflegefachfrau/-mann", "partly"),
        (BACKEND, "Studium der Informatik", "met"),
        (NURSE, "Studium der Informatik", "not_found"),  # there is a training, but no study
        (BACKEND, "Deutsch oder Englisch auf C1", "met"),
        (BACKEND, "Englisch C1", "partly"),
        (BACKEND, "Polnisch B1", "unclear"),  # no level named
        (BACKEND, "Türkischkenntnisse", "not_found"),
        (NURSE, "Führerschein Klasse B", "met"),  # C includes B
        (NURSE, "Führerschein Klasse CE", "partly"),
        (BACKEND, "Führerschein", "not_found"),
        (BACKEND, "Teamfähigkeit", "unclear"),
        (BACKEND, "Freude an neuen Aufgaben", "unclear"),
        (BACKEND, "Kotlin, idealerweise auch Rust", "met"),
        (BACKEND, "3 Jahre Erfahrung im Bankwesen", "unclear"),  # experience there is, its field nobody says
        (BACKEND, "Programmiersprache Java", "met"),
        (NURSE, "Programmiersprache Java", "not_found"),
        (cv(summary=["Kenntnisse in Java habe ich keine, Kotlin beherrsche ich."]), "Java", "not_found"),
        (cv(summary=["Kenntnisse in Java habe ich keine, Kotlin beherrsche ich."]), "Kotlin", "met"),
        (cv(summary=["Kenntnisse in Kartenzahlungen"]), "Kartenzahlung", "met"),  # not in the lexicon: by its stem
    ],
)
def test_a_requirement_gets_the_verdict_that_a_person_would_give(made: Cv, text: str, status: str) -> None:
    assert judged(made, text).status.value == status


def test_years_of_overlapping_positions_count_once() -> None:
    made = cv(jobs=[("Backend-Entwickler", "2020-01", "2021-12", []), ("Backend-Entwickler", "2021-01", "2022-12", [])])
    assert [(e.what, e.years) for e in judged(made, "Backend-Entwicklung").experience] == [("Backend-Entwicklung", 3.0)]


def test_what_falls_short_is_named() -> None:
    reason = judged(BACKEND, "mindestens zwölf Jahre Erfahrung in der Backend-Entwicklung").reasons[0]
    assert (reason.key, reason.values["least"]) == ("years_short", "12")
    assert judged(BACKEND, "Kotlin und Rust").reasons[0].values == {"what": "Rust"}
    assert judged(BACKEND, "Englisch C1").reasons[0].values == {"found": "B2", "least": "C1"}


@pytest.mark.parametrize(
    ("said", "asked", "status", "keys"),
    [
        ("Java (8 Jahre)", "5 Jahre Java", "unclear", ["years_not_shown", "years_stated"]),
        ("Über zehn Jahre Erfahrung mit Java", "5 Jahre Java", "unclear", ["years_not_shown", "years_stated"]),
        ("Java (3 Jahre)", "5 Jahre Java", "unclear", ["years_not_shown"]),
        ("3 Jahre Java und 8 Jahre Kotlin", "5 Jahre Java", "unclear", ["years_not_shown"]),  # whose they are, nobody says
        ("Zwanzig Jahre Berufserfahrung", "10 Jahre Berufserfahrung", "partly", ["years_short", "years_stated"]),
        ("Zwanzig Jahre im selben Verein", "10 Jahre Berufserfahrung", "partly", ["years_short"]),
    ],
)
def test_years_that_the_cv_only_states_are_shown_and_count_nothing(said: str, asked: str, status: str, keys: list[str]) -> None:
    made = cv(jobs=[("Koch", "2020-01", "2021-12", [])], skills=[said])
    judged_ = judged(made, asked)
    assert (judged_.status.value, [reason.key for reason in judged_.reasons]) == (status, keys)
    stated = [facts_of(made).said[place.at].stated for place in judged_.places[:1] if place.at >= 0]
    assert "years_stated" not in keys or stated[0] >= 5


def test_similar_position_means_the_title_of_the_profile() -> None:
    text = "mindestens drei Jahre in einer vergleichbaren Position"
    assert judged(BACKEND, text, title="Backend-Entwickler (m/w/d)").status.value == "met"
    assert judged(NURSE, text, title="Backend-Entwickler (m/w/d)").status.value == "not_found"


def test_facts_survive_storage_unchanged() -> None:
    made = facts_of(BACKEND)
    assert from_bytes(to_bytes(made)) == made
    with pytest.raises(ValueError, match="no facts"):
        from_bytes(b"something else")
