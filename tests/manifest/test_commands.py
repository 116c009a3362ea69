"""What the package offers in the chat, the bot understands."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapter import make_adapter
from bot.errands import Errands
from bot.extension import MessageExtension
from bot.places import Places
from bot.sender import Sender
from bot.settings import Settings
from cards.i18n import catalogue
from dialogs.router import _understood
from dialogs.services import Services, no_link
from dialogs.turn import Event, Flow, TextSaid
from pipeline.adapters.local.directory import SameRoles
from pipeline.model.document import Document
from pipeline.model.job import Job
from pipeline.model.rights import RIGHTS
from tests.conftest import ROOT
from tests.world import World, make_world


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


@pytest.mark.parametrize("language", ["de", "en"])
async def test_every_command_of_the_package_is_understood(language: str, world: World) -> None:
    manifest, english = (json.loads((ROOT / "manifest" / f"{name}.json").read_text("utf-8")) for name in ("manifest", "en"))
    titles = [command["title"] for command in manifest["bots"][0]["commandLists"][0]["commands"]]
    if language == "en":
        titles = [english[f"bots[0].commandLists[0].commands[{i}].title"] for i in range(len(titles))]
    assert len(titles) == 10
    services = Services(world.service, world.clock.now, SameRoles())
    for title in titles:
        event = Event("e", world.conversation(), TextSaid(title))
        text = f"{title} Java" if title in ("rangliste", "shortlist") else title
        deed = _understood(event, text, Flow(), services, catalogue(language)).deed
        assert deed in RIGHTS, title
        assert deed != "say.help" or title in ("hilfe", "help"), title


async def test_every_command_of_the_message_extension_is_answered(world: World) -> None:
    manifest = json.loads((ROOT / "manifest" / "manifest.json").read_text("utf-8"))
    extension = MessageExtension(
        world.service, Sender(make_adapter(Settings(), None), Places(world.records)), Errands(), None, link=no_link, begin=nothing
    )
    assert {command["id"] for command in manifest["composeExtensions"][0]["commands"]} == extension.commands


async def nothing(job: Job) -> None:
    raise AssertionError
