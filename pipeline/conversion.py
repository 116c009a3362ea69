"""The steps in order: this is the pipeline. PDF -> numbered lines -> Cv -> findings -> Word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol, TypeVar

from pipeline.check.check import check
from pipeline.errors import Busy, TransientError
from pipeline.model.cv import Cv
from pipeline.model.document import Document
from pipeline.model.finding import SEVERITIES, Finding
from pipeline.model.formats import SUFFIXES
from pipeline.model.job import Job, Step, Usage
from pipeline.model.json_resume import Json, to_json_resume
from pipeline.ports import Llm, MalwareScan, PdfReader, RefusedByModel, WordFile
from pipeline.render.word import render
from pipeline.structure.model import structure_by_model
from pipeline.structure.rules import structure_by_rules

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tools:
    """What the steps need from outside. `firm` is printed in the Word file; `templates` holds the firm's own ones."""

    reader: PdfReader
    llm: Llm | None = None
    scan: MalwareScan | None = None
    firm: str = ""
    templates: Path | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """`language` of the section labels; empty means the document's. `today` is what "heute" means; `mark` is a bookmark of the Word file."""

    today: date
    template: str = "classic"
    language: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Structured:
    cv: Cv
    findings: tuple[Finding, ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Conversion:
    """Everything that one CV became. `word` is the .docx, empty where it was not asked for."""

    document: Document
    cv: Cv
    findings: tuple[Finding, ...]
    usage: Usage
    word: bytes = b""

    def json_resume(self) -> Json:
        return to_json_resume(self.cv, self.findings, self.document)


class Checkpoint(Protocol):
    """Runs a step, or hands back what it gave before a crash."""

    async def __call__(self, step: Step, kind: type[T], work: Callable[[], Awaitable[T]]) -> T: ...


async def straight(step: Step, kind: type[T], work: Callable[[], Awaitable[T]]) -> T:
    """No checkpoints: for work that is quickly repeated."""
    return await work()


async def convert(pdf: bytes, tools: Tools, options: Options, *, checkpoint: Checkpoint = straight, word: bool = True) -> Conversion:
    """Raises UserError where the PDF or the template cannot be used, TransientError where trying again may help."""
    document = await checkpoint(Step.READING, Document, lambda: _read(pdf, tools))
    structured = await checkpoint(Step.STRUCTURING, Structured, lambda: _structure(document, tools))
    checked = await checkpoint(Step.CHECKING, Structured, lambda: _check(structured, document, options))
    file = await checkpoint(Step.WRITING, bytes, lambda: _write(checked.cv, tools, options)) if word else b""
    return Conversion(document, checked.cv, checked.findings, checked.usage, file)


async def _read(pdf: bytes, tools: Tools) -> Document:
    """Nothing is opened before it is looked at, where a scanner is configured."""
    if tools.scan:
        await tools.scan.check(pdf)
    return await tools.reader.read(pdf)


async def _structure(document: Document, tools: Tools) -> Structured:
    """By rules; where a model is configured, by both, held against each other."""
    rules = await _off_loop(lambda: structure_by_rules(document))
    if tools.llm is None:
        return Structured(rules)
    try:
        asked = await structure_by_model(document, rules, tools.llm)
        return Structured(asked.cv, asked.findings, asked.usage)
    except Busy:  # soon there is room again: that is worth waiting for
        raise
    except (RefusedByModel, TransientError) as error:
        return Structured(rules, (Finding("warning", "model_refused" if isinstance(error, RefusedByModel) else "model_unavailable"),))


async def _check(structured: Structured, document: Document, options: Options) -> Structured:
    cv, found = await _off_loop(lambda: check(structured.cv, document, today=options.today))
    findings = sorted((*structured.findings, *found), key=lambda f: SEVERITIES.index(f.severity))
    return Structured(cv, tuple(findings), structured.usage)


async def _write(cv: Cv, tools: Tools, options: Options) -> bytes:
    return await _off_loop(
        lambda: render(cv, template=options.template, language=options.language, firm=tools.firm, folder=tools.templates, mark=options.mark)
    )


async def _off_loop(work: Callable[[], T]) -> T:
    """The one place where CPU work leaves the event loop."""
    return await asyncio.to_thread(work)


def word_file(job: Job, cv: Cv, word: bytes) -> WordFile:
    """The CV's Word file as it is saved; the same for every attempt."""
    name = cv.basics.name.text if cv.basics.name else ""
    stem = next((job.source.name[: -len(suffix)] for suffix in SUFFIXES if job.source.name.lower().endswith(suffix)), job.source.name)
    return WordFile(job.id, name or "CV", f"CV {name or stem}.docx", word, created=job.created, of_several=bool(job.batch))
