"""What kind of file it is, by how it begins, whatever its name says."""

from __future__ import annotations

SUFFIXES = (".pdf", ".docx")
"""Of the files that CVs come as."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_pdf(data: bytes) -> bool:
    """Readers accept something in front of the header, within the first kilobyte."""
    return b"%PDF-" in data[:1024]


def is_word_file(data: bytes) -> bool:
    """A .docx: an archive with a folder "word"."""
    return data.startswith(b"PK\x03\x04") and b"word/" in data


def is_old_word_file(data: bytes) -> bool:
    """A Word file as before 2007, or a .docx with a password: both are OLE containers."""
    return data.startswith(_OLE)


def has_password(data: bytes) -> bool:
    """Of an OLE container: does it hold an encrypted file?"""
    return "EncryptedPackage".encode("utf-16-le") in data
