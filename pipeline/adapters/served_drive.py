"""Drive as blobs that the app serves itself: for everything that has no OneDrive or SharePoint behind it."""

from __future__ import annotations

import re
import unicodedata

from pipeline.model.job import DriveItem
from pipeline.ports import Blobs

_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_FORBIDDEN = re.compile('["*:<>?/\\\\|\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]')


def safe_name(name: str, *, limit: int = 100) -> str:
    """A file name that Windows, OneDrive and SharePoint take; never empty, never a path. `limit` in bytes, without the ending."""
    name = _FORBIDDEN.sub(" ", unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode()))
    name = re.sub(r"\s+", " ", name).strip(" .~")
    stem, ending = (name[:-5], name[-5:]) if name.endswith(".docx") else (name, "")
    stem = stem.encode()[:limit].decode("utf-8", "ignore").strip(" .")
    name = stem + ending
    return f"_{name}" if not stem or _RESERVED.match(name) else name


class ServedDrive:
    """`<tenant>/<job>/word` among the given blobs: no personal data in names, and one job has one file whatever it is called."""

    def __init__(self, blobs: Blobs, *, base_url: str) -> None:
        self._blobs = blobs
        self._base_url = base_url.rstrip("/")

    async def save(self, tenant: str, folder: str, name: str, data: bytes, *, job: str) -> DriveItem:
        path = f"{safe_name(tenant)}/{safe_name(job)}/word"
        await self._blobs.put(path, data)
        where = f"?tenant={tenant}" if tenant != "local" else ""
        return DriveItem(id=path, name=safe_name(name), url=f"{self._base_url}/api/download/{job}{where}")

    async def read(self, tenant: str, item: DriveItem) -> bytes | None:
        return await self._blobs.get(item.id)

    async def delete(self, tenant: str, item: DriveItem) -> None:
        await self._blobs.delete(item.id)
