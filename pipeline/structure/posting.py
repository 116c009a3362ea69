"""A job description -> Profile: sections by their headings, labels, requirements one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipeline.lang.concept import Concepts
from pipeline.lang.detect import language_of
from pipeline.lang.lexicon import lexicon
from pipeline.lang.postings import is_general, label_of, level_in, levels_in, marker, section_like, section_of, speaks, years_in
from pipeline.lang.words import words
from pipeline.model.profile import Importance, Profile, Requirement
from pipeline.structure.posting_lines import LONGEST_HEADING, Printed, items_of, posting_of_text
from pipeline.structure.posting_prose import bare_title, is_titled, prose
from pipeline.structure.posting_table import without_tables

LONGEST_TITLE, MARKED = 120, 12
"""Letters of a title; lines at the beginning that a title may be among."""
LABEL_WORDS, SHORTEST_LABEL = 5, 3
"""Of a label and its value without a colon between them."""
LISTED = 3
"""Words of an item in a list that commas divide."""
SENTENCES = 3
"""So many make a posting, also where they stand in one line."""
MOST = 40
"""Requirements of one profile; what is more stays in the tasks' list of the posting, which nobody loses: the file is kept."""


def profile_of(printed: Sequence[Printed], *, source: str = "") -> Profile:
    """A title and whatever else the posting says. A posting without any text gives the file's name as its title."""
    language = language_of("\n".join(line.text for line in printed))
    lines = [line for line in without_tables(printed, language=language) if not speaks("greet").search(line.text)]
    title, rest = _title(lines)
    head, sections = _sections(rest)
    labels, others = _labels(head)
    if not (sections.get("must") or sections.get("nice")):
        others = _of_prose(title, others, labels, sections)
    elif _is_spoken(title):
        _take_facts(prose([Printed(title, 1)]).facts, labels)
    customer = labels.get("customer") or next((line.text for line in others if _names_company(line)), "")
    wishes = [
        _requirement(item, importance)
        for section, importance in (("must", Importance.MUST), ("nice", Importance.NICE))
        for item in items_of(sections.get(section, []))
    ]
    if _is_spoken(title):
        title = labels.get("title") or re.split(r"[,;]|\.\s", title)[0]
    elif not title or is_general(title):
        title = labels.get("title") or title
    return Profile(
        title=(bare_title(title) or source or "?")[:200],
        customer=customer,
        place=labels.get("place", ""),
        start=labels.get("start", ""),
        workload=labels.get("workload", ""),
        summary=" ".join(line.text for line in others if line.text != customer and not is_general(line.text)),
        tasks=tuple(item.text for item in items_of(sections.get("tasks", []))),
        requirements=_numbered(wishes),
        offers=tuple(item.text for item in items_of(sections.get("offers", []))),
        language=language,
        source=source,
    )


def _labels(head: Iterable[Printed]) -> tuple[dict[str, str], list[Printed]]:
    """What labels say, and the other lines."""
    labels: dict[str, str] = {}
    others: list[Printed] = []
    for line in head:
        name, _, value = line.text.partition(":")
        label = label_of(name) if value.strip() else ""
        if label:
            labels.setdefault(label, value.strip())
        else:
            others.append(line)
    return labels, others


def _of_prose(title: str, lines: list[Printed], labels: dict[str, str], sections: dict[str, list[Printed]]) -> list[Printed]:
    """Sort sentences that stand under no heading into `sections` and `labels`; what is left."""
    said = prose([Printed(title, 1), *lines] if _is_spoken(title) else lines)
    for name, items in (("must", said.must), ("tasks", said.tasks), ("offers", said.offers)):
        sections[name] = [*sections.get(name, []), *(replace(item, bullet=True, open=False) for item in items)]
    _take_facts(said.facts, labels)
    return said.about


def _is_spoken(title: str) -> bool:
    """Is it a sentence ("Für unseren Kunden suchen wir …") and no title?"""
    return bool(speaks("seek").search(bare_title(title))) or len(title) > LONGEST_TITLE


def _take_facts(facts: dict[str, str], labels: dict[str, str]) -> None:
    for name, fact in facts.items():
        labels.setdefault(name, fact)


