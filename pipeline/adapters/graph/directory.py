"""Roles from Entra: the app's own app roles, or groups of the firm. Kept for five minutes; what cannot be asked is no permission.

Sources: learn.microsoft.com/graph/api/user-list-approleassignments (members of a group count, of a group within it they do not),
/graph/api/serviceprincipal-get, /graph/api/directoryobject-checkmembergroups (at most 20 groups; nested ones count).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import quote

from pipeline.adapters.graph.client import GraphClient, Refused
from pipeline.errors import SignInNeeded, TransientError
from pipeline.model.person import Person, Role

GOOD_FOR = timedelta(minutes=5)
MOST_KEPT = 10_000
MOST_GROUPS = 20
"""Of one request of checkMemberGroups."""

AppToken = Callable[[], Awaitable[str]]


class Source(Protocol):
    """`roles` raises what the Graph client raises."""

    async def roles(self, user: str) -> frozenset[Role]: ...


class EntraDirectory:
    """`tenant` is the firm's own: the app may ask about nobody else's people, who therefore have no role."""

    def __init__(self, source: Source, *, tenant: str, now: Callable[[], datetime]) -> None:
        self._source = source
        self._tenant = tenant
        self._now = now
        self._kept: dict[str, tuple[datetime, frozenset[Role]]] = {}

    async def roles(self, person: Person) -> frozenset[Role]:
        """Raises TransientError."""
        if person.tenant != self._tenant or not person.user:
            return frozenset()
        until, known = self._kept.get(person.user, (datetime.min.replace(tzinfo=self._now().tzinfo), frozenset()))
        if self._now() < until:
            return known
        try:
            found = await self._source.roles(person.user)
        except (Refused, SignInNeeded) as error:
            raise TransientError(f"directory: {error}") from None
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[person.user] = (self._now() + GOOD_FOR, found)
        return found


class AppRoles:
    """The app roles that the person, or a group that they are a direct member of, was assigned."""

    def __init__(self, client: GraphClient, app_id: str, app_token: AppToken) -> None:
        self._client = client
        self._app_id = app_id
        self._token = app_token
        self._app: tuple[str, Mapping[str, Role]] | None = None
        self._asking = asyncio.Lock()

    async def roles(self, user: str) -> frozenset[Role]:
        app, named = await self._roles_of_app()
        path = f"users/{quote(user, safe='')}/appRoleAssignments?$filter=resourceId%20eq%20{app}&$select=appRoleId"
        found: set[Role] = set()
        while path:
            answer = await self._client.call("GET", path, token=await self._token(), accept={404})
            found |= {named[entry["appRoleId"]] for entry in answer.body.get("value", []) if entry.get("appRoleId") in named}
            path = answer.body.get("@odata.nextLink", "")
        return frozenset(found)

    async def _roles_of_app(self) -> tuple[str, Mapping[str, Role]]:
        """The app's id in this tenant, and its roles by their ids: asked for once."""
        async with self._asking:
            if self._app is None:
                answer = await self._client.call("GET", f"servicePrincipals(appId='{self._app_id}')?$select=id,appRoles", token=await self._token())
                values = {role.value: role for role in Role}
                named = {
                    entry["id"]: values[str(entry["value"]).lower()] for entry in answer.body["appRoles"] if str(entry["value"]).lower() in values
                }
                self._app = answer.body["id"], named
            return self._app


class Groups:
    """Members of these groups have these roles; `groups` are Entra's ids."""

    def __init__(self, client: GraphClient, groups: Mapping[str, frozenset[Role]], app_token: AppToken) -> None:
        self._client = client
        self._groups = groups
        self._token = app_token

    async def roles(self, user: str) -> frozenset[Role]:
        asked = {"groupIds": list(self._groups)}
        answer = await self._client.call(
            "POST", f"users/{quote(user, safe='')}/checkMemberGroups", token=await self._token(), json=asked, accept={404}
        )
        return frozenset(role for group in answer.body.get("value", []) for role in self._groups.get(group, ()))
