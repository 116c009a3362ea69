"""ZIP files with CVs: read member by member, in memory, within limits that a bomb does not pass."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.errors import UserError
from pipeline.model.formats import is_archive, is_old_word_file, is_pdf, is_word_file

MAX_FILES = 200
MAX_BYTES = 15 * 2**20
"""Of one file."""
MAX_TOTAL = 300 * 2**20
MAX_RATIO = 100
"""How many times larger than in the archive a file may be; small ones may be more."""
SMALL = 2**20
MAX_ENTRIES = 5000

_CHUNK = 1 << 16
_ENCRYPTED = 0x1
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: its name without folders, and its bytes, or why it cannot be had: the key of an error and its limit in MB.

    `unpacked`: how many bytes came out of the archive, also where they are not kept.
    """

    name: str
    data: bytes = b""
    problem: str = ""
    limit: int = 0
    unpacked: int = 0


def members(archive: bytes) -> Iterator[Member]:
    """The files of an archive, one at a time; the folders, hidden files and the system's own are passed over.

    Sizes are counted while unpacking: what the archive says of itself is not believed. Raises UserError: archive_damaged, archive_encrypted,
    archive_empty, archive_too_many, archive_too_large, archive_nested.
    """
    try:
        opened = zipfile.ZipFile(io.BytesIO(archive))
    except _DAMAGED:
        raise UserError("archive_damaged") from None
    with opened:
        files = [info for info in opened.infolist() if not info.is_dir() and not _passed_over(info.filename)]
        if not files:
            raise UserError("archive_empty")
        for count, limit in ((len(files), MAX_FILES), (len(opened.infolist()), MAX_ENTRIES)):
            if count > limit:
                raise UserError("archive_too_many", count=count, limit=limit)
        if any(info.flag_bits & _ENCRYPTED for info in files):
            raise UserError("archive_encrypted")
        total = 0
        for info in files:
            member = _member(opened, info, room=MAX_TOTAL - total)
            total += member.unpacked
            yield member


def _member(opened: zipfile.ZipFile, info: zipfile.ZipInfo, *, room: int) -> Member:
    name = _name(info.filename)
    unlikely = max(SMALL, info.compress_size * MAX_RATIO)
    data = bytearray()
    try:
        with opened.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                data += chunk
                if len(data) > room:
                    raise UserError("archive_too_large", limit=MAX_TOTAL // 2**20)
                if len(data) > MAX_BYTES:
                    return Member(name, problem="too_large", limit=MAX_BYTES // 2**20, unpacked=len(data))
                if len(data) > unlikely:
                    return Member(name, problem="archive_bomb", unpacked=len(data))
    except _DAMAGED:
        return Member(name, problem="damaged", unpacked=len(data))
    whole = bytes(data)
    if is_archive(whole):
        raise UserError("archive_nested", file=name)
    known = is_pdf(whole) or is_word_file(whole) or is_old_word_file(whole)
    return Member(name, whole, unpacked=len(whole)) if known else Member(name, problem="unknown_format", unpacked=len(whole))


def _passed_over(path: str) -> bool:
    """Hidden files, the notes that macOS puts beside files, and the pictures that Windows keeps of folders are nobody's CV."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    return not parts or "__MACOSX" in parts or parts[-1].startswith(".") or parts[-1].casefold() in {"thumbs.db", "desktop.ini"}


def _name(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).name[-160:]
