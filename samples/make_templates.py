"""Makes the two Word templates that ship with the product: `python samples/make_templates.py`.

They are ordinary Word files: edit them in Word, or save your own beside them (docs/templates.md lists the tags).
"""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from docx import Document
from docx.document import Document as Doc
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from PIL import Image, ImageDraw

TARGET = Path(__file__).parents[1] / "pipeline" / "render" / "templates"
NAVY, TEAL, GREY, LIGHT = "1F3A5F", "0F766E", "5B6573", "E8EEF4"
WIDTH = 17.0
"""Text width in cm: A4 with margins of 2 cm."""


def logo(colour: str) -> io.BytesIO:
    """A neutral mark: a page with a folded corner. The firm replaces it in Word."""
    scale = 4
    image = Image.new("RGBA", (60 * scale, 60 * scale), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((4 * scale, 2 * scale, 52 * scale, 58 * scale), radius=6 * scale, fill=f"#{colour}")
    draw.polygon([(38 * scale, 2 * scale), (54 * scale, 18 * scale), (38 * scale, 18 * scale)], fill="#ffffff")
    draw.polygon([(40 * scale, 5 * scale), (40 * scale, 16 * scale), (51 * scale, 16 * scale)], fill="#b8c6d6")
    for y, right in ((26, 44), (34, 44), (42, 32)):
        draw.rounded_rectangle((12 * scale, y * scale, right * scale, (y + 3) * scale), radius=scale, fill="#ffffff")
    data = io.BytesIO()
    image.resize((120, 120), Image.Resampling.LANCZOS).save(data, "PNG")
    data.seek(0)
    return data


def base(accent: str) -> Doc:
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin, section.bottom_margin = Cm(2.6), Cm(2.0)
    section.header_distance, section.footer_distance = Cm(1.0), Cm(0.9)
    styles = document.styles
    normal = styles["Normal"]
    _font(normal, 10.5, "222222")
    normal.paragraph_format.space_after = Pt(3)
    normal.paragraph_format.line_spacing = 1.08
    _font(styles["Title"], 24, accent, bold=True)
    title = styles["Title"].paragraph_format
    title.space_before, title.space_after = Pt(0), Pt(2)
    _no_border(styles["Title"])
    _font(styles["Subtitle"], 12.5, GREY)
    styles["Subtitle"].paragraph_format.space_after = Pt(8)
    _font(styles["Heading 1"], 13, accent, bold=True)
    heading = styles["Heading 1"].paragraph_format
    heading.space_before, heading.space_after, heading.keep_with_next = Pt(14), Pt(5), True
    _bottom_border(styles["Heading 1"], accent)
    _font(styles["Heading 2"], 11, "222222", bold=True)
    entry = styles["Heading 2"].paragraph_format
    entry.space_before, entry.space_after, entry.keep_with_next = Pt(0), Pt(0), True
    bullet = styles["List Bullet"]
    _font(bullet, 10.5, "222222")
    bullet.paragraph_format.space_after = Pt(1.5)
    bullet.paragraph_format.left_indent, bullet.paragraph_format.first_line_indent = Cm(0.5), Cm(-0.4)
    for name, size, colour, italic in (
        ("CV Employer", 10.5, accent, False),
        ("CV Dates", 10, GREY, False),
        ("CV Detail", 9.5, GREY, True),
        ("CV Label", 10, GREY, False),
    ):
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        _font(style, size, colour, italic=italic)
        style.paragraph_format.space_after = Pt(1.5)
    properties = document.core_properties
    properties.author, properties.title, properties.comments, properties.last_modified_by = "", "", "", ""
    properties.created = properties.modified = datetime(2026, 1, 1, tzinfo=UTC)
    return document


def _font(style, size: float, colour: str, *, bold: bool = False, italic: bool = False) -> None:  # type: ignore[no-untyped-def]
    style.font.name, style.font.size, style.font.bold, style.font.italic = "Calibri", Pt(size), bold, italic
    style.font.color.rgb = RGBColor.from_string(colour)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):
        if "Theme" in name:
            del fonts.attrib[name]
    for name in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(name), "Calibri")


