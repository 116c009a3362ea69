"""Makes the pictures of README and docs: `.venv/bin/python samples/make_pictures.py` (needs LibreOffice, Chromium, poppler, tests/node)."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from app import start  # noqa: E402
from bot.settings import Settings  # noqa: E402
from cards.i18n import catalogue  # noqa: E402
from tests.cards.samples import all_cards  # noqa: E402
from tests.conftest import chromium, free_port  # noqa: E402

IMAGES = ROOT / "docs" / "images"


def card() -> None:
    made = all_cards(catalogue("de"))["result"]
    job = {"chromium": chromium(), "cards": [{"name": "result", "card": made, "png": str(IMAGES / "result-card.png")}]}
    subprocess.run(["node", ROOT / "tests/node/cards.mjs"], input=json.dumps(job), text=True, check=True, capture_output=True)


def word(folder: Path) -> None:
    for template, sample in (("classic", "de-einspaltig-brandt"), ("modern", "en-two-column-okafor")):
        out = folder / template
        command = [sys.executable, "app.py", "convert", f"samples/{sample}.pdf", "--out", out, "--template", template]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        office = [
            "soffice",
            f"-env:UserInstallation=file://{folder}/office",
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            out,
            out / f"{sample}.docx",
        ]
        subprocess.run(office, check=True, capture_output=True)
        subprocess.run(["pdftoppm", "-r", "70", "-png", "-singlefile", out / f"{sample}.pdf", IMAGES / f"word-{template}"], check=True)


async def page(folder: Path) -> None:
    running = await start(replace(Settings(), data=folder / "data", port=free_port()))
    command = [
        "node",
        str(ROOT / "tests/node/page.mjs"),
        f"{running.url}/",
        str(ROOT / "samples/de-tabelle-yilmaz.pdf"),
        chromium(),
        str(folder),
        "light",
    ]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    running.stop.set()
    await running.ended
    shutil.copy(folder / "page-result-light.png", IMAGES / "page.png")


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        card()
        word(Path(name))
        asyncio.run(page(Path(name)))


if __name__ == "__main__":
    main()
