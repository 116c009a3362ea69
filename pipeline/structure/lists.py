"""Sections that are lists: skills, languages, certificates, interests and other plain entries."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence

from pipeline.lang.dates import find_dates, find_periods
from pipeline.lang.levels import cefr
from pipeline.lang.lexicon import key, lexicon
from pipeline.model.cv import Certificate, Language, SkillGroup, Sourced
from pipeline.model.document import Line
from pipeline.structure.blocks import items
from pipeline.structure.entries import Entry, Piece, entries
from pipeline.structure.header import by_style
from pipeline.structure.text import EDGES, Edges, bare, clean, continues, joined, part, split_outside_brackets, value

_LIST = r",\s+|;\s*|\s*[·•|▪●]\s*|\s+/\s+|\u2003+|\s+[–—-]\s+(?=[A-ZÄÖÜ])"


def plain_entries(lines: Sequence[Line], edges: Edges) -> tuple[Sourced, ...]:
    """Each bullet or paragraph as one value; cells of one row belong together."""
    return tuple(value(*row) if len(row) > 1 else item for row, item in _rows_or_items(lines, edges))


def _rows_or_items(lines: Sequence[Line], edges: Edges) -> list[tuple[list[Line], Sourced]]:
    found: list[tuple[list[Line], Sourced]] = []
    for item in items(lines, edges):
        first = item.lines[0]
        if found and _same_row(found[-1][0][-1], first):
            row = [*found[-1][0], *item.lines]
            found[-1] = (row, value(*row))
        else:
            found.append(([*item.lines], item.value))
    return found


def _same_row(a: Line, b: Line) -> bool:
    return a.page == b.page and a.flow == b.flow and abs(a.box.middle - b.box.middle) < 0.4 * max(a.size, b.size) and a.number != b.number


def list_items(text: str, line: Line | Sequence[Line]) -> list[Sourced]:
    """Cut an enumeration: "HGB, IFRS und Steuerrecht" keeps its wording, "C/C++" and brackets stay whole."""
    sources = [line] if isinstance(line, Line) else list(line)
    found: list[Sourced] = []
    for text_part in split_outside_brackets(text.strip(), _LIST):
        if v := part(bare(text_part).removesuffix("."), *_standing_on(text_part, sources)):
            found.append(v)
    return found


def _standing_on(text: str, lines: Sequence[Line]) -> list[Line]:
    """The lines whose text the part shares; all of them where it is not plain."""
    if len(lines) == 1:
        return list(lines)
    whole = [line for line in lines if text in clean(line.text)]
    if whole:
        return whole[:1]
    for a, b in itertools.pairwise(lines):
        if text in joined([a.text, b.text]):
            return [a, b]
    return list(lines)


def skills(lines: Sequence[Line], edges: Edges) -> tuple[SkillGroup, ...]:
    """Groups of skills: "Label: a, b", a label cell beside a list, a label line above a list, or a plain list."""
    groups: list[tuple[Sourced | None, list[Line], str]] = []
    i = 0
    lines = by_columns([line for line in lines if line.text.strip()], lambda line: re.search(r",\s|·|\|", line.text) is not None)
    while i < len(lines):
        line = lines[i]
        row = [o for o in lines[i + 1 : i + 4] if _same_row(o, line) and o.box.x0 > line.box.x1]
        colon = re.match(r"([^:,()]{2,40}):\s*(.*)$", line.text)
        if colon and not line.text.startswith("http"):
            label = part(bare(colon.group(1)), line)
            run = [line] if colon.group(2).strip() else []
            j = _run_end(lines, i + 1, line, edges, labelled=True)
            groups.append((label, [*run, *lines[i + 1 : j]], colon.group(2)))
            i = j
        elif row and _label_like(line, row[0]):
            j = i + 1
            while j < len(lines) and (_same_row(lines[j], line) or _below_cell(lines[j], row[0], line)):
                j += 1
            groups.append((part(bare(line.text), line), lines[i + 1 : j], ""))
            i = j
        elif _label_above(lines, i):
            j = _run_end(lines, i + 1, line, edges, labelled=False)
            groups.append((part(bare(line.text), line), lines[i + 1 : j], ""))
            i = j
        else:
            j = i + 1
            while j < len(lines) and not lines[j].bullet and continues(lines[j - 1], lines[j], edges) and ":" not in lines[j].text:
                j += 1
            groups.append((None, lines[i:j], ""))
            i = j
    return _skill_groups(groups)


def _skill_groups(groups: list[tuple[Sourced | None, list[Line], str]]) -> tuple[SkillGroup, ...]:
    found: list[SkillGroup] = []
    for label, run, first in groups:
        cut: list[Sourced] = []
        for block in _paragraphs(run):
            texts = [first if first and o.number == (label.lines[0] if label else -1) else o.text for o in block]
            cut.extend(list_items(_join_list(texts), block))
        if label is None and found and found[-1].name is None:
            found[-1] = SkillGroup(None, (*found[-1].items, *cut))
        elif cut:
            found.append(SkillGroup(label, tuple(cut)))
        elif label:
            if found and found[-1].name is None:
                found[-1] = SkillGroup(None, (*found[-1].items, label))
            else:
                found.append(SkillGroup(None, (label,)))
    return tuple(found)


def _join_list(texts: list[str]) -> str:
    """Lines of an enumeration: a separator at a line end is kept, wide gaps stay."""
    result = texts[0].strip() if texts else ""
    for text in texts[1:]:
        text = text.strip()
        if result.endswith("-") and text[:1].islower():
            result = result[:-1] + text
        elif result.endswith("-"):
            result += text
        else:
            result += " " + text
    return result


def _paragraphs(run: list[Line]) -> list[list[Line]]:
    """Lines that form one enumeration; a line that ends without a separator and is short starts a new one."""
    blocks: list[list[Line]] = []
    right = max((line.box.x1 for line in run), default=0.0)
    for line in run:
        last = blocks[-1][-1] if blocks else None
        open_end = last is not None and (
            last.text.rstrip().endswith((",", "·", ";", "|", "-", "•", "/", "&"))
            or line.text[:1] in "·,;|)"
            or last.text.count("(") > last.text.count(")")
            or (not line.bullet and not _same_row(last, line) and line.text[:1].islower())
            or (not line.bullet and not _same_row(last, line) and re.search(r",\s|·|\|", last.text) is not None and _no_room(last, line, right))
        )
        if open_end and last is not None and not line.bullet:
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def _no_room(last: Line, line: Line, right: float) -> bool:
    first = line.text.split(" ", 1)[0]
    width = (line.box.x1 - line.box.x0) * (len(first) + 1) / max(len(line.text), 1)
    return last.box.x1 + width > right


def _label_like(line: Line, cell: Line) -> bool:
    return (
        len(line.text) < 45
        and not re.search(r",\s", line.text)
        and (line.box.x1 < cell.box.x0)
        and (
            re.search(r"[,·;|]", cell.text) is not None
            or (line.bold and not cell.bold)
            or line.color != cell.color
            or cell.text[:1].islower()
            or cefr(cell.text) != ""
        )
    )


def _below_cell(line: Line, cell: Line, label: Line) -> bool:
    return (
        line.flow == cell.flow
        and abs(line.box.x0 - cell.box.x0) < 3
        and line.box.x0 > label.box.x0 + 20
        and 0 < line.box.y0 - cell.box.y0 < 4 * cell.size
    )


def _label_above(lines: Sequence[Line], i: int) -> bool:
    line = lines[i]
    if i + 1 >= len(lines) or line.bullet or re.search(r",\s|·|\|", line.text) or len(line.text) > 45:
        return False
    following = lines[i + 1]
    if _same_row(following, line):
        return False
    if following.bullet and not line.bullet:
        return True
    return (
        (line.bold and not following.bold)
        or line.size > following.size + 0.8
        or (line.color != following.color and re.search(r",\s|·|\|", following.text) is not None)
    )


def _run_end(lines: Sequence[Line], start: int, label: Line, edges: Edges, *, labelled: bool) -> int:
    j = start
    while j < len(lines):
        line = lines[j]
        if re.match(r"[^:,()]{2,40}:\s", line.text) and not line.text.startswith("http"):
            break
        if labelled:
            listed = re.search(r"[,·;&-]$", lines[j - 1].text.rstrip()) or line.text[:1] in "·,("
            if line.bullet or not (listed or line.text[:1].islower() or continues(lines[j - 1], line, edges)):
                break
        elif (line.bold, line.size, line.color) == (label.bold, label.size, label.color) and _label_above(lines, j):
            break
        j += 1
    return j


def by_columns(lines: Sequence[Line], listed: Callable[[Line], bool]) -> list[Line]:
    """Lists that stand side by side, one after the other. `listed` tells a list's line from the label beside a list."""
    rows: list[list[Line]] = []
    for line in lines:
        if rows and _same_row(rows[-1][0], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    if not any(sum(listed(cell) for cell in row) >= 2 for row in rows):
        return list(lines)
    edges = sorted({min(row, key=lambda c: c.box.x0).box.x0 for row in rows} | {c.box.x0 for row in rows if len(row) > 1 for c in row})
    starts = [x for i, x in enumerate(edges) if i == 0 or x - edges[i - 1] > 30]
    return sorted(lines, key=lambda line: (line.page, max((n for n, x in enumerate(starts) if x <= line.box.x0 + 1), default=0), line.box.y0))


def languages(lines: Sequence[Line]) -> tuple[tuple[Language, ...], list[Line]]:
    """Each language with the level that stands beside it; and the lines that name none."""
    names = sorted(lexicon().languages, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, names))})(?![\w-])", re.IGNORECASE)
    found: list[Language] = []
    unused: list[Line] = []
    level_for_all: Sourced | None = None
    awaiting: int | None = None
    named_by: Line | None = None
    for line in by_columns(lines, lambda line: pattern.fullmatch(line.text.strip()) is not None):
        text = line.text
        if listed := _names_with_levels(line):
            found.extend(listed)
            awaiting, named_by = None, line
            continue
        matches = list(pattern.finditer(text))
        if not matches:
            plain = key(text)
            beside = named_by is not None and _same_row(line, named_by)
            waits = awaiting is not None and found[awaiting].level is None
            if not beside and not waits and lexicon().labels.get(plain) == "mother_tongue":
                level_for_all = Sourced(clean(text).strip(EDGES), (line.number,))
            elif awaiting is not None and found and _same_level(found[awaiting].level, text) and (cefr(text) or len(text) < 40):
                if found[awaiting].level is None:
                    found[awaiting] = _language(found[awaiting].name, part(bare(text), line))
                else:
                    found[awaiting] = _with_line(found[awaiting], line)
            elif (
                (pair := re.match(r"([^\W\d_][\w -]{1,25}?)\s*(?:[:(|–—\u2003]|-\s)\s*(.+)$", text))
                and not cefr(pair.group(1))
                and cefr(pair.group(2))
                and len(set(re.findall(r"\b[ABC][12]\b", pair.group(2)))) < 3  # else it is the legend of all levels
            ):
                # a language that no list names, with a level that says what it is
                found.append(_language(part(bare(pair.group(1)), line), part(bare(pair.group(2)), line)))
                awaiting, named_by = len(found) - 1, line
            else:
                unused.append(line)
            continue
        lead = text[: matches[0].start()]
        labelled_level = key(lead) if ":" in lead or cefr(lead) else ""
        if lexicon().labels.get(labelled_level) == "mother_tongue" or (labelled_level and cefr(labelled_level)):
            level_for_all = part(bare(lead), line)
        elif lead.strip(EDGES) == "" and level_for_all is not None and level_for_all.lines[0] not in (line.number, line.number - 1):
            level_for_all = None
        for n, match in enumerate(matches):
            end = matches[n + 1].start() if n + 1 < len(matches) else len(text)
            level = part(bare(re.sub(r"\s(und|and|et)\s*$", "", text[match.end() : end])), line)
            name = part(text[match.start() : match.end()], line)
            if any(language.name and name and key(language.name.text) == key(name.text) for language in found):
                continue
            found.append(_language(name, level or level_for_all))
        awaiting, named_by = len(found) - 1, line
        if level_for_all and level_for_all.lines[0] == line.number:
            level_for_all = None
    return tuple(found), unused


