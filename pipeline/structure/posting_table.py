"""Tables of a posting: a row is a requirement; its columns say whether it has to be, for how many years, at what level."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from pipeline.lang.postings import column_of, importance_of, label_of, section_of, years_in
from pipeline.model.document import Box
from pipeline.model.profile import Importance
from pipeline.structure.posting_lines import CELL, Printed, first_word, joined

_YEARS = re.compile(r"(?:mind\.|min\.|>=?|≥|ab|at least)?\s*(\d{1,2})(?:[.,]\d)?\s*\+?")
_NOTHING = re.compile(r"[-–—/.\s]*|n/?a|k\.?\s?a\.?|entfällt", re.IGNORECASE)
CROSSES = frozenset([*"x✓✔✗✘☒☑●•■", "ja", "yes"])
TEXT = frozenset(["what", "note"])
"""Columns whose cells hold more than a word or two."""
SHOULD = 2
"""What weighs more than a wish, and less than a must."""
CLOSE, NEAR = 1.3, 1.6
"""Lines of one cell stand at most so far apart, in heights of a line; the second where a word shows that it goes on."""
HIGHEST = 8
"""Lines of a cell beside which another is looked for."""
MARGIN = 12.0
"""Points between the text of a cell and the next column, at most."""

Row = list[Printed]


@dataclass(slots=True)
class _Table:
    """`kinds`: what each column says, by the place of its head. `rows`: per requirement the lines of each column."""

    heads: Row
    kinds: list[str]
    rows: list[dict[int, Row]] = field(default_factory=list)

    def column(self, cell: Printed) -> int:
        return min(range(len(self.heads)), key=lambda i: _apart(self.heads[i], cell))


def without_tables(printed: Sequence[Printed], *, language: str) -> list[Printed]:
    """The lines, a table's rows each as one requirement, and "label: value" where a label stands in a cell before its value."""
    found: list[Printed] = []
    rows = _rows(printed)
    at = 0
    while at < len(rows):
        table = _table_at(rows[at : at + 2])
        if table is None:
            found += _plain(rows[at])
            at += 1
            continue
        begin = at
        while at == begin or (at < len(rows) and _belongs(rows[at], table)):
            _add(rows[at], table)
            at += 1
        found += _requirements(table, language)
    return sorted(found, key=lambda line: line.number)


def _rows(printed: Iterable[Printed]) -> list[Row]:
    """Lines that stand side by side; a cell may come after several lines of the one before it."""
    rows: list[Row] = []
    for line in printed:
        row = next((row for row in reversed(rows[-HIGHEST:]) if _beside(row[-1], line)), None)
        if row is None:
            rows.append([line])
        else:
            row.append(line)
    return rows


def _beside(left: Printed, right: Printed) -> bool:
    if left.box is None or right.box is None or (left.page, left.flow) != (right.page, right.flow) or right.box.x0 < left.box.x1:
        return False
    return min(left.box.y1, right.box.y1) - max(left.box.y0, right.box.y0) > 0.5 * min(left.box.height, right.box.height)


def _table_at(rows: Sequence[Row]) -> _Table | None:
    """A table that begins here: by the names of its columns, or because its first rows name a must or a wish in a cell of their own."""
    row = rows[0]
    if len(row) < 2:
        return None
    kinds = [column_of(cell.text) or ("" if any(map(str.isalpha, cell.text)) else "number") for cell in row]
    if "what" not in kinds and len(rows) > 1 and all(any(importance_of(cell.text) for cell in row[1:]) for row in rows):
        kinds = [_kind(cell.text) for cell in row]
        return _Table(row, kinds) if kinds.count("what") == 1 else None
    if kinds.count("") == 1 and "what" not in kinds:
        kinds[kinds.index("")] = "what"
    return _Table(row, kinds) if kinds.count("what") == 1 and _SAYING & set(kinds) else None


_SAYING = frozenset(["importance", "must", "nice", "years", "level", "weight"])


def _kind(text: str) -> str:
    """What a cell says, by itself."""
    if importance_of(text):
        return "importance"
    if text.strip(".)# ").isdigit():
        return "number"
    return "years" if years_in(text) and len(text.split()) <= 3 else "what"


def _apart(head: Printed, cell: Printed) -> float:
    """How far a cell stands from a column, whichever way the column is aligned."""
    a, b = _box(head), _box(cell)
    return min(abs(a.x0 - b.x0), abs(a.x1 - b.x1), abs(a.x0 + a.x1 - b.x0 - b.x1) / 2)


