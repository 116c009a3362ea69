"""Blobs as files in a folder on the local disk."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import uuid
from contextlib import suppress
from pathlib import Path

PACKED = ".gz"


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
            _write(path, data)
            _packed(path).unlink(missing_ok=True)

        await asyncio.to_thread(write)

    async def get(self, name: str) -> bytes | None:
        path = self._path(name)

        def read() -> bytes | None:
            for found, opened in ((path, bytes), (_packed(path), gzip.decompress)):
                with suppress(FileNotFoundError, IsADirectoryError):
                    return opened(found.read_bytes())
            return None

        return await asyncio.to_thread(read)

    async def delete(self, prefix: str) -> int:
        path = self._path(prefix)

        def remove() -> int:
            for one in (path, _packed(path)):
                if one.is_file():
                    one.unlink()
                    return 1
            count = sum(1 for p in path.rglob("*") if p.is_file()) if path.is_dir() else 0
            shutil.rmtree(path, ignore_errors=True)
            return count

        return await asyncio.to_thread(remove)

    async def names(self, prefix: str = "") -> list[str]:
        def found() -> list[str]:
            below = self._path(prefix) if prefix else self._root
            files = (p for p in below.rglob("*") if p.is_file() and not p.name.startswith("."))
            return sorted({p.relative_to(self._root).as_posix().removesuffix(PACKED) for p in files})

        return await asyncio.to_thread(found)

    async def archive(self, name: str) -> bool:
        path = self._path(name)

        def pack() -> bool:
            if not path.exists():  # packed already, or not there
                return False
            try:
                before = path.stat()
                _write(_packed(path), gzip.compress(path.read_bytes(), mtime=0))
                now = path.stat()
            except FileNotFoundError:  # erased meanwhile
                _packed(path).unlink(missing_ok=True)
                return False
            if (now.st_ino, now.st_mtime_ns) != (before.st_ino, before.st_mtime_ns):  # written anew meanwhile
                _packed(path).unlink(missing_ok=True)
                return False
            path.unlink(missing_ok=True)
            return True

        return await asyncio.to_thread(pack)


def _packed(path: Path) -> Path:
    return path.with_name(path.name + PACKED)


def _write(path: Path, data: bytes) -> None:
    """All or nothing."""
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    part.write_bytes(data)
    part.replace(path)
