"""Real servers on loopback that stand in for what is not here: the channel's connector, a file host, a language model."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

PERSONAL = "personal-chat"


class Server:
    """An aiohttp application on a free loopback port."""

    def __init__(self) -> None:
        self.app = web.Application(client_max_size=20 * 2**20)
        self.origin = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Server:
        self._runner = web.AppRunner(self.app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        self.origin = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


@dataclass
class Sent:
    method: str
    message: str
    activity: dict[str, Any]
    conversation: str = ""

    @property
    def kind(self) -> str:
        """The card's content type."""
        return self.activity["attachments"][0]["contentType"]

    @property
    def card(self) -> dict[str, Any]:
        return self.activity["attachments"][0]["content"]

    @property
    def text(self) -> str:
        """All that a person reads on the card."""
        return " ".join(_texts(self.card))


class Connector(Server):
    """Records what the bot sends, and refuses what the channel would refuse. `faults` answers the next calls instead."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Sent] = []
        self.faults: list[tuple[int, dict[str, str]] | tuple[int, dict[str, str], str]] = []
        self.gone: set[str] = set()
        self.created: list[dict[str, Any]] = []
        self.teams: dict[str, str] = {}
        self.changed = asyncio.Event()
        self.app.add_routes(
            [
                web.post("/v3/conversations/{conversation}/activities", self.post),
                web.put("/v3/conversations/{conversation}/activities/{message}", self.put),
                web.post("/v3/conversations", self.create),
                web.get("/v3/teams/{team}", self.team),
            ]
        )

    async def post(self, request: web.Request) -> web.Response:
        return await self._record(request, "")

    async def put(self, request: web.Request) -> web.Response:
        if self.faults:
            return self._fault()
        known = {s.message for s in self.sent}
        if request.match_info["message"] not in known - self.gone:
            return web.json_response({"error": {"code": "ActivityNotFoundInConversation", "message": "-"}}, status=404)
        return await self._record(request, request.match_info["message"])

    async def create(self, request: web.Request) -> web.Response:
        """A 1:1 chat with one member; asking again gives the same."""
        if self.faults:
            return self._fault()
        body = await request.json()
        assert body["isGroup"] is False
        assert len(body["members"]) == 1
        assert body["bot"]["id"].startswith("28:")
        assert body["channelData"] == {"tenant": {"id": "tenant-1"}}
        self.created.append(body)
        return web.json_response({"id": f"a:{body['members'][0]['id']}"}, status=201)

    async def team(self, request: web.Request) -> web.Response:
        team = request.match_info["team"]
        return web.json_response({"id": team, "name": "Vertrieb", "aadGroupId": self.teams[team]}) if team in self.teams else web.Response(status=404)

    def _fault(self) -> web.Response:
        status, headers, *code = self.faults.pop(0)
        return web.json_response({"error": {"code": code[0] if code else "Fault", "message": "-"}}, status=status, headers=headers)

    async def _record(self, request: web.Request, message: str) -> web.Response:
        if self.faults:
            return self._fault()
        body = await request.read()
        activity = json.loads(body)
        assert activity["type"] == "message", activity
        assert len(body) < 28_000
        for attachment in activity.get("attachments") or []:
            assert isinstance(attachment["content"], dict)
            checked(attachment)
        message = message or f"m{len(self.posts) + 1}"
        self.sent.append(Sent(request.method, message, activity, request.match_info["conversation"]))
        self.changed.set()
        return web.json_response({"id": message})

    @property
    def posts(self) -> list[Sent]:
        return [s for s in self.sent if s.method == "POST"]

    async def until(self, wanted: Callable[[list[Sent]], bool], seconds: float = 30) -> None:
        """Each state is looked at, also one that lasts for a moment only."""
        looked = len(self.sent)
        async with asyncio.timeout(seconds):
            while not any(wanted(self.sent[:count]) for count in range(looked, len(self.sent) + 1)):
                looked = len(self.sent)
                self.changed.clear()
                await self.changed.wait()


def checked(attachment: dict[str, Any]) -> None:
    """As the channel takes it (docs: bots/how-to/bots-filesv4.md, bots/how-to/authentication/bot-sso-code.md)."""
    content = attachment["content"]
    match attachment["contentType"]:
        case "application/vnd.microsoft.card.adaptive":
            assert all(isinstance(element, dict) for element in content["body"]), "elements must not be strings"
            users = content.get("refresh", {}).get("userIds", [])
            assert len(users) <= 60
            assert all(user.startswith("29:") for user in users), "the channel's ids, not the directory's"
        case "application/vnd.microsoft.card.oauth":
            assert set(content) <= {"text", "connectionName", "buttons", "tokenExchangeResource", "tokenPostResource"}
            assert content["tokenExchangeResource"].keys() >= {"id", "uri"}
            assert [button["type"] for button in content["buttons"]] == ["signin"]
        case "application/vnd.microsoft.teams.card.file.consent":
            assert set(content) == {"description", "sizeInBytes", "acceptContext", "declineContext"}
            assert attachment["name"].endswith(".docx")
        case "application/vnd.microsoft.teams.card.file.info":
            assert set(content) == {"uniqueId", "fileType"}
            assert attachment["contentUrl"]
            assert attachment["name"]
        case kind:
            raise AssertionError(kind)


class Files(Server):
    """Hands out files by name, as the short-lived links of the channel do."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__()
        self.files = files
        self.requests: list[web.BaseRequest] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.app.add_routes([web.get("/{name}", self.get)])

    async def get(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        await self.hold.wait()
        data = self.files.get(request.match_info["name"])
        return web.Response(body=data) if data is not None else web.Response(status=404)


@dataclass
class Model(Server):
    """Speaks the chat completions API and checks each request against its published rules."""

    answer: Callable[[str, dict[int, str]], dict[str, Any]] = lambda name, lines: {}
    faults: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    finish: str = "stop"
    refusal: str | None = None
    raw: str | None = None

    def __post_init__(self) -> None:
        Server.__init__(self)
        self.app.add_routes([web.post("/v1/chat/completions", self.complete), web.post("/openai/deployments/{name}/chat/completions", self.complete)])

    async def complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append({"body": body, "headers": dict(request.headers), "path": request.path_qs})
        if self.faults:
            status, headers, text = self.faults.pop(0)
            return web.Response(status=status, headers=headers, text=text, content_type="application/json")
        if problem := request_problem(body):
            return web.json_response({"error": {"message": problem, "type": "invalid_request_error", "param": None, "code": None}}, status=400)
        lines = {int(n): text for n, text in re.findall(r"^(\d+)\| (.*)$", body["messages"][-1]["content"], re.MULTILINE)}
        content = self.raw if self.raw is not None else json.dumps(self.answer(body["response_format"]["json_schema"]["name"], lines))
        message = {"role": "assistant", "content": None if self.refusal else content, "refusal": self.refusal}
        return web.json_response(
            {
                "id": "c1",
                "object": "chat.completion",
                "created": 1,
                "model": body.get("model") or "deployment",
                "choices": [{"index": 0, "message": message, "finish_reason": self.finish, "logprobs": None}],
                "usage": {"prompt_tokens": 2000, "completion_tokens": 500, "total_tokens": 2500},
            }
        )


def request_problem(body: dict[str, Any]) -> str:
    """Why the API would refuse the request (platform.openai.com/docs/guides/structured-outputs, "Supported schemas")."""
    if set(body) - {"model", "messages", "temperature", "response_format"}:
        return f"unexpected {sorted(body)}"
    if body.get("temperature") != 0 or [m["role"] for m in body["messages"]] != ["system", "user"]:
        return "temperature or roles"
    form = body["response_format"]
    if form.get("type") != "json_schema" or form["json_schema"].get("strict") is not True:
        return "not a strict schema"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", form["json_schema"]["name"]):
        return "name of the schema"
    return schema_problem(form["json_schema"]["schema"], form["json_schema"]["schema"])


def schema_problem(node: Any, root: dict[str, Any], depth: int = 0) -> str:
    allowed = {"type", "properties", "required", "additionalProperties", "items", "anyOf", "$ref", "$defs", "enum", "description"}
    if depth > 10:
        return "nested too deeply"
    if set(node) - allowed:
        return f"keywords {sorted(set(node) - allowed)}"
    if "$ref" in node:
        return "" if node["$ref"].removeprefix("#/$defs/") in root["$defs"] else f"dangling {node['$ref']}"
    if node.get("type") == "object" and (node.get("additionalProperties") is not False or set(node["required"]) != set(node["properties"])):
        return "objects need all properties required and additionalProperties false"
    children = [
        *node.get("properties", {}).values(),
        *node.get("anyOf", []),
        *([node["items"]] if "items" in node else []),
        *node.get("$defs", {}).values(),
    ]
    return next((p for c in children if (p := schema_problem(c, root, depth + 1))), "")


def message_activity(
    connector: Connector, *, text: str = "", files: list[tuple[str, str]] = (), number: str = "a1", locale: str = "de-DE", value: Any = None
) -> dict[str, Any]:
    """What Teams posts for a message in the 1:1 chat; files are (name, url)."""
    activity = {
        "type": "message",
        "id": number,
        "channelId": "msteams",
        "serviceUrl": f"{connector.origin}/",
        "conversation": {"id": PERSONAL, "conversationType": "personal", "tenantId": "tenant-1"},
        "channelData": {"tenant": {"id": "tenant-1"}},
        "from": {"id": "29:user", "aadObjectId": "user-1", "name": "Anna"},
        "recipient": {"id": "28:bot", "name": "CV Bot"},
        "locale": locale,
        "text": text,
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.teams.file.download.info",
                "contentUrl": "https://example.sharepoint.com/cv.pdf",
                "name": name,
                "content": {"downloadUrl": url, "uniqueId": f"u{i}", "fileType": "pdf"},
            }
            for i, (name, url) in enumerate(files)
        ]
        + [{"contentType": "text/html", "content": "<div></div>"}],
    }
    if value is not None:
        activity["value"] = value
    return activity


