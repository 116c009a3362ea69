"""What the measurements of the matcher share: profiles, gold, CVs as PDFs, and the product behind its command line."""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
BENCHMARKS = HERE.parent
ROOT = BENCHMARKS.parent
sys.path[:0] = [str(path) for path in (ROOT, BENCHMARKS) if str(path) not in sys.path]

VERDICTS = ("met", "partly", "not_found", "unclear")
LAYOUT = {
    "de_hartung": "classic",
    "de_baumgart": "table",
    "en_novak": "employers",
    "de_sommerfeldt": "sidebar",
    "de_tiedemann": "classic",
    "de_yildiz": "table",
    "de_hamann": "table",
    "de_rehmann": "sidebar",
    "de_falkenried": "margin",
}
"""The persons with traps -> the layout their CV is rendered in. Some layouts leave out the summary, where the trap may be."""


@dataclass(frozen=True)
class Requirement:
    text: str
    importance: str


@dataclass(frozen=True)
class Gold:
    """One judgement by hand; the quote is empty where the CV says nothing."""

    profile: str
    cv: str
    requirement: Requirement
    verdict: str
    quote: str
    why: str


def requirements(profile: Path) -> list[Requirement]:
    """The bullets of the second section (must) and the third (nice) of one of our own profiles."""
    _, _, must, nice, *_ = re.split(r"^## .*$", profile.read_text("utf-8"), flags=re.MULTILINE)
    bullets = lambda text: re.findall(r"^[-*] (.+)$", text, flags=re.MULTILINE)
    return [Requirement(text, importance) for importance, part in (("must", must), ("nice", nice)) for text in bullets(part)]


def named(part: str, of: list[Requirement]) -> Requirement:
    """The requirement that is called so, or else the only one that contains the words."""
    exact = [each for each in of if each.text == part]
    found = exact or [each for each in of if part in each.text]
    if len(found) != 1:
        sys.exit(f"{part!r} names {len(found)} requirements")
    return found[0]


def gold() -> list[Gold]:
    rows = []
    for path in sorted((HERE / "gold").glob("*.toml")):
        asked = requirements(HERE / "profiles" / f"{path.stem}.md")
        for cv, verdicts in tomllib.loads(path.read_text("utf-8")).items():
            for part, (verdict, quote, *why) in verdicts.items():
                rows.append(Gold(path.stem, cv, named(part, asked), verdict, quote, *(why or [""])))
    return rows


def cv_path(name: str, traps: Path) -> Path:
    """Of the corpora, or of the folder where the persons with traps were rendered."""
    folders = (BENCHMARKS / "corpus" / "pdf", BENCHMARKS / "corpus-made" / "pdf", traps)
    return next(path for folder in folders if (path := folder / f"{name}.pdf").exists())


def person_of(cv: Path) -> str:
    """consultant-de_brenner.pdf is de_brenner's CV, docx-tabs-weiss.pdf is weiss's."""
    return cv.stem.rsplit("-", 1)[-1]