def _borders(properties, colour: str | None) -> None:  # type: ignore[no-untyped-def]
    for old in properties.findall(qn("w:pBdr")):
        properties.remove(old)
    if colour is None:
        return
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "8"), ("space", "2"), ("color", colour)):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:contextualSpacing", "w:jc", "w:outlineLvl"
    )


def _bottom_border(style, colour: str) -> None:  # type: ignore[no-untyped-def]
    _borders(style.element.get_or_add_pPr(), colour)


def _no_border(style) -> None:  # type: ignore[no-untyped-def]
    _borders(style.element.get_or_add_pPr(), None)


def field(paragraph, code: str) -> None:  # type: ignore[no-untyped-def]
    run = OxmlElement("w:fldSimple")
    run.set(qn("w:instr"), code)
    inner = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "1"
    inner.append(text)
    run.append(inner)
    paragraph._p.append(run)


def header_and_footer(document: Doc, accent: str) -> None:
    section = document.sections[0]
    head = section.header.paragraphs[0]
    head.style = document.styles["Normal"]
    head.paragraph_format.tab_stops.add_tab_stop(Cm(WIDTH), WD_TAB_ALIGNMENT.RIGHT)
    head.add_run().add_picture(logo(accent), height=Cm(0.95))
    firm = head.add_run("\t{{ firm }}")
    firm.font.size, firm.font.color.rgb, firm.font.bold = Pt(10), RGBColor.from_string(accent), True
    foot = section.footer.paragraphs[0]
    foot.style = document.styles["CV Detail"]
    foot.paragraph_format.tab_stops.add_tab_stop(Cm(WIDTH), WD_TAB_ALIGNMENT.RIGHT)
    foot.add_run("{{ name }}\t{{ labels.page }} ")
    field(foot, "PAGE")
    foot.add_run(" {{ labels.page_of }} ")
    field(foot, "NUMPAGES")


def table(document: Doc, widths: list[float], rows: int):  # type: ignore[no-untyped-def]
    made = document.add_table(rows=rows, cols=len(widths))
    made.alignment = WD_TABLE_ALIGNMENT.LEFT
    made.autofit = False
    layout = OxmlElement("w:tblLayout")
    layout.set(qn("w:type"), "fixed")
    made._tbl.tblPr.append(layout)
    margins = OxmlElement("w:tblCellMar")
    for side, width in (("top", "50"), ("left", "0"), ("right", "60")):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), width)
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    made._tbl.tblPr.append(margins)
    for column, width in zip(made.columns, widths, strict=True):
        column.width = Cm(width)
    for row in made.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Cm(width)
    return made


def shade(cell, colour: str) -> None:  # type: ignore[no-untyped-def]
    shading = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shading.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shading)


def put(cell, *paragraphs: tuple[str, str]) -> None:  # type: ignore[no-untyped-def]
    """Fill a cell: (text, style) per paragraph."""
    for i, (text, style) in enumerate(paragraphs):
        paragraph = cell.paragraphs[0] if i == 0 else cell.add_paragraph()
        paragraph.style = style
        paragraph.add_run(text)


def loop_rows(document: Doc, items: str, widths: list[float], *cells: list[tuple[str, str]]):  # type: ignore[no-untyped-def]
    """A table with one row per item."""
    made = table(document, widths, 3)
    made.rows[0].cells[0].paragraphs[0].add_run("{%tr for e in " + items + " %}")
    for cell, content in zip(made.rows[1].cells, cells, strict=True):
        put(cell, *content)
    made.rows[2].cells[0].paragraphs[0].add_run("{%tr endfor %}")
    return made


