"""Teams' own card that asks whether a file may go into the person's OneDrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web

from bot.settings import Settings
from tests.e2e.teams import Teams, teams_world
from tests.fakes import Connector, Files, Sent, Server, actions_of, click_activity, in_group, invoke_activity


@dataclass
class Drive(Server):
    """The address that a file may be uploaded to (learn.microsoft.com/graph/api/driveitem-createuploadsession): whole, in order, without a token."""

    faults: list[int] = field(default_factory=list)
    saved: list[bytes] = field(default_factory=list)
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        super().__init__()
        self.hold.set()
        self.app.add_routes([web.put("/upload", self.put)])

    async def put(self, request: web.Request) -> web.Response:
        await self.hold.wait()
        if self.faults:
            return web.Response(status=self.faults.pop(0))
        data = await request.read()
        if "Authorization" in request.headers:
            return web.Response(status=401)
        if request.headers.get("Content-Range") != f"bytes 0-{len(data) - 1}/{len(data)}" or request.headers.get("Content-Length") != str(len(data)):
            return web.Response(status=400)
        self.saved.append(data)
        return web.json_response({"id": "item"}, status=201)


@pytest.fixture
async def drive() -> AsyncIterator[Drive]:
    async with Drive() as server:
        yield server


@pytest.fixture
async def teams(settings: Settings, connector: Connector, files: Files, drive: Drive) -> AsyncIterator[Teams]:
    local = replace(settings, local_origins=(*settings.local_origins, drive.origin))
    async with teams_world(local, connector, files, sso=False) as made:
        yield made


async def offered(teams: Teams) -> tuple[Sent, Sent]:
    """The result's card, and the card that asks."""
    await teams.drop()
    await teams.until(lambda sent: "Lebenslauf fertig" in sent[-1].text)
    result = teams.connector.sent[-1]
    await teams.click(result.card, "cv.save", message=result.message, number="i1")
    await teams.until(lambda _: bool(teams.of_kind("file.consent")))
    return result, teams.of_kind("file.consent")[0]


def answer(card: Sent, action: str, origin: str, **changes: Any) -> dict[str, Any]:
    context = card.card["acceptContext"]
    upload = {
        "contentUrl": "https://contoso-my.sharepoint.com/personal/anna/Documents/Applications/CV Katharina Brandt.docx",
        "name": "CV Katharina Brandt.docx",
        "uploadUrl": f"{origin}/upload",
        "uniqueId": "1150D938-8870-4044-9F2C-5BBDEBA70C9D",
        "fileType": "docx",
        "etag": "e1",
    }
    return {"type": "fileUpload", "action": action, "context": context} | ({"uploadInfo": upload | changes} if action == "accept" else {})


async def test_accepted_the_file_is_uploaded_once_and_its_card_takes_the_place(teams: Teams, drive: Drive) -> None:
    _, card = await offered(teams)
    assert card.activity["attachments"][0]["name"] == "CV Katharina Brandt.docx"
    assert card.card["acceptContext"].keys() == {"job"}
    drive.hold.clear()
    for number in ("i2", "i3"):
        assert await teams.invoke("fileConsent/invoke", answer(card, "accept", drive.origin), message=card.message, number=number) is None
    drive.hold.set()
    await teams.until(lambda _: bool(teams.of_kind("file.info")))
    info = teams.of_kind("file.info")[0]
    assert (info.method, info.message) == ("PUT", card.message)
    attachment = info.activity["attachments"][0]
    assert attachment["contentUrl"].endswith("/Applications/CV Katharina Brandt.docx")
    assert attachment["content"] == {"uniqueId": "1150D938-8870-4044-9F2C-5BBDEBA70C9D", "fileType": "docx"}
    await teams.invoke("fileConsent/invoke", answer(card, "accept", drive.origin), message=card.message, number="i4")
    await asyncio.sleep(0.2)
    assert [len(data) for data in drive.saved] == [card.card["sizeInBytes"]]
    assert drive.saved[0][:2] == b"PK"


