"""Cv -> Word file, through a template that the firm edits in Word."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.errors import UserError
from pipeline.model.cv import Cv
from pipeline.render.fill import filled
from pipeline.render.labels import LANGUAGES
from pipeline.render.view import view

TEMPLATES = Path(__file__).parent / "templates"
BUILT_IN = ("classic", "modern")


def render(cv: Cv, *, template: str, language: str = "", firm: str = "", folder: Path | None = None, mark: str = "") -> bytes:
    """The .docx. `language` (default: the document's) is that of the section labels; `folder` holds the firm's own templates; `mark` is a bookmark.

    Raises UserError: unknown_template, broken_template.
    """
    code = language or cv.language
    context = view(cv, language=code if code in LANGUAGES else "en", firm=firm)
    name = cv.basics.name.text if cv.basics.name else ""
    return filled(template_path(template, folder), context, title=name, language=code, firm=firm, mark=mark)


def template_path(name: str, folder: Path | None = None) -> Path:
    """The firm's template of that name, else the built-in one. Raises UserError for an unknown name."""
    if re.fullmatch(r"[\w -]{1,60}", name):
        for place in (folder, TEMPLATES):
            if place and (place / f"{name}.docx").is_file():
                return place / f"{name}.docx"
    raise UserError("unknown_template", template=name[:60], known=", ".join(template_names(folder)))


def template_names(folder: Path | None = None) -> list[str]:
    """Names of all templates, the firm's own first."""
    own = sorted(p.stem for p in folder.glob("*.docx")) if folder and folder.is_dir() else []
    return [*own, *(n for n in BUILT_IN if n not in own)]
