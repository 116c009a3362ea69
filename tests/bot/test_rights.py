"""Who may do what: every route, verb, message and request of the client × everybody, from the table. What it lacks, nobody may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.web.guard import deed_named
from cards.actions import _VERBS, Action
from cards.chat import refusal
from cards.i18n import catalogue
from dialogs.router import handle
from dialogs.services import Services
from dialogs.turn import Clicked, DroppedFile, Event, FilesDropped, Flow, Mentioned, Show, TextSaid, Turn
from pipeline.model.document import Document
from pipeline.model.job import Job, Kind, Source
from pipeline.model.link import signed_query
from pipeline.model.offer import MailDraft, Offer
from pipeline.model.person import Person, Role
from pipeline.model.profile import Profile, Requirement
from pipeline.model.rights import EVERYBODY, RIGHTS, Scope, may
from pipeline.offer.understand import Wanted
from pipeline.service import Submission
from pipeline.store import OFFERS
from tests.bot.signed_in import FIRM, LINK_KEY, OTHER_FIRM, Roles, Site, site, token
from tests.bot.test_api import form
from tests.conftest import sample
from tests.world import World, make_world

PEOPLE = {
    "anna": (FIRM, {Role.RECRUITER}),
    "ben": (FIRM, {Role.RECRUITER}),
    "adam": (FIRM, {Role.ADMIN}),
    "paul": (FIRM, {Role.APPROVER}),
    "rita": (FIRM, {Role.AUDITOR}),
    "nora": (FIRM, set()),
    "zoe": (OTHER_FIRM, {Role.RECRUITER, Role.ADMIN}),
}
"""Everything is anna's."""


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


@pytest.fixture
async def signed(world: World) -> AsyncIterator[Site]:
    async with site(world) as made:
        made.directory.given = {(tenant, name): frozenset(roles) for name, (tenant, roles) in PEOPLE.items()}
        yield made


def routes(app: web.Application) -> set[tuple[str, str]]:
    return {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource and route.method != "HEAD"}


OPEN = {("GET", "/"), ("GET", "/static"), ("GET", "/openapi.yaml"), ("GET", "/health/live"), ("GET", "/health/ready"), ("POST", "/api/messages")}


async def test_every_route_stands_in_the_table(signed: Site) -> None:
    missing = {(method, path) for method, path in routes(signed.client.app) - OPEN if deed_named(method, path) not in RIGHTS}
    assert not missing, "a new route needs an entry in pipeline/model/rights.py"


async def test_the_table_holds_nothing_that_nobody_asks(signed: Site) -> None:
    asked = {deed_named(method, path) for method, path in routes(signed.client.app)} | set(_VERBS) | set(SAID) | set(CLIENT)
    assert set(RIGHTS) == asked & set(RIGHTS)
    assert set(_VERBS) | set(SAID) | set(CLIENT) <= set(RIGHTS), "a new verb needs an entry in pipeline/model/rights.py"


# --- the REST API


async def things_of_anna(world: World) -> dict[str, str]:
    """A finished CV, a batch, a profile, a match and a shortlist."""
    service = world.service
    batch = await service.batches.open(FIRM, "anna", "0" * 32)
    job = await world.run(await world.submit(user="anna", batch=batch.id))
    profile = await service.profiles.add(FIRM, "anna", Profile(title="Bau", requirements=(Requirement(id="r1", text="AutoCAD"),)))
    made: list[Job] = []
    for kind, about in ((Kind.MATCH, job.id), (Kind.SHORTLIST, "")):
        sent = Submission(tenant=FIRM, user="anna", kind=kind, profile=profile.id, about=about, source=Source(name="x"), data=None)
        made.append(await world.run((await service.submit(sent))[0]))
    shown = await service.shown(FIRM, job.id)
    anna, wanted = Person(tenant=FIRM, user="anna"), Wanted(rate=Decimal(95))
    offer = await service.offers.draft(anna, "Anna", key="f" * 32, locale="de", cv=shown, match=None, customer=None, wanted=wanted)
    drafted = {"mail": MailDraft(id="x", url="")}
    await service.store.change(OFFERS, FIRM, offer.id, Offer, lambda known: known.model_copy(update=drafted))
    return {
        "job_id": job.id, "batch_id": batch.id, "profile_id": profile.id, "match_id": made[0].id, "shortlist": made[1].id, "key_id": "0" * 32, "offer_id": offer.id,
    }  # fmt: skip


