"""Lines of a section -> entries, found by their dates.

A date is an entry's anchor where it stands alone, leads a line or ends it. The lines between anchors are divided by where
the first entry of the section has its date: before its header, in it, or below it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipeline.lang.dates import Printed, PrintedPeriod, find_periods, is_present
from pipeline.lang.lexicon import lexicon
from pipeline.model.cv import Period, Sourced
from pipeline.model.document import Line
from pipeline.structure.periods import period_of
from pipeline.structure.text import EDGES, WIDE, clean, joined

DURATION = re.compile(
    r"\(?\b\d+([.,]\d)?\s*(years?|yrs?|months?|mos?|jahre?|monate?|mon\.|ans?|mois|wochen|weeks?)\b\.?,?\s*(und|and|et)?\s*"
    r"(\d+\s*(months?|mos?|monate?|mois)\b\.?)?\)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line: `text` is what is left of it, `start` where it begins in the line."""

    line: Line
    text: str
    start: int = 0


@dataclass(slots=True)
class Anchor:
    index: int
    kind: str
    period: Period
    rest: list[Piece]
    more: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Entry:
    """One dated entry: `header` are the pieces beside and around the date, `body` the lines below."""

    period: Period
    header: list[Piece] = field(default_factory=list)
    body: list[Line] = field(default_factory=list)


def entries(lines: Sequence[Line]) -> tuple[list[Line], list[Entry]]:
    """The lines before the first entry, and the entries."""
    anchors = _anchors(lines)
    if not anchors:
        return list(lines), []
    starts = _starts(lines, anchors)
    for n in range(1, len(starts)):  # two dates in one row: the second entry begins after the first date
        starts[n] = min(max(starts[n], anchors[n - 1].index + 1), anchors[n].index)
    found: list[Entry] = []
    for n, anchor in enumerate(anchors):
        end = starts[n + 1] if n + 1 < len(starts) else len(lines)
        found.append(_entry(lines[starts[n] : end], starts[n], anchor))
    return list(lines[: starts[0]]), found


def without_time_line(lines: Sequence[Line]) -> list[Line]:
    """The lines, those that a dot marks as an entry no bullets any more: a date stands in their row or below, and real bullets further right."""
    dotted = {
        line.number
        for i, line in enumerate(lines)
        if line.bullet
        and (
            any(find_periods(o.text) for o in lines[max(0, i - 2) : i + 3] if o is line or _same_row(o, line))
            or any(find_periods(o.text) for o in lines[i + 1 : i + 2] if not o.bullet and o.flow == line.flow and abs(o.box.x0 - line.box.x0) < 3)
        )
    }
    left = max((line.box.x0 for line in lines if line.number in dotted), default=0.0)
    bullets = [line for line in lines if line.bullet and line.number not in dotted]
    if not dotted or any(line.box.x0 <= left + 3 for line in bullets):
        return list(lines)
    return [replace(line, bullet=False) if line.number in dotted else line for line in lines]


def _anchors(lines: Sequence[Line]) -> list[Anchor]:
    found: list[Anchor] = []
    taken: set[int] = set()
    for i in range(len(lines)):
        if i in taken:
            continue
        anchor = _anchor(lines, i)
        if anchor and not _ends_a_bullet(lines, anchor):
            taken |= anchor.more
            found.append(anchor)
    found = _same_row_merged(lines, found)
    kinds = Counter(a.kind for a in found)
    if kinds["pure"] + kinds["start"] > kinds["end"] > 0:
        found = [a for a in found if a.kind != "end"]
    elif kinds["end"]:
        left = min(lines[a.index].box.x0 for a in found)
        usual = Counter(_look(lines[a.index]) for a in found if a.kind == "end").most_common(1)[0][0]
        found = [a for a in found if a.kind != "end" or (lines[a.index].box.x0 < left + 6 or _look(lines[a.index]) == usual)]
        if any(a.period.start is not a.period.end for a in found):
            found = [a for a in found if a.kind != "end" or a.period.start is not a.period.end or (a.rest and len(a.rest[0].text) < 60)]
    return found


def _ends_a_bullet(lines: Sequence[Line], anchor: Anchor) -> bool:
    """Is a single date the end of a bullet that had no room for it? It stands alone below a full line of the bullet's text."""
    line, above = lines[anchor.index], lines[anchor.index - 1] if anchor.index else None
    if above is None or anchor.kind != "pure" or anchor.period.start is not anchor.period.end:
        return False
    bullet = next((o for o in reversed(lines[max(0, anchor.index - 4) : anchor.index]) if o.bullet), None)
    near = above.page == line.page and above.flow == line.flow and 0 < line.box.y0 - above.box.y0 < 1.8 * line.size
    if bullet is None or not near or abs(line.box.x0 - bullet.box.x0) > 1.5:
        return False
    right = max(o.box.x1 for o in lines if o.flow == line.flow)
    return above.box.x1 - line.box.x0 > 0.8 * (right - line.box.x0)


