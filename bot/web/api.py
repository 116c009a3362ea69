"""The REST API: the same use cases as the chat. Described by openapi.yaml, which a test holds against these routes."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.rates import Rates
from bot.web.caller import caller_of, tenant_of
from bot.web.hub import Hub
from bot.web.views import Link, job_json, problem, problem_json, texts_of
from pipeline.errors import TransientError, UserError
from pipeline.model.formats import ARCHIVE_SUFFIX
from pipeline.model.job import Batch, Job, Kind, Source
from pipeline.service import MAX_ARCHIVE_BYTES, MAX_BYTES, Service, Submission

MAX_FILES = 40
MAX_UPLOAD = 300 * 2**20
"""Bytes of all files of one request."""
LISTED = 100
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_HEARTBEAT = 15.0

_log = logging.getLogger("web")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Upload:
    """What a multipart form held."""

    files: tuple[tuple[str, bytes], ...]
    fields: dict[str, str]


class Api:
    def __init__(self, service: Service, hub: Hub, started: Callable[[], None], *, link: Link, rates: Rates, templates: tuple[str, ...]) -> None:
        self._service = service
        self._hub = hub
        self._started = started
        self._link = link
        self._rates = rates
        self._templates = templates

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/cv/process", answered(self.process)),
            web.post("/api/batch/process", answered(self.process_batch)),
            web.get("/api/batches/{batch_id}", answered(self.get_batch)),
            web.get("/api/batches/{batch_id}/zip", answered(self.get_zip)),
            web.post("/api/batches/{batch_id}/retry", answered(self.retry_batch)),
            web.post("/api/batches/{batch_id}/cancel", answered(self.cancel_batch)),
            web.get("/api/jobs", answered(self.list_jobs)),
            web.get("/api/jobs/{job_id}", answered(self.get_job)),
            web.delete("/api/jobs/{job_id}", answered(self.delete_job)),
            web.post("/api/jobs/{job_id}/retry", answered(self.retry_job)),
            web.post("/api/jobs/{job_id}/cancel", answered(self.cancel_job)),
            web.post("/api/jobs/{job_id}/fresh", answered(self.fresh_job)),
            web.get("/api/jobs/{job_id}/json", answered(self.get_json)),
            web.get("/api/download/{job_id}", answered(self.download)),
            web.get("/api/events", answered(self.events)),
            web.get("/openapi.yaml", answered(self.openapi)),
        ]

    async def process(self, request: web.Request) -> web.StreamResponse:
        await self._rates.upload(caller_of(request).person)
        upload = await upload_of(request, most=1)
        job = await self._submit(request, upload, 0, batch="")
        self._started()
        body = {"job_id": job.id, "status": job.state.value, "estimated_time": await self._estimate(request, 1)}
        return web.json_response(body, status=202, headers={"Location": f"/api/jobs/{job.id}"})

    async def process_batch(self, request: web.Request) -> web.StreamResponse:
        await self._rates.upload(caller_of(request).person)
        upload = await upload_of(request, most=MAX_FILES)
        jobs, refused = [], []
        texts = texts_of(request)
        person = caller_of(request).person
        batch = await self._service.batches.open(person.tenant, person.user, uuid.uuid4().hex)
        for i, (name, _) in enumerate(upload.files):
            try:
                jobs.append(await self._submit(request, upload, i, batch=batch.id))
            except UserError as error:  # one bad file never stops the rest
                refused.append({"file": name, "error": problem_json(error, texts)})
        self._started()
        body = {
            "batch_id": batch.id,
            "job_ids": [job.id for job in jobs],
            "refused": refused,
            "estimated_time": await self._estimate(request, len(jobs)),
        }
        return web.json_response(body, status=202, headers={"Location": f"/api/batches/{batch.id}"})

    async def get_batch(self, request: web.Request) -> web.StreamResponse:
        return await self._batch(request)

    async def get_zip(self, request: web.Request) -> web.StreamResponse:
        batch = await self._own_batch(request)
        data = await self._service.all_words(batch)
        return web.Response(body=data, content_type="application/zip", headers=attachment(f"CVs {batch.created:%Y-%m-%d}.zip"))

    async def retry_batch(self, request: web.Request) -> web.StreamResponse:
        await self._service.retry_failed(*who(request), request.match_info["batch_id"])
        self._started()
        return await self._batch(request, status=202)

    async def cancel_batch(self, request: web.Request) -> web.StreamResponse:
        for job in await self._service.cancel_batch(*who(request), request.match_info["batch_id"]):
            self._hub.publish(job)
        return await self._batch(request)

    async def _batch(self, request: web.Request, *, status: int = 200) -> web.StreamResponse:
        batch = await self._own_batch(request)
        jobs = await self._service.batches.jobs(batch)
        body = {
            "batch_id": batch.id,
            "zip_url": self._link(f"batches/{batch.id}/zip", batch.tenant),
            "jobs": [job_json(job, texts_of(request), self._link) for job in jobs],
        }
        return web.json_response(body, status=status)

    async def _own_batch(self, request: web.Request) -> Batch:
        return own(request, await self._service.batches.get(tenant_of(request), request.match_info["batch_id"]))

    async def list_jobs(self, request: web.Request) -> web.StreamResponse:
        jobs = await self._service.jobs_of(*who(request), limit=LISTED)
        return web.json_response({"jobs": [job_json(job, texts_of(request), self._link) for job in jobs if job.kind is Kind.CV]})

    async def get_job(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(job_json(await self._job(request), texts_of(request), self._link))

    async def delete_job(self, request: web.Request) -> web.StreamResponse:
        await self._service.delete_job(*who(request), request.match_info["job_id"])
        return web.Response(status=204)

    async def retry_job(self, request: web.Request) -> web.StreamResponse:
        job = await self._service.retry(*who(request), request.match_info["job_id"])
        self._started()
        return web.json_response(job_json(job, texts_of(request), self._link), status=202)

    async def cancel_job(self, request: web.Request) -> web.StreamResponse:
        job = await self._service.cancel(*who(request), request.match_info["job_id"])
        self._hub.publish(job)
        return web.json_response(job_json(job, texts_of(request), self._link))

    async def fresh_job(self, request: web.Request) -> web.StreamResponse:
        job = await self._service.fresh(*who(request), request.match_info["job_id"])
        self._started()
        return web.json_response(job_json(job, texts_of(request), self._link), status=202)

    async def get_json(self, request: web.Request) -> web.StreamResponse:
        name, data = await self._service.resume(tenant_of(request), (await self._job(request)).id)
        return web.Response(body=data, content_type="application/json", headers=attachment(name))

    async def download(self, request: web.Request) -> web.StreamResponse:
        name, data = await self._service.word(tenant_of(request), (await self._job(request)).id)
        return web.Response(body=data, content_type=DOCX, headers=attachment(name))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: one `job` event per change; a comment now and then keeps the line open."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        texts = texts_of(request)
        with self._hub.listen(*who(request)) as changes:  # before the page hears that it is connected and asks how things stand
            await response.prepare(request)
            await response.write(b": connected\n\n")
            while True:
                try:
                    async with asyncio.timeout(_HEARTBEAT):
                        job = await changes.get()
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                if job is None:
                    return response
                if job.kind is not Kind.CV:
                    continue
                await response.write(f"event: job\ndata: {json.dumps(job_json(job, texts, self._link), ensure_ascii=False)}\n\n".encode())

    async def openapi(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(Path(__file__).parent / "openapi.yaml", headers={"Content-Type": "application/yaml"})

    async def _job(self, request: web.Request) -> Job:
        return own(request, await self._service.shown(tenant_of(request), request.match_info["job_id"]))

    async def _submit(self, request: web.Request, upload: Upload, i: int, *, batch: str) -> Job:
        name, data = upload.files[i]
        template = upload.fields.get("template", "")
        if template and template not in self._templates:
            raise UserError("unknown_template", template=template[:60], known=", ".join(self._templates))
        language = upload.fields.get("language", "")
        submission = Submission(
            tenant=caller_of(request).person.tenant,
            user=caller_of(request).person.user,
            source=Source(name=name[-160:].encode("utf-8", "ignore").decode(), size=len(data)),
            data=data,
            template=template,
            language=language if language in ("de", "en") else "",
            locale=texts_of(request).language,
            batch=batch,
        )
        job, _ = await self._service.submit(submission)
        return job

    async def _estimate(self, request: web.Request, jobs: int) -> float:
        """Seconds until the result, from the last results of this user."""
        recent = [j.result.seconds for j in await self._service.jobs_of(*who(request), limit=20) if j.result]
        return round((sorted(recent)[len(recent) // 2] if recent else 2.0) * max(jobs, 1), 1)


def answered(handler: Handler) -> Handler:
    """User errors become JSON with a message in the reader's language."""

    async def wrapped(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except UserError as error:
            return problem(error, texts_of(request))
        except TransientError as error:
            _log.warning("request: %s", error)
            return problem(UserError("storage_turn"), texts_of(request))

    return wrapped


async def upload_of(request: web.Request, *, most: int) -> Upload:
    """Files and fields of a multipart form. Raises UserError: bad_request, no_file, too_many_files, too_large."""
    if not request.content_type.startswith("multipart/"):
        raise UserError("bad_request", detail="multipart/form-data")
    files: list[tuple[str, bytes]] = []
    fields: dict[str, str] = {}
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                raise UserError("bad_request", detail="multipart")
            if part.filename is None:
                fields[part.name or ""] = (await _limited(part, 4096)).decode("utf-8", "replace")
                continue
            if len(files) == most:
                raise UserError("too_many_files", limit=most)
            files.append((part.filename or "CV.pdf", await _limited(part, MAX_ARCHIVE_BYTES if _names_archive(part) else MAX_BYTES)))
            if sum(len(data) for _, data in files) > MAX_UPLOAD:
                raise UserError("too_large", limit=MAX_UPLOAD // 2**20)
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError) as error:
        raise UserError("bad_request", detail=type(error).__name__) from None
    if not files:
        raise UserError("no_file")
    return Upload(tuple(files), fields)


def _names_archive(part: BodyPartReader) -> bool:
    return (part.filename or "").lower().endswith(ARCHIVE_SUFFIX)


async def _limited(part: BodyPartReader, limit: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(1 << 16):
        data += chunk
        if len(data) > limit:
            raise UserError("too_large", limit=limit // 2**20)
    return bytes(data)


def who(request: web.Request) -> tuple[str, str]:
    """Tenant and user of the caller."""
    person = caller_of(request).person
    return person.tenant, person.user


class Owned(Protocol):
    @property
    def user(self) -> str: ...


T = TypeVar("T", bound=Owned)


def own(request: web.Request, found: T) -> T:
    """What the caller may see: their own, or all of the firm's. Raises UserError: unknown_job, as if it were not there."""
    if not caller_of(request).sees(found.user):
        raise UserError("unknown_job")
    return found


def attachment(name: str) -> dict[str, str]:
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"}