def address(path: str, things: dict[str, str]) -> str:
    for name, value in things.items():
        path = path.replace("{job_id}", things["shortlist"]) if "shortlists/{job_id}" in path else path.replace(f"{{{name}}}", value)
    return path


BODIES = {
    "POST /api/match": lambda things: {"profile": things["profile_id"]},
    "POST /api/matches/{match_id}/override": lambda things: {"requirement": "r1", "status": "met", "reason": "because"},
    "POST /api/profiles": lambda things: {"title": "x", "requirements": [{"id": "r1", "text": "AutoCAD"}]},
    "POST /api/keys": lambda things: {"name": "x", "scopes": ["read"]},
}
SHARED = ("/profiles", "/match", "/keys", "/me", "/events", "/api/jobs", "/process")
"""The firm's, or the caller's own: nothing of anna's alone."""


@pytest.mark.parametrize("deed", [deed for deed in RIGHTS if " /api/" in deed])
async def test_a_route_answers_those_whom_the_table_names_and_shows_nobody_what_is_not_theirs(signed: Site, deed: str) -> None:
    method, _, path = deed.partition(" ")
    things = await things_of_anna(signed.world)
    annas = "{" in path and not any(name in path for name in ("{profile_id}", "{key_id}", "{offer_id}"))
    for name, (tenant, roles) in sorted(PEOPLE.items(), key=lambda person: person[0] == "anna"):  # anna last: what she may, she does
        for prefix in ("/api/v1/", "/api/"):
            where = address(path, things).replace("/api/", prefix)
            body = BODIES[deed](things) if deed in BODIES else None
            status, answer = await signed.ask(method, where, token(name, tenant), json=body)
            if not may(deed, roles):
                assert (status, answer["error"]["key"]) == (403, "no_right"), (name, where)
            elif tenant != FIRM and ("{" in path or deed == "POST /api/match"):
                assert status == 404, (name, where, answer)
            elif path.endswith("{offer_id}/word") and name != "anna" and not roles & {Role.ADMIN, Role.AUDITOR}:
                assert (status, answer["error"]["key"]) == (403, "offer_hidden"), (name, where)
            elif annas and name == "ben":
                assert status in (403, 404), (name, where, answer)
            elif name == "anna" or not annas:
                assert status not in (401, 403), (name, where, answer)
                assert status != 404 or "{key_id}" in path or method == "DELETE", (name, where, answer)
    assert (await signed.ask(method, address(path, things)))[0] == 401


@pytest.mark.parametrize("scope", list(Scope))
async def test_a_key_opens_what_its_scope_names_and_is_nobodys_after_it_is_revoked(signed: Site, scope: Scope) -> None:
    things = await things_of_anna(signed.world)
    status, key = await signed.ask("POST", "/api/v1/keys", token("adam"), json={"name": "Personalsystem", "scopes": [scope]})
    assert status == 201
    listed = (await signed.ask("GET", "/api/v1/keys", token("adam")))[1]["keys"]
    assert listed == [{k: v for k, v in key.items() if k != "key"}], "the secret is shown once"
    assert (await signed.ask("GET", "/api/v1/keys", token("zoe", OTHER_FIRM)))[1] == {"keys": []}
    assert not [path for path in signed.world.root.rglob("*") if path.is_file() and key["key"].rpartition("_")[2].encode() in path.read_bytes()]
    for deed, right in RIGHTS.items():
        method, _, path = deed.partition(" ")
        if " /api/" not in deed or path == "/api/events":
            continue
        where = address(path, things)
        status, answer = await signed.ask(method, where, key["key"], json=BODIES[deed](things) if deed in BODIES else None)
        if right.scope is not scope:
            assert (status, answer["error"]["key"]) in ((403, "not_for_keys"), (403, "no_right")), deed
        elif "{" in path and "{profile_id}" not in path and "{offer_id}" not in path:
            assert status in (403, 404), f"{deed}: what people have sent in is theirs"
        else:
            assert status not in (401, 403), deed
    wrong = key["key"][:-1] + ("0" if key["key"][-1] != "0" else "1")
    other = key["key"].replace(f"_{FIRM}_", f"_{OTHER_FIRM}_")
    assert [(await signed.ask("GET", "/api/jobs", bad))[0] for bad in (wrong, other, "cvg_", key["key"] + "0")] == [401] * 4
    assert (await signed.ask("DELETE", f"/api/v1/keys/{key['key_id']}", token("zoe", OTHER_FIRM)))[0] == 404
    assert (await signed.ask("DELETE", f"/api/v1/keys/{key['key_id']}", token("adam")))[0] == 204
    assert (await signed.ask("GET", "/api/v1/profiles", key["key"]))[0] == 401
    noted = {event.what for event in await signed.world.service.events.of(FIRM)}
    assert {"key.created", "key.revoked"} <= noted