def is_note(text: str) -> bool:
    """One line, and of it no sentence after another."""
    return "\n" not in text.strip() and len(items_of(posting_of_text(text))) < SENTENCES


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
    """The first heading that is none of a section, over as many lines as it runs; else the line that is marked as a position's, or the first."""
    heading = next((i for i, line in enumerate(printed) if line.heading and not (i and _section(line)) and not is_general(line.text)), None)
    marked = next((i for i, line in enumerate(printed[:MARKED]) if is_titled(line.text) and len(line.text) <= LONGEST_TITLE), None)
    first = next((i for i, line in enumerate(printed[:MARKED]) if not is_general(line.text)), 0)
    if heading is None and marked is None and printed and printed[first].asked:
        return "", printed
    at = heading if heading is not None else marked if marked is not None else first
    end = at + 1
    while at < len(printed) and end < len(printed) and end - at < 3 and printed[at].heading and printed[end].heading and not _section(printed[end]):
        end += 1
    title = " ".join(line.text for line in printed[at:end])
    name, colon, rest = title.partition(":")
    if colon and (is_general(name) or label_of(name) == "title"):
        title = rest.strip()
    elif label_of(name) or (at == first and heading is None and marked is None and _label(title)[0]):
        return "", printed
    return title, [*printed[:at], *printed[end:]]


def _sections(printed: Iterable[Printed]) -> tuple[list[Printed], dict[str, list[Printed]]]:
    """What stands before the first section, and the sections' lines."""
    head: list[Printed] = []
    sections: dict[str, list[Printed]] = {}
    current: list[Printed] = head
    for line in printed:
        if line.asked:
            asking = current is not head and current in (sections.get("must"), sections.get("nice"))
            (current if asking else sections.setdefault("must", [])).append(line)
            continue
        if speaks("close").search(line.text) and not line.bullet:
            current = sections.setdefault("about", [])
        name = _section(line)
        labelled = [part for part in re.split(r"\s+[|·•]\s+", line.text) if _label(part)[1]]
        if not name and labelled and (current is head or len(line.text) <= LONGEST_HEADING):  # wherever it stands, it says it of the whole
            head += [replace(line, text=": ".join(_label(part)), strong=False) for part in labelled]
        elif name:
            current = sections.setdefault(name, [])
            _, _, behind = line.text.partition(":")
            if items := _listed(behind.strip()):
                current += [replace(line, text=item, heading=False, asked=len(items) > 1) for item in items]
        elif not (line.heading and sections):  # a heading within a section is none of its items
            current.append(line)
    return head, sections


def _listed(text: str) -> list[str]:
    """ "Java 17, Spring Boot, Kafka" behind the name of a section is a list; a sentence is none."""
    if not text:
        return []
    items = re.split(r",\s+", text.rstrip("."))
    return items if all(len(item.split()) <= LISTED and not years_in(item) for item in items) else [text]


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


def _requirement(item: Printed, importance: Importance) -> Requirement:
    """A must that calls itself a wish is one."""
    text = item.text[:400]
    if item.importance:
        importance = item.importance
    elif importance is Importance.MUST and _is_wish(text):
        importance = Importance.NICE
    years = 0.0 if level_in(text) else years_in(text)
    return Requirement(
        id="r", text=text, importance=importance, weight=item.weight or importance.weight, years=years, level=level_in(text), line=item.number
    )


def _is_wish(text: str) -> bool:
    """Does the whole say that it is a wish, and not only its end?"""
    if re.match(r"gerne?\s", text, re.IGNORECASE):
        return True
    return any(
        found.start() <= 12 or (not text[found.end() :].strip(" .)!") and "(" not in text[: found.start()]) for found in marker("nice").finditer(text)
    )


def _numbered(wishes: Iterable[Requirement]) -> tuple[Requirement, ...]:
    return tuple(wish.model_copy(update={"id": f"r{i}"}) for i, wish in enumerate(list(wishes)[:MOST], start=1))


def _names_company(line: Printed) -> bool:
    suffix = lexicon().company_suffix.search(line.text)
    return len(line.text) <= LONGEST_HEADING and (line.strong or bool(suffix and suffix.start()))
