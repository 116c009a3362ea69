"""Roles from Entra: app roles or groups, for five minutes at most, and never more than the directory says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.settings import BadSettings, Settings
from pipeline.adapters.graph.client import GraphClient
from pipeline.adapters.graph.directory import AppRoles, EntraDirectory, Groups
from pipeline.errors import TransientError
from pipeline.model.person import Person, Role
from tests.graph.roles import ROLES, Assignments
from tests.graph.server import Fault, Graph
from tests.world import Clock

APP, FIRM = "6d2b1b0c-0000-4000-8000-00000000a001", "firm"
RECRUITERS, ADMINS = (f"b0000000-0000-4000-8000-00000000000{i}" for i in (1, 2))
RECRUITER, ADMIN, FUTURE = ROLES
ANNA = Person(tenant=FIRM, user="anna")


@pytest.fixture
async def assigned() -> AsyncIterator[Assignments]:
    async with Graph() as graph:
        graph.let_app_in("Directory.Read.All")
        made = Assignments(graph, APP, given={"anna": [RECRUITER], "ben": []})
        made.add()
        yield made


@pytest.fixture
async def client(assigned: Assignments) -> AsyncIterator[GraphClient]:
    made = GraphClient(now=Clock().now, url=assigned.graph.url, seconds=2.5, pause=0.01)
    yield made
    await made.close()


async def app_token() -> str:
    return "app-token"


def app_roles(client: GraphClient, clock: Clock) -> EntraDirectory:
    return EntraDirectory(AppRoles(client, APP, app_token), tenant=FIRM, now=clock.now)


async def test_app_roles_are_asked_for_once_in_five_minutes(assigned: Assignments, client: GraphClient) -> None:
    clock = Clock()
    directory = app_roles(client, clock)
    assert [await directory.roles(ANNA) for _ in range(3)] == [frozenset({Role.RECRUITER})] * 3
    assert len(assigned.graph.calls) == 2, "the app's roles, and the person's"
    assigned.given["anna"] = []
    clock.time += timedelta(minutes=4, seconds=59)
    assert await directory.roles(ANNA) == {Role.RECRUITER}
    clock.time += timedelta(seconds=2)
    assert await directory.roles(ANNA) == frozenset(), "taken away"
    assert len(assigned.graph.calls) == 3


async def test_all_pages_count_and_roles_that_this_version_does_not_know_do_not(assigned: Assignments, client: GraphClient) -> None:
    assigned.given["anna"] = [FUTURE, RECRUITER, ADMIN]
    assigned.page = 1
    assert await app_roles(client, Clock()).roles(ANNA) == {Role.RECRUITER, Role.ADMIN}


@pytest.mark.parametrize(
    "person",
    [Person(tenant=FIRM, user="ben"), Person(tenant=FIRM, user="stranger"), Person(tenant=FIRM, user=""), Person(tenant="other", user="anna")],
)
async def test_nobody_has_a_role_by_default(client: GraphClient, person: Person) -> None:
    assert await app_roles(client, Clock()).roles(person) == frozenset()


async def test_groups_of_the_firm(assigned: Assignments, client: GraphClient) -> None:
    """Also for members of more than 200 groups, whose tokens name none: nothing is read from a token."""
    assigned.given["anna"] = [f"c0000000-0000-4000-8000-{i:012}" for i in range(300)] + [ADMINS]
    groups = Groups(client, {RECRUITERS: frozenset({Role.RECRUITER}), ADMINS: frozenset({Role.ADMIN, Role.APPROVER})}, app_token)
    directory = EntraDirectory(groups, tenant=FIRM, now=Clock().now)
    assert await directory.roles(ANNA) == {Role.ADMIN, Role.APPROVER}
    assert await directory.roles(Person(tenant=FIRM, user="stranger")) == frozenset()


@pytest.mark.parametrize(
    "fault", [Fault(500), Fault(503), Fault(403, code="Authorization_RequestDenied"), Fault(401), Fault(how="reset"), Fault(how="cut")], ids=str
)
async def test_what_cannot_be_asked_is_no_permission_and_is_asked_again(assigned: Assignments, client: GraphClient, fault: Fault) -> None:
    clock = Clock()
    directory = app_roles(client, clock)
    assert await directory.roles(ANNA) == {Role.RECRUITER}
    clock.time += timedelta(minutes=6)
    assigned.graph.faults = [fault] * 20
    with pytest.raises(TransientError):
        await directory.roles(ANNA)
    assigned.graph.faults = []
    assert await directory.roles(ANNA) == {Role.RECRUITER}


async def test_too_little_permission_of_the_app_itself_lets_nobody_in(assigned: Assignments, client: GraphClient) -> None:
    assigned.graph.let_app_in("User.Read.All")
    with pytest.raises(TransientError):
        await app_roles(client, Clock()).roles(ANNA)


@pytest.mark.parametrize(
    "groups",
    [
        "",
        "recruiter",
        "recruiter=x",
        "boss=b0000000-0000-4000-8000-000000000001",
        ",".join(f"admin=b0000000-0000-4000-8000-{i:012}" for i in range(21)),
    ],
)
def test_groups_are_named_in_full(groups: str) -> None:
    with pytest.raises(BadSettings, match="ROLE_GROUPS"):
        Settings.from_env({"ROLES": "groups", "ROLE_GROUPS": groups})


def test_groups_from_the_environment() -> None:
    settings = Settings.from_env({"ROLES": "groups", "ROLE_GROUPS": f"Recruiter={RECRUITERS.upper()}, admin={ADMINS}"})
    assert settings.role_groups == ((RECRUITERS, Role.RECRUITER), (ADMINS, Role.ADMIN))
    both = Settings.from_env({"ROLES": "groups", "ROLE_GROUPS": f"recruiter={ADMINS},approver={ADMINS}"})
    assert both.roles_of_groups == {ADMINS: frozenset({Role.RECRUITER, Role.APPROVER})}
