"""Makes the sample CVs: `python samples/make_samples.py`. All persons, firms and addresses are fictional."""

from __future__ import annotations

from pathlib import Path

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.platypus import BaseDocTemplate, Frame, FrameBreak, HRFlowable, PageTemplate, Paragraph, Spacer, Table, TableStyle

HERE = Path(__file__).parent
TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=9.5, leading=13)
BOLD = ParagraphStyle("bold", parent=TEXT, fontName="Helvetica-Bold")
SOFT = ParagraphStyle("soft", parent=TEXT, textColor=colors.HexColor("#555555"))
HEAD = ParagraphStyle(
    "head", parent=TEXT, fontName="Helvetica-Bold", fontSize=12, leading=16, spaceBefore=10, spaceAfter=4, textColor=colors.HexColor("#1f3a5f")
)
NAME = ParagraphStyle("name", parent=TEXT, fontName="Helvetica-Bold", fontSize=20, leading=25)
BULLET = ParagraphStyle("bullet", parent=TEXT, leftIndent=12, bulletIndent=2)


def one_column(path: Path, name: str, headline: str, contact: str, sections: list) -> None:
    story = [Paragraph(name, NAME), Paragraph(headline, SOFT), Paragraph(contact, TEXT)]
    for heading, entries in sections:
        story += [Paragraph(heading, HEAD)]
        for entry in entries:
            story += flow(entry)
    save(path, story)


def flow(entry) -> list:
    """A string, or (dates, title, company, bullets)."""
    if isinstance(entry, str):
        return [Paragraph(entry, TEXT)]
    dates, title, company, bullets = entry
    found = [Paragraph(dates, SOFT), Paragraph(title, BOLD)]
    found += [Paragraph(company, TEXT)] if company else []
    found += [Paragraph(text, BULLET, bulletText="•") for text in bullets]
    return [*found, Spacer(1, 5)]


def table(path: Path, name: str, headline: str, sections: list) -> None:
    story = [Paragraph("Lebenslauf", NAME), Spacer(1, 4), Paragraph(name, BOLD), Paragraph(headline, TEXT)]
    for heading, rows in sections:
        cells = [[Paragraph(left, SOFT), right_cell(right)] for left, right in rows]
        grid = Table(cells, colWidths=[4 * cm, 12.5 * cm])
        grid.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 1)]))
        story += [Paragraph(heading, HEAD), HRFlowable(width="100%", color=colors.HexColor("#c5ced9")), Spacer(1, 3), grid]
    save(path, story)


def right_cell(right):
    if isinstance(right, str):
        return Paragraph(right, TEXT)
    title, company, bullets = right
    return [Paragraph(title, BOLD), *([Paragraph(company, TEXT)] if company else []), *(Paragraph(t, BULLET, bulletText="•") for t in bullets)]


def two_columns(path: Path, name: str, headline: str, side: list, main: list) -> None:
    document = BaseDocTemplate(str(path), pagesize=A4, title=name, author="", invariant=1)
    side_frame = Frame(1.2 * cm, 1.5 * cm, 5.2 * cm, 26.5 * cm, id="side")
    main_frame = Frame(7.2 * cm, 1.5 * cm, 12.6 * cm, 26.5 * cm, id="main")

    def background(canvas, _document) -> None:
        canvas.setFillColor(colors.HexColor("#e8eef4"))
        canvas.rect(0, 0, 6.7 * cm, A4[1], stroke=0, fill=1)

    document.addPageTemplates([PageTemplate(frames=[side_frame, main_frame], onPage=background)])
    story = []
    for heading, entries in side:
        story += [Paragraph(heading, HEAD), *(Paragraph(e, TEXT) for e in entries)]
    story += [FrameBreak(), Paragraph(name, NAME), Paragraph(headline, SOFT)]
    for heading, entries in main:
        story += [Paragraph(heading, HEAD)]
        for entry in entries:
            story += flow(entry)
    document.build(story)


