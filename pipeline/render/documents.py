"""Word templates of what is no CV: match reports, job profiles. The firm's own stand in the folder `documents` beside its CV templates."""

from __future__ import annotations

from pathlib import Path

_OWN = Path(__file__).parent / "templates" / "documents"


def document_path(name: str, folder: Path | None = None) -> Path:
    own = folder / "documents" / f"{name}.docx" if folder else None
    return own if own and own.is_file() else _OWN / f"{name}.docx"
