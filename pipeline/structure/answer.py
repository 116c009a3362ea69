"""The questions that a model is asked, and the strict shape of its answers: pointers at pieces of lines, never text."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from pipeline.model.schema import strict_schema

VERSION = "2.0"
"""Of prompts and schemas together. A result names it, and the first digits of what they were (`fingerprint`)."""

_PROMPTS = Path(__file__).parent / "prompts"


class _Strict(BaseModel):
    """Every field is a pointer ("12b-13"), or empty where the CV says nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ContactAnswer(_Strict):
    name: str
    headline: str
    email: str
    phone: str
    street: str
    postal_code: str
    city: str
    country: str
    birth_date: str
    birth_place: str
    nationality: str
    marital_status: str
    summary: str


class JobAnswer(_Strict):
    title: str
    company: str
    place: str
    dates: str
    text: str
    technologies: str


class ProjectAnswer(_Strict):
    name: str
    role: str
    customer: str
    dates: str
    text: str
    technologies: str


class WorkAnswer(_Strict):
    positions: list[JobAnswer]
    projects: list[ProjectAnswer]
    volunteer: list[JobAnswer]


class SchoolAnswer(_Strict):
    degree: str
    area: str
    school: str
    place: str
    grade: str
    dates: str
    text: str


class CertificateAnswer(_Strict):
    name: str
    issuer: str
    date: str


class EducationAnswer(_Strict):
    education: list[SchoolAnswer]
    certificates: list[CertificateAnswer]


class SkillsAnswer(_Strict):
    name: str
    items: str


class LanguageAnswer(_Strict):
    name: str
    level: str


class RestAnswer(_Strict):
    skills: list[SkillsAnswer]
    languages: list[LanguageAnswer]
    publications: list[str]
    awards: list[str]
    references: list[str]
    interests: list[str]


Answer = ContactAnswer | WorkAnswer | EducationAnswer | RestAnswer


@dataclass(frozen=True, slots=True)
class Question:
    """`kinds` are the sections that it is about: it sees these lines and fills these fields, and no others. `bullets`: they hold fields."""

    name: str
    answer: type[ContactAnswer | WorkAnswer | EducationAnswer | RestAnswer]
    kinds: frozenset[str]
    bullets: bool = True

    @property
    def system(self) -> str:
        return f"{_text('common')}\n{_text(self.name)}"

    @property
    def schema(self) -> dict[str, Any]:
        return strict_schema(self.answer)


QUESTIONS = (
    Question("contact", ContactAnswer, frozenset({"head", "personal", "summary"})),
    Question("work", WorkAnswer, frozenset({"work", "projects", "volunteer"}), bullets=False),
    Question("education", EducationAnswer, frozenset({"education", "certificates"})),
    Question("rest", RestAnswer, frozenset({"skills", "languages", "publications", "awards", "references", "interests"})),
)


@cache
def fingerprint() -> str:
    """Eight digits that change with any prompt or schema."""
    asked = [[q.name, q.system, q.schema] for q in QUESTIONS]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:8]


@cache
def _text(name: str) -> str:
    return (_PROMPTS / f"{name}.md").read_text("utf-8").strip()
