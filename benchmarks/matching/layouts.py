"""The same person's CVs in different layouts and languages against the same profile: `layouts.py`. Wanted: scores within five points.

The CVs of the corpora as they are (scans and files with hidden text among them), and the made persons in each layout that prints all of what they have.
"""

from __future__ import annotations

import json
import sys
import tempfile
import tomllib
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

import command
import cvs
import rendering

WANTED = 5
TRANSLATED = {"de_sommerfeldt": "en_sommerfeldt", "de_brenner": "en_brenner", "de_yildiz": "en_yildiz", "de_keller": "en_keller"}
WITH_SUMMARY = {"classic", "sidebar", "employers", "margin", "columns"}
WITHOUT_SUMMARY = {"table", "consultant"}
WITH_PROJECTS = {"classic", "portfolio"}
"""The layouts that print the summary, those that leave it out, and those that print it and the technologies of projects too."""


@dataclass(frozen=True)
class Row:
    profile: str
    person: str
    scores: dict[str, float]

    @property
    def spread(self) -> float:
        return round(max(self.scores.values()) - min(self.scores.values()), 1)


def fitting(person: rendering.Person) -> list[str]:
    if person.get("projects"):
        return sorted(WITH_PROJECTS)
    return sorted(WITH_SUMMARY if person.get("summary") else WITH_SUMMARY | WITHOUT_SUMMARY)


def made(name: str, folder: Path) -> list[Path]:
    """The person in each fitting layout, in both languages where there are two."""
    pages = []
    for version in (name, TRANSLATED.get(name, "")):
        if version:
            who = rendering.person(version)
            pages += [(folder / f"{layout}-{version}.pdf", rendering.page(who, layout)) for layout in fitting(who)]
    rendering.printed(pages)
    return [target for target, _ in pages]


def files_of(name: str, folder: Path) -> list[Path]:
    """A name with its language has a file in persons/; one without has CVs in the corpus only."""
    return made(name, folder) if "_" in name else sorted((cvs.BENCHMARKS / "corpus" / "pdf").glob(f"*-{name}.pdf"))


def main() -> None:
    args = command.arguments(__doc__).parse_args()
    expected = tomllib.loads((cvs.HERE / "expected.toml").read_text("utf-8"))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for profile, persons in expected.items():
            for name in persons:
                if name in TRANSLATED.values():
                    continue
                found = command.matches(args.app, cvs.HERE / "profiles" / f"{profile}.md", files_of(name, Path(folder)))
                rows.append(Row(profile, name, {match.cv: match.score for match in found}))
    right = sum(each.spread <= WANTED for each in rows)
    if args.json:
        print(
            json.dumps(
                {"right": right, "of": len(rows), "rows": [{**asdict(each), "spread": each.spread} for each in rows]}, ensure_ascii=False, indent=1
            )
        )
    else:
        command.table("profile|person|CVs|spread|scores", [(r.profile, r.person, len(r.scores), r.spread, scores(r)) for r in rows])
        print(f"\n{right} of {len(rows)} within {WANTED} points; worst {max(each.spread for each in rows)}")
    sys.exit(right < len(rows))


def scores(row: Row) -> str:
    """Layouts by score, the best first."""
    by_score: dict[float, list[str]] = defaultdict(list)
    for cv, score in row.scores.items():
        by_score[score].append(cv.removesuffix(f"-{row.person}"))
    return "; ".join(f"{score}: {', '.join(names)}" for score, names in sorted(by_score.items(), reverse=True))


if __name__ == "__main__":
    main()
