"""Which CVs the arguments name, and where the results go."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.model.formats import SUFFIXES


def cvs(paths: Iterable[Path], out: Path | None = None) -> list[Path]:
    """Files as named (also missing ones: they are reported), folders with all PDFs and Word files below them, each once, in order.

    What lies below `out` was written by us.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES and not p.name.startswith("~$"))
            found.update((p, None) for p in sorted(inside) if p.suffix.lower() == ".pdf" or not _below(p, out))
        else:
            found[path] = None
    return list(found)


def _below(path: Path, folder: Path | None) -> bool:
    return folder is not None and path.resolve().is_relative_to(folder.resolve())


def stems(files: list[Path]) -> dict[Path, str]:
    """A name for the results of each file: its stem, numbered where several files share it."""
    taken: set[str] = set()
    result: dict[Path, str] = {}
    for file in files:
        name, number = file.stem, 2
        while name.casefold() in taken:
            name, number = f"{file.stem}-{number}", number + 1
        taken.add(name.casefold())
        result[file] = name
    return result
