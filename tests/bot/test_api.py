"""The REST API against its OpenAPI file, and the guard around it."""

from __future__ import annotations

import asyncio
import io
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from app import Running
from bot.rates import Allowance, Rates
from bot.web.api import Api
from bot.web.hub import Hub
from bot.web.keys import KeysApi
from bot.web.matching import MatchingApi
from bot.web.offers import OffersApi
from dialogs.services import no_link
from tests.conftest import ROOT, sample
from tests.fakes import Connector, message_activity

SPEC: dict[str, Any] = yaml.safe_load((ROOT / "bot/web/openapi.yaml").read_text("utf-8"))


def form(*files: tuple[str, bytes], **fields: str) -> aiohttp.FormData:
    data = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        data.add_field(name, value)
    for name, body in files:
        data.add_field("file", io.BytesIO(body), filename=name, content_type="application/pdf")
    return data


def described(path: str, method: str, status: int, body: Any) -> None:
    """Is the answer what the file says?"""
    answers = SPEC["paths"][path.removeprefix("/api")][method]["responses"]
    assert str(status) in answers, f"{method} {path} answers {status}, which is not described"
    answer = answers[str(status)]
    if "$ref" in answer:
        answer = SPEC["components"]["responses"][answer["$ref"].rsplit("/", 1)[-1]]
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    if schema is not None:
        Draft202012Validator({**schema, "components": SPEC["components"]}).validate(body)


class Client:
    def __init__(self, running: Running) -> None:
        self.base = running.url

    async def __call__(
        self, method: str, path: str, *, template: str = "", headers: dict[str, str] | None = None, data: Any = None
    ) -> tuple[int, Any]:
        async with aiohttp.ClientSession() as session, session.request(method, self.base + path, data=data, headers=headers) as response:
            body = await response.json() if response.content_type == "application/json" else await response.read()
            described(template or path, method.lower(), response.status, body)
            return response.status, body

    async def until_ended(self, job_id: str) -> dict[str, Any]:
        async with asyncio.timeout(15):
            while True:
                _, job = await self("GET", f"/api/jobs/{job_id}", template="/api/jobs/{job_id}")
                if job["status"] in ("done", "failed"):
                    return job
                await asyncio.sleep(0.05)


@pytest.fixture
def client(running: Running) -> Client:
    return Client(running)


def test_the_openapi_file_is_valid_and_describes_exactly_the_routes() -> None:
    validate(SPEC)
    assert SPEC["openapi"].startswith("3.1")
    described_routes = {
        (method.upper(), path if "servers" in item else f"/api{path}")
        for path, item in SPEC["paths"].items()
        for method in item
        if method != "servers"
    }
    parts = (
        Api(None, Hub(), lambda: None, link=no_link, rates=Rates(Allowance()), templates=()),
        MatchingApi(None, lambda: None, rates=Rates(Allowance()), firm="", templates=None),
        OffersApi(None, None),
        KeysApi(None),
    )
    real = {(r.method, r.path) for part in parts for r in part.routes()} | {("GET", "/health/live"), ("GET", "/health/ready")}
    assert described_routes == real


async def test_from_upload_to_download(client: Client) -> None:
    status, accepted = await client(
        "POST", "/api/cv/process", data=form(("cv.pdf", sample("en-one-column-lindqvist")), template="modern", language="de")
    )
    assert status == 202
    job = await client.until_ended(accepted["job_id"])
    assert (job["status"], job["progress"], job["result"]["candidate"]) == ("done", 1.0, "Maja Lindqvist")
    assert [s["status"] for s in job["steps"]] == ["done"] * 6
    status, word = await client("GET", job["result_url"], template="/api/download/{job_id}")
    assert (status, word[:2]) == (200, b"PK")
    status, resume = await client("GET", job["json_url"], template="/api/jobs/{job_id}/json")
    assert resume["basics"]["name"] == "Maja Lindqvist"
    assert (await client("GET", "/api/jobs"))[1]["jobs"][0]["job_id"] == job["job_id"]
    assert (await client("DELETE", f"/api/jobs/{job['job_id']}", template="/api/jobs/{job_id}"))[0] == 204
    assert (await client("GET", job["result_url"], template="/api/download/{job_id}"))[0] == 409


async def test_a_batch_and_one_bad_file_never_stops_the_rest(client: Client) -> None:
    status, batch = await client(
        "POST",
        "/api/batch/process",
        data=form(("a.pdf", sample("de-tabelle-yilmaz")), ("b.pdf", b"kein PDF"), ("c.pdf", sample("de-einspaltig-brandt"))),
    )
    assert status == 202
    assert len(batch["job_ids"]) == 2
    assert batch["refused"][0]["file"] == "b.pdf"
    for job_id in batch["job_ids"]:
        assert (await client.until_ended(job_id))["status"] == "done"
    assert len((await client("GET", f"/api/batches/{batch['batch_id']}", template="/api/batches/{batch_id}"))[1]["jobs"]) == 2


