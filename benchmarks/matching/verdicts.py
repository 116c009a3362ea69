"""Agreement with the gold verdicts: `verdicts.py`. Prints the confusion table and each disagreement with both sides' evidence.

Quotes of every verdict are looked up in the CV by poppler's pdftotext; a scan has no text to look in and is not counted.
"""

from __future__ import annotations

import difflib
import json
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import command
import cvs
import quotes
import rendering

TARGET = 0.9
LIKE = 0.6
"""How alike two wordings of a requirement must be to be the same one, where neither contains the other."""


@dataclass
class Figures:
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    disagreements: list[dict[str, Any]] = field(default_factory=list)
    unread: set[tuple[str, str]] = field(default_factory=set)
    by_profile: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    quotes: Counter[str] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)

    def agreement(self) -> float:
        return sum(count for (wanted, found), count in self.confusion.items() if wanted == found) / max(1, self.confusion.total())


def same(asked: cvs.Requirement, match: command.Match) -> command.Verdict | None:
    """The product may word a requirement anew; the most alike of the same importance answers it."""
    wanted = quotes.bare(asked.text)

    def likeness(verdict: command.Verdict) -> float:
        text = quotes.bare(verdict.requirement)
        return 2.0 if text == wanted else 1.0 if text and (text in wanted or wanted in text) else difflib.SequenceMatcher(None, wanted, text).ratio()

    best = max((verdict for verdict in match.verdicts if verdict.importance == asked.importance), key=likeness, default=None)
    return best if best and likeness(best) >= LIKE else None


def hold(gold: cvs.Gold, match: command.Match, figures: Figures) -> None:
    answer = same(gold.requirement, match)
    found = answer.verdict if answer else "no answer"
    if not answer:
        figures.unread.add((gold.profile, gold.requirement.text))
    figures.confusion[gold.verdict, found] += 1
    figures.by_profile[gold.profile].append(found == gold.verdict)
    if found != gold.verdict:
        figures.disagreements.append({**asdict(gold), "found": found, "quotes": answer.quotes if answer else ()})


def look_up(match: command.Match, pdf: Path, figures: Figures) -> None:
    """Every verdict's quotes, also those that the gold says nothing of."""
    if not quotes.readable(pdf):
        return
    for verdict in match.verdicts:
        shown = [quotes.stands_in(quote, pdf) for quote in verdict.quotes]
        needs = verdict.verdict in {"met", "partly"}
        figures.quotes["needed"] += needs
        figures.quotes["given"] += needs and bool(shown) and all(shown)
        if (needs and not shown) or not all(shown):
            figures.strange.append(f"{match.cv}: {verdict.requirement}: {verdict.verdict} {list(verdict.quotes)}")


def measured(app: Path, folder: Path) -> Figures:
    figures = Figures()
    rendering.traps(folder)
    by_profile: dict[str, dict[str, list[cvs.Gold]]] = defaultdict(lambda: defaultdict(list))
    for each in cvs.gold():
        by_profile[each.profile][each.cv].append(each)
    for profile, by_cv in by_profile.items():
        files = [cvs.cv_path(name, folder) for name in by_cv]
        for match in command.matches(app, cvs.HERE / "profiles" / f"{profile}.md", files):
            look_up(match, cvs.cv_path(match.cv, folder), figures)
            for gold in by_cv[match.cv]:
                hold(gold, match, figures)
    return figures


def show(figures: Figures) -> None:
    found = [*cvs.VERDICTS, *(["no answer"] if figures.unread else [])]
    command.table("gold \\ found|" + "|".join(found), [(wanted, *(figures.confusion[wanted, each] for each in found)) for wanted in cvs.VERDICTS])
    command.table("profile|agreement", [(name, f"{sum(right)}/{len(right)}") for name, right in figures.by_profile.items()])
    if figures.unread:
        command.table("profile|requirement that the product did not read there", sorted(figures.unread))
    print("\nDisagreements:")
    for each in figures.disagreements:
        if (each["profile"], each["requirement"]["text"]) in figures.unread:
            continue
        print(f"- {each['profile']} × {each['cv']}: {each['requirement']['text']}")
        print(f"  gold {each['verdict']} {each['quote']!r} ({each['why']}), found {each['found']} {list(each['quotes'])}")
    print("\nQuotes that are missing or do not stand in the CV:")
    print("\n".join(f"- {line}" for line in figures.strange) or "none")
    given, needed = figures.quotes["given"], figures.quotes["needed"]
    answered = sum(count for (_, name), count in figures.confusion.items() if name != "no answer")
    of_these = figures.agreement() * figures.confusion.total() / max(1, answered)
    print(
        f"\nAgreement {figures.agreement():.1%} of {figures.confusion.total()}, {of_these:.1%} of the {answered} answered; with a quote that stands in the CV: {given} of {needed}"
    )


def main() -> None:
    args = command.arguments(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measured(args.app, Path(folder))
    if args.json:
        confusion = {wanted: {found: count for (w, found), count in figures.confusion.items() if w == wanted} for wanted in cvs.VERDICTS}
        rest = {"disagreements": figures.disagreements, "unread": sorted(figures.unread), "quotes": figures.quotes, "strange": figures.strange}
        print(json.dumps({"agreement": figures.agreement(), "confusion": confusion, **rest}, ensure_ascii=False, indent=1))
    else:
        show(figures)
    sys.exit(figures.agreement() < TARGET or bool(figures.strange))


if __name__ == "__main__":
    main()
