"""`audit bias`: does it matter who a person is? Prints a table, and writes a report as Word and JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cards.i18n import Catalogue
from pipeline.bias.audit import Auditor
from pipeline.bias.cvs import pairs
from pipeline.errors import TransientError, UserError
from pipeline.model.bias import Audit
from pipeline.render.bias_report import bias_json, kind_text
from pipeline.render.labels import labels

SAME, DIFFERENT, USAGE = 0, 1, 2


async def run_bias(auditor: Auditor, out: Path, word: Callable[[Audit], bytes], texts: Catalogue) -> int:
    """`word` makes the report."""
    console = Console()
    some = list(pairs())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        out.mkdir(parents=True, exist_ok=True)
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task(texts("cli.auditing"), total=len(some))
            audit = await auditor.audit(lambda: progress.advance(task), some)
        (out / "bias.json").write_text(bias_json(audit), "utf-8")
        (out / "bias.docx").write_bytes(word(audit))
    except (UserError, TransientError) as error:
        Console(stderr=True).print(texts(f"error.{error.key}", **getattr(error, "values", {})), markup=False, highlight=False)
        return USAGE
    except OSError as error:
        Console(stderr=True).print(texts("cli.unwritable", path=str(out), detail=error.strerror or ""), markup=False, highlight=False)
        return USAGE
    words = labels(texts.language)
    table = Table(*(words[f"bias_{name}"] for name in ("kind", "pairs", "differing", "largest")))
    for kind in audit.kinds():
        table.add_row(kind_text(kind.name, words), str(kind.pairs), str(kind.differing), str(kind.largest))
    console.print(table)
    differing = len(audit.differing)
    said = words["bias_found" if differing else "bias_clean"].format(pairs=len(audit.outcomes), differing=differing)
    console.print(said, markup=False, highlight=False, soft_wrap=True)
    console.print(str(out / "bias.docx"), markup=False, highlight=False, soft_wrap=True)
    return DIFFERENT if differing else SAME
