"""The check step: values against lines, contact data, dates, the loss ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pipeline.check.as_of import as_of, as_of_told, day_of
from pipeline.check.contact import contact_checked
from pipeline.check.ledger import balanced
from pipeline.check.timeline import dates_checked
from pipeline.check.verify import verified
from pipeline.lang.instructions import instructing
from pipeline.model.cv import Cv
from pipeline.model.document import Document
from pipeline.model.finding import SEVERITIES, Finding

UNSURE = 0.75
"""Lines that character recognition is less sure of should be read by a person."""


def check(cv: Cv, document: Document, *, today: date) -> tuple[Cv, list[Finding]]:
    """The Cv with only what the page supports, its ledger complete, and the findings, gravest first."""
    cv, unsupported = verified(cv, document)
    cv, lost = balanced(cv, document)
    cv = replace(cv, as_of=as_of(cv, document, today))
    findings = [*unsupported, *contact_checked(cv), *dates_checked(cv, day_of(cv.as_of)), *as_of_told(cv), *lost]
    findings += [*_recognised(document), *_unseen(document), *_instructing(document)]
    if document.flags:
        active = ", ".join(f.strip("/") for f in document.flags if f != "/AcroForm")
        if active:
            findings.append(Finding("info", "active_content", values=(("names", active),)))
    findings.sort(key=lambda f: SEVERITIES.index(f.severity))
    return cv, findings


def _unseen(document: Document) -> list[Finding]:
    """Text that the file holds and no page shows, or shows otherwise: somebody put it there."""
    found = [Finding("warning", "hidden_text", values=(("text", text[:300]),)) for text in document.hidden]
    found += [Finding("warning", "doubtful_text", values=(("text", text[:300]),)) for text in document.doubtful]
    if document.invisible:
        found.append(Finding("info", "invisible_characters", values=(("count", str(document.invisible)),)))
    return found


def _instructing(document: Document) -> list[Finding]:
    """Visible text that tells a machine what to do: printed like any other text, obeyed by nobody, but a person should know."""
    texts = [line.text for line in document.lines]
    found = sorted(instructing(texts))
    if not found:
        return []
    numbers = tuple(document.lines[i].number for i in found)
    return [Finding("warning", "instructions", "", numbers, (("text", " ".join(texts[i] for i in found)[:300]),))]


def _recognised(document: Document) -> list[Finding]:
    """That pages are missing, that pages were read from a picture, and which lines the engine was not sure of."""
    found = [Finding("error", "page_unreadable", values=(("pages", ", ".join(map(str, document.unreadable))),))] if document.unreadable else []
    if not document.scanned:
        return found
    pages = ", ".join(map(str, document.scanned))
    found += [Finding("info", "recognised", values=(("pages", pages),))]
    unsure = [line for line in document.lines if line.confidence is not None and line.confidence < UNSURE]
    if unsure:
        text = "; ".join(line.text for line in unsure)
        numbers = tuple(line.number for line in unsure)
        found.append(Finding("warning", "recognised_badly", "", numbers, (("count", str(len(unsure))), ("text", text[:160]))))
    return found
