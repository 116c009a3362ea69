"""The product behind its command line, and how the measurements print: `python app.py match --profile FILE PATH… --json`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cvs import ROOT


@dataclass(frozen=True)
class Verdict:
    requirement: str
    importance: str
    verdict: str
    quotes: tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """The CV's file name without folder and ending, and what the product says of it."""

    cv: str
    score: float
    band: str
    verdicts: tuple[Verdict, ...]


def matches(app: Path, profile: Path, cvs: list[Path]) -> list[Match]:
    """In the product's order, best first. What it gives no answer for stands at the end with NaN for a score, which no target is met by."""
    run = subprocess.run(
        [sys.executable, str(app), "match", "--profile", str(profile.resolve()), *(str(cv.resolve()) for cv in cvs), "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    found = [_match(each) for each in json.loads(run.stdout)["matches"]] if run.stdout.strip() else []
    missing = {cv.stem for cv in cvs} - {match.cv for match in found}
    if missing:
        print(f"{profile.name}: no answer for {', '.join(sorted(missing))}\n{run.stderr[-500:]}", file=sys.stderr)
    return found + [Match(name, float("nan"), "", ()) for name in sorted(missing)]


def _match(row: dict[str, Any]) -> Match:
    verdicts = tuple(
        Verdict(each["requirement"], each["importance"], each["verdict"], tuple(quote["text"] for quote in each["quotes"]))
        for each in row["verdicts"]
    )
    return Match(Path(row["file"]).stem, row["score"], row["band"], verdicts)


def arguments(text: str | None) -> argparse.ArgumentParser:
    """What all measurements take."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--app", type=Path, default=ROOT / "app.py", help="the program that is measured")
    parser.add_argument("--json", action="store_true", help="figures as JSON instead of tables")
    return parser


def table(head: str, rows: list[tuple[Any, ...]]) -> None:
    names = head.split("|")
    print(f"\n| {' | '.join(names)} |\n|{' --- |' * len(names)}")
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |")
