"""What requirements ask for, by the product's own lexicon: clauses, alternatives, years, levels, licences, products."""

from __future__ import annotations

import pytest

from pipeline.lang.concept import Concepts, concepts
from pipeline.lang.postings import years_in
from pipeline.lang.words import words
from pipeline.match.licences import licence_asked, licences_in
from pipeline.match.wanted import Term, wanted
from pipeline.model.profile import Importance, Requirement
from pipeline.structure.posting import profile_of
from pipeline.structure.posting_lines import posting_of_text
from tests.pipeline.match.cvs import cv, judged


@pytest.fixture(scope="module")
def lexicon() -> Concepts:
    return concepts()


def of(text: str) -> list[tuple[str, str, float, str]]:
    """The requirements that a posting's line becomes."""
    found = profile_of(posting_of_text(f"# Titel\n## Anforderungen\n- {text}"))
    return [(r.text, r.importance.value, r.years, r.level) for r in found.requirements]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Deutsch mind. C1, Englisch mind. B2", [("Deutsch mind. C1, Englisch mind. B2", "must", 0.0, "")]),
        ("abgeschl. Studium der Informatik", [("abgeschl. Studium der Informatik", "must", 0.0, "")]),
        ("Dipl.-Ing. Elektrotechnik", [("Dipl.-Ing. Elektrotechnik", "must", 0.0, "")]),
        ("Gute Kenntnisse (insb. Pivot. Und mehr)", [("Gute Kenntnisse (insb. Pivot. Und mehr)", "must", 0.0, "")]),
        ("Sie sprechen Deutsch. Sie kennen Java", [("Sie sprechen Deutsch", "must", 0.0, ""), ("Sie kennen Java", "must", 0.0, "")]),
        ("5 Jahre Java, 2 Jahre Kubernetes", [("5 Jahre Java", "must", 5.0, ""), ("2 Jahre Kubernetes", "must", 2.0, "")]),
        ("verhandlungssicher Englisch, Französisch ist ein Plus", [("verhandlungssicher Englisch", "must", 0.0, "C1"), ("Französisch ist ein Plus", "nice", 0.0, "")]),
        ("Java, Kotlin, Go von Vorteil", [("Java, Kotlin, Go von Vorteil", "nice", 0.0, "")]),
        ("keine SAP-Kenntnisse erforderlich", []),
        ("Gerne mit Erfahrung im Handel", [("Gerne mit Erfahrung im Handel", "nice", 0.0, "")]),
        ("Scala is an asset", [("Scala is an asset", "nice", 0.0, "")]),
    ],
)  # fmt: skip
def test_a_line_is_read_clause_by_clause(text: str, read: list[tuple[str, str, float, str]]) -> None:
    assert of(text) == read


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("18 Monate", 1.5),
        ("6 months", 0.5),
        ("2 J. Erfahrung", 2),
        ("zwei bis vier Jahre", 2),
        ("3-5 Jahre", 3),
        ("5+ years", 5),
        ("mehrjährige", 2),
        ("x", 0),
    ],
)
def test_years_are_the_least_that_is_asked_for(text: str, years: float) -> None:
    assert years_in(text) == years


ASKED = {
    "Excellent command of German and English": [["de C1"], ["en C1"]],
    "Deutsch C1 / Englisch B2": [["de C1"], ["en B2"]],
    "Sehr gute Deutsch- und Englischkenntnisse in Wort und Schrift": [["de C1"], ["en C1"]],
    "Mehrjährige Erfahrung im Rechnungswesen und gute Englischkenntnisse": [["en B2"], ["accounting"]],
    "Java (mind. 5 Jahre), Spring Boot (mind. 2 Jahre)": [["java"], ["spring-boot"]],
    "Datenbanken (Oracle, MySQL) und Python": [["database", "oracle-database", "mysql"], ["python"]],
    "Docker, Kubernetes o. Ä.": [["docker", "kubernetes"]],
    "Java of Kotlin, ervaring met Spring": [["java", "kotlin"], ["spring"]],
    "Führerschein Klasse C/CE": [["licence CE"]],
    "Führerschein Klasse C oder CE": [["licence C"]],
    "CE-Führerschein": [["licence CE"]],
}


@pytest.mark.parametrize("text", ASKED)
def test_what_is_joined_and_what_is_an_alternative(lexicon: Concepts, text: str) -> None:
    requirement = Requirement(id="r1", text=text, importance=Importance.MUST, weight=3, level="C1" if text.startswith("Exc") else "")

    def shown(term: Term) -> str:
        return f"{term.tongue} {term.level}" if term.tongue else f"licence {term.licence}" if term.licence else term.concept

    assert [[shown(term) for term in group] for group in wanted(requirement, "", lexicon).groups] == ASKED[text]


