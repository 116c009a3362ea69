"""OneDrive and SharePoint libraries of the fake Graph. Each refusal names where the contract says so."""

from __future__ import annotations

import hashlib
import io
import itertools
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from aiohttp import web

from tests.graph.server import Graph, Refusal, Token, json_of

WRITE = {"Files.ReadWrite", "Files.ReadWrite.All", "Sites.ReadWrite.All"}
READ = WRITE | {"Files.Read", "Files.Read.All", "Sites.Read.All"}
APP_WRITE = {"Files.ReadWrite.All", "Sites.ReadWrite.All", "Sites.Selected"}
APP_READ = APP_WRITE | {"Files.Read.All", "Sites.Read.All"}
"""learn.microsoft.com/graph/api/driveitem-put-content, "Permissions"; /graph/permissions-selected-overview."""

DRIVE = r"(?:me/drive|drives/(?P<drive>[^/:]+))"
SPOT = rf"{DRIVE}/(?:root:/(?P<path>[^:]+):|items/(?P<item>[^/:]+)|root)"
UNIT = 320 * 2**10
MOST = 60 * 2**20
SESSIONS = "/up/"
DOWNLOADS = "/down/"
PROPERTIES = frozenset(
    ["id", "name", "size", "eTag", "cTag", "webUrl", "createdDateTime", "lastModifiedDateTime", "parentReference", "shared", "file", "folder"]
)
_count = itertools.count(1)


@dataclass
class Item:
    name: str
    parent: Item | None = None
    data: bytes | None = None
    id: str = field(default_factory=lambda: f"01ITEM{next(_count):04}!s")
    content: int = 1
    version: int = 1
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    locked: bool = False
    shared: bool = False
    children: list[Item] = field(default_factory=list)

    @property
    def ctag(self) -> str:
        return f'"c:{{{self.id}}},{self.content}"'

    @property
    def etag(self) -> str:
        return f'"{{{self.id}}},{self.version}"'

    @property
    def path(self) -> str:
        return f"{self.parent.path}/{self.name}".lstrip("/") if self.parent else ""

    def child(self, name: str) -> Item | None:
        return next((one for one in self.children if one.name.casefold() == name.casefold()), None)

    def walk(self) -> Iterator[Item]:
        yield self
        for one in self.children:
            yield from one.walk()

    def edit(self, data: bytes) -> None:
        """Somebody saves it in Word."""
        self.data, self.content, self.version = data, self.content + 1, self.version + 1

    def rename(self, name: str) -> None:
        """Changes the eTag, and not the cTag (learn.microsoft.com/graph/api/resources/driveitem)."""
        self.name, self.version = name, self.version + 1


@dataclass
class Drive:
    """`quota` in bytes. `rewrites`: as SharePoint, and OneDrive for Business, which is SharePoint, change Office files that arrive."""

    id: str
    user: str = ""
    name: str = "Documents"
    web: str = "https://contoso-my.sharepoint.com/personal/anna"
    quota: int = 2**40
    rewrites: bool = True
    makes_folders: bool = True
    root: Item = field(default_factory=lambda: Item("root"))

    @property
    def files(self) -> list[Item]:
        return [item for item in self.root.walk() if item.data is not None]

    def put(self, path: str, data: bytes) -> Item:
        """Somebody else saves a file."""
        *folders, name = path.split("/")
        parent = self.folder(folders)
        item = Item(name, parent, data)
        parent.children.append(item)
        return item

    def folder(self, names: list[str], *, make: bool = True) -> Item:
        at = self.root
        for name in names:
            below = at.child(name)
            if below is None:
                if not make:
                    raise Refusal(404, "itemNotFound")
                below = Item(name, at)
                at.children.append(below)
            at = below
        return at

    def find(self, item: str) -> Item:
        found = next((one for one in self.root.walk() if one.id == item), None)
        if found is None:
            raise Refusal(404, "itemNotFound", "The resource could not be found.")
        return found


@dataclass
class Spot:
    """What an address means: the drive, the folder, the name, and the item of that name, where there is one."""

    drive: Drive
    parent: Item
    name: str
    target: Item | None

    @property
    def folder(self) -> Item:
        if self.name and self.target is None:
            raise Refusal(404, "itemNotFound")
        return self.target or self.parent

    @property
    def existing(self) -> Item:
        if self.target is None:
            raise Refusal(404, "itemNotFound")
        return self.target


@dataclass
class Session:
    spot: Spot
    behaviour: str
    size: int
    match: str
    received: bytearray = field(default_factory=bytearray)