def invoke_activity(
    connector: Connector, name: str, value: dict[str, Any], *, number: str = "i1", message: str = "", user: str = "user-1"
) -> dict[str, Any]:
    """What Teams posts where it waits for an answer."""
    activity = message_activity(connector, number=number)
    activity |= {"type": "invoke", "name": name, "value": value}
    if message:
        activity["replyToId"] = message
    activity["from"] = {"id": f"29:{user}".replace("user-1", "user"), "aadObjectId": user, "name": "Anna"}
    activity.pop("attachments")
    activity.pop("text")
    return activity


def click_activity(connector: Connector, data: dict[str, Any], *, message: str, number: str = "i1", user: str = "user-1") -> dict[str, Any]:
    """What Teams posts for a click on an Action.Execute button."""
    value = {"action": {"type": "Action.Execute", "verb": data.get("verb"), "data": data}, "trigger": "manual"}
    return invoke_activity(connector, "adaptiveCard/action", value, number=number, message=message, user=user)


GROUP_CHAT = {"id": "19:group@thread.v2", "conversationType": "groupChat", "isGroup": True, "tenantId": "tenant-1"}
CHANNEL = {"id": "19:channel@thread.tacv2;messageid=1700000000001", "conversationType": "channel", "isGroup": True, "tenantId": "tenant-1"}
TEAM = {"team": {"id": "19:team@thread.tacv2", "aadGroupId": "group-1", "name": "Vertrieb"}, "channel": {"id": "19:channel@thread.tacv2"}}