ENTRY_BODY = [
    ("{%p for t in e.summary %}", "Normal"),
    ("{{ t }}", "Normal"),
    ("{%p endfor %}", "Normal"),
    ("{%p for t in e.highlights %}", "List Bullet"),
    ("{{ t }}", "List Bullet"),
    ("{%p endfor %}", "List Bullet"),
    ("{%p if e.technologies %}", "CV Detail"),
    ("{{ labels.technologies }}: {{ e.technologies }}", "CV Detail"),
    ("{%p endif %}", "CV Detail"),
]
JOB_HEAD = [
    ("{{ e.mark }}{{ e.title }}", "Heading 2"),
    ("{%p if e.where %}", "CV Employer"),
    ("{{ e.where }}", "CV Employer"),
    ("{%p endif %}", "CV Employer"),
]
STUDY = [
    ("{{ e.mark }}{{ e.title }}", "Heading 2"),
    ("{%p if e.where %}", "CV Employer"),
    ("{{ e.where }}", "CV Employer"),
    ("{%p endif %}", "CV Employer"),
    ("{%p if e.grade %}", "CV Detail"),
    ("{{ e.grade }}", "CV Detail"),
    ("{%p endif %}", "CV Detail"),
    ("{%p for t in e.summary %}", "Normal"),
    ("{{ t }}", "Normal"),
    ("{%p endfor %}", "Normal"),
]


def section(document: Doc, condition: str, label: str) -> None:
    document.add_paragraph("{%p if " + condition + " %}")
    document.add_paragraph("{{ labels." + label + " }}", style="Heading 1")


def end(document: Doc) -> None:
    document.add_paragraph("{%p endif %}")


def paragraphs(document: Doc, *lines: tuple[str, str]) -> None:
    for text, style in lines:
        document.add_paragraph(text, style=style)


def tail_sections(document: Doc) -> None:
    """Sections that look the same in both templates."""
    for name in ("publications", "awards", "references"):
        section(document, name, name)
        paragraphs(
            document, ("{%p for e in " + name + " %}", "List Bullet"), ("{{ e.mark }}{{ e.text }}", "List Bullet"), ("{%p endfor %}", "List Bullet")
        )
        end(document)
    section(document, "interests", "interests")
    document.add_paragraph("{{ interests }}")
    end(document)
    paragraphs(
        document,
        ("{%p for s in sections %}", "Normal"),
        ("{{ s.heading }}", "Heading 1"),
        ("{%p for t in s.entries %}", "Normal"),
        ("{{ t.mark }}{{ t.text }}", "Normal"),
        ("{%p endfor %}", "Normal"),
        ("{%p endfor %}", "Normal"),
    )


def classic() -> Doc:
    document = base(NAVY)
    header_and_footer(document, NAVY)
    paragraphs(document, ("{{ name }}", "Title"), ("{%p if headline %}", "Subtitle"), ("{{ headline }}", "Subtitle"), ("{%p endif %}", "Subtitle"))
    section(document, "personal", "personal")
    loop_rows(document, "personal", [4.0, WIDTH - 4.0], [("{{ e.label }}", "CV Label")], [("{{ e.mark }}{{ e.value }}", "Normal")])
    end(document)
    section(document, "profile", "profile")
    paragraphs(document, ("{%p for t in profile %}", "Normal"), ("{{ t }}", "Normal"), ("{%p endfor %}", "Normal"))
    end(document)
    for items, body in (
        ("work", JOB_HEAD + ENTRY_BODY),
        ("projects", JOB_HEAD + ENTRY_BODY),
        ("education", STUDY),
        ("certificates", STUDY[:4]),
        ("volunteer", JOB_HEAD + ENTRY_BODY),
    ):
        section(document, items, items)
        loop_rows(document, items, [4.0, WIDTH - 4.0], [("{{ e.period }}", "CV Dates")], body)
        end(document)
    section(document, "skills", "skills")
    loop_rows(document, "skills", [4.0, WIDTH - 4.0], [("{{ e.label }}", "CV Label")], [("{{ e.mark }}{{ e.value }}", "Normal")])
    end(document)
    section(document, "languages", "languages")
    loop_rows(document, "languages", [4.0, WIDTH - 4.0], [("{{ e.label }}", "CV Label")], [("{{ e.mark }}{{ e.value }}", "Normal")])
    end(document)
    tail_sections(document)
    return document