def _names_with_levels(line: Line) -> list[Language]:
    """ "English (native), Yoruba (fluent)": where each name has its level in brackets, no list of names is needed."""
    parts = split_outside_brackets(line.text, r",\s+|;\s*|\s+[·•|]\s+")
    pairs = [re.fullmatch(r"([^\W\d_][\w .-]{1,25}?)\s*\(([^()]+)\)", p) for p in parts]
    if len(parts) < 2 or not all(pairs) or not any(pair and cefr(pair.group(2)) for pair in pairs):
        return []
    return [_language(part(bare(pair.group(1)), line), part(bare(pair.group(2)), line)) for pair in pairs if pair]


def _same_level(level: Sourced | None, text: str) -> bool:
    """None yet, or the same level again (a grid of listening, reading, speaking, ...)."""
    return level is None or (cefr(text) != "" and cefr(text) == level.text)


def _language(name: Sourced | None, level: Sourced | None) -> Language:
    normal = cefr(level.text) if level else ""
    return Language(name, level, Sourced(normal, level.lines, printed=level.text, rule="cefr") if level and normal else None)


def _with_line(language: Language, line: Line) -> Language:
    level = language.level
    if level is None:
        return language
    return _language(language.name, Sourced(level.text, (*level.lines, line.number)))


def certificates(lines: Sequence[Line], edges: Edges) -> tuple[Certificate, ...]:
    """Name, issuer and date of each certificate."""
    before, dated = entries(lines)
    alone = sum(1 for e in dated if not e.header)
    stacked = sum(_stacked(e) for e in dated)
    if dated and (
        alone or 2 * stacked > len(dated) or (len(dated) >= 2 and any(e.header and e.header[0].line.box.x0 != lines[0].box.x0 for e in dated))
    ):
        found = [_single(item.value) for item in items(before, edges)]
        for entry in dated:
            found.extend(_dated(entry, edges))
        return tuple(c for c in found if c.name)
    return tuple(c for c in (_single(v) for v in plain_entries(lines, edges)) if c.name)