async def test_what_a_key_has_sent_in_is_its_own(signed: Site) -> None:
    keys = [(await signed.ask("POST", "/api/keys", token("adam"), json={"name": n, "scopes": ["read", "cv"]}))[1]["key"] for n in ("a", "b")]
    batch = await signed.world.service.batches.open(FIRM, "key-x", "1" * 32)
    assert (await signed.ask("GET", f"/api/batches/{batch.id}", keys[0]))[0] == 404
    status, answer = await signed.ask("POST", "/api/cv/process", keys[0], data=form(("a.pdf", sample("de-tabelle-yilmaz"))))
    assert status == 202, answer
    assert [len((await signed.ask("GET", "/api/jobs", key))[1]["jobs"]) for key in keys] == [1, 0]
    assert [(await signed.ask("GET", f"/api/jobs/{answer['job_id']}", key))[0] for key in keys] == [200, 404]


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"name": " ", "scopes": ["read"]}, "bad_key"),
        ({"name": "x", "scopes": []}, "bad_key"),
        ({"name": "x", "scopes": ["all"]}, "bad_request"),
        ({"name": "x" * 81, "scopes": ["cv"]}, "bad_key"),
    ],
)
async def test_a_key_needs_a_name_and_a_scope(signed: Site, body: dict[str, Any], key: str) -> None:
    status, answer = await signed.ask("POST", "/api/keys", token("adam"), json=body)
    assert (status, answer["error"]["key"]) == (400, key)


# --- links


FILES = ["/api/download/{job_id}", "/api/jobs/{job_id}/json", "/api/batches/{batch_id}/zip", "/api/profiles/{profile_id}/word", "/api/matches/{match_id}/report"] + [
    "/api/shortlists/{job_id}/csv", "/api/shortlists/{job_id}/word", "/api/offers/csv", "/api/offers/{offer_id}/word", "/api/offers/{offer_id}/mail"]  # fmt: skip


async def test_a_signed_link_opens_its_file_and_nothing_else(signed: Site) -> None:
    things = await things_of_anna(signed.world)
    for file in FILES:
        path = address(file, things)
        good = signed.link(path)
        assert (await signed.ask("GET", good))[0] == 200, file
        assert (await signed.ask("POST", good))[0] in (401, 403, 405)
        assert (await signed.ask("GET", f"{path}?{good.partition('?')[2].replace('tenant=t&', 'tenant=t2&')}"))[0] == 403
        old = signed_query(LINK_KEY, path, FIRM, now=datetime.now(UTC) - timedelta(days=2))
        status, answer = await signed.ask("GET", f"{path}?{old}")
        assert (status, answer["error"]["key"]) == (403, "link_over")
    for path in ("/api/jobs", f"/api/jobs/{things['job_id']}", "/api/keys", "/api/me"):
        assert (await signed.ask("GET", signed.link(path)))[0] == 401, path


async def test_the_page_holds_nothing_and_teams_may_frame_it(signed: Site) -> None:
    async with signed.client.get("/") as response:
        assert response.status == 200
        assert "https://teams.microsoft.com" in response.headers["Content-Security-Policy"].partition("frame-ancestors")[2]
        assert "X-Frame-Options" not in response.headers


# --- the chat


SAID = {
    "say.help": "hilfe", "say.sign_in": "anmelden", "say.sign_out": "abmelden", "say.profiles": "profile", "say.status": "status", "say.cancel": "abbrechen",
    "say.delete": "lösche Anna", "say.reject": "absage Anna", "say.new_profile": "neues Profil: Java", "say.profiles_for": "profile für Anna",
    "say.shortlist": "rangliste Java", "say.match": "match Java", "drop.cv": FilesDropped((DroppedFile("a.pdf", "https://x.sharepoint.com/a"),)),
    "drop.profile": FilesDropped((DroppedFile("a.pdf", "https://x.sharepoint.com/a"),), "Profil"), "mention": Mentioned("", "m"),
    "drop.customers": FilesDropped((DroppedFile("Kunden.CSV", "https://x.sharepoint.com/a"),)), "say.offer": "Angebot für Anna an Muster 95 €/h",
    "say.offers": "angebote gesendet", "say.customers": "kunden Muster", "say.new_customer": "neuer Kunde: Muster GmbH", "say.approvals_here": "Freigaben hier",
}  # fmt: skip
CLIENT = {"signin/verifyState", "signin/tokenExchange", "signin/failure", "fileConsent/invoke"} | {
    f"composeExtension/{what}"
    for what in ("query searchProfiles", "query searchCandidates", "query searchOffers", "fetchTask makeWordCv", "submitAction makeWordCv")
}
DE = catalogue("de")


