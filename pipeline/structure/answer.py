"""The strict shape of a model's answer: short values with their lines, long texts as line ranges."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Value(_Strict):
    text: str
    lines: list[int]


class Range(_Strict):
    first: int
    last: int


class LinkAnswer(_Strict):
    network: Value | None
    username: Value | None
    url: Value | None


class BasicsAnswer(_Strict):
    name: Value | None
    headline: Value | None
    email: Value | None
    phone: Value | None
    street: Value | None
    postal_code: Value | None
    city: Value | None
    country: Value | None
    birth_date: Value | None
    birth_place: Value | None
    nationality: Value | None
    marital_status: Value | None
    links: list[LinkAnswer]
    summary: list[Range]


class PositionAnswer(_Strict):
    title: Value | None
    company: Value | None
    location: Value | None
    period: Value | None
    summary: list[Range]
    highlights: list[Range]
    technologies: list[Value]


class ProjectAnswer(_Strict):
    name: Value | None
    role: Value | None
    customer: Value | None
    period: Value | None
    summary: list[Range]
    highlights: list[Range]
    technologies: list[Value]


class EducationAnswer(_Strict):
    degree: Value | None
    area: Value | None
    institution: Value | None
    location: Value | None
    grade: Value | None
    period: Value | None
    summary: list[Range]


class CertificateAnswer(_Strict):
    name: Value | None
    issuer: Value | None
    date: Value | None


class SkillsAnswer(_Strict):
    name: Value | None
    items: list[Value]


class LanguageAnswer(_Strict):
    name: Value
    level: Value | None


class CvAnswer(_Strict):
    basics: BasicsAnswer
    positions: list[PositionAnswer]
    projects: list[ProjectAnswer]
    education: list[EducationAnswer]
    certificates: list[CertificateAnswer]
    skills: list[SkillsAnswer]
    languages: list[LanguageAnswer]
    volunteer: list[PositionAnswer]
    publications: list[Range]
    awards: list[Range]
    references: list[Range]
    interests: list[Value]
    headings: list[int]


def strict_schema() -> dict[str, Any]:
    """The JSON schema of the answer in the subset that structured outputs take: all required, nothing additional."""
    schema = CvAnswer.model_json_schema()
    for node in (schema, *schema.get("$defs", {}).values()):
        node.pop("title", None)
        node["additionalProperties"] = False
        node["required"] = list(node["properties"])
        for field in node["properties"].values():
            field.pop("title", None)
            field.pop("default", None)
    return schema
