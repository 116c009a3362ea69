"""A CV without the person: what goes to a customer who is not to know yet who the candidate is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

from pipeline.model.cv import Basics, Cv, Sourced

_CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|(?:https?://|www\.)\S+|(?<![\w.])\+?\d(?:[\s()/-]*\d){7,}(?!\w)", re.IGNORECASE)
"""E-mail addresses, web addresses, telephone numbers."""
HIDDEN = "…"
_TITLES = frozenset({"Dr", "Prof", "Dipl", "Ing", "Mag", "Herr", "Frau", "Mr", "Ms", "Mrs"})


def blind(cv: Cv, *, called: str) -> Cv:
    """Without name, contact data and all that is private, in whatever place of the text; `called` stands for the name.

    References go (they name others who know the person), and so does what nobody understood, since nobody knows what it says.
    """
    names = _names(cv)

    def hidden(leaf: Sourced) -> Sourced:
        text = _CONTACT.sub(HIDDEN, leaf.text)
        for name in names:
            text = name.sub(HIDDEN, text)
        return replace(leaf, text=text, printed="")

    basics = Basics(name=Sourced(called, ()), headline=cv.basics.headline, summary=cv.basics.summary)
    kept = replace(cv, basics=basics, references=(), left_out=())
    made: Cv = _mapped(kept, hidden)
    return replace(made, basics=replace(made.basics, name=Sourced(called, ())))


def reference_of(tenant: str, candidate: str) -> str:
    """What a blind offer calls a candidate: always the same, and nothing that anybody could trace back."""
    return hashlib.sha256(f"blind\n{tenant}\n{candidate}".encode()).hexdigest()[:6].upper()


def _names(cv: Cv) -> list[re.Pattern[str]]:
    """The parts of the person's name, longest first, wherever they stand as words."""
    name = cv.basics.name.text if cv.basics.name else ""
    parts = sorted({part for part in re.findall(r"[^\W\d_]{2,}", name) if part[0].isupper() and part not in _TITLES}, key=len, reverse=True)
    return [re.compile(rf"(?<!\w){re.escape(part)}(?:s|'s|’s)?(?!\w)", re.IGNORECASE if len(part) > 3 else 0) for part in parts]


def _mapped(node: Any, change: Callable[[Sourced], Sourced]) -> Any:
    """The same tree with every value changed."""
    if isinstance(node, Sourced):
        return change(node)
    if isinstance(node, tuple):
        return tuple(_mapped(item, change) for item in node)
    if is_dataclass(node) and not isinstance(node, type):
        return replace(node, **{f.name: _mapped(getattr(node, f.name), change) for f in fields(node)})
    return node
