"""The elements that the adaptivecards package lacks, and small helpers. Schema version 1.5.

Text from outside (names, file names, findings) goes into text runs, which know no Markdown; only our own catalogue texts
go into text blocks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from adaptivecards.adaptivecard import AdaptiveCard
from adaptivecards.baseobject import AdaptiveCardJSONEncoder, Element, PropertyType
from adaptivecards.containers import ActionSet, Column, ColumnSet, Container
from adaptivecards.elements import RichTextBlock, TextBlock, TextRun

VERSION = "1.5"
CardJson = dict[str, Any]


class Execute(Element):
    """Action.Execute: a button whose click reaches the bot as an invoke."""

    element_type = "Action.Execute"
    title = PropertyType(type=str)
    verb = PropertyType(type=str)
    data = PropertyType(type=dict)
    style = PropertyType(type=str)
    fallback = PropertyType(type=Element)
    associated_inputs = PropertyType(type=str, key_name="associatedInputs")


class Submit(Element):
    """Action.Submit: the same for clients that do not know Action.Execute."""

    element_type = "Action.Submit"
    title = PropertyType(type=str)
    data = PropertyType(type=dict)
    style = PropertyType(type=str)


class OpenUrl(Element):
    element_type = "Action.OpenUrl"
    title = PropertyType(type=str)
    url = PropertyType(type=str)


class ShowCard(Element):
    """Action.ShowCard: asks back within the card."""

    element_type = "Action.ShowCard"
    title = PropertyType(type=str)
    card = PropertyType(type=AdaptiveCard)
    style = PropertyType(type=str)


class ChoiceSet(Element):
    """Input.ChoiceSet: one of a few values, as a drop-down list. `id` names the value in the click's data."""

    element_type = "Input.ChoiceSet"
    id = PropertyType(type=str)
    label = PropertyType(type=str)
    value = PropertyType(type=str)
    choices = PropertyType(type=list)
    is_multi_select = PropertyType(type=bool, key_name="isMultiSelect")
    style = PropertyType(type=str)


class TextInput(Element):
    """Input.Text: a line, or several with `is_multiline`."""

    element_type = "Input.Text"
    id = PropertyType(type=str)
    label = PropertyType(type=str)
    value = PropertyType(type=str)
    placeholder = PropertyType(type=str)
    is_multiline = PropertyType(type=bool, key_name="isMultiline")
    is_required = PropertyType(type=bool, key_name="isRequired")
    error_message = PropertyType(type=str, key_name="errorMessage")
    max_length = PropertyType(type=int, key_name="maxLength")


class NumberInput(Element):
    """Input.Number."""

    element_type = "Input.Number"
    id = PropertyType(type=str)
    label = PropertyType(type=str)
    value = PropertyType(type=float)
    min = PropertyType(type=float)
    max = PropertyType(type=float)


class DateInput(Element):
    """Input.Date; its value is an ISO date."""

    element_type = "Input.Date"
    id = PropertyType(type=str)
    label = PropertyType(type=str)
    value = PropertyType(type=str)


class Toggle(Element):
    """Input.Toggle: "true" or "false"."""

    element_type = "Input.Toggle"
    id = PropertyType(type=str)
    title = PropertyType(type=str)
    value = PropertyType(type=str)


class Table(Element):
    element_type = "Table"
    columns = PropertyType(type=list)
    rows = PropertyType(type=list)
    first_row_as_headers = PropertyType(type=bool, key_name="firstRowAsHeaders")
    show_grid_lines = PropertyType(type=bool, key_name="showGridLines")


def card(*body: Element, actions: list[Element] | None = None, summary: str = "") -> CardJson:
    """A whole card as JSON data, by the package's own encoder."""
    made = AdaptiveCard()
    made.set_data("version", VERSION)
    made.body = list(body)
    if actions:
        made.actions = actions
    if summary:
        made.fallback_text = clip(summary, 200)
    result: CardJson = json.loads(json.dumps(made.render(), cls=AdaptiveCardJSONEncoder))
    return result


