"""The Word file: complete, repeatable, and made of data, whatever the data says."""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document as Word
from docx.oxml.ns import qn

from pipeline.check.check import check
from pipeline.errors import UserError
from pipeline.model.cv import Cv, Sourced
from pipeline.model.document import Document
from pipeline.model.json_resume import to_json_resume
from pipeline.render.labels import LANGUAGES, labels
from pipeline.render.safe import xml_safe
from pipeline.render.word import BUILT_IN, TEMPLATES, render, template_names
from pipeline.structure.rules import structure_by_rules
from tests.conftest import TODAY


@pytest.fixture
def cvs(documents: dict[str, Document]) -> dict[str, Cv]:
    return {name: check(structure_by_rules(document), document, today=TODAY)[0] for name, document in documents.items()}


def words_of(docx: bytes) -> str:
    return re.sub(r"\s+", " ", " ".join(t.text for t in Word(io.BytesIO(docx)).element.body.iter(qn("w:t")) if t.text))


def compact(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


@pytest.mark.parametrize("template", BUILT_IN)
async def test_every_line_of_the_pdf_is_in_the_word_file(documents: dict[str, Document], cvs: dict[str, Cv], template: str) -> None:
    for name, cv in cvs.items():
        written = compact(words_of(render(cv, template=template)))
        left = {o.line for o in cv.left_out if o.reason != "not_understood"}
        for line in documents[name].lines:
            if line.number not in left:
                for word in re.findall(r"[^\W\d_]{4,}", line.text):
                    assert compact(word) in written or word.casefold() in ("mär", "heute", "seit", "present"), (
                        f"{name}: {word!r} of line {line.number}"
                    )


async def test_the_same_input_gives_the_same_bytes(cvs: dict[str, Cv]) -> None:
    cv = cvs["de-einspaltig-brandt"]
    assert render(cv, template="classic", firm="F") == render(cv, template="classic", firm="F")


@pytest.mark.parametrize(("language", "heading"), [("", "Berufserfahrung"), ("de", "Berufserfahrung"), ("en", "Professional experience")])
async def test_headings_follow_the_document_or_the_wish(cvs: dict[str, Cv], language: str, heading: str) -> None:
    assert heading in words_of(render(cvs["de-einspaltig-brandt"], template="modern", language=language))


async def test_header_and_footer_carry_firm_logo_and_page_numbers(cvs: dict[str, Cv]) -> None:
    for template in BUILT_IN:
        section = Word(io.BytesIO(render(cvs["de-einspaltig-brandt"], template=template, firm="Muster & Partner GmbH"))).sections[0]
        assert "Muster & Partner GmbH" in section.header.paragraphs[0].text
        assert section.header.part.related_parts
        xml = section.footer._element.xml
        assert "PAGE" in xml
        assert "NUMPAGES" in xml


@pytest.mark.parametrize("template", BUILT_IN)
async def test_each_entry_bears_a_bookmark_with_its_json_pointer(cvs: dict[str, Cv], template: str) -> None:
    for cv in cvs.values():
        body = Word(io.BytesIO(render(cv, template=template))).element.body
        names = {b.get(qn("w:name")) for b in body.iter(qn("w:bookmarkStart"))}
        resume = to_json_resume(cv)
        for section in ("work", "education", "projects", "certificates", "skills"):
            for i in range(len(resume.get(section, []))):
                assert f"{section}_{i}" in names
        ids = [b.get(qn("w:id")) for b in body.iter(qn("w:bookmarkStart"))]
        assert len(ids) == len(set(ids))


HOSTILE = [
    "Müller & Co. KG",
    "R&D <b>C++ </b> > 5",
    "{{ 7*7 }}",
    "{% for x in range(10) %}x{% endfor %}",
    "{%p if 0 %}{{ labels.__class__.__mro__ }}{#",
    "</w:t></w:r><w:p>",
    "Zeile\x0ceins\x00zwei\x1b[0m",
    "\ud800 \ufffe \uffff ende",
    "\u202egnp.exe\u202c \u200bnull",
    "\ue000work_0\ue001 Marke",
    "T" * 300,
    "tab\tund\nzeile",
    "😀 Ünïcödé 漢字 עברית",
    "\U000e0041\U000e0042 tags",
]


@pytest.mark.parametrize("nasty", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("template", BUILT_IN)
async def test_text_from_outside_is_data_in_every_field(cvs: dict[str, Cv], template: str, nasty: str) -> None:
    cv = cvs["de-einspaltig-brandt"]
    spoiled = _with_text_everywhere(cv, nasty)
    data = render(spoiled, template=template, firm=nasty)
    written = words_of(data)
    wanted = re.sub(r"\s+", " ", xml_safe(nasty)).strip()
    assert wanted in written, "the text is lost or was executed"
    assert "49" not in written.replace("+49", "")
    assert "mro" not in written or "mro" in nasty
    assert "\ue000" not in written


def _with_text_everywhere(cv: Cv, text: str) -> Cv:
    def changed(node: object) -> object:
        if isinstance(node, Sourced):
            return replace(node, text=text)
        if isinstance(node, tuple):
            return tuple(changed(n) for n in node)
        if hasattr(node, "__dataclass_fields__") and not hasattr(node, "reason"):
            return replace(node, **{f: changed(getattr(node, f)) for f in node.__dataclass_fields__ if f not in ("language", "structurer")})
        return node

    result = changed(cv)
    assert isinstance(result, Cv)
    return result


def test_what_is_cleaned_and_what_stays() -> None:
    assert xml_safe("a\x0cb") == "a b"
    assert xml_safe("a\x00b\u200bc") == "abc"
    assert xml_safe("Größe\tund\nZeile – „Zitat“ 漢字 😀") == "Größe\tund\nZeile – „Zitat“ 漢字 😀"


async def test_libreoffice_opens_it_and_shows_the_pages(cvs: dict[str, Cv], tmp_path: Path) -> None:
    for template in BUILT_IN:
        (tmp_path / f"{template}.docx").write_bytes(render(cvs["de-tabelle-yilmaz"], template=template, firm="Muster Personal GmbH"))
    command = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/office",
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        tmp_path,
        *tmp_path.glob("*.docx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=150)
    for template in BUILT_IN:
        text = subprocess.run(["pdftotext", tmp_path / f"{template}.pdf", "-"], check=True, capture_output=True, text=True).stdout
        assert "Rheinkontor Steuerberatung PartG mbB" in text
        assert "Seite 1 von" in text


class TestTemplatesOfTheFirm:
    def folder(self, tmp_path: Path, old: str = "", new: str = "") -> Path:
        """The classic template as "hausvorlage", with a change in its body."""
        target = tmp_path / "hausvorlage.docx"
        with zipfile.ZipFile(TEMPLATES / "classic.docx") as source, zipfile.ZipFile(target, "w") as copy:
            for name in source.namelist():
                data = source.read(name)
                if name == "word/document.xml" and old:
                    assert old.encode() in data
                    data = data.replace(old.encode(), new.encode(), 1)
                copy.writestr(name, data)
        return tmp_path

    async def test_an_own_template_is_used(self, cvs: dict[str, Cv], tmp_path: Path) -> None:
        folder = self.folder(tmp_path, "{{ labels.profile }}", "Unser Bild von {{ name }}")
        assert template_names(folder) == ["hausvorlage", "classic", "modern"]
        assert "Unser Bild von Katharina Brandt" in words_of(render(cvs["de-einspaltig-brandt"], template="hausvorlage", folder=folder))

    async def test_the_look_of_a_tags_place_is_kept(self, cvs: dict[str, Cv]) -> None:
        title = next(p for p in Word(io.BytesIO(render(cvs["de-einspaltig-brandt"], template="classic"))).paragraphs if p.text == "Katharina Brandt")
        assert title.style.name == "Title"

    @pytest.mark.parametrize("tag", ["{{ nam }}", "{{ name", "{% if %}", "{{ name.__class__.__init__.__globals__ }}"])
    async def test_a_mistake_says_so(self, cvs: dict[str, Cv], tmp_path: Path, tag: str) -> None:
        folder = self.folder(tmp_path, "{{ labels.profile }}", tag)
        with pytest.raises(UserError) as caught:
            render(cvs["de-einspaltig-brandt"], template="hausvorlage", folder=folder)
        assert caught.value.key == "broken_template"

    @pytest.mark.parametrize("name", ["gibtsnicht", "../classic", "classic.docx", ""])
    async def test_an_unknown_name_says_which_there_are(self, cvs: dict[str, Cv], name: str) -> None:
        with pytest.raises(UserError) as caught:
            render(cvs["de-einspaltig-brandt"], template=name)
        assert caught.value.key == "unknown_template"
        assert "classic" in str(caught.value.values["known"])


def test_labels_have_the_same_keys_in_all_languages() -> None:
    assert len({frozenset(labels(language)) for language in LANGUAGES}) == 1


async def test_the_json_validates_against_the_schema_of_json_resume(cvs: dict[str, Cv], documents: dict[str, Document]) -> None:
    from jsonschema import Draft7Validator

    from tests.conftest import NODE

    schema = json.loads((NODE / "node_modules/@jsonresume/schema/schema.json").read_text("utf-8"))
    for name, cv in cvs.items():
        resume = to_json_resume(cv, (), documents[name])
        assert [e.message for e in Draft7Validator(schema).iter_errors(resume)] == []
        assert {"sources", "leftOut", "findings"} <= set(resume["meta"])
        for pointer, lines in resume["meta"]["sources"].items():
            node = resume
            for part in pointer.strip("/").split("/"):
                if pointer.endswith("/endDate") and part == "endDate" and part not in node:
                    break
                node = node[int(part)] if isinstance(node, list) else node[part]
            assert lines
