"""Ways of setting a CV, each as small as it can be: lines in, fields out."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from pipeline.check.check import check
from pipeline.lang.dates import find_periods
from pipeline.lang.lexicon import lexicon
from pipeline.model.cv import Cv, leaves
from pipeline.model.document import Box, Document, Line, PageSize, Span
from pipeline.structure.layout import layout_of
from pipeline.structure.rules import structure_by_rules
from tests.conftest import TODAY

HEAD = [("Ada Beispiel", 18, True), ("ada.beispiel@example.org", 10, False)]
Row = tuple[str, float, bool] | list[tuple[str, float]]


def page(rows: list[Row], *, pitch: float = 14.0, indent: dict[str, float] | None = None) -> Document:
    """Rows from top to bottom: (text, size, bold), or cells of (text, x) in 10 points. "• " marks a bullet, "" is a gap."""
    lines: list[Line] = []
    y = 50.0
    for row in [*HEAD, ("", 10, False), *rows]:
        cells = (
            [(row[0], (indent or {}).get(row[0], 60.0), row[1], row[2])] if isinstance(row, tuple) else [(text, x, 10.0, False) for text, x in row]
        )
        for text, x, size, bold in cells:
            if text:
                bullet = text.startswith("• ")
                shown = text.removeprefix("• ").strip("*")
                bold = bold or text.startswith("*")
                box = Box(x, y, x + 0.5 * size * len(shown), y + size)
                lines.append(Line(len(lines) + 1, 1, box, shown, (Span(0, len(shown), size, bold, False, "000000"),), bullet=bullet))
        y += pitch if any(c[0] for c in cells) else 8
    return Document(tuple(lines), (PageSize(595, 842),))


def heading(text: str) -> tuple[str, float, bool]:
    return (text, 13, True)


GAP = ("", 10, False)


def told(cv: Cv) -> list[tuple[str, str]]:
    return [(p.title.text if p.title else "", p.company.text if p.company else "") for p in cv.positions]


def test_positions_below_one_employer_s_name_share_it() -> None:
    rows = [
        heading("Berufserfahrung"), ("Beispiel Werke AG, Bonn", 10, True),
        [("Teamleiterin Einkauf", 68), ("04/2019 – heute", 450)], ("• Verhandelt mit zwölf Lieferanten", 10, False),
        [("Einkäuferin", 68), ("01/2015 – 03/2019", 450)], ("• Betreut Normteile", 10, False),
        ("Muster Logistik GmbH, Köln", 10, True), [("Disponentin", 68), ("09/2011 – 12/2014", 450)], ("• Plant Touren", 10, False),
        GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False), GAP, heading("Interessen"), ("Rudern", 10, False),
    ]  # fmt: skip
    assert told(structure_by_rules(page(rows))) == [
        ("Teamleiterin Einkauf", "Beispiel Werke AG"), ("Einkäuferin", "Beispiel Werke AG"), ("Disponentin", "Muster Logistik GmbH")
    ]  # fmt: skip


def test_a_pause_does_not_inherit_the_last_employer() -> None:
    rows = [
        heading("Berufserfahrung"),
        [("04/2019 – heute", 60), ("*Teamleiterin Einkauf", 200)], [("Beispiel Werke AG", 200)],
        [("01/2017 – 03/2019", 60), ("*Elternzeit", 200)],
        [("01/2015 – 12/2016", 60), ("*Einkäuferin", 200)], [("Muster GmbH", 200)],
        GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False), GAP, heading("Interessen"), ("Rudern", 10, False),
    ]  # fmt: skip
    assert told(structure_by_rules(page(rows))) == [("Teamleiterin Einkauf", "Beispiel Werke AG"), ("Elternzeit", ""), ("Einkäuferin", "Muster GmbH")]


def test_a_form_of_labels_is_a_project() -> None:
    form = [
        ("Zeitraum", "02/2022 – 06/2023"), ("Projekt", "Einführung Lagerverwaltung"), ("Kunde", "Pharmagroßhandel"),
        ("Rolle", "Teilprojektleiterin"), ("Aufgaben", "Fachkonzept für 14 Verfahren"), ("Technologien", "SAP EWM, ABAP"),
    ]  # fmt: skip
    rows = [heading("Projekte"), *([(a, 60.0), (b, 200.0)] for a, b in form), *([(a, 60.0), (b.replace("2022", "2020"), 200.0)] for a, b in form)]
    rows += [GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False), GAP, heading("Interessen"), ("Rudern", 10, False)]
    first, second = structure_by_rules(page(rows)).projects
    assert (first.name.text, first.role.text, first.customer.text) == ("Einführung Lagerverwaltung", "Teilprojektleiterin", "Pharmagroßhandel")
    assert (first.period.start.text, second.period.start.text) == ("2022-02", "2020-02")
    assert [t.text for t in first.technologies] == ["SAP EWM", "ABAP"]
    assert [h.text for h in first.highlights] == ["Fachkonzept für 14 Verfahren"]


@pytest.mark.parametrize("words", ["Meine Stationen", "Wo andere mich brauchten", "Beruf & Praxis"])
def test_work_under_a_heading_in_somebody_s_own_words(words: str) -> None:
    rows = [
        heading(words), ("03/2018 – heute", 10, False), ("Technikerin, Beispiel GmbH", 10, False), GAP,
        heading("Ausbildung"), ("09/2014 – 02/2018", 10, False), ("Ausbildung zur Mechatronikerin, Berufskolleg Bonn", 10, False), GAP,
        heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False), GAP, heading("Interessen"), ("Rudern", 10, False),
    ]  # fmt: skip
    assert told(structure_by_rules(page(rows))) == [("Technikerin", "Beispiel GmbH")]


def test_languages_behind_a_label_among_skills_are_languages_and_programmers_languages_are_not() -> None:
    rows = [
        heading("Kenntnisse"), ("Programmierung: Java, SQL", 10, False), ("Sprachen: Deutsch (Muttersprache), Englisch (C1)", 10, False), GAP,
        heading("Interessen"), ("Rudern", 10, False), GAP, heading("Ausbildung"), ("2010 – 2014", 10, False), ("Bachelor Informatik, Universität Bonn", 10, False),
    ]  # fmt: skip
    cv = structure_by_rules(page(rows))
    assert [(entry.name.text, entry.cefr.text) for entry in cv.languages] == [("Deutsch", "native"), ("Englisch", "C1")]
    rows[2] = ("Sprachen: Go, Rust, Kotlin", 10, False)
    cv = structure_by_rules(page(rows))
    assert cv.languages == ()
    assert "Rust" in [item.text for group in cv.skills for item in group.items]


def test_a_language_that_no_list_names_is_known_by_its_level() -> None:
    rows = [heading("Languages"), ("English (native), Klingonese (fluent)", 10, False), GAP, heading("Education"), ("2010 – 2014", 10, False), ("BSc Physics, University of Bonn", 10, False), GAP, heading("Interests"), ("Rowing", 10, False)]  # fmt: skip
    assert [entry.name.text for entry in structure_by_rules(page(rows)).languages] == ["English", "Klingonese"]


def test_an_address_that_breaks_over_two_lines_is_one() -> None:
    rows = [("https://github.com/ada-", 10, False), ("beispiel", 10, False), GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False), GAP, heading("Interessen"), ("Rudern", 10, False)]  # fmt: skip
    cv = structure_by_rules(page(rows, pitch=11))
    assert [link.url.text for link in cv.basics.links] == ["https://github.com/ada-beispiel"]


def test_a_column_of_places_with_a_head_is_places() -> None:
    rows = [
        heading("Berufserfahrung"), [("Zeitraum", 60), ("Ort", 180), ("Tätigkeit", 260)],
        [("03/2018 – heute", 60), ("Passau", 180), ("*Technikerin", 260)], [("Beispiel GmbH", 260)],
        [("01/2012 – 02/2018", 60), ("Regen", 180), ("*Monteurin", 260)], [("Muster AG", 260)],
        GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False), GAP, heading("Interessen"), ("Rudern", 10, False),
    ]  # fmt: skip
    cv = structure_by_rules(page(rows))
    assert told(cv) == [("Technikerin", "Beispiel GmbH"), ("Monteurin", "Muster AG")]
    assert [p.location.text for p in cv.positions] == ["Passau", "Regen"]


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("Telefon: 347 011 8265", "347 011 8265"),
        ("Geboren 02/08/1987, Tel. (+34) 650 118 943", "(+34) 650 118 943"),
        ("Mobil 0170 5559341", "0170 5559341"),
    ],
)
def test_phones_and_not_dates(text: str, phone: str) -> None:
    rows = [(text, 10, False), GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False), GAP, heading("Interessen"), ("Rudern", 10, False)]
    assert structure_by_rules(page(rows)).basics.phone.text == phone


async def test_whatever_the_lines_nothing_breaks_and_nothing_is_lost(documents: dict[str, Document]) -> None:
    """Lines of real CVs in any order, doubled and missing: every line ends in a field, in a section or in the list of what was left out."""
    chance = random.Random(7)
    sources = list(documents.values())
    for _ in range(150):
        one, other = chance.choice(sources), chance.choice(sources)
        lines = [*one.lines, *chance.sample(other.lines, chance.randint(0, len(other.lines)))]
        lines = chance.sample(lines, chance.randint(1, len(lines))) if chance.random() < 0.7 else lines
        document = replace(one, lines=tuple(replace(line, number=n) for n, line in enumerate(lines, start=1)), pages=one.pages * 4)
        cv, _ = check(structure_by_rules(document), document, today=TODAY)
        used = {n for _, leaf in leaves(cv) for n in leaf.lines} | {left.line for left in cv.left_out}
        assert {line.number for line in document.lines if line.text.strip()} <= used


def test_an_employer_with_the_dates_of_all_its_positions_is_no_position() -> None:
    rows = [
        heading("Berufserfahrung"), [("*Beispiel Werke GmbH, Kempten", 60), ("10/2012 – heute", 450)],
        [("Leiterin Controlling", 76), ("07/2019 – heute", 450)], ("• Plant das Budget", 10, False),
        [("Controllerin", 76), ("10/2012 – 06/2019", 450)], ("• Berichtet monatlich", 10, False),
        GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False), GAP, heading("Interessen"), ("Rudern", 10, False),
    ]  # fmt: skip
    cv = structure_by_rules(page(rows))
    assert told(cv) == [("Leiterin Controlling", "Beispiel Werke GmbH"), ("Controllerin", "Beispiel Werke GmbH")]
    assert [p.period.start.text for p in cv.positions] == ["2019-07", "2012-10"]


@pytest.mark.parametrize(
    ("text", "name", "issuer"),
    [
        ("Certified Controller (Controller Akademie)", "Certified Controller", "Controller Akademie"),
        ("Trauma Nursing Core Course (TNCC)", "Trauma Nursing Core Course (TNCC)", None),
        ("Praxisanleitung (300 Std.)", "Praxisanleitung (300 Std.)", None),
    ],
)
def test_a_name_in_brackets_issued_the_certificate_and_an_abbreviation_did_not(text: str, name: str, issuer: str | None) -> None:
    rows = [heading("Zertifikate"), (text, 10, False), GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False), GAP, heading("Interessen"), ("Rudern", 10, False)]  # fmt: skip
    (found,) = structure_by_rules(page(rows)).certificates
    assert (found.name.text, found.issuer and found.issuer.text) == (name, issuer)


def test_a_place_below_a_date_that_breaks_over_is_a_place() -> None:
    rows = [
        heading("Berufserfahrung"), [("Zeitraum", 60), ("Ort", 180), ("Tätigkeit", 260)],
        [("Mai 2016 bis Oktober", 60), ("Passau", 180), ("*Hotel Beispielhof", 260)], [("2020", 60), ("Sous-Chef", 260)],
        [("April 2012 bis April", 60), ("Regen", 180), ("*Hotel Muster", 260)], [("2016", 60), ("Chef de Partie", 260)],
        GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False), GAP, heading("Interessen"), ("Rudern", 10, False),
    ]  # fmt: skip
    cv = structure_by_rules(page(rows))
    assert told(cv) == [("Sous-Chef", "Hotel Beispielhof"), ("Chef de Partie", "Hotel Muster")]
    assert [(p.location.text, p.period.end.text) for p in cv.positions] == [("Passau", "2020-10"), ("Regen", "2016-04")]


def kinds(document: Document) -> list[tuple[str, str]]:
    return [(p.kind, " ".join(h.text for h in p.heading)) for p in layout_of(document).parts if p.heading]


def test_headings_in_people_s_own_words_are_told_by_their_style_and_by_what_stands_below() -> None:
    rows = [
        heading("Wo ich gewirkt habe"), ("03/2018 – heute", 10, False), ("Leiterin Einkauf", 10, True), ("Beispiel GmbH, Bonn", 10, False),
        ("09/2012 – 02/2018", 10, False), ("Einkäuferin", 10, True), ("Muster AG, Köln", 10, False),
        GAP, heading("Ausbildung"), ("10/2007 – 08/2012", 10, False), ("Bachelor Betriebswirtschaft", 10, True), ("Universität Bonn", 10, False),
        GAP, heading("Was ich beherrsche"), ("SAP MM, Excel, Power BI", 10, False), ("Verhandeln, Moderieren", 10, False),
        GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False),
    ]  # fmt: skip
    document = page(rows)
    assert [kind for kind, _ in kinds(document)] == ["work", "education", "skills", "languages"]
    assert told(structure_by_rules(document))[0] == ("Leiterin Einkauf", "Beispiel GmbH")


def test_what_stands_below_outweighs_a_word_of_the_heading() -> None:
    rows = [
        heading("Schuldienst und Wissenschaft"), ("08/2017 – heute", 10, False), ("Oberstudienrätin", 10, True), ("Gymnasium Bonn", 10, False),
        ("02/2012 – 07/2017", 10, False), ("Leiterin der Bibliothek", 10, True), ("Stadt Köln", 10, False),
        GAP, heading("Studium"), ("10/2005 – 08/2011", 10, False), ("Master Geschichte", 10, True), ("Universität Bonn", 10, False),
        GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False),
    ]  # fmt: skip
    assert [kind for kind, _ in kinds(page(rows))] == ["work", "education", "languages"]


def test_headings_side_by_side_in_one_row_have_their_lines_below_them() -> None:
    rows = [
        ("Berufserfahrung", 10, True), ("03/2018 – heute", 10, False), ("Leiterin Einkauf", 10, False), ("Beispiel GmbH, Bonn", 10, False),
        GAP, [("*Sprachen", 60), ("*Kenntnisse", 230), ("*Interessen", 420)],
        [("Deutsch: Muttersprache", 60), ("SAP MM", 230), ("Rudern", 420)],
        [("Englisch: fließend", 60), ("Excel", 230), ("Chorgesang", 420)],
    ]  # fmt: skip
    cv = structure_by_rules(page(rows))
    assert [entry.name.text for entry in cv.languages] == ["Deutsch", "Englisch"]
    assert [leaf.text for group in cv.skills for leaf in group.items] == ["SAP MM", "Excel"]
    assert [leaf.text for leaf in cv.interests] == ["Rudern", "Chorgesang"]


def test_a_town_behind_the_company_in_another_style_is_no_title() -> None:
    document = page([
        heading("Berufserfahrung"), ("10/2021 bis heute", 10, False), ("Beispielpflege gGmbH, Erfurt", 10, True), ("Pflegefachfrau", 10, False),
        ("• Symptomkontrolle, Anlage und Überwachung von Schmerzpumpen", 10, False), ("12/2017 bis 09/2021", 10, False), ("Musterklinik, Gotha", 10, True), ("Pflegerin, Onkologie", 10, False),
        GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False),
    ])  # fmt: skip
    lines = [replace(line, spans=_bold_until_comma(line)) if line.bold and "," in line.text else line for line in document.lines]
    cv = structure_by_rules(replace(document, lines=tuple(lines)))
    assert [(p.title.text, p.company.text, p.location.text) for p in cv.positions] == [
        ("Pflegefachfrau", "Beispielpflege gGmbH", "Erfurt"), ("Pflegerin, Onkologie", "Musterklinik", "Gotha")
    ]  # fmt: skip


def _bold_until_comma(line: Line) -> tuple[Span, ...]:
    cut, size = line.text.index(",") + 1, line.size
    return (Span(0, cut, size, True, False, "000000"), Span(cut + 1, len(line.text), size, False, False, "000000"))


def test_a_year_that_a_bullet_ends_with_begins_no_entry() -> None:
    cv = structure_by_rules(page([
        heading("Berufserfahrung"), ("03/2018 – heute", 10, False), ("Leiterin Werk", 10, True), ("Beispiel GmbH, Bonn", 10, False),
        ("• Zukunftstarifvertrag mit dem Betriebsrat verhandelt und Standortsicherung bis", 10, False), ("2029", 10, False),
        ("• Rüstzeiten halbiert", 10, False), GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False),
    ], indent={"2029": 60.0}))  # fmt: skip
    assert len(cv.positions) == 1
    assert [h.text[-12:] for h in cv.positions[0].highlights] == ["ung bis 2029", "ten halbiert"]


@pytest.mark.parametrize("text", ["Career break – travel in South America", "Elternzeit", "Sabbatical und Weltreise"])
def test_a_pause_has_no_company(text: str) -> None:
    rows = [
        heading("Work Experience"), [("02/2019 – present", 60), ("Site Manager, Example Build Ltd, Leeds", 200)], [("03/2018 – 08/2018", 60), (text, 200)],
        GAP, heading("Languages"), ("English (native)", 10, False),
    ]  # fmt: skip
    assert told(structure_by_rules(page(rows)))[1] == (text, "")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("September 2019 to date", "2019-09", ""),
        ("08/2018 – voraussichtlich 07/2024", "2018-08", "2024-07"),
        ("2019 → heute", "2019", ""),
        ("Mär 19 – heute", "2019-03", ""),
        ("2013–16", "2013", "2016"),
        ("Q2 2023 – Q4 2023", "2023", "2023"),
        ("09.2020 r. – nadal", "2020-09", ""),
        ("Sommer 2016 – Herbst 2018", "2016", "2018"),
        ("10/2021 bis heute", "2021-10", ""),
    ],
)
def test_periods_in_people_s_own_words(text: str, start: str, end: str) -> None:
    found = find_periods(text)
    assert [(p.start.iso, p.end.iso if p.end else "", bool(p.current)) for p in found] == [(start, end, not end)]


def test_the_heads_of_a_table_say_which_column_holds_the_employer() -> None:
    rows = [
        heading("Arbeitgeber und Aufgaben"), [("Zeitraum", 60), ("Funktion und Aufgaben", 175), ("Betrieb", 413)],
        [("02/2020 – heute", 60), ("Laborleiterin", 175), ("Dentallabor", 413)],
        [("Leitung eines Labors mit elf Technikern", 175), ("in Reutlingen am Neckar", 413)],
        [("09/2015 – 01/2020", 60), ("Zahntechnikerin", 175), ("Musterlabor", 413)],
        [("Vollkeramische Kronen und Veneers", 175), ("Metzingen, Landkreis Reutlingen", 413)],
        GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False), GAP, heading("Interessen"), ("Rudern", 10, False),
    ]  # fmt: skip
    cv = structure_by_rules(page(rows))
    assert [(p.title.text, p.company.text, p.location.text) for p in cv.positions] == [
        ("Laborleiterin", "Dentallabor", "Reutlingen am Neckar"), ("Zahntechnikerin", "Musterlabor", "Metzingen, Landkreis Reutlingen")
    ]  # fmt: skip


def test_headings_that_no_lexicon_knows_are_seen() -> None:
    rows = [
        heading("Kuechen"), ("Sous-Chef", 10, True), ("Hotel Beispiel, Bonn, 03/2020 – heute", 10, False), ("• Wareneinsatz gesenkt", 10, False),
        ("Koch", 10, True), ("Gasthof Muster, Köln, 09/2015 – 02/2020", 10, False), ("• Fisch und Saucen", 10, False),
        GAP, heading("Tongues"), ("Deutsch (Muttersprache)", 10, False), ("Englisch (gut)", 10, False),
        GAP, heading("Auf dem Pass"), ("HACCP, Kalkulation, Menüplanung", 10, False), ("Wild, Saucen", 10, False),
    ]  # fmt: skip
    assert [kind for kind, _ in kinds(page(rows))] == ["work", "languages", "skills"]


def test_dots_of_a_time_line_are_no_bullets() -> None:
    rows = [
        heading("Werdegang"), ("• Teamleiterin Export", 10, True), ("Beispiel Cargo GmbH, Frankfurt | 2022 – heute", 10, False),
        [("• Führung eines Teams", 80)], ("• Disponentin", 10, True), ("Muster Logistik KG, Darmstadt | 2014 – 2021", 10, False), [("• Verzollung", 80)],
        GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False), GAP, heading("Interessen"), ("Rudern", 10, False),
    ]  # fmt: skip
    cv = structure_by_rules(page(rows))
    assert told(cv) == [("Teamleiterin Export", "Beispiel Cargo GmbH"), ("Disponentin", "Muster Logistik KG")]
    assert [[h.text for h in p.highlights] for p in cv.positions] == [["Führung eines Teams"], ["Verzollung"]]


def test_commas_divide_nothing_where_bars_do() -> None:
    rows = [
        heading("Experience"), ("Payroll Administrator | Hartwell Castings, Inc. | Newark, OH | Sept 2017 – May 2021", 10, False),
        ("• Ran weekly payroll", 10, False), GAP, heading("Languages"), ("English (native)", 10, False),
    ]  # fmt: skip
    position = structure_by_rules(page(rows)).positions[0]
    assert (position.title.text, position.company.text, position.location.text) == ("Payroll Administrator", "Hartwell Castings, Inc.", "Newark, OH")


def test_of_two_sections_in_one_heading_the_one_that_stands_below_is_meant() -> None:
    rows = [
        heading("Lehre und Praktika"), ("Auszubildende zur Tischlerin", 10, True), ("seit 09/2023", 10, False), ("Möbelwerkstätte Beispiel, Bonn", 10, False),
        ("Aushilfe im Verkauf", 10, True), ("06/2022 – 08/2023", 10, False), ("Bäckerei Muster, Köln", 10, False),
        GAP, heading("Schule"), ("Mittlere Reife", 10, True), ("2016 – 2023", 10, False), ("Realschule Bonn", 10, False),
    ]  # fmt: skip
    assert [kind for kind, _ in kinds(page(rows))] == ["work", "education"]


def test_a_place_with_its_country_before_the_title_is_the_place() -> None:
    rows = [
        heading("Esperienza lavorativa"), [("01/02/2019 – attuale", 60), ("Padova, Italia", 200)], ("ASSISTENTE DI DIREZIONE", 10, True),
        ("BRENTA CALZATURE S.P.A.", 10, False), ("• Gestione dell'agenda", 10, False), GAP, heading("Lingue"), ("Italiano: madrelingua", 10, False),
    ]  # fmt: skip
    position = structure_by_rules(page(rows)).positions[0]
    assert (position.title.text, position.company.text, position.location.text) == (
        "ASSISTENTE DI DIREZIONE",
        "BRENTA CALZATURE S.P.A.",
        "Padova, Italia",
    )


def test_a_label_is_no_headline() -> None:
    rows = [
        heading("Persönliche Daten"), [("Name", 60), ("Ada Beispiel", 200)], [("Anschrift", 60), ("Rheinweg 3, 53113 Bonn", 200)],
        [("Telefon", 60), ("0228 5550101", 200)], GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False),
    ]  # fmt: skip
    basics = structure_by_rules(page(rows)).basics
    assert (basics.name.text, basics.headline) == ("Ada Beispiel", None)


SPOKEN = [GAP, heading("Sprachen"), ("Deutsch (Muttersprache)", 10, False)]


def schools(cv: Cv) -> list[tuple[str, str]]:
    return [(e.degree.text if e.degree else "", e.institution.text if e.institution else "") for e in cv.education]


def test_a_degree_that_reaches_far_does_not_run_on_into_its_school() -> None:
    rows = [
        heading("Ausbildung"), [("08/2020 – 06/2023", 60), ("Ausbildung zur Kauffrau für Büromanagement", 180)], [("Berufskolleg Bonn-Mitte", 180)],
        [("08/2014 – 06/2020", 60), ("Mittlere Reife mit Qualifikationsvermerk", 180)], [("Realschule Am Stadtgarten", 180)], *SPOKEN,
    ]  # fmt: skip
    assert schools(structure_by_rules(page(rows))) == [
        ("Ausbildung zur Kauffrau für Büromanagement", "Berufskolleg Bonn-Mitte"), ("Mittlere Reife mit Qualifikationsvermerk", "Realschule Am Stadtgarten")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "school"),
    [
        ("Mittlere Reife mit Auszeichnung", 0),
        ("MIT, Cambridge", 1),
        ("Auftrag und Lager", 0),
        ("TU Dresden", 1),
        ("Berufsfachschule", 1),
        ("Natur", 0),
    ],
)
def test_what_is_written_in_capitals_is_a_school_only_so(text: str, school: int) -> None:
    assert bool(lexicon().institution_words.search(text)) == bool(school)


def test_labels_of_columns_among_skills_open_no_sections() -> None:
    rows = [
        ("KENNTNISSE", 10, True), [("*Sprachen", 60), ("*Infrastruktur", 230), ("*Praxis", 420)],
        [("Go · Java · Kotlin", 60), ("Kubernetes · Kafka", 230), ("Mentoring · Reviews", 420)],
        GAP, ("BERUFSERFAHRUNG", 10, True), ("03/2018 – heute", 10, False), ("Entwickler", 10, False), ("Beispiel GmbH, Bonn", 10, False),
        GAP, ("INTERESSEN", 10, True), ("Rudern", 10, False), GAP, ("SPRACHEN", 10, True), ("Deutsch (Muttersprache)", 10, False),
    ]  # fmt: skip
    document = page(rows)
    lines = [replace(line, spans=(replace(line.spans[0], size=12.0),)) if line.number in (4, 5, 6) else line for line in document.lines]
    cv = structure_by_rules(replace(document, lines=tuple(lines)))
    assert [leaf.text for group in cv.skills for leaf in group.items] == ["Go", "Java", "Kotlin", "Kubernetes", "Kafka", "Mentoring", "Reviews"]
    assert [entry.name.text for entry in cv.languages] == ["Deutsch"]
    assert told(cv) == [("Entwickler", "Beispiel GmbH")]


def test_labels_among_skills_that_look_like_one_another_open_no_sections() -> None:
    rows = [
        heading("KENNTNISSE"), ("Sprachen", 10, True), ("Go · Java · Kotlin", 10, False), GAP, ("Infrastruktur", 10, True), ("Kafka · Terraform", 10, False),
        GAP, ("Praxis", 10, True), ("Mentoring · Reviews", 10, False), GAP, heading("INTERESSEN"), ("Rudern", 10, False),
        GAP, heading("BERUFSERFAHRUNG"), ("03/2018 – heute", 10, False), ("Entwickler", 10, False), ("Beispiel GmbH, Bonn", 10, False),
        GAP, heading("AUSBILDUNG"), ("2010 – 2014", 10, False), ("Bachelor Informatik", 10, False), ("Hochschule Bonn", 10, False),
    ]  # fmt: skip
    cv = structure_by_rules(page(rows))
    assert [leaf.text for group in cv.skills for leaf in group.items] == ["Go", "Java", "Kotlin", "Kafka", "Terraform", "Mentoring", "Reviews"]
    assert told(cv) == [("Entwickler", "Beispiel GmbH")]


def test_lists_beside_labels_below_the_languages_are_skills() -> None:
    rows = [
        [("BERUFSERFAHRUNG", 60)], [("03/2018 – heute", 60), ("Pflegefachfrau", 200)], [("Klinikum Beispiel, Bonn", 200)],
        [("SPRACHEN", 60)], [("Deutsch", 60), ("Muttersprache", 200)], [("Englisch", 60), ("B2", 200)],
        [("Pflege", 60), ("Beatmung, Wundmanagement, Palliative Care", 200)], [("Leitung", 60), ("Dienstplanung, Mitarbeitergespräche", 200)],
    ]  # fmt: skip
    cv = structure_by_rules(page(rows))
    assert [(group.name.text, [leaf.text for leaf in group.items]) for group in cv.skills if group.name] == [
        ("Pflege", ["Beatmung", "Wundmanagement", "Palliative Care"]), ("Leitung", ["Dienstplanung", "Mitarbeitergespräche"])
    ]  # fmt: skip
    assert [entry.name.text for entry in cv.languages] == ["Deutsch", "Englisch"]


def test_a_title_that_comes_again_at_the_top_of_the_next_page_is_kept() -> None:
    document = page(
        [heading("Berufserfahrung"), ("03/2018 – heute", 10, False), ("Leitende Köchin", 10, True), ("Gasthof Beispiel, Bonn", 10, False)]
    )
    size = document.pages[0]
    again = Line(101, 2, Box(60, 50, 150, 60), "Leitende Köchin", (Span(0, 15, 10, True, False, "000000"),))
    where = Line(102, 2, Box(60, 64, 200, 74), "Hotel Muster, Köln", (Span(0, 18, 10, False, False, "000000"),))
    cv = structure_by_rules(replace(document, lines=(*document.lines, again, where), pages=(size, size)))
    assert [out for out in cv.left_out if out.line == 101 and out.reason == "running_header"] == []


def test_the_name_at_the_top_of_a_further_page_and_a_form_s_copyright_say_nothing() -> None:
    document = page(
        [heading("Berufserfahrung"), ("03/2018 – heute", 10, False), ("Köchin", 10, True), ("Gasthof Beispiel, Bonn", 10, False), *SPOKEN]
    )
    size = document.pages[0]

    def line(number: int, y: float, text: str, page: int = 2) -> Line:
        return Line(number, page, Box(60, y, 200, y + 10), text, (Span(0, len(text), 10, False, False, "000000"),))

    more = [line(101, 30, "Ada Beispiel"), line(102, 120, "Englisch (B2)"), line(103, 820, "© Europäische Union, 2002 – 2026", page=1)]
    lines = sorted((*document.lines, *more), key=lambda one: (one.page, one.number))
    cv = structure_by_rules(replace(document, lines=tuple(lines), pages=(size, size)))
    assert {(out.text, out.reason) for out in cv.left_out} >= {
        ("Ada Beispiel", "running_header"),
        ("© Europäische Union, 2002 – 2026", "running_header"),
    }
    assert [entry.name.text for entry in cv.languages] == ["Deutsch", "Englisch"]
