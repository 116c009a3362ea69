"""A CV without the person: what goes to a customer who is not to know yet who the candidate is."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any

from pipeline.lang.personal import PERSONAL
from pipeline.model.cv import Basics, Cv, Sourced

HIDDEN = "…"
_TITLES = frozenset({"dr", "prof", "dipl", "ing", "mag", "herr", "frau", "mr", "ms", "mrs", "msc", "bsc", "mba", "phd"})
_PARTICLES = frozenset(
    {
        "von",
        "vom",
        "van",
        "zu",
        "zum",
        "zur",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "du",
        "la",
        "le",
        "el",
        "al",
        "bin",
        "ten",
        "ter",
    }
)
LONG = 4
"""Letters of a name that gives it away inside other words, too: KBrandt, brandt87."""
_CONTACT = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+"  # e-mail
    r"|(?:https?://|www\.)\S+"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:com|de|net|org|io|dev|me|eu|at|ch|nl|info|app|co|uk)/\S+"  # xing.com/profile/…
    r"|(?<![\w.])\+?\(?\d(?:[\s()/.-]*\d){7,}(?!\w)",  # telephone
    re.IGNORECASE,
)
_PRIVATE = re.compile(
    rf"(?<!\w)(?:{PERSONAL})(?!\w)"
    r"|\b(?:anschrift|adresse|wohnhaft|wohnort|address|alter|age|geb\.|geboren|born)\s*(?::|in\b|am\b|on\b)"
    r"|\b[\w.-]*(?:str\.|straße|strasse|weg|allee|gasse|ring|platz|damm|ufer|chaussee|promenade|steig|markt|vej|gade|straat|laan|plein)\s*\d+\s*[a-z]?\b"
    r"|\b[^\W\d_]{3,}\s+\d{1,3}\s?[a-z]?\b(?:\s*[,–·|-]|\s).{0,40}\b(?:[A-Z]{1,3}-)?\d{4,5}\b"  # street 9 … 8000
    r"|\b\d{1,4}\s+\w+\s+(?:street|road|avenue|lane)\b"
    r"|(?:^|,)\s*(?:D-|A-|CH-)?\d{5}\s+[^\W\d_][\w-]+\s*$",
    re.IGNORECASE,
)
"""What tells where somebody lives, how old they are, and the like."""
_SALUTATION = re.compile(r"\b(?:Frau|Herrn?|Mrs?|Ms)\.?\s+(?=[^\W\d_a-z])")
_CLAUSE = re.compile(r"(?<=[.;!?])\s+|\s*[|·•]\s*|\n")


def blind(cv: Cv, *, called: str) -> Cv:
    """Without name, contact data and all that is private, in whatever place of the text; `called` stands for the name.

    References go (they name others who know the person), and so does what nobody understood, since nobody knows what it says.
    """
    name = cv.basics.name.text if cv.basics.name else ""

    def hidden(leaf: Sourced) -> Sourced:
        clauses = [clause for clause in _CLAUSE.split(_SALUTATION.sub("", leaf.text)) if clause and not _PRIVATE.search(clause)]
        return replace(leaf, text=without_name(" ".join(clauses), name) or HIDDEN, printed="")

    basics = Basics(headline=cv.basics.headline, summary=cv.basics.summary)
    kept: Cv = _mapped(replace(cv, basics=basics, references=(), left_out=()), hidden)
    return replace(kept, basics=replace(kept.basics, name=Sourced(called, ())))


def without_name(text: str, name: str) -> str:
    """The text without the parts of the name, however they are written, and without contact data."""
    text = _CONTACT.sub(HIDDEN, text)
    for pattern in _patterns(name):
        text = pattern.sub(HIDDEN, text)
    return text


def names(text: str, name: str) -> bool:
    """Does the text hold a part of the name, or a way to reach the person?"""
    return without_name(text, name) != text


def reference_of(offer_id: str) -> str:
    """What a blind offer calls its candidate: another in each offer, so that no two customers find out that they speak of the same person."""
    return hashlib.sha256(f"blind\n{offer_id}".encode()).hexdigest()[:6].upper()


@lru_cache(maxsize=256)
def _patterns(name: str) -> tuple[re.Pattern[str], ...]:
    """Of each part of the name, longest first; short ones as whole words alone, since they are part of others."""
    parts = {part for part in re.findall(r"[^\W\d_]{2,}", name) if part.casefold() not in _TITLES | _PARTICLES}
    written = {way for part in parts for way in _ways(part)}
    return tuple(_pattern(way) for way in sorted(written, key=lambda way: (-len(way), way)))


def _pattern(part: str) -> re.Pattern[str]:
    if len(part) >= LONG:
        return re.compile(rf"[\w.-]*{re.escape(part)}[\w.-]*", re.IGNORECASE)
    exact = "|".join(re.escape(way) for way in (part.capitalize(), part.upper()))
    return re.compile(rf"(?<!\w)(?:{exact})(?!\w)")


def _ways(part: str) -> set[str]:
    """As printed, with ae for ä, and without accents."""
    spelt = part.casefold()
    for letter, way in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        spelt = spelt.replace(letter, way)
    plain = "".join(c for c in unicodedata.normalize("NFKD", part) if not unicodedata.combining(c))
    return {part.casefold(), spelt, plain.casefold()}


def _mapped(node: Any, change: Callable[[Sourced], Sourced]) -> Any:
    """The same tree with every value changed."""
    if isinstance(node, Sourced):
        return change(node)
    if isinstance(node, tuple):
        return tuple(_mapped(item, change) for item in node)
    if is_dataclass(node) and not isinstance(node, type):
        return replace(node, **{f.name: _mapped(getattr(node, f.name), change) for f in fields(node)})
    return node
