"""What dialogs need: the use cases, the time, and where things open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline.model.offer import Colleague
from pipeline.ports import Directory, SignIn
from pipeline.service import Service


def no_link(path: str, tenant: str) -> str:
    """Where nothing is served."""
    return path


async def nobody(tenant: str) -> list[Colleague]:
    """Where no approvers are known."""
    return []


@dataclass(frozen=True, slots=True)
class Services:
    """`directory` says who may do what. `link` makes a path of the REST API ("profiles/…/word") an address that opens for a tenant's people.

    `sign_in`: where people can sign in. `approvers` are those of a tenant's approvers that the bot can write to.
    """

    service: Service
    now: Callable[[], datetime]
    directory: Directory
    link: Callable[[str, str], str] = no_link
    sign_in: SignIn | None = None
    approvers: Callable[[str], Awaitable[list[Colleague]]] = nobody