def shrunk(whole: CardJson) -> CardJson:
    """What is left of a card that is too large for the channel: what it is about, and where things open."""
    text = {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": str(whole.get("fallbackText") or "…")}]}
    links = [action for action in whole.get("actions", []) if action["type"] == "Action.OpenUrl"]
    return {name: value for name, value in whole.items() if name in ("type", "version", "$schema", "fallbackText", "refresh")} | {
        "body": [text],
        "actions": links,
    }


def seen_by(whole: CardJson, action: Element, users: Sequence[str]) -> CardJson:
    """The card, which the clients of these users (by the channel's ids) ask for anew, so that they may see another than all others."""
    view = {name: getattr(action, name) for name in ("title", "verb", "data")}
    return whole | {"refresh": {"action": {"type": "Action.Execute", **view}, "userIds": list(users)}}


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, without control and bidirectional characters, and no function of cards: clients fill {{DATE(…)}} in anywhere."""
    text = " ".join("".join(" " if c.isspace() else c for c in text if c.isprintable() or c.isspace()).split())
    text = text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
    return text.replace("{{", "{\u2060{")


def title(text: str, *, icon: str = "") -> Element:
    return TextBlock(text=f"{icon} {text}".strip(), weight="Bolder", size="Medium", wrap=True)


def say(text: str, **style: Any) -> Element:
    """A text of our own catalogues; Markdown allowed."""
    return TextBlock(text=text, wrap=True, **style)


def plain(text: str, *, limit: int = 300, spacing: str = "", **style: Any) -> Element:
    """Text from outside: shown as it is."""
    block = RichTextBlock(inlines=[TextRun(text=clip(text, limit) or "–", **style)])
    if spacing:
        block.spacing = spacing
    return block


def nothing() -> Element:
    """An empty cell."""
    return TextBlock(text=" ")


def facts(rows: list[tuple[str, str]]) -> list[Element]:
    """Label and value in two columns; the values may come from outside."""
    return [
        ColumnSet(
            spacing="Small",
            columns=[
                Column(width="120px", items=[TextBlock(text=label, isSubtle=True, wrap=True)]),
                Column(width="stretch", items=[plain(value, limit=240)]),
            ],
        )
        for label, value in rows
        if value
    ]


def progress_bar(share: float, *, style: str = "accent") -> Element:
    """A bar of two weighted columns; `share` from 0 to 1."""
    done = max(0, min(100, round(share * 100)))
    cells = [(done, style), (100 - done, "emphasis")]
    columns = [Column(width=str(weight), style=colour, minHeight="8px", spacing="None", items=[]) for weight, colour in cells if weight]
    return ColumnSet(columns=columns, spacing="Small")


def table(rows: list[list[Element]], widths: list[int]) -> Element:
    """A table without grid lines."""
    made = Table(
        columns=[{"width": width} for width in widths],
        rows=[{"type": "TableRow", "cells": [{"type": "TableCell", "items": [cell]} for cell in row]} for row in rows],
    )
    made.first_row_as_headers = False
    made.show_grid_lines = False
    return made


def choice(name: str, label: str, options: list[tuple[str, str]], *, value: str) -> Element:
    """A drop-down list of (value, text)."""
    return ChoiceSet(id=name, label=label, value=value, choices=[{"title": clip(text, 80), "value": key} for key, text in options])


def choices(name: str, label: str, options: list[tuple[str, str]]) -> Element:
    """Several of (value, text); the click's data holds the values joined by commas."""
    made = ChoiceSet(id=name, label=label, style="expanded", choices=[{"title": clip(text, 80), "value": key} for key, text in options])
    made.is_multi_select = True
    return made


def entry(name: str, label: str, value: str = "", *, limit: int = 200, lines: bool = False, required: str = "") -> Element:
    """A text input; `required` is what to say where it is empty."""
    made = TextInput(id=name, label=label, value=value[:limit], max_length=limit)
    if lines:
        made.is_multiline = True
    if required:
        made.is_required, made.error_message = True, required
    return made


def number_entry(name: str, label: str, value: float | None, *, least: float, most: float) -> Element:
    made = NumberInput(id=name, label=label, min=float(least), max=float(most))
    if value is not None:
        made.value = float(value)
    return made


def date_entry(name: str, label: str, value: date | None) -> Element:
    made = DateInput(id=name, label=label)
    if value:
        made.value = value.isoformat()
    return made


def toggle(name: str, label: str, *, on: bool) -> Element:
    return Toggle(id=name, title=label, value="true" if on else "false")


def columns(*items: list[Element], widths: tuple[str, ...]) -> Element:
    """Elements side by side; `widths` as Adaptive Cards name them ("stretch", "80px", "2")."""
    return ColumnSet(columns=[Column(width=width, items=found) for found, width in zip(items, widths, strict=True)], spacing="Small")


def inner_card(*body: Element, actions: list[Element]) -> AdaptiveCard:
    made = AdaptiveCard()
    made.set_data("version", VERSION)
    made.body = list(body)
    made.actions = actions
    return made


def box(*items: Element, style: str = "emphasis") -> Element:
    return Container(items=list(items), style=style)


def buttons(*actions: Element) -> Element:
    return ActionSet(actions=list(actions))
