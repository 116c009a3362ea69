"""The benchmark's own CVs: the score is held, no value is invented, no word is lost. poppler is the independent witness."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import make_reader
from bot.settings import Settings
from pipeline.conversion import Conversion, Options, Tools, convert
from pipeline.read.sandbox import Sandbox
from tests.conftest import ROOT, TODAY

CORPORA = (ROOT / "benchmarks" / "corpus", ROOT / "benchmarks" / "corpus-made")
HELD_F1 = {"corpus": 0.94, "corpus-made": 0.98}


@pytest.fixture
async def conversions(sandbox: Sandbox) -> dict[str, Conversion]:
    tools = Tools(make_reader(Settings(), sandbox))
    pdfs = [path for corpus in CORPORA for path in sorted((corpus / "pdf").glob("*.pdf"))]
    done = await asyncio.gather(*(convert(path.read_bytes(), tools, Options(TODAY), word=False) for path in pdfs))
    return dict(zip((path.stem for path in pdfs), done, strict=True))


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
        path = next(p for corpus in CORPORA if (p := corpus / "pdf" / f"{name}.pdf").exists())
        printed = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
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


def _over_line_end(word: str, printed: str) -> bool:
    """Half of a word that breaks at a line end."""
    return re.search(rf"-\s*\n\s*{re.escape(word)}|{re.escape(word)}-\s*\n", printed) is not None


def test_the_corpus_is_there() -> None:
    licences = {entry["licence"] for entry in json.loads((CORPORA[0] / "manifest.json").read_text("utf-8"))}
    assert licences == {"own work"}
