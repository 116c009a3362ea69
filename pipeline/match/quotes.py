"""The lines of the CV that a verdict stands on, as they are printed."""

from __future__ import annotations

from pipeline.lang.words import words
from pipeline.match.facts import Facts
from pipeline.match.matcher import Place
from pipeline.model.document import Document, Line
from pipeline.model.match import Quote

AT_A_TIME = 2
"""Lines that are quoted for one place: what was found may run over the end of a line."""


def quoted(document: Document, facts: Facts, place: Place) -> tuple[Quote, ...]:
    """The line that has most of the found words, with the next one where that has the rest."""
    numbers = facts.said[place.at].lines if place.at >= 0 else place.lines
    lines = [document.line(number) for number in numbers]
    if not lines:
        return ()
    wanted = set(place.words)
    if not wanted:  # a language and its level, a licence and its classes: the lines say it together
        return tuple(Quote(text=line.text, page=line.page, line=line.number) for line in lines[:AT_A_TIME])
    best = max(lines, key=lambda line: (len(wanted & _stems(line)), -line.number))
    rest = wanted - _stems(best)
    more = [line for line in lines if line is not best and rest & _stems(line)] if rest and wanted & _stems(best) else []
    chosen = sorted((best, *more[: AT_A_TIME - 1]), key=lambda line: line.number)
    return tuple(Quote(text=line.text, page=line.page, line=line.number) for line in chosen)


def _stems(line: Line) -> set[str]:
    return {word.stem for word in words(line.text)}
