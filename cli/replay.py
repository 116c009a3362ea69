"""`replay`: make a stored match again, and say whether the same comes out."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from cards.i18n import Catalogue
from pipeline.errors import TransientError, UserError
from pipeline.ports import Blobs, PdfReader
from pipeline.replay import replay
from pipeline.service import Service

SAME, OTHER, USAGE = 0, 1, 2


async def run(service: Service, blobs: Blobs, reader: PdfReader, match_id: str, texts: Catalogue) -> int:
    console = Console()
    try:
        found = await replay(service, blobs, reader, match_id)
    except (UserError, TransientError) as error:
        Console(stderr=True).print(texts(f"error.{error.key}", **getattr(error, "values", {})), markup=False, highlight=False)
        return USAGE
    match, now = found.match, found.now
    console.print(f"{match.profile.title}, {match.created:%Y-%m-%d %H:%M}: {found.score.total}", markup=False, highlight=False)
    if not found.reread:
        console.print(texts("cli.replay_recorded"), markup=False, highlight=False)
    if found.same:
        console.print(texts("cli.replay_same", verdicts=len(found.then)), markup=False, highlight=False)
        return SAME
    console.print(texts("cli.replay_other", then=found.score.total, now=now.score.total), markup=False, highlight=False)
    if match.versions != now.versions:
        console.print(texts("cli.replay_versions", then=str(match.versions), now=str(now.versions)), markup=False, highlight=False)
    table = Table(texts("match.requirement"), texts("cli.replay_then"), texts("cli.replay_now"))
    for old, new in found.differing:
        table.add_row(old.text, texts(f"verdict.{old.status}"), texts(f"verdict.{new.status}"))
    console.print(table)
    return OTHER
