"""What an anonymous CV shows, indexed: made once for each CV, kept, and held against any number of profiles."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.lang.concept import Concepts, Mention
from pipeline.lang.postings import years_stated
from pipeline.lang.words import Word, words
from pipeline.match.anonymous import SKILL, TRAINING, AnonymousCv, Spoken, Statement
from pipeline.match.degrees import degree_of
from pipeline.match.licences import licences_in
from pipeline.model.timespan import Months

ENGINE = "4"
"""Of the rules that make facts and verdicts; a change of either raises it."""

_NEGATIONS = re.compile(r"(?:kein\w*|ohne|nicht|no|not|without|never|sans|geen|bez|nessuna?|ningun[ao]?)", re.IGNORECASE)
_BUT = frozenset({"nur", "only", "just"})
_PLANNED = re.compile(
    r"(?<!\w)(?:geplant|angestrebt|vorgesehen|planned|in planung|in vorbereitung|in progress|laufend|angemeldet|abgebrochen|noch nicht)(?!\w)",
    re.IGNORECASE,
)
BESIDE = 2
"""Words from a single letter to another skill that makes it one."""
_CLAUSE = re.compile(r"[,;.:!?()]|\b(?:aber|but|sondern)\b")


@dataclass(frozen=True, slots=True)
class Hit:
    """A concept in statement `at`, words `[first, last)`; `planned`: the CV says that it is still to come."""

    at: int
    first: int
    last: int
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A statement, ready for searching: its `stems` with a space around each. `stated`: the years of experience that it names, or 0."""

    kind: str
    lines: tuple[int, ...]
    span: int
    stems: str
    stated: float = 0.0


@dataclass(frozen=True, slots=True)
class Facts:
    """`version` names engine and lexicon that made them; `spans` are months of experiences, the first `positions` of them positions.

    `degrees` are levels (see degrees.py), `licences` classes, each with the statement that says so.
    """

    version: str
    language: str
    said: tuple[Said, ...]
    hits: dict[str, tuple[Hit, ...]]
    spans: tuple[Months | None, ...]
    positions: int
    spoken: tuple[Spoken, ...]
    degrees: tuple[tuple[int, int], ...]
    licences: tuple[tuple[str, int], ...]


def version(lexicon: Concepts) -> str:
    return f"{ENGINE}-{lexicon.version}"


def facts(cv: AnonymousCv, lexicon: Concepts) -> Facts:
    said: list[Said] = []
    hits: dict[str, list[Hit]] = {}
    for at, statement in enumerate(cv.statements):
        found = words(statement.text)
        stems = f" {' '.join(word.stem for word in found)} "
        said.append(Said(statement.kind, statement.lines, statement.span, stems, years_stated(statement.text)))
        planned = bool(_PLANNED.search(statement.text))
        for mention in _meant(lexicon.mentions(found), statement, found, lexicon):
            hits.setdefault(mention.concept, []).append(Hit(at, mention.first, mention.last, planned))
    degrees = [(degree_of(s.text), at) for at, s in enumerate(cv.statements) if s.kind == TRAINING and not _PLANNED.search(s.text)]
    return Facts(
        version=version(lexicon),
        language=cv.language,
        said=tuple(said),
        hits={key: tuple(found) for key, found in hits.items()},
        spans=cv.spans,
        positions=cv.positions,
        spoken=cv.spoken,
        degrees=tuple(degrees),
        licences=tuple((name, at) for at, s in enumerate(cv.statements) for name in sorted(licences_in(s.text))),
    )


def _meant(mentions: Sequence[Mention], statement: Statement, found: Sequence[Word], lexicon: Concepts) -> list[Mention]:
    """Without what is denied, and without single letters outside lists of skills: "Klasse C" is no programming language."""
    denied = _denied(statement.text, found)
    meant = [mention for mention in mentions if not denied[mention.first]]
    return [
        mention
        for mention in meant
        if statement.kind == SKILL or len(found[mention.first].raw) > 1 or any(0 < abs(other.first - mention.first) <= BESIDE for other in meant)
    ]


def _denied(text: str, found: Sequence[Word]) -> list[bool]:
    """For each word: does its clause say that it is not so? ("Kenntnisse in SAP FI habe ich keine, DATEV beherrsche ich sicher.")"""
    clauses: list[int] = []
    for i, word in enumerate(found):
        new = i > 0 and bool(_CLAUSE.search(text[found[i - 1].end : word.start]))
        clauses.append(clauses[-1] + new if clauses else 0)
    negative = {
        clause
        for i, (word, clause) in enumerate(zip(found, clauses, strict=True))
        if _NEGATIONS.fullmatch(word.raw) and not (i + 1 < len(found) and found[i + 1].raw.casefold() in _BUT)
    }
    return [clause in negative for clause in clauses]


def to_bytes(found: Facts) -> bytes:
    """Compact: thousands of them are read for one list."""
    plain = {
        "v": found.version,
        "l": found.language,
        "s": [[s.kind, s.lines, s.span, s.stems, s.stated] for s in found.said],
        "h": {key: [[h.at, h.first, h.last, int(h.planned)] for h in hits] for key, hits in found.hits.items()},
        "m": found.spans,
        "p": found.positions,
        "t": [[t.code, t.level, t.lines] for t in found.spoken],
        "d": found.degrees,
        "f": found.licences,
    }
    return zlib.compress(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def from_bytes(data: bytes) -> Facts:
    """Raises ValueError where the bytes are no facts, or of another form."""
    try:
        plain = json.loads(zlib.decompress(data))
        return Facts(
            plain["v"],
            plain["l"],
            tuple(Said(kind, tuple(lines), span, stems, stated) for kind, lines, span, stems, stated in plain["s"]),
            {key: tuple(Hit(at, first, last, bool(planned)) for at, first, last, planned in hits) for key, hits in plain["h"].items()},
            tuple(tuple(span) if span else None for span in plain["m"]),
            plain["p"],
            tuple(Spoken(code, level, tuple(lines)) for code, level, lines in plain["t"]),
            tuple((level, at) for level, at in plain["d"]),
            tuple((name, at) for name, at in plain["f"]),
        )
    except (zlib.error, KeyError, TypeError) as error:
        raise ValueError("no facts of a CV") from error
