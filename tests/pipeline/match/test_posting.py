"""Job descriptions become profiles."""

from __future__ import annotations

import pytest

from pipeline.model.profile import Importance, Profile
from pipeline.structure.posting import posting_of_text, profile_of, profile_of_note
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


@pytest.mark.parametrize("text", ["", "\n\n", "Nur ein Satz ohne alles.", "# Titel", "- Punkt", "x" * 5000, "## Ihr Profil\n" * 50])
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
