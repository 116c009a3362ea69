"""The lines of a posting, and what each of them asks for or says: bullets, sentences and clauses are one item each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.lang.postings import level_in, marker, section_of, years_in
from pipeline.model.document import Box, Document, Line
from pipeline.model.profile import Importance

LONGEST_HEADING = 60
LARGER = 1.12
"""So much larger than the text a line must be to be a heading."""


CELL = Box(0.0, 0.0, 90.0, 10.0)
"""Of a table in plain text: one such place for each cell, side by side and row below row."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A line of a posting; `number` is its line in the document, or counts the lines of a text.

    `open`: the first word of the next line had no room in it, so that one goes on with it. `box`, `page` and `flow` where it has a place (see Line).
    `asked`: it is an item of its own, and a requirement wherever it stands. A table says of its rows how much they matter: `importance` and
    `weight`, None and 0 where it does not.
    """

    text: str
    number: int
    heading: bool = False
    bullet: bool = False
    strong: bool = False
    open: bool = False
    box: Box | None = None
    page: int = 1
    flow: int = 0
    importance: Importance | None = None
    weight: int = 0
    asked: bool = False


def posting_of_document(document: Document) -> list[Printed]:
    body = _body_size(document.lines)
    lines = [line for line in document.lines if line.text.strip()]
    left, right = min((line.box.x0 for line in lines), default=0.0), max((line.box.x1 for line in lines), default=0.0)
    edge = max(right, max((page.width for page in document.pages), default=0.0) - left)
    found = [
        Printed(
            text=line.text.strip(),
            number=line.number,
            heading=len(line.text) <= LONGEST_HEADING
            and not line.bullet
            and (line.size >= LARGER * body or bool(line.bold and section_of(line.text))),
            bullet=line.bullet,
            strong=line.bold,
            box=line.box,
            page=line.page,
            flow=line.flow,
        )
        for line in lines
    ]
    return [replace(line, open=_is_full(line, below, edge)) for line, below in zip(found, [*found[1:], None], strict=True)]


def _is_full(line: Printed, below: Printed | None, edge: float) -> bool:
    """Had the first word of the next line no room in this one?"""
    if line.box is None or below is None:
        return False
    return line.text.endswith("-") or line.box.x1 + first_word(below) > edge


def first_word(line: Printed) -> float:
    """The width of a line's first word, in points, as far as the number of its letters tells."""
    return (line.box.x1 - line.box.x0) * len(line.text.split()[0]) / len(line.text) if line.box else 0.0


def _body_size(lines: Iterable[Line]) -> float:
    sizes: dict[float, int] = {}
    for line in lines:
        sizes[round(line.size, 1)] = sizes.get(round(line.size, 1), 0) + len(line.text)
    return max(sizes, key=lambda size: sizes[size], default=10.0)


def posting_of_text(text: str) -> list[Printed]:
    """Markdown, or plain text as people paste it; the cells of its tables stand apart."""
    found = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith("|") or "\t" in line:
            found += [
                Printed(cell.strip(), number, box=Box(CELL.x1 * at, CELL.y1 * number, CELL.x1 * (at + 1) - 10, CELL.y1 * (number + 1)))
                for at, cell in enumerate(re.split(r"[|\t]", line.strip("|")))
                if cell.strip(" :-")
            ]
            continue
        heading = re.match(r"#+\s*", line)
        bullet = re.match(r"(?:[-*+•‣▪●–]|\d{1,2}[.)])\s+", line)
        strong = re.fullmatch(r"\*\*(.+?)\*\*:?|__(.+?)__:?", line)
        plain = line[(heading or bullet).end() :] if heading or bullet else line  # type: ignore[union-attr]  # one of them matched
        plain = re.sub(r"(\*\*|__)(.+?)\1", r"\2", plain).strip()
        if plain:
            found.append(Printed(plain, number, heading=bool(heading), bullet=bool(bullet), strong=bool(strong)))
    return found


