"""Each expected person without exactly one must-have: `near_misses.py`. near_misses.toml says what each variant loses.

A variant must rank below the full CV, and its verdict for that requirement must not be `met` (in the full CV it must be, or there is nothing to lose).
"""

from __future__ import annotations

import copy
import json
import re
import sys
import tempfile
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import command
import cvs
import rendering
import verdicts


@dataclass(frozen=True)
class Row:
    profile: str
    person: str
    requirement: str
    loses: str
    full: float
    variant: float
    verdict_full: str
    verdict_variant: str

    @property
    def right(self) -> bool:
        return self.variant < self.full and self.verdict_variant != "met"


def replaced(data: Any, old: str, new: str, *, exact: bool) -> Any:
    """The data with the words exchanged; what ends up empty is dropped from its list, and so is an entry whose name does."""
    if isinstance(data, str):
        return (new if data == old else data) if exact else data.replace(old, new)
    if isinstance(data, list):
        return [done for each in data if (done := replaced(each, old, new, exact=exact)) != "" and not _nameless(each, done)]
    if isinstance(data, dict):
        return {key: replaced(value, old, new, exact=exact) for key, value in data.items()}
    return data


def _nameless(before: Any, after: Any) -> bool:
    return isinstance(after, dict) and any(before.get(key) and not after.get(key) for key in ("name", "degree", "language", "items"))


def later(start: str, months: int) -> str:
    year, month = divmod(int(start[:4]) * 12 + int(start[5:7]) - 1 + months, 12)
    return f"{year}-{month + 1:02}"


def shortened(person: rendering.Person, title: str, months: int) -> None:
    same = [entry for entry in person["work"] if re.search(title, entry["position"])]
    same[0]["end"] = later(same[0]["start"], months)
    person["work"] = [entry for entry in person["work"] if entry not in same[1:]]


def variant(person: rendering.Person, edit: dict[str, Any]) -> rendering.Person:
    done = copy.deepcopy(person)
    for old, new in edit.get("replace", []):
        done, before = replaced(done, old, new, exact=edit.get("exact", False)), done
        if done == before:
            sys.exit(f"{person['name']}: {old!r} is nowhere")
    if "months" in edit:
        shortened(done, *edit["months"])
    if "level" in edit:
        language, level = edit["level"]
        next(entry for entry in done["languages"] if entry["language"] == language)["level"] = level
    return done


def verdict(match: command.Match, requirement: cvs.Requirement) -> str:
    found = verdicts.same(requirement, match)
    return found.verdict if found else "no answer"


def rows(app: Path, profile: str, name: str, edits: list[dict[str, Any]], folder: Path) -> list[Row]:
    file, person = cvs.HERE / "profiles" / f"{profile}.md", rendering.person(name)
    asked = [cvs.named(edit["requirement"], cvs.requirements(file)) for edit in edits]
    layout = cvs.LAYOUT.get(name, "classic")
    versions = {f"full-{profile}-{name}": person, **{f"{number}-{profile}-{name}": variant(person, edit) for number, edit in enumerate(edits)}}
    targets = {key: folder / f"{key}.pdf" for key in versions}
    rendering.printed((targets[key], rendering.page(who, layout)) for key, who in versions.items())
    found = {match.cv: match for match in command.matches(app, file, list(targets.values()))}
    full = found[f"full-{profile}-{name}"]
    result = []
    for number, (edit, requirement) in enumerate(zip(edits, asked, strict=True)):
        match = found[f"{number}-{profile}-{name}"]
        loses = "; ".join(f"{key} {edit[key]}" for key in ("months", "level") if key in edit) or ", ".join(old for old, _ in edit["replace"])
        judged = verdict(full, requirement), verdict(match, requirement)
        result.append(Row(profile, name, requirement.text, loses, full.score, match.score, *judged))
    return result


def main() -> None:
    args = command.arguments(__doc__).parse_args()
    plan = tomllib.loads((cvs.HERE / "near_misses.toml").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        found = [
            each
            for profile, persons in plan.items()
            for name, entry in persons.items()
            for each in rows(args.app, profile, name, entry["edits"], Path(folder))
        ]
    right = sum(each.right for each in found)
    if args.json:
        rest = {"right": right, "of": len(found), "rows": [{**asdict(each), "right": each.right} for each in found]}
        print(json.dumps(rest, ensure_ascii=False, indent=1))
    else:
        command.table(
            "profile|person|requirement|loses|full|variant|verdict|right",
            [
                (
                    each.profile,
                    each.person,
                    each.requirement,
                    each.loses,
                    each.full,
                    each.variant,
                    f"{each.verdict_full} → {each.verdict_variant}",
                    "yes" if each.right else "NO",
                )
                for each in found
            ],
        )
        print(f"\n{right} of {len(found)} near misses rank below and name the gap")
    sys.exit(right < len(found))


if __name__ == "__main__":
    main()
