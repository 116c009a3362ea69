"""Messages hours later: each refusal that the channel documents, and what is done about it.

Source of the table: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages, "Status codes from bot conversational APIs".
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botbuilder.schema import Activity, ErrorResponseException

from bot.adapter import make_adapter
from bot.events import event_of, is_there
from bot.places import Places
from bot.sender import TRIES, Sender, Unreachable
from bot.settings import Settings
from cards.chat import help_card
from cards.i18n import catalogue
from pipeline.model.document import Document
from pipeline.model.job import Conversation, Place, State
from tests.bot.test_board import board, shown
from tests.fakes import Connector, in_group, message_activity
from tests.world import World, make_world

CARD = help_card(catalogue("de"))


def chat(connector: Connector, **changes: Any) -> Conversation:
    base = Conversation(
        tenant="tenant-1", id="a:1", service_url=f"{connector.origin}/", channel="msteams", bot_id="28:bot", user_id="29:user", user="user-1"
    )
    return base.model_copy(update=changes)


@pytest.fixture
def sender(places: Places) -> Sender:
    return Sender(make_adapter(Settings(), None), places, pause=0.001, pace=0)


# status, code, what comes of it, how often a post and a replacement are asked for, whether the operators hear of it
REFUSALS = [
    (400, "BadSyntax", "raised", 1, 1, True),
    (400, "BadArgument", "raised", 1, 1, True),
    (401, "BotNotRegistered", "raised", 1, 1, True),
    (401, "Unauthorized", "raised", 1, 1, True),
    (403, "ConversationBlockedByUser", "shut", 1, 1, False),
    (403, "BotNotInConversationRoster", "shut", 1, 1, False),
    (403, "BotDisabledByAdmin", "shut", 1, 1, True),
    (403, "ForbiddenOperationException", "shut", 1, 1, False),
    (403, "MessageWritesBlocked", "shut", 1, 1, False),
    (403, "SomethingNew", "shut", 1, 1, False),
    (403, "NotEnoughPermissions", "raised", 1, 1, True),
    (403, "InvalidBotApiHost", "raised", 1, 1, True),
    (404, "ConversationNotFound", "shut", 1, 2, False),
    (405, "Fault", "raised", 1, 1, True),
    (412, "PreconditionFailed", "raised", TRIES, TRIES, False),
    (413, "MessageSizeTooBig", "raised", 2, 2, True),
    (429, "Throttled", "raised", TRIES, TRIES, False),
    (500, "ServiceError", "raised", 1, TRIES, False),
    (501, "Fault", "raised", 1, 1, True),
    (502, "ServiceError", "raised", 1, TRIES, False),
    (503, "ServiceError", "raised", TRIES, TRIES, False),
    (504, "GatewayTimeout", "raised", 1, TRIES, False),
]


@pytest.mark.parametrize("act", ["post", "replace"])
@pytest.mark.parametrize("refusal", REFUSALS, ids=[f"{status}-{code}" for status, code, *_ in REFUSALS])
async def test_each_documented_refusal(
    connector: Connector, sender: Sender, places: Places, caplog: pytest.LogCaptureFixture, *, act: str, refusal: tuple[Any, ...]
) -> None:
    status, code, outcome, posts, replacements, told = refusal
    where = chat(connector)
    connector.faults = [(status, {"Retry-After": "0"}, code)] * 10
    with pytest.raises(Unreachable if outcome == "shut" else ErrorResponseException), caplog.at_level(logging.ERROR):
        await (sender.post(where, CARD) if act == "post" else sender.replace(where, "m1", CARD))
    assert 10 - len(connector.faults) == (posts if act == "post" else replacements)
    assert await places.is_shut(where) == (outcome == "shut")
    assert bool(caplog.records) == told
    connector.faults = []
    if outcome == "shut":
        with pytest.raises(Unreachable):
            await sender.post(where, CARD)
        await places.open(where)
    assert await sender.post(where, CARD)


async def test_a_card_that_is_too_large_arrives_without_its_details(connector: Connector, sender: Sender) -> None:
    connector.faults = [(413, {}, "MessageSizeTooBig")]
    large = CARD | {"body": CARD["body"] * 20, "actions": [{"type": "Action.OpenUrl", "title": "Öffnen", "url": "https://x/"}]}
    assert await sender.post(chat(connector), large) == "m1"
    assert len(connector.sent[0].card["body"]) == 1
    assert connector.sent[0].card["actions"][0]["url"] == "https://x/"


async def test_another_process_hears_of_it_after_a_while(places: Places, connector: Connector) -> None:
    time = [0.0]
    other = Places(places._records, now=lambda: time[0])
    where = chat(connector)
    await places.shut(where, "x")
    assert await other.is_shut(where)
    await places.open(where)
    assert await other.is_shut(where)
    time[0] = 61.0
    assert not await other.is_shut(where)


async def test_a_team_that_adds_the_bot_again_opens_all_of_its_channels(places: Places, connector: Connector) -> None:
    team = {"place": Place.CHANNEL, "team": "19:team@thread.tacv2"}
    general, other = (chat(connector, id=f"19:{name}@thread.tacv2", **team) for name in ("team", "other"))
    elsewhere = chat(connector, id="19:x@thread.tacv2", place=Place.CHANNEL, team="19:x@thread.tacv2")
    thread = other.model_copy(update={"id": f"{other.id};messageid=17"})
    for where in (thread, elsewhere):
        await places.shut(where, "BotNotInConversationRoster")
    assert await places.is_shut(other)
    assert not await places.is_shut(general)
    await places.open(general)
    assert not await places.is_shut(thread)
    assert await places.is_shut(elsewhere)


UPDATES: dict[str, tuple[dict[str, Any], bool | None]] = {
    "added": ({"type": "installationUpdate", "action": "add"}, True),
    "upgraded": ({"type": "installationUpdate", "action": "add-upgrade"}, True),
    "removed": ({"type": "installationUpdate", "action": "remove"}, False),
    "removed for an upgrade": ({"type": "installationUpdate", "action": "remove-upgrade"}, False),
    "the bot joins": ({"type": "conversationUpdate", "membersAdded": [{"id": "28:bot"}]}, True),
    "the bot leaves": ({"type": "conversationUpdate", "membersRemoved": [{"id": "28:bot"}]}, False),
    "a person joins": ({"type": "conversationUpdate", "membersAdded": [{"id": "29:ben"}]}, None),
    "a person leaves": ({"type": "conversationUpdate", "membersRemoved": [{"id": "29:ben"}]}, None),
    "the team is renamed": ({"type": "conversationUpdate", "channelData": {"eventType": "teamRenamed"}}, None),
    "the channel is renamed": ({"type": "conversationUpdate", "channelData": {"eventType": "channelRenamed"}}, None),
    "the team is archived": ({"type": "conversationUpdate", "channelData": {"eventType": "teamArchived"}}, None),
    "the team is deleted": ({"type": "conversationUpdate", "channelData": {"eventType": "teamDeleted"}}, False),
    "the team is restored": ({"type": "conversationUpdate", "channelData": {"eventType": "teamRestored"}}, True),
    "a channel is deleted": ({"type": "conversationUpdate", "channelData": {"eventType": "channelDeleted"}}, False),
}


@pytest.mark.parametrize(("changes", "there"), UPDATES.values(), ids=UPDATES)
async def test_what_says_that_the_bot_is_there_or_not(connector: Connector, changes: dict[str, Any], there: bool | None) -> None:
    activity = Activity().deserialize(in_group(message_activity(connector), channel=True) | changes)
    assert is_there(activity) is there
    assert (event_of(activity) is not None) == (changes.get("action") == "add"), "only the first installation is greeted"


async def test_a_chat_is_opened_where_only_a_group_is_known(connector: Connector, sender: Sender, places: Places) -> None:
    group = chat(connector, id="19:g@thread.v2", place=Place.GROUP, locale="en-GB")
    opened = await sender.chat_with(group)
    assert (opened.id, opened.personal, opened.locale) == ("a:29:user", True, "en-GB")
    assert connector.created[0]["members"] == [{"id": "29:user"}]
    assert await sender.chat_with(group) == opened
    assert len(connector.created) == 1, "the second time it is known"
    assert await places.chat_of("tenant-1", "user-1") == opened


async def test_who_has_not_added_the_app_cannot_be_written_to(connector: Connector, sender: Sender) -> None:
    connector.faults = [(403, {}, "ForbiddenOperationException")]
    with pytest.raises(Unreachable):
        await sender.chat_with(chat(connector, id="19:g@thread.v2", place=Place.GROUP))


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


async def test_the_result_waits_until_the_app_is_back(world: World, connector: Connector) -> None:
    where = world.conversation().model_copy(update={"service_url": f"{connector.origin}/"})
    done = await world.run(await world.submit(conversation=where))
    connector.faults = [(403, {}, "BotNotInConversationRoster")]
    await shown(board(world), done)
    world.clock.time += timedelta(minutes=2)
    await shown(board(world), done)
    assert connector.sent == []
    assert await world.service.store.open_ids("t") == [done.id], "it is not given up"
    await Places(world.records).open(where)
    world.clock.time += timedelta(minutes=2)
    await shown(board(world), done)
    assert "Lebenslauf fertig" in connector.sent[0].text
    assert (await world.service.job("t", done.id)).state == State.DONE
    assert await world.service.store.open_ids("t") == []
