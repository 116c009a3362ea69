"""Tables as CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_BREAKS = ("\t", "\r", "\n")
_UNSEEN = re.compile(r"^[\s\x00-\x1f\u200b-\u200f\u2060-\u2064\ufeff]+")
"""What a spreadsheet may leave out at the beginning."""
_HARMLESS = re.compile(r"[+-]?\d+(?:[.,]\d+)*(?:\s?[%€])?|\+\d[\d ]+\d")
"""Numbers, and telephone numbers of digits and spaces: they begin with a sign and are none the worse for it."""


def csv_table(rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with a byte order mark and semicolons, as German spreadsheets open it; rule: OWASP, CSV injection."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def safe_cell(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would run it."""
    begins = _UNSEEN.sub("", text)
    runs = text[:1] in _BREAKS or begins.startswith(_FORMULA)
    return f"'{text}" if text and runs and not _HARMLESS.fullmatch(begins) else text
