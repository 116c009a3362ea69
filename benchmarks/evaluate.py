"""Scores the rules structurer: `make eval`, or with another set `make eval CORPUS=folder` (pdf/ and gold/ inside).

Prints F1 by language, by layout and by leaf, and the worst ten CVs with what was missed.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import score  # noqa: E402

from app import make_reader  # noqa: E402
from bot.settings import Settings  # noqa: E402
from pipeline.conversion import Options, Tools, convert  # noqa: E402
from pipeline.errors import UserError  # noqa: E402
from pipeline.read.sandbox import Sandbox  # noqa: E402

WORST, MISSES = 10, 6
Row = tuple[str, dict, score.Tally]


async def scored(corpora: list[Path]) -> list[Row]:
    """Name, gold and tally of each CV; one that cannot be read counts as empty."""
    sandbox = Sandbox()
    tools, rows = Tools(make_reader(Settings(), sandbox)), []
    for gold in sorted(path for corpus in corpora for path in (corpus / "gold").glob("*.json")):
        wanted = json.loads(gold.read_text("utf-8"))
        if wanted.get("schema") != "cvgold/1":
            continue
        try:
            found = (
                await convert((gold.parents[1] / "pdf" / f"{gold.stem}.pdf").read_bytes(), tools, Options(date.today()), word=False)
            ).json_resume()
        except UserError as error:
            print(f"not read: {gold.stem} ({error.key})")
            found = {}
        rows.append((gold.stem, wanted, score.score(wanted, found)))
    await sandbox.close()
    return rows


def mean(rows: list[Row]) -> float:
    return sum(tally.f1() for *_, tally in rows) / len(rows)


def table(title: str, groups: dict[str, list[Row]]) -> None:
    print(f"\n| {title} | CVs | F1 |\n| --- | --- | --- |")
    for name, rows in sorted(groups.items()):
        print(f"| {name} | {len(rows)} | {mean(rows):.3f} |")


def main() -> None:
    corpora = [Path(sys.argv[1])] if len(sys.argv) > 1 else [HERE / "corpus", HERE / "corpus-made"]
    rows = asyncio.run(scored(corpora))
    for key in ("language", "layout"):
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            groups[str(row[1].get(key))].append(row)
        table(key, groups)
    print("\n| leaf | right | gold | found | F1 |\n| --- | --- | --- | --- | --- |")
    for kind in sorted({kind for *_, tally in rows for kind in tally.leaf}):
        right, gold, found = (sum(tally.leaf[kind][i] for *_, tally in rows) for i in range(3))
        print(f"| {kind} | {right} | {gold} | {found} | {2 * right / (gold + found) if gold + found else 1:.3f} |")
    print("\nThe worst:")
    for name, _, tally in sorted(rows, key=lambda row: row[2].f1())[:WORST]:
        print(f"- {name} {tally.f1():.3f}")
        for miss in tally.miss[:MISSES]:
            print(f"  - {miss}")
    print(f"\nF1 {mean(rows):.4f} over {len(rows)} CVs")


if __name__ == "__main__":
    main()
