"""Something that a person should look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Finding:
    """`key` names a text of the catalogues (`finding.<key>`), `values` fill it; `field` is a JSON pointer or empty."""

    severity: Severity
    key: str
    field: str = ""
    lines: tuple[int, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