def _anchor(lines: Sequence[Line], i: int) -> Anchor | None:
    line = lines[i]
    if wrapped := _wrapped(lines, i):
        return wrapped
    periods = find_periods(line.text)
    if not periods or len(line.text) > 140:
        return None
    best = max(periods, key=lambda p: (p.start is not None and (p.end is not None or p.current is not None), -p.span[0]))
    before, after = line.text[: best.span[0]], line.text[best.span[1] :]
    duration = DURATION.search(after) or DURATION.search(before)
    strip = EDGES + "()[]"
    after_rest = DURATION.sub("", after).strip(strip)
    before_rest = DURATION.sub("", before).strip(strip)
    if lexicon().labels.get(before_rest.casefold()) == "period":
        before_rest = ""
    period = period_of(best, line.text, (line.number,))
    ranged = (period.end is not None and period.end is not period.start) or period.current is not None
    if not before_rest and not after_rest:
        if line.bullet and not ranged:
            return None
        return Anchor(i, "pure", period, [])
    if line.bullet and not (ranged and not before_rest):
        return None
    if not before_rest:
        if not ranged and not re.match(r"[\s)\]]*[:|–—·\u2003-]", after) and not duration:
            return None
        start = best.span[1] + (len(after) - len(after.lstrip(strip)))
        return Anchor(i, "start", period, [Piece(line, clean(after).strip(EDGES), start)])
    if not after_rest:
        if not ranged and not re.search(r"[,(|·–—\u2003-]\s*$", before):
            return None
        return Anchor(i, "end", period, [Piece(line, _open_end(before), 0)])
    if ranged and (WIDE in line.text or re.search(r"[(|·]\s*$", before)):
        pieces = [Piece(line, _open_end(before), 0), Piece(line, clean(after).strip(EDGES + ")"), best.span[1])]
        return Anchor(i, "end", period, pieces)
    return None


def _open_end(before: str) -> str:
    """Text before a date, without the separator or the bracket that led to the date."""
    text = clean(before).rstrip(EDGES)
    return text[:-1].rstrip(EDGES) if text.endswith(("(", "[")) else text


_DATE_TAIL = re.compile(
    r"[^\W\d_]{0,12}\.?\s?\d{4}\)?|\d\d?[./]\d{4}\)?|\d\d?\.\d\d?\.\d{4}\)?|[^\W\d_]{3,12}\.?\s\d{4}\)?|[-–—]\s.{4,16}", re.IGNORECASE
)


def _wrapped(lines: Sequence[Line], i: int) -> Anchor | None:
    """A period that breaks over two lines of its cell: "01.07.2009 –" above "28.02.2018"."""
    line = lines[i]
    month_last = line.text.rsplit(None, 1)[-1].rstrip(".").casefold() in lexicon().months if line.text.strip() else False
    if line.bullet or not (month_last or re.search(r"\d{4}|[-–—]\s*$", line.text)):
        return None
    for j in range(i + 1, min(i + 5, len(lines))):
        other = lines[j]
        if other.page != line.page or other.flow != line.flow or not 0 < other.box.y0 - line.box.y0 < 2.2 * line.size:
            continue
        aligned = abs(other.box.x0 - line.box.x0) < 8 or abs(other.box.x1 - line.box.x1) < 8
        tail = other.text.strip()
        goes_on = month_last and any(p.span == (0, len(tail)) for p in find_periods(tail))
        if not aligned or other.bullet or not (_DATE_TAIL.fullmatch(tail) or is_present(tail) or goes_on):
            continue
        both = joined([line.text, tail])
        periods = find_periods(both)
        if not periods:
            continue
        last = periods[-1]
        alone = find_periods(line.text)
        ranged = last.end is not None or last.current is not None
        if (
            not ranged
            or both[last.span[1] :].strip(EDGES + ")")
            or (alone and (alone[-1].end or alone[-1].current) and last.span[1] <= len(line.text))
        ):
            continue
        before = both[: last.span[0]]
        rest = [Piece(line, _open_end(before), 0)] if before.strip(EDGES + "()") else []
        return Anchor(i, "end" if rest else "pure", _period_over(last, both, line, other), rest, {j})
    return None