def is_refused(turn: Turn, deed: str) -> bool:
    return any(isinstance(reply, Show) and refusal(deed, DE) in str(reply.card) for reply in turn.replies)


async def turn_of(world: World, content: object, roles: frozenset[Role]) -> Turn:
    services = Services(world.service, world.clock.now, Roles({("t", "u"): roles}))
    where = world.conversation().model_copy(update={"locale": "de-DE"})
    return await handle(Event("e", where, content), Flow(), services)


@pytest.mark.parametrize("roles", [frozenset(), *(frozenset({role}) for role in Role)], ids=lambda roles: "-".join(roles) or "none")
@pytest.mark.parametrize("deed", SAID)
async def test_a_message_is_answered_for_those_whom_the_table_names(world: World, deed: str, roles: frozenset[Role]) -> None:
    said = SAID[deed]
    turn = await turn_of(world, TextSaid(said) if isinstance(said, str) else said, roles)
    assert is_refused(turn, deed) is not may(deed, roles)
    assert may(deed, roles) or not turn.jobs


def clicked(verb: str) -> Action:
    kind = _VERBS[verb]
    return kind(**{f.name: "0" * 32 for f in fields(kind) if f.name != "form"}, **({"form": {}} if "form" in {f.name for f in fields(kind)} else {}))


@pytest.mark.parametrize("roles", [frozenset(), *(frozenset({role}) for role in Role)], ids=lambda roles: "-".join(roles) or "none")
@pytest.mark.parametrize("verb", _VERBS)
async def test_a_button_works_for_those_whom_the_table_names(world: World, verb: str, roles: frozenset[Role]) -> None:
    assert is_refused(await turn_of(world, Clicked(clicked(verb)), roles), verb) is not may(verb, roles)


async def test_nobody_may_do_what_the_table_lacks() -> None:
    assert not may("cv.publish", set(Role))
    assert not may("GET /api/everything", set(Role))
    assert RIGHTS["say.help"].roles is EVERYBODY


async def test_rights_that_cannot_be_checked_begin_nothing(world: World) -> None:
    services = Services(world.service, world.clock.now, Roles(down=True))
    where = world.conversation().model_copy(update={"locale": "de-DE"})
    turn = await handle(Event("e", where, SAID["drop.cv"]), Flow(), services)
    assert DE("error.rights_unknown") in str(turn.replies)
    assert not turn.jobs


async def test_a_tenant_in_the_address_counts_nothing(signed: Site) -> None:
    things = await things_of_anna(signed.world)
    for path in ("/api/jobs/{job_id}", "/api/profiles/{profile_id}", "/api/batches/{batch_id}", *FILES):
        status, answer = await signed.ask("GET", f"{address(path, things)}?tenant={FIRM}", token("zoe", OTHER_FIRM))
        if path == "/api/offers/csv":  # her own firm's list, which is empty
            assert (status, answer.count(b"\r\n")) == (200, 1)
        else:
            assert status == 404, path


async def test_the_keys_of_a_firm_that_is_let_in_no_more_open_nothing(signed: Site) -> None:
    _, key = await signed.world.service.api_keys.create("gone", "u", "x", (Scope.READ,))
    assert (await signed.ask("GET", "/api/v1/profiles", key))[0] == 401


async def test_a_verdict_on_what_the_match_does_not_ask_for_is_refused(signed: Site) -> None:
    things = await things_of_anna(signed.world)
    said = {"requirement": "Erika Mustermann", "status": "met", "reason": "because"}
    status, answer = await signed.ask("POST", f"/api/v1/matches/{things['match_id']}/override", token("anna"), json=said)
    assert (status, answer["error"]["key"]) == (400, "bad_verdict")
    assert not [event for event in await signed.world.service.events.of(FIRM) if "Mustermann" in event.what]
