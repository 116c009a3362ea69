"""Header lines of an entry -> who and what: title and company, degree and institution."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.lang.lexicon import lexicon
from pipeline.model.cv import Sourced
from pipeline.model.document import Line
from pipeline.structure.entries import DURATION, Entry, Piece
from pipeline.structure.text import EDGES, WIDE, Edges, bare, clean, continues, joined, label_of, part, split_outside_brackets

STRONG = r"\s+[|·•]\s+|\s*\u2003\s*"
"""Where these stand, commas divide nothing: "Clerk | Hartwell Castings, Inc. | Newark, OH"."""

SEPARATORS = r",\s+|\s+[–—|·•/-]\s+|\s*\u2003\s*|;\s+"


@dataclass(frozen=True, slots=True)
class Text:
    """A header text and the lines it stands on."""

    text: str
    lines: tuple[Line, ...]

    def value(self) -> Sourced | None:
        """The text without a leading "in" ("in Informatik")."""
        return part(re.sub(r"^in\s+(?=[A-ZÄÖÜ])", "", bare(self.text)), *self.lines)


@dataclass(frozen=True, slots=True)
class Roles:
    """`what` is a title or a degree, `who` a company or an institution, `where` a place."""

    what: Text | None
    who: Text | None
    where: Text | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much a text looks like a title (or degree), and like a company (or institution)."""

    what: Callable[[str], float]
    who: Callable[[str], float]


@lru_cache(maxsize=2048)
def _title(text: str) -> float:
    return min(2.0, len(lexicon().title_words.findall(text)))


@lru_cache(maxsize=2048)
def _company(text: str) -> float:
    lex = lexicon()
    return min(3.0, 2.0 * len(lex.company_suffix.findall(text)) + len(lex.company_words.findall(text)))


@lru_cache(maxsize=2048)
def _degree(text: str) -> float:
    return min(2.0, len(lexicon().degree_words.findall(text)))


@lru_cache(maxsize=2048)
def _institution(text: str) -> float:
    lex = lexicon()
    return min(3.0, 1.5 * len(lex.institution_words.findall(text)) + bool(lex.company_suffix.search(text)))


JOB = Evidence(_title, _company)
DEGREE = Evidence(_degree, _institution)


def header_and_body(entry: Entry, edges: Edges, evidence: Evidence | None = None, *, most: int = 3) -> tuple[list[Text], list[Line]]:
    """The texts that name the entry, wrapped lines joined, and the lines that describe it. `evidence` tells what lines name, where it is known."""
    pieces = list(entry.header)
    body = list(entry.body)
    indent = min((p.line.box.x0 for p in pieces), default=body[0].box.x0 if body else 0.0)
    while body and len(_texts(pieces, edges, evidence)) < most + 1:
        line = body[0]
        last = pieces[-1].line if pieces else None
        if line.bullet or label_of(line.text) or len(line.text) > 130:
            break
        if last is None:
            pieces.append(Piece(line, line.text))
            body.pop(0)
            continue
        wrapped = continues(last, line, edges) and line.spans[0].italic == last.spans[-1].italic
        if not wrapped:
            indented = line.box.x0 > indent + 6 and line.box.x0 > last.box.x0 + 6
            far = _far(last, line, body[1] if len(body) > 1 else None)
            ends = line.text.rstrip().endswith((".", ";")) and not lexicon().company_suffix.search(line.text)
            sentence = len(line.text) > 75 or (ends and not line.text.isupper())
            school = evidence is DEGREE and _institution(line.text) > _degree(line.text)
            full = bool(len(body) > 1 and continues(line, body[1], edges) and len(line.text) > 50 and not school)
            if indented or far or sentence or full or len(_texts(pieces, edges, evidence)) >= most:
                break
        pieces.append(Piece(line, line.text))
        body.pop(0)
    return _texts(pieces, edges, evidence), body


def _far(last: Line, line: Line, following: Line | None) -> bool:
    """Does a gap part the header from what describes the entry? Not where all lines stand so wide apart."""
    if line.page != last.page:
        return False
    between = 1.4 * line.size * max(0, line.number - last.number - 1)  # the date's line, where it stands between them
    gap = line.box.y0 - last.box.y1 - between
    if gap <= 1.1 * line.size:
        return False
    below = following.box.y0 - line.box.y1 if following and following.page == line.page else 2.2 * line.size
    return gap > 1.25 * below


