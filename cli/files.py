"""Which PDFs the arguments name, and where the results go."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def pdfs(paths: Iterable[Path]) -> list[Path]:
    """Files as named (also missing ones: they are reported), folders with all PDFs below them, each once, in order."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.is_file() and p.suffix.lower() == ".pdf")
            found.update((p, None) for p in sorted(inside))
        else:
            found[path] = None
    return list(found)


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
