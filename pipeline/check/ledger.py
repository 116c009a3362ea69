"""The loss ledger: each word of the PDF is used by a field or listed as left out, with a reason."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace

from pipeline.lang.lexicon import key, lexicon
from pipeline.lang.tokens import tokens
from pipeline.model.cv import Cv, LeftOut, leaves
from pipeline.model.document import Document, Line
from pipeline.model.finding import Finding

_BROKEN = ("-", "_", "@", ".", "/")
"""How a line ends whose last word goes on below (also an e-mail address or a link)."""

_TOKEN = re.compile(r"[^\s\u2003|·•]+")


def balanced(cv: Cv, document: Document) -> tuple[Cv, list[Finding]]:
    """The Cv with its ledger complete, and a finding where something was not understood."""
    used: dict[int, Counter[str]] = defaultdict(Counter)
    for _, leaf in leaves(replace(cv, left_out=())):
        words = Counter(tokens(leaf.wording))
        for number in leaf.lines:
            used[number] += words
    listed = {o.line for o in cv.left_out}
    found: list[LeftOut] = []
    broken = {line.number for line in document.lines if line.text.rstrip().endswith(_BROKEN)}
    for line in document.lines:
        if line.number in listed:
            continue
        rest = _uncovered(
            line, used[line.number], begins_broken=any(n in broken for n in range(line.number - 4, line.number)), ends_broken=line.number in broken
        )
        if rest:
            found.append(LeftOut(line.number, _reason(rest), rest))
    lost = [o for o in found if o.reason == "not_understood"]
    left_out = tuple(sorted((*cv.left_out, *found), key=lambda o: o.line))
    findings = []
    if lost:
        text = "; ".join(o.text for o in lost)
        findings.append(
            Finding("warning", "not_understood", "/meta/leftOut", tuple(o.line for o in lost), (("count", str(len(lost))), ("text", text[:160])))
        )
    return replace(cv, left_out=left_out), findings


def _uncovered(line: Line, used: Counter[str], *, begins_broken: bool, ends_broken: bool) -> str:
    """The words of the line that no value takes up. A word may be split over line ends."""
    left = Counter(used)
    rest = []
    printed = _TOKEN.findall(line.text)
    for i, word in enumerate(printed):
        open_parts = []
        for part in tokens(word):
            if left[part] > 0:
                left[part] -= 1
            elif not _part_of_broken_word(part, used, first=begins_broken and i == 0, last=ends_broken and i == len(printed) - 1):
                open_parts.append(part)
        if open_parts:
            rest.append(word)
    return " ".join(rest)


def _part_of_broken_word(part: str, used: Counter[str], *, first: bool, last: bool) -> bool:
    return (first and any(word.endswith(part) for word in used)) or (last and any(word.startswith(part) for word in used))


def _reason(rest: str) -> str:
    lex = lexicon()
    plain = key(rest)
    words = [key(w) for w in rest.split()]
    small = {*lex.list_and, *lex.since, *lex.until, "at", "in", "bei", "chez"}
    if (
        plain in lex.labels
        or plain in lex.networks
        or plain in lex.sections
        or all(w in lex.labels or w in lex.networks or w in small or not w for w in words)
    ):
        return "label"
    if re.fullmatch(r"[^:]{2,40}:", rest) and (plain in lex.labels):
        return "label"
    if re.fullmatch(r"\(?\d+([.,]\d)?\s*\S{2,8}\.?(,?\s*\d+\s*\S{2,8}\.?)?\)?", rest):
        return "duration"
    return "not_understood"
