"""Tables that people drop -> rows of text: CSV in whatever encoding and with whatever separator, XLSX. Values only, nothing is computed."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook

from pipeline.errors import UserError

MAX_BYTES = 10 * 2**20
MAX_ROWS, MAX_COLUMNS, MAX_CELL = 20_000, 60, 1000
MAX_UNPACKED = 60 * 2**20
_GUESSED = ("cp1252", "mac_roman", "cp850", "cp1250")
"""Of Windows, of the Mac, of DOS, of Windows further east; of two that are as likely the first."""
_SAMPLE = 1 << 16
_LETTERS = frozenset("äöüÄÖÜßéèêëàâáçñóôòíîïúûåøæœšžčćłńśźżąęőűřťďľĽÉÈÀÇÓŠŽČĆŁŚŻÅØÆ€–’“”„")
_SEPARATORS = ";,\t|"


def csv_rows(data: bytes) -> list[list[str]]:
    """Raises UserError: bad_table, too_many_rows."""
    text = decoded_text(data)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=False)
        return _limited(list(row) for row in reader)
    except csv.Error:
        raise UserError("bad_table") from None


def decoded_text(data: bytes) -> str:
    """By its byte order mark, else UTF-8 where it is that, else as it most likely is. Raises UserError: bad_table."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _decoded(data, name)
    zeros = Counter(index % 2 for index, byte in enumerate(data[:2000]) if byte == 0)
    if sum(zeros.values()) > len(data[:2000]) // 4:
        return _decoded(data, "utf-16-le" if zeros[1] >= zeros[0] else "utf-16-be")
    if b"\0" in data:
        raise UserError("bad_table")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        likely = max(_GUESSED, key=lambda encoding: _likely(data[:_SAMPLE].decode(encoding, "replace")))
        return data.decode(likely, "replace")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise UserError("bad_table") from None


def _likely(text: str) -> int:
    """How many letters of European names it holds, less what no name holds."""
    foreign = [c for c in text if not c.isascii()]
    return sum(1 if c in _LETTERS else -1 for c in foreign)


def _separator(text: str) -> str:
    """The one that cuts the first rows into the most columns of the same number."""
    lines = [line for line in text.splitlines()[:20] if line.strip()]

    def quality(separator: str) -> tuple[int, int]:
        counts = Counter(len(row) for row in csv.reader(lines, delimiter=separator))
        columns, rows = max(counts.items(), key=lambda item: (item[1] if item[0] > 1 else 0, item[0]), default=(0, 0))
        return (rows if columns > 1 else 0, columns)

    return max(_SEPARATORS, key=quality)


def xlsx_rows(data: bytes) -> list[list[str]]:
    """The first sheet that holds something. Runs only inside the sandbox's child process. Raises UserError: bad_table, too_many_rows."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
                raise UserError("too_complex")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            rows = _limited([_cell(cell) for cell in row] for row in sheet.iter_rows(max_col=MAX_COLUMNS))
            if rows:
                return rows
    except UserError:
        raise
    except Exception as error:  # whatever a damaged file provokes
        raise UserError("bad_table") from error
    return []


def _cell(cell: Any) -> str:
    """As it is shown: a postal code that is a number of five digits keeps its zeros."""
    value = cell.value
    match value:
        case int() | float() if (shown := str(getattr(cell, "number_format", ""))) and set(shown) == {"0"} and float(value).is_integer():
            return str(int(value)).zfill(len(shown))
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case datetime() | date():
            return value.isoformat()[:10]
        case _:
            return str(value)


def _limited(rows: Iterable[list[str]]) -> list[list[str]]:
    """All rows, so that they keep their numbers, up to the last that holds something; within bounds. Raises UserError: too_many_rows."""
    found: list[list[str]] = []
    count = 0
    for row in rows:
        cells = [cell[:MAX_CELL] for cell in row[:MAX_COLUMNS]]
        while cells and not cells[-1].strip():
            cells.pop()
        found.append(cells)
        count += bool(cells)
        if count > MAX_ROWS or len(found) > 10 * MAX_ROWS:
            raise UserError("too_many_rows", limit=MAX_ROWS)
    while found and not found[-1]:
        found.pop()
    return found


def packed_rows(data: bytes) -> bytes:
    """What the child process answers."""
    return json.dumps({"rows": xlsx_rows(data)}, ensure_ascii=False).encode()
