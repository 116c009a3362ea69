from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.adapters.graph.client import GraphClient
from pipeline.adapters.graph.drive import GraphDrive, Library
from pipeline.model.job import DriveItem, WhenEdited
from pipeline.model.person import Person
from pipeline.ports import WordFile
from tests.conftest import NOW
from tests.graph.drive import Drive, Drives
from tests.graph.people import SignedIn
from tests.graph.server import Call, Graph
from tests.graph.words import word

ANNA = Person(tenant="t", user="user-1", channel_user="29:user-1")


@dataclass
class Cloud:
    """The fake Graph with Anna's OneDrive and a library, and the drive that is tested on it."""

    graph: Graph
    drives: Drives
    client: GraphClient
    people: SignedIn

    @property
    def onedrive(self) -> Drive:
        return self.drives.drives["b!user-1"]

    @property
    def library(self) -> Drive:
        return self.drives.drives["b!library"]

    def drive(self, *, library: bool = False, **options: Any) -> GraphDrive:
        async def found() -> Library:
            return Library("b!library", "Recruiting")

        return GraphDrive(self.client, tokens=self.people, app_token=self.people.app, library=found if library else None, **options)

    async def save(self, text: str = "one", *, job: str = "j1", name: str = "CV Anna Müller.docx", size: int = 0, known: DriveItem | None = None, when_edited: WhenEdited = WhenEdited.ASK) -> DriveItem:  # fmt: skip
        file = WordFile(job, "Anna Müller", name, word(text, job=job, size=size), created=NOW)
        return await self.drive().save(ANNA, file, known=known, when_edited=when_edited)

    @property
    def calls(self) -> list[Call]:
        return self.graph.calls

    @property
    def methods(self) -> list[str]:
        return [call.method for call in self.calls]

    @property
    def paths(self) -> list[str]:
        """Of the files in Anna's OneDrive."""
        return sorted(item.path for item in self.onedrive.files)


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with Graph() as graph:
        drives = Drives(graph)
        drives.one_drive()
        drives.library("b!library")
        graph.sign_in("user-1")
        graph.let_app_in("Sites.Selected")
        client = GraphClient(now=lambda: NOW, url=graph.url, pause=0.01, seconds=3.0, silence=0.3)
        yield Cloud(graph, drives, client, SignedIn(graph))
        graph.hold.set()
        await client.close()
