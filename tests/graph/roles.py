"""App roles and groups of the fake Graph.

Sources: learn.microsoft.com/graph/api/user-list-approleassignments, …/api/serviceprincipal-get, …/api/directoryobject-checkmembergroups, paging.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from aiohttp import web

from tests.graph.server import Graph, Refusal, Token, json_of

ID = r"[^/]+"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
READ_APPS = {"Application.Read.All", "Directory.Read.All"}
READ_ASSIGNMENTS = {"Directory.Read.All"}
READ_GROUPS = {"GroupMember.Read.All", "Directory.Read.All"}
ROLES = {
    "220d7a39-624c-4520-b8b6-292ec71f5a94": "Recruiter",
    "7634370a-32ce-4aa7-b8c3-ecf3a30d79cc": "Admin",
    "00000000-0000-4000-8000-00000000000f": "Future",
}


@dataclass
class Assignments:
    """`app` is the service principal's id; `given` are ids of app roles or groups by person. Pages hold `page` entries."""

    graph: Graph
    app_id: str
    app: str = "a0000000-0000-4000-8000-000000000001"
    given: dict[str, list[str]] = field(default_factory=dict)
    page: int = 100

    def add(self) -> None:
        self.graph.route("GET", rf"servicePrincipals\(appId='(?P<app>{ID})'\)", self._principal, application=READ_APPS)
        self.graph.route("GET", rf"users/(?P<user>{ID})/appRoleAssignments", self._assignments, application=READ_ASSIGNMENTS)
        self.graph.route("POST", rf"users/(?P<user>{ID})/checkMemberGroups", self._groups, application=READ_GROUPS)

    async def _principal(self, request: web.Request, token: Token, match: re.Match[str]) -> web.Response:
        if match["app"] != self.app_id:
            raise Refusal(404, "Request_ResourceNotFound")
        return web.json_response({"id": self.app, "appRoles": [{"id": key, "value": value, "isEnabled": True} for key, value in ROLES.items()]})

    async def _assignments(self, request: web.Request, token: Token, match: re.Match[str]) -> web.Response:
        query = parse_qs(request.query_string)
        if query.get("$filter") != [f"resourceId eq {self.app}"]:
            raise Refusal(400, "Request_UnsupportedQuery", "Only the resource may be asked for")
        first = int(query.get("$skiptoken", ["0"])[0])
        found = self._of(match["user"])
        body: dict[str, object] = {"value": [{"appRoleId": key} for key in found[first : first + self.page]]}
        if first + self.page < len(found):
            body["@odata.nextLink"] = f"{self.graph.origin}{request.path_qs.partition('&$skiptoken')[0]}&$skiptoken={first + self.page}"
        return web.json_response(body)

    async def _groups(self, request: web.Request, token: Token, match: re.Match[str]) -> web.Response:
        asked = (await json_of(request)).get("groupIds")
        if not isinstance(asked, list) or not 0 < len(asked) <= 20 or not all(isinstance(key, str) and GUID.fullmatch(key) for key in asked):
            raise Refusal(400, "Request_BadRequest", "1 to 20 group ids")
        return web.json_response({"value": [key for key in asked if key in self._of(match["user"])]})

    def _of(self, user: str) -> list[str]:
        if user not in self.given:
            raise Refusal(404, "Request_ResourceNotFound", f"Resource '{user}' does not exist")
        return self.given[user]
