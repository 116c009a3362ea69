"""Blobs in a container of Azure Blob Storage."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import suppress
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import StandardBlobTier

from pipeline.adapters.azure.account import Account

_PACKED = {"packed": "gzip"}
"""Metadata of archived blobs. (With Content-Encoding the HTTP client would unpack on its own, and the SDK's checks would fail.)"""

_AT_ONCE = 16


class ContainerBlobs:
    def __init__(self, account: Account, container: str) -> None:
        self._account = account
        self._container = account.blobs.get_container_client(container)

    async def put(self, name: str, data: bytes) -> None:
        await self._put(_checked(name), data)

    async def get(self, name: str) -> bytes | None:
        async with self._account.asked():
            try:
                stream = await self._container.download_blob(_checked(name))
                data = await stream.readall()
            except ResourceNotFoundError:
                return None
        return gzip.decompress(data) if (stream.properties.metadata or {}) == _PACKED else data

    async def delete(self, prefix: str) -> int:
        names = [name for name in await self._listed(_checked(prefix)) if name == prefix or name.startswith(f"{prefix}/")]
        for at in range(0, len(names), _AT_ONCE):
            await asyncio.gather(*(self._delete(name) for name in names[at : at + _AT_ONCE]))
        return len(names)

    async def names(self, prefix: str = "") -> list[str]:
        return sorted(await self._listed(f"{prefix}/" if prefix else ""))

    async def archive(self, name: str) -> bool:
        async with self._account.asked():
            try:
                stream = await self._container.download_blob(_checked(name))
                data = await stream.readall()
            except ResourceNotFoundError:
                return False
        if (stream.properties.metadata or {}) == _PACKED:
            return False
        packed = gzip.compress(data, mtime=0)
        unchanged: dict[str, Any] = {"etag": stream.properties.etag, "match_condition": MatchConditions.IfNotModified}
        async with self._account.asked():
            try:
                await self._container.upload_blob(
                    name, packed, overwrite=True, standard_blob_tier=StandardBlobTier.COOL, metadata=_PACKED, **unchanged
                )
            except (ResourceModifiedError, ResourceNotFoundError):  # written anew or erased meanwhile
                return False
        return True

    async def _put(self, name: str, data: bytes) -> None:
        async with self._account.asked():
            try:
                await self._container.upload_blob(name, data, overwrite=True)
            except ResourceNotFoundError:
                with suppress(ResourceExistsError):  # another process was quicker
                    await self._container.create_container()
                await self._container.upload_blob(name, data, overwrite=True)

    async def _delete(self, name: str) -> None:
        async with self._account.asked():
            try:
                await self._container.delete_blob(name, delete_snapshots="include")
            except ResourceNotFoundError:
                return

    async def _listed(self, prefix: str) -> list[str]:
        async with self._account.asked():
            try:
                return [name async for name in self._container.list_blob_names(name_starts_with=prefix or None)]
            except ResourceNotFoundError:  # nothing was written yet
                return []


def _checked(name: str) -> str:
    """Raises ValueError for a name that is no path of ids."""
    if not name or name.startswith("/") or any(part in ("", ".", "..") for part in name.split("/")):
        raise ValueError("a blob's name is a path of ids")
    return name
