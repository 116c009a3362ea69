"""Job descriptions become profiles."""

from __future__ import annotations

import subprocess
from pathlib import Path

import docx
import pytest

from pipeline.model.profile import Importance, Profile
from pipeline.read.extract import extract
from pipeline.structure.posting import is_note, profile_of, profile_of_note
from pipeline.structure.posting_lines import posting_of_document, posting_of_text
from tests.pipeline.match.cvs import LEXICON

GERMAN = """# Pflegefachkraft (m/w/d) Intensiv

**Klinikum Musterstadt gGmbH**

Arbeitsort: Musterstadt
Beschäftigung: Vollzeit
Beginn: sofort

Wir suchen Verstärkung.

## Ihre Aufgaben

- Pflege auf der Station

## Das bringen Sie mit

- Ausbildung als Pflegefachfrau/-mann
- mindestens drei Jahre Berufserfahrung
- Deutsch mindestens B2
- Idealerweise eine Fachweiterbildung
- Praxisanleitung von Vorteil
- Java, gerne mit Spring

## Wünschenswert

- Türkischkenntnisse

## Wir bieten

- Jobrad
"""

ENGLISH = """Senior Data Engineer
Northmere Ltd
Location: Leeds
Requirements:
- 5+ years in data engineering
- Python and SQL;
  also some Rust
Nice to have:
* Kafka
What we offer:
* Holidays
"""


def wishes(found: Profile) -> list[tuple[str, str, float, str]]:
    return [(r.text, r.importance.value, r.years, r.level) for r in found.requirements]


def test_a_german_posting_is_taken_apart() -> None:
    found = profile_of(posting_of_text(GERMAN))
    assert (found.title, found.customer, found.place, found.workload, found.start) == (
        "Pflegefachkraft (m/w/d) Intensiv", "Klinikum Musterstadt gGmbH", "Musterstadt", "Vollzeit", "sofort",
    )  # fmt: skip
    assert (found.summary, found.tasks, found.offers, found.language) == ("Wir suchen Verstärkung.", ("Pflege auf der Station",), ("Jobrad",), "de")
    assert wishes(found) == [
        ("Ausbildung als Pflegefachfrau/-mann", "must", 0.0, ""),
        ("mindestens drei Jahre Berufserfahrung", "must", 3.0, ""),
        ("Deutsch mindestens B2", "must", 0.0, "B2"),
        ("Idealerweise eine Fachweiterbildung", "nice", 0.0, ""),
        ("Praxisanleitung von Vorteil", "nice", 0.0, ""),
        ("Java, gerne mit Spring", "must", 0.0, ""),
        ("Türkischkenntnisse", "nice", 0.0, ""),
    ]
    assert [r.weight for r in found.requirements] == [3, 3, 3, 1, 1, 3, 1]


def test_plain_text_as_people_paste_it_is_taken_apart_too() -> None:
    found = profile_of(posting_of_text(ENGLISH))
    assert (found.title, found.customer, found.place, found.language) == ("Senior Data Engineer", "Northmere Ltd", "Leeds", "en")
    assert wishes(found) == [
        ("5+ years in data engineering", "must", 5.0, ""),
        ("Python and SQL", "must", 0.0, ""),
        ("also some Rust", "must", 0.0, ""),
        ("Kafka", "nice", 0.0, ""),
    ]


def test_a_note_of_one_line_is_a_profile() -> None:
    found = profile_of_note("Java Entwickler, 5 Jahre, Kubernetes, München, ab März, 80 %, Deutsch C1", LEXICON)
    assert (found.title, found.place, found.start, found.workload) == ("Java Entwickler", "München", "März", "80 %")
    assert wishes(found) == [("5 Jahre Java Entwickler", "must", 5.0, ""), ("Kubernetes", "must", 0.0, ""), ("Deutsch C1", "must", 0.0, "C1")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "Nur ein Satz ohne alles.",
        "# Titel",
        "- Punkt",
        "x" * 5000,
        "## Ihr Profil\n" * 50,
        "|",
        "| |\n|-|",
        "\t\t\n\tx",
        "|Anforderung|Muss|\n" * 9,
    ],
)
def test_odd_postings_break_nothing(text: str) -> None:
    found = profile_of(posting_of_text(text), source="datei.md")
    assert found.title
    assert all(r.importance is Importance.MUST for r in found.requirements)


def test_labels_say_it_of_the_whole_wherever_they_stand() -> None:
    text = "# Koch\n## Anforderungen\n- Kochen\n### Technik\n- Kombidämpfer\n## Das wäre toll\n- Französisch\n\nOrt: Köln\nBeginn: 01.04. | Umfang: Vollzeit"
    found = profile_of(posting_of_text(text))
    assert (found.place, found.start, found.workload) == ("Köln", "01.04.", "Vollzeit")
    assert [(wish[0], wish[1]) for wish in wishes(found)] == [("Kochen", "must"), ("Kombidämpfer", "must"), ("Französisch", "nice")]


def test_a_table_of_labels_has_no_colons() -> None:
    found = profile_of(posting_of_text("# Koch\nArbeitsort Köln\nBeginn sofort\nUmfang 30 Stunden\n## Anforderungen\n- Kochen"))
    assert (found.place, found.start, found.workload) == ("Köln", "sofort", "30 Stunden")


