"""`storage`: move, save and restore everything that is stored; `retention`: archive and erase what is due."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from cards.i18n import Catalogue
from pipeline.errors import TransientError
from pipeline.model.job import Periods
from pipeline.retention import Report, Retention
from pipeline.service import Service
from pipeline.transfer import Incomplete, Inventory, Storage, backup, migrate, restore

OK, FAILED = 0, 1
LEAST_LOG_DAYS = 183


async def run_migrate(source: Storage, target: Storage, texts: Catalogue, *, replace: bool) -> int:
    return await _proven("cli.migrated", lambda told: migrate(source, target, told, replace=replace), texts)


async def run_backup(storage: Storage, path: Path, texts: Catalogue) -> int:
    return await _proven("cli.backed_up", lambda told: backup(storage, path, told), texts)


async def run_restore(storage: Storage, path: Path, texts: Catalogue) -> int:
    return await _proven("cli.restored", lambda told: restore(path, storage, told), texts)


async def run_dead_letters(storage: Storage, texts: Catalogue) -> int:
    """The jobs whose attempts are used up, one `tenant/job` a line."""
    console = Console()
    bodies = await storage.queue.dead()
    for body in bodies:
        console.print(body, markup=False, highlight=False)
    Console(stderr=True).print(texts("cli.dead_letters", count=len(bodies)))
    return OK


async def run_retention(service: Service, retention: Retention, texts: Catalogue, *, tenant: str = "", periods: dict[str, int] | None = None) -> int:
    """Do what is due and report it; with `periods`, set those of a tenant instead."""
    console = Console()
    if periods and tenant:
        try:
            wanted = Periods(**(await service.periods(tenant)).model_dump() | periods)
        except ValidationError:
            Console(stderr=True).print(texts("cli.periods_least", least=LEAST_LOG_DAYS), markup=False)
            return FAILED
        await service.set_periods(tenant, wanted)
        console.print(texts("cli.periods", tenant=tenant, **wanted.model_dump()), markup=False)
        return OK
    reports = await retention.run()
    console.print(_table(reports, texts))
    return OK


async def _proven(key: str, work: Callable[[Callable[[str, int], None]], Awaitable[Inventory]], texts: Catalogue) -> int:
    """Do it with a count of what is done; what it proved is printed at the end."""
    console = Console(stderr=True)
    try:
        with console.status("") as status:
            found = await work(lambda kind, count: status.update(f"{texts(f'cli.{kind}')}: {count}"))
    except (Incomplete, TransientError, OSError) as error:
        console.print(texts("cli.incomplete", detail=str(error)), markup=False)
        return FAILED
    console.print(texts(key, records=len(found.records), blobs=len(found.blobs), digest=found.digest), markup=False)
    return OK


def _table(reports: list[Report], texts: Catalogue) -> Table:
    names = ("tenant", "archived", "candidates", "cvs", "files", "records", "events", "offers")
    table = Table(*(texts(f"cli.retention_{name}") for name in names))
    for report in reports:
        table.add_row(*(str(getattr(report, name)) for name in names))
    return table
