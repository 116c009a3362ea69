"""Profile × Cv in steps: a posting becomes a Profile, a Cv its facts, and both a comparison. Chat, REST and command line all come through here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import Busy, TransientError, UserError
from pipeline.lang.concept import Concepts
from pipeline.lang.tokens import tokens
from pipeline.match.anonymous import anonymous
from pipeline.match.compare import asked_by, verdicts_of
from pipeline.match.facts import ENGINE, Facts, facts
from pipeline.match.opinion import fingerprint, opinions_in, question
from pipeline.model.codec import from_json
from pipeline.model.cv import Cv, leaves
from pipeline.model.document import Document
from pipeline.model.formats import is_archive, is_old_word_file, is_pdf, is_word_file
from pipeline.model.match import Reason, Score, Verdict, Versions
from pipeline.model.profile import Profile
from pipeline.model.timespan import months, years
from pipeline.ports import Llm, PdfReader, RefusedByModel
from pipeline.structure.posting import is_note, profile_of, profile_of_note
from pipeline.structure.posting_lines import posting_of_document, posting_of_text
from pipeline.structure.suggest import with_suggestions

LONG = 200
"""Characters of a piece of text that says one thing."""
_PERMIT = re.compile(
    r"(?<!\w)(?:arbeitserlaubnis|aufenthalts\w+|niederlassungserlaubnis|blaue karte|work permit|work authori[sz]ation|right to work|"
    r"blue card|visa|visum)(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it: see Match."""

    verdicts: tuple[Verdict, ...]
    score: Score
    notes: tuple[Reason, ...]
    years: float
    versions: Versions


async def read_profile(data: bytes, name: str, reader: PdfReader, lexicon: Concepts, llm: Llm | None = None) -> Profile:
    """A job description as PDF, Word file, Markdown or text, a note of one line, or a Profile as JSON. Raises UserError, TransientError.

    To a note, `llm` adds suggestions, where it can be reached.
    """
    if is_pdf(data) or is_word_file(data):
        return _useful(profile_of(posting_of_document(await reader.read(data)), source=name))
    if is_old_word_file(data) or is_archive(data) or b"\x00" in data:
        raise UserError("unknown_profile_format")
    if data.lstrip()[:1] == b"{":
        try:
            return from_json(data, Profile)
        except ValidationError as error:
            first = error.errors()[0]
            raise UserError("bad_profile", detail=f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    text = _decoded(data)
    if is_note(text):
        noted = profile_of_note(text, lexicon)
        try:
            return await with_suggestions(noted, text, llm) if llm else noted
        except Busy:
            raise
        except TransientError:  # the note is kept without
            return noted
    return _useful(profile_of(posting_of_text(text), source=name))


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _useful(profile: Profile) -> Profile:
    if not profile.requirements:
        raise UserError("no_requirements")
    return profile


def facts_of(cv: Cv, document: Document, lexicon: Concepts, *, today: date) -> Facts:
    """What the matcher may know of a CV."""
    return facts(anonymous(cv, today=today, unreliable=_unreliable(document)), lexicon)


def _unreliable(document: Document) -> frozenset[int]:
    """The lines that hold the pieces which seem to be printed with other letters than the file says."""
    found = set()
    for piece in document.doubtful:
        wanted = set(tokens(piece))
        best = max(document.lines, key=lambda line: len(wanted & set(tokens(line.text))))
        found.add(best.number)
    return frozenset(found)


class Recorded(BaseModel):
    """What a model answered when it was asked about a match: with it, the match can be made again. Costs in US dollars."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer: dict[str, Any]
    model: str
    prompt: str
    input_tokens: int
    output_tokens: int
    cost: float


async def asked_model(cv: Cv, document: Document, profile: Profile, lexicon: Concepts, llm: Llm, *, today: date) -> Recorded | None:
    """A model's opinion; None where it gives none of use. Raises Busy, TransientError."""
    view = anonymous(cv, today=today, unreliable=_unreliable(document))
    asked = asked_by(profile, lexicon)
    try:
        said = await llm.complete(question(view, asked))
        opinions_in(said.answer, view, asked)
    except (RefusedByModel, ValidationError):
        return None
    return Recorded(
        answer=said.answer, model=said.model, prompt=fingerprint(), input_tokens=said.input_tokens, output_tokens=said.output_tokens, cost=said.cost
    )


def compare(cv: Cv, document: Document, profile: Profile, lexicon: Concepts, *, today: date, recorded: Recorded | None = None) -> Compared:
    """`recorded` is what a model said to it, where one was asked."""
    view = anonymous(cv, today=today, unreliable=_unreliable(document))
    asked = asked_by(profile, lexicon)
    opinions = opinions_in(recorded.answer, view, asked) if recorded else {}
    verdicts, score = verdicts_of(facts(view, lexicon), document, asked, lexicon, opinions=opinions)
    spans = [span for position in cv.positions if (span := months(position.period, today)) and span[1] >= span[0]]
    versions = Versions(engine=ENGINE, lexicon=lexicon.version, model=recorded.model if recorded else "", prompt=recorded.prompt if recorded else "")
    return Compared(verdicts, score, tuple(_notes(cv, profile)), years(spans), versions)


def _notes(cv: Cv, profile: Profile) -> Iterator[Reason]:
    """Beside the score, never in it: where the work is and where the person lives, and what the CV says of a permit."""
    if profile.place and cv.basics.city:
        yield Reason(key="place", values={"place": profile.place, "city": cv.basics.city.text})
    for text in _free_texts(cv):
        if _PERMIT.search(text) and len(text) < LONG:
            yield Reason(key="permit", values={"text": text})
            return


def _free_texts(cv: Cv) -> Sequence[str]:
    basics, sections = cv.basics, cv.sections
    return [*(leaf.text for _, leaf in leaves((basics.more, basics.summary, basics.nationality, sections))), *(out.text for out in cv.left_out)]