def items_of(lines: Sequence[Printed]) -> list[Printed]:
    """Bullets with the lines that they run over; without bullets, lines; of prose, sentences."""
    bullets = any(line.bullet and not line.asked for line in lines)
    items: list[Printed] = []
    for line in lines:
        runs_on = (
            items and not (line.bullet or line.heading or line.asked) and (bullets or items[-1].open or (line.box and _RUNS_ON.match(line.text)))
        )
        if runs_on:
            items[-1] = replace(items[-1], text=joined(items[-1].text, line.text), open=line.open)
        else:
            items.append(line)
    return [piece for item in items for piece in _sentences(item)]


_RUNS_ON = re.compile(r"(?:und|oder|sowie|bzw\.|and|or)\s")


def joined(above: str, below: str) -> str:
    """Two lines of one text; a word that was divided between them is whole again."""
    return above.removesuffix("-") + below if above.endswith("-") and below[:1].islower() else f"{above} {below}"


def _sentences(item: Printed) -> Iterator[Printed]:
    """Of a bullet that holds several sentences each is an item; also what semicolons divide."""
    begin, pieces = 0, []
    for end in re.finditer(r"(?:(?<=[a-zäöüß)]{2}[.!])|(?<=[A-ZÄÖÜ]{3}[.!]))\s+(?=[A-ZÄÖÜ])|;\s+", item.text):
        before, behind = item.text[begin : end.start()], item.text[end.end() :]
        word = before.rsplit(None, 1)[-1].strip(".(").rpartition(".-")[2].casefold() if before.split() else ""
        inside = before.count("(") > before.count(")")
        if inside or word in _SHORT or re.match(r"[ABC][12](?!\w)", behind):
            continue
        pieces.append(before)
        begin = end.end()
    for piece in (*pieces, item.text[begin:]):
        for part in _parts(piece):
            plain = part.strip(" .;,–-")
            if plain and not _NOT_NEEDED.search(plain):
                yield replace(item, text=plain)


_SHORT = frozenset(
    [
        *("mind", "max", "min", "inkl", "exkl", "insb", "bzw", "ca", "abgeschl", "staatl", "gepr", "anerk", "ggf", "evtl", "sog", "vgl", "usw"),
        *("bspw", "zzgl", "approx", "incl", "dipl", "ing", "kfm", "techn", "nr", "abt", "kl", "einschl", "entspr"),
    ]
)
"""Words that end in a full stop without ending a sentence."""
_NEEDED = r"(?:erforderlich|notwendig|nötig|vorausgesetzt|zwingend|required|necessary|needed)"
_NOT_NEEDED = re.compile(rf"(?<!\w)(?:(?:keine?n?|no)\s[^,;]*{_NEEDED}|(?:nicht|not)\s+{_NEEDED})", re.IGNORECASE)
_STRONG = re.compile(
    r"(?<!\w)(?:erforderlich|zwingend|voraussetzung|vorausgesetzt|notwendig|muss|required|mandatory|must|essential)(?!\w)", re.IGNORECASE
)


def _parts(text: str) -> Iterator[str]:
    """ "5 Jahre Java, 2 Jahre Kubernetes" and "Deutsch verhandlungssicher, Englisch von Vorteil" are two: each clause says for itself how much."""
    clauses = [clause for clause in re.split(r",\s+", text) if clause.strip()]
    if len(clauses) < 2 or "(" in text:
        yield text
        return
    if all(years_in(clause) for clause in clauses):
        yield from clauses
        return
    at = next((i for i, clause in enumerate(clauses) if marker("nice").search(clause)), 0)
    first = ", ".join(clauses[:at])
    if (
        at
        and (_STRONG.search(first) or level_in(first) or years_in(first))
        and not re.match(r"(?:idealerweise|gerne?|ideally)\b", clauses[at], re.IGNORECASE)
    ):
        yield first
        yield ", ".join(clauses[at:])
        return
    yield text
