"""What dialogs need: the use cases, the time, and where things open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline.ports import Directory, SignIn
from pipeline.service import Service


def no_link(path: str, tenant: str) -> str:
    """Where nothing is served."""
    return path


@dataclass(frozen=True, slots=True)
class Services:
    """`directory` says who may do what. `link` makes a path of the REST API ("profiles/…/word") an address that opens for a tenant's people.

    `sign_in`: where people can sign in.
    """

    service: Service
    now: Callable[[], datetime]
    directory: Directory
    link: Callable[[str, str], str] = no_link
    sign_in: SignIn | None = None
