"""The bias audit: nothing that says who somebody is changes anything, and where it would, the audit says so."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from docx import Document as Word

from cards.i18n import catalogue
from cli.audit import DIFFERENT, SAME, run_bias
from pipeline.bias.audit import Auditor
from pipeline.bias.cvs import Pair, pairs, word_file
from pipeline.conversion import Tools
from pipeline.lang.concept import concepts
from pipeline.model.document import Document
from pipeline.read.reader import Reader
from pipeline.read.sandbox import Sandbox
from pipeline.render.bias_report import bias_word
from tests.conftest import TODAY

EVERY = 7
"""The whole set takes too long for each run; which pairs are tried is the same each time."""


def test_the_set_is_two_hundred_pairs_that_differ_in_one_thing_alone() -> None:
    found = list(pairs())
    assert len(found) >= 200
    assert {pair.kind.partition(" ")[0] for pair in found} == {
        "name",
        "gender",
        "address",
        "birth_date",
        "nationality",
        "marital_status",
        "religion",
        "photo",
    }
    for pair in found:
        parts = ("name", "titles", "facts", "photo")
        changed = {part for part in parts if getattr(pair.one, part) != getattr(pair.other, part)}
        assert changed <= ({"titles", "facts"} if pair.kind == "gender" else {pair.kind.partition(" ")[0]} | {"facts"}), pair.kind
        assert changed
        assert len(pair.one.facts) == len(pair.other.facts)


async def test_who_somebody_is_changes_nothing(sandbox: Sandbox) -> None:
    some = list(pairs())[::EVERY]
    done: list[None] = []
    audit = await Auditor(Tools(Reader(sandbox, None)), concepts(), today=TODAY).audit(lambda: done.append(None), some)
    assert audit.differing == ()
    assert len(done) == len(audit.outcomes) == len(some)
    assert {outcome.one for outcome in audit.outcomes} - {0, 100}, "the profiles are neither missed nor met by all"


@dataclass
class Biased:
    """Reads what skills people have, unless they are called so."""

    inner: Reader

    async def read(self, data: bytes) -> Document:
        document = await self.inner.read(data)
        if not any("Kaya" in line.text for line in document.lines):
            return document
        return replace(document, lines=tuple(replace(line, text=re.sub("DATEV|Kubernetes", "Excel", line.text)) for line in document.lines))


def of_names() -> list[Pair]:
    return [pair for pair in pairs() if pair.kind == "name (Turkish)" and pair.one.person["key"] in ("buchhaltung", "entwicklung")]


@pytest.mark.parametrize(("biased", "status"), [(True, DIFFERENT), (False, SAME)])
async def test_the_report_says_what_was_found(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, biased: bool, status: int
) -> None:
    monkeypatch.setattr("cli.audit.pairs", of_names)
    reader = Reader(sandbox, None)
    auditor = Auditor(Tools(Biased(reader) if biased else reader), concepts(), today=TODAY)
    assert await run_bias(auditor, tmp_path / "out", lambda audit: bias_word(audit, language="de", firm="Muster"), catalogue("de")) == status
    found = json.loads((tmp_path / "out/bias.json").read_text("utf-8"))
    assert (found["pairs"], found["differing"]) == (len(of_names()), 2 if biased else 0)
    text = "\n".join(p.text for p in Word(io.BytesIO((tmp_path / "out/bias.docx").read_bytes())).paragraphs)
    assert ("2 von" in text, "Mehmet Kaya" in text, "Kein Unterschied" in text) == (biased, biased, not biased)
    assert ("Kein Unterschied" in capsys.readouterr().out) is not biased


def test_a_cv_of_the_set_looks_like_one() -> None:
    pair = next(pair for pair in pairs() if pair.kind == "religion")
    text = "\n".join(p.text for p in Word(io.BytesIO(word_file(pair.other))).paragraphs)
    for wanted in ("Sabine Kern", "Konfession: römisch-katholisch", "Berufserfahrung", "Finanzbuchhalterin, Hafenwerk Logistik GmbH"):
        assert wanted in text
