"""The model structurer: small questions in parallel over numbered lines, pointers back. Code copies all text, and holds it against the rules."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pydantic import ValidationError

from pipeline.errors import Busy, TransientError
from pipeline.lang.dates import find_dates, find_periods
from pipeline.lang.instructions import instructing
from pipeline.lang.levels import cefr
from pipeline.model.cv import Basics, Certificate, Cv, Education, Language, Period, Position, Project, SkillGroup, Sourced, leaves
from pipeline.model.document import Document, Line
from pipeline.model.finding import Finding
from pipeline.model.job import Usage
from pipeline.ports import Llm, Prompt, RefusedByModel
from pipeline.structure.answer import (
    QUESTIONS,
    VERSION,
    Answer,
    ContactAnswer,
    EducationAnswer,
    JobAnswer,
    ProjectAnswer,
    Question,
    RestAnswer,
    SchoolAnswer,
    WorkAnswer,
    fingerprint,
)
from pipeline.structure.blocks import items
from pipeline.structure.body import described, technologies_of
from pipeline.structure.layout import Layout, layout_of
from pipeline.structure.lists import list_items
from pipeline.structure.periods import period_of
from pipeline.structure.pieces import Pieces
from pipeline.structure.reconcile import reconciled
from pipeline.structure.sections import Part
from pipeline.structure.text import label_of

T = TypeVar("T")

LONG_HEAD = 30
"""More lines before the first heading than this are no head: the page has no headings that we know."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the model made of the CV, held against the rules."""

    cv: Cv
    findings: tuple[Finding, ...]
    usage: Usage


async def structure_by_model(document: Document, rules: Cv, llm: Llm) -> Asked:
    """`rules` is what the rules made of the same document: they fill the fields of a question that fails.

    Raises RefusedByModel where no question got an answer of use, TransientError where the model cannot be reached,
    Busy where one of the questions has to wait.
    """
    layout = layout_of(document)
    telling = instructing([line.text for line in layout.lines])
    kept_back = {layout.lines[i].number for i in telling}
    shown = {q.name: Pieces((o for o in seen_by(q, layout) if o.number not in kept_back), bullets=q.bullets) for q in QUESTIONS}
    answers = await asyncio.gather(*(_ask(q, shown[q.name], llm) for q in QUESTIONS), return_exceptions=True)
    usage, cv, findings, failed, model = Usage(), Cv(rules.language, ""), [], [], ""
    for question, given in zip(QUESTIONS, answers, strict=True):
        if isinstance(given, (RefusedByModel, TransientError)) and not isinstance(given, Busy):
            failed.append((question, given))
            continue
        if isinstance(given, BaseException):
            raise given
        answer, spent, model = given
        usage = Usage(
            input_tokens=usage.input_tokens + spent.input_tokens,
            output_tokens=usage.output_tokens + spent.output_tokens,
            cost=round(usage.cost + spent.cost, 6),
        )
        reader = _Reader(shown[question.name], layout)
        cv = reader.add(cv, answer)
        findings += reader.findings
    if len(failed) == len(QUESTIONS):
        raise next((e for _, e in failed if isinstance(e, TransientError)), failed[0][1])
    merged, disagreements = reconciled(cv, rules, without={q.name for q, _ in failed})
    findings += disagreements
    if failed:
        findings.append(Finding("warning", "model_in_part", values=(("count", str(len(failed))),)))
    return Asked(replace(merged, structurer=f"model/{VERSION}-{fingerprint()} {model}"), tuple(findings), usage)


def seen_by(question: Question, layout: Layout) -> list[Line]:
    """The lines of the question's sections, and of those that no heading names; all lines, where it has no section of its own."""
    own = [p for p in layout.parts if p.kind in question.kinds and p.lines]
    if not own:
        return layout.lines
    seen = [p for p in layout.parts if p.kind in question.kinds or _unnamed(p)]
    return [line for p in seen for line in (*p.heading, *p.lines)]


def _unnamed(part: Part) -> bool:
    return part.kind in ("unknown", "other") or (part.kind == "head" and len(part.lines) > LONG_HEAD)


async def _ask(question: Question, pieces: Pieces, llm: Llm) -> tuple[Answer, Usage, str]:
    completion = await llm.complete(prompt_of(question, pieces))
    try:
        answer = question.answer.model_validate(completion.answer)
    except ValidationError as error:
        raise RefusedByModel("the answer is not of the schema") from error
    return answer, Usage(input_tokens=completion.input_tokens, output_tokens=completion.output_tokens, cost=completion.cost), completion.model


def prompt_of(question: Question, pieces: Pieces) -> Prompt:
    return Prompt(question.name, question.system, pieces.shown(), question.schema)


def _said(entries: Iterable[T]) -> tuple[T, ...]:
    """The entries of which anything is left."""
    return tuple(entry for entry in entries if any(leaves(entry)))


