"""Is an expected person first? `ranking.py [FOLDER_OF_PROFILES FOLDER_OF_CVS…]`; without folders our own profiles over all our CVs but the scans.

Who is expected says expected.toml, in the folder or above it, or in a folder of others *.yaml with `id:` and `expected_fit: […]` beside <id>.md
or <id>.pdf. A person's family name is the last part of the CV file's name. The margin is the best expected score less the best other one.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import tomllib
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path

import command
import cvs
import rendering


@dataclass(frozen=True)
class Row:
    """Ranks of the best CV of each expected person, and of all their CVs."""

    profile: str
    first: bool
    persons: dict[str, int]
    ranks: list[int]
    margin: float
    best_other: str


def family(person: str) -> str:
    return person.rsplit("_", 1)[-1]


def expectations(folder: Path) -> list[tuple[Path, set[str]]]:
    """Profile file -> family names."""
    for path in (folder / "expected.toml", folder.parent / "expected.toml"):
        if path.exists():
            return [(folder / f"{name}.md", {family(each) for each in persons}) for name, persons in tomllib.loads(path.read_text("utf-8")).items()]
    found = []
    for path in sorted(folder.glob("*.yaml")):
        text = path.read_text("utf-8")
        name, persons = (re.search(pattern, text, re.MULTILINE) for pattern in (r"^id: *(\S+)", r"^expected_fit: *\[(.*)\]"))
        if name and persons:
            fit = {family(each.strip()) for each in persons[1].split(",")}
            found += [(file, fit) for ending in ("md", "pdf") if (file := folder / f"{name[1]}.{ending}").exists()]
    return found


def row(app: Path, profile: Path, expected: set[str], files: list[Path]) -> Row:
    found = command.matches(app, profile, files)
    whose = [family(cvs.person_of(Path(match.cv))) for match in found]
    ranks = [number for number, name in enumerate(whose, start=1) if name in expected]
    others = [match for match, name in zip(found, whose, strict=True) if name not in expected]
    best = max((match.score for match, name in zip(found, whose, strict=True) if name in expected), default=0)
    persons = {name: whose.index(name) + 1 for name in sorted(expected) if name in whose}
    first = ranks[:1] == [1] and not isnan(found[0].score)
    return Row(profile.name, first, persons, ranks, round(best - others[0].score, 1) if others else best, others[0].cv if others else "")


def main() -> None:
    parser = command.arguments(__doc__)
    parser.add_argument("profiles", nargs="?", type=Path, default=cvs.HERE / "profiles")
    parser.add_argument("cvs", nargs="*", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folders = args.cvs or [cvs.BENCHMARKS / "corpus" / "pdf", cvs.BENCHMARKS / "corpus-made" / "pdf"]
        files = [path for each in folders for path in sorted(each.glob("*.pdf"))]
        if not args.cvs:
            files = [path for path in files if not path.stem.startswith("scan-")] + rendering.traps(Path(folder))
        rows = [row(args.app, profile, expected, files) for profile, expected in expectations(args.profiles)]
    right = sum(each.first for each in rows)
    if args.json:
        print(json.dumps({"first": right, "of": len(rows), "rows": [asdict(each) for each in rows]}, ensure_ascii=False, indent=1))
    else:
        names = lambda each: ", ".join(f"{name} {rank}" for name, rank in each.persons.items())
        ranks = lambda each: " ".join(map(str, each.ranks))
        command.table(
            "profile|first|best rank of each|all their ranks|margin|best other",
            [(each.profile, "yes" if each.first else "NO", names(each), ranks(each), f"{each.margin:+}", each.best_other) for each in rows],
        )
        print(f"\nAn expected person first: {right} of {len(rows)} profiles, {len(files)} CVs")
    sys.exit(right < len(rows))


if __name__ == "__main__":
    main()
