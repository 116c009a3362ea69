"""Invokes other than a card's buttons: who answers which, and with what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botbuilder.schema import Activity

from pipeline.model.job import Conversation


@dataclass(frozen=True, slots=True)
class Invoked:
    """`name` is what the client asks, `value` what it sent, `reply_to` the message whose card it is about, `id` the activity's."""

    name: str
    id: str
    where: Conversation
    value: Mapping[str, Any]
    reply_to: str = ""

    @property
    def deed(self) -> str:
        """As the table of rights names it: of a message extension with its command."""
        return f"{self.name} {self.value.get('commandId')}" if self.name.startswith("composeExtension/") else self.name


@dataclass(frozen=True, slots=True)
class Answered:
    status: int = 200
    body: dict[str, Any] | None = None


Handler = Callable[[Invoked], Awaitable[Answered]]


def invoked(activity: Activity, where: Conversation) -> Invoked:
    value = activity.value if isinstance(activity.value, dict) else {}
    return Invoked(activity.name or "", activity.id or "", where, value, activity.reply_to_id or "")


def told(asked: Invoked, text: str) -> Answered:
    """A text for the person who asked, in the shape that the client expects for it."""
    match asked.name:
        case "composeExtension/query":
            return Answered(body={"composeExtension": {"type": "message", "text": text}})
        case "composeExtension/fetchTask" | "composeExtension/submitAction":
            return Answered(body={"task": {"type": "message", "value": text}})
        case _:
            return Answered(403, {"error": {"code": "Forbidden", "message": text}})
