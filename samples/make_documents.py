"""Makes the Word templates of match report and job profile: `python samples/make_documents.py`. Like the others, they are edited in Word."""

from __future__ import annotations

import sys
from pathlib import Path

from docx.document import Document as Doc
from docx.enum.table import WD_ROW_HEIGHT_RULE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.shared import Cm, Mm, Pt, RGBColor
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


def offer() -> Doc:
    """DIN 5008, form B: address field at 45 mm, information block beside it, body from 98.5 mm; margins 25 and 20 mm."""
    document = base(NAVY)
    page = document.sections[0]
    page.left_margin, page.right_margin, page.top_margin, page.bottom_margin = Cm(2.5), Cm(2.0), Cm(4.5), Cm(2.6)
    page.header_distance, page.footer_distance = Cm(1.0), Cm(0.8)
    header_and_footer(document, NAVY)
    width = 16.5
    document.styles["Heading 1"].paragraph_format.space_before = Pt(9)
    document.styles["Normal"].paragraph_format.space_after = Pt(1.5)
    document.styles["Normal"].paragraph_format.line_spacing = 1.0
    document.styles["Normal"].font.size = Pt(10)
    for stops in (page.header.paragraphs[0].paragraph_format.tab_stops, page.footer.paragraphs[0].paragraph_format.tab_stops):
        stops.clear_all()
        stops.add_tab_stop(Cm(width), WD_TAB_ALIGNMENT.RIGHT)
    foot = page.footer
    for text in ("{{ firm }}{% if contact %}  ·  {{ contact }}{% endif %}", "{{ legal }}"):
        foot.add_paragraph(text, style="CV Detail")
    head = table(document, [8.5, 1.5, 6.5], 1)  # the information block begins 125 mm from the left edge
    address, _, info = head.rows[0].cells
    put(
        address,
        ("{{ sender }}", "CV Detail"),
        ("{%p for a in address %}", "Normal"),
        ("{{ a.text }}", "Normal"),
        ("{%p endfor %}", "Normal"),
    )
    for paragraph in address.paragraphs:
        paragraph.paragraph_format.space_after = Pt(0)
    address.paragraphs[0].runs[0].font.size = Pt(7)
    address.paragraphs[0].runs[0].font.italic = False
    sender = address.paragraphs[0].paragraph_format  # at the foot of its zone of 17.7 mm
    sender.line_spacing_rule, sender.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(9)
    sender.space_before, sender.space_after = Mm(17.7) - Pt(9 + 2), Pt(2)
    put(
        info,
        ("", "Normal"),
        ("{%p for i in info %}", "Normal"),
        ("{{ i.label }}:\t{{ i.value }}", "Normal"),
        ("{%p endfor %}", "Normal"),
    )
    for paragraph in info.paragraphs:
        paragraph.paragraph_format.space_after = Pt(1)
        paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(3.3))
        for run in paragraph.runs:
            run.font.size = Pt(9)
    top = info.paragraphs[0].paragraph_format  # the block begins 50 mm from the top edge
    top.line_spacing_rule, top.line_spacing, top.space_after = WD_LINE_SPACING.EXACTLY, Mm(5), Pt(0)
    head.rows[0].height, head.rows[0].height_rule = Mm(51.5), WD_ROW_HEIGHT_RULE.AT_LEAST
    paragraphs(document, ("{%p if draft %}", "CV Label"), ("{{ draft }}", "CV Label"), ("{%p endif %}", "CV Label"))
    document.paragraphs[-2].runs[0].font.color.rgb = RGBColor.from_string("B3261E")
    document.paragraphs[-2].runs[0].font.bold = True
    subject = document.add_paragraph("{{ subject }}", style="Heading 2")
    subject.paragraph_format.space_before, subject.paragraph_format.space_after = Pt(4), Pt(12)
    subject.runs[0].font.size = Pt(12)
    dear = document.add_paragraph("{{ dear }}")
    dear.paragraph_format.space_after = Pt(8)
    paragraphs(document, ("{%p for t in introduction %}", "Normal"), ("{{ t }}", "Normal"), ("{%p endfor %}", "Normal"))
    document.add_paragraph("{{ labels.offer_terms }}", style="Heading 1")
    loop_rows(document, "terms", [4.0, width - 4.0], [("{{ e.label }}", "CV Label")], [("{{ e.value }}", "Normal")])
    document.add_paragraph("{{ labels.offer_price }}", style="Heading 1")
    widths = [5.6, 3.2, 4.2, width - 13.0]
    price = table(document, widths, 5)
    for cell, name in zip(price.rows[0].cells, ("position", "quantity", "rate", "amount"), strict=True):
        put(cell, ("{{ labels.offer_" + name + " }}", "CV Label"))
        shade(cell, "E8EEF4")
    for cell, name in zip(price.rows[1].cells, ("position", "quantity", "rate", "net"), strict=True):
        put(cell, ("{{ " + name + " }}", "Normal"))
    for row, label, value in zip(price.rows[2:], ("labels.offer_net", "vat_label", "labels.offer_gross"), ("net", "vat", "gross"), strict=True):
        merged = row.cells[0].merge(row.cells[2])
        put(merged, ("{{ " + label + " }}", "Normal"))
        put(row.cells[3], ("{{ " + value + " }}", "Normal"))
    for cell in price.rows[-1].cells:
        for paragraph in cell.paragraphs:
            for run in paragraph.runs:
                run.font.bold = True
    for row in price.rows:
        row.cells[-1].paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
        for cell in row.cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True
    document.add_paragraph().paragraph_format.space_after = Pt(0)
    before = len(document.paragraphs)
    paragraphs(document, ("{%p for t in notes %}", "Normal"), ("{{ t }}", "Normal"), ("{%p endfor %}", "Normal"))
    for paragraph in document.paragraphs[before:]:  # the greeting is never alone on a page
        paragraph.paragraph_format.keep_with_next = True
    greeting = document.add_paragraph("{{ labels.offer_greeting }}")
    greeting.paragraph_format.space_before, greeting.paragraph_format.keep_with_next = Pt(10), True
    firm = document.add_paragraph("{{ firm }}")
    firm.paragraph_format.space_after, firm.paragraph_format.keep_with_next = Pt(22), True
    document.add_paragraph("{{ sign }}")
    paragraphs(document, ("{%p if enclosed %}", "CV Detail"), ("{{ enclosed }}", "CV Detail"), ("{%p endif %}", "CV Detail"))
    return document


if __name__ == "__main__":
    DOCUMENTS.mkdir(exist_ok=True)
    save(match(), DOCUMENTS / "match.docx")
    save(profile(), DOCUMENTS / "profile.docx")
    save(shortlist(), DOCUMENTS / "shortlist.docx")
    save(bias(), DOCUMENTS / "bias.docx")
    save(offer(), DOCUMENTS / "offer.docx")
    sys.stdout.write(f"{Path(DOCUMENTS).name}\n")