def _stacked(entry: Entry) -> bool:
    """Does the name stand on a line above the date, and not break over into the date's line?"""
    date = entry.period.start or entry.period.end
    above = [p.line for p in entry.header if date and p.line.number not in date.lines]
    return bool(above) and all(line.text.count("(") == line.text.count(")") for line in above)


def _dated(entry: Entry, edges: Edges) -> list[Certificate]:
    styled = [Piece(p.line, text) for p in entry.header for text in by_style(p)]
    pieces: list[Piece] = [*styled, *(Piece(line, line.text) for line in entry.body)]
    date = entry.period.end or entry.period.start
    if not pieces:
        return []
    groups: list[list[Piece]] = [[pieces[0]]]
    for piece in pieces[1:]:
        last = groups[-1][-1]
        if piece.line.number != last.line.number and continues(last.line, piece.line, edges):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    texts = [(joined(p.text for p in group), [p.line for p in group]) for group in groups]
    name_text, name_lines = texts[0]
    if len(texts) == 1:
        single = _single(Sourced(name_text, tuple(line.number for line in name_lines)))
        return [Certificate(single.name, single.issuer, single.date or date)]
    issuer = part(bare(texts[1][0]), *texts[1][1])
    found = [Certificate(part(bare(name_text), *name_lines), issuer, date)]
    for text, used in texts[2:]:
        found.append(_single(Sourced(text, tuple(line.number for line in used))))
    return found


