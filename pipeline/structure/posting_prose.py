"""A posting, or an e-mail, without headings: each sentence by what it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipeline.lang.postings import marker, speaks
from pipeline.structure.posting_lines import Printed, items_of

_VERB = r"(?:sprich|sprech|speak|kenn|know|verfüg|beherrsch|bring|hast\b|haben\b|bist\b|arbeit|besitz)\w*"
_ASKED = (
    r"(?:mindestens|mind\.|\w+jährig|(?:sehr )?gute\b|sichere|fundierte|einschlägige|erste\b|solide|ausgeprägte|erfahrung|kenntnisse|"
    r"at least|experience|knowledge|(?:very )?good|strong|fluent|solid|proven)\w*"
)
_CLAUSE = re.compile(rf"(?:,\s+(?:(?:und|and|sowie)\s+)?|\s+(?:und|and|sowie)\s+)(?={_VERB}|{_ASKED})", re.IGNORECASE)
_LEAD = re.compile(
    r"^(?:(?:sie|du|you|wir|we)\s+)?(?:wichtig (?:sind|ist) (?:uns|mir)|(?:voraussetzung(?:en)?|anforderungen|erforderlich|zwingend) (?:sind|ist)|"
    r"(?:requirements|required) are|haben|hast|bringen|bringst|(?:verfügen|verfügst) über|besitzen|besitzt|erwarten|expect|sprechen|sprichst|speak|"
    r"beherrschen|beherrschst|(?:kennen sich|kennst dich) (?:gut |bestens )?(?:mit|in)|kennen|kennst|know|(?:should |must )?have|bring|hold)"
    r"\s+(?:(?:sie|du|you|wir|bereits|außerdem|zudem|auch)\s+)?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s+(?:mit|aus)$|\s+(?:setzen|setze) (?:wir|ich) voraus$|\s+(?:sind|ist|werden|wird) (?:vorausgesetzt|erwartet|erforderlich|notwendig)$|"
    r"\s+(?:is|are) (?:required|expected|needed)$",
    re.IGNORECASE,
)
_SEX = re.compile(r"\(\s*(?:[mwfdxi][*]?\s*[/|,]\s*){1,3}[mwfdxi*]\s*\)|\(all genders\)", re.IGNORECASE)
_TITLE = re.compile(
    r"\b(?:eine[nrm]?|an?|mehrere|als|\d{1,2})\s+(?P<title>[^,.;:(]+?)(?=\s*\(|[,.;:]|$"
    r"|\s+(?:für|in|im|mit|zur|zum|ab|bei|am|aus|auf|der|die|das|per|with|for|to|who|at|on|based|starting)\s)"
)
_MONTH = (
    r"(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|"
    r"January|February|March|May|June|July|October|December)\b(?:\s+\d{4})?"
)
_START = re.compile(
    r"\b(?P<now>(?:ab )?sofort|schnellstmöglich|zum nächstmöglichen (?:zeitpunkt|termin)|asap|immediately|as soon as possible)\b"
    rf"|\b(?:ab|zum|from|starting|start:|beginn:|am|on)\s+(?:dem\s+)?(?P<day>\d{{1,2}}\.?\s?(?:\d{{1,2}}\.(?:\s?\d{{2,4}})?|{_MONTH})|{_MONTH}|\d{{4}}-\d{{2}}-\d{{2}})",
    re.IGNORECASE,
)
_WORKLOAD = re.compile(
    r"\b(?:vollzeit|teilzeit|full[- ]time|part[- ]time|\d{1,3}\s*%|"
    r"\d{1,2}\s*(?:stunden|tage|days|hours)(?: (?:pro|die|in der|a|per) (?:woche|week)))",
    re.IGNORECASE,
)
_PLACE = re.compile(r"\b(?:in|im Raum|Raum|aus|based in)\s+(?P<place>[A-ZÄÖÜ][\w-]+(?:\s+(?:am|an der|im|ob der)\s+[A-ZÄÖÜ]\w+|\s+[A-ZÄÖÜ][\w-]+)*)")
_SOUGHT = re.compile(
    r"^(?:(?:neue stelle[^:]*:|(?:wir )?suchen?|gesucht(?: wird| werden)?|looking for|wanted)\s*:?\s+)?(?:\d\s?x?\s+)?"
    r"(?:eine?n?\s+)?(?-i:(?=[A-ZÄÖÜ]))",
    re.IGNORECASE,
)
_NO_PLACE = re.compile(r"^(?:vollzeit|teilzeit|festanstellung|direktvermittlung|arbeitnehmerüberlassung|full|part|unbefristet)", re.IGNORECASE)


@dataclass(slots=True)
class Said:
    """What the sentences say; `facts` under the names of labels (title, place, start, workload)."""

    must: list[Printed] = field(default_factory=list)
    tasks: list[Printed] = field(default_factory=list)
    offers: list[Printed] = field(default_factory=list)
    about: list[Printed] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)


def is_titled(text: str) -> bool:
    """ "Controller (m/w/d)": postings mark the name of a position so."""
    return bool(_SEX.search(text))


def bare_title(text: str) -> str:
    """ "Suche: 2 Java Entwickler (m/w/d)" -> "Java Entwickler (m/w/d)"."""
    return _SOUGHT.sub("", text)


def prose(lines: Sequence[Printed]) -> Said:
    """Lines that stand under no heading."""
    said = Said()
    for sentence in items_of(lines):
        text = sentence.text
        seeks = speaks("seek").search(text)
        if start := _START.search(text):
            said.facts.setdefault("start", start["now"] or start["day"])
        if workload := _WORKLOAD.search(text):
            said.facts.setdefault("workload", workload.group())
        if seeks and (title := _title_in(text[seeks.end() :]) or _title_in(text)):
            if is_titled(text) or "title" not in said.facts:
                said.facts["title"] = title
            if (place := _PLACE.search(text)) and not _NO_PLACE.match(place["place"]):
                said.facts.setdefault("place", place["place"])
            said.about.append(sentence)
        elif speaks("offers").search(text):
            said.offers.append(sentence)
        elif not speaks("firm").search(text) and speaks("tasks").search(text):
            said.tasks.append(sentence)
        elif not speaks("firm").search(text) and (speaks("must").search(text) or marker("nice").search(text)):
            said.must += [replace(sentence, text=clause) for clause in _clauses(text)]
        else:
            said.about.append(sentence)
    return said


def _title_in(text: str) -> str:
    """ "ab sofort eine examinierte Pflegefachkraft in Vollzeit" -> "Pflegefachkraft"."""
    for found in _TITLE.finditer(text):
        name = found["title"].split()
        while len(name) > 1 and name[0].islower() and any(word[0].isupper() for word in name):
            name = name[1:]
        if name and not re.match(r"(?:kunde|mandant|client|customer|unternehmen|projekt|stelle\b|position\b)", name[0], re.IGNORECASE):
            return " ".join(name)
    return ""


def _clauses(text: str) -> list[str]:
    """What one sentence asks for, thing by thing."""
    pieces = [piece for piece in _CLAUSE.split(text) if piece.strip()]
    plain = [re.sub(r"^(?:eine[nrm]?|an?)\s+", "", _TAIL.sub("", _LEAD.sub("", piece.strip())).strip(" ,.")) for piece in pieces]
    return [text[0].upper() + text[1:] for text in plain if text]