def _box(line: Printed) -> Box:
    return line.box or CELL


def _belongs(row: Row, table: _Table) -> bool:
    """Does the row go on with the table? A heading, or text as wide as the page, does not."""
    if any(cell.box is None or cell.heading or cell.bullet for cell in row):
        return False
    left, first = _box(table.heads[0]).x0, _box(row[0])
    if first.x0 < left - 5:
        return False
    if len(row) == 1:
        next_column = next((_box(head).x0 for head in table.heads[1:] if _box(head).x0 > first.x0), first.x1)
        return table.kinds[table.column(row[0])] in TEXT and first.x1 <= next_column + 5 and not section_of(row[0].text)
    return True


def _add(row: Row, table: _Table) -> None:
    columns = [table.column(cell) for cell in row]
    if len(row) > 1 and all(column_of(cell.text) for cell in row):
        return  # the head, also where it stands again on the next page
    if not table.rows or not _goes_on(row, columns, table):
        table.rows.append({})
    for cell, column in zip(row, columns, strict=True):
        table.rows[-1].setdefault(column, []).append(cell)


def _goes_on(row: Row, columns: Sequence[int], table: _Table) -> bool:
    """Is the row the rest of the one before, whose text took more than a line?"""
    last = table.rows[-1]
    above = max((cells[-1] for cells in last.values()), key=lambda cell: (cell.page, _box(cell).y0))
    if above.page != row[0].page or (any(table.kinds[i] not in TEXT for i in last) and any(table.kinds[i] not in TEXT for i in columns)):
        return False  # only one of two has more than text: its cells stand in the middle of a high row
    apart = (_box(row[0]).y0 - _box(above).y0) / max(_box(above).height, 1.0)
    return any(_runs_on(last[i][-1], cell, table, i, apart) for cell, i in zip(row, columns, strict=True) if i in last)


def _runs_on(above: Printed, below: Printed, table: _Table, column: int, apart: float) -> bool:
    """Does the text of a cell go on? It does where a word shows it, or had no room any more."""
    if below.text[:1].islower() or above.text.endswith(("-", ",", "/", "&")):
        return apart <= NEAR
    end = next((_box(head).x0 for head in table.heads[column + 1 :]), 0.0)
    return apart <= CLOSE and _box(above).x1 + first_word(below) > end - MARGIN > 0


def _requirements(table: _Table, language: str) -> Iterator[Printed]:
    for row in table.rows:
        cells: dict[str, str] = {}
        for column, lines in sorted(row.items()):
            cells.setdefault(table.kinds[column], reduce(joined, (line.text for line in lines)))
        asked = cells.get("what", "")
        if column_of(asked) or not any(map(str.isalpha, asked)):
            continue
        first = next(lines[0] for column, lines in sorted(row.items()) if table.kinds[column] == "what")
        importance, weight = _importance(cells)
        details = [_detail(kind, cells[kind], language) for kind in ("years", "level", "note") if not _NOTHING.fullmatch(cells.get(kind, ""))]
        text = ", ".join([asked.strip(" ,;"), *details])
        yield replace(first, text=text, bullet=True, open=False, importance=importance, weight=weight, asked=True)


def _importance(cells: dict[str, str]) -> tuple[Importance | None, int]:
    """What a row's cells say of it, and a weight, where they say one."""
    weight = int(cells["weight"]) if cells.get("weight", "") in {"1", "2", "3", "4", "5"} else 0
    for kind in ("must", "nice"):
        if cells.get(kind, "").strip().casefold() in CROSSES:
            return Importance(kind), weight
    said = importance_of(cells.get("importance", ""))
    if said == "should":
        return Importance.NICE, weight or SHOULD
    return (Importance(said) if said else None), weight


def _detail(kind: str, text: str, language: str) -> str:
    if kind == "years" and (years := _YEARS.fullmatch(text)):
        return f"{years.group(1)} {'years' if language == 'en' else 'Jahre'}"
    return text


def _plain(row: Row) -> list[Printed]:
    """A row of no table."""
    if len(row) > 1 and not section_of(row[0].text) and label_of(row[0].text.rstrip(":")):
        return [replace(row[0], text=f"{row[0].text.rstrip(': ')}: {row[1].text}"), *row[2:]]
    if len(row) > 1 and row[0].number == row[1].number:  # plain text
        return [replace(row[0], text=" ".join(cell.text for cell in row), box=None)]
    return row
