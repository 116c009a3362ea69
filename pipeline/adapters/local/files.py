"""Blobs and Drive as folders on the local disk."""

from __future__ import annotations

import asyncio
import re
import shutil
import unicodedata
import uuid
from pathlib import Path

from pipeline.model.job import DriveItem

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


class FolderBlobs:
    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def _path(self, name: str) -> Path:
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root) or path == self._root:
            raise ValueError("a blob's name stays below the root")
        return path

    async def put(self, name: str, data: bytes) -> None:
        path = self._path(name)

        def write() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{uuid.uuid4().hex}.part")
            part.write_bytes(data)
            part.replace(path)

        await asyncio.to_thread(write)

    async def get(self, name: str) -> bytes | None:
        path = self._path(name)
        return await asyncio.to_thread(lambda: path.read_bytes() if path.is_file() else None)

    async def delete(self, prefix: str) -> int:
        path = self._path(prefix)

        def remove() -> int:
            if path.is_file():
                path.unlink()
                return 1
            count = sum(1 for p in path.rglob("*") if p.is_file()) if path.is_dir() else 0
            shutil.rmtree(path, ignore_errors=True)
            return count

        return await asyncio.to_thread(remove)


class FolderDrive:
    """Word files in a folder that the app serves: `<root>/<tenant>/<job>/<name>.docx`."""

    def __init__(self, root: Path, *, base_url: str) -> None:
        self._blobs = FolderBlobs(root)
        self._base_url = base_url.rstrip("/")

    async def save(self, tenant: str, folder: str, name: str, data: bytes, *, job: str) -> DriveItem:
        path = f"{safe_name(tenant)}/{safe_name(job)}/{safe_name(name)}"
        await self._blobs.put(path, data)
        where = f"?tenant={tenant}" if tenant != "local" else ""
        return DriveItem(id=path, name=safe_name(name), url=f"{self._base_url}/api/download/{job}{where}")

    async def read(self, tenant: str, item: DriveItem) -> bytes | None:
        return await self._blobs.get(item.id)

    async def delete(self, tenant: str, item: DriveItem) -> None:
        await self._blobs.delete(item.id)