@dataclass
class Site:
    id: str
    path: str
    title: str
    drives: list[Drive]


class Drives:
    """`drives` by id; `of_user` the OneDrive of each; `page` so many drives or children come at a time."""

    def __init__(self, graph: Graph, *, page: int = 200) -> None:
        self.graph = graph
        self.drives: dict[str, Drive] = {}
        self.sites: list[Site] = []
        self.sessions: dict[str, Session] = {}
        self.downloads: dict[str, bytes] = {}
        self.page = page
        add = graph.route
        write, read = {"delegated": WRITE, "application": APP_WRITE}, {"delegated": READ, "application": APP_READ}
        add("PUT", f"{SPOT}/content", self.put, **write)
        add("GET", f"{SPOT}/content", self.content, **read)
        add("POST", f"{SPOT}/createUploadSession", self.create_session, **write)
        add("GET", f"{SPOT}/children", self.list_children, **read)
        add("POST", f"{SPOT}/children", self.make_folder, **write)
        add("POST", f"{SPOT}/permanentDelete", self.erase, **write)
        add("GET", rf"{DRIVE}/items/(?P<item>[^/:]+)", self.get, **read)
        add("DELETE", rf"{DRIVE}/items/(?P<item>[^/:]+)", self.delete, **write)
        add("GET", DRIVE, self.get_drive, **read)
        add("GET", r"sites/(?P<host>[^/:]+):/(?P<path>[^:]+)", self.get_site, delegated={"Sites.Read.All"}, application=APP_READ)
        add("GET", r"sites/(?P<site>[^/:]+)/drive", self.site_drive, delegated=READ, application=APP_READ)
        add("GET", r"sites/(?P<site>[^/:]+)/drives", self.site_drives, delegated=READ, application=APP_READ)
        graph.outside(SESSIONS, self._chunk)  # createuploadsession: a token there "might result in an HTTP 401 Unauthorized response"
        graph.outside(DOWNLOADS, self._download)  # driveitem-get-content: such addresses "don't require an Authorization header"

    def one_drive(self, user: str = "user-1", **changes: Any) -> Drive:
        return self._add(Drive(f"b!{user}", user=user, **changes))

    def library(self, drive: str = "b!library", *, path: str = "sites/recruiting", title: str = "Recruiting", name: str = "Documents") -> Drive:
        made = self._add(Drive(drive, name=name, web=f"https://contoso.sharepoint.com/{path}/{quote(name)}"))
        site = next((s for s in self.sites if s.path == path), None)
        if site is None:
            site = Site(f"contoso.sharepoint.com,{len(self.sites)},1", path, title, [])
            self.sites.append(site)
        site.drives.append(made)
        return made

    def _add(self, drive: Drive) -> Drive:
        self.drives[drive.id] = drive
        return drive

    # --- files

    async def put(self, request: web.Request, token: Token, match: re.Match[str]) -> web.StreamResponse:
        """learn.microsoft.com/graph/api/driveitem-put-content."""
        behaviour = _options(request, "@microsoft.graph.conflictBehavior").get("@microsoft.graph.conflictBehavior", "replace")
        spot = self._spot(token, match)
        data = await request.read()
        if len(data) > 250 * 2**20:  # ibid.: up to 250 MB
            raise Refusal(413, "invalidRequest")
        return self._saved(spot, data, behaviour, request.headers.get("If-Match", ""))

    async def create_session(self, request: web.Request, token: Token, match: re.Match[str]) -> web.StreamResponse:
        """learn.microsoft.com/graph/api/driveitem-createuploadsession; "fail" is its default, and the end may still answer 409."""
        item = (await json_of(request)).get("item", {})
        if set(item) - {"@microsoft.graph.conflictBehavior", "name", "fileSize", "description", "fileSystemInfo"}:
            raise Refusal(400, "invalidRequest", "Unknown property of the item")
        spot = self._spot(token, match)
        behaviour, size = item.get("@microsoft.graph.conflictBehavior", "fail"), item.get("fileSize", 0)
        if behaviour not in ("fail", "replace", "rename") or not isinstance(size, int):
            raise Refusal(400, "invalidRequest")
        if item.get("name", spot.name) != spot.name:
            raise Refusal(400, "invalidRequest", "The name differs from the address")
        if size > spot.drive.quota:  # ibid.: 507 when fileSize is given
            raise Refusal(507, "quotaLimitReached")
        if (given := request.headers.get("If-Match")) and given != spot.existing.etag:
            raise Refusal(412, "resourceModified")
        if spot.target and spot.target.locked:
            raise Refusal(423, "resourceLocked")
        key = f"s{next(_count)}"
        self.sessions[key] = Session(spot, behaviour, size, given or "")
        return web.json_response({"uploadUrl": f"{self.graph.origin}{SESSIONS}{key}", "expirationDateTime": "2030-01-01T00:00:00Z"})

    async def _chunk(self, request: web.Request, key: str) -> web.StreamResponse:
        """createuploadsession, "Upload bytes to the upload session"."""
        session = self.sessions.get(key)
        if session is None:  # ibid.: "404: the upload session doesn't exist"
            raise Refusal(404, "itemNotFound")
        match request.method:
            case "GET":
                return web.json_response(_expected(session))
            case "DELETE":
                self.sessions.pop(key)
                return web.Response(status=204)
            case "PUT":
                return await self._received(request, key, session)
        raise Refusal(405, "notAllowed")

    async def _received(self, request: web.Request, key: str, session: Session) -> web.StreamResponse:
        data = await request.read()
        span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.headers.get("Content-Range", ""))
        if span is None:
            raise Refusal(400, "invalidRequest", "The Content-Range header is missing or malformed.")
        first, last, total = map(int, span.groups())
        if last - first + 1 != len(data) or last >= total:  # ibid.: "Content-Length" and range have to agree
            raise Refusal(400, "invalidRequest", "Declared content length does not match the range")
        if session.size and total != session.size:  # ibid.: the total must be the same in all
            raise Refusal(400, "invalidRequest", "The total size differs")
        if len(data) > MOST:  # ibid.: at most 60 MiB in any request
            raise Refusal(413, "invalidRequest")
        if last + 1 < total and len(data) % UNIT:  # ibid.: a multiple of 320 KiB
            raise Refusal(400, "invalidRequest", "The fragment size is no multiple of 320 KiB")
        if first != len(session.received):  # ibid.: in order; "416: the fragment overlaps"
            raise Refusal(416, "invalidRange", "The uploaded fragment overlaps with data that has already been received.")
        session.received += data
        if len(session.received) < total:
            return web.json_response(_expected(session), status=202)
        self.sessions.pop(key)
        session.spot.target = session.spot.target or session.spot.parent.child(session.spot.name)
        return self._saved(session.spot, bytes(session.received), session.behaviour, session.match)

    def _saved(self, spot: Spot, data: bytes, behaviour: str, match: str) -> web.StreamResponse:
        drive, target = spot.drive, spot.target
        if sum(len(item.data or b"") for item in drive.files) + len(data) > drive.quota:  # learn.microsoft.com/graph/errors: 507
            raise Refusal(507, "quotaLimitReached", "Insufficient Space Available")
        if match and (target is None or match != target.etag):
            raise Refusal(412, "resourceModified", "ETag does not match current item's value")
        stored = rewritten(data) if drive.rewrites else data
        if target is None:
            made = Item(spot.name, spot.parent, stored)
            spot.parent.children.append(made)
            return web.json_response(self._json(drive, made), status=201)
        if behaviour == "fail":  # learn.microsoft.com/graph/api/resources/driveitem, "Instance Attributes"
            raise Refusal(409, "nameAlreadyExists", "The specified item name already exists.")
        if target.locked:  # learn.microsoft.com/graph/errors: 423
            raise Refusal(423, "resourceLocked", "The resource you are attempting to access is locked")
        if behaviour == "rename":
            raise AssertionError("the product never lets the service choose a name")
        target.edit(stored)
        return web.json_response(self._json(drive, target), status=200)

    async def content(self, request: web.Request, token: Token, match: re.Match[str]) -> web.StreamResponse:
        """learn.microsoft.com/graph/api/driveitem-get-content: 302 to a pre-authenticated address."""
        found = self._spot(token, match, make=False).existing
        if found.data is None:
            raise Refusal(404, "itemNotFound")
        return web.Response(status=302, headers={"Location": self._link(found.data)})

    async def _download(self, request: web.Request, key: str) -> web.StreamResponse:
        if key not in self.downloads:
            raise Refusal(404, "itemNotFound")
        return web.Response(body=self.downloads[key], content_type="application/octet-stream")

    async def get(self, request: web.Request, token: Token, match: re.Match[str]) -> web.StreamResponse:
        spot = self._spot(token, match)
        return web.json_response(_selected(self._json(spot.drive, spot.existing), _options(request, "$select")))

    async def delete(self, request: web.Request, token: Token, match: re.Match[str]) -> web.StreamResponse:
        """learn.microsoft.com/graph/api/driveitem-delete: 204; 423 where it is open."""
        target = self._spot(token, match).existing
        if target.locked:
            raise Refusal(423, "resourceLocked")
        target.parent.children.remove(target)
        return web.Response(status=204)

    async def erase(self, request: web.Request, token: Token, match: re.Match[str]) -> web.StreamResponse:
        """learn.microsoft.com/graph/api/driveitem-permanentdelete."""
        if not match["drive"]:  # it is documented for /drives/{id}/items/{id} only
            raise Refusal(400, "BadRequest", "Resource not found for the segment")
        return await self.delete(request, token, match)

    # --- folders, drives, sites

    async def list_children(self, request: web.Request, token: Token, match: re.Match[str]) -> web.StreamResponse:
        """learn.microsoft.com/graph/api/driveitem-list-children."""
        options = _options(request, "$select", "$top", "$skiptoken")
        spot = self._spot(token, match, make=False)
        folder = spot.folder
        if int(options.get("$top", "200")) not in range(1, 1000):
            raise Refusal(400, "invalidRequest")
        at = int(options.get("$skiptoken", "0"))
        found = folder.children[at : at + self.page]
        body: dict[str, Any] = {"value": [_selected(self._json(spot.drive, item), options) for item in found]}
        if at + self.page < len(folder.children):
            query = f"$select={options['$select']}&" if "$select" in options else ""
            body["@odata.nextLink"] = f"{self.graph.origin}{request.raw_path.partition('?')[0]}?{query}$skiptoken={at + self.page}"
        return web.json_response(body)

    async def make_folder(self, request: web.Request, token: Token, match: re.Match[str]) -> web.StreamResponse:
        """learn.microsoft.com/graph/api/driveitem-post-children."""
        body = await json_of(request)
        if set(body) - {"name", "folder", "@microsoft.graph.conflictBehavior"} or body.get("folder") != {} or not body.get("name"):
            raise Refusal(400, "invalidRequest")
        _checked_names([body["name"]])
        spot = self._spot(token, match, make=False)
        folder = spot.folder
        if folder.child(body["name"]):
            raise Refusal(409, "nameAlreadyExists")
        made = Item(body["name"], folder)
        folder.children.append(made)
        return web.json_response(self._json(spot.drive, made), status=201)

    async def get_drive(self, request: web.Request, token: Token, match: re.Match[str]) -> web.StreamResponse:
        return web.json_response(_drive_json(self._drive(token, match)))

    async def get_site(self, request: web.Request, token: Token, match: re.Match[str]) -> web.StreamResponse:
        """learn.microsoft.com/graph/api/site-getbypath."""
        site = next((s for s in self.sites if s.path == unquote(match["path"])), None)
        if site is None or match["host"] != "contoso.sharepoint.com":
            raise Refusal(404, "itemNotFound", "Requested site could not be found")
        return web.json_response({"id": site.id, "name": site.path.rpartition("/")[2], "displayName": site.title, "webUrl": f"https://x/{site.path}"})

    async def site_drive(self, request: web.Request, token: Token, match: re.Match[str]) -> web.StreamResponse:
        return web.json_response(_drive_json(self._site(match).drives[0]))

    async def site_drives(self, request: web.Request, token: Token, match: re.Match[str]) -> web.StreamResponse:
        """learn.microsoft.com/graph/api/drive-list."""
        at, drives = int(_options(request, "$skiptoken").get("$skiptoken", "0")), self._site(match).drives
        body: dict[str, Any] = {"value": [_drive_json(drive) for drive in drives[at : at + self.page]]}
        if at + self.page < len(drives):
            body["@odata.nextLink"] = f"{self.graph.origin}{request.raw_path.partition('?')[0]}?$skiptoken={at + self.page}"
        return web.json_response(body)

    def _site(self, match: re.Match[str]) -> Site:
        found = next((site for site in self.sites if site.id == unquote(match["site"])), None)
        if found is None:
            raise Refusal(404, "itemNotFound")
        return found

    # --- addresses

    def _drive(self, token: Token, match: re.Match[str]) -> Drive:
        given = match["drive"]
        if given is None:
            if not token.user:  # learn.microsoft.com/graph/api/drive-get: /me needs a signed-in person
                raise Refusal(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
            drive = self.drives.get(f"b!{token.user}")
        else:
            drive = self.drives.get(unquote(given))
        if drive is None:  # drive-get: 404 where the person has no OneDrive
            raise Refusal(404, "ResourceNotFound", "User's mysite not found.")
        if drive.user and token.user != drive.user:
            raise Refusal(403, "accessDenied")
        return drive

    def _spot(self, token: Token, match: re.Match[str], *, make: bool = True) -> Spot:
        drive, groups = self._drive(token, match), match.groupdict()
        if groups.get("item"):
            item = drive.find(unquote(groups["item"]))
            return Spot(drive, item.parent, item.name, item)
        if not groups.get("path"):
            return Spot(drive, drive.root, "", None)
        names = [unquote(name) for name in groups["path"].split("/")]
        _checked_names(names)
        *folders, name = names
        parent = drive.folder(folders, make=make and drive.makes_folders)
        return Spot(drive, parent, name, parent.child(name))

    def _link(self, data: bytes) -> str:
        key = f"d{next(_count)}"
        self.downloads[key] = data
        return f"{self.graph.origin}{DOWNLOADS}{key}"

    def _json(self, drive: Drive, item: Item) -> dict[str, Any]:
        """A driveItem as the service answers."""
        place = quote(f"{drive.web}/_layouts/15/Doc.aspx?sourcedoc={{{item.id}}}&file={item.name}&action=default", safe=":/?&=")
        above = item.parent.path if item.parent else ""
        body: dict[str, Any] = {
            "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#driveItem",
            "id": item.id,
            "name": item.name,
            "size": len(item.data or b""),
            "eTag": item.etag,
            "cTag": item.ctag,
            "webUrl": place,
            "createdDateTime": item.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lastModifiedDateTime": item.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "parentReference": {
                "driveType": "business",
                "driveId": drive.id,
                "id": item.parent.id,
                "path": f"/drives/{drive.id}/root:/{quote(above)}",
            },
        }
        if item.data is None:
            return {**body, "folder": {"childCount": len(item.children)}}
        if any(one.shared for one in (item, *_above(item))):
            body["shared"] = {"scope": "users"}
        body["file"] = {"mimeType": "application/octet-stream", "hashes": {"quickXorHash": hashlib.sha256(item.data).hexdigest()[:28]}}
        return body


