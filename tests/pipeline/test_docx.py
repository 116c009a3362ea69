"""CVs that come as Word files: the same lines, the same rules, the same sandbox."""

from __future__ import annotations

import io
import json
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.document import Document as WordFile
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt, RGBColor

from pipeline.errors import UserError
from pipeline.model.cv import Cv
from pipeline.model.document import Document
from pipeline.model.json_resume import to_json_resume
from pipeline.read.extract import extract
from pipeline.read.sandbox import Sandbox
from pipeline.structure.rules import structure_by_rules
from tests.conftest import ROOT

BENCHMARKS = ROOT / "benchmarks"
W = nsdecls("w")


def saved(file: WordFile) -> bytes:
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def a_cv() -> WordFile:
    """A short CV with Word's own styles."""
    file = docx.Document()
    file.add_heading("Ada Beispiel", 0)
    file.add_paragraph("ada.beispiel@example.org · +49 228 5550101")
    file.add_heading("Berufserfahrung", 1)
    file.add_paragraph("03/2018 – heute\tEntwicklerin")
    file.add_paragraph("Beispiel GmbH, Bonn")
    file.add_paragraph("Pflege der Schnittstellen zu zwei Versandsystemen", style="List Bullet")
    file.add_paragraph("Umzug auf eine neue Datenbank", style="List Bullet")
    file.add_heading("Sprachen", 1)
    file.add_paragraph("Deutsch (Muttersprache), Englisch (C1)")
    return file


def texts(document: Document) -> list[str]:
    return [line.text.replace("\u2003", " ") for line in document.lines]


def read(file: WordFile) -> tuple[Document, Cv]:
    document = extract(saved(file))
    return document, structure_by_rules(document)


def test_words_own_styles_are_read() -> None:
    document, cv = read(a_cv())
    job = cv.positions[0]
    assert (cv.basics.name.text, cv.basics.phone.text) == ("Ada Beispiel", "+49 228 5550101")
    assert (job.title.text, job.company.text, job.location.text, job.period.start.text) == ("Entwicklerin", "Beispiel GmbH", "Bonn", "2018-03")
    assert [h.text for h in job.highlights] == ["Pflege der Schnittstellen zu zwei Versandsystemen", "Umzug auf eine neue Datenbank"]
    assert [(entry.name.text, entry.cefr.text) for entry in cv.languages] == [("Deutsch", "native"), ("Englisch", "C1")]
    assert [line.text for line in document.lines if line.bullet] == [h.text for h in job.highlights]


