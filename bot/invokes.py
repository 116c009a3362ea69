"""Invokes other than a card's buttons: who answers which, and with what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botbuilder.schema import Activity

from pipeline.model.job import Conversation


@dataclass(frozen=True, slots=True)
class Invoked:
    """`value` is what the client sent, `reply_to` the message whose card it is about, `id` the activity's."""

    id: str
    where: Conversation
    value: Mapping[str, Any]
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    status: int = 200
    body: dict[str, Any] | None = None


Handler = Callable[[Invoked], Awaitable[Answered]]


def invoked(activity: Activity, where: Conversation) -> Invoked:
    value = activity.value if isinstance(activity.value, dict) else {}
    return Invoked(activity.id or "", where, value, activity.reply_to_id or "")
