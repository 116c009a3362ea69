"""What the model structurer costs: `make tokens`. Tokens of the four questions and of their answers for each CV, and their price.

Input counts instructions, schema and lines. The answers are those of a model that reads like the rules (tests/oracle.py), so their length
is that of a good answer. Prices are the defaults of the settings, in US dollars per million tokens.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent)]

from app import make_reader  # noqa: E402
from bot.settings import Settings  # noqa: E402
from pipeline.errors import UserError  # noqa: E402
from pipeline.ports import Completion, Prompt  # noqa: E402
from pipeline.read.sandbox import Sandbox  # noqa: E402
from pipeline.structure.model import structure_by_model  # noqa: E402
from pipeline.structure.rules import structure_by_rules  # noqa: E402
from tests.oracle import Oracle  # noqa: E402

LIMIT_PAGES, LIMIT_INPUT, LIMIT_OUTPUT = 4, 6000, 900


class Counted(Oracle):
    """Remembers what was asked and answered."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.said: list[tuple[str, str]] = []

    async def complete(self, prompt: Prompt) -> Completion:
        done = await super().complete(prompt)
        self.said.append(
            (prompt.system + prompt.user + json.dumps(prompt.schema), json.dumps(done.answer, ensure_ascii=False, separators=(",", ":")))
        )
        return done


async def asked(corpora: list[Path]) -> list[tuple[str, int, list[tuple[str, str]]]]:
    """Name, pages, and the texts of questions and answers of each CV."""
    sandbox, found = Sandbox(), []
    reader = make_reader(Settings(), sandbox)
    for path in sorted(p for corpus in corpora for p in (corpus / "pdf").glob("*.pdf")):
        try:
            document = await reader.read(path.read_bytes())
        except UserError:
            continue
        rules = structure_by_rules(document)
        model = Counted(document, rules)
        await structure_by_model(document, rules, model)
        found.append((path.stem, len(document.pages), model.said))
    await sandbox.close()
    return found


def counts(texts: list[str]) -> list[int]:
    node = HERE.parent / "tests" / "node"
    done = subprocess.run(["node", "tokens.mjs"], cwd=node, input=json.dumps(texts), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    corpora = [Path(p) for p in sys.argv[1:]] or [HERE / "corpus", HERE / "corpus-made"]
    cvs = asyncio.run(asked(corpora))
    flat = iter(counts([text for _, _, said in cvs for pair in said for text in pair]))
    settings = Settings()
    rows = []
    for name, pages, said in cvs:
        pairs = [(next(flat), next(flat)) for _ in said]
        given, taken = sum(a for a, _ in pairs), sum(b for _, b in pairs)
        rows.append((name, pages, given, taken, 100 * (given * settings.input_price + taken * settings.output_price) / 1e6))
    by_pages: dict[int, list] = defaultdict(list)
    for row in rows:
        by_pages[row[1]].append(row)
    print("| pages | CVs | input, median (most) | output, median (most) | price, median (most), cents |\n| --- | --- | --- | --- | --- |")
    for pages, group in sorted(by_pages.items()):
        cells = [f"{median(r[i] for r in group):{form}} ({max(r[i] for r in group):{form}})" for i, form in ((2, ".0f"), (3, ".0f"), (4, ".3f"))]
        print(f"| {pages} | {len(group)} | {' | '.join(cells)} |")
    over = [r[0] for r in rows if r[1] <= LIMIT_PAGES and (r[2] > LIMIT_INPUT or r[3] > LIMIT_OUTPUT)]
    print(f"\nup to {LIMIT_PAGES} pages, over {LIMIT_INPUT} / {LIMIT_OUTPUT}: {', '.join(over) or 'none'}")


if __name__ == "__main__":
    main()
