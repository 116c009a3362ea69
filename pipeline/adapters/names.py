"""File names that Windows, OneDrive and SharePoint take.

Source: support.microsoft.com, "Restrictions and limitations in OneDrive and SharePoint".
"""

from __future__ import annotations

import re
import unicodedata

_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d|\.lock|desktop\.ini)(\.|$)")
_FORBIDDEN = re.compile('["*:<>?/\\\\|%#\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\uffff]')
"""`%` and `#` are allowed by now, but not by everything that takes links apart."""


def safe_name(name: str, *, limit: int = 100) -> str:
    """Never empty, never a path. `limit` in bytes, without the ending."""
    name = _FORBIDDEN.sub(" ", unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode()))
    name = re.sub(r"(?i)_vti_", "_vti-", name)
    name = re.sub(r"\s+", " ", name).strip(" .~")
    stem, ending = (name[:-5], name[-5:]) if name.endswith(".docx") else (name, "")
    stem = stem.encode()[:limit].decode("utf-8", "ignore").strip(" .~")
    name = stem + ending
    return f"_{name}" if not stem or _RESERVED.match(name) else name


def numbered(name: str, number: int) -> str:
    """ "CV.docx", 2 -> "CV (2).docx"; the first is the name itself."""
    stem, dot, ending = name.rpartition(".")
    return name if number < 2 else f"{stem} ({number}){dot}{ending}"
