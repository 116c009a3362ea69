"""A Cv held against a Profile: verdicts with their evidence, and the score that code makes of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from pipeline.model.profile import Importance, Profile


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Status(StrEnum):
    MET = "met"
    PARTLY = "partly"
    NOT_FOUND = "not_found"
    UNCLEAR = "unclear"


class Quote(_Stored):
    """A line of the CV, as it stands there; `page` and `line` count from 1."""

    text: str
    page: int
    line: int


class Reason(_Stored):
    """Why the verdict is as it is: `key` names a text of the catalogues (`reason.<key>`), `values` fill it."""

    key: str
    values: dict[str, str] = Field(default_factory=dict)


class Experience(_Stored):
    """Years that the CV's positions and projects show of a thing, overlaps counted once."""

    what: str
    years: float


class Override(_Stored):
    """A person sees it differently. `user` is the directory's id, `name` what colleagues read."""

    status: Status
    reason: str = Field(min_length=3, max_length=500)
    user: str
    name: str = ""
    at: datetime


class Verdict(_Stored):
    """On one requirement, with the years of each thing that it names and the CV dates.

    `points` is what the score would gain, of 100, if the requirement were met. `scored` is False for what a CV cannot prove (soft skills).
    `engine` is the status that rules and model came to; `override` replaces it. `share`: of what is met in part, how much, 0 to 1.
    """

    requirement: str
    text: str
    importance: Importance
    weight: int
    status: Status
    engine: Status
    reasons: tuple[Reason, ...] = ()
    quotes: tuple[Quote, ...] = ()
    experience: tuple[Experience, ...] = ()
    points: int = 0
    share: float = 0.5
    scored: bool = True
    override: Override | None = None


class Band(StrEnum):
    STRONG = "strong"
    GOOD = "good"
    PARTIAL = "partial"
    WEAK = "weak"


class Score(_Stored):
    """`total` 0 to 100; `uncapped` what it were without the rule for missing must-haves, `missing` how many there are, `cap` the most they allow."""

    total: int
    uncapped: float
    band: Band
    missing: int = 0
    cap: int = 100


class Versions(_Stored):
    """What made the match: with these, the stored PDF and the recorded model answers it can be made again."""

    engine: str
    lexicon: str
    model: str = ""
    prompt: str = ""


class Ranked(_Stored):
    """One CV of a shortlist: whose it is, the job that made it, and the score."""

    candidate: str
    job: str
    total: int
    uncapped: float
    missing: int = 0
    name: str = ""


class Shortlist(_Stored):
    """All CVs of a tenant against one profile, best first. `page` of them is shown; names are looked up for that page only."""

    id: str
    tenant: str
    user: str
    profile: Profile
    ranked: tuple[Ranked, ...] = ()
    count: int = 0
    page: int = 0
    versions: Versions
    created: datetime


class Match(_Stored):
    """`job` made the CV, `profile` is as it was then. `years` of experience in all.

    `notes` are beside the score: place of work, permit. `changed` counts overrides.
    """

    id: str
    tenant: str
    user: str
    job: str
    candidate: str
    candidate_name: str
    profile: Profile
    score: Score
    verdicts: tuple[Verdict, ...]
    notes: tuple[Reason, ...] = ()
    years: float = 0.0
    versions: Versions
    created: datetime
    changed: int = 0
    version: int = 1
