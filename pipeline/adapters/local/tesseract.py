"""Ocr by Tesseract: a process of its own per page, with limits, that reads the picture from its standard input."""

from __future__ import annotations

import asyncio
import csv
import os
import shutil
import subprocess

from pipeline.adapters.local.picture import prepared
from pipeline.errors import TransientError, UserError
from pipeline.ports import OcrWord, PageImage

WALL_SECONDS = 40
MEMORY = 1 << 30
CPU_SECONDS = 30
_MAX_ANSWER = 8 * 2**20
_WORD = "5"
"""The TSV's level of words."""

OTSU, SAUVOLA = 0, 2
"""Tesseract's ways to tell ink from paper: one threshold for the page (better on clean scans), or one for each place."""


class Tesseract:
    """`languages` in Tesseract's names, joined by "+". At most `pages` are recognised at the same time, each on one core."""

    def __init__(self, languages: str, *, pages: int = 2) -> None:
        self._languages = languages
        self._places = asyncio.Semaphore(pages)

    async def words(self, image: PageImage) -> list[OcrWord]:
        """Raises UserError: too_complex; TransientError where the program does not start."""
        uneven = unevenly_lit(image)
        image = image if uneven else await asyncio.to_thread(prepared, image)
        picture = b"P5 %d %d 255\n" % (image.width, image.height) + image.grey
        program = [
            "tesseract",
            "stdin",
            "stdout",
            "-l",
            self._languages,
            "--psm",
            "3",
            "-c",
            f"thresholding_method={SAUVOLA if uneven else OTSU}",
            "--dpi",
            str(round(image.dpi)),
            "tsv",
        ]
        # several threads for one page are five times slower than one; pages run beside each other instead
        environment = {"PATH": os.defpath, "OMP_THREAD_LIMIT": "1", "LANG": "C.UTF-8"}
        if prefix := os.environ.get("TESSDATA_PREFIX"):
            environment["TESSDATA_PREFIX"] = prefix
        async with self._places:
            try:
                process = await asyncio.create_subprocess_exec(
                    *_limits(),
                    *program,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=environment,
                    start_new_session=True,
                )
            except OSError as error:
                raise TransientError("tesseract does not start") from error
            try:
                async with asyncio.timeout(WALL_SECONDS):
                    output, _ = await process.communicate(picture)
            except TimeoutError:
                raise UserError("too_complex") from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode or len(output) > _MAX_ANSWER:
            raise UserError("too_complex")
        return words_of(output.decode("utf-8", "replace"))


def unevenly_lit(image: PageImage, *, tiles: int = 6, samples: int = 12) -> bool:
    """Is the paper much darker in one place than in another, as on a photograph?"""
    whites = []
    width, height = image.width // tiles, image.height // tiles
    if width < samples or height < samples:
        return False
    for left in range(0, width * tiles, width):
        for top in range(0, height * tiles, height):
            rows = (image.grey[y * image.width + left : y * image.width + left + width] for y in range(top, top + height, height // samples))
            whites.append(sorted(max(row) for row in rows)[samples // 2])
    return min(whites) < 0.78 * max(whites)


def words_of(tsv: str) -> list[OcrWord]:
    """Tesseract's table: one row per word with box, confidence in percent, and block, paragraph and line numbers."""
    found: list[OcrWord] = []
    lines: dict[tuple[str, str, str], int] = {}
    for row in csv.DictReader(tsv.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row.get("text") or "").strip()
        if row.get("level") != _WORD or not text:
            continue
        left, top, width, height = (int(row[name]) for name in ("left", "top", "width", "height"))
        line = lines.setdefault((row["block_num"], row["par_num"], row["line_num"]), len(lines))
        found.append(OcrWord(text, left, top, left + width, top + height, max(0.0, float(row["conf"])) / 100, line))
    return found


def installed(wanted: str = "") -> str:
    """The languages to recognise, as Tesseract names them: those wanted, else German and English; empty where it is not installed."""
    if not shutil.which("tesseract"):
        return ""
    listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False, timeout=20).stdout.split()
    chosen = [name for name in (wanted.split("+") if wanted else ("deu", "eng")) if name in listed]
    return "+".join(chosen)


def _limits() -> list[str]:
    """The command that starts another with limits, where the system has it (Linux)."""
    prlimit = shutil.which("prlimit")
    return [prlimit, f"--as={MEMORY}", f"--cpu={CPU_SECONDS}", "--fsize=0", "--core=0", "--nofile=64", "--"] if prlimit else []
