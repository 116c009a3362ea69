"""Group chats and channels: a mention with a CV attached is worked on, and nobody but its sender reads anything of it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.settings import Settings
from tests.e2e.teams import CHANNEL_MESSAGE, FILE, GROUP_MESSAGE, SCOPES, SECRETS, Teams, teams_world
from tests.fakes import Connector, Files, Sent, actions_of, click_activity, in_group, message_activity
from tests.graph.server import Fault


@pytest.fixture
async def teams(settings: Settings, connector: Connector, files: Files) -> AsyncIterator[Teams]:
    async with teams_world(settings, connector, files) as made:
        yield made


def secrets_in(sent: list[Sent]) -> set[str]:
    """What was sent into conversations that others read."""
    said = " ".join(json.dumps(s.activity, ensure_ascii=False) for s in sent if s.conversation.startswith("19:"))
    return {secret for secret in SECRETS if secret in said}


def ended(sent: list[Sent]) -> bool:
    return sent[-1].text.startswith(("✅", "❌"))


async def sent_in(teams: Teams, *, channel: bool = False) -> Sent:
    """A CV that was sent into a group and is done."""
    teams.sign_in()
    teams.chats.attach(CHANNEL_MESSAGE if channel else GROUP_MESSAGE, FILE, link=teams.files.origin, readers=("user-1",))
    await teams.mention(channel=channel)
    await teams.until(ended)
    return teams.connector.sent[-1]


@pytest.mark.parametrize("channel", [False, True])
async def test_a_mention_with_a_file_is_worked_on_and_says_nothing_of_it(teams: Teams, channel: bool) -> None:
    done = await sent_in(teams, channel=channel)
    assert done.text.startswith("✅ Fertig")
    assert "Gesendet von Anna" in done.text
    assert len(teams.connector.posts) == 1
    assert done.conversation == ("19:channel@thread.tacv2;messageid=1700000000001" if channel else "19:group@thread.v2"), "in the thread"
    assert secrets_in(teams.connector.sent) == set()
    assert done.card["refresh"]["userIds"] == ["29:user"]
    assert teams.asked_by == {"user-1"}
    assert [request.headers.get("Authorization") for request in teams.files.requests] == [None]


def view_of(card: dict[str, Any]) -> dict[str, Any]:
    """What a client sends by itself where the card asks for it."""
    return card["refresh"]["action"]["data"]


async def refreshed(teams: Teams, card: dict[str, Any], *, user: str = "user-1", number: str = "r1") -> dict[str, Any]:
    activity = in_group(click_activity(teams.connector, view_of(card), message="m1", number=number, user=user))
    activity["value"]["trigger"] = "automatic"
    body = await teams.post(activity, status=200)
    assert body["statusCode"] == 200
    assert body["type"] == "application/vnd.microsoft.card.adaptive"
    return body["value"]


async def test_its_sender_alone_sees_the_details(teams: Teams) -> None:
    done, before = await sent_in(teams), len(teams.connector.sent)
    own = await refreshed(teams, done.card)
    assert "Katharina Brandt" in json.dumps(own)
    assert own["refresh"] == done.card["refresh"]
    offered = {a.get("verb") for a in actions_of(own)}
    assert "cv.reveal" in offered
    assert not {"match.ask", "cv.save"} & offered, "what shows names belongs into the 1:1 chat"
    other = await refreshed(teams, done.card, user="ben", number="r2")
    assert other == done.card
    await asyncio.sleep(0.2)
    assert all(late.method == "PUT" and late.card == done.card for late in teams.connector.sent[before:]), "looking posts nothing"


async def test_shown_to_all_only_by_its_sender(teams: Teams) -> None:
    done = await sent_in(teams)
    own = await refreshed(teams, done.card)
    reveal = next(a["data"] for a in actions_of(own) if a.get("verb") == "cv.reveal")
    refused = await teams.post(in_group(click_activity(teams.connector, reveal, message="m1", number="i1", user="ben")), status=200)
    assert "jemand anderes" in json.dumps(refused, ensure_ascii=False)
    await asyncio.sleep(0.2)
    assert secrets_in(teams.connector.sent) == set()
    answer = await teams.post(in_group(click_activity(teams.connector, reveal, message="m1", number="i2")), status=200)
    assert "cv.reveal" not in {a.get("verb") for a in actions_of(answer["value"])}
    await teams.until(lambda sent: "Katharina Brandt" in sent[-1].text)
    shown = teams.connector.sent[-1]
    assert shown.message == "m1"
    assert {a["type"] for a in shown.card["actions"]} == {"Action.OpenUrl"}


async def test_a_card_of_one_chat_cannot_be_looked_at_from_another(teams: Teams) -> None:
    done = await sent_in(teams)
    elsewhere = in_group(click_activity(teams.connector, view_of(done.card), message="m1", number="r1"), channel=True)
    assert "nicht mehr vorhanden" in json.dumps(await teams.post(elsewhere, status=200), ensure_ascii=False)


async def test_what_was_sent_in_elsewhere_is_shown_in_no_group(teams: Teams) -> None:
    teams.sign_in()
    await teams.drop()
    await teams.until(lambda sent: "In Word öffnen" in sent[-1].text)
    job = next(a["data"]["job"] for a in actions_of(teams.connector.sent[-1].card) if a.get("verb") == "cv.rewrite")
    for number, verb in enumerate(("cv.show", "cv.view", "cv.retry", "cv.reveal", "cv.delete", "cv.rewrite")):
        data = {"verb": verb, "v": 1, "job": job, "template": "modern", "language": "cv"}
        body = await teams.post(in_group(click_activity(teams.connector, data, message="m9", number=f"f{number}")), status=200)
        assert "nicht mehr vorhanden" in json.dumps(body, ensure_ascii=False), verb
    await asyncio.sleep(0.2)
    assert secrets_in(teams.connector.sent) == set()
    await teams.say("status", number="s1")
    await teams.until(lambda sent: "Katharina" in sent[-1].text)


FOREIGN = [
    {"verb": "match.ask", "v": 1, "job": "a" * 32},
    {"verb": "cv.save", "v": 1, "job": "a" * 32},
    {"verb": "candidate.ask", "v": 1, "candidate": "a" * 32},
    {"verb": "profile.show", "v": 1, "profile": "a" * 32},
    {"verb": "cv.cancel_all", "v": 1},
]


@pytest.mark.parametrize("data", FOREIGN, ids=[data["verb"] for data in FOREIGN])
async def test_buttons_of_the_1_to_1_chat_do_nothing_in_a_group(teams: Teams, data: dict[str, Any]) -> None:
    body = await teams.post(in_group(click_activity(teams.connector, data, message="m1")), status=200)
    assert "Das geht nur im Einzelchat" in json.dumps(body, ensure_ascii=False)
    assert teams.connector.sent == []


@pytest.mark.parametrize("text", ["status", "hilfe", "lösche Katharina Brandt", "absage Brandt", "abmelden", "neues Profil: Java"])
async def test_commands_are_answered_in_the_1_to_1_chat_only(teams: Teams, text: str) -> None:
    teams.sign_in()
    await teams.mention(text)
    await teams.until(lambda sent: "Das geht nur im Einzelchat" in sent[-1].text)
    [link] = [a["url"] for a in actions_of(teams.connector.sent[0].card)]
    assert link == "https://teams.microsoft.com/l/chat/0/0?users=28:bot"
    assert teams.graph.calls == []


async def test_what_is_not_said_to_the_bot_is_neither_answered_nor_logged(teams: Teams, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for number, mentioned in enumerate(("29:ben", "28:other-bot", None)):
            activity = in_group(message_activity(teams.connector, text="Kollegin Geheimnis", number=f"t{number}"))
            activity["entities"] = [{"type": "mention", "text": "<at>x</at>", "mentioned": {"id": mentioned}}] if mentioned else []
            await teams.post(activity, status=202)
    await asyncio.sleep(0.1)
    assert teams.connector.sent == []
    assert teams.graph.calls == []
    assert "Geheimnis" not in caplog.text


FAILURES = [
    ("no file", (), ("user-1",), ("user-1",), SCOPES, "keine Datei gefunden", False),
    ("not a member", (FILE,), ("user-1",), ("ben",), SCOPES, "Ich darf Ihre Nachricht nicht lesen", True),
    ("no scope for chats", (FILE,), ("user-1",), ("user-1",), SCOPES - {"Chat.Read"}, "Ich darf Ihre Nachricht nicht lesen", True),
    ("no right to the file", (FILE,), ("ben",), ("user-1",), SCOPES, "kein Recht, diese Datei zu öffnen", True),
    ("no scope for files", (FILE,), ("user-1",), ("user-1",), SCOPES - {"Files.ReadWrite"}, "kein Recht, diese Datei zu öffnen", True),
]


@pytest.mark.parametrize(
    ("names", "readers", "members", "scopes", "said", "chat"), [case[1:] for case in FAILURES], ids=[case[0] for case in FAILURES]
)
async def test_without_rights_one_line_says_what_to_do(
    teams: Teams, *, names: tuple[str, ...], readers: tuple[str, ...], members: tuple[str, ...], scopes: frozenset[str], said: str, chat: bool
) -> None:
    teams.sign_in(scopes=scopes)
    teams.chats.attach(GROUP_MESSAGE, *names, link=teams.files.origin, readers=readers, members=members)
    await teams.mention("bitte lesen")
    await teams.until(ended)
    assert said in teams.connector.sent[-1].text
    assert ("Zum Einzelchat" in teams.connector.sent[-1].text) == chat
    assert secrets_in(teams.connector.sent) == set()


async def test_a_failure_that_says_something_of_the_file_is_told_to_its_sender_alone(teams: Teams) -> None:
    teams.files.files["Kündigung Brandt.pdf"] = b"%PDF-1.4 nothing"
    teams.sign_in()
    teams.chats.attach(GROUP_MESSAGE, "Kündigung Brandt.pdf", link=teams.files.origin, readers=("user-1",))
    await teams.mention()
    await teams.until(ended)
    assert "Das hat nicht geklappt" in teams.connector.sent[-1].text
    assert "beschädigt" not in teams.connector.sent[-1].text
    assert "beschädigt" in json.dumps(await refreshed(teams, teams.connector.sent[-1].card), ensure_ascii=False)
    assert secrets_in(teams.connector.sent) == set()


async def test_a_passing_fault_of_graph_is_repeated(teams: Teams) -> None:
    teams.graph.faults = [Fault(503, {"Retry-After": "0"})]
    assert (await sent_in(teams)).text.startswith("✅ Fertig")


async def test_several_files_of_a_message_share_a_card_that_names_nobody(teams: Teams) -> None:
    teams.sign_in()
    names = [FILE, "de-tabelle-yilmaz.pdf"]
    teams.chats.attach(GROUP_MESSAGE, *names, link=teams.files.origin, readers=("user-1",))
    await teams.mention()
    await teams.until(lambda sent: "2 von 2 bearbeitet" in sent[-1].text)
    card = teams.connector.sent[-1]
    assert len(teams.connector.posts) == 1
    assert secrets_in(teams.connector.sent) == set()
    assert "Yılmaz" not in json.dumps([s.activity for s in teams.connector.sent], ensure_ascii=False)
    own = await refreshed(teams, card.card)
    assert "Katharina Brandt" in json.dumps(own)
    details = next(a["data"] for a in actions_of(own) if a.get("verb") == "cv.show")
    await teams.post(in_group(click_activity(teams.connector, details, message="m1", number="i1")), status=200)
    assert len(teams.connector.posts) == 2
    assert secrets_in(teams.connector.sent) == set()


async def test_the_same_mention_three_times_is_one_job(teams: Teams) -> None:
    teams.sign_in()
    teams.chats.attach(GROUP_MESSAGE, FILE, link=teams.files.origin, readers=("user-1",))
    await asyncio.gather(*(teams.mention() for _ in range(3)))
    await teams.until(ended)
    await teams.mention()
    await asyncio.sleep(0.2)
    assert len(teams.connector.posts) == 1


async def test_a_team_whose_directory_id_is_not_named_is_asked_for(teams: Teams) -> None:
    teams.connector.teams["19:team@thread.tacv2"] = "group-1"
    teams.sign_in()
    teams.chats.attach(CHANNEL_MESSAGE, FILE, link=teams.files.origin, readers=("user-1",))
    activity = in_group(message_activity(teams.connector), channel=True)
    activity["channelData"]["team"] = {"id": "19:team@thread.tacv2"}
    await teams.post(activity, status=202)
    await teams.until(ended)
    assert teams.connector.sent[-1].text.startswith("✅ Fertig")


async def test_the_root_of_a_channels_thread_is_no_reply(teams: Teams) -> None:
    teams.sign_in()
    root = CHANNEL_MESSAGE.partition("/replies/")[0]
    teams.chats.attach(root, FILE, link=teams.files.origin, readers=("user-1",))
    await teams.mention(channel=True, number="1700000000001")
    await teams.until(ended)
    assert teams.connector.sent[-1].text.startswith("✅ Fertig")


async def test_where_nobody_can_sign_in_one_line_leads_to_the_1_to_1_chat(settings: Settings, connector: Connector, files: Files) -> None:
    async with teams_world(settings, connector, files, sso=False) as teams:
        await teams.mention()
        await teams.until(lambda sent: "bitte senden sie mir den lebenslauf im einzelchat" in sent[-1].text.lower())
        assert len(connector.posts) == 1


async def test_a_team_is_greeted_with_one_line(teams: Teams) -> None:
    await teams.post(in_group(message_activity(teams.connector), channel=True) | {"type": "installationUpdate", "action": "add", "entities": []})
    await teams.until(lambda sent: "Erwähnen Sie mich" in sent[-1].text)
    assert "Ziehen Sie" not in teams.connector.sent[-1].text