@dataclass(slots=True)
class _Reader:
    """One question's answer -> fields. A pointer at nothing, or a date that is none, is a finding."""

    pieces: Pieces
    layout: Layout
    findings: list[Finding] = field(default_factory=list)

    def add(self, cv: Cv, answer: Answer) -> Cv:
        match answer:
            case ContactAnswer():
                return replace(cv, basics=self._basics(answer))
            case WorkAnswer():
                return replace(
                    cv,
                    positions=_said(map(self._position, answer.positions)),
                    projects=_said(map(self._project, answer.projects)),
                    volunteer=_said(map(self._position, answer.volunteer)),
                )
            case EducationAnswer():
                certificates = (Certificate(self._value(c.name), self._value(c.issuer), self._date(c.date)) for c in answer.certificates)
                return replace(cv, education=_said(map(self._education, answer.education)), certificates=tuple(c for c in certificates if c.name))
            case RestAnswer():
                groups = (SkillGroup(self._value(g.name), self._listed(g.items)) for g in answer.skills)
                return replace(
                    cv,
                    skills=tuple(g for g in groups if g.items),
                    languages=tuple(entry for a in answer.languages if (entry := self._language(a.name, a.level)).name),
                    publications=self._values(answer.publications),
                    awards=self._values(answer.awards),
                    references=self._values(answer.references),
                    interests=tuple(v for pointer in answer.interests for v in self._listed(pointer)),
                )

    def _value(self, pointer: str) -> Sourced | None:
        if not pointer.strip():
            return None
        value = self.pieces.at(pointer)
        if value is None:
            self._drop(pointer)
            return None
        labelled = label_of(value.text)
        return replace(value, text=labelled[1]) if labelled and labelled[1] else value

    def _values(self, pointers: Sequence[str]) -> tuple[Sourced, ...]:
        return tuple(v for v in map(self._value, pointers) if v)

    def _listed(self, pointer: str) -> tuple[Sourced, ...]:
        value = self._value(pointer)
        return tuple(list_items(value.text, self.pieces.lines(pointer))) if value else ()

    def _lines(self, pointer: str) -> list[Line]:
        lines = self.pieces.lines(pointer)
        if pointer.strip() and not lines:
            self._drop(pointer)
        return lines

    def _drop(self, pointer: str) -> None:
        self.findings.append(Finding("warning", "model_pointed_wrong", values=(("value", pointer[:40]),)))

    def _date(self, pointer: str) -> Sourced | None:
        value = self._value(pointer)
        dates = find_dates(value.text) if value else []
        if value and not dates:
            self._drop(pointer)
        return Sourced(dates[0].iso, value.lines, printed=value.text[dates[0].start : dates[0].end], rule="date") if value and dates else None

    def _period(self, pointer: str) -> Period:
        value = self._value(pointer)
        periods = find_periods(value.text) if value else []
        if value and not periods:
            self._drop(pointer)
        return period_of(periods[0], value.text, value.lines) if value and periods else Period()

    def _basics(self, a: ContactAnswer) -> Basics:
        return Basics(
            name=self._value(a.name),
            headline=self._value(a.headline),
            email=self._value(a.email),
            phone=self._value(a.phone),
            address=self._value(a.street),
            postal_code=self._value(a.postal_code),
            city=self._value(a.city),
            country=self._value(a.country),
            birth_date=self._date(a.birth_date),
            birth_place=self._value(a.birth_place),
            nationality=self._value(a.nationality),
            marital_status=self._value(a.marital_status),
            summary=tuple(item.value for item in items(self._lines(a.summary), self.layout.edges)),
        )

    def _position(self, a: JobAnswer) -> Position:
        text, technologies = self._text(a.text, a.technologies)
        summary, highlights = described((), text, self.layout.edges, None)
        return Position(self._value(a.title), self._value(a.company), self._value(a.place), self._period(a.dates), summary, highlights, technologies)

    def _project(self, a: ProjectAnswer) -> Project:
        text, technologies = self._text(a.text, a.technologies)
        summary, highlights = described((), text, self.layout.edges, None)
        return Project(self._value(a.name), self._value(a.role), self._value(a.customer), self._period(a.dates), summary, highlights, technologies)

    def _text(self, text: str, technologies: str) -> tuple[list[Line], tuple[Sourced, ...]]:
        """The lines that describe an entry, and the technologies: those pointed at, else those that a label of the text names."""
        lines = self._lines(text)
        if technologies.strip():
            listed = {line.number for line in self.pieces.lines(technologies)}
            return [line for line in lines if line.number not in listed], self._listed(technologies)
        found, rest = technologies_of(lines, self.layout.edges)
        return rest, found

    def _education(self, a: SchoolAnswer) -> Education:
        summary = tuple(item.value for item in items(self._lines(a.text), self.layout.edges))
        return Education(
            institution=self._value(a.school),
            degree=self._value(a.degree),
            area=self._value(a.area),
            location=self._value(a.place),
            grade=self._value(a.grade),
            period=self._period(a.dates),
            summary=summary,
        )

    def _language(self, name: str, level: str) -> Language:
        printed = self._value(level)
        normal = cefr(printed.text) if printed else ""
        rated = Sourced(normal, printed.lines, printed=printed.text, rule="cefr") if printed and normal else None
        return Language(self._value(name), printed, rated)