def _texts(pieces: Sequence[Piece], edges: Edges, evidence: Evidence | None) -> list[Text]:
    """Pieces with wrapped lines joined and style changes split."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        if groups and piece.line.number != groups[-1][-1].line.number:
            last = groups[-1][-1]
            whole = last.text == last.line.text or last.start > 0
            wrapped = whole and piece.start == 0 and _same_look(last.line, piece.line) and continues(last.line, piece.line, edges)
            if wrapped and not (evidence and _names_another(last.text, piece.text, evidence)):
                groups[-1].append(piece)
                continue
        groups.append([piece])
    found: list[Text] = []
    for group in groups:
        if len(group) == 1:
            found.extend(Text(text, (group[0].line,)) for text in by_style(group[0]))
        else:
            head = by_style(group[0])
            found.extend(Text(text, (group[0].line,)) for text in head[:-1])
            found.append(Text(joined([head[-1], *(p.text for p in group[1:])]), tuple(p.line for p in group)))
    return [t for t in found if t.text.strip(EDGES + "()")]


def _names_another(above: str, below: str, evidence: Evidence) -> bool:
    """A degree and below it its school, a title and below it the company: two things, however far the upper line reaches."""
    plain = re.sub(r"\([^()]*\)", "", above).strip()
    whole = plain and "," not in plain and (plain.split()[-1][0].isupper() or plain.split()[-1].isdigit()) and not lexicon().at_company.search(plain)
    return bool(whole and evidence.what(plain) and not evidence.who(plain) and evidence.who(below) and not evidence.what(below))


def _same_look(a: Line, b: Line) -> bool:
    tail, head = a.spans[-1], b.spans[0]
    return tail.bold == head.bold and tail.italic == head.italic and abs(tail.size - head.size) < 0.6


_JOINING = frozenset({"in", "of", "im", "en", "der", "für"})


def by_style(piece: Piece) -> list[str]:
    """A line in two styles says two things: "**Engineer**, Example Ltd"."""
    spans = piece.line.spans
    if len(spans) < 2:
        return [piece.text]
    cuts = [b.start for a, b in itertools.pairwise(spans) if a.bold != b.bold or a.italic != b.italic or (a.color != b.color and a.end - a.start > 3)]
    until = piece.line.text.find(piece.text[-12:], piece.start) + len(piece.text[-12:]) if piece.text else piece.start
    bounds = [piece.start, *[c for c in cuts if piece.start < c < until], until]
    texts = [clean(piece.line.text[a:b]) for a, b in itertools.pairwise(bounds)]
    texts = [t for t in texts if t.strip(EDGES + "()")]
    runs_on = any(a.split()[-1] in _JOINING or b.split()[0] in _JOINING or b[0] == "(" for a, b in itertools.pairwise(texts))
    if runs_on:
        return [piece.text]
    return texts if len(texts) > 1 and "".join(texts).count("(") == "".join(texts).count(")") else [piece.text]


def what_first(all_texts: Sequence[Sequence[Text]], evidence: Evidence) -> bool:
    """Do the entries of this section name the title (degree) before the company (institution)?"""
    votes = 0.0
    for texts in all_texts:
        if len(texts) >= 2:
            a, b = texts[0].text, texts[1].text
            votes += evidence.what(a) + evidence.who(b) - evidence.who(a) - evidence.what(b)
    return votes >= 0


def roles(texts: list[Text], evidence: Evidence, *, first_what: bool, split_place: bool) -> tuple[Roles, list[Text]]:
    """Tell the header texts apart. What is not told apart is handed back."""
    texts = [t for text in texts for t in _at_company(text) if not DURATION.fullmatch(t.text.strip())]
    if not texts:
        return Roles(None, None, None), []
    place = next((t for t in texts if split_place and _only_place(t.text, evidence)), None) if len(texts) > 2 else None
    if place:
        told, rest = roles([t for t in texts if t is not place], evidence, first_what=first_what, split_place=False)
        return Roles(told.what, told.who, place), rest
    if evidence is JOB and lexicon().pauses.match(texts[0].text):
        return Roles(texts[0], None, None), texts[1:]
    if len(texts) > 2 and (beside := _place_beside(texts, evidence)):
        told, rest = roles([t for t in texts if t is not beside], evidence, first_what=first_what, split_place=False)
        return Roles(told.what, told.who, Text(beside.text.strip(EDGES), beside.lines)), rest
    if len(texts) == 1:
        return _one_line(texts[0], evidence, split_place=split_place, first_what=first_what), []
    if len(texts) >= 3 and set(texts[0].lines) & set(texts[1].lines) and not evidence.who(texts[1].text) and evidence.who(texts[2].text):
        texts = [Text(f"{texts[0].text.rstrip(', ')}, {texts[1].text}", texts[0].lines), *texts[2:]]
    first, second, rest = texts[0], texts[1], texts[2:]
    if _both_in_one(first, evidence) and _one_place(second.text) and not evidence.who(second.text):
        one = _one_line(first, evidence, split_place=split_place, first_what=first_what)
        if one.who and not one.where:
            return Roles(one.what, one.who, second), rest
    own = evidence.what(first.text) + evidence.who(second.text) - evidence.who(first.text) - evidence.what(second.text)
    order = first_what if abs(own) < 3 else own > 0
    what, who = (first, second) if order else (second, first)
    where = None
    if split_place:
        who, where = name_and_place(who)
    if where is None and rest and _place_like(rest[0].text) and not evidence.who(rest[0].text):
        where, rest = rest[0], rest[1:]
    if where is None and order is False:
        parts_of_what = re.split(r"\s*\u2003\s*|\s+\|\s+", what.text)
        if len(parts_of_what) == 2 and _place_like(parts_of_what[1]):
            what, where = Text(parts_of_what[0], what.lines), Text(parts_of_what[1], what.lines)
    return Roles(what, who, where), rest


def _place_beside(texts: Sequence[Text], evidence: Evidence) -> Text | None:
    """The town that follows a company or a school on its line in another style: "**Example Ltd,** Leeds"."""
    for name, text in itertools.pairwise(texts):
        parted = name.text.rstrip().endswith((",", "·", "|", "–", "—", "-")) or text.text.lstrip()[:1] in ",·|–—-"
        town = text.text.strip(EDGES)
        if (
            parted
            and set(name.lines) & set(text.lines)
            and _place_like(town)
            and len(town.split()) <= 4
            and not evidence.what(town)
            and not evidence.who(town)
            and evidence.what(name.text) <= evidence.who(name.text)
        ):
            return text
    return None


def _at_company(text: Text) -> list[Text]:
    """ "Engineer at Example Ltd" names two things."""
    lead = lexicon().at_company.match(f" {text.text}")
    if lead:
        return [Text(text.text[lead.end() - 1 :], text.lines)]
    match = lexicon().at_company.search(text.text)
    if not match or len(text.text) > 90:
        return [text]
    return [Text(text.text[: match.start()], text.lines), Text(text.text[match.end() :], text.lines)]


def _both_in_one(text: Text, evidence: Evidence) -> bool:
    parts = split_outside_brackets(text.text, SEPARATORS)
    return len(parts) >= 2 and evidence.what(parts[0]) > 0 and evidence.what(parts[-1]) <= evidence.who(parts[-1])


def _place_like(text: str) -> bool:
    """A few capitalised words, perhaps with a region or country behind a comma."""
    words = text.replace(",", " ").replace("(", " ").replace(")", " ").split()
    small = {
        "am",
        "an",
        "der",
        "im",
        "bei",
        "ob",
        "v.",
        "d.",
        "a.",
        "in",
        "i.",
        "of",
        "the",
        "de",
        "la",
        "le",
        "sur",
        "en",
        "und",
        "and",
        "/",
        "-",
        "–",
        "remote",
        "hybrid",
    }
    return (
        0 < len(words) <= 6
        and not any(c.isdigit() for c in text)
        and all(w[0].isupper() or w.casefold() in small for w in words)
        and not lexicon().title_words.search(text)
    )


def _one_place(text: str) -> bool:
    """A town, perhaps with its region: not two names behind each other."""
    parts = split_outside_brackets(text, r",\s+")
    return _place_like(text) and (len(parts) == 1 or _region(parts[-1]))


def _only_place(text: str, evidence: Evidence) -> bool:
    """ "New York, NY", "Lyon, France": a town with its region or country, and nothing else."""
    parts = split_outside_brackets(text, r",\s+")
    return len(parts) in (2, 3) and _place_like(text) and _region(parts[-1]) and not evidence.what(text) and not evidence.who(text)


def _region(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Z]{2,3}", text)) or text.casefold().strip("() ") in lexicon().countries


def name_and_place(who: Text) -> tuple[Text, Text | None]:
    parts = split_outside_brackets(who.text, SEPARATORS)
    if len(parts) < 2:
        return who, None
    take = 2 if len(parts) >= 3 and _region(parts[-1]) else 1
    tail = parts[-take:]
    if not _place_like(" ".join(tail)) or any(lexicon().company_suffix.search(t) for t in tail) or (take == 1 and _institution_like(tail[0])):
        return who, None
    at = who.text.rfind(tail[0])
    return Text(who.text[:at], who.lines), Text(who.text[at:], who.lines)


def _institution_like(text: str) -> bool:
    return bool(lexicon().company_words.search(text)) and not _region(text) and " " in text


def _one_line(text: Text, evidence: Evidence, *, split_place: bool, first_what: bool) -> Roles:
    """ "Leiter Rechnungswesen, Beispiel GmbH, Bad Homburg": the division that the evidence likes best."""
    parts = split_outside_brackets(text.text, STRONG)
    if len(parts) < 2:
        parts = split_outside_brackets(text.text, SEPARATORS)
    n = len(parts)
    if n == 1:
        if evidence.who(text.text) > evidence.what(text.text):
            return Roles(None, text, None)
        return Roles(text, None, None)
    best, best_score = (1, n, True), -99.0
    for order in (True, False):
        for i in range(1, n):
            for j in range(i + 1, n + 1) if split_place else [n]:
                what, who, where = (parts[:i], parts[i:j], parts[j:]) if order else (parts[i:j], parts[:i], parts[j:])
                score = _division(what, who, where, evidence) + 0.4 * (order == first_what)
                if score > best_score:
                    best, best_score = (i, j, order), score
    i, j, order = best
    cuts = [0, _offset(text.text, parts, i), _offset(text.text, parts, j), len(text.text)]
    one, two, three = (Text(text.text[a:b], text.lines) for a, b in itertools.pairwise(cuts))
    what_text, who_text = (one, two) if order else (two, one)
    if j == n and split_place and len(parts) < 3:
        who_text, place = name_and_place(who_text)
        return Roles(what_text, who_text, place)
    return Roles(what_text, who_text, three if j < n else None)


def _division(what: list[str], who: list[str], where: list[str], evidence: Evidence) -> float:
    score = 2.0 * (evidence.what(what[0]) > 0) - 1.5 * (evidence.who(what[0]) > evidence.what(what[0]))
    score += sum(0.4 if evidence.what(w) > evidence.who(w) else -1.5 if evidence.who(w) else -0.3 for w in what[1:])
    score += min(2.0, evidence.who(who[0])) - 1.5 * (evidence.what(who[0]) > evidence.who(who[0]))
    score += sum(1.0 if evidence.who(w) else -0.5 for w in who[1:])
    if where:
        score += 0.5 if _place_like(" ".join(where)) else -3.0
        score -= 3.0 * any(lexicon().company_suffix.search(w) for w in where) + 1.0 * any(evidence.who(w) for w in where)
        score -= 0.8 * (len(where) > 1 and not _region(where[-1])) + 2.0 * (len(where) > 2)
    return score


def _offset(text: str, parts: list[str], n: int) -> int:
    """Where part n begins in the text."""
    at = 0
    for i, p in enumerate(parts):
        at = text.find(p, at)
        if i == n:
            return at
        at += len(p)
    return len(text)


def without_gaps(text: str) -> str:
    return clean(text.replace(WIDE, " "))