def _period_over(found: PrintedPeriod, both: str, line: Line, other: Line) -> Period:
    """The period of the joined text of two lines, each date with the line that it stands on."""

    def at(printed: Printed | None) -> Sourced | None:
        if printed is None:
            return None
        text = both[printed.start : printed.end]
        numbers: tuple[int, ...] = (line.number, other.number)
        numbers = numbers[:1] if text in clean(line.text) else numbers[1:] if text in clean(other.text) else numbers
        return Sourced(printed.iso or text, numbers, printed=text if printed.iso else "", rule="date" if printed.iso else "")

    return Period(at(found.start), at(found.end), at(found.current))


def _same_row_merged(lines: Sequence[Line], anchors: list[Anchor]) -> list[Anchor]:
    """Start and end in two cells of one row are one period."""
    merged: list[Anchor] = []
    for anchor in anchors:
        if merged and merged[-1].kind == anchor.kind == "pure":
            last = merged[-1]
            single = all(a.period.start is a.period.end for a in (last, anchor))
            if single and _same_row(lines[last.index], lines[anchor.index]):
                last.period = Period(last.period.start, anchor.period.start)
                last.more.add(anchor.index)
                continue
        merged.append(anchor)
    return merged


def _same_row(a: Line, b: Line) -> bool:
    return a.page == b.page and a.flow == b.flow and abs(a.box.y1 - b.box.y1) < 0.55 * max(a.size, b.size)


def _look(line: Line) -> tuple[float, bool, bool, str]:
    """How the line begins: "**Fitter**, Example Ltd" looks like "**Head of maintenance**, Ltd", however long each part is."""
    first = line.spans[0]
    return (line.size, first.bold, first.italic, first.color)


def _row(lines: Sequence[Line], i: int) -> tuple[int, int]:
    """First and last index of the row that line i stands in."""
    first = last = i
    while first > 0 and _same_row(lines[first - 1], lines[i]):
        first -= 1
    while last + 1 < len(lines) and _same_row(lines[last + 1], lines[i]):
        last += 1
    return first, last


def _starts(lines: Sequence[Line], anchors: list[Anchor]) -> list[int]:
    """Index of the first line of each entry."""
    rows = [_row(lines, a.index) for a in anchors]
    above = lines[: rows[0][0]]
    header = list(above) if len(above) <= 4 and not any(line.bullet or len(line.text) > 110 for line in above) else []
    if not header:
        return [row[0] for row in rows]
    looks = {_look(line) for line in header}
    starts = [0]
    for n in range(1, len(anchors)):
        floor, row = max(rows[n - 1][1], max(anchors[n - 1].more, default=0)) + 1, rows[n][0]
        starts.append(_start_above(lines, floor, row, header, looks))
    return starts


def _start_above(lines: Sequence[Line], floor: int, row: int, header: list[Line], looks: set[tuple[float, bool, bool, str]]) -> int:
    usual = [b.box.y0 - a.box.y1 for a, b in zip(lines[floor:row], lines[floor + 1 : row + 1], strict=False) if a.page == b.page]
    typical = sorted(usual)[len(usual) // 2] if usual else 0.0
    reach = range(row - 1, max(floor, row - len(header) - 2) - 1, -1)
    best, best_score = row, -1.0
    for j in reach:
        line = lines[j]
        if line.bullet or _look(line) not in looks:
            break
        previous = lines[j - 1] if j > floor else None
        gap = line.box.y0 - previous.box.y1 if previous and previous.page == line.page else 20.0
        score = (
            2.0 * (_look(line) == _look(header[0]))
            + 1.5 * (gap > typical + 1.5)
            + 1.0 * (row - j == len(header))
            + 1.0 * (previous is None or _look(previous) != _look(line))
            - 0.5 * abs(row - j - len(header))
            - 2.0 * (abs(line.box.x0 - header[0].box.x0) > 8 and line.flow == header[0].flow)
        )
        if score > best_score:
            best, best_score = j, score
    return best


def _entry(lines: Sequence[Line], offset: int, anchor: Anchor) -> Entry:
    entry = Entry(anchor.period)
    at = anchor.index - offset
    _, row_last = _row(lines, at)
    dates = {at, *(m - offset for m in anchor.more)}
    head_until = max((m - offset for m in anchor.more), default=0)
    for i, line in enumerate(lines):
        if i == at:
            entry.header.extend(p for p in anchor.rest if p.text)
        elif i in dates:
            continue
        elif not line.bullet and i <= max(row_last, head_until):
            entry.header.append(Piece(line, line.text))
        else:
            entry.body.append(line)
    return entry
