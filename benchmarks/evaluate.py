"""Scores the rules structurer: `make eval`, or with another set `make eval CORPUS=folder` (pdf/ and gold/ inside)."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from pipeline.conversion import Options, Tools, convert  # noqa: E402
from pipeline.errors import UserError  # noqa: E402
from pipeline.read.sandbox import Sandbox  # noqa: E402


async def predict(corpus: Path, out: Path) -> dict[str, str]:
    """One JSON per PDF; returns what could not be read and why."""
    sandbox, refused = Sandbox(), {}
    for pdf in sorted((corpus / "pdf").glob("*.pdf")):
        try:
            done = await convert(pdf.read_bytes(), Tools(sandbox), Options(date.today()), word=False)
        except UserError as error:
            refused[pdf.stem] = error.key
            continue
        (out / f"{pdf.stem}.json").write_text(json.dumps(done.json_resume(), ensure_ascii=False, indent=1), "utf-8")
    await sandbox.close()
    return refused


def main() -> None:
    corpus = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        refused = asyncio.run(predict(corpus, out))
        subprocess.run([sys.executable, HERE / "score.py", "--gold", corpus / "gold", "--pred", out, *sys.argv[2:]], check=True)
        for name, reason in refused.items():
            print(f"not read: {name} ({reason})")


if __name__ == "__main__":
    main()
