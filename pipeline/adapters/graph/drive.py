"""Drive by Microsoft Graph: the person's OneDrive, or the firm's SharePoint library.

Nothing is overwritten blindly. A new file is saved so that an existing one makes the request fail; a file of ours is replaced only as the version
that we have just seen, and only where its content is the one that we wrote: the cTag says so (learn.microsoft.com/graph/api/driveitem-put-content).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pipeline.adapters.graph.client import Answer, GraphClient, Refused, segments
from pipeline.adapters.graph.own import same_text
from pipeline.adapters.graph.upload import upload
from pipeline.adapters.names import numbered, safe_name
from pipeline.errors import EditedSince, SignInNeeded, TransientError, UserError
from pipeline.model.job import Beside, DriveItem, WhenEdited
from pipeline.model.person import Person
from pipeline.ports import Tokens, WordFile

FOLDER = "CV Generator/{year}/{candidate}"
"""`month` may be named, too."""
LONGEST_PATH = 380
"""Characters; SharePoint takes 400, and the library's own path counts too."""
LARGEST = 60 * 2**20
FOLDER_SECONDS = 3.0
"""So long a file waits for the address of its folder."""
TRIES = 20
"""So many names are tried beside one that is taken."""
SKEW = timedelta(minutes=15)
"""How far Graph's clock may be from ours."""
_SEEN = "$select=id,name,size,eTag,cTag,webUrl,createdDateTime,parentReference,shared"


@dataclass(frozen=True, slots=True)
class Library:
    """A SharePoint library: the id of its drive, and the name of its site as its members know it."""

    drive: str
    site: str


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a file is to lie: `drive` is the drive's address in Graph."""

    drive: str
    token: str
    folder: str
    name: str
    owner: Person | None
    site: str

    def address(self, name: str) -> str:
        return f"{self.drive}/root:/{segments(f'{self.folder}/{name}')}:"

    def item(self, found: dict[str, Any], beside: Beside | None = None) -> DriveItem:
        return DriveItem(
            id=str(found["id"]),
            name=str(found["name"]),
            url=_in_browser(str(found["webUrl"])),
            drive=str(found["parentReference"]["driveId"]),
            path=self.folder,
            owner=self.owner,
            site=self.site,
            shared=self.owner is not None and bool(found.get("shared")),
            ctag=str(found["cTag"]),
            beside=beside,
        )