NURSE = cv(jobs=[("Krankenschwester", "2018-04", "2026-04", [])], education=["Ausbildung zur Gesundheits- und Krankenpflegerin"])
CODER = cv(jobs=[("Backend-Entwickler", "2018-01", "2026-01", [])], education=["Bachelor Informatik"])


@pytest.mark.parametrize(
    ("made", "text", "status"),
    [
        (NURSE, "Ausbildung in der Krankenpflege und mindestens 3 Jahre Berufserfahrung", "met"),
        (NURSE, "Ausbildung in der Krankenpflege und mindestens 12 Jahre Berufserfahrung", "partly"),
        (CODER, "Studium der Informatik und mindestens 5 Jahre Backend-Entwicklung", "met"),
        (CODER, "Studium der Informatik und mindestens 9 Jahre Backend-Entwicklung", "partly"),
        (cv(jobs=[("Backend-Entwickler", "2018-01", "2026-01", [])]), "Studium der Informatik und mindestens 5 Jahre Backend-Entwicklung", "partly"),
    ],
)
def test_an_education_and_years_are_two_things(made: object, text: str, status: str) -> None:
    assert judged(made, text).status.value == status


def test_what_is_shown_in_part_counts_by_how_much() -> None:
    def share(years: int) -> float:
        made = cv(jobs=[("Backend-Entwickler", f"{2026 - years}-01", "2026-01", [])])
        return judged(made, "mindestens 10 Jahre Backend-Entwicklung").share

    assert share(2) < share(5) < share(9)
    assert judged(CODER, "Backend-Entwicklung, Kotlin und Go").share == pytest.approx(1 / 3, abs=0.01)


@pytest.mark.parametrize(
    ("said", "classes"),
    [
        ("kein Führerschein", set()), ("ohne Fahrerlaubnis", set()), ("Gabelstapler-Führerschein", set()), ("Sportboot-Führerschein", set()), ("Staplerführerschein", set()),
        ("Führerschein", {"B"}), ("Führerschein Klasse B", {"B"}), ("Führerscheinklasse B, C", {"B", "C", "C1"}), ("Führerschein – Klasse BE", {"BE", "B"}),
        ("BE-Führerschein", {"BE", "B"}), ("LKW-Führerschein", {"C", "C1", "B"}), ("Pkw-Führerschein", {"B"}), ("Führerschein Klasse C in Vorbereitung", set()),
        ("Driving licence (B)", {"B"}),
    ],
)  # fmt: skip
def test_licences_that_somebody_has(said: str, classes: set[str]) -> None:
    assert licences_in(said) == classes


def test_both_licences_are_asked_for_where_neither_includes_the_other() -> None:
    asked = licence_asked("Führerschein Klassen BE und C1")
    assert asked
    assert asked.classes == ("BE", "C1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Playwright", "Tosca"), ("Odoo", "proALPHA"), ("CyberArk", "Okta"), ("SAS", "SPSS"), ("Nagios", "Zabbix"), ("ANSYS", "Abaqus"), ("Talend", "SSIS"),
        ("JUnit", "pytest"), ("HubSpot", "Pipedrive"), ("Fortinet", "Palo Alto"), ("Kinesis", "Azure Service Bus"), ("KUKA", "FANUC"), ("ISO 27001", "TISAX"),
        ("Power BI", "Power Query"), ("Redis", "Memcached"), ("OTRS", "Zendesk"), ("Figma", "Sketch"), ("LLM", "LL.M."), ("Modbus", "OPC UA"),
    ],
)  # fmt: skip
def test_two_products_are_two_things(lexicon: Concepts, one: str, other: str) -> None:
    first, second = ({mention.concept for mention in lexicon.mentions(words(text))} for text in (one, other))
    assert first
    assert second
    assert not first & second


def test_the_woman_s_form_of_every_trade_means_the_same(lexicon: Concepts) -> None:
    endings = ("er", "or", "ist", "ent", "ant", "eur", "är", "loge", "goge", "graf", "iker", "nom", "ekt", "eut", "ar", "at", "et")
    told_apart = []
    for concept in lexicon.by_key.values():
        for name in concept.names:
            last = name.split()[-1]
            if not last.endswith(endings) or not last[0].isupper() or len(last) < 6 or concept.exact or not last.isalpha():
                continue
            woman = f"{name.removesuffix('e')}in"
            man = {mention.concept for mention in lexicon.mentions(words(name))}
            if man and man != {mention.concept for mention in lexicon.mentions(words(woman))}:
                told_apart.append((name, woman))
    assert told_apart == []
