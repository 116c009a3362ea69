"""What the model says held against what the rules say, field by field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from pipeline.lang.tokens import tokens
from pipeline.model.cv import Cv, LeftOut, Period, Section, SkillGroup, Sourced, leaves
from pipeline.model.finding import Finding, Severity

HIGH = "high"
"""The confidence of a value that both read alike."""

_GROUPS = {
    "contact": ("basics",),
    "work": ("positions", "projects", "volunteer"),
    "education": ("education", "certificates"),
    "rest": ("skills", "languages", "publications", "awards", "references", "interests"),
}
_PATTERNED = frozenset({"email", "phone", "postal_code", "birth_date"})
"""What patterns recognise better than a model does."""

_BY_RULES = frozenset({"links", "more"})
"""What the model is not asked."""


def reconciled(model: Cv, rules: Cv, *, without: set[str]) -> tuple[Cv, list[Finding]]:
    """One Cv of two, and a finding for each disagreement; `without` names the questions that the model left open."""
    notes = _Notes([(leaf.lines, f" {' '.join(tokens(leaf.wording))} ") for _, leaf in leaves(model)])
    values: dict[str, Any] = {}
    for question, names in _GROUPS.items():
        for name in names:
            ours, theirs = getattr(model, name), getattr(rules, name)
            values[name] = theirs if question in without else notes.merged(ours, theirs, f"/{name}")
    cv = replace(rules, **values, sections=(), left_out=())
    return _with_the_rest(cv, rules), notes.findings


def _with_the_rest(cv: Cv, rules: Cv) -> Cv:
    """What the rules kept of lines that no field uses now."""
    used = {n for _, leaf in leaves(cv) for n in leaf.lines}
    sections = []
    for section in rules.sections:
        entries = tuple(e for e in section.entries if not used & {*e.lines})
        if entries:
            sections.append(Section(section.heading, entries))
    left_out: tuple[LeftOut, ...] = tuple(o for o in rules.left_out if o.line not in used)
    return replace(cv, sections=tuple(sections), left_out=left_out)


@dataclass(slots=True)
class _Notes:
    """`said` is all that the model said: lines and words."""

    said: list[tuple[tuple[int, ...], str]]
    findings: list[Finding] = field(default_factory=list)

    def merged(self, model: Any, rules: Any, path: str) -> Any:
        """Both agree: confidence is high. Only one speaks: it is believed. They differ: one is believed, both are shown."""
        if isinstance(model, Period) or isinstance(rules, Period):
            return self._period(model, rules, path)
        if isinstance(model, tuple):
            return self._list(model, rules, path)
        if is_dataclass(model) and not isinstance(model, (Sourced, type)):
            values = {f.name: self._field(f.name, getattr(model, f.name), getattr(rules, f.name), path) for f in fields(model)}
            return replace(model, **values)
        return self._leaf(model, rules, path)

    def _field(self, name: str, model: Any, rules: Any, path: str) -> Any:
        if name in _BY_RULES:
            return rules
        if name in _PATTERNED and rules is not None:
            if model and {*model.lines} & {*rules.lines}:
                return replace(rules, confidence=HIGH)
            self._leaf(model, rules, f"{path}/{name}")
            return rules
        return self.merged(model, rules, f"{path}/{name}")

    def _leaf(self, model: Sourced | None, rules: Sourced | None, path: str) -> Any:
        if model is None or rules is None:
            return model or rules
        if _same(model, rules):
            return replace(rules, confidence=HIGH)
        self._note(path, model.wording, rules.wording, (*model.lines, *rules.lines))
        finer = {*rules.lines} <= {*model.lines} and rules.text in model.text  # a pointer cannot cut inside a piece, the rules can
        return rules if finer else model

    def _period(self, model: Period, rules: Period, path: str) -> Period:
        one, other = _printed(model), _printed(rules)
        if not one or not other:
            return model if one else rules
        alike = [(leaf.text if leaf else "") for leaf in (model.start, model.end)] == [
            (leaf.text if leaf else "") for leaf in (rules.start, rules.end)
        ]
        if not alike or bool(model.current) != bool(rules.current):
            lines = {n for _, leaf in leaves((model, rules)) for n in leaf.lines}
            self._note(path, one, other, tuple(sorted(lines)))
            return model
        agreed: Period = _mapped(rules, lambda leaf: replace(leaf, confidence=HIGH))
        return agreed

    def _list(self, model: tuple[Any, ...], rules: tuple[Any, ...], path: str) -> tuple[Any, ...]:
        if any(isinstance(item, Sourced) for item in (*model, *rules)):
            return self._texts(model, rules, path)
        pairs = _pairs(model, rules)
        result = []
        for i, entry in enumerate(model):
            other = next((rules[b] for a, b in pairs if a == i), None)
            if other is None:
                self._note(path, _title(entry), "–", _lines(entry))
                result.append(entry)
            elif isinstance(entry, SkillGroup):
                result.append(_group(entry, rules))
            else:
                result.append(self.merged(entry, other, f"{path}/{i}"))
        for b, other in enumerate(rules):
            if b not in {b for _, b in pairs} and not self._said_elsewhere(other):
                self._note(path, "–", _title(other), _lines(other))
                result.append(other)
        return tuple(sorted(result, key=lambda entry: min(_lines(entry), default=0)))

    def _said_elsewhere(self, entry: object) -> bool:
        """Does the model have something of the entry, in another entry or as something else?"""
        return any(
            {*lines} & {*leaf.lines} and f" {' '.join(tokens(leaf.wording))} " in words for _, leaf in leaves(entry) for lines, words in self.said
        )

    def _texts(self, model: tuple[Sourced, ...], rules: tuple[Sourced, ...], path: str) -> tuple[Sourced, ...]:
        """Paragraphs, bullets, technologies: whoever has more of the page; both are shown where they differ."""
        if not model or not rules:
            return model or rules
        known = {tokens(leaf.text) for leaf in model} & {tokens(leaf.text) for leaf in rules}
        more = model if len({*_lines(model)}) >= len({*_lines(rules)}) else rules
        if len(known) < len(more):
            here, there = ("; ".join(leaf.text for leaf in side if tokens(leaf.text) not in known) or "–" for side in (model, rules))
            self._note(path, here, there, _lines(more))
        return tuple(replace(leaf, confidence=HIGH) if tokens(leaf.text) in known else leaf for leaf in more)

    def _note(self, path: str, model: str, rules: str, lines: Sequence[int]) -> None:
        """A matter of more or less is a hint, a matter of one or the other a warning."""
        severity: Severity = "info" if model in rules or rules in model or "–" in (model, rules) else "warning"
        values = (("model", model[:120]), ("rules", rules[:120]))
        self.findings.append(Finding(severity, "model_disagrees", path, tuple(dict.fromkeys(lines)), values))


def _same(a: Sourced, b: Sourced) -> bool:
    return tokens(a.text) == tokens(b.text)


def _printed(period: Period) -> str:
    return " – ".join(leaf.wording for leaf in (period.start, period.end, period.current) if leaf)


def _mapped(node: Any, change: Callable[[Sourced], Sourced]) -> Any:
    """The same tree with each value changed."""
    if isinstance(node, Sourced):
        return change(node)
    if is_dataclass(node) and not isinstance(node, type):
        return replace(node, **{f.name: _mapped(getattr(node, f.name), change) for f in fields(node)})
    return node


def _group(group: SkillGroup, rules: Sequence[SkillGroup]) -> SkillGroup:
    """Skills are held against all of the rules' skills: groups may be cut otherwise."""
    known = {tokens(leaf.text) for other in rules for leaf in other.items}
    return replace(group, items=tuple(replace(leaf, confidence=HIGH) if tokens(leaf.text) in known else leaf for leaf in group.items))


def _lines(node: object) -> tuple[int, ...]:
    return tuple(n for _, leaf in leaves(node) for n in leaf.lines)


def _title(entry: object) -> str:
    """The first values of an entry, to name it."""
    return ", ".join(leaf.wording for _, leaf in list(leaves(entry))[:2]) or "–"


def _pairs(model: Sequence[object], rules: Sequence[object]) -> list[tuple[int, int]]:
    """Entries of both sides that stand on the same lines, the surest first."""
    scored = []
    for a, ours in enumerate(model):
        for b, theirs in enumerate(rules):
            shared = len({*_lines(ours)} & {*_lines(theirs)})
            words = {tokens(leaf.text) for _, leaf in leaves(ours)} & {tokens(leaf.text) for _, leaf in leaves(theirs)}
            if shared:
                scored.append((shared + 3 * len(words), -abs(a - b), a, b))
    found: list[tuple[int, int]] = []
    for _, _, a, b in sorted(scored, reverse=True):
        if a not in {x for x, _ in found} and b not in {y for _, y in found}:
            found.append((a, b))
    return found
