"""`audit verify`: is the log of approvals as it was written? `audit forget`: what it says of a person goes."""

from __future__ import annotations

from rich.console import Console

from cards.i18n import Catalogue
from pipeline.approval_log import LOG, Entry
from pipeline.errors import TransientError
from pipeline.offers import Offers
from pipeline.ports import Records
from pipeline.sequence import SEQUENCES
from pipeline.store import OFFERS

WHOLE, BROKEN, USAGE = 0, 1, 2
NAMED = 20
"""So many broken entries are named."""


async def run_verify(offers: Offers, records: Records, head: str, texts: Catalogue) -> int:
    """Every tenant's log. `head` is the hash that an earlier run printed: it must still be in the chain."""
    console, broken, found_head = Console(), False, not head
    try:
        tenants = {tenant for table in (LOG, OFFERS, SEQUENCES) for tenant in await records.tenants(table)}
        for tenant in sorted(tenants):
            checked = await offers.verify(tenant)
            found_head = found_head or head in {entry.hash for entry in await _entries(offers, tenant, readable=not checked.broken)}
            console.print(
                texts("cli.log", tenant=tenant, entries=checked.entries, erased=checked.erased, head=checked.head), markup=False, soft_wrap=True
            )
            for seq, why in checked.broken[:NAMED]:
                console.print(f"  {texts(f'cli.log_{why}', seq=seq)}", markup=False, highlight=False)
            broken = broken or bool(checked.broken)
    except TransientError as error:
        Console(stderr=True).print(texts(f"error.{error.key}"), markup=False, highlight=False)
        return USAGE
    if not found_head:
        console.print(texts("cli.log_head_gone", head=head), markup=False, highlight=False, soft_wrap=True)
    console.print(texts("cli.log_broken" if broken or not found_head else "cli.log_whole"), markup=False, highlight=False)
    return BROKEN if broken or not found_head else WHOLE


async def run_forget(offers: Offers, tenant: str, person: str, texts: Catalogue) -> int:
    """Erase name and reasons of somebody from the log and from the offers' histories."""
    try:
        gone = await offers.forget_person(tenant, person)
    except TransientError as error:
        Console(stderr=True).print(texts(f"error.{error.key}"), markup=False, highlight=False)
        return USAGE
    Console().print(texts("cli.log_forgotten", count=gone), markup=False, highlight=False)
    return WHOLE


async def _entries(offers: Offers, tenant: str, *, readable: bool) -> list[Entry]:
    return await offers.log.entries(tenant) if readable else []
