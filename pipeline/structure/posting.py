"""A job description -> Profile: sections by their headings, labels, requirements one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.lang.concept import Concepts
from pipeline.lang.detect import language_of
from pipeline.lang.lexicon import lexicon
from pipeline.lang.postings import label_of, level_in, levels_in, marker, section_like, section_of, years_in
from pipeline.lang.words import words
from pipeline.model.document import Document, Line
from pipeline.model.profile import Importance, Profile, Requirement

LONGEST_HEADING = 60
LARGER = 1.12
"""So much larger than the text a line must be to be a heading."""
LABEL_WORDS, SHORTEST_LABEL = 5, 3
"""Of a label and its value without a colon between them."""
MOST = 40
"""Requirements of one profile; what is more stays in the tasks' list of the posting, which nobody loses: the file is kept."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A line of a posting; `number` is its line in the document, or counts the lines of a text."""

    text: str
    number: int
    heading: bool = False
    bullet: bool = False
    strong: bool = False
    open: bool = False


def posting_of_document(document: Document) -> list[Printed]:
    body = _body_size(document.lines)
    width = max((line.box.x1 for line in document.lines), default=0.0)
    return [
        Printed(
            text=line.text.strip(),
            number=line.number,
            heading=len(line.text) <= LONGEST_HEADING
            and not line.bullet
            and (line.size >= LARGER * body or bool(line.bold and section_of(line.text))),
            bullet=line.bullet,
            strong=line.bold,
            open=line.box.x1 > 0.85 * width,
        )
        for line in document.lines
        if line.text.strip()
    ]


def _body_size(lines: Iterable[Line]) -> float:
    sizes: dict[float, int] = {}
    for line in lines:
        sizes[round(line.size, 1)] = sizes.get(round(line.size, 1), 0) + len(line.text)
    return max(sizes, key=lambda size: sizes[size], default=10.0)


def posting_of_text(text: str) -> list[Printed]:
    """Markdown, or plain text as people paste it."""
    found = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        heading = re.match(r"#+\s*", line)
        bullet = re.match(r"(?:[-*+•‣▪●–]|\d{1,2}[.)])\s+", line)
        strong = re.fullmatch(r"\*\*(.+?)\*\*:?|__(.+?)__:?", line)
        plain = line[(heading or bullet).end() :] if heading or bullet else line  # type: ignore[union-attr]  # one of them matched
        plain = re.sub(r"(\*\*|__)(.+?)\1", r"\2", plain).strip()
        if plain:
            found.append(Printed(plain, number, heading=bool(heading), bullet=bool(bullet), strong=bool(strong)))
    return found


def profile_of(printed: Sequence[Printed], *, source: str = "") -> Profile:
    """A title and whatever else the posting says. A posting without any text gives the file's name as its title."""
    text = "\n".join(line.text for line in printed)
    title, rest = _title(printed)
    head, sections = _sections(rest)
    labels: dict[str, str] = {}
    others: list[Printed] = []
    for line in head:
        name, _, value = line.text.partition(":")
        label = label_of(name) if value.strip() else ""
        if label:
            labels.setdefault(label, value.strip())
        else:
            others.append(line)
    customer = labels.get("customer") or next((line.text for line in others if _names_company(line)), "")
    about = [line.text for line in others if line.text != customer]
    must = _items(sections.get("must", []))
    wishes = [_requirement(item, Importance.MUST) for item in must] + [
        _requirement(item, Importance.NICE) for item in _items(sections.get("nice", []))
    ]
    return Profile(
        title=(title or source or "?")[:200],
        customer=customer,
        place=labels.get("place", ""),
        start=labels.get("start", ""),
        workload=labels.get("workload", ""),
        summary=" ".join(about),
        tasks=tuple(item.text for item in _items(sections.get("tasks", []))),
        requirements=_numbered(wishes),
        offers=tuple(item.text for item in _items(sections.get("offers", []))),
        language=language_of(text),
        source=source,
    )


def profile_of_note(text: str, lexicon_: Concepts) -> Profile:
    """One line as people type it: "Senior Java Entwickler, 5 Jahre, Kubernetes, München, ab März"."""
    title, *parts = [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()] or [text.strip() or "?"]
    found: dict[str, str] = {}
    wishes = [] if not lexicon_.mentions(words(title)) else [title]
    for part in parts:
        kind = _kind_of_note(part, lexicon_)
        if kind == "wish":
            wishes.append(part)
        elif kind == "years":
            wishes[:1] = [f"{part} {title}"] if wishes[:1] == [title] else [part, *wishes[:1]]
        else:
            found.setdefault(kind, re.sub(r"^(?:in|ab|from|raum)\s+", "", part, flags=re.IGNORECASE))
    requirements = _numbered(_requirement(Printed(wish, 0), Importance.MUST) for wish in wishes)
    return Profile(
        title=title[:200],
        place=found.get("place", ""),
        start=found.get("start", ""),
        workload=found.get("workload", ""),
        requirements=requirements,
        language=language_of(text),
    )


_WORKLOAD = re.compile(
    r"\d{1,3}\s*%|voll-?zeit|teilzeit|full-?time|part-?time|\d+\s*(?:tage?|days?|std|stunden|hours|h)(?!\w)|festanstellung|freiberuflich|freelance",
    re.IGNORECASE,
)
_TOWN = re.compile(r"[A-ZÄÖÜ][\w.-]+(?:[ /-](?:[A-ZÄÖÜ(][\w.)-]+|am|an der|im|ob der|bei))*")
_START = re.compile(r"^(?:ab|from|zum|start|beginn|sofort|asap|per)(?!\w)", re.IGNORECASE)
_PLACE = re.compile(r"^(?:in|raum|standort|ort:?)\s|(?<!\w)(?:remote|home-?office|hybrid|vor ort|on-?site)(?!\w)", re.IGNORECASE)


