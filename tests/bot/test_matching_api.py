"""Profiles and matches in the REST API, against its OpenAPI file."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from app import Running
from tests.bot.test_api import described, form
from tests.conftest import sample

PROFILE = {
    "title": "Projektleiter (m/w/d)",
    "customer": "=cmd|' /C calc'!A0",
    "requirements": [
        {"id": "r1", "text": "SolidWorks"},
        {"id": "r2", "text": "Kubernetes"},
        {"id": "r3", "text": "Italienischkenntnisse", "importance": "nice", "weight": 1},
    ],
}


async def asked(running: Running, method: str, path: str, *, spec: str, status: int, **sent: Any) -> Any:
    """The answer, which is as described."""
    async with aiohttp.ClientSession() as session, session.request(method, f"{running.url}{path}", **sent) as response:
        body = await response.json() if response.content_type == "application/json" else await response.read()
        assert response.status == status, body
        if response.content_type == "application/json":
            described(spec, method.lower(), status, body)
        return body


async def done(running: Running, job: str) -> dict[str, Any]:
    for _ in range(100):
        found = await asked(running, "GET", f"/api/jobs/{job}", spec="/api/jobs/{job_id}", status=200)
        if found["status"] in ("done", "failed"):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError("never done")


async def test_from_a_profile_to_a_match_and_a_shortlist(running: Running) -> None:
    upload = form(("cv.pdf", sample("de-einspaltig-brandt")))
    cv = (await asked(running, "POST", "/api/cv/process", spec="/api/cv/process", status=202, data=upload))["job_id"]
    assert (await done(running, cv))["status"] == "done"
    profile = (await asked(running, "POST", "/api/profiles", spec="/api/profiles", status=201, json=PROFILE))["id"]
    listed = await asked(running, "GET", "/api/profiles?search=projektleitr", spec="/api/profiles", status=200)
    assert [p["id"] for p in listed["profiles"]] == [profile]
    begun = await asked(running, "POST", "/api/match", spec="/api/match", status=202, json={"profile": profile, "job": cv})
    assert ((await done(running, begun["job_id"]))["kind"], begun["kind"]) == ("match", "match")
    where = f"/api/matches/{begun['job_id']}"
    match = await asked(running, "GET", where, spec="/api/matches/{match_id}", status=200)
    assert [v["status"] for v in match["verdicts"]] == ["met", "not_found", "met"]
    assert match["score"]["total"] < match["score"]["cap"] == 60
    said = {"requirement": "r2", "status": "met", "reason": "Zeugnis liegt vor"}
    changed = await asked(running, "POST", f"{where}/override", spec="/api/matches/{match_id}/override", status=200, json=said)
    assert changed["score"]["total"] == 100
    assert changed["verdicts"][1]["engine"] == "not_found"
    assert (await asked(running, "GET", f"{where}/report", spec="-", status=200))[:2] == b"PK"
    assert (await asked(running, "GET", f"/api/profiles/{profile}/word", spec="-", status=200))[:2] == b"PK"
    begun = await asked(running, "POST", "/api/match", spec="/api/match", status=202, json={"profile": profile})
    await done(running, begun["job_id"])
    where = f"/api/shortlists/{begun['job_id']}"
    ranking = await asked(running, "GET", where, spec="/api/shortlists/{job_id}", status=200)
    assert [(one["name"], one["job"]) for one in ranking["ranked"]] == [("Katharina Brandt", cv)]
    assert b"Katharina Brandt" in await asked(running, "GET", f"{where}/csv", spec="-", status=200)
    assert (await asked(running, "GET", f"{where}/word", spec="-", status=200))[:2] == b"PK"
    jobs = await asked(running, "GET", "/api/jobs", spec="/api/jobs", status=200)
    assert {job["kind"] for job in jobs["jobs"]} == {"cv"}  # the page lists CVs
    await asked(running, "DELETE", f"/api/profiles/{profile}", spec="-", status=204)
    assert (await asked(running, "GET", "/api/profiles", spec="/api/profiles", status=200))["profiles"] == []


async def test_a_file_becomes_a_profile_by_a_job(running: Running) -> None:
    posting = b"# Stelle\n\n## Anforderungen\n\n- Deutsch C1\n"
    begun = await asked(running, "POST", "/api/profiles", spec="/api/profiles", status=202, data=form(("stelle.md", posting)))
    job = await done(running, begun["job_id"])
    profile = await asked(running, "GET", f"/api/profiles/{job['profile_id']}", spec="/api/profiles/{profile_id}", status=200)
    assert [(r["text"], r["level"]) for r in profile["requirements"]] == [("Deutsch C1", "C1")]
    empty = await asked(running, "POST", "/api/profiles", spec="/api/profiles", status=202, data=form(("leer.md", b"Nur\nText\n")))
    assert "keine Anforderungen" in (await done(running, empty["job_id"]))["error"]["message"]


@pytest.mark.parametrize(
    ("where", "spec", "body", "status"),
    [
        (("POST", "/api/profiles"), "/api/profiles", {"title": ""}, 400),
        (("POST", "/api/profiles"), "/api/profiles", {"title": "x", "unknown": 1}, 400),
        (("POST", "/api/match"), "/api/match", {"profile": "0" * 32}, 404),
        (("POST", "/api/match"), "/api/match", {}, 400),
        (("GET", "/api/profiles/nonsense"), "/api/profiles/{profile_id}", None, 404),
        (("GET", "/api/matches/" + "0" * 32), "/api/matches/{match_id}", None, 404),
        (("GET", "/api/shortlists/" + "0" * 32), "/api/shortlists/{job_id}", None, 404),
        (
            ("POST", "/api/matches/" + "0" * 32 + "/override"),
            "/api/matches/{match_id}/override",
            {"requirement": "r1", "status": "met", "reason": "x"},
            400,
        ),
    ],
)
async def test_what_cannot_be_done_is_said(running: Running, where: tuple[str, str], spec: str, body: object, status: int) -> None:
    method, path = where
    answer = await asked(running, method, path, spec=spec, status=status, **({"json": body} if body is not None else {}))
    assert len(answer["error"]["message"]) > 20
