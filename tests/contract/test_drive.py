"""One suite for every drive: the app's own on two kinds of storage, a person's OneDrive, a SharePoint library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pipeline.adapters.azure.account import Account, AccountSettings
from pipeline.adapters.azure.blobs import ContainerBlobs
from pipeline.adapters.graph.client import GraphClient
from pipeline.adapters.graph.drive import GraphDrive, Library
from pipeline.adapters.local.files import FolderBlobs
from pipeline.adapters.served_drive import ServedDrive
from pipeline.model.person import Person
from pipeline.ports import Drive, WordFile
from tests.azurite import Azurite
from tests.conftest import NOW
from tests.graph.drive import Drives
from tests.graph.people import SignedIn
from tests.graph.server import Graph
from tests.graph.words import text_of, word

ANNA = Person(tenant="t", user="user-1", channel_user="29:user-1")


@pytest.fixture(params=["folder", "azure", "onedrive", "library"])
async def drive(request: pytest.FixtureRequest, tmp_path: Path, azurite: Azurite) -> AsyncIterator[Drive]:
    if request.param == "folder":
        yield ServedDrive(FolderBlobs(tmp_path / "blobs"), base_url="http://127.0.0.1:1")
        return
    if request.param == "azure":
        account = Account(AccountSettings(azurite.connection()))
        yield ServedDrive(ContainerBlobs(account, "test"), base_url="http://127.0.0.1:1")
        await account.close()
        return
    async with Graph() as graph:
        drives = Drives(graph)
        drives.one_drive()
        drives.library("b!library")
        graph.sign_in("user-1")
        graph.let_app_in("Sites.Selected")
        client = GraphClient(now=lambda: NOW, url=graph.url)

        async def library() -> Library:
            return Library("b!library", "Recruiting")

        people = SignedIn(graph)
        yield GraphDrive(client, tokens=people, app_token=people.app, library=library if request.param == "library" else None)
        await client.close()


def file(text: str, *, job: str = "j1", name: str = "CV A.docx") -> WordFile:
    return WordFile(job, "Anna Müller", name, word(text, job=job), created=NOW)


async def test_one_job_is_one_file(drive: Drive) -> None:
    first = await drive.save(ANNA, file("one"))
    again = await drive.save(ANNA, file("one"))
    assert again == first
    other = await drive.save(ANNA, file("one", job="j2"))
    assert other.id != first.id
    assert text_of(await drive.read("t", first)) == text_of(await drive.read("t", other)) == "one"


async def test_a_new_version_takes_the_place_of_the_known_file(drive: Drive) -> None:
    first = await drive.save(ANNA, file("one"))
    second = await drive.save(ANNA, file("two"), known=first)
    assert second.id == first.id
    assert text_of(await drive.read("t", second)) == "two"
    assert await drive.save(ANNA, file("two"), known=first) == second  # killed before it could say so


async def test_what_is_deleted_is_gone_and_nothing_else(drive: Drive) -> None:
    first, other = await drive.save(ANNA, file("one")), await drive.save(ANNA, file("two", job="j2"))
    assert await drive.delete("t", first)
    assert await drive.delete("t", first)
    assert await drive.read("t", first) is None
    assert text_of(await drive.read("t", other)) == "two"


async def test_names_are_those_that_every_drive_takes(drive: Drive) -> None:
    saved = await drive.save(ANNA, file("one", name='../CV "A/B": <x>|y?.docx'))
    assert saved.name == "CV A B x y.docx"
    assert text_of(await drive.read("t", saved)) == "one"