TABLE = """# Projektanfrage: SAP FI/CO Berater (m/w/d)
Endkunde: Nordsee Energie AG

## Anforderungen
| Nr. | Anforderungen | Muss / Kann | Jahre |
|---|---|---|---|
| 1 | SAP FI/CO Customizing | Muss | 5 |
| 2 | S/4HANA Migration | Muss | mind. 2 |
| 3 | ABAP | Kann | - |
| 4 | Deutsch | Muss | C1 |
| 5 | Kenntnisse der Energiewelt | Soll | |

## Aufgaben
- Customizing
"""
OF_TABLE = [
    ("SAP FI/CO Customizing, 5 Jahre", "must", 5.0, ""),
    ("S/4HANA Migration, 2 Jahre", "must", 2.0, ""),
    ("ABAP", "nice", 0.0, ""),
    ("Deutsch, C1", "must", 0.0, "C1"),
    ("Kenntnisse der Energiewelt", "nice", 0.0, ""),
]


def test_a_table_of_requirements_says_what_must_be_and_for_how_long() -> None:
    found = profile_of(posting_of_text(TABLE))
    assert (found.title, found.customer, found.tasks) == ("SAP FI/CO Berater (m/w/d)", "Nordsee Energie AG", ("Customizing",))
    assert wishes(found) == OF_TABLE
    assert [r.weight for r in found.requirements] == [3, 3, 1, 3, 2]


def word_file(tmp_path: Path, rows: list[tuple[str, ...]], *, heading: str = "Projektanfrage: SAP FI/CO Berater (m/w/d)") -> Path:
    document = docx.Document()
    document.add_heading(heading, 1)
    table = document.add_table(rows=0, cols=len(rows[0]))
    table.style = "Table Grid"
    for n, row in enumerate(rows):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.paragraphs[0].add_run(text).bold = n == 0
    document.add_heading("Aufgaben", 2)
    document.add_paragraph("Customizing", style="List Bullet")
    document.save(str(tmp_path / "posting.docx"))
    return tmp_path / "posting.docx"


def as_pdf(path: Path) -> Path:
    command = [
        "soffice",
        f"-env:UserInstallation=file://{path.parent}/office",
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(path.parent),
        str(path),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return path.with_suffix(".pdf")


@pytest.mark.parametrize("pdf", [False, True], ids=["word", "pdf"])
def test_a_table_in_a_file_is_read_by_where_its_cells_stand(tmp_path: Path, pdf: bool) -> None:
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in TABLE.splitlines() if line.startswith("| ")]
    path = word_file(tmp_path, rows)
    found = profile_of(posting_of_document(extract((as_pdf(path) if pdf else path).read_bytes())))
    assert (found.title, found.tasks, wishes(found)) == ("SAP FI/CO Berater (m/w/d)", ("Customizing",), OF_TABLE)


@pytest.mark.parametrize("pdf", [False, True], ids=["word", "pdf"])
def test_a_sheet_of_two_columns_has_labels_and_sections_on_its_left(tmp_path: Path, pdf: bool) -> None:
    rows = [
        ("Position", "Controller (m/w/d)"),
        ("Unternehmen", "Rhein Chemie GmbH"),
        ("Standort", "Düsseldorf"),
        ("Muss-Anforderungen", "Mindestens 3 Jahre Berufserfahrung im Controlling\nSehr gute Kenntnisse in SAP CO und Excel"),
        ("Kann-Anforderungen", "Power BI\nEnglisch verhandlungssicher"),
    ]
    path = word_file(tmp_path, rows, heading="Stellenbeschreibung")
    found = profile_of(posting_of_document(extract((as_pdf(path) if pdf else path).read_bytes())))
    assert (found.title, found.customer, found.place) == ("Controller (m/w/d)", "Rhein Chemie GmbH", "Düsseldorf")
    assert wishes(found) == [
        ("Mindestens 3 Jahre Berufserfahrung im Controlling", "must", 3.0, ""),
        ("Sehr gute Kenntnisse in SAP CO und Excel", "must", 0.0, ""),
        ("Power BI", "nice", 0.0, ""),
        ("Englisch verhandlungssicher", "nice", 0.0, "C1"),
    ]


def test_crosses_say_it_too_and_cells_may_be_divided_by_tabs() -> None:
    text = "Gesuchte Position\tStaplerfahrer (m/w/d)\nEinsatzort\tBremen\n\nAnforderung\tMuss\tKann\nStaplerschein\tx\t\nSAP EWM\t\tx\n"
    found = profile_of(posting_of_text(text))
    assert (found.title, found.place) == ("Staplerfahrer (m/w/d)", "Bremen")
    assert wishes(found) == [("Staplerschein", "must", 0.0, ""), ("SAP EWM", "nice", 0.0, "")]


