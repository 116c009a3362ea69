"""Every value against the lines that it points at. What does not stand there is a finding, never a fact."""

from __future__ import annotations

import re
import unicodedata
from typing import cast

from pipeline.lang.dates import find_dates
from pipeline.lang.levels import cefr
from pipeline.model.cv import Cv, Sourced, kept_leaves
from pipeline.model.document import Document
from pipeline.model.finding import Finding


def verified(cv: Cv, document: Document) -> tuple[Cv, list[Finding]]:
    """The Cv without unsupported values, and a finding for each of them."""
    findings: list[Finding] = []

    def keep(path: str, leaf: Sourced) -> bool:
        if stands(leaf, document):
            return True
        findings.append(Finding("error", "value_not_in_lines", path, leaf.lines, (("value", leaf.text[:120]),)))
        return False

    return cast("Cv", kept_leaves(cv, keep)), findings


def stands(leaf: Sourced, document: Document) -> bool:
    """Does the page say so, in the lines named, and does the rule named make the value of it?"""
    try:
        lines = [document.line(n) for n in leaf.lines]
    except KeyError:
        return False
    if not lines:
        return False
    if leaf.rule == "link":
        return any(leaf.text.casefold() in link.casefold() or compact(leaf.text) in compact(link) for line in lines for link in line.links)
    printed = "".join(compact(line.text) for line in lines)
    if compact(leaf.wording) not in printed and not _in_order(leaf.wording, printed):
        return False
    match leaf.rule:
        case "":
            return True
        case "date":
            return leaf.text in {d.iso for d in find_dates(leaf.printed)} or _part_of_period(leaf)
        case "cefr":
            return cefr(leaf.printed) == leaf.text
        case _:
            return False


def compact(text: str) -> str:
    """Letters and digits only, casefolded: what line breaks, hyphens and spaces cannot change."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def _in_order(wording: str, printed: str) -> bool:
    """Do all words stand in the lines in this order? Cells of a row may be cut out of the middle of a line."""
    at = 0
    for word in re.findall(r"\w+", unicodedata.normalize("NFKC", wording).casefold()):
        found = printed.find(word, at)
        if found < 0:
            return False
        at = found + len(word)
    return True


def _part_of_period(leaf: Sourced) -> bool:
    """A bare month of a range ("03–07/2019") has its year from the other end."""
    return (len(leaf.printed) <= 12 and leaf.text[5:7].lstrip("0") in leaf.printed) or not re.search(r"\d{4}", leaf.printed)
