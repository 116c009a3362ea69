"""Small CVs and a small lexicon for tests of the matcher."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

from pipeline.lang.concept import Concept, Concepts
from pipeline.match.anonymous import anonymous
from pipeline.match.compare import asked_by, score_of
from pipeline.match.facts import Facts, facts
from pipeline.match.matcher import Judged, judge
from pipeline.match.wanted import wanted
from pipeline.model.cv import Basics, Certificate, Cv, Education, Language, Period, Position, SkillGroup, Sourced
from pipeline.model.document import Box, Document, Line, PageSize, Span
from pipeline.model.profile import Importance, Profile, Requirement
from pipeline.structure.posting import profile_of
from pipeline.structure.posting_lines import posting_of_text

TODAY = date(2026, 11, 21)

_LEXICON = """
java = { any = ["Java"], broader = ["programming-language"] }
javascript = { any = ["JavaScript"], broader = ["programming-language"] }
kotlin = { any = ["Kotlin"], broader = ["programming-language"] }
go = { any = ["Go", "Golang"], exact = true, broader = ["programming-language"] }
c = { any = ["C"], exact = true, broader = ["programming-language"] }
programming-language = { de = ["Programmiersprache"] }
kubernetes = { any = ["Kubernetes", "K8s"] }
postgresql = { any = ["PostgreSQL", "Postgres"], broader = ["sql-database"] }
mysql = { any = ["MySQL"], broader = ["sql-database"] }
sql-database = { de = ["SQL-Datenbank"], siblings = true }
project-management = { de = ["Projektleitung", "Projektleiter"], en = ["project management"] }
backend-development = { de = ["Backend-Entwicklung", "Backend-Entwickler"], en = ["backend development", "backend developer"] }
intensive-care = { de = ["Intensivpflege"], broader = ["nursing"] }
nursing = { de = ["Krankenpflege"] }
nurse-training = { de = ["Gesundheits- und Krankenpfleger", "Pflegefachmann", "Krankenschwester"], broader = ["nursing"], kind = "training" }
accounting = { de = ["Buchhaltung", "Buchhalter"] }
teamwork = { de = ["Teamfähigkeit", "teamfähig"], kind = "soft" }
computer-science = { de = ["Informatik"], kind = "training" }
"""


def lexicon() -> Concepts:
    found = []
    for key, entry in tomllib.loads(_LEXICON).items():
        names = tuple(name for language in ("any", "de", "en") for name in entry.pop(language, ()))
        found.append(Concept(key, names, **{name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}))
    return Concepts(found, "test")


LEXICON = lexicon()


class Page:
    """Hands out values that stand on lines of their own, and the document of those lines."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str, *, printed: str = "") -> Sourced:
        self.texts.append(printed or text)
        return Sourced(text, (len(self.texts),), printed, "rule" if printed else "")

    def document(self) -> Document:
        lines = [
            Line(number, 1, Box(50, 10 * number, 300, 10 * number + 9), text, (Span(0, len(text), 10, False, False, "000000"),))
            for number, text in enumerate(self.texts, start=1)
        ]
        return Document(tuple(lines), (PageSize(595, 842),))


def cv(
    page: Page | None = None,
    *,
    jobs: list[tuple[str, str, str, list[str]]] | None = None,
    skills: list[str] | None = None,
    education: list[str] | None = None,
    certificates: list[str] | None = None,
    languages: list[tuple[str, str]] | None = None,
    summary: list[str] | None = None,
    basics: dict[str, Any] | None = None,
) -> Cv:
    """`jobs` are (title, start, end or "", highlights); `languages` (name, CEFR level or "")."""
    page = page or Page()
    return Cv(
        language="de",
        structurer="rules",
        basics=Basics(summary=tuple(page(text) for text in summary or ()), **{name: page(text) for name, text in (basics or {}).items()}),
        positions=tuple(
            Position(
                title=page(title),
                company=page("Muster GmbH"),
                period=Period(page(start), page(end) if end else None, None if end else page("heute")),
                highlights=tuple(page(text) for text in highlights),
            )
            for title, start, end, highlights in jobs or ()
        ),
        skills=(SkillGroup(items=tuple(page(text) for text in skills)),) if skills else (),
        education=tuple(Education(degree=page(text)) for text in education or ()),
        certificates=tuple(Certificate(name=page(text)) for text in certificates or ()),
        languages=tuple(Language(page(name), page(level), page(level) if level else None) for name, level in languages or ()),
    )


def facts_of(made: Cv) -> Facts:
    return facts(anonymous(made, today=TODAY), LEXICON)


def judged(made: Cv, text: str, *, title: str = "Stelle") -> Judged:
    """The verdict on one line of a posting."""
    profile = profile_of(posting_of_text(f"# {title}\n\n## Ihr Profil\n\n- {text}"))
    return judge(facts_of(made), wanted(profile.requirements[0], title, LEXICON), LEXICON)


def profile(*musts: str, nice: tuple[str, ...] = ()) -> Profile:
    wishes = [(text, Importance.MUST) for text in musts] + [(text, Importance.NICE) for text in nice]
    return Profile(
        title="Stelle",
        requirements=tuple(Requirement(id=f"r{i}", text=text, importance=kind, weight=kind.weight) for i, (text, kind) in enumerate(wishes, 1)),
    )


def total(made: Cv, asked: Profile) -> int:
    return score_of(facts_of(made), asked_by(asked, LEXICON), LEXICON).total
