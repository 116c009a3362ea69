"""Ten thousand calls with ids of everybody: nobody reads or changes anything of another tenant, whatever id they send."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import Conflict, TransientError, UserError
from pipeline.model.customer import Customer
from pipeline.model.document import Document
from pipeline.model.job import Kind, Source, WhenEdited
from pipeline.model.match import Override, Status
from pipeline.model.offer import Verb
from pipeline.model.person import Person, Role
from pipeline.model.profile import Importance, Profile, Requirement
from pipeline.offer.machine import Actor
from pipeline.offer.understand import Wanted
from pipeline.service import Service, Submission
from tests.conftest import NOW
from tests.world import World, make_world

TENANTS = ("t", "north", "south")
CALLS = 10_000


@dataclass
class Things:
    """What a tenant has, by its kinds of ids."""

    job: str
    batch: str
    profile: str
    match: str
    shortlist: str
    candidate: str
    customer: str
    offer: str


@pytest.fixture
async def world(tmp_path: Path, documents: dict[str, Document]) -> AsyncIterator[World]:
    async with make_world(tmp_path, documents) as made:
        yield made


async def things_of(world: World, tenant: str) -> Things:
    service, user = world.service, "u"
    batch = await service.batches.open(tenant, user, "k")
    job = await world.run(await world.submit(tenant=tenant, batch=batch.id))
    profile = await service.profiles.add(
        tenant, user, Profile(title="Bau", requirements=(Requirement(id="r1", text="AutoCAD", importance=Importance.MUST),))
    )
    made = []
    for kind, about in ((Kind.MATCH, job.id), (Kind.SHORTLIST, "")):
        sent, _ = await service.submit(Submission(tenant=tenant, user=user, kind=kind, profile=profile.id, about=about, source=Source(name="x")))
        made.append(await world.run(sent))
    customer = await service.customers.add(tenant, Customer(name=f"Kunde {tenant}"), key=random.Random(tenant).randbytes(16).hex())
    shown = await service.shown(tenant, job.id)
    key = random.Random(f"{tenant} offer").randbytes(16).hex()
    who = Person(tenant=tenant, user=user)
    offer = await service.offers.draft(who, "Anna", key=key, locale="de", cv=shown, match=None, customer=customer, wanted=Wanted())
    return Things(job.id, batch.id, profile.id, made[0].id, made[1].id, job.candidate, customer.id, offer.id)


def calls(service: Service) -> dict[str, tuple[str, Callable[[str, str], Awaitable[Any]]]]:
    """Each with the kind of id that it takes: (tenant, id) -> what comes of it."""
    actor = Actor("u", "Anna", frozenset(Role))
    said = Override(status=Status.MET, user="u", name="Anna", reason="belegt", at=NOW)
    return {
        "job": ("job", service.job),
        "shown": ("job", service.shown),
        "own": ("job", lambda t, key: service.own_shown(t, "u", key)),
        "word": ("job", service.word),
        "resume": ("job", service.resume),
        "cancel": ("job", lambda t, key: service.cancel(t, "u", key)),
        "retry": ("job", lambda t, key: service.retry(t, "u", key)),
        "rewrite": ("job", lambda t, key: service.rewrite(t, "u", key, template="no such", language="")),
        "place": ("job", lambda t, key: service.place(t, "u", key, when_edited=WhenEdited.BESIDE)),
        "reveal": ("job", lambda t, key: service.reveal(t, "u", key)),
        "batch": ("batch", service.batches.get),
        "cancel batch": ("batch", lambda t, key: service.cancel_batch(t, "u", key)),
        "retry batch": ("batch", lambda t, key: service.retry_failed(t, "u", key)),
        "profile": ("profile", service.profiles.get),
        "archive": ("profile", service.profiles.archive),
        "match": ("match", service.matches.get),
        "override": ("match", lambda t, key: service.matches.override(t, key, "r1", said)),
        "ranking": ("shortlist", service.matches.ranking),
        "candidate": ("candidate", lambda t, key: service.candidates.of_user(t, "u", key)),
        "customer": ("customer", service.customers.get),
        "offer": ("offer", service.offers.get),
        "submit offer": ("offer", lambda t, key: service.offers.submit(t, key, actor, version=1)),
        "withdraw offer": ("offer", lambda t, key: service.offers.do(t, key, Verb.WITHDRAW, actor, version=1)),
    }


async def test_no_id_opens_anything_of_another_tenant(world: World) -> None:
    owned = {tenant: await things_of(world, tenant) for tenant in TENANTS}
    asked, dice, opened, refused = calls(world.service), random.Random(7), 0, 0
    before = {tenant: await everything(world, tenant) for tenant in TENANTS}
    for _ in range(CALLS):
        tenant, owner, name = dice.choice(TENANTS), dice.choice(TENANTS), dice.choice(sorted(asked))
        kind, act = asked[name]
        try:
            found = await act(tenant, getattr(owned[owner], kind))
        except (UserError, Conflict, TransientError):
            refused += tenant != owner
            continue
        assert tenant == owner or not found, (name, tenant, owner)
        assert getattr(found, "tenant", tenant) == tenant
        opened += tenant == owner
    assert opened > CALLS / 10
    assert refused > CALLS / 3
    assert {tenant: set(await everything(world, tenant)) for tenant in TENANTS} == {tenant: set(keys) for tenant, keys in before.items()}


async def everything(world: World, tenant: str) -> list[str]:
    """The names of all that a tenant has, but for marks and events."""
    tables = [table for table in await world.records.tables() if table not in ("open", "events", "offersdue", "facts")]
    return [f"{table}/{record.key}" for table in tables for record in await world.records.all(table, tenant)]