def save(path: Path, story: list) -> None:
    document = BaseDocTemplate(str(path), pagesize=A4, title=path.stem, author="", invariant=1)
    frame = Frame(2.2 * cm, 1.8 * cm, 16.6 * cm, 26 * cm, id="page")

    def number(canvas, doc) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawRightString(18.8 * cm, 1 * cm, f"Seite {doc.page}" if path.stem.startswith("de") else f"Page {doc.page}")

    document.addPageTemplates([PageTemplate(frames=[frame], onPage=number)])
    document.build(story)


def main() -> None:
    one_column(
        HERE / "de-einspaltig-brandt.pdf",
        "Katharina Brandt",
        "Projektleiterin Maschinenbau",
        "Lerchenweg 14, 70565 Stuttgart · +49 711 5550142 · katharina.brandt@example.com",
        [
            (
                "Kurzprofil",
                [
                    "Projektleiterin mit zwölf Jahren Erfahrung im Sondermaschinenbau. Führt Projekte bis 4 Mio. € vom Lastenheft bis zur Abnahme beim Kunden."
                ],
            ),
            (
                "Beruflicher Werdegang",
                [
                    (
                        "04/2019 – heute",
                        "Projektleiterin Sondermaschinen",
                        "Neckartal Automation GmbH, Stuttgart",
                        [
                            "Leitung von Projekten mit 2 bis 4 Mio. € Volumen",
                            "Einführung eines Änderungswesens, Nachträge um 35 % gesenkt",
                            "Fachliche Führung von acht Mitarbeitenden",
                        ],
                    ),
                    (
                        "10/2013 – 03/2019",
                        "Konstrukteurin",
                        "Albwerk Fördertechnik AG, Reutlingen",
                        ["Konstruktion von Förderanlagen in SolidWorks", "Abstimmung mit Fertigung und Lieferanten"],
                    ),
                ],
            ),
            (
                "Ausbildung",
                [
                    ("10/2008 – 09/2013", "Diplom-Ingenieurin (FH), Maschinenbau", "Hochschule Esslingen", []),
                    ("09/1999 – 06/2008", "Allgemeine Hochschulreife", "Schickhardt-Gymnasium Stuttgart", []),
                ],
            ),
            ("Weiterbildungen", ["IPMA Level C, GPM (05/2018)", "Konfliktmanagement, Haus der Technik (11/2020)"]),
            ("Kenntnisse", ["<b>Software:</b> SolidWorks, SAP S/4HANA, MS Project", "<b>Methoden:</b> FMEA, Earned Value, Kanban"]),
            ("Sprachen", ["Deutsch (Muttersprache), Englisch (verhandlungssicher), Italienisch (Grundkenntnisse)"]),
            ("Interessen", ["Klettern, Chorgesang"]),
        ],
    )
    table(
        HERE / "de-tabelle-yilmaz.pdf",
        "Deniz Yılmaz".replace("ı", "i"),
        "Lohnbuchhalter",
        [
            (
                "Persönliche Daten",
                [
                    ("Anschrift", "Kastanienallee 7, 50969 Köln"),
                    ("Telefon", "+49 221 5550178"),
                    ("E-Mail", "deniz.yilmaz@example.org"),
                    ("Geburtsdatum", "14.02.1991"),
                    ("Staatsangehörigkeit", "deutsch"),
                ],
            ),
            (
                "Berufserfahrung",
                [
                    (
                        "seit 01/2020",
                        (
                            "Lohnbuchhalter",
                            "Rheinkontor Steuerberatung PartG mbB, Köln",
                            ["Abrechnung für 40 Mandanten mit 1.200 Beschäftigten", "Umstellung auf die digitale Personalakte"],
                        ),
                    ),
                    (
                        "08/2014 – 12/2019",
                        (
                            "Sachbearbeiter Personal",
                            "Domstadt Logistik GmbH, Köln",
                            ["Zeitwirtschaft und Reisekosten", "Ansprechpartner für Betriebsprüfungen"],
                        ),
                    ),
                ],
            ),
            (
                "Ausbildung",
                [
                    ("08/2011 – 07/2014", ("Ausbildung zum Kaufmann für Büromanagement", "Berufskolleg an der Lindenstraße, Köln", [])),
                    ("08/2003 – 06/2011", ("Fachhochschulreife", "Gesamtschule Köln-Süd", [])),
                ],
            ),
            ("Sprachkenntnisse", [("Deutsch", "Muttersprache"), ("Türkisch", "Muttersprache"), ("Englisch", "gut in Wort und Schrift")]),
            ("EDV-Kenntnisse", [("Lohn", "DATEV LODAS, Lexware, SAP HCM"), ("Büro", "MS Excel (Pivot), MS Word")]),
        ],
    )
    two_columns(
        HERE / "en-two-column-okafor.pdf",
        "Chidi Okafor",
        "Platform Engineer",
        [
            ("Contact", ["Leith Walk 21, Edinburgh", "+44 131 496 0371", "chidi.okafor@example.com", "GitHub: chidi-okafor-demo"]),
            ("Skills", ["<b>Cloud</b>", "AWS, Kubernetes, Terraform", "<b>Languages</b>", "Go, Python, C/C++"]),
            ("Languages", ["English: Native", "Igbo: Native", "French: Intermediate"]),
            ("Certificates", ["Certified Kubernetes Administrator, CNCF (2022)"]),
            ("Interests", ["Cycling, Chess"]),
        ],
        [
            ("Profile", ["Platform engineer who has spent eight years making deployments boring: small changes, fast feedback and good logs."]),
            (
                "Work Experience",
                [
                    (
                        "Mar 2021 – Present",
                        "Senior Platform Engineer",
                        "Firth Payments Ltd, Edinburgh",
                        [
                            "Moved 60 services to Kubernetes without downtime",
                            "Cut build times from 25 to 6 minutes",
                            "On-call lead for a team of seven",
                        ],
                    ),
                    (
                        "Jun 2017 – Feb 2021",
                        "Systems Engineer",
                        "Lothian Data Centre Services Ltd, Livingston",
                        ["Automated server provisioning with Ansible", "Ran the migration of 400 virtual machines"],
                    ),
                ],
            ),
            ("Education", [("2013 – 2017", "BEng (Hons) Computer Science", "University of Strathclyde", [])]),
            ("Projects", [("2020 – 2022", "logsieve", "Open-source log filter with 900 stars", ["Stream parser written in Go"])]),
        ],
    )
    one_column(
        HERE / "en-one-column-lindqvist.pdf",
        "Maja Lindqvist",
        "Clinical Data Manager",
        "12 Harbour Road, Bristol BS1 4QF | +44 117 496 0233 | maja.lindqvist@example.org",
        [
            ("Summary", ["Clinical data manager with nine years in phase II and III trials; designs databases that statisticians like to open."]),
            (
                "Employment History",
                [
                    (
                        "May 2020 – Present",
                        "Clinical Data Manager",
                        "Avon Trials Unit, Bristol",
                        ["Lead data manager for four oncology trials", "Reduced open queries at lock by 60%"],
                    ),
                    (
                        "Sep 2016 – Apr 2020",
                        "Data Coordinator",
                        "Severn Clinical Research Ltd, Cardiff",
                        ["Built electronic case report forms in REDCap", "Trained 30 site coordinators"],
                    ),
                ],
            ),
            ("Education", [("Sep 2012 – Jul 2016", "BSc Biomedical Science", "Cardiff University", [])]),
            ("Certifications", ["Good Clinical Practice, NIHR (03/2023)"]),
            ("Skills", ["<b>Tools:</b> REDCap, SAS, R, SQL", "<b>Standards:</b> CDISC, SDTM, GCP"]),
            ("Languages", ["English (Native), Swedish (Native), German (B1)"]),
        ],
    )


if __name__ == "__main__":
    main()
