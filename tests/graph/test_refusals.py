"""The fake Graph is strict: it refuses what the published contract refuses. Each row names its source (below learn.microsoft.com/graph)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.graph.conftest import Cloud
from tests.graph.drive import MOST, UNIT
from tests.graph.server import Token

ANNA = {"Authorization": "Bearer token-of-user-1"}
APP = {"Authorization": "Bearer app-token"}
CONTENT = "/v1.0/me/drive/root:/CVs/cv.docx:/content"
SESSION = "/v1.0/me/drive/root:/CVs/cv.docx:/createUploadSession"
CHILDREN = "/v1.0/me/drive/root/children"


@dataclass
class Ask:
    method: str
    path: str
    status: int
    code: str
    headers: dict[str, str] = field(default_factory=lambda: dict(ANNA))
    data: bytes | None = None
    json: Any = None


def other_token(**changes: Any) -> Callable[[Cloud], None]:
    def prepared(cloud: Cloud) -> None:
        cloud.graph.tokens["other"] = Token(user="user-1", scopes=frozenset({"Files.ReadWrite"}))
        for name, value in changes.items():
            setattr(cloud.graph.tokens["other"], name, value)

    return prepared


OTHER = {"Authorization": "Bearer other"}
MALFORMED: list[tuple[str, Ask, Callable[[Cloud], None]]] = [
    # /auth/auth-concepts, "Access tokens"; /errors, 401
    ("no token", Ask("GET", "/v1.0/me/drive", 401, "InvalidAuthenticationToken", headers={}), other_token()),
    ("a token that is none", Ask("GET", "/v1.0/me/drive", 401, "InvalidAuthenticationToken", headers={"Authorization": "Bearer x"}), other_token()),
    ("a scheme that is not Bearer", Ask("GET", "/v1.0/me/drive", 401, "InvalidAuthenticationToken", headers={"Authorization": "Basic token-of-user-1"}), other_token()),
    ("an expired token", Ask("GET", "/v1.0/me/drive", 401, "InvalidAuthenticationToken", headers=OTHER), other_token(expires=datetime(2020, 1, 1, tzinfo=UTC))),
    ("a token for another audience", Ask("GET", "/v1.0/me/drive", 401, "InvalidAuthenticationToken", headers=OTHER), other_token(audience="api://botid-1")),
    # /api/driveitem-put-content, "Permissions"
    ("a token that may only read", Ask("PUT", CONTENT, 403, "accessDenied", headers=OTHER, data=b"x"), other_token(scopes=frozenset({"Files.Read"}))),
    # /api/drive-get: /me is somebody
    ("the app as somebody", Ask("GET", "/v1.0/me/drive", 400, "BadRequest", headers=APP), other_token()),
    ("the app without a role", Ask("GET", "/v1.0/drives/b!library", 403, "accessDenied", headers=OTHER), other_token(user="", roles=frozenset())),
    ("the drive of somebody else", Ask("GET", "/v1.0/drives/b!user-1", 403, "accessDenied", headers=OTHER), other_token(user="user-2")),
    # /concepts/onedrive-addressing-driveitems, "Encoding"
    ("a path that is not encoded", Ask("PUT", '/v1.0/me/drive/root:/a"b.docx:/content', 400, "invalidRequest", data=b"x"), other_token()),
    ("a percent sign on its own", Ask("PUT", "/v1.0/me/drive/root:/100%.docx:/content", 400, "invalidRequest", data=b"x"), other_token()),
    # /use-the-api
    ("an unknown resource", Ask("GET", "/v1.0/me/drives2", 400, "BadRequest"), other_token()),
    ("an unknown version", Ask("GET", "/v2.0/me/drive", 400, "BadRequest"), other_token()),
    ("a method that is not known there", Ask("PATCH", CONTENT, 405, "notAllowed", data=b"x"), other_token()),
    # /query-parameters
    ("an unknown query option", Ask("PUT", f"{CONTENT}?conflictBehavior=fail", 400, "BadRequest", data=b"x"), other_token()),
    ("an unknown property", Ask("GET", "/v1.0/me/drive/root/children?$select=etag", 400, "BadRequest"), other_token()),
    # /api/resources/driveitem, "Instance Attributes"
    ("an unknown conflict behaviour", Ask("PUT", f"{CONTENT}?@microsoft.graph.conflictBehavior=overwrite", 400, "invalidRequest", data=b"x"), other_token()),
    # support.microsoft.com, "Restrictions and limitations in OneDrive and SharePoint"
    ("a name that is forbidden", Ask("PUT", "/v1.0/me/drive/root:/a%3Ab.docx:/content", 400, "invalidRequest", data=b"x"), other_token()),
    ("a reserved name", Ask("PUT", "/v1.0/me/drive/root:/CON/cv.docx:/content", 400, "invalidRequest", data=b"x"), other_token()),
    ("a name with a space at its end", Ask("PUT", "/v1.0/me/drive/root:/CVs%20/cv.docx:/content", 400, "invalidRequest", data=b"x"), other_token()),
    ("a path that is too long", Ask("PUT", f"/v1.0/me/drive/root:/{'/'.join(['a' * 90] * 5)}:/content", 400, "pathIsTooLong", data=b"x"), other_token()),
    # /api/driveitem-put-content: If-Match
    ("a version that is none", Ask("PUT", CONTENT, 412, "resourceModified", headers=ANNA | {"If-Match": '"{x},1"'}, data=b"x"), other_token()),
    # /api/driveitem-createuploadsession
    ("a session without JSON", Ask("POST", SESSION, 415, "UnsupportedMediaType", data=b"{}"), other_token()),
    ("a session with broken JSON", Ask("POST", SESSION, 400, "BadRequest", headers=ANNA | {"Content-Type": "application/json"}, data=b"{"), other_token()),
    ("an unknown property of a session", Ask("POST", SESSION, 400, "invalidRequest", json={"item": {"conflictBehavior": "fail"}}), other_token()),
    ("a session under another name", Ask("POST", SESSION, 400, "invalidRequest", json={"item": {"name": "other.docx"}}), other_token()),
    ("a session that does not exist", Ask("PUT", "/up/none", 404, "itemNotFound", headers={"Content-Range": "bytes 0-0/1"}, data=b"x"), other_token()),
    # /api/driveitem-post-children
    ("a folder that is none", Ask("POST", CHILDREN, 400, "invalidRequest", json={"name": "CVs"}), other_token()),
    ("a folder in a folder that is not there", Ask("POST", "/v1.0/me/drive/root:/none:/children", 404, "itemNotFound", json={"name": "CVs", "folder": {}}), other_token()),
    # /api/driveitem-get, -delete
    ("an item that is not there", Ask("GET", "/v1.0/drives/b!user-1/items/none", 404, "itemNotFound"), other_token()),
    ("nothing to delete", Ask("DELETE", "/v1.0/drives/b!user-1/items/none", 404, "itemNotFound"), other_token()),
    # /api/driveitem-permanentdelete: it is documented below /drives only
    ("erasing by another address", Ask("POST", "/v1.0/me/drive/items/x/permanentDelete", 400, "BadRequest"), other_token()),
    # /api/driveitem-get-content: a download address is its own key
    ("a download with a token", Ask("GET", "/down/d", 401, "unauthenticated"), other_token()),
]  # fmt: skip

SPANS: list[tuple[str, str, int, int, dict[str, str]]] = [
    # all of /api/driveitem-createuploadsession, "Upload bytes to the upload session" and "Remarks"
    ("without a range", "", 10, 400, {}),
    ("a range of another unit", "0-9/100", 10, 400, {}),
    ("fewer bytes than the range says", "bytes 0-19/100", 10, 400, {}),
    ("a range beyond the whole", "bytes 95-104/100", 10, 400, {}),
    ("another whole than was announced", "bytes 0-9/200", 10, 400, {}),
    ("a part that is no multiple of 320 KiB", f"bytes 0-9/{4 * UNIT}", 10, 400, {}),
    ("a part out of order", f"bytes {UNIT}-{2 * UNIT - 1}/{4 * UNIT}", UNIT, 416, {}),
    ("a part of more than 60 MiB", f"bytes 0-{MOST + UNIT - 1}/{2 * MOST}", MOST + UNIT, 413, {}),
    ("a token", f"bytes 0-{UNIT - 1}/{4 * UNIT}", UNIT, 401, ANNA),
]


def body_of(data: bytes | None) -> io.BytesIO | None:
    return None if data is None else io.BytesIO(data)


async def answered(cloud: Cloud, ask: Ask) -> tuple[int, str]:
    headers = dict(ask.headers)
    data = ask.data
    if ask.json is not None:
        data, headers["Content-Type"] = json.dumps(ask.json).encode(), "application/json"
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            ask.method, URL(cloud.graph.origin + ask.path, encoded=True), headers=headers, data=body_of(data), allow_redirects=False
        ) as response,
    ):
        body = await response.json() if response.content_type == "application/json" else {}
        return response.status, body.get("error", {}).get("code", "")


@pytest.mark.parametrize(("ask", "prepare"), [(ask, prepare) for _, ask, prepare in MALFORMED], ids=[name for name, _, _ in MALFORMED])
async def test_what_the_contract_refuses_is_refused(cloud: Cloud, ask: Ask, prepare: Callable[[Cloud], None]) -> None:
    cloud.drives.downloads["d"] = b"x"
    prepare(cloud)
    assert await answered(cloud, ask) == (ask.status, ask.code)
    assert cloud.onedrive.files == []


@pytest.mark.parametrize(("span", "size", "status", "headers"), [row[1:] for row in SPANS], ids=[row[0] for row in SPANS])
async def test_chunks_that_the_contract_refuses_are_refused(cloud: Cloud, span: str, size: int, status: int, headers: dict[str, str]) -> None:
    cloud.graph.app._client_max_size = 2 * MOST
    total = {"bytes 0-9/200": 100}.get(span, int(span.rpartition("/")[2] or 100))
    opened = await cloud.client.call(
        "POST", "me/drive/root:/cv.docx:/createUploadSession", token="token-of-user-1", json={"item": {"fileSize": total}}
    )
    path = opened.body["uploadUrl"].removeprefix(cloud.graph.origin)
    ask = Ask("PUT", path, status, "", headers | ({"Content-Range": span} if span else {}), data=bytes(size))
    assert (await answered(cloud, ask))[0] == status
    assert cloud.onedrive.files == []


async def test_what_the_contract_takes_is_taken(cloud: Cloud) -> None:
    for ask in (
        Ask("PUT", CONTENT, 201, "", data=b"x"),
        Ask("PUT", CONTENT, 200, "", data=b"y"),
        Ask("PUT", f"{CONTENT}?@microsoft.graph.conflictBehavior=fail", 409, "nameAlreadyExists", data=b"z"),
        Ask("POST", CHILDREN, 201, "", json={"name": "New", "folder": {}, "@microsoft.graph.conflictBehavior": "fail"}),
        Ask("POST", CHILDREN, 409, "nameAlreadyExists", json={"name": "new", "folder": {}}),
        Ask("GET", CONTENT, 302, ""),
        Ask("GET", "/v1.0/drives/b!library", 200, "", headers=APP),
    ):
        assert await answered(cloud, ask) == (ask.status, ask.code)
    assert [one.data for one in cloud.onedrive.files] == [b"y"]


def test_more_than_twenty_kinds_are_refused() -> None:
    assert len({name for name, *_ in (*MALFORMED, *SPANS)}) > 40
