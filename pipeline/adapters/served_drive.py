"""Drive as blobs that the app serves itself: for everything that has no OneDrive or SharePoint behind it."""

from __future__ import annotations

from pipeline.adapters.names import safe_name
from pipeline.model.job import DriveItem, WhenEdited
from pipeline.model.link import signed_query
from pipeline.model.person import Person
from pipeline.ports import Blobs, Clock, WordFile


class ServedDrive:
    """`<tenant>/<job>/word` among the given blobs: no personal data in names, and one job has one file whatever it is called.

    With a `key` links are signed with it and run out; without one they open on this computer only.
    """

    def __init__(self, blobs: Blobs, *, base_url: str, key: bytes = b"", clock: Clock | None = None) -> None:
        self._blobs = blobs
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._clock = clock

    async def save(self, person: Person, file: WordFile, *, known: DriveItem | None = None, when_edited: WhenEdited = WhenEdited.ASK) -> DriveItem:
        path = f"{safe_name(person.tenant)}/{safe_name(file.job)}/word"
        await self._blobs.put(path, file.data)
        where = f"?tenant={person.tenant}" if person.tenant != "local" else ""
        return DriveItem(id=path, name=safe_name(file.name), url=f"{self._base_url}/api/download/{file.job}{where}")

    def link(self, tenant: str, item: DriveItem) -> str:
        if not self._key or self._clock is None:
            return item.url
        url = item.url.partition("?")[0]
        return f"{url}?{signed_query(self._key, url.removeprefix(self._base_url), tenant, now=self._clock.now())}"

    async def read(self, tenant: str, item: DriveItem) -> bytes | None:
        return await self._blobs.get(item.id)

    async def edited(self, tenant: str, item: DriveItem) -> bool:
        """Nobody can: it is served, not shared."""
        return False

    async def delete(self, tenant: str, item: DriveItem) -> bool:
        await self._blobs.delete(item.id)
        return True
