"""The local page in headless Chromium: drop a PDF, see the result, open the Word file, delete it."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from docx import Document as Word

from app import Running
from tests.conftest import ROOT, chromium, node


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_newcomer_gets_a_word_file(running: Running, tmp_path: Path, scheme: str) -> None:
    pdf = str(ROOT / "samples/de-tabelle-yilmaz.pdf")
    result = await asyncio.to_thread(node, "page.mjs", f"{running.url}/", pdf, chromium(), str(tmp_path), scheme)
    assert result["overtaken"] == "done"
    assert result["problems"] == []
    assert result["focused"] == "files"
    assert result["lang"] == "de"
    assert result["name"] == "Deniz Yilmaz"
    assert "Lohnbuchhalter" in result["line"]
    assert result["file"] == "CV Deniz Yilmaz.docx"
    data = (tmp_path / "result.docx").read_bytes()
    assert any("Rheinkontor" in cell.text for table in Word(io.BytesIO(data)).tables for row in table.rows for cell in row.cells)