@pytest.mark.parametrize(("person", "layout"), [("de_keller", "word"), ("nl_verhoeven", "word"), ("de_wieland", "wordtable"), ("it_ferraro", "wordtable"), ("pl_wozniak", "wordtable")])  # fmt: skip
def test_a_word_file_scores_like_its_pdf(person: str, layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    import make_cvs
    import score

    data = tomllib.loads((BENCHMARKS / "persons" / f"{person}.toml").read_text("utf-8"))
    make_cvs.word_file(make_cvs.prepared(data, make_cvs.LAYOUTS[layout][1]), tmp_path / "cv.docx", table=layout == "wordtable")
    document = extract((tmp_path / "cv.docx").read_bytes())
    gold = json.loads((BENCHMARKS / "corpus-made" / "gold" / f"{layout}-{person}.json").read_text("utf-8"))
    assert score.score(gold, to_json_resume(structure_by_rules(document), (), document)).f1() > 0.97


async def test_it_is_read_in_the_sandbox(sandbox: Sandbox) -> None:
    data = saved(a_cv())
    assert await sandbox.read(data) == extract(data)


def test_a_table_of_two_wide_cells_is_two_columns() -> None:
    file = docx.Document()
    left, right = file.add_table(1, 2).rows[0].cells
    left.text, right.text = "Sprachen", "Ada Beispiel"
    for text in ("Deutsch (Muttersprache)", "Englisch (C1)", "Kenntnisse", "Python", "SQL", "Interessen", "Rudern"):
        left.add_paragraph(text)
    for text in (
        "ada.beispiel@example.org",
        "Berufserfahrung",
        "03/2018 – heute",
        "Entwicklerin",
        "Beispiel GmbH, Bonn",
        "Pflege der Schnittstellen",
        "Ausbildung",
    ):
        right.add_paragraph(text)
    document = extract(saved(file))
    assert texts(document).index("Rudern") < texts(document).index("Berufserfahrung") or texts(document).index("Ausbildung") < texts(document).index(
        "Englisch (C1)"
    )
    assert len({line.flow for line in document.lines}) == 2


def test_header_footer_and_links_are_read() -> None:
    file = a_cv()
    file.sections[0].header.paragraphs[0].text = "Rheinweg 3, 53113 Bonn"
    file.sections[0].footer.paragraphs[0].text = "github.com/ada-beispiel"
    link = file.part.relate_to(
        "https://ada.example.org", "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink", is_external=True
    )
    file.paragraphs[1]._p.append(
        parse_xml(f'<w:hyperlink {W} {nsdecls("r")} r:id="{link}"><w:r><w:t xml:space="preserve"> Homepage</w:t></w:r></w:hyperlink>')
    )
    document, cv = read(file)
    assert "Rheinweg 3, 53113 Bonn" in texts(document)[0]
    assert texts(document)[-1] == "github.com/ada-beispiel"
    assert cv.basics.city.text == "Bonn"
    assert any("https://ada.example.org" in line.links for line in document.lines)


def test_a_text_box_is_read_once() -> None:
    file = a_cv()
    box = "<w:txbxContent><w:p><w:r><w:t>Kompetenzprofil seitlich</w:t></w:r></w:p></w:txbxContent>"
    spaces = f'{nsdecls("w", "wp", "a")} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" xmlns:v="urn:schemas-microsoft-com:vml"'
    anchor = '<wp:anchor><wp:positionH relativeFrom="page"><wp:posOffset>3810000</wp:posOffset></wp:positionH><wp:positionV relativeFrom="page"><wp:posOffset>6350000</wp:posOffset></wp:positionV><wp:extent cx="2540000" cy="900000"/>'
    drawing = f'<w:drawing>{anchor}<a:graphic><a:graphicData uri="x"><wps:wsp><wps:txbx>{box}</wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing>'
    run = f'<w:r {spaces}><mc:AlternateContent><mc:Choice Requires="wps">{drawing}</mc:Choice><mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>'
    file.paragraphs[1]._p.append(parse_xml(run))
    document = extract(saved(file))
    found = [line for line in document.lines if "Kompetenzprofil" in line.text]
    assert len(found) == 1
    assert found[0].box.x0 == pytest.approx(300, abs=1)
    assert found[0].box.y0 == pytest.approx(500, abs=12)


def _run(file: WordFile, text: str) -> object:
    return file.paragraphs[4].add_run(f" {text}")


def _vanished(file: WordFile) -> None:
    _run(file, "Geheimtext").font.hidden = True


def _white(file: WordFile) -> None:
    _run(file, "Geheimtext").font.color.rgb = RGBColor(255, 255, 255)


def _tiny(file: WordFile) -> None:
    _run(file, "Geheimtext").font.size = Pt(1)


def _hidden_by_style(file: WordFile) -> None:
    style = file.styles.add_style("Unsichtbar", WD_STYLE_TYPE.CHARACTER)
    style.font.color.rgb = RGBColor(255, 255, 255)
    _run(file, "Geheimtext").style = style


@pytest.mark.parametrize("hide", [_vanished, _white, _tiny, _hidden_by_style])
def test_what_nobody_sees_is_taken_out_and_quoted(hide: Callable[[WordFile], None]) -> None:
    file = a_cv()
    hide(file)
    document = extract(saved(file))
    assert "Geheimtext" not in " ".join(texts(document))
    assert document.hidden == ("Geheimtext",)


def test_white_on_a_coloured_cell_is_visible() -> None:
    file = a_cv()
    cell = file.add_table(1, 1).cell(0, 0)
    cell._tc.get_or_add_tcPr().append(parse_xml(f'<w:shd {W} w:val="clear" w:fill="1F3864"/>'))
    cell.paragraphs[0].add_run("Weiß auf Blau").font.color.rgb = RGBColor(255, 255, 255)
    document = extract(saved(file))
    assert "Weiß auf Blau" in texts(document)
    assert document.hidden == ()


def test_what_was_deleted_is_gone_and_what_was_inserted_is_there() -> None:
    file = a_cv()
    file.paragraphs[4]._p.append(parse_xml(f"<w:del {W}><w:r><w:delText>gestrichen</w:delText><w:t>gestrichen</w:t></w:r></w:del>"))
    file.paragraphs[4]._p.append(parse_xml(f'<w:ins {W}><w:r><w:t xml:space="preserve"> eingefügt</w:t></w:r></w:ins>'))
    shown = " ".join(texts(extract(saved(file))))
    assert "gestrichen" not in shown
    assert "eingefügt" in shown


def test_invisible_characters_are_dropped_and_counted() -> None:
    file = a_cv()
    _run(file, "Soft\u200bware\u202e")
    document = extract(saved(file))
    assert any("Software" in text for text in texts(document))
    assert document.invisible == 2


def test_macros_and_embedded_files_are_named() -> None:
    data = saved(a_cv())
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/vbaProject.bin", b"x")
        archive.writestr("word/embeddings/oleObject1.bin", b"x")
    assert extract(out.getvalue()).flags == ("/Macros", "/EmbeddedFiles")


def _with_document(change: Callable[[bytes], bytes]) -> bytes:
    source, out = zipfile.ZipFile(io.BytesIO(saved(a_cv()))), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            data = source.read(name)
            archive.writestr(name, change(data) if name == "word/document.xml" else data)
    return out.getvalue()


def _bomb(xml: bytes) -> bytes:
    return xml.replace(b"</w:body>", b"<w:p><w:r><w:t>" + b"A" * 300_000_000 + b"</w:t></w:r></w:p></w:body>")


def _laughs(xml: bytes) -> bytes:
    entities = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(12))
    return xml.replace(b"<w:document", f'<!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><w:document'.encode(), 1).replace(b"Entwicklerin", b"&l12;")


