"""Is a file in a drive the one that we would write?

SharePoint changes Office files as they arrive: it writes its properties into them. So neither size nor hash say anything. The text does: the part
`word/document.xml` stays as it was until somebody saves the file in Word.
"""

from __future__ import annotations

import io
import zipfile
import zlib

PART = "word/document.xml"
LARGEST = 30 * 2**20
"""Bytes of that part, unpacked; somebody may have put anything into their drive."""


def same_text(stored: bytes, ours: bytes) -> bool:
    """Ours names its job in the text: so equal means that this job has written it, and that nobody has edited it since."""
    text = _text(ours)
    return text is not None and _text(stored) == text


def _text(file: bytes) -> bytes | None:
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive, archive.open(PART) as part:
            text = part.read(LARGEST + 1)
    except (zipfile.BadZipFile, KeyError, OSError, NotImplementedError, RuntimeError, zlib.error, EOFError):
        return None
    return text if len(text) <= LARGEST else None
