"""The rules structurer on the samples, and its parts on small tables."""

from __future__ import annotations

import pytest

from pipeline.model.cv import Cv, leaves
from pipeline.model.document import Document
from pipeline.structure.rules import structure_by_rules
from pipeline.structure.text import joined, label_of, split_outside_brackets


@pytest.fixture
def cvs(documents: dict[str, Document]) -> dict[str, Cv]:
    return {name: structure_by_rules(document) for name, document in documents.items()}


def jobs(cv: Cv) -> list[tuple[str, ...]]:
    return [
        tuple(leaf.text if leaf else "" for leaf in (p.title, p.company, p.location, p.period.start, p.period.end)) + (str(len(p.highlights)),)
        for p in cv.positions
    ]


async def test_german_one_column(cvs: dict[str, Cv]) -> None:
    cv = cvs["de-einspaltig-brandt"]
    assert cv.language == "de"
    assert jobs(cv) == [
        ("Projektleiterin Sondermaschinen", "Neckartal Automation GmbH", "Stuttgart", "2019-04", "", "3"),
        ("Konstrukteurin", "Albwerk Fördertechnik AG", "Reutlingen", "2013-10", "2019-03", "2"),
    ]
    assert cv.positions[0].period.current is not None
    assert [g.name.text for g in cv.skills] == ["Software", "Methoden"]
    assert "SAP S/4HANA" in [i.text for i in cv.skills[0].items]
    assert [(entry.name.text, entry.level.text, entry.cefr.text) for entry in cv.languages] == [
        ("Deutsch", "Muttersprache", "native"), ("Englisch", "verhandlungssicher", "C1"), ("Italienisch", "Grundkenntnisse", "A2")
    ]  # fmt: skip
    assert [(c.name.text, c.issuer.text, c.date.text) for c in cv.certificates] == [
        ("IPMA Level C", "GPM", "2018-05"), ("Konfliktmanagement", "Haus der Technik", "2020-11")
    ]  # fmt: skip


async def test_german_table(cvs: dict[str, Cv]) -> None:
    cv = cvs["de-tabelle-yilmaz"]
    assert jobs(cv) == [
        ("Lohnbuchhalter", "Rheinkontor Steuerberatung PartG mbB", "Köln", "2020-01", "", "2"),
        ("Sachbearbeiter Personal", "Domstadt Logistik GmbH", "Köln", "2014-08", "2019-12", "2"),
    ]
    assert (cv.basics.birth_date.text, cv.basics.nationality.text, cv.basics.city.text, cv.basics.postal_code.text) == (
        "1991-02-14",
        "deutsch",
        "Köln",
        "50969",
    )
    assert [(e.degree.text, e.institution.text) for e in cv.education] == [
        ("Ausbildung zum Kaufmann für Büromanagement", "Berufskolleg an der Lindenstraße"), ("Fachhochschulreife", "Gesamtschule Köln-Süd")
    ]  # fmt: skip
    assert [(entry.name.text, entry.level.text) for entry in cv.languages][1:] == [
        ("Türkisch", "Muttersprache"),
        ("Englisch", "gut in Wort und Schrift"),
    ]


async def test_english_two_columns(cvs: dict[str, Cv]) -> None:
    cv = cvs["en-two-column-okafor"]
    assert cv.language == "en"
    assert jobs(cv) == [
        ("Senior Platform Engineer", "Firth Payments Ltd", "Edinburgh", "2021-03", "", "3"),
        ("Systems Engineer", "Lothian Data Centre Services Ltd", "Livingston", "2017-06", "2021-02", "2"),
    ]
    assert "C/C++" in [i.text for g in cv.skills for i in g.items]
    assert [entry.name.text for entry in cv.languages] == ["English", "Igbo", "French"]
    assert cv.projects[0].name.text == "logsieve"
    assert cv.basics.links[0].username.text == "chidi-okafor-demo"


async def test_contact_data_and_names(cvs: dict[str, Cv]) -> None:
    found = {name: (cv.basics.name.text, cv.basics.email.text, cv.basics.phone.text) for name, cv in cvs.items()}
    assert found == {
        "de-einspaltig-brandt": ("Katharina Brandt", "katharina.brandt@example.com", "+49 711 5550142"),
        "de-tabelle-yilmaz": ("Deniz Yilmaz", "deniz.yilmaz@example.org", "+49 221 5550178"),
        "en-one-column-lindqvist": ("Maja Lindqvist", "maja.lindqvist@example.org", "+44 117 496 0233"),
        "en-two-column-okafor": ("Chidi Okafor", "chidi.okafor@example.com", "+44 131 496 0371"),
    }


async def test_every_value_names_lines_that_exist(documents: dict[str, Document], cvs: dict[str, Cv]) -> None:
    for name, cv in cvs.items():
        numbers = {line.number for line in documents[name].lines}
        for path, leaf in leaves(cv):
            assert leaf.lines, f"{name}: {path}"
            assert set(leaf.lines) <= numbers, f"{name}: {path}"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["Industrie und Steuerbera-", "tung. Sicher"], "Industrie und Steuerberatung. Sicher"),
        (["Erstellung von Einzel-", "und Konzernabschlüssen"], "Erstellung von Einzel- und Konzernabschlüssen"),
        (["Tätig als SAP-", "Berater"], "Tätig als SAP-Berater"),
        (["ein Satz", "geht weiter"], "ein Satz geht weiter"),
        (["A/", "B"], "A/B"),
        ([], ""),
    ],
)
def test_lines_are_joined(lines: list[str], text: str) -> None:
    assert joined(lines) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("C/C++, SAP S/4HANA, R&D", ["C/C++", "SAP S/4HANA", "R&D"]),
        ("MS Excel (Pivot, Power Query), Word", ["MS Excel (Pivot, Power Query)", "Word"]),
        ("eins", ["eins"]),
        ("", []),
    ],
)
def test_lists_are_cut_outside_brackets(text: str, parts: list[str]) -> None:
    assert split_outside_brackets(text, r",\s+") == parts


@pytest.mark.parametrize(
    ("text", "label"),
    [("Rolle: Technische Leitung", ("role", "Technische Leitung")), ("Tech stack: Go", ("technologies", "Go")), ("Umsatz: 3 Mio.", None)],
)
def test_labels(text: str, label: tuple[str, str] | None) -> None:
    assert label_of(text) == label
