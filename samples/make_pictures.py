"""Makes the pictures of README and docs: `.venv/bin/python samples/make_pictures.py` (needs LibreOffice, Chromium, poppler, tests/node)."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from app import start  # noqa: E402
from bot.settings import Settings  # noqa: E402
from cards.i18n import catalogue  # noqa: E402
from pipeline.model.offer import Stage  # noqa: E402
from pipeline.render.offer_word import Letterhead, offer_word  # noqa: E402
from tests.cards.offer_samples import offer  # noqa: E402
from tests.cards.samples import all_cards  # noqa: E402
from tests.conftest import chromium, free_port  # noqa: E402

IMAGES = ROOT / "docs" / "images"


def card() -> None:
    made = all_cards(catalogue("de"))
    pictures = {"result": "result-card", "offer-approval": "offer-approval", "offer-form": "offer-form", "customer-list": "customer-list"}
    shown = [{"name": name, "card": made[name], "png": str(IMAGES / f"{png}.png")} for name, png in pictures.items()]
    english = all_cards(catalogue("en"))["offer-approval"]
    shown.append({"name": "offer-approval", "card": english, "png": str(IMAGES / "offer-approval-en.png")})
    job = {"chromium": chromium(), "cards": shown, "width": 640}  # all buttons of the widest in one row
    subprocess.run(["node", ROOT / "tests/node/cards.mjs"], input=json.dumps(job), text=True, check=True, capture_output=True)


def letter(folder: Path) -> None:
    head = Letterhead(
        "Muster Personal GmbH",
        "Königstraße 1 · 70173 Stuttgart",
        "Tel. +49 711 123456 · info@muster-personal.example",
        "Geschäftsführung: Eva Beispiel · HRB 12345 Stuttgart · USt-IdNr. DE136695976",
    )
    for language, name in (("de", "offer-letter"), ("en", "offer-letter-en")):
        made = offer(Stage.APPROVED).model_copy(update={"language": language})
        (folder / f"{name}.docx").write_bytes(offer_word(made, head, day=date(2026, 11, 26), final=True))
        picture(folder, folder / f"{name}.docx", name)


def picture(folder: Path, file: Path, name: str) -> None:
    office = ["soffice", f"-env:UserInstallation=file://{folder}/office", "--headless", "--convert-to", "pdf", "--outdir", file.parent, file]
    subprocess.run(office, check=True, capture_output=True)
    subprocess.run(["pdftoppm", "-r", "70", "-png", "-singlefile", file.with_suffix(".pdf"), IMAGES / name], check=True)


def word(folder: Path) -> None:
    for template, sample in (("classic", "de-einspaltig-brandt"), ("modern", "en-two-column-okafor")):
        out = folder / template
        command = [sys.executable, "app.py", "convert", f"samples/{sample}.pdf", "--out", out, "--template", template]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        picture(folder, out / f"{sample}.docx", f"word-{template}")


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
        letter(Path(name))
        asyncio.run(page(Path(name)))


if __name__ == "__main__":
    main()
