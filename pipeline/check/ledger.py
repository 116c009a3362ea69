"""The loss ledger: each word of the PDF is used by a field or listed as left out, with a reason."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace

from pipeline.check.verify import compact
from pipeline.lang.lexicon import key, lexicon
from pipeline.model.cv import Cv, LeftOut, leaves
from pipeline.model.document import Document, Line
from pipeline.model.finding import Finding

_TOKEN = re.compile(r"[^\s\u2003|·•]+")


def balanced(cv: Cv, document: Document) -> tuple[Cv, list[Finding]]:
    """The Cv with its ledger complete, and a finding where something was not understood."""
    wordings: dict[int, list[str]] = defaultdict(list)
    for _, leaf in leaves(replace(cv, left_out=())):
        for number in leaf.lines:
            wordings[number].append(compact(leaf.wording) + "\n" + compact(leaf.text))
    listed = {o.line for o in cv.left_out}
    found: list[LeftOut] = []
    for line in document.lines:
        if line.number in listed:
            continue
        rest = _uncovered(line, wordings.get(line.number, []))
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


def _uncovered(line: Line, wordings: list[str]) -> str:
    """The words of the line that no value takes up."""
    used = "\n".join(wordings)
    rest = [token for token in _TOKEN.findall(line.text) if compact(token) and compact(token) not in used]
    return " ".join(rest)


def _reason(rest: str) -> str:
    lex = lexicon()
    plain = key(rest)
    words = [key(w) for w in rest.split()]
    small = {*lex.list_and, *lex.since, *lex.until, "at", "in", "bei", "chez"}
    if plain in lex.labels or plain in lex.networks or all(w in lex.labels or w in lex.networks or w in small or not w for w in words):
        return "label"
    if re.fullmatch(r"[^:]{2,40}:", rest) and (plain in lex.labels):
        return "label"
    if re.fullmatch(r"\(?\d+([.,]\d)?\s*\S{2,8}\.?(,?\s*\d+\s*\S{2,8}\.?)?\)?", rest):
        return "duration"
    return "not_understood"