def _single(source: Sourced) -> Certificate:
    """ "Name, Issuer (06/2022)" and its variants."""
    text, numbers = source.text, source.lines
    date = None
    issuer = None
    if match := re.search(r"\(([^()]*)\)\s*$", text):
        inside = match.group(1)
        dates = find_dates(inside)
        if dates:
            date = _sourced_date(inside, numbers)
            rest = bare(inside[: dates[0].start] + inside[dates[0].end :])
            issuer = Sourced(rest, numbers) if rest else None
            text = text[: match.start()].strip(EDGES)
    if date is None and (found := find_periods(text)):
        last = found[-1]
        before, after = text[: last.span[0]].rstrip(EDGES + "("), text[last.span[1] :].lstrip(EDGES + ")")
        if not before or not after:
            date = _sourced_date(text[last.span[0] : last.span[1]], numbers)
            text = before or after
    if issuer is None and (match := re.search(r"\s\(([A-ZÄÖÜ][^()\d]*\s[^()\d]+)\)$", text)):
        issuer, text = Sourced(bare(match.group(1)), numbers), text[: match.start()]
    if issuer is None:
        for separator in (r",\s+", r"\s+[|·]\s+|\u2003", r"\s+[–—-]\s+"):
            parts = split_outside_brackets(text, separator)
            if len(parts) >= 2:
                at = text.rfind(parts[-1])
                issuer = Sourced(bare(text[at:]), numbers)
                text = text[:at]
                break
    name = bare(text)
    return Certificate(Sourced(name, numbers) if name else None, issuer, date)


def _sourced_date(text: str, numbers: tuple[int, ...]) -> Sourced | None:
    dates = find_dates(text)
    return Sourced(dates[-1].iso, numbers, printed=text[dates[-1].start : dates[-1].end], rule="date") if dates else None
