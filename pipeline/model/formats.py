"""What kind of file it is, by how it begins, whatever its name says."""

from __future__ import annotations

import io
import zipfile

SUFFIXES = (".pdf", ".docx")
"""Of the files that CVs come as."""

ARCHIVE_SUFFIX = ".zip"

_ZIP, _EMPTY_ZIP = b"PK\x03\x04", b"PK\x05\x06"
_TYPES = "[Content_Types].xml"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_pdf(data: bytes) -> bool:
    """Readers accept something in front of the header, within the first kilobyte."""
    return b"%PDF-" in data[:1024]


def is_word_file(data: bytes) -> bool:
    """A .docx: an archive with a folder "word"; also a damaged one."""
    names = _names(data)
    return any(name.startswith("word/") for name in names) if _TYPES in names else not names and data[:4] == _ZIP and b"word/" in data


def is_archive(data: bytes) -> bool:
    """A ZIP file that is no document (Word, Excel, OpenDocument, ...); also an empty or a damaged one."""
    if data[:4] not in (_ZIP, _EMPTY_ZIP) or is_word_file(data):
        return False
    return not _names(data) & {_TYPES, "mimetype", "META-INF/MANIFEST.MF"}


def is_old_word_file(data: bytes) -> bool:
    """A Word file as before 2007, or a .docx with a password: both are OLE containers."""
    return data.startswith(_OLE)


def has_password(data: bytes) -> bool:
    """Of an OLE container: does it hold an encrypted file?"""
    return "EncryptedPackage".encode("utf-16-le") in data


def _names(data: bytes) -> frozenset[str]:
    """What is in an archive; nothing where it is none, or damaged."""
    if data[:4] != _ZIP:
        return frozenset()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return frozenset()


def job_mark(job_id: str) -> str:
    """The bookmark by which a Word file says which job has made it; Word hides bookmarks that begin with "_"."""
    return f"_job_{job_id}"
