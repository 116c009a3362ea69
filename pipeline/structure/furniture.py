"""Page furniture: page numbers and running headers, which are listed as left out."""

from __future__ import annotations

import re
from collections import defaultdict

from pipeline.lang.lexicon import key, lexicon
from pipeline.model.cv import LeftOut
from pipeline.model.document import Document, Line

MARGIN = 0.09
"""Share of the page's height at top and bottom where furniture stands."""

_CONTACT = re.compile(r"@|\+\d|\d{5}|https?://")


def _repeated_columns(document: Document) -> list[int]:
    """Lines that stand on a page exactly as they stood on an earlier one, where several do: a sidebar that each page repeats."""
    places: dict[tuple[str, int, int], int] = {}
    again: dict[int, list[Line]] = defaultdict(list)
    for line in document.lines:
        place = (line.text, round(line.box.x0), round(line.box.y0))
        if places.setdefault(place, line.page) < line.page and len(line.text) > 2:
            again[line.page].append(line)
    return [line.number for lines in again.values() if len(lines) >= 3 for line in lines]


def _is_name_like(line: Line) -> bool:
    return len(line.text.split()) > 1 and key(line.text) not in lexicon().sections and not re.search(r"\d", line.text)


def without_furniture(document: Document) -> tuple[list[Line], list[LeftOut]]:
    """The lines that say something, and the others with their reason."""
    seen: dict[str, list[Line]] = defaultdict(list)
    for line in document.lines:
        height = document.pages[line.page - 1].height
        if line.box.y1 < MARGIN * height or line.box.y0 > (1 - MARGIN) * height:
            seen[re.sub(r"\d+", "0", line.text.casefold())].append(line)
    reasons: dict[int, str] = {}
    for text, lines in seen.items():
        for line in lines:
            if lexicon().page_number.fullmatch(line.text.strip(" -–|")):
                reasons[line.number] = "page_number"
            elif line.text.startswith("©"):  # whoever made the form
                reasons[line.number] = "running_header"
        pages = {line.page for line in lines}
        if len(pages) < 2 or len(text) < 3:
            continue
        repeated = lines[1:] if _CONTACT.search(lines[0].text) or (lines[0].page == 1 and lines[0].box.y0 < 200) else lines
        for line in repeated:
            reasons.setdefault(line.number, "running_header")
    largest = max((line.size for line in document.lines if line.page == 1), default=0.0)
    names = {line.text.casefold() for line in document.lines if line.page == 1 and line.size > largest - 0.5 and _is_name_like(line)}
    for lines in seen.values():
        for line in lines:  # the person's name, smaller, at the top of each further page
            if line.page > 1 and line.text.casefold() in names and line.size < largest - 0.5:
                reasons.setdefault(line.number, "running_header")
    for number in _repeated_columns(document):
        reasons.setdefault(number, "running_header")
    kept = [line for line in document.lines if line.number not in reasons and line.text.strip()]
    left = [LeftOut(line.number, reasons[line.number], line.text) for line in document.lines if line.number in reasons]
    return kept, left