async def test_declined_the_link_stays(teams: Teams, drive: Drive) -> None:
    _, card = await offered(teams)
    await teams.invoke("fileConsent/invoke", answer(card, "decline", drive.origin), message=card.message)
    await teams.until(lambda sent: "Nicht in OneDrive gespeichert" in sent[-1].text)
    assert teams.connector.sent[-1].message == card.message
    assert drive.saved == []


async def test_somebody_elses_file_is_not_handed_out(teams: Teams, drive: Drive) -> None:
    _, card = await offered(teams)
    await teams.invoke("fileConsent/invoke", answer(card, "accept", drive.origin), message=card.message, user="ben")
    await teams.until(lambda sent: "jemand anderes" in sent[-1].text)
    assert drive.saved == []


@pytest.mark.parametrize(
    "url", ["https://evil.example/upload", "http://169.254.169.254/latest", "https://contoso.sharepoint.com@evil.example/x", "", "file:///etc/passwd"]
)
async def test_the_file_goes_to_no_other_host(teams: Teams, drive: Drive, url: str) -> None:
    _, card = await offered(teams)
    await teams.invoke("fileConsent/invoke", answer(card, "accept", drive.origin, uploadUrl=url), message=card.message)
    await teams.until(lambda sent: "nicht zugelassenen Adresse" in sent[-1].text)


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([404], "Erlaubnis zum Speichern ist abgelaufen"),
        ([507], "Ihr OneDrive ist voll"),
        ([500, 503, 500], "OneDrive hat nicht geantwortet"),
        ([416], "abgelaufen"),
    ],
)
async def test_what_goes_wrong_is_said_and_may_be_tried_again(teams: Teams, drive: Drive, faults: list[int], said: str) -> None:
    result, card = await offered(teams)
    drive.faults = faults
    await teams.invoke("fileConsent/invoke", answer(card, "accept", drive.origin), message=card.message)
    await teams.until(lambda sent: said in sent[-1].text)
    await teams.click(result.card, "cv.save", message=result.message, number="i5")
    await teams.until(lambda _: len(teams.of_kind("file.consent")) == 2)
    again = teams.of_kind("file.consent")[1]
    await teams.invoke("fileConsent/invoke", answer(again, "accept", drive.origin), message=again.message, number="i6")
    await teams.until(lambda _: bool(teams.of_kind("file.info")))
    assert len(drive.saved) == 1


@pytest.mark.parametrize("faults", [[500], [502, 429], [504, 416]])
async def test_a_passing_fault_of_the_upload_is_repeated(teams: Teams, drive: Drive, faults: list[int]) -> None:
    _, card = await offered(teams)
    drive.faults = faults
    await teams.invoke("fileConsent/invoke", answer(card, "accept", drive.origin), message=card.message)
    await teams.until(lambda _: bool(teams.of_kind("file.info")))


@pytest.mark.parametrize("value", [{}, {"action": "format", "context": {"job": "x"}}, {"action": None}])
async def test_an_answer_that_is_none(teams: Teams, value: dict[str, Any]) -> None:
    await teams.invoke("fileConsent/invoke", value, status=400)


async def test_only_in_the_1_to_1_chat(teams: Teams, drive: Drive) -> None:
    _, card = await offered(teams)
    activity = in_group(invoke_activity(teams.connector, "fileConsent/invoke", answer(card, "accept", drive.origin)))
    await teams.post(activity, status=400)


async def test_somebody_else_is_not_even_asked(teams: Teams) -> None:
    await teams.drop()
    await teams.until(lambda sent: "Lebenslauf fertig" in sent[-1].text)
    data = next(a["data"] for a in actions_of(teams.connector.sent[-1].card) if a.get("verb") == "cv.save")
    await teams.post(click_activity(teams.connector, data, message="m1", user="ben"), status=200)
    await teams.until(lambda sent: "jemand anderes" in sent[-1].text)
    assert not teams.of_kind("file.consent")