def _kind_of_note(part: str, lexicon_: Concepts) -> str:
    """What a piece of a note is: "years", "workload", "start", "place" or a "wish"."""
    if years_in(part):
        return "wish" if lexicon_.mentions(words(part)) else "years"
    if _START.search(part):
        return "start"
    if _WORKLOAD.search(part):
        return "workload"
    town = _TOWN.fullmatch(part) and len(words(part)) <= 3 and not lexicon_.mentions(words(part)) and not levels_in(part)
    return "place" if town or _PLACE.search(part) else "wish"


def _title(printed: Sequence[Printed]) -> tuple[str, Sequence[Printed]]:
    """The first heading that is none of a section, over as many lines as it runs; else the first line."""
    at = next((i for i, line in enumerate(printed) if line.heading and not (i and _section(line))), 0)
    end = at + 1
    while at < len(printed) and end < len(printed) and end - at < 3 and printed[at].heading and printed[end].heading and not _section(printed[end]):
        end += 1
    return " ".join(line.text for line in printed[at:end]), [*printed[:at], *printed[end:]]


def _sections(printed: Iterable[Printed]) -> tuple[list[Printed], dict[str, list[Printed]]]:
    """What stands before the first section, and the sections' lines."""
    head: list[Printed] = []
    sections: dict[str, list[Printed]] = {}
    current: list[Printed] = head
    for line in printed:
        name = _section(line)
        labelled = [part for part in re.split(r"\s+[|·•]\s+", line.text) if _label(part)[1]]
        if not name and labelled and (current is head or len(line.text) <= LONGEST_HEADING):  # wherever it stands, it says it of the whole
            head += [replace(line, text=": ".join(_label(part)), strong=False) for part in labelled]
        elif name:
            current = sections.setdefault(name, [])
            _, _, behind = line.text.partition(":")
            if behind.strip():
                current.append(replace(line, text=behind.strip(), heading=False))
        elif not (line.heading and sections):  # a heading within a section is none of its items
            current.append(line)
    return head, sections


def _label(text: str) -> tuple[str, str]:
    """Label and value of "Arbeitsort: Köln", or of a table's row "Arbeitsort Köln"; empty where it is none."""
    name, colon, value = text.partition(":")
    if not colon:
        name, _, value = text.partition(" ")
        if len(text.split()) > LABEL_WORDS or len(name) < SHORTEST_LABEL or not name[:1].isupper():
            return "", ""
    return (name, value.strip()) if label_of(name) and value.strip() else ("", "")


def _section(line: Printed) -> str:
    """Which section the line opens, by all of it or by what stands before a colon."""
    if line.bullet or len(line.text) > 2 * LONGEST_HEADING:
        return ""
    name, colon, _ = line.text.partition(":")
    look = section_like if line.heading else section_of
    whole = look(line.text) if len(line.text) <= LONGEST_HEADING else ""
    return whole or (section_of(name) if colon and not label_of(name) else "")


def _items(lines: Sequence[Printed]) -> list[Printed]:
    """Bullets with the lines that they run over; without bullets, lines; of prose, sentences."""
    bullets = any(line.bullet for line in lines)
    items: list[Printed] = []
    for line in lines:
        runs_on = items and not line.bullet and not line.heading and (bullets or items[-1].open)
        if runs_on:
            joined = items[-1].text.removesuffix("-") + ("" if items[-1].text.endswith("-") and line.text[:1].islower() else " ") + line.text
            items[-1] = replace(items[-1], text=joined, open=line.open)
        else:
            items.append(line)
    return [piece for item in items for piece in _sentences(item)]


def _sentences(item: Printed) -> Iterator[Printed]:
    """Of a bullet that holds several sentences each is an item; also what semicolons divide."""
    begin, pieces = 0, []
    for end in re.finditer(r"(?<=[a-zäöüß)]{2}[.!])\s+(?=[A-ZÄÖÜ])|;\s+", item.text):
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
        *("bspw", "zzgl", "approx", "incl", "dipl", "ing", "kfm", "techn", "nr", "std", "abt", "kl", "einschl", "entspr"),
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


def _requirement(item: Printed, importance: Importance) -> Requirement:
    """A must that calls itself a wish is one."""
    text = item.text[:400]
    if importance is Importance.MUST and _is_wish(text):
        importance = Importance.NICE
    years = 0.0 if level_in(text) else years_in(text)
    return Requirement(id="r", text=text, importance=importance, weight=importance.weight, years=years, level=level_in(text), line=item.number)


def _is_wish(text: str) -> bool:
    """Does the whole say that it is a wish, and not only its end?"""
    if re.match(r"gerne?\s", text, re.IGNORECASE):
        return True
    found = marker("nice").search(text)
    if found is None:
        return False
    behind = text[found.end() :].strip(" .)!")
    return found.start() <= 12 or (not behind and "(" not in text[: found.start()])


def _numbered(wishes: Iterable[Requirement]) -> tuple[Requirement, ...]:
    return tuple(wish.model_copy(update={"id": f"r{i}"}) for i, wish in enumerate(list(wishes)[:MOST], start=1))


def _names_company(line: Printed) -> bool:
    return (line.strong and len(line.text) <= LONGEST_HEADING) or bool(
        lexicon().company_suffix.search(line.text) and len(line.text) <= LONGEST_HEADING
    )
