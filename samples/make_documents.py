"""Makes the Word templates of match report and job profile: `python samples/make_documents.py`. Like the others, they are edited in Word."""

from __future__ import annotations

import sys
from pathlib import Path

from docx.document import Document as Doc
from docx.shared import Cm, Pt, RGBColor
from make_templates import NAVY, TARGET, WIDTH, base, end, header_and_footer, loop_rows, paragraphs, put, save, section, shade, table

DOCUMENTS = TARGET / "documents"


def match() -> Doc:
    document = base(NAVY)
    header_and_footer(document, NAVY)
    paragraphs(document, ("{{ labels.match_title }}", "CV Label"), ("{{ name }}", "Title"), ("{{ profile }}", "Subtitle"))
    band = table(document, [3.4, WIDTH - 3.4], 1)
    number, words = band.rows[0].cells
    for cell in (number, words):
        shade(cell, "E8EEF4")
    put(number, ("{{ score }}", "Title"))
    put(
        words,
        ("{{ band }}", "Heading 2"),
        ("{{ counts }}", "Normal"),
        ("{%p if capped %}", "CV Detail"),
        ("{{ capped }}", "CV Detail"),
        ("{%p endif %}", "CV Detail"),
    )
    number.paragraphs[0].paragraph_format.left_indent = Cm(0.4)
    number.paragraphs[0].paragraph_format.space_before = Pt(6)
    words.paragraphs[0].paragraph_format.space_before = Pt(6)
    words.paragraphs[-1].paragraph_format.space_after = Pt(6)
    for heading, items in (("match_musts", "musts"), ("match_nices", "nices")):
        section(document, items, heading)
        made = loop_rows(
            document,
            items,
            [2.9, 5.6, WIDTH - 8.5],
            [("{% cellbg e.colour %}{{ e.status }}", "CV Label")],
            [
                ("{{ e.mark }}{{ e.text }}", "Normal"),
                ("{%p if e.years %}", "CV Detail"),
                ("{{ e.years }}", "CV Detail"),
                ("{%p endif %}", "CV Detail"),
            ],
            [
                ("{%p for q in e.quotes %}", "Normal"),
                ("{{ q }}", "Normal"),
                ("{%p endfor %}", "Normal"),
                ("{%p if e.why %}", "CV Detail"),
                ("{{ e.why }}", "CV Detail"),
                ("{%p endif %}", "CV Detail"),
            ],
        )
        for cell in made.rows[1].cells:
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.left_indent = Cm(0.2)
            cell.paragraphs[0].paragraph_format.space_before = Pt(3)
        end(document)
    for heading, items in (("match_change", "changes"), ("match_notes", "notes")):
        section(document, items, heading)
        paragraphs(document, ("{%p for t in " + items + " %}", "List Bullet"), ("{{ t }}", "List Bullet"), ("{%p endfor %}", "List Bullet"))
        end(document)
    document.add_paragraph("{{ labels.match_how }}", style="Heading 1")
    paragraphs(document, ("{{ how }}", "Normal"), ("{{ labels.match_ai }}", "Normal"), ("{{ made }}", "CV Detail"))
    return document


def profile() -> Doc:
    document = base(NAVY)
    header_and_footer(document, NAVY)
    paragraphs(
        document,
        ("{{ labels.profile_title }}", "CV Label"),
        ("{{ name }}", "Title"),
        ("{%p if customer %}", "Subtitle"),
        ("{{ customer }}", "Subtitle"),
        ("{%p endif %}", "Subtitle"),
    )
    loop_rows(document, "facts", [4.0, WIDTH - 4.0], [("{{ e.label }}", "CV Label")], [("{{ e.value }}", "Normal")])
    section(document, "summary", "profile_about")
    document.add_paragraph("{{ summary }}")
    end(document)
    for items in ("tasks", "musts", "nices", "offers"):
        section(document, items, f"profile_{items}")
        paragraphs(document, ("{%p for t in " + items + " %}", "List Bullet"), ("{{ t }}", "List Bullet"), ("{%p endfor %}", "List Bullet"))
        end(document)
    section(document, "suggested", "profile_suggested")
    paragraphs(document, ("{%p for t in suggested %}", "List Bullet"), ("{{ t }}", "List Bullet"), ("{%p endfor %}", "List Bullet"))
    end(document)
    for run in document.paragraphs[1].runs:
        run.font.color.rgb = RGBColor.from_string(NAVY)
    return document


def shortlist() -> Doc:
    document = base(NAVY)
    header_and_footer(document, NAVY)
    paragraphs(
        document,
        ("{{ labels.shortlist_title }}", "CV Label"),
        ("{{ name }}", "Title"),
        ("{%p if customer %}", "Subtitle"),
        ("{{ customer }}", "Subtitle"),
        ("{%p endif %}", "Subtitle"),
    )
    document.add_paragraph("{{ counts }}")
    widths = [1.6, 7.8, 2.2, WIDTH - 11.6]
    head = table(document, widths, 1)
    for cell, name in zip(head.rows[0].cells, ("rank", "candidate", "score", "musts"), strict=True):
        put(cell, ("{{ labels.shortlist_" + name + " }}", "Heading 2"))
        shade(cell, "E8EEF4")
    loop_rows(
        document,
        "rows",
        widths,
        [("{{ e.rank }}", "CV Label")],
        [("{{ e.name }}", "Normal")],
        [("{{ e.score }}", "Heading 2")],
        [("{{ e.missing }}", "CV Detail")],
    )
    document.add_paragraph("{{ labels.match_how }}", style="Heading 1")
    paragraphs(document, ("{{ labels.match_rule }}", "Normal"), ("{{ labels.match_ai }}", "Normal"), ("{{ made }}", "CV Detail"))
    return document


def bias() -> Doc:
    document = base(NAVY)
    header_and_footer(document, NAVY)
    paragraphs(
        document,
        ("{{ labels.bias_title }}", "CV Label"),
        ("{{ name }}", "Title"),
        ("{{ result }}", "Heading 2"),
        ("{{ labels.bias_lead }}", "Normal"),
    )
    document.add_paragraph("{{ labels.bias_kinds }}", style="Heading 1")
    widths = [6.0, 2.6, 3.2, WIDTH - 11.8]
    head = table(document, widths, 1)
    for cell, name in zip(head.rows[0].cells, ("kind", "pairs", "differing", "largest"), strict=True):
        put(cell, ("{{ labels.bias_" + name + " }}", "CV Label"))
        shade(cell, "E8EEF4")
    columns = ([("{{ e." + name + " }}", "Normal")] for name in ("kind", "pairs", "differing", "largest"))
    loop_rows(document, "rows", widths, *columns)
    section(document, "differences", "bias_differences")
    paragraphs(document, ("{%p for t in differences %}", "List Bullet"), ("{{ t }}", "List Bullet"), ("{%p endfor %}", "List Bullet"))
    end(document)
    document.add_paragraph("{{ labels.bias_limits }}", style="Heading 1")
    paragraphs(document, ("{{ limits }}", "Normal"), ("{{ made }}", "CV Detail"))
    return document


if __name__ == "__main__":
    DOCUMENTS.mkdir(exist_ok=True)
    save(match(), DOCUMENTS / "match.docx")
    save(profile(), DOCUMENTS / "profile.docx")
    save(shortlist(), DOCUMENTS / "shortlist.docx")
    save(bias(), DOCUMENTS / "bias.docx")
    sys.stdout.write(f"{Path(DOCUMENTS).name}\n")
