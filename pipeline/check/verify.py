"""Every value against the lines that it points at. What does not stand there is a finding, never a fact."""

from __future__ import annotations

import re
from typing import cast

from pipeline.lang.dates import find_dates
from pipeline.lang.levels import cefr
from pipeline.lang.lexicon import lexicon
from pipeline.lang.tokens import tokens
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
        wanted = tokens(leaf.text)
        return bool(wanted) and any(
            leaf.text.casefold() in link.casefold() or _contains(tokens(link), wanted) for line in lines for link in line.links
        )
    wanted = tokens(leaf.wording)
    texts = [line.text for line in lines]
    if not wanted or not any(
        _contains(page, wanted) or _in_order(page, wanted)
        for page in (tokens("\n".join(texts)), tokens(_unhyphenated(texts)), tokens(_unhyphenated(texts, keep=True)), tokens("".join(texts)))
    ):
        return False
    match leaf.rule:
        case "":
            return True
        case "date":
            return leaf.text in {d.iso for d in find_dates(leaf.printed)} or _part_of_period(leaf)
        case "network":
            return leaf.text in lexicon().networks and leaf.text in leaf.printed.casefold()
        case "cefr":
            return cefr(leaf.printed) == leaf.text
        case _:
            return False


def _unhyphenated(texts: list[str], *, keep: bool = False) -> str:
    """The lines as one text, words joined over line ends, with or without the hyphen (an e-mail address keeps it)."""
    result = ""
    for text in texts:
        broken = result.endswith(("-", ".", "_", "@", "/")) if keep else result.endswith("-")
        result = (result if keep else result[:-1]) + text if broken else f"{result} {text}"
    return result


def _contains(page: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Do the tokens stand there, one after the other?"""
    first = wanted[0]
    return any(page[i : i + len(wanted)] == wanted for i, token in enumerate(page) if token == first)


def _in_order(page: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Do the tokens stand there in this order, with at most a few others between? A date may be cut out of the middle."""
    at, start = 0, -1
    for token in wanted:
        try:
            at = page.index(token, at) + 1
        except ValueError:
            return False
        start = at - 1 if start < 0 else start
    return at - start <= len(wanted) + 5


def _part_of_period(leaf: Sourced) -> bool:
    """A bare month of a range ("03–07/2019") has its year from the other end, the end of "2013–16" its century."""
    own = leaf.text[5:7].lstrip("0") or leaf.text[2:4]
    return (len(leaf.printed) <= 12 and own in leaf.printed) or not re.search(r"\d{4}", leaf.printed)
