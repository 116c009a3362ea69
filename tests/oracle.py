"""A model that reads like the rules: a Cv written as the answers to the four questions, in the smallest pointers that hold each value."""

from __future__ import annotations

from typing import Any

from pipeline.lang.tokens import tokens
from pipeline.model.cv import Cv, Education, Period, Position, Project, Sourced
from pipeline.model.document import Document
from pipeline.ports import Completion, Prompt
from pipeline.structure.pieces import Pieces


class Oracle:
    """`spoil` changes an answer before it is given; `seen` are the prompts."""

    name = "oracle"

    def __init__(self, document: Document, cv: Cv, spoil: Any = None) -> None:
        self._document = document
        self._pieces = {name: Pieces(document.lines, bullets=name != "work") for name in ("contact", "work", "education", "rest")}
        self._asked = "contact"
        self._cv = cv
        self._spoil = spoil or (lambda name, answer: answer)
        self.seen: dict[str, Prompt] = {}

    async def complete(self, prompt: Prompt) -> Completion:
        self.seen[prompt.name] = prompt
        return Completion(self._spoil(prompt.name, self.answer(prompt.name)), 1000, 100, 0.0002, self.name)

    async def close(self) -> None:
        pass

    def answer(self, name: str) -> dict[str, Any]:
        cv, at = self._cv, self.pointer
        self._asked = name
        match name:
            case "contact":
                b = cv.basics
                named = (
                    "name",
                    "headline",
                    "email",
                    "phone",
                    "postal_code",
                    "city",
                    "country",
                    "birth_date",
                    "birth_place",
                    "nationality",
                    "marital_status",
                )
                return {**{n: at(getattr(b, n)) for n in named}, "street": at(b.address), "summary": self.over(b.summary)}
            case "work":
                return {
                    "positions": [self._position(p) for p in cv.positions],
                    "projects": [self._project(p) for p in cv.projects],
                    "volunteer": [self._position(p) for p in cv.volunteer],
                }
            case "education":
                return {
                    "education": [self._education(e) for e in cv.education],
                    "certificates": [{"name": at(c.name), "issuer": at(c.issuer), "date": at(c.date)} for c in cv.certificates],
                }
            case _:
                return {
                    "skills": [{"name": at(g.name), "items": self._items(g.name, g.items)} for g in cv.skills],
                    "languages": [{"name": at(entry.name), "level": at(entry.level)} for entry in cv.languages],
                    **{n: [at(v) for v in getattr(cv, n)] for n in ("publications", "awards", "references")},
                    "interests": [self.over(cv.interests)] if cv.interests else [],
                }

    def pointer(self, leaf: Sourced | None) -> str:
        """The smallest pointer with the leaf's words, else all its lines."""
        if leaf is None:
            return ""
        first, last = leaf.lines[0], leaf.lines[-1]
        for one, other in ((first, last), (first, first), (last, last)):
            pairs = [(a, b) for a in self._letters(one) for b in self._letters(other) if one != other or a <= b]
            for a, b in sorted(pairs, key=lambda pair: (ord(pair[1] or "z") - ord(pair[0] or "a"), pair)):
                pointer = f"{one}{a}" + (f"-{b}" if a != b else "") if one == other else f"{one}{a}-{other}{b}"
                value = self._pieces[self._asked].at(pointer)
                if value and tokens(value.text) == tokens(leaf.wording):
                    return pointer
        return str(first) if first == last else f"{first}-{last}"

    def _letters(self, number: int) -> list[str]:
        count = len(self._pieces[self._asked].cuts(self._document.line(number))) - 1
        return [chr(97 + i) for i in range(count)] if count > 1 else [""]

    def over(self, leaves: tuple[Sourced, ...]) -> str:
        """The lines of several values as one range, or several."""
        numbers = sorted({n for leaf in leaves for n in leaf.lines})
        runs: list[list[int]] = []
        for n in numbers:
            if runs and n == runs[-1][1] + 1:
                runs[-1][1] = n
            else:
                runs.append([n, n])
        return ",".join(f"{a}-{b}" if a != b else str(a) for a, b in runs)

    def _items(self, name: Sourced | None, items: tuple[Sourced, ...]) -> str:
        run = self.over(items)
        first = items[0].lines[0]
        if name is None or first != name.lines[0]:
            return run
        rest = run.partition("-")[2]
        last = len(self._pieces[self._asked].cuts(self._document.line(first))) - 2
        return f"{first}b-{rest}" if rest else f"{first}b-{chr(97 + last)}" if last > 1 else f"{first}b"

    def _dates(self, period: Period) -> str:
        leaf = period.start or period.end
        if leaf is None:
            return ""
        both = [x.wording for x in (period.start, period.end or period.current) if x]
        end = period.end or period.current or leaf
        if {*leaf.lines, *end.lines} != {leaf.lines[0]}:
            return self.over((leaf, end))
        line = self._document.line(leaf.lines[0])
        start, end = line.text.find(both[0]), line.text.rfind(both[-1]) + len(both[-1])
        return self.pointer(Sourced(line.text[start:end], leaf.lines)) if 0 <= start < end else self.pointer(leaf)

    def _position(self, p: Position) -> dict[str, Any]:
        return {
            "title": self.pointer(p.title), "company": self.pointer(p.company), "place": self.pointer(p.location), "dates": self._dates(p.period),
            "text": self.over((*p.summary, *p.highlights)), "technologies": self.over(p.technologies),
        }  # fmt: skip

    def _project(self, p: Project) -> dict[str, Any]:
        return {
            "name": self.pointer(p.name), "role": self.pointer(p.role), "customer": self.pointer(p.customer), "dates": self._dates(p.period),
            "text": self.over((*p.summary, *p.highlights)), "technologies": self.over(p.technologies),
        }  # fmt: skip

    def _education(self, e: Education) -> dict[str, Any]:
        return {
            "degree": self.pointer(e.degree), "area": self.pointer(e.area), "school": self.pointer(e.institution), "place": self.pointer(e.location),
            "grade": self.pointer(e.grade), "dates": self._dates(e.period), "text": self.over(e.summary),
        }  # fmt: skip