class GraphDrive:
    """`tokens` for people's OneDrives, `app_token` for the library, where the firm has one; `folder` is the pattern of folders."""

    def __init__(
        self,
        client: GraphClient,
        *,
        tokens: Tokens | None,
        app_token: Callable[[], Awaitable[str]],
        library: Callable[[], Awaitable[Library]] | None = None,
        folder: str = FOLDER,
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._app_token = app_token
        self._library = library
        self._folder = folder
        self._webs: dict[str, str] = {}

    async def save(self, person: Person, file: WordFile, *, known: DriveItem | None = None, when_edited: WhenEdited = WhenEdited.ASK) -> DriveItem:
        item = await self._save(person, file, known=known, when_edited=when_edited)
        return item.model_copy(update={"folder": await self._folder_of(item)}) if file.of_several else item

    async def _folder_of(self, item: DriveItem) -> str:
        """The address at which the file's folder opens; empty where it cannot be told in time. A drive is asked for once."""
        web = self._webs.get(item.drive)
        if web is None:
            try:
                async with asyncio.timeout(FOLDER_SECONDS):
                    answer = await self._client.call("GET", f"drives/{segments(item.drive)}?$select=webUrl", token=await self._token(item.owner))
            except (Refused, SignInNeeded, TransientError, TimeoutError):
                return ""
            web = self._webs[item.drive] = str(answer.body.get("webUrl") or "")
        return f"{web}/{segments(item.path)}" if web else ""

    async def _save(self, person: Person, file: WordFile, *, known: DriveItem | None, when_edited: WhenEdited) -> DriveItem:
        async with self._told(in_library=self._library is not None):
            spot, beside = await self._spot(person, file), None
            if known and known.drive:
                replaced = await self._replaced(replace(spot, folder=known.path or spot.folder), file, known, when_edited)
                if isinstance(replaced, DriveItem):
                    return replaced
                beside = replaced
            if beside is None:
                answer = await self._put(spot, spot.name, file.data)
                if answer.status < 400:
                    return spot.item(answer.body)
            return await self._beside(spot, file, beside, known)

    def link(self, tenant: str, item: DriveItem) -> str:
        return item.url

    async def read(self, tenant: str, item: DriveItem) -> bytes | None:
        async with self._told(in_library=item.owner is None):
            answer = await self._client.call("GET", f"{_item(item)}/content", token=await self._token(item.owner), accept=(404, 410))
            return None if answer.status >= 400 else await self._bytes(answer)

    async def edited(self, tenant: str, item: DriveItem) -> bool:
        """By the content's tag: SharePoint rewrites Office files when they are uploaded, so their bytes say nothing."""
        async with self._told(in_library=item.owner is None):
            answer = await self._client.call("GET", f"{_item(item)}?{_SEEN}", token=await self._token(item.owner), accept=(404, 410))
        return answer.status < 400 and str(answer.body["cTag"]) != item.ctag

    async def delete(self, tenant: str, item: DriveItem) -> bool:
        """For good, not into the recycle bin, where the service lets us (learn.microsoft.com/graph/api/driveitem-permanentdelete)."""
        refusals = (400, 403, 404, 405, 409, 410, 423, 501)
        try:
            token = await self._token(item.owner)
            for method, path in (("POST", f"{_item(item)}/permanentDelete"), ("DELETE", _item(item))):
                answer = await self._client.call(method, path, token=token, accept=refusals)
                if answer.status < 400:
                    return True
        except (SignInNeeded, Refused):
            return False
        return answer.status in (404, 410)

    async def _token(self, owner: Person | None) -> str:
        """Raises SignInNeeded."""
        if owner is None:
            return await self._app_token()
        if self._tokens is None:
            raise SignInNeeded
        return await self._tokens.graph(owner)

    async def _spot(self, person: Person, file: WordFile) -> _Spot:
        library = await self._library() if self._library else None
        owner = None if library else person
        name = safe_name(file.name)
        folder = folder_of(self._folder, file, room=LONGEST_PATH - len(numbered(name, TRIES)))
        drive = f"drives/{segments(library.drive)}" if library else "me/drive"
        return _Spot(drive, await self._token(owner), folder, name, owner, library.site if library else "")

    async def _put(self, spot: _Spot, name: str, data: bytes) -> Answer:
        """A new file, or what keeps it from being there. Folders that are missing are made by the service, or by us where it does not."""
        answer = await upload(self._client, spot.address(name), data, token=spot.token)
        if answer.status == 404:
            await self._make_folders(spot)
            answer = await upload(self._client, spot.address(name), data, token=spot.token)
        if answer.status in (404, 412):
            raise Refused(answer.status, answer.code)
        return answer

    async def _make_folders(self, spot: _Spot) -> None:
        """Raises Refused where there is no drive."""
        above = ""
        for name in spot.folder.split("/"):
            parent = f"{spot.drive}/root:/{segments(above)}:" if above else f"{spot.drive}/root"
            wanted = {"name": name, "folder": {}, "@microsoft.graph.conflictBehavior": "fail"}
            answer = await self._client.call("POST", f"{parent}/children", token=spot.token, json=wanted, accept=(404, 409))
            if answer.status == 404:
                raise Refused(404, answer.code)
            above = f"{above}/{name}".lstrip("/")

    async def _replaced(self, spot: _Spot, file: WordFile, known: DriveItem, when_edited: WhenEdited) -> DriveItem | Beside | None:
        """The file in place of the known one; or why it has to lie beside it; None where that is gone. Raises EditedSince."""
        token = await self._token(known.owner)
        answer = await self._client.call("GET", f"{_item(known)}?{_SEEN}", token=token, accept=(404, 410))
        if answer.status >= 400:
            return None
        spot, found = replace(spot, owner=known.owner, site=known.site), answer.body
        if found["cTag"] != known.ctag:
            if await self._is_ours(known.drive, found, file, token):  # we wrote it, and were killed before we could say so
                return spot.item(found, known.beside)
            if when_edited is WhenEdited.ASK:
                raise EditedSince
            if when_edited is WhenEdited.BESIDE:
                return Beside.EDITED
        if own := await self._own(spot, file, await self._siblings(spot, known)):  # saved beside it, and killed before we could say so
            return spot.item(own, Beside.OPEN)
        answer = await upload(self._client, _item(known), file.data, token=token, replaces=str(found["eTag"]))
        match answer.status:
            case 404:
                return None
            case 409 | 412:  # edited while we looked at it
                raise EditedSince
            case 423:
                return Beside.OPEN
        return spot.item(answer.body, known.beside)

    async def _beside(self, spot: _Spot, file: WordFile, why: Beside | None, known: DriveItem | None) -> DriveItem:
        """Our own file, where an earlier attempt has left one; else a new one under the next free name."""
        for _ in range(3):
            there = await self._siblings(spot, known)
            if own := await self._own(spot, file, there):
                return spot.item(own, None if own["name"] == spot.name else why or Beside.EXISTS)
            taken = {str(found.get("name", "")).casefold() for found in there} | ({known.name.casefold()} if known else set())
            for name in (numbered(spot.name, number) for number in range(1, TRIES + 1)):
                if name.casefold() not in taken:
                    answer = await self._put(spot, name, file.data)
                    if answer.status < 400:
                        return spot.item(answer.body, None if name == spot.name and why is None else why or Beside.EXISTS)
                    break
        raise TransientError("Graph: every name is taken")

    async def _own(self, spot: _Spot, file: WordFile, there: list[dict[str, Any]]) -> dict[str, Any] | None:
        """The one that an earlier attempt has left there."""
        for found in there:
            if _may_be_ours(found, spot.name, file.created) and await self._is_ours(_drive_of(found), found, file, spot.token):
                return found
        return None

    async def _siblings(self, spot: _Spot, known: DriveItem | None) -> list[dict[str, Any]]:
        """What lies in the folder, but for the known file."""
        found: list[dict[str, Any]] = []
        path = f"{spot.drive}/root:/{segments(spot.folder)}:/children?{_SEEN}&$top=200"
        while path and len(found) < 2000:
            answer = await self._client.call("GET", path, token=spot.token, accept=(404,))
            found += [item for item in answer.body.get("value", ()) if isinstance(item, dict) and not (known and item.get("id") == known.id)]
            path = str(answer.body.get("@odata.nextLink", ""))
        return found

    async def _is_ours(self, drive: str, found: dict[str, Any], file: WordFile, token: str) -> bool:
        path = f"drives/{segments(drive)}/items/{segments(str(found['id']))}/content"
        answer = await self._client.call("GET", path, token=token, accept=(404, 423))
        return answer.status < 400 and same_text(await self._bytes(answer), file.data)

    async def _bytes(self, answer: Answer) -> bytes:
        """What Graph's answer leads to. The address is its own key: no token goes there."""
        done = await self._client.call("GET", answer.headers["Location"], limit=LARGEST)
        return done.data

    @asynccontextmanager
    async def _told(self, *, in_library: bool) -> AsyncIterator[None]:
        """Graph's refusals as people should read them. In the library it is the app that has no rights: nobody's sign-in helps."""
        try:
            yield
        except SignInNeeded:
            if in_library:
                raise UserError("drive_forbidden") from None
            raise
        except Refused as error:
            match error.status:
                case 403:
                    raise UserError("drive_forbidden") from error
                case 404:
                    raise UserError("drive_forbidden" if in_library else "no_drive") from error
                case 507:
                    raise UserError("drive_full") from error
            raise


def folder_of(pattern: str, file: WordFile, *, room: int = LONGEST_PATH) -> str:
    """The folder for a file by the firm's pattern; whatever a name holds, it stays one folder. `room` in characters."""
    names = pattern.strip("/").split("/")
    values = {"year": f"{file.created.year}", "month": f"{file.created.month:02}", "candidate": file.candidate}
    share = max(20, (room - len(names)) // len(names))
    return "/".join(safe_name(name.format(**values), limit=100)[:share].strip(" .~") or "_" for name in names)


def _item(item: DriveItem) -> str:
    return f"drives/{segments(item.drive)}/items/{segments(item.id)}"


def _drive_of(found: dict[str, Any]) -> str:
    return str(found["parentReference"]["driveId"])


def _may_be_ours(found: dict[str, Any], name: str, created: datetime) -> bool:
    """Is it named as ours may be, and no older than the job?"""
    stem, _, ending = name.rpartition(".")
    alike = re.fullmatch(rf"{re.escape(stem)}( \(\d+\))?\.{ending}", str(found.get("name", "")), re.IGNORECASE)
    try:
        made = datetime.fromisoformat(str(found.get("createdDateTime", "")))
    except ValueError:
        return False
    return alike is not None and made >= created - SKEW


def _in_browser(url: str) -> str:
    """Word Online, whatever the person's client would open Word files with."""
    return url + ("&" if "?" in url else "?") + "web=1"
