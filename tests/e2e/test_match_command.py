"""`match` on the command line."""

from __future__ import annotations

import io
import json
from pathlib import Path

from docx import Document

from pipeline.model.profile import Profile
from tests.conftest import ROOT
from tests.e2e.test_process import run

POSTING = """# Projektleitung Bau

## Anforderungen

- Projektleitung
- Zwanzig Jahre Erfahrung mit Raumschiffen
- Deutsch mindestens B2
"""


def test_the_ranking_is_printed_best_first_with_verdicts_and_lines(tmp_path: Path) -> None:
    profile = tmp_path / "profil.md"
    profile.write_text(POSTING, "utf-8")
    done = run("match", "--profile", str(profile), "samples", "--json")
    assert done.returncode == 0, done.stderr
    matches = json.loads(done.stdout)["matches"]
    assert len(matches) == len([p for p in (ROOT / "samples").iterdir() if p.suffix in (".pdf", ".docx")])
    assert [m["score"] for m in matches] == sorted((m["score"] for m in matches), reverse=True)
    assert {v["verdict"] for m in matches for v in m["verdicts"]} <= {"met", "partly", "not_found", "unclear"}
    assert all(
        [v["requirement"] for v in m["verdicts"]] == ["Projektleitung", "Zwanzig Jahre Erfahrung mit Raumschiffen", "Deutsch mindestens B2"]
        for m in matches
    )
    assert all(v["quotes"] for m in matches for v in m["verdicts"] if v["verdict"] == "met")
    assert run("match", "--profile", str(profile), "samples", "--json").stdout == done.stdout


def test_reports_are_written_and_a_bad_cv_never_stops_the_rest(tmp_path: Path) -> None:
    profile, out = tmp_path / "profil.json", tmp_path / "out"
    wanted = {"title": "Leitung", "requirements": [{"id": "a", "text": "Deutsch", "importance": "must"}]}
    profile.write_text(json.dumps(wanted), "utf-8")
    (tmp_path / "kaputt.pdf").write_bytes(b"%PDF-1.4 nothing")
    done = run("match", "--profile", str(profile), "samples/de-tabelle-yilmaz.pdf", str(tmp_path / "kaputt.pdf"), "--out", str(out))
    assert done.returncode == 1
    assert "beschädigt" in done.stderr
    assert "Deutsch" in done.stdout
    assert [p.name for p in out.iterdir()] == ["de-tabelle-yilmaz.docx"]
    assert "Leitung" in "\n".join(p.text for p in Document(io.BytesIO((out / "de-tabelle-yilmaz.docx").read_bytes())).paragraphs)
    assert Profile.model_validate(wanted).requirements[0].weight == 3


def test_a_profile_that_cannot_be_used_is_named_with_what_to_do(tmp_path: Path) -> None:
    for name, content, said in (
        ("leer.md", "Nur ein Satz.", "keine Anforderungen"),
        ("falsch.json", '{"title": "x", "wrong": 1}', "nicht gültig"),
        ("bild.bin", "\x00\x01", "Markdown oder Text"),
    ):
        (tmp_path / name).write_text(content, "utf-8")
        done = run("match", "--profile", str(tmp_path / name), "samples")
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert run("match", "--profile", str(tmp_path / "fehlt.md"), "samples").returncode == 2
