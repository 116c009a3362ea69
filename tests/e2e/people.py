"""Several people, each in their own 1:1 chat with the bot."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from app import Running
from tests.fakes import Connector, Sent, actions_of, click_activity, in_group, message_activity


def inputs_of(on: Sent) -> dict[str, dict[str, Any]]:
    """The card's inputs by their ids."""
    found: dict[str, dict[str, Any]] = {}

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if str(node.get("type", "")).startswith("Input."):
                found[node["id"]] = node
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(on.card)
    return found


def defaults(on: Sent) -> dict[str, str]:
    """What a client sends of inputs that nobody touches: all of them."""
    return {name: str(element.get("value", "")) for name, element in inputs_of(on).items()}


class Colleague:
    """Says and clicks; every message and click has a number of its own."""

    def __init__(self, running: Running, connector: Connector, user: str, name: str, *, locale: str = "de-DE") -> None:
        self.running, self.connector, self.user, self.name, self.locale = running, connector, user, name, locale
        self.chat = f"a:chat-of-{user}"
        self._number = 0

    def number(self, kind: str) -> str:
        self._number += 1
        return f"{kind}-{self.user}-{self._number}"

    def _mine(self, activity: dict[str, Any]) -> dict[str, Any]:
        person = {"from": {"id": f"29:{self.user}", "aadObjectId": self.user, "name": self.name}, "locale": self.locale}
        place = {} if activity["conversation"].get("isGroup") else {"conversation": activity["conversation"] | {"id": self.chat}}
        return activity | person | place

    async def post(self, activity: dict[str, Any]) -> Any:
        async with aiohttp.ClientSession() as session, session.post(f"{self.running.url}/api/messages", json=self._mine(activity)) as response:
            assert response.status in (200, 202), (response.status, await response.text())
            return await response.json() if response.content_type == "application/json" else None

    async def say(self, text: str, wanted: str = "", *, files: list[tuple[str, str]] = ()) -> Sent | None:  # type: ignore[assignment]
        before = len(self.connector.sent)
        await self.post(message_activity(self.connector, text=text, files=files, number=self.number("say")))
        return await self.sees(wanted, since=before) if wanted else None

    def data_of(self, on: Sent | dict[str, Any], button: str) -> dict[str, Any]:
        card = on.card if isinstance(on, Sent) else on
        return next(a for a in actions_of(card) if a.get("title") == button and a["type"] == "Action.Execute")["data"]

    async def click(self, on: Sent, button: str, /, *, group: bool = False, **inputs: str) -> str:
        """The text of the answer: of the card that takes the clicked one's place, or what is said."""
        data = {**defaults(on), **self.data_of(on, button), **inputs}
        activity = click_activity(self.connector, data, message=on.message, number=self.number("click"))
        answer = await self.post(in_group(activity, channel=True) if group else activity)
        return json.dumps(answer["value"], ensure_ascii=False)

    async def answer_of(self, on: Sent, button: str, /, **inputs: str) -> Sent:
        """The card that takes the clicked one's place, as if it had been sent."""
        data = {**defaults(on), **self.data_of(on, button), **inputs}
        activity = click_activity(self.connector, data, message=on.message, number=self.number("click"))
        answer = await self.post(activity)
        assert isinstance(answer["value"], dict), answer
        return Sent("INVOKE", on.message, {"attachments": [{"content": answer["value"]}]}, self.chat)

    async def sees(self, *wanted: str, since: int = 0, seconds: float = 30) -> Sent:
        """The newest message of this person's chat that says all of it."""

        def mine(sent: list[Sent]) -> list[Sent]:
            return [s for s in sent[since:] if s.conversation == self.chat and all(text in s.text for text in wanted)]

        await self.connector.until(lambda sent: bool(mine(sent)), seconds)
        return mine(self.connector.sent)[-1]

    def offered(self, on: Sent) -> list[str]:
        return [a["title"] for a in actions_of(on.card)]