def _external_entity(xml: bytes) -> bytes:
    return xml.replace(b"<w:document", b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><w:document', 1).replace(b"Entwicklerin", b"&f;")


def _nested(xml: bytes) -> bytes:
    return xml.replace(b"</w:body>", b"<w:tbl><w:tr><w:tc>" * 30_000 + b"</w:tc></w:tr></w:tbl>" * 30_000 + b"</w:body>")


def _many_words(xml: bytes) -> bytes:
    return xml.replace(b"</w:body>", b"<w:p><w:r><w:t>" + b"wort " * 60_000 + b"</w:t></w:r></w:p></w:body>")


def _half(xml: bytes) -> bytes:
    return xml[: len(xml) // 2]


@pytest.mark.parametrize(
    ("change", "reasons"),
    [(_bomb, {"too_complex"}), (_laughs, {"damaged"}), (_nested, {"damaged", "too_complex"}), (_many_words, {"too_complex"}), (_half, {"damaged"})],
)
async def test_a_hostile_word_file_ends_with_a_named_reason(sandbox: Sandbox, change: Callable[[bytes], bytes], reasons: set[str]) -> None:
    with pytest.raises(UserError) as caught:
        await sandbox.read(_with_document(change))
    assert caught.value.key in reasons
    assert (await sandbox.read(saved(a_cv()))).lines


async def test_an_entity_from_outside_is_not_fetched(sandbox: Sandbox) -> None:
    try:
        document = await sandbox.read(_with_document(_external_entity))
    except UserError as error:
        assert error.key == "damaged"
    else:
        assert "root" not in " ".join(texts(document))


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000), "old_word_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(400) + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"PK\x03\x04" + bytes(100), "unknown_format"),
        (b"PK\x03\x04" + bytes(100) + b"word/document.xml", "damaged"),
    ],
    ids=["doc", "password", "zip", "no-archive"],
)
def test_other_containers_are_told_apart(data: bytes, key: str) -> None:
    with pytest.raises(UserError) as caught:
        extract(data)
    assert caught.value.key == key


def test_a_style_that_is_based_on_itself_ends() -> None:
    file = a_cv()
    style = file.styles.add_style("Kreis", WD_STYLE_TYPE.PARAGRAPH)
    style.element.append(parse_xml(f'<w:basedOn {W} w:val="{style.style_id}"/>'))
    file.add_paragraph("im Kreis", style=style)
    assert style.element.find(qn("w:basedOn")) is not None
    assert "im Kreis" in texts(extract(saved(file)))
