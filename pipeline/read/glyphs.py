"""Which words of a page say something else than what is drawn: by /ActualText, or by a font whose letters are named wrongly.

Such text looks like one thing to a person and reads like another to a program. It cannot be decided which of the two is meant,
so it is named, not dropped. The letters themselves tell: a "g" hangs below the line, an "l" stands above an "a", whatever the font; and
in one font an "e" is as wide as the next.
Runs only inside the sandbox's child process.
"""

from __future__ import annotations

import ctypes
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from pipeline.read.words import Word

_LOW, _HIGH, _HANGING = frozenset("acemnorsuvwxz"), frozenset("bdfhklABCDEFGHIKLMNOPRSTUVWXYZ"), frozenset("gpqy")
_LETTERS = re.compile(r"[^\W\d_]{2}")

SAMPLE = 4
"""Letters of a word that are looked at; five times as many of a long one."""

MANY = 60
"""More words of one font than that are no sentence that somebody slipped in."""

FAR = 5
"""Hundredths of the font size by which a letter is not the one that it says."""

Shape = tuple[int, int, int]

ENOUGH, CONTRADICTED = 8, 0.4
"""Letters that a run of words needs, and the share of them that look like others, to be named."""


def doubtful_words(words: list[Word], page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> set[int]:
    """Indexes of the words whose letters look like others. Pages that lie on their side are not looked at."""
    if page.get_rotation():
        return set()
    boxes = _Boxes(page, textpage)
    looks = {i: boxes.look(word) for i, word in enumerate(words) if word.first >= 0 and word.style.size and _LETTERS.search(word.text)}
    by_font: dict[tuple[str, float], list[_Look]] = defaultdict(list)
    for i, look in looks.items():
        by_font[words[i].style.font, words[i].style.size].append(look)
    for (font, _), alike in by_font.items():
        if _shapeless(alike):
            for look in alike:
                look.contradictions = 0
        elif font:  # several fonts may have no name
            _compare(alike)
    wrong = {i for i, look in looks.items() if look.contradictions}
    return {i for run in _runs(looks, wrong) for i in run} | {
        i for i in looks if looks[i].uniform and words[i].style.origin and _told_otherwise(words[i].style.origin)
    }


class _Look:
    """How letters of a word are drawn: `shapes` are width, above and below the line in hundredths of the font size.

    `contradictions` counts the letters that are shaped like another.
    """

    def __init__(self, shapes: list[tuple[str, Shape]]) -> None:
        self.shapes = shapes
        self.uniform = len(shapes) > 2 and len({shape[1:] for _, shape in shapes}) == 1
        self.letters = len(shapes)
        self.contradictions = sum([_like_another(letter, above, below) for letter, (_, above, below) in shapes])


class _Boxes:
    """Asks pdfium for the ink of letters; the buffers are kept, since calls are what this costs."""

    def __init__(self, page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> None:
        self._tp, self._top = textpage.raw, page.get_bbox()[3]
        self._box = [ctypes.c_double() for _ in range(4)]

    def look(self, word: Word) -> _Look:
        left, right, bottom, top = self._box
        base, scale = self._top - word.base, 100 / word.style.size
        shapes = []
        for i, letter in enumerate(word.text[: SAMPLE if len(word.text) < 12 else 5 * SAMPLE], start=word.first):
            if letter.isalpha() and raw.FPDFText_GetCharBox(self._tp, i, left, right, bottom, top) and top.value > bottom.value:
                width, above, below = right.value - left.value, top.value - base, base - bottom.value
                shapes.append((letter, (int(width * scale), int(above * scale), int(below * scale))))
        return _Look(shapes)


def _like_another(letter: str, above: int, below: int) -> bool:
    return (letter in _LOW and (below > 14 or above > 68)) or (letter in _HIGH and (below > 14 or above < 50)) or (letter in _HANGING and below < 6)


def _compare(found: list[_Look]) -> None:
    """Count the letters that are drawn otherwise than the font usually draws them; not where that is half of the text (two fonts of one name)."""
    usual: dict[str, Counter[Shape]] = defaultdict(Counter)
    for look in found:
        for letter, shape in look.shapes:
            usual[letter][shape] += 1
    common = {letter: counted.most_common(1)[0][0] for letter, counted in usual.items()}
    strange = [sum(_far(shape, common[letter]) for letter, shape in look.shapes) for look in found]
    if sum(strange) > 0.4 * sum(look.letters for look in found) and len(found) > MANY:
        return
    for look, count in zip(found, strange, strict=True):
        look.contradictions = max(look.contradictions, count)


def _far(a: Shape, b: Shape) -> bool:
    return abs(a[0] - b[0]) > FAR or abs(a[1] - b[1]) > FAR or abs(a[2] - b[2]) > FAR


def _shapeless(found: list[_Look]) -> bool:
    """Does pdfium know no shapes of the font (all letters are alike), or are its small letters capitals?"""
    letters = sum(look.letters for look in found)
    return sum(look.uniform for look in found) > 0.5 * len(found) and letters > 3 * ENOUGH


def _runs(looks: dict[int, _Look], wrong: set[int]) -> Iterator[list[int]]:
    """Words one after the other, most of them wrong, with enough letters."""
    run: list[int] = []
    for i in [*sorted(looks), None]:
        if i is not None and (i in wrong or (run and i - run[-1] < 3 and any(j in wrong for j in run[-2:]))):
            run.append(i)
            continue
        letters, contradicted = sum(looks[j].letters for j in run), sum(looks[j].contradictions for j in run)
        if letters >= ENOUGH and contradicted >= CONTRADICTED * letters:
            yield [j for j in run if j in wrong]
        run = [i] if i in wrong else []


def _told_otherwise(origin: int) -> bool:
    """Does the text object at that address stand inside marked content with /ActualText?"""
    return any(map(_has_actual_text, _marks(ctypes.cast(origin, raw.FPDF_PAGEOBJECT))))


def _marks(item: Any) -> Iterator[Any]:
    for i in range(max(0, raw.FPDFPageObj_CountMarks(item))):
        yield raw.FPDFPageObj_GetMark(item, i)


def _has_actual_text(mark: Any) -> bool:
    length = ctypes.c_ulong()
    return bool(raw.FPDFPageObjMark_GetParamStringValue(mark, b"ActualText", None, 0, length)) and length.value > 2 * 4