@pytest.mark.parametrize(
    ("path", "data", "status", "key"),
    [
        ("/api/cv/process", form(("cv.pdf", b"kein PDF")), 415, "unknown_format"),
        ("/api/cv/process", form(("cv.pdf", b"%PDF-" + b"x" * (15 * 2**20))), 413, "too_large"),
        ("/api/cv/process", form(template="classic"), 400, "no_file"),
        ("/api/cv/process", b"not a form", 400, "bad_request"),
        ("/api/cv/process", form(("cv.pdf", b"%PDF-1.4"), template="nope"), 400, "unknown_template"),
        ("/api/batch/process", form(*[(f"{i}.pdf", b"%PDF-1.4") for i in range(41)]), 400, "too_many_files"),
    ],
)  # fmt: skip
async def test_bad_requests_say_what_to_do(client: Client, path: str, data: Any, status: int, key: str) -> None:
    got, body = await client("POST", path, data=data, headers={"Accept-Language": "de"})
    assert (got, body["error"]["key"]) == (status, key)
    assert body["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("GET", "/api/jobs/" + "0" * 32, "/api/jobs/{job_id}"), ("GET", "/api/jobs/..%2f..%2fetc", "/api/jobs/{job_id}"), ("DELETE", "/api/jobs/" + "0" * 32, "/api/jobs/{job_id}"),
        ("POST", "/api/jobs/" + "0" * 32 + "/retry", "/api/jobs/{job_id}/retry"), ("GET", "/api/download/" + "0" * 32, "/api/download/{job_id}"),
        ("GET", "/api/jobs/" + "0" * 32 + "/json", "/api/jobs/{job_id}/json"), ("GET", "/api/batches/" + "0" * 32, "/api/batches/{batch_id}"),
    ],
)  # fmt: skip
async def test_unknown_ids_are_a_404(client: Client, method: str, path: str, template: str) -> None:
    status, body = await client(method, path, template=template, headers={"Accept-Language": "en"})
    assert (status, body["error"]["key"]) == (404, "unknown_job")
    assert "not here any more" in body["error"]["message"]


async def test_progress_comes_by_server_sent_events(running: Running, client: Client) -> None:
    seen = []
    async with aiohttp.ClientSession() as session, session.get(f"{running.url}/api/events") as stream:
        await stream.content.readline()
        _, accepted = await client("POST", "/api/cv/process", data=form(("cv.pdf", sample("de-tabelle-yilmaz"))))
        async with asyncio.timeout(15):
            async for line in stream.content:
                if line.startswith(b"data: "):
                    seen.append(json.loads(line[6:]))
                    if seen[-1]["status"] == "done":
                        break
    assert {job["job_id"] for job in seen} == {accepted["job_id"]}
    assert [job["progress"] for job in seen] == sorted(job["progress"] for job in seen)
    assert len(seen) >= 5


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "cv.firma.de:3978"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/jobs", "/api/events", "/openapi.yaml", "/static/app.js"])
async def test_other_hosts_and_origins_are_refused(running: Running, headers: dict[str, str], path: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(running.url + path, headers=headers) as response:
        assert response.status == 403


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"X-Forwarded-For": "203.0.113.9"}])
async def test_without_an_app_id_the_bot_answers_this_computer_only(running: Running, connector: Connector, headers: dict[str, str]) -> None:
    url, activity = running.url + "/api/messages", message_activity(connector, text="help")
    async with aiohttp.ClientSession() as session:
        async with session.post(url, headers=headers, json=activity) as response:
            assert response.status == 403
        assert not connector.sent
        async with session.post(url, json=activity) as response:
            assert response.status == 202


async def test_the_page_speaks_the_readers_language_and_runs_only_its_own_scripts(running: Running) -> None:
    for language, wanted in (("de-AT,en;q=0.5", "Dateien auswählen"), ("en-GB", "Choose files"), ("pl", "Dateien auswählen")):
        async with aiohttp.ClientSession() as session, session.get(running.url, headers={"Accept-Language": language}) as response:
            html = await response.text()
            assert wanted in html
            assert not re.search(r"\{\{\w+\}\}", html)
            assert "default-src 'self'" in response.headers["Content-Security-Policy"]


async def test_a_file_name_cannot_break_out_of_its_header(client: Client, running: Running) -> None:
    _, accepted = await client("POST", "/api/cv/process", data=form(('x".pdf', sample("de-tabelle-yilmaz"))))
    job = await client.until_ended(accepted["job_id"])
    async with aiohttp.ClientSession() as session, session.get(running.url + job["result_url"]) as response:
        assert response.headers["Content-Disposition"] == "attachment; filename=\"CV Deniz Yilmaz.docx\"; filename*=UTF-8''CV%20Deniz%20Yilmaz.docx"


async def test_health(running: Running) -> None:
    async with aiohttp.ClientSession() as session:
        for path, keys in (("/health/live", {"status"}), ("/health/ready", {"status", "checks"})):
            async with session.get(running.url + path) as response:
                assert (response.status, set(await response.json())) == (200, keys)


async def test_readiness_fails_with_its_dependencies() -> None:
    from aiohttp.test_utils import make_mocked_request

    from bot.web.health import Health

    async def broken() -> None:
        raise OSError

    answer = await Health({"records": broken}).ready(make_mocked_request("GET", "/health/ready"))
    assert answer.status == 503


def test_nobody_imports_app() -> None:
    for package in ("bot", "cli", "dialogs", "cards", "pipeline"):
        files = list(Path(ROOT / package).rglob("*.py"))
        assert files
        for path in files:
            assert not re.search(r"^\s*(?:import app\b|from app\b)", path.read_text("utf-8"), re.MULTILINE), path
