"""`match`: a profile against CVs, best first; a report for each with `--out`."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cards.i18n import Catalogue
from cards.job import error_text
from cli.convert import AT_ONCE, OK, SOME_FAILED, USAGE
from cli.files import cvs, stems
from pipeline.errors import TransientError, UserError
from pipeline.matching import Compared
from pipeline.model.match import Status, Verdict
from pipeline.model.profile import Importance, Profile

_log = logging.getLogger("cli")

_MARKS = {Status.MET: "[green]✓[/green]", Status.PARTLY: "[yellow]~[/yellow]", Status.UNCLEAR: "[yellow]?[/yellow]", Status.NOT_FOUND: "[red]✗[/red]"}


@dataclass(frozen=True, slots=True)
class Held:
    """A CV held against the profile; `report` is the .docx, empty where none was asked for."""

    file: Path
    candidate: str
    compared: Compared
    report: bytes = b""


@dataclass(frozen=True, slots=True)
class Problem:
    file: Path
    text: str


Hold = Callable[[Path], Awaitable[Held]]


async def run(profile: Profile, paths: list[Path], out: Path | None, hold: Hold, texts: Catalogue, *, as_json: bool) -> int:
    """Hold all CVs against the profile; returns the exit status."""
    console, notes = Console(), Console(stderr=True)
    files = cvs(paths, out)
    if not files:
        notes.print(texts("cli.nothing", paths=", ".join(map(str, paths))), markup=False)
        return USAGE
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            notes.print(texts("cli.unwritable", path=str(out), detail=error.strerror or ""), markup=False)
            return USAGE
    places = asyncio.Semaphore(AT_ONCE)

    async def one(file: Path) -> Held | Problem:
        async with places:
            return await _one(file, hold, texts)

    results = await asyncio.gather(*(one(file) for file in files))
    ranked = sorted((result for result in results if isinstance(result, Held)), key=_rank)
    problems = [result for result in results if isinstance(result, Problem)]
    if out is not None:
        names = stems(files)
        problems += [problem for held in ranked if (problem := _written(held, out / f"{names[held.file]}.docx", texts))]
    if as_json:
        sys.stdout.write(json.dumps({"profile": profile.title, "matches": [_json(held) for held in ranked]}, ensure_ascii=False, indent=1) + "\n")
    else:
        for held in ranked:
            console.print(_table(held, texts))
    for problem in problems:
        notes.print(f"{problem.file}: {problem.text}", markup=False)
    return SOME_FAILED if problems else OK


def _rank(held: Held) -> tuple[float, float, str]:
    """Best first; the same scores by what they were without the rule for missing must-haves, then by file."""
    return -held.compared.score.total, -held.compared.score.uncapped, str(held.file)


async def _one(file: Path, hold: Hold, texts: Catalogue) -> Held | Problem:
    """One bad file never stops the rest."""
    try:
        return await hold(file)
    except UserError as error:
        text = error_text(error.key, error.values, texts)
    except TransientError as error:
        text = texts(f"error.{error.key}")
    except OSError as error:
        text = texts("cli.missing") if isinstance(error, FileNotFoundError) else str(error.strerror)
    except Exception:  # noqa: BLE001  # a bug in one file must not stop the others; the log has the cause
        _log.exception("match failed")
        text = texts("error.bug")
    return Problem(file, text)


def _written(held: Held, target: Path, texts: Catalogue) -> Problem | None:
    """Write the report; what went wrong, if anything."""
    try:
        target.write_bytes(held.report)
    except OSError as error:
        return Problem(held.file, texts("cli.unwritable", path=str(target), detail=error.strerror or ""))
    return None


def _json(held: Held) -> dict[str, Any]:
    score = held.compared.score
    return {
        "file": str(held.file),
        "candidate": held.candidate,
        "score": score.total,
        "band": score.band.value,
        "missing_musts": score.missing,
        "years": held.compared.years,
        "verdicts": [_verdict_json(verdict) for verdict in held.compared.verdicts],
        "notes": [note.model_dump() for note in held.compared.notes],
    }


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "requirement": verdict.text,
        "importance": verdict.importance.value,
        "weight": verdict.weight,
        "verdict": verdict.status.value,
        "scored": verdict.scored,
        "points": verdict.points,
        "quotes": [quote.model_dump() for quote in verdict.quotes],
        "experience": [one.model_dump() for one in verdict.experience],
        "reasons": [reason.model_dump() for reason in verdict.reasons],
    }


def _table(held: Held, texts: Catalogue) -> Table:
    score = held.compared.score
    heading = f"[bold]{score.total}[/bold] {texts(f'band.{score.band.value}')} · {escape(held.candidate or held.file.name)}"
    table = Table("", texts("match.requirement"), texts("match.evidence"), title=heading, title_justify="left")
    for verdict in held.compared.verdicts:
        name = escape(verdict.text) + (f" [dim]({texts('match.nice')})[/dim]" if verdict.importance is Importance.NICE else "")
        quotes = "\n".join(escape(texts("match.quote", text=quote.text, page=quote.page)) for quote in verdict.quotes[:2])
        why = "; ".join(escape(texts(f"reason.{reason.key}", **reason.values)) for reason in verdict.reasons)
        table.add_row(_MARKS[verdict.status], name, "\n".join(filter(None, (quotes, f"[dim]{why}[/dim]" if why else ""))))
    return table