def rewritten(data: bytes) -> bytes:
    """What SharePoint makes of an Office file that arrives: its own properties are in it, so size and hash are others. The text stays."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            parts = {name: source.read(name) for name in source.namelist()}
    except zipfile.BadZipFile:
        return data
    parts["customXml/item1.xml"] = b"<FormTemplates/>"
    parts["docProps/custom.xml"] = b'<Properties><property name="ContentTypeId">0x0101</property></Properties>'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name, part in parts.items():
            target.writestr(name, part)
    return made.getvalue()


def _above(item: Item) -> Iterator[Item]:
    while item.parent:
        item = item.parent
        yield item


def _drive_json(drive: Drive) -> dict[str, Any]:
    return {"id": drive.id, "name": drive.name, "driveType": "documentLibrary", "webUrl": drive.web}


def _expected(session: Session) -> dict[str, Any]:
    return {"expirationDateTime": "2030-01-01T00:00:00Z", "nextExpectedRanges": [f"{len(session.received)}-"]}


def _checked_names(names: list[str]) -> None:
    """support.microsoft.com, "Restrictions and limitations in OneDrive and SharePoint": names, and 400 characters of a path."""
    for name in names:
        forbidden = re.search(r'["*:<>?/\\|\x00-\x1f]', name) or re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d|\.lock|desktop\.ini)(\..*)?", name)
        if forbidden or not name or name != name.strip() or name.startswith("~$") or name.endswith(".") or "_vti_" in name or len(name) > 255:
            raise Refusal(400, "invalidRequest", "The provided name cannot contain these characters")
    if len("/".join(names)) > 400:
        raise Refusal(400, "pathIsTooLong")


def _options(request: web.Request, *known: str) -> dict[str, str]:
    """The query, where all of it is known (learn.microsoft.com/graph/query-parameters)."""
    options = dict(request.query)
    if unknown := set(options) - set(known):
        raise Refusal(400, "BadRequest", f"Unknown query option {sorted(unknown)}")
    if options.get("@microsoft.graph.conflictBehavior", "fail") not in ("fail", "replace", "rename"):
        raise Refusal(400, "invalidRequest", "Invalid conflict behavior")
    if set(options.get("$select", "id").split(",")) - PROPERTIES:
        raise Refusal(400, "BadRequest", "Could not find a property named so on type driveItem")
    return options


def _selected(body: dict[str, Any], options: dict[str, str]) -> dict[str, Any]:
    wanted = options.get("$select")
    return {name: value for name, value in body.items() if name in wanted.split(",")} if wanted else body