def in_group(activity: dict[str, Any], *, channel: bool = False) -> dict[str, Any]:
    """The same where others read along: Teams does not deliver the file, but says who was mentioned."""
    mention = {"type": "mention", "text": "<at>CV Bot</at>", "mentioned": {"id": "28:bot", "name": "CV Bot"}}
    moved = activity | {"conversation": dict(CHANNEL if channel else GROUP_CHAT)}
    if channel:
        moved["channelData"] = activity["channelData"] | TEAM
    if activity["type"] == "message" and activity.get("value") is None:
        moved |= {"text": f"<at>CV Bot</at>&nbsp;{activity.get('text', '')}", "entities": [mention]}
        moved["attachments"] = [{"contentType": "text/html", "content": "<div></div>"}]
    return moved


def actions_of(node: Any) -> list[dict[str, Any]]:
    """All buttons of a card, also nested ones."""
    if isinstance(node, dict):
        own = [node] if str(node.get("type", "")).startswith("Action.") else []
        return own + [a for key, value in node.items() if key != "fallback" for a in actions_of(value)]
    if isinstance(node, list):
        return [a for item in node for a in actions_of(item)]
    return []


def _texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["text"]] if isinstance(node.get("text"), str) else []
        own += [node["title"]] if isinstance(node.get("title"), str) else []
        return own + [t for key, value in node.items() if key != "fallback" for t in _texts(value)]
    if isinstance(node, list):
        return [t for item in node for t in _texts(item)]
    return []
