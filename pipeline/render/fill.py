"""A Word template filled: tags become text, marks become bookmarks, and the same input gives the same bytes."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from docx import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.opc.packuri import PackURI
from docx.opc.pkgwriter import PackageWriter
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import SandboxedEnvironment
from lxml import etree

from pipeline.errors import UserError
from pipeline.render.safe import safe_context, xml_safe
from pipeline.render.view import MARK_END, MARK_START

_FIXED = (2026, 1, 1, 0, 0, 0)
_MARK = re.compile(f"{MARK_START}([A-Za-z0-9_]{{1,40}}){MARK_END}")


class _Environment(SandboxedEnvironment):
    """Compiles each template text once: that is half of the time of a Word file."""

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined)
        self._compiled = lru_cache(maxsize=128)(super().from_string)

    def from_string(self, source: str | nodes.Template, *_: Any, **__: Any) -> Template:
        return self._compiled(source)


_ENVIRONMENT = _Environment()
_ONE_AT_A_TIME = threading.Lock()
"""python-docx has one XML parser for all threads: once in ten thousand files it gave elements of the wrong class. No time is lost by it."""


def filled(path: Path, context: dict[str, Any], *, title: str, language: str, firm: str, mark: str = "") -> bytes:
    """The .docx that the template at `path` becomes; `mark` is a bookmark at its beginning. Raises UserError: broken_template."""
    with _ONE_AT_A_TIME:
        return _filled(path, context, title=title, language=language, firm=firm, mark=mark)


def _filled(path: Path, context: dict[str, Any], *, title: str, language: str, firm: str, mark: str) -> bytes:
    try:
        if mistake := _open_tag(path, path.stat().st_mtime_ns):
            raise UserError("broken_template", template=path.stem, detail=mistake[:120])
        word = DocxTemplate(str(path))
        word.render(safe_context(context), jinja_env=_ENVIRONMENT)
    except (
        TemplateError,
        etree.XMLSyntaxError,
        PackageNotFoundError,
        zipfile.BadZipFile,
        ArithmeticError,
        TypeError,
        ValueError,
        LookupError,
    ) as error:
        raise UserError("broken_template", template=path.stem, detail=str(error)[:120]) from error
    _bookmark(word.docx.element.body, mark)
    properties = word.docx.core_properties
    properties.title, properties.language = xml_safe(title)[:200], language
    properties.author = properties.last_modified_by = xml_safe(firm)[:200]
    properties.created = properties.modified = datetime(*_FIXED[:3], tzinfo=UTC)
    properties.revision = 1
    return _packed(word.docx.part.package)


@lru_cache(maxsize=32)
def _open_tag(path: Path, _changed: int) -> str:
    """The text of the first paragraph whose tags are not closed, or empty. Across paragraphs a tag would swallow text."""
    for paragraph in Document(str(path)).element.body.iter(qn("w:p")):
        text = "".join(node.text or "" for node in paragraph.iter(qn("w:t")))
        if any(text.count(opening) != text.count(closing) for opening, closing in (("{{", "}}"), ("{%", "%}"), ("{#", "#}"))):
            return text
    return ""


def _bookmark(body: etree._Element, mark: str) -> None:
    """Turn each mark in the text into a bookmark around its paragraph, named by the entry's JSON pointer."""
    number = 0
    for node in body.iter(qn("w:t")):
        if node.text is None or MARK_START not in node.text:
            continue
        names = _MARK.findall(node.text)
        node.text = re.sub(f"[{MARK_START}{MARK_END}]", "", _MARK.sub("", node.text))
        paragraph = next(node.iterancestors(qn("w:p")))
        for name in names:
            number += 1
            properties = paragraph.find(qn("w:pPr"))
            paragraph.insert(0 if properties is None else 1, _edge("w:bookmarkStart", number, name))
            paragraph.append(_edge("w:bookmarkEnd", number))
    if mark:
        body.insert(0, _edge("w:bookmarkStart", number + 1, mark))
        body.insert(1, _edge("w:bookmarkEnd", number + 1))


def _edge(tag: str, number: int, name: str = "") -> etree._Element:
    """Where a bookmark begins or ends."""
    edge = OxmlElement(tag)
    edge.set(qn("w:id"), str(number))
    if name:
        edge.set(qn("w:name"), name)
    return edge


class _FixedZip:
    """What python-docx writes its parts to: a zip with fixed dates, so that the same content is the same bytes."""

    def __init__(self, target: zipfile.ZipFile) -> None:
        self._target = target

    def write(self, uri: PackURI, data: bytes) -> None:
        self._target.writestr(zipfile.ZipInfo(uri.membername, _FIXED), data, zipfile.ZIP_DEFLATED, compresslevel=4)


def _packed(package: Any) -> bytes:
    """The package as python-docx saves it; its own writer stamps the time into the zip."""
    packed = io.BytesIO()
    for part in package.parts:
        part.before_marshal()
    with zipfile.ZipFile(packed, "w") as target:
        writer, pack = _FixedZip(target), cast("Any", PackageWriter)
        pack._write_content_types_stream(writer, package.parts)  # noqa: SLF001  # the public way stamps the time
        pack._write_pkg_rels(writer, package.rels)  # noqa: SLF001
        pack._write_parts(writer, package.parts)  # noqa: SLF001
    return packed.getvalue()