def test_a_table_without_a_head_and_one_in_english() -> None:
    bare = profile_of(posting_of_text("# Koch\n| Kochen | Muss |\n| Backen | Kann |\n"))
    assert wishes(bare) == [("Kochen", "must", 0.0, ""), ("Backen", "nice", 0.0, "")]
    text = "# Data Engineer\n| Requirement | Must / Nice | Years | Level |\n|---|---|---|---|\n| Python programming | Must | 5+ | |\n| English | Nice to have | n/a | C1 |\n"
    assert wishes(profile_of(posting_of_text(text))) == [("Python programming, 5 years", "must", 5.0, ""), ("English, C1", "nice", 0.0, "C1")]


MAIL = """Guten Morgen Frau Schulz,

wir benötigen zum 01.02.2027 Unterstützung in der Buchhaltung. Gesucht wird eine Debitorenbuchhalterin (m/w/d) für unser Büro in Essen, 30 Stunden pro Woche.

Wichtig sind uns eine abgeschlossene kaufmännische Ausbildung, mehrjährige Erfahrung in der Debitorenbuchhaltung und sichere Kenntnisse in DATEV. SAP-Kenntnisse wären toll, sind aber kein Muss. Englisch ist nicht erforderlich. Sie übernehmen das Mahnwesen. Wir bieten 30 Tage Urlaub.

Freundliche Grüße
Petra Lindner
"""


def test_an_email_without_headings_is_sorted_by_what_its_sentences_say() -> None:
    found = profile_of(posting_of_text(MAIL))
    assert (found.title, found.place, found.start, found.workload) == ("Debitorenbuchhalterin", "Essen", "01.02.2027", "30 Stunden pro Woche")
    assert (found.tasks, found.offers) == (("Sie übernehmen das Mahnwesen",), ("Wir bieten 30 Tage Urlaub",))
    assert wishes(found) == [
        ("Abgeschlossene kaufmännische Ausbildung", "must", 0.0, ""),
        ("Mehrjährige Erfahrung in der Debitorenbuchhaltung", "must", 2.0, ""),
        ("Sichere Kenntnisse in DATEV", "must", 0.0, ""),
        ("SAP-Kenntnisse wären toll, sind aber kein Muss", "nice", 0.0, ""),
    ]
    assert "Lindner" not in found.summary


def test_english_prose_too() -> None:
    text = (
        "Hi team,\nour client in Zurich is looking for a Cloud Security Architect. You will design the landing zone. "
        "You have at least 7 years of experience in IT security and know Azure inside out. CISSP or CCSP is required. "
        "German at B2 level is a plus. Start: 1 February 2027.\nBest regards,\nTom"
    )
    found = profile_of(posting_of_text(text))
    assert (found.title, found.place, found.start) == ("Cloud Security Architect", "Zurich", "1 February 2027")
    assert wishes(found) == [
        ("At least 7 years of experience in IT security", "must", 7.0, ""),
        ("Azure inside out", "must", 0.0, ""),
        ("CISSP or CCSP", "must", 0.0, ""),
        ("German at B2 level is a plus", "nice", 0.0, "B2"),
    ]


def test_what_stands_behind_the_name_of_a_section_may_be_a_list() -> None:
    text = "Suche: 2 Java Entwickler (m/w/d)\nKunde: Bank in Frankfurt\nSkills: Java 17, Spring Boot\nErfahrung: mindestens 5 Jahre\nNice to have: Bankerfahrung, Angular"
    found = profile_of(posting_of_text(text))
    assert (found.title, found.customer) == ("Java Entwickler (m/w/d)", "Bank in Frankfurt")
    assert [(wish[0], wish[1]) for wish in wishes(found)] == [
        ("Java 17", "must"), ("Spring Boot", "must"), ("Erfahrung: mindestens 5 Jahre", "must"), ("Bankerfahrung", "nice"), ("Angular", "nice"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "title", "place"),
    [
        ("Hi-Fi Techniker (m/w/d)", "Hi-Fi Techniker (m/w/d)", ""),
        ("Gesucht: 2 Köche", "Köche", ""),
        ("Für das Projekt Netz suchen wir einen Bauleiter Tiefbau (m/w/d) in Leipzig ab April 2027.", "Bauleiter Tiefbau", "Leipzig"),
        ("Profil gesucht:\nReact Frontend Developer", "React Frontend Developer", ""),
        ("Stellenausschreibung\nSachbearbeiterin Einkauf", "Sachbearbeiterin Einkauf", ""),
        ("Position: Koch", "Koch", ""),
        ("Hallo zusammen,\nfür einen Kunden suche ich:\nTestmanager (m/w/d)", "Testmanager (m/w/d)", ""),
    ],
)
def test_what_is_sought_is_the_title(line: str, title: str, place: str) -> None:
    found = profile_of(posting_of_text(f"{line}\n\nAnforderungen\n- Deutsch\n\nBei Interesse bitte melden.\nViele Grüße"))
    assert (found.title, found.place, [r.text for r in found.requirements]) == (title, place, ["Deutsch"])


def test_a_text_of_several_sentences_is_no_note() -> None:
    assert is_note("Senior Java Entwickler, 5 Jahre, Kubernetes, München, ab März")
    assert not is_note("Wir suchen einen Koch. Sie haben eine Ausbildung als Koch. Deutsch wäre schön.")