def modern() -> Doc:
    document = base(TEAL)
    header_and_footer(document, TEAL)
    band = table(document, [WIDTH], 1)
    cell = band.rows[0].cells[0]
    shade(cell, TEAL)
    put(cell, ("{{ name }}", "Title"), ("{{ headline }}", "Subtitle"), ("{{ contact }}", "CV Label"))
    for paragraph in cell.paragraphs:
        paragraph.paragraph_format.left_indent = Cm(0.4)
        for run in paragraph.runs:
            run.font.color.rgb = RGBColor.from_string("FFFFFF")
    cell.paragraphs[0].paragraph_format.space_before = Pt(8)
    cell.paragraphs[-1].paragraph_format.space_after = Pt(8)
    section(document, "profile", "profile")
    paragraphs(document, ("{%p for t in profile %}", "Normal"), ("{{ t }}", "Normal"), ("{%p endfor %}", "Normal"))
    end(document)
    section(document, "skills", "skills")
    made = loop_rows(document, "skills", [4.2, WIDTH - 4.2], [("{{ e.label }}", "CV Label")], [("{{ e.mark }}{{ e.value }}", "Normal")])
    shade(made.rows[1].cells[0], LIGHT)
    made.rows[1].cells[0].paragraphs[0].paragraph_format.left_indent = Cm(0.2)
    made.rows[1].cells[1].paragraphs[0].paragraph_format.left_indent = Cm(0.3)
    end(document)
    section(document, "languages", "languages")
    document.add_paragraph("{{ languages_line }}")
    end(document)
    for items in ("work", "projects", "volunteer"):
        section(document, items, items)
        document.add_paragraph("{%p for e in " + items + " %}")
        dated_heading(document)
        paragraphs(document, *JOB_HEAD[1:], *ENTRY_BODY, ("{%p endfor %}", "Normal"))
        end(document)
    for items, body in (("education", STUDY[1:]), ("certificates", STUDY[1:4])):
        section(document, items, items)
        document.add_paragraph("{%p for e in " + items + " %}")
        dated_heading(document)
        paragraphs(document, *body, ("{%p endfor %}", "Normal"))
        end(document)
    section(document, "personal", "personal")
    loop_rows(document, "personal", [4.2, WIDTH - 4.2], [("{{ e.label }}", "CV Label")], [("{{ e.mark }}{{ e.value }}", "Normal")])
    end(document)
    tail_sections(document)
    return document


def dated_heading(document: Doc) -> None:
    heading = document.add_paragraph(style="Heading 2")
    heading.paragraph_format.space_before = Pt(7)
    heading.paragraph_format.tab_stops.add_tab_stop(Cm(WIDTH), WD_TAB_ALIGNMENT.RIGHT)
    heading.add_run("{{ e.mark }}{{ e.title }}")
    dates = heading.add_run("\t{{ e.period }}")
    dates.font.bold, dates.font.size = False, Pt(10)
    dates.font.color.rgb = RGBColor.from_string(GREY)
    heading.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.LEFT


def save(document: Doc, path: Path) -> None:
    """Save with fixed zip dates, so that the file changes only when its content does."""
    data = io.BytesIO()
    document.save(data)
    with zipfile.ZipFile(data) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), source.read(name), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    save(classic(), TARGET / "classic.docx")
    save(modern(), TARGET / "modern.docx")
    sys.stdout.write(f"{TARGET}\n")
