"""Which words of a page a person can see: those whose place looks different when the text is taken away.

One picture of the page with its text and one without tell, whatever the trick: white on white, transparent, covered,
clipped, off the page, optional content switched off. Runs only inside the sandbox's child process.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from pipeline.read.words import Word, address

SCALE = 1.5
"""Pixels per point."""

CONTRAST = 24
"""Grey levels, of 256, that ink has to differ from what is behind it."""

SMALLEST = 3.0
"""Letters below this height, in points, are not read by people."""

MAX_ALONE = 40
"""So many pieces of text that lie over others are looked at one by one; further ones count as hidden."""

_DEPTH = 6


def hidden_words(words: list[Word], page: pdfium.PdfPage) -> set[int]:
    """Indexes of the words that nobody sees. The page is changed: whatever else is read of it is read before."""
    if not words:
        return set()
    shown = _picture(page)
    texts = {address(text): text for text in _text_objects(page.raw)}
    modes = {origin: raw.FPDFTextObj_GetTextRenderMode(text) for origin, text in texts.items()}
    for text in texts.values():
        raw.FPDFTextObj_SetTextRenderMode(text, raw.FPDF_TEXTRENDERMODE_INVISIBLE)
    without = _picture(page)
    hidden = {i for i, word in enumerate(words) if not _differs(word, shown, without)}
    above = [i for i in _overlapping(words) if i not in hidden]
    for n, origin in enumerate(dict.fromkeys(words[i].style.origin for i in above)):
        own = [i for i in above if words[i].style.origin == origin]
        if n >= MAX_ALONE or origin not in texts:
            hidden.update(own)
            continue
        raw.FPDFTextObj_SetTextRenderMode(texts[origin], modes[origin])
        alone = _picture(page)
        raw.FPDFTextObj_SetTextRenderMode(texts[origin], raw.FPDF_TEXTRENDERMODE_INVISIBLE)
        hidden.update(i for i in own if not _differs(words[i], alone, without))
    hidden -= _drawn_otherwise(hidden, words, shown, page)
    # a sign that its font does not show says nothing; it goes with the words that it stands among
    return {i for i in hidden if _says(words[i]) or any(0 <= j < len(words) and j in hidden and _says(words[j]) for j in (i - 1, i + 1))}


def _says(word: Word) -> bool:
    return any(c.isalnum() for c in word.text)


def _drawn_otherwise(hidden: set[int], words: list[Word], shown: _Picture, page: pdfium.PdfPage) -> set[int]:
    """Those whose letters are on the page all the same, as shapes: some programs draw bold type as outlines over its text.

    The letters are drawn alone, black on white, and the page is held against them: ink where they are, and none beside.
    """
    if not hidden:
        return set()
    for i in reversed(range(raw.FPDFPage_CountObjects(page.raw))):
        item = raw.FPDFPage_GetObject(page.raw, i)
        if raw.FPDFPageObj_GetType(item) not in (raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_FORM):
            raw.FPDFPage_RemoveObject(page.raw, item)
    for text in _text_objects(page.raw):
        raw.FPDFPageObj_SetFillColor(text, 0, 0, 0, 255)
        raw.FPDFTextObj_SetTextRenderMode(text, raw.FPDF_TEXTRENDERMODE_FILL)
    letters = _picture(page)
    return {i for i in hidden if _looks_like(words[i], shown, letters)}


def _looks_like(word: Word, shown: _Picture, letters: _Picture) -> bool:
    if word.box.height < SMALLEST:
        return False
    left, right = max(0, int(word.box.x0 * SCALE)), min(shown.width, int(word.box.x1 * SCALE) + 1)
    top, bottom = max(0, int(word.box.y0 * SCALE)), min(shown.height, int(word.box.y1 * SCALE) + 1)
    inside, outside = [], []
    for y in range(top, bottom):
        for grey, mask in zip(shown.row(y, left, right), letters.row(y, left, right), strict=True):
            if mask < 100:
                inside.append(grey)
            elif mask > 250:
                outside.append(grey)
    if len(inside) < 5 or len(outside) < 5:
        return False
    ink, paper = sum(inside) / len(inside), sum(outside) / len(outside)
    if abs(ink - paper) < 2 * CONTRAST:
        return False
    edge, darker = (ink + paper) / 2, ink < paper
    right_inside = sum((grey < edge) == darker for grey in inside) / len(inside)
    right_outside = sum((grey > edge) == darker for grey in outside) / len(outside)
    return min(right_inside, right_outside) > 0.7 and right_inside + right_outside > 1.6


class _Picture:
    def __init__(self, bitmap: pdfium.PdfBitmap) -> None:
        self.width, self.height, self.stride = bitmap.width, bitmap.height, bitmap.stride
        self.grey = bytes(bitmap.buffer)

    def row(self, y: int, left: int, right: int) -> bytes:
        return self.grey[y * self.stride + left : y * self.stride + right]


def _picture(page: pdfium.PdfPage) -> _Picture:
    return _Picture(page.render(scale=SCALE, grayscale=True, may_draw_forms=False, draw_annots=False))


def _text_objects(holder: Any, depth: int = 0) -> Iterator[Any]:
    """All text objects of a page, in the order of drawing, those inside forms too."""
    count, get = (raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject) if depth == 0 else (raw.FPDFFormObj_CountObjects, raw.FPDFFormObj_GetObject)
    for i in range(count(holder)):
        item = get(holder, i)
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            yield item
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEPTH:
            yield from _text_objects(item, depth + 1)


def _differs(word: Word, shown: _Picture, without: _Picture) -> bool:
    """Is there ink of the text in the middle of the word, where its letters are?"""
    if word.box.height < SMALLEST:
        return False
    margin = 0.25 * word.box.height if _says(word) else 0.0
    left, right = max(0, int(word.box.x0 * SCALE)), min(shown.width, int(word.box.x1 * SCALE) + 1)
    top, bottom = max(0, int((word.box.y0 + margin) * SCALE)), min(shown.height, int((word.box.y1 - margin) * SCALE) + 1)
    for y in range(top, bottom):
        a, b = shown.row(y, left, right), without.row(y, left, right)
        if a != b and any(abs(p - q) >= CONTRAST for p, q in zip(a, b, strict=True)):
            return True
    return False


def _overlapping(words: list[Word]) -> list[int]:
    """Words whose letters stand where another word's are: the other's ink would vouch for them. A shadow is the same word."""
    found: set[int] = set()
    order = sorted(range(len(words)), key=lambda i: words[i].box.middle)
    for n, i in enumerate(order):
        a = words[i].box
        for j in order[n + 1 :]:
            b = words[j].box
            if b.middle - a.middle >= 0.25 * (a.height + b.height):
                break
            if min(a.x1, b.x1) - max(a.x0, b.x0) > 0.3 and words[i].text != words[j].text:
                found |= {i, j}
    return sorted(found)
