"""The edges of the bot: incoming links, sending with faults, events, settings, logs."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter

import pytest
from aiohttp import web
from botbuilder.schema import Activity, ErrorResponseException

from bot.adapter import make_adapter
from bot.events import conversation_of, event_of, user_text
from bot.incoming import LinkedFiles
from bot.logs import JsonFormatter
from bot.places import Places
from bot.sender import PER_CONVERSATION, Sender
from bot.settings import BadSettings, Settings, network_drive
from cards.chat import help_card
from cards.i18n import catalogue
from dialogs.turn import FilesDropped, TextSaid
from pipeline.errors import TransientError, UserError
from pipeline.model.job import Conversation, Source
from pipeline.model.person import Person
from tests.fakes import Connector, Files, Server, message_activity

APP_ID = "6d2b1b0c-1f2e-4a3b-8c4d-00000000a001"
CARD = help_card(catalogue("de"))
PERSON = Person(tenant="t", user="u", channel_user="29:u")


@pytest.mark.parametrize(
    "url",
    [
        "http://contoso.sharepoint.com/x", "https://evil.example/x", "https://sharepoint.com/x", "https://contoso.sharepoint.com.evil.example/x", "https://evilsharepoint.com/x",
        "https://user@contoso.sharepoint.com/x", "https://contoso.sharepoint.com:8443/x", "https://127.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/latest", "file:///etc/passwd",
        "ftp://contoso.sharepoint.com/x", "", "https://", "https://contoso.sharepoint.com@evil.example/", "//contoso.sharepoint.com/x", "https://ＥＶＩＬ.example/",
        "https://0.0.0.0/x", "https://[::ffff:127.0.0.1]/x", "https://contoso.sharepoint.com:22/x", "https://contoso.sharepoint.com.", "https://2130706433/x",
        "https://metadata.google.internal/", "https://.sharepoint.com/x", "gopher://contoso.sharepoint.com/x", "https://contoso.sharepoint.com\\@evil.example/",
    ],
)  # fmt: skip
async def test_links_off_the_list_are_never_opened(url: str) -> None:
    with pytest.raises(UserError) as caught:
        await LinkedFiles(hosts=(".sharepoint.com",)).fetch(Source(name="x", url=url), limit=100, person=PERSON)
    assert caught.value.key == "link_not_allowed"


async def test_a_name_on_the_list_that_points_inside_is_not_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    from aiohttp.resolver import ThreadedResolver

    async def inside(self: object, host: str, port: int = 0, family: int = 0) -> list[dict]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 6, "flags": 0}]

    monkeypatch.setattr(ThreadedResolver, "resolve", inside)
    with pytest.raises(UserError) as caught:
        await LinkedFiles(hosts=(".sharepoint.com",)).fetch(Source(name="x", url="https://contoso.sharepoint.com/x"), limit=100, person=PERSON)
    assert caught.value.key == "link_not_allowed"


@pytest.fixture
async def host() -> AsyncIterator[Server]:
    async with Server() as server:

        async def answer(request: web.Request) -> web.StreamResponse:
            match request.match_info["what"]:
                case "redirect":
                    raise web.HTTPFound("https://evil.example/cv.pdf")
                case "round":
                    raise web.HTTPFound("/round")
                case "near":
                    raise web.HTTPFound("/good")
                case "good":
                    return web.Response(body=b"%PDF-")
                case "big":
                    return web.Response(body=b"x" * 5000)
                case status:
                    return web.Response(status=int(status))

        server.app._router._frozen = False
        server.app.router.add_get("/{what}", answer)
        server.app.router.freeze()
        yield server


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("redirect", "link_not_allowed"),
        ("round", "link_not_allowed"),
        ("big", "too_large"),
        ("404", "link_expired"),
        ("403", "link_expired"),
        ("410", "link_expired"),
    ],
)
async def test_what_a_link_may_answer(host: Server, path: str, key: str) -> None:
    with pytest.raises(UserError) as caught:
        await LinkedFiles(hosts=(), local_origins=(host.origin,)).fetch(Source(name="x", url=f"{host.origin}/{path}"), limit=1000, person=PERSON)
    assert caught.value.key == key


async def test_good_links_and_passing_faults(host: Server) -> None:
    links = LinkedFiles(hosts=(), local_origins=(host.origin,))
    assert await links.fetch(Source(name="x", url=f"{host.origin}/near"), limit=1000, person=PERSON) == b"%PDF-"
    with pytest.raises(TransientError):
        await links.fetch(Source(name="x", url=f"{host.origin}/503"), limit=1000, person=PERSON)


def chat(connector: Connector) -> Conversation:
    return Conversation(tenant="t", id="c", service_url=f"{connector.origin}/", channel="msteams", bot_id="28:b", user_id="29:u", user="u")


@pytest.fixture
def sender(places: Places) -> Sender:
    return Sender(make_adapter(Settings(), None), places, pause=0.01)


@pytest.mark.parametrize("status", [412, 429, 503])
async def test_posting_waits_and_tries_again(connector: Connector, sender: Sender, status: int) -> None:
    connector.faults = [(status, {"Retry-After": "0"}), (status, {})]
    assert await sender.post(chat(connector), CARD) == "m1"
    assert len(connector.sent) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_post_that_may_have_arrived_is_not_repeated(connector: Connector, sender: Sender, status: int) -> None:
    connector.faults = [(status, {})]
    with pytest.raises(ErrorResponseException):
        await sender.post(chat(connector), CARD)
    assert connector.sent == []


@pytest.mark.parametrize("status", [412, 429, 500, 502, 503, 504])
async def test_replacing_is_repeated(connector: Connector, sender: Sender, status: int) -> None:
    message = await sender.post(chat(connector), CARD)
    connector.faults = [(status, {}), (status, {})]
    assert await sender.replace(chat(connector), message, CARD) == message
    assert [s.method for s in connector.sent] == ["POST", "PUT"]


async def test_a_card_that_is_gone_is_posted_anew(connector: Connector, sender: Sender) -> None:
    assert await sender.replace(chat(connector), "deleted-by-the-user", CARD) == "m1"
    assert [s.method for s in connector.sent] == ["POST"]


async def test_a_conversation_gets_no_more_than_the_channel_allows(connector: Connector, places: Places) -> None:
    sender, begun = Sender(make_adapter(Settings(), None), places, pause=0.01, pace=0.2), perf_counter()
    other = chat(connector).model_copy(update={"id": "other"})
    most, seconds = PER_CONVERSATION
    await asyncio.gather(*(sender.post(chat(connector), CARD) for _ in range(most)), *(sender.post(other, CARD) for _ in range(most)))
    at_once = perf_counter() - begun
    await asyncio.gather(*(sender.post(chat(connector), CARD) for _ in range(most)))
    assert perf_counter() - begun >= seconds * 0.2 * 0.8
    assert at_once < seconds * 0.2 * 0.8, "the buckets of two conversations are two"


@pytest.mark.parametrize("status", [400, 401, 405, 501])
async def test_what_cannot_work_is_not_repeated(connector: Connector, sender: Sender, status: int) -> None:
    connector.faults = [(status, {}), (status, {})]
    with pytest.raises(ErrorResponseException):
        await sender.post(chat(connector), CARD)
    assert len(connector.faults) == 1


def activity(connector: Connector, **changes: object) -> Activity:
    return Activity().deserialize(message_activity(connector) | changes)


async def test_only_the_mention_of_the_bot_is_stripped(connector: Connector) -> None:
    mention = {"type": "mention", "mentioned": {"id": "28:bot", "name": "CV Bot"}, "text": "<at>CV Bot</at>"}
    made = activity(connector, text="<at>CV Bot</at>&nbsp;l&ouml;sche  CV Bot Muster", entities=[mention])
    assert user_text(made) == "lösche CV Bot Muster"


async def test_the_tenant_survives_the_sdk(connector: Connector) -> None:
    assert conversation_of(activity(connector)).tenant == "tenant-1"


async def test_files_are_found_by_their_type_not_their_place(connector: Connector, files: Files) -> None:
    made = Activity().deserialize(message_activity(connector, files=[("a.pdf", f"{files.origin}/a"), ("b.pdf", f"{files.origin}/b")]))
    made.attachments.reverse()
    assert [f.name for f in event_of(made).content.files] == ["b.pdf", "a.pdf"]
    assert isinstance(event_of(made).content, FilesDropped)
    assert event_of(activity(connector, text="hallo")).content == TextSaid("hallo")


@pytest.mark.parametrize("kind", ["typing", "messageReaction", "messageUpdate", "event", "conversationUpdate"])
async def test_what_needs_no_answer(connector: Connector, kind: str) -> None:
    assert event_of(activity(connector, type=kind)) is None


def test_settings_come_from_the_environment() -> None:
    settings = Settings.from_env(
        {"PORT": "8080", "MICROSOFT_APP_ID": APP_ID, "MICROSOFT_APP_PASSWORD": "p", "MICROSOFT_APP_TENANT_ID": "t", "HOST": "0.0.0.0"}
    )
    assert (settings.port, settings.allowed_tenants, settings.uses_llm) == (8080, frozenset({"t"}), False)


@pytest.mark.parametrize("env", [{"HOST": "0.0.0.0"}, {"HOST": "192.168.1.5"}, {"MICROSOFT_APP_ID": APP_ID}, {"MICROSOFT_APP_ID": APP_ID, "MICROSOFT_APP_TENANT_ID": "t", "MICROSOFT_APP_TYPE": "MultiTenant"},
    {"MICROSOFT_APP_ID": APP_ID, "MICROSOFT_APP_PASSWORD": "p", "MICROSOFT_APP_TENANT_ID": "t", "LOCAL_ORIGINS": "http://127.0.0.1:1"}, {"MICROSOFT_APP_ID": "your-app-id", "MICROSOFT_APP_PASSWORD": "p", "MICROSOFT_APP_TENANT_ID": "t"}, {"MICROSOFT_APP_ID": "00000000-0000-0000-0000-000000000000", "MICROSOFT_APP_PASSWORD": "p", "MICROSOFT_APP_TENANT_ID": "t"},
    {"ROLES": "all"}, {"USER_MESSAGES": "-1"}, {"WORKERS": "0"}, {"LOG_LEVEL": "LOUD"},
    {"LEASE_SECONDS": "0"}, {"LLM_TIMEOUT": "0"}, {"LLM_CALLS": "-1"}, {"RETENTION_LOG_DAYS": "182"}, {"RETENTION_HOT_DAYS": "0"},
    {"AZURE_STORAGE_CONNECTION_STRING": "x"}, {"AZURE_STORAGE_ACCOUNT": "Not A Name"}])  # fmt: skip
def test_bad_settings_are_refused(env: dict[str, str]) -> None:
    with pytest.raises(BadSettings):
        Settings.from_env(env)


@pytest.mark.parametrize(
    ("place", "kind"), [("/data/cv", "cifs"), ("/data", "cifs"), ("/data/local/cv", ""), ("/elsewhere", ""), ("/mnt/nfs/x", "nfs4")]
)
def test_sqlite_is_not_put_on_a_network_drive(tmp_path: Path, place: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "40 21 0:50 / /data rw,relatime shared:2 - cifs //account.file.core.windows.net/share rw\n"
        "41 40 8:2 / /data/local rw - ext4 /dev/sdb rw\n"
        "42 21 0:51 / /mnt/nfs rw - nfs4 server:/x rw\n"
    )
    assert network_drive(Path(place), mounts) == kind


@pytest.mark.parametrize(("level", "heard"), [("DEBUG", 1), ("WARNING", 1), ("ERROR", 0)])
def test_libraries_warn_only_where_warnings_are_wanted(level: str, heard: int) -> None:
    calls = "pool = logging.getLogger('urllib3.connectionpool'); pool.debug('sent'); pool.warning('full')"
    code = f"import logging; from bot.logs import set_up; set_up('{level}'); {calls}"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert len(ended.stderr.splitlines()) == heard


def test_log_lines_are_json_without_messages_of_errors() -> None:
    try:
        raise ValueError("Katharina Brandt, +49 711")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "job %s", ("1",), (type(error), error, error.__traceback__))
    line = json.loads(JsonFormatter().format(record))
    assert (line["message"], line["error"]) == ("job 1", "ValueError")
    assert "Brandt" not in json.dumps(line)
