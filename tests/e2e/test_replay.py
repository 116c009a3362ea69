"""`app.py replay`: a match of the chat or of the REST API, made again on the command line."""

from __future__ import annotations

import asyncio

from app import Running
from bot.settings import Settings
from tests.bot.test_api import form
from tests.bot.test_matching_api import PROFILE, asked, done
from tests.conftest import sample
from tests.e2e.test_process import run


async def test_a_match_is_made_again(running: Running, settings: Settings) -> None:
    upload = form(("cv.pdf", sample("de-einspaltig-brandt")))
    cv = (await asked(running, "POST", "/api/cv/process", spec="/api/cv/process", status=202, data=upload))["job_id"]
    await done(running, cv)
    profile = (await asked(running, "POST", "/api/profiles", spec="/api/profiles", status=201, json=PROFILE))["id"]
    match = (await asked(running, "POST", "/api/match", spec="/api/match", status=202, json={"profile": profile, "job": cv}))["job_id"]
    await done(running, match)
    environment = {"DATA_DIR": str(settings.data)}
    again = await asyncio.to_thread(run, "replay", match, env=environment)
    assert again.returncode == 0, again.stderr
    assert "Dasselbe Ergebnis: alle 3 Urteile" in again.stdout
    unknown = await asyncio.to_thread(run, "replay", "0" * 32, env=environment)
    assert (unknown.returncode, "Diesen Abgleich gibt es nicht" in unknown.stderr) == (2, True)
