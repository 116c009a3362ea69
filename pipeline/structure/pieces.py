"""Numbered lines with lettered pieces: what a model is shown, and what its pointers mean.

    12| Senior Developer, [b] Acme GmbH [c] 03/2018 – heute

"12" is the whole line, "12b" its second piece, "12a-b" two of them, "12b-13" what goes on in the next line, "12,15-16" what stands apart.
A pointer can name only what the page says.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from pipeline.lang.dates import find_periods
from pipeline.lang.lexicon import lexicon
from pipeline.model.cv import Sourced
from pipeline.model.document import Line
from pipeline.structure.text import EDGES, WIDE, bare, clean, joined, part

MOST = 12
"""More pieces than that make an enumeration: only its strong separators count."""

LONG, SHOWN = 110, 60
"""A longer line is text, and so is a bullet that is not cut: it is shown to its first so many characters, since nothing in it is a field."""

_STRONG = rf"{WIDE}|\s+[|•·]\s+|:\s+"
_WEAK = r",\s+|;\s+|\s+[–—-]\s+|\s+(?=\((?:[^()]{5,}|[A-C][12])\))|\s/\s|(?<=\b\d{5})\s+(?=[^\W\d_])|(?<=\b\d{4})\s+(?=[^\W\d_])"
_POINTER = re.compile(r"(\d{1,5})([a-z]?)(?:-(\d{1,5})?([a-z]?))?")


class Pieces:
    """Of the lines that one question is about; pointers at other lines mean nothing. `bullets`: bullets are cut too."""

    def __init__(self, lines: Iterable[Line], *, bullets: bool = True) -> None:
        self._bullets = bullets
        self._lines = {line.number: line for line in lines}
        self._order = sorted(self._lines)

    def shown(self) -> str:
        """The lines as a model reads them."""
        return "\n".join(f"{number}| {self._shown(self._lines[number])}" for number in self._order)

    def at(self, pointer: str) -> Sourced | None:
        """The value that the pointer names; None where it names nothing."""
        run = self._run(pointer)
        if not run:
            return None
        return part(bare(joined(text for _, text in run)), *(line for line, _ in run))

    def lines(self, pointer: str) -> list[Line]:
        """The whole lines that the pointer touches."""
        return [line for line, _ in self._run(pointer)]

    def _run(self, pointer: str) -> list[tuple[Line, str]]:
        """Line by line what the pointer names; [] where a part of it names nothing."""
        found: list[tuple[Line, str]] = []
        for one in pointer.split(","):
            run = self._one_run(one)
            if not run:
                return []
            found += run
        return found

    def _one_run(self, pointer: str) -> list[tuple[Line, str]]:
        match = _POINTER.fullmatch(pointer.strip())
        if not match:
            return []
        first, letter = int(match[1]), match[2]
        last = int(match[3] or first)
        until = match[4] or ("" if match[3] else letter)
        if first not in self._lines or last not in self._lines or last < first:
            return []
        found = []
        for number in (n for n in self._order if first <= n <= last):
            line = self._lines[number]
            bounds = self.cuts(line)
            a, b = _index(letter) if number == first and letter else 0, _index(until) if number == last and until else len(bounds) - 2
            if a > b or b > len(bounds) - 2:
                return []
            found.append((line, line.text[bounds[a] : bounds[b + 1]]))
        return found

    def cuts(self, line: Line) -> list[int]:
        """Where the pieces of a line begin, and its end: [0, …, len]."""
        return _cuts(line) if self._is_cut(line) else [0, len(line.text)]

    def _shown(self, line: Line) -> str:
        bounds = self.cuts(line)
        if len(bounds) > 2:
            texts = [clean(line.text[a:b]) for a, b in itertools.pairwise(bounds)]
            return " ".join([texts[0], *(f"[{chr(98 + i)}] {text}" for i, text in enumerate(texts[1:]))])
        text = clean(line.text)
        text = text if self._is_cut(line) or len(text) <= SHOWN else text[:SHOWN].rsplit(" ", 1)[0] + " …"
        return f"• {text}" if line.bullet else text

    def _is_cut(self, line: Line) -> bool:
        if line.bullet and not self._bullets:
            return False
        return len(line.text) <= LONG or len(_ends(_STRONG, line.text)) > 1


def _cuts(line: Line) -> list[int]:
    text = line.text
    dates = [p.span for p in find_periods(text)]
    strong = {*_ends(_STRONG, text), *(x for span in dates for x in span)}
    styles = {b.start for a, b in itertools.pairwise(line.spans) if (a.bold, a.italic, a.color) != (b.bold, b.italic, b.color)}
    weak = {*_ends(_WEAK, text), *styles, *(m.end() for m in lexicon().at_company.finditer(text))}
    for chosen in (strong | weak, strong):
        inside = sorted(x for x in chosen if 0 < x < len(text) and not any(a < x < b for a, b in dates))
        bounds = [0]
        for x in (*inside, len(text)):
            if text[bounds[-1] : x].strip(EDGES + "()"):
                bounds.append(x)
            else:
                bounds[-1] = x if len(bounds) > 1 else 0
        if len(bounds) > 1 and bounds[-1] != len(text):
            bounds[-1] = len(text)
        if len(bounds) <= MOST + 1:
            return bounds if len(bounds) > 1 else [0, len(text)]
    return [0, len(text)]


def _ends(pattern: str, text: str) -> list[int]:
    return [m.end() for m in re.finditer(pattern, text)]


def _index(letter: str) -> int:
    return ord(letter) - ord("a")
