"""The model structurer: numbered lines in, pointers at lines out. Code copies the text of long fields."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from pipeline.lang.dates import find_dates, find_periods
from pipeline.lang.detect import language_of
from pipeline.lang.levels import cefr
from pipeline.lang.lexicon import key, lexicon
from pipeline.model.cv import (
    Basics,
    Certificate,
    Cv,
    Education,
    Language,
    LeftOut,
    Link,
    Period,
    Position,
    Project,
    SkillGroup,
    Sourced,
)
from pipeline.model.document import Document
from pipeline.model.job import Usage
from pipeline.ports import Llm, Prompt, RefusedByModel
from pipeline.structure.answer import (
    BasicsAnswer,
    CvAnswer,
    EducationAnswer,
    LanguageAnswer,
    PositionAnswer,
    ProjectAnswer,
    Range,
    Value,
    strict_schema,
)
from pipeline.structure.furniture import without_furniture
from pipeline.structure.periods import period_of
from pipeline.structure.sections import section_of
from pipeline.structure.text import clean, joined

VERSION = "model/1"
_SYSTEM = (Path(__file__).parent / "prompts" / "cv.md").read_text("utf-8")


async def structure_by_model(document: Document, llm: Llm) -> tuple[Cv, Usage]:
    """Raises RefusedByModel for an answer of no use, TransientError where the model cannot be reached."""
    completion = await llm.complete(prompt(document))
    try:
        answer = CvAnswer.model_validate(completion.answer)
    except ValidationError as error:
        raise RefusedByModel("the answer is not of the schema") from error
    usage = Usage(input_tokens=completion.input_tokens, output_tokens=completion.output_tokens, cost=completion.cost)
    return _Reader(document).cv(answer, f"{VERSION} {completion.model}"), usage


def prompt(document: Document) -> Prompt:
    kept, _ = without_furniture(document)
    numbered = "\n".join(f"{line.number}| {clean(line.text)}" for line in kept)
    return Prompt("cv", _SYSTEM, numbered, strict_schema())


def _reads_like_heading(text: str) -> bool:
    """A section's name, a document's title, or a label: what a model calls a heading is not believed without."""
    plain = key(text)
    lex = lexicon()
    return section_of(text) is not None or plain in lex.document_titles or plain in lex.labels


class _Reader:
    """Answer -> Cv. Line numbers that do not exist drop the value; whether it stands there is `check`'s question."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._numbers = {line.number for line in document.lines}

    def cv(self, answer: CvAnswer, structurer: str) -> Cv:
        _, left_out = without_furniture(self._document)
        known = {o.line for o in left_out}
        named = [self._document.line(n) for n in answer.headings if n in self._numbers and n not in known]
        headings = [LeftOut(line.number, "heading", line.text) for line in named if _reads_like_heading(line.text)]
        return Cv(
            language=language_of("\n".join(line.text for line in self._document.lines)),
            structurer=structurer,
            basics=self._basics(answer.basics),
            positions=tuple(self._position(p) for p in answer.positions),
            projects=tuple(self._project(p) for p in answer.projects),
            education=tuple(self._education(e) for e in answer.education),
            certificates=tuple(Certificate(self._value(c.name), self._value(c.issuer), self._date(c.date)) for c in answer.certificates),
            skills=tuple(SkillGroup(self._value(s.name), self._values(s.items)) for s in answer.skills),
            languages=tuple(self._language(entry) for entry in answer.languages),
            volunteer=tuple(self._position(p) for p in answer.volunteer),
            publications=self._ranges(answer.publications),
            awards=self._ranges(answer.awards),
            references=self._ranges(answer.references),
            interests=self._values(answer.interests),
            left_out=tuple(sorted((*left_out, *headings), key=lambda o: o.line)),
        )

    def _value(self, value: Value | None) -> Sourced | None:
        if value is None or not value.text.strip():
            return None
        lines = tuple(n for n in dict.fromkeys(value.lines) if n in self._numbers)
        return Sourced(clean(value.text), lines) if lines else None

    def _values(self, values: list[Value]) -> tuple[Sourced, ...]:
        return tuple(v for v in map(self._value, values) if v)

    def _ranges(self, ranges: list[Range]) -> tuple[Sourced, ...]:
        found = []
        for r in ranges:
            lines = [self._document.line(n) for n in range(r.first, r.last + 1) if n in self._numbers] if r.last - r.first < 60 else []
            if lines:
                found.append(Sourced(joined(line.text for line in lines), tuple(line.number for line in lines)))
        return tuple(found)

    def _date(self, value: Value | None) -> Sourced | None:
        printed = self._value(value)
        dates = find_dates(printed.text) if printed else []
        if printed is None or not dates:
            return printed
        return Sourced(dates[0].iso, printed.lines, printed=printed.text[dates[0].start : dates[0].end], rule="date")

    def _period(self, value: Value | None) -> Period:
        printed = self._value(value)
        periods = find_periods(printed.text) if printed else []
        if printed is None or not periods:
            return Period()
        return period_of(periods[0], printed.text, printed.lines)

    def _basics(self, b: BasicsAnswer) -> Basics:
        return Basics(
            name=self._value(b.name),
            headline=self._value(b.headline),
            email=self._value(b.email),
            phone=self._value(b.phone),
            address=self._value(b.street),
            postal_code=self._value(b.postal_code),
            city=self._value(b.city),
            country=self._value(b.country),
            birth_date=self._date(b.birth_date),
            birth_place=self._value(b.birth_place),
            nationality=self._value(b.nationality),
            marital_status=self._value(b.marital_status),
            links=tuple(Link(self._value(link.url), self._value(link.network), self._value(link.username)) for link in b.links),
            summary=self._ranges(b.summary),
        )

    def _position(self, p: PositionAnswer) -> Position:
        return Position(
            title=self._value(p.title),
            company=self._value(p.company),
            location=self._value(p.location),
            period=self._period(p.period),
            summary=self._ranges(p.summary),
            highlights=self._ranges(p.highlights),
            technologies=self._values(p.technologies),
        )

    def _project(self, p: ProjectAnswer) -> Project:
        return Project(
            name=self._value(p.name),
            role=self._value(p.role),
            customer=self._value(p.customer),
            period=self._period(p.period),
            summary=self._ranges(p.summary),
            highlights=self._ranges(p.highlights),
            technologies=self._values(p.technologies),
        )

    def _education(self, e: EducationAnswer) -> Education:
        return Education(
            institution=self._value(e.institution),
            degree=self._value(e.degree),
            area=self._value(e.area),
            location=self._value(e.location),
            grade=self._value(e.grade),
            period=self._period(e.period),
            summary=self._ranges(e.summary),
        )

    def _language(self, entry: LanguageAnswer) -> Language:
        level = self._value(entry.level)
        normal = cefr(level.text) if level else ""
        rated = Sourced(normal, level.lines, printed=level.text, rule="cefr") if level and normal else None
        return Language(self._value(entry.name), level, rated)
