"""Where Word files go, in order: the person's OneDrive or the firm's library; until the person has signed in, the app's own drive."""

from __future__ import annotations

from pipeline.errors import SignInNeeded, UserError
from pipeline.model.job import DriveItem, WhenEdited
from pipeline.model.person import Person
from pipeline.ports import Drive, WordFile

REFUSALS = frozenset({"no_drive", "drive_forbidden"})
"""Of a person's OneDrive, which they can do nothing about: the file is theirs all the same. One that is full they can empty."""


class FallbackDrive:
    """What `served` keeps `waits`: saved again, it moves to `drive`. `instead_of`: the refusals of `drive` after which `served` takes the file."""

    def __init__(self, drive: Drive, served: Drive, *, instead_of: frozenset[str] = REFUSALS) -> None:
        self._drive = drive
        self._served = served
        self._instead_of = instead_of

    async def save(self, person: Person, file: WordFile, *, known: DriveItem | None = None, when_edited: WhenEdited = WhenEdited.ASK) -> DriveItem:
        try:
            item = await self._drive.save(person, file, known=known, when_edited=when_edited)
        except UserError as error:
            if (known and known.drive) or not (isinstance(error, SignInNeeded) or error.key in self._instead_of):
                raise
            item = await self._served.save(person, file, known=known)
            return item.model_copy(update={"waits": True})
        if known and not known.drive:
            await self._served.delete(person.tenant, known)
        return item

    def link(self, tenant: str, item: DriveItem) -> str:
        return self._of(item).link(tenant, item)

    async def read(self, tenant: str, item: DriveItem) -> bytes | None:
        return await self._of(item).read(tenant, item)

    async def edited(self, tenant: str, item: DriveItem) -> bool:
        return await self._of(item).edited(tenant, item)

    async def delete(self, tenant: str, item: DriveItem) -> bool:
        return await self._of(item).delete(tenant, item)

    def _of(self, item: DriveItem) -> Drive:
        return self._drive if item.drive else self._served
