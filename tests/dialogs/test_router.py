"""A dialog is a function of values: (Event, Flow, Services) -> Turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cards.chat import help_card, note_card
from cards.i18n import catalogue
from dialogs.router import handle
from dialogs.services import Services
from dialogs.turn import Clicked, DroppedFile, Event, FilesDropped, Flow, Installed, Show, ShowBatch, ShowJob, TextSaid, Turn
from pipeline.adapters.local.directory import SameRoles
from pipeline.adapters.local.files import FolderBlobs
from pipeline.adapters.local.sqlite import SqliteFile, SqliteQueue, SqliteRecords
from pipeline.adapters.served_drive import ServedDrive
from pipeline.model.job import Conversation
from pipeline.service import Service
from tests.conftest import NOW
from tests.world import Ids, TickingClock

CHAT = Conversation(
    tenant="t", id="chat", service_url="https://smba.trafficmanager.net/", channel="msteams", bot_id="28:b", user_id="29:u", user="u", locale="de-DE"
)
DE = catalogue("de")


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    file = SqliteFile(tmp_path / "d.sqlite")
    drive = ServedDrive(FolderBlobs(tmp_path / "drive"), base_url="http://x")
    yield Services(
        Service(
            records=SqliteRecords(file), blobs=FolderBlobs(tmp_path / "b"), queue=SqliteQueue(file), drive=drive, clock=TickingClock(), ids=Ids()
        ),
        lambda: NOW,
        SameRoles(),
    )
    await file.close()


def event(content: object, number: str = "1") -> Event:
    return Event(id=number, conversation=CHAT, content=content)


def files(count: int) -> FilesDropped:
    return FilesDropped(tuple(DroppedFile(f"{i}.pdf", f"https://x.sharepoint.com/{i}") for i in range(count)))


@pytest.mark.parametrize(("text", "lead"), [("hilfe", ""), ("Help", ""), ("?", ""), ("quatsch", "unknown"), ("", "unknown")])
async def test_help_and_what_was_not_understood(services: Services, text: str, lead: str) -> None:
    assert await handle(event(TextSaid(text)), Flow(), services) == Turn((Show(help_card(DE, lead=lead)),))


async def test_installation(services: Services) -> None:
    assert await handle(event(Installed()), Flow(), services) == Turn((Show(help_card(DE, lead="hello")),))


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (3, 3), (4, 1), (10, 1)])
async def test_up_to_three_files_have_a_card_each_and_more_share_one(services: Services, count: int, shown: int) -> None:
    turn = await handle(event(files(count)), Flow(), services)
    assert len(turn.replies) == shown
    assert all(isinstance(r, ShowBatch if count > 3 else ShowJob) for r in turn.replies)
    assert len(turn.jobs) == count
    assert turn.flow == Flow(job=turn.jobs[-1].id)


@pytest.mark.parametrize("count", [2, 5])
async def test_a_repeated_delivery_changes_nothing(services: Services, count: int) -> None:
    first = await handle(event(files(count)), Flow(), services)
    assert await handle(event(files(count)), first.flow, services) == Turn(flow=first.flow)


async def test_the_same_files_in_another_message_are_new_work(services: Services) -> None:
    first = await handle(event(files(1)), Flow(), services)
    second = await handle(event(files(1), number="2"), Flow(), services)
    assert first.jobs[0].id != second.jobs[0].id


@pytest.mark.parametrize("text", ["lösche", "delete", "loesche   "])
async def test_delete_needs_a_name(services: Services, text: str) -> None:
    assert await handle(event(TextSaid(text)), Flow(), services) == Turn((Show(note_card(DE("delete.missing"), DE)),))


async def test_a_card_that_is_not_understood(services: Services) -> None:
    assert await handle(event(Clicked(None)), Flow(), services) == Turn((Show(note_card(DE("error.old_card"), DE)),))


async def test_english_for_an_english_reader(services: Services) -> None:
    english = Event(id="1", conversation=CHAT.model_copy(update={"locale": "en-US"}), content=TextSaid("help"))
    assert await handle(english, Flow(), services) == Turn((Show(help_card(catalogue("en"))),))
