"""`convert` and `extract`: PDFs to Word and JSON, with a progress bar and a summary table."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cards.i18n import Catalogue
from cards.job import error_text
from cli.files import cvs, stems
from pipeline.conversion import Conversion
from pipeline.errors import TransientError, UserError

_log = logging.getLogger("cli")

AT_ONCE = 2
OK, SOME_FAILED, USAGE = 0, 1, 2

Convert = Callable[[bytes], Awaitable[Conversion]]


@dataclass(frozen=True, slots=True)
class Outcome:
    file: Path
    seconds: float
    done: Conversion | None = None
    problem: str = ""


async def run(paths: list[Path], out: Path | None, convert: Convert, texts: Catalogue) -> int:
    """Convert all CVs; `out` None writes the JSON of a single file to stdout. Returns the exit status."""
    console = Console(stderr=True)
    files = cvs(paths, out)
    if not files:
        console.print(texts("cli.nothing", paths=", ".join(map(str, paths))), markup=False)
        return USAGE
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            console.print(texts("cli.unwritable", path=str(out), detail=error.strerror or ""), markup=False)
            return USAGE
    names = stems(files)
    places = asyncio.Semaphore(AT_ONCE)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=out is None) as progress:
        task = progress.add_task(texts("cli.converting"), total=len(files))

        async def one(file: Path) -> Outcome:
            async with places:
                outcome = await _one(file, convert, texts)
                if outcome.done and out is not None:
                    outcome = _written(outcome, out / names[file], texts)
                progress.advance(task)
                return outcome

        outcomes = await asyncio.gather(*(one(file) for file in files))
    if out is None and outcomes[0].done:
        sys.stdout.write(json.dumps(outcomes[0].done.json_resume(), ensure_ascii=False, indent=1) + "\n")
        return OK
    console.print(_table(outcomes, texts))
    return OK if all(o.done for o in outcomes) else SOME_FAILED


async def _one(file: Path, convert: Convert, texts: Catalogue) -> Outcome:
    """One bad file never stops the rest."""
    begun = perf_counter()
    try:
        done = await convert(file.read_bytes())
        return Outcome(file, perf_counter() - begun, done)
    except UserError as error:
        problem = error_text(error.key, error.values, texts)
    except TransientError as error:
        problem = texts(f"error.{error.key}")
    except OSError as error:
        problem = texts("cli.missing") if isinstance(error, FileNotFoundError) else str(error.strerror)
    except Exception:  # noqa: BLE001  # a bug in one file must not stop the others; the log has the cause
        _log.exception("conversion failed")
        problem = texts("error.bug")
    return Outcome(file, perf_counter() - begun, problem=problem)


def _written(outcome: Outcome, target: Path, texts: Catalogue) -> Outcome:
    if outcome.done is None:
        return outcome
    try:
        target.with_name(target.name + ".json").write_text(json.dumps(outcome.done.json_resume(), ensure_ascii=False, indent=1) + "\n", "utf-8")
        if outcome.done.word:
            target.with_name(target.name + ".docx").write_bytes(outcome.done.word)
    except OSError as error:
        return Outcome(outcome.file, outcome.seconds, problem=texts("cli.unwritable", path=str(target.parent), detail=error.strerror or ""))
    return outcome


def _table(outcomes: list[Outcome], texts: Catalogue) -> Table:
    table = Table(*(texts(f"cli.{name}") for name in ("file", "candidate", "findings", "time", "result")))
    for o in outcomes:
        name = o.done.cv.basics.name.text if o.done and o.done.cv.basics.name else "–"
        counts = {s: sum(f.severity == s for f in o.done.findings) for s in ("error", "warning", "info")} if o.done else {}
        found = ", ".join(texts.n(f"severity.{s}_count", n) for s, n in counts.items() if n) or "–"
        result = texts("cli.ok") if o.done else f"[red]{escape(o.problem)}[/red]"
        table.add_row(escape(o.file.name), escape(name), found, f"{o.seconds * 1000:.0f} ms", result)
    return table
