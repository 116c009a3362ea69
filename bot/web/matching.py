"""Profiles and matches in the REST API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from bot.rates import Rates
from bot.web.api import DOCX, answered, attachment, own, upload_of, who
from bot.web.bodies import body_of
from bot.web.caller import caller_of, tenant_of
from bot.web.views import texts_of
from pipeline.errors import UserError
from pipeline.model.job import Job, Kind, Source
from pipeline.model.match import Match, Override, Shortlist, Status
from pipeline.model.profile import Profile
from pipeline.render.match_report import match_report
from pipeline.render.profile_word import profile_word
from pipeline.render.shortlist_word import shortlist_csv, shortlist_word
from pipeline.service import Service, Submission

CSV = "text/csv"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MatchBody(_Body):
    """Without `job` all CVs are ranked."""

    profile: str
    job: str = ""


class OverrideBody(_Body):
    requirement: str
    status: Status
    reason: str


class MatchingApi:
    """`firm` and `templates` as in Settings: for the Word files, which are made when they are asked for."""

    def __init__(self, service: Service, started: Callable[[], None], *, rates: Rates, firm: str, templates: Path | None) -> None:
        self._service = service
        self._rates = rates
        self._started = started
        self._firm = firm
        self._templates = templates

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/profiles", answered(self.add_profile)),
            web.get("/api/profiles", answered(self.list_profiles)),
            web.get("/api/profiles/{profile_id}", answered(self.get_profile)),
            web.get("/api/profiles/{profile_id}/word", answered(self.profile_word)),
            web.delete("/api/profiles/{profile_id}", answered(self.archive_profile)),
            web.post("/api/match", answered(self.match)),
            web.get("/api/matches/{match_id}", answered(self.get_match)),
            web.get("/api/matches/{match_id}/report", answered(self.report)),
            web.post("/api/matches/{match_id}/override", answered(self.override)),
            web.get("/api/shortlists/{job_id}", answered(self.get_shortlist)),
            web.get("/api/shortlists/{job_id}/csv", answered(self.shortlist_csv)),
            web.get("/api/shortlists/{job_id}/word", answered(self.shortlist_word)),
        ]

    async def add_profile(self, request: web.Request) -> web.StreamResponse:
        """A profile as JSON is kept at once (201); of a file a job makes one (202)."""
        if request.content_type.startswith("multipart/"):
            name, data = (await upload_of(request, most=1)).files[0]
            return self._accepted(await self._begin(request, Kind.PROFILE, name=name[-160:], data=data))
        await self._rates.message(caller_of(request).person)
        profile = await body_of(request, Profile)
        kept = await self._service.profiles.add(*who(request), profile)
        return web.json_response(kept.model_dump(mode="json"), status=201, headers={"Location": f"/api/profiles/{kept.id}"})

    async def list_profiles(self, request: web.Request) -> web.StreamResponse:
        text = request.query.get("search", "")
        tenant = tenant_of(request)
        profiles = await self._service.profiles.find(tenant, text) if text else await self._service.profiles.all(tenant)
        return web.json_response({"profiles": [profile.model_dump(mode="json") for profile in profiles]})

    async def get_profile(self, request: web.Request) -> web.StreamResponse:
        return web.json_response((await self._profile(request)).model_dump(mode="json"))

    async def profile_word(self, request: web.Request) -> web.StreamResponse:
        profile = await self._profile(request)
        word = profile_word(profile, language=texts_of(request).language, firm=self._firm, folder=self._templates)
        return _file(word, f"{profile.title}.docx", DOCX)

    async def archive_profile(self, request: web.Request) -> web.StreamResponse:
        await self._service.profiles.archive(caller_of(request).person.tenant, request.match_info["profile_id"])
        return web.Response(status=204)

    async def match(self, request: web.Request) -> web.StreamResponse:
        """A match of one CV, or a shortlist of all: a job either way."""
        body = await body_of(request, MatchBody)
        tenant = caller_of(request).person.tenant
        profile = await self._service.profiles.get(tenant, body.profile)
        if body.job:
            about = await self._service.shown(tenant, body.job)  # as in a ranking, colleagues' CVs may be held against a profile
            name = f"{about.result.candidate if about.result else about.source.name} – {profile.title}"
            return self._accepted(await self._begin(request, Kind.MATCH, name=name, profile=profile.id, about=about.id))
        return self._accepted(await self._begin(request, Kind.SHORTLIST, name=profile.title, profile=profile.id))

    async def get_match(self, request: web.Request) -> web.StreamResponse:
        found = await self._match(request)
        return web.json_response(found.model_dump(mode="json"))

    async def report(self, request: web.Request) -> web.StreamResponse:
        found = await self._match(request)
        word = match_report(
            found.verdicts,
            found.score,
            found.profile,
            candidate=found.candidate_name,
            years=found.years,
            notes=found.notes,
            versions=found.versions,
            language=texts_of(request).language,
            firm=self._firm,
            folder=self._templates,
        )
        return _file(word, f"{texts_of(request)('match.title')} {found.candidate_name}.docx", DOCX)

    async def override(self, request: web.Request) -> web.StreamResponse:
        body = await body_of(request, OverrideBody)
        if len(body.reason.strip()) < 3:
            raise UserError("bad_verdict")
        said = Override(status=body.status, reason=body.reason.strip()[:500], user=who(request)[1], at=self._service.store.clock.now())
        await self._match(request)
        found = await self._service.matches.override(who(request)[0], request.match_info["match_id"], body.requirement, said)
        return web.json_response(found.model_dump(mode="json"))

    async def get_shortlist(self, request: web.Request) -> web.StreamResponse:
        found = await self._ranking(request)
        return web.json_response(found.model_dump(mode="json"))

    async def shortlist_csv(self, request: web.Request) -> web.StreamResponse:
        found = await self._ranking(request)
        return _file(shortlist_csv(found, language=texts_of(request).language), f"{found.profile.title}.csv", CSV)

    async def shortlist_word(self, request: web.Request) -> web.StreamResponse:
        found = await self._ranking(request)
        word = shortlist_word(found, language=texts_of(request).language, firm=self._firm, folder=self._templates)
        return _file(word, f"{found.profile.title}.docx", DOCX)

    async def _match(self, request: web.Request) -> Match:
        return own(request, await self._service.matches.get(tenant_of(request), request.match_info["match_id"]))

    async def _ranking(self, request: web.Request) -> Shortlist:
        return own(request, await self._service.matches.ranking(tenant_of(request), request.match_info["job_id"]))

    async def _profile(self, request: web.Request) -> Profile:
        return await self._service.profiles.get(tenant_of(request), request.match_info["profile_id"])

    async def _begin(self, request: web.Request, kind: Kind, *, name: str, profile: str = "", about: str = "", data: bytes | None = None) -> Job:
        """Raises UserError: too_fast."""
        await self._rates.upload(caller_of(request).person)
        submission = Submission(
            tenant=who(request)[0],
            user=who(request)[1],
            kind=kind,
            profile=profile,
            about=about,
            source=Source(name=name[:160], size=len(data or b"")),
            data=data,
            locale=texts_of(request).language,
        )
        job, _ = await self._service.submit(submission)
        self._started()
        return job

    def _accepted(self, job: Job) -> web.Response:
        body = {"job_id": job.id, "status": job.state.value, "kind": job.kind.value}
        return web.json_response(body, status=202, headers={"Location": f"/api/jobs/{job.id}"})


def _file(data: bytes, name: str, kind: str) -> web.Response:
    return web.Response(body=data, content_type=kind, headers=attachment(name))
