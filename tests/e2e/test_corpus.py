"""The benchmark's own CVs: the score is held, no value is invented, no word is lost. poppler is the independent witness."""

from __future__ import annotations

import asyncio
import html
import importlib.util
import io
import json
import re
import subprocess
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from app import make_reader
from bot.settings import Settings
from pipeline.conversion import Conversion, Options, Tools, convert
from pipeline.read.sandbox import Sandbox
from pipeline.render.labels import LANGUAGES, labels
from tests.conftest import ROOT, TODAY

CORPORA = (ROOT / "benchmarks" / "corpus", ROOT / "benchmarks" / "corpus-made")
HELD_F1 = {"corpus": 0.94, "corpus-made": 0.98}


async def converted(pdfs: Sequence[Path]) -> list[Conversion]:
    box = Sandbox()
    tools = Tools(make_reader(Settings(), box))
    try:
        return list(await asyncio.gather(*(convert(path.read_bytes(), tools, Options(TODAY)) for path in pdfs)))
    finally:
        await box.close()


@pytest.fixture(scope="module")
def conversions() -> dict[str, Conversion]:
    pdfs = [path for corpus in CORPORA for path in sorted((corpus / "pdf").glob("*.pdf"))]
    return dict(zip((path.stem for path in pdfs), asyncio.run(converted(pdfs)), strict=True))


def scorer() -> Any:
    spec = importlib.util.spec_from_file_location("score", ROOT / "benchmarks/score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def strings(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from strings(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key not in ("startDate", "endDate", "date", "birthDate", "cefr", "$schema", "url", "network"):
                yield from strings(value)


@pytest.mark.parametrize("corpus", CORPORA, ids=lambda corpus: corpus.name)
async def test_the_score_is_held(conversions: dict[str, Conversion], corpus: Path) -> None:
    score = scorer()
    results = []
    for gold in sorted((corpus / "gold").glob("*.json")):
        results.append(score.score(json.loads(gold.read_text("utf-8")), conversions[gold.stem].json_resume()).f1())
    assert len(results) == len(list((corpus / "pdf").glob("*.pdf")))
    assert sum(results) / len(results) >= HELD_F1[corpus.name]


async def test_nothing_is_invented_and_nothing_lost(conversions: dict[str, Conversion]) -> None:
    assert len(conversions) > 60
    for name, done in conversions.items():
        if name.startswith("scan-"):
            continue  # there is no text that poppler could see
        printed = page_text(name)
        witness = letters(printed)
        resume = done.json_resume()
        meta = resume.pop("meta")
        values = [*strings(resume), *strings(meta["sections"])]
        for value in values:
            for word in re.findall(r"[^\W\d_]{5,}", value):
                assert letters(word) in witness, f"{name}: {word!r} stands in {value!r} but not on the page"
        known = letters(
            " ".join(
                [
                    json.dumps(resume, ensure_ascii=False),
                    *values,
                    *(rule["printed"] for rule in meta["rules"].values()),
                    *(o["text"] for o in meta["leftOut"]),
                ]
            )
        )
        for hidden in done.document.hidden:  # taken out, and quoted in a finding
            printed = " ".join(word for word in printed.split() if word not in hidden.split())
        links = letters(" ".join(link for line in done.document.lines for link in line.links))
        for word in re.findall(r"[^\W\d_][a-zäöüßéèàç]{4,}", printed):  # poppler joins words where a cell begins
            assert letters(word) in known + links or _over_line_end(word, printed), f"{name}: {word!r} is lost"


async def test_the_word_file_says_what_the_page_says_and_nothing_else(conversions: dict[str, Conversion]) -> None:
    """Each word and each year of the Word file stands on the page, or is one of our labels; each word of the page stands in the Word file."""
    own = letters(" ".join(word for language in LANGUAGES for word in labels(language).values()))
    for name, done in conversions.items():
        if name.startswith("scan-"):
            continue
        printed = page_text(name)
        written = word_text(done.word)
        witness = letters(printed)
        known = witness + own + letters(" ".join(link for line in done.document.lines for link in line.links))
        for word in re.findall(r"[^\W\d_]{3,}", written):
            assert letters(word) in known, f"{name}: {word!r} stands in the Word file but not on the page"
        years = set(re.findall(r"\b(?:19|20)\d\d\b", written))
        years = {year for year in years if not re.search(rf"{year}|[/'’–-]{year[2:]}(?!\d)", printed)}  # "05/19" is a year too
        assert years == set(), f"{name}: {years}"
        dropped = " ".join(o.text for o in done.cv.left_out if o.reason != "not_understood")
        for hidden in done.document.hidden:
            printed = " ".join(word for word in printed.split() if word not in hidden.split())
        normalised = " ".join(rule["printed"] for rule in done.json_resume()["meta"]["rules"].values())
        kept = letters(f"{written} {dropped} {normalised}")
        for word in re.findall(r"[^\W\d_][a-zäöüßéèàç]{4,}", printed):
            assert letters(word) in kept or _over_line_end(word, printed), f"{name}: {word!r} is not in the Word file"


def page_text(name: str) -> str:
    path = next(p for corpus in CORPORA if (p := corpus / "pdf" / f"{name}.pdf").exists())
    return subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout


def word_text(data: bytes) -> str:
    """The text of a Word file's body, paragraph by paragraph; none of the code that wrote it reads it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("word/document.xml").decode()
    paragraphs = re.findall(r"<w:p[ >].*?</w:p>", xml, re.DOTALL)
    runs = [re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>|<w:(?:tab|br)/>", paragraph) for paragraph in paragraphs]
    return "\n".join(html.unescape("".join(text or " " for text in texts)) for texts in runs)


def _over_line_end(word: str, printed: str) -> bool:
    """Half of a word that breaks at a line end."""
    return re.search(rf"-\s*\n\s*{re.escape(word)}|{re.escape(word)}-\s*\n", printed) is not None


def test_the_corpus_is_there() -> None:
    licences = {entry["licence"] for entry in json.loads((CORPORA[0] / "manifest.json").read_text("utf-8"))}
    assert licences == {"own work"}
