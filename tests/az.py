"""Stands in for the Azure CLI: a tenant in a file, and every call written down.

Strict: it knows the commands of `COMMANDS` with exactly these options (as `az --help` of Azure CLI 2.91.0 lists them), and refuses what Entra and
Azure refuse. Environment: AZ_STANDIN is the folder with tenant.json and calls.jsonl; AZ_FAILS="3" lets the third change fail, "3 late" lets it
happen and loses its answer.
"""

from __future__ import annotations

import json
import os
import re
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

TENANT = "5f0a6c1e-3b8d-4f27-9a64-d2c7e81b0f35"
SUBSCRIPTION = "c81d4e2e-bcf2-41e6-869b-7df92533d2db"
GRAPH = "00000003-0000-0000-c000-000000000000"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SCOPES = (
    "openid",
    "profile",
    "offline_access",
    "User.Read",
    "Files.ReadWrite",
    "Chat.Read",
    "ChannelMessage.Read.All",
    "Mail.Read",
    "Mail.ReadWrite",
)
APP_PERMISSIONS = ("Directory.Read.All", "User.ReadBasic.All", "GroupMember.Read.All", "Sites.Selected", "Directory.ReadWrite.All")
EVERYWHERE = {"--output": 1, "--only-show-errors": 0}
SEVERAL = -1

# command: (options that must be there, options that may be there), each with the number of its values
_BOT = {"--name": 1, "--resource-group": 1}
_SETTING = {**_BOT, "--setting-name": 1}
COMMANDS: dict[str, tuple[dict[str, int], dict[str, int]]] = {
    "account show": ({}, {}),
    "ad app list": ({"--filter": 1}, {}),
    "ad app show": ({"--id": 1}, {}),
    "ad app create": ({"--display-name": 1}, {"--sign-in-audience": 1}),
    "ad app credential list": ({"--id": 1}, {}),
    "ad app credential reset": ({"--id": 1}, {"--append": 0, "--display-name": 1, "--years": 1}),
    "ad app credential delete": ({"--id": 1, "--key-id": 1}, {}),
    "ad sp list": ({"--filter": 1}, {}),
    "ad sp show": ({"--id": 1}, {}),
    "ad sp create": ({"--id": 1}, {}),
    "rest": ({"--url": 1}, {"--method": 1, "--headers": SEVERAL, "--body": 1, "--url-parameters": SEVERAL}),
    "group exists": ({"--name": 1}, {}),
    "group create": ({"--name": 1, "--location": 1}, {}),
    "resource list": ({}, {"--resource-group": 1, "--resource-type": 1}),
    "bot show": (_BOT, {}),
    "bot create": ({**_BOT, "--app-type": 1, "--appid": 1}, {"--tenant-id": 1, "--display-name": 1, "--endpoint": 1, "--sku": 1}),
    "bot update": (_BOT, {"--endpoint": 1}),
    "bot msteams create": (_BOT, {}),
    "bot authsetting list": (_BOT, {}),
    "bot authsetting show": (_SETTING, {}),
    "bot authsetting delete": (_SETTING, {}),
    "bot authsetting create": (
        {**_SETTING, "--service": 1, "--client-id": 1, "--client-secret": 1, "--provider-scope-string": 1},
        {"--parameters": SEVERAL},
    ),
}


class Refused(Exception):
    """What az says on standard error, and its exit status: 2 for a wrong call, 3 for "not found" of Entra's objects, 1 else."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


Options = dict[str, Any]
Answer = Any


class Az:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        kept = folder / "tenant.json"
        self.state: dict[str, Any] = (
            json.loads(kept.read_text()) if kept.exists() else {"apps": {}, "principals": [], "groups": {}, "bots": {}, "changes": 0}
        )
        self._graph = {
            "appId": GRAPH,
            "oauth2PermissionScopes": [{"id": _id(f"scope {name}"), "value": name} for name in SCOPES],
            "appRoles": [{"id": _id(f"role {name}"), "value": name} for name in APP_PERMISSIONS],
        }

    def run(self, arguments: list[str]) -> Answer:
        command = max((known for known in COMMANDS if arguments[: len(known.split())] == known.split()), key=len, default="")
        if not command:
            raise Refused(f"'{' '.join(arguments[:3])}' is misspelled or not recognized by the system.", 2)
        options = _options(command, arguments[len(command.split()) :])
        handler: Callable[[Options], Answer] = getattr(self, "_" + command.replace(" ", "_"))
        answer = handler(options)
        (self._folder / "tenant.json").write_text(json.dumps(self.state))
        return answer

    def _changes(self, effect: Callable[[], Answer]) -> Answer:
        """One change of the tenant. What fails late has happened; the caller does not get to know."""
        self.state["changes"] += 1
        (self._folder / "tenant.json").write_text(json.dumps(self.state))
        number, _, late = os.environ.get("AZ_FAILS", "0").partition(" ")
        failing = self.state["changes"] == int(number)
        if failing and not late:
            raise Refused("Bad Gateway")
        answer = effect()
        (self._folder / "tenant.json").write_text(json.dumps(self.state))
        if failing:
            raise Refused("('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))")
        return answer

    def _account_show(self, options: Options) -> Answer:
        if self.state.get("signed_out"):
            raise Refused("Please run 'az login' to setup account.")
        return {"id": SUBSCRIPTION, "tenantId": TENANT, "user": {"name": "admin@nordstern-personal.de", "type": "user"}}

    # --- Entra

    def _ad_app_list(self, options: Options) -> Answer:
        name = _filtered(options["--filter"], "displayName")
        return [app for app in self.state["apps"].values() if app["displayName"] == name]

    def _ad_app_create(self, options: Options) -> Answer:
        _one_of(options, "--sign-in-audience", "AzureADMyOrg", "AzureADMultipleOrgs")
        new = str(uuid.uuid4())
        app = {
            "id": str(uuid.uuid4()),
            "appId": new,
            "displayName": options["--display-name"],
            "signInAudience": options["--sign-in-audience"],
            "identifierUris": [],
            "appRoles": [],
            "requiredResourceAccess": [],
            "passwordCredentials": [],
            "web": {"redirectUris": [], "homePageUrl": None},
            "api": {
                "requestedAccessTokenVersion": None,
                "oauth2PermissionScopes": [],
                "preAuthorizedApplications": [],
                "knownClientApplications": [],
            },
        }
        self.state["slow"] = 2  # it takes a while until reads find it
        return self._changes(lambda: self.state["apps"].setdefault(new, app))

    def _ad_app_show(self, options: Options) -> Answer:
        return self._app(options["--id"])

    def _app(self, wanted: str) -> dict[str, Any]:
        if self.state.get("slow"):
            self.state["slow"] -= 1
            (self._folder / "tenant.json").write_text(json.dumps(self.state))
            raise Refused(f"Resource '{wanted}' does not exist or one of its queried reference-property objects are not present.", 3)
        found = [app for app in self.state["apps"].values() if wanted in {app["appId"], app["id"]}]
        if not found:
            raise Refused(f"Resource '{wanted}' does not exist or one of its queried reference-property objects are not present.", 3)
        return found[0]

    def _ad_app_credential_list(self, options: Options) -> Answer:
        return [{key: value for key, value in secret.items() if key != "secretText"} for secret in self._app(options["--id"])["passwordCredentials"]]

    def _ad_app_credential_reset(self, options: Options) -> Answer:
        app = self._app(options["--id"])
        if "--append" not in options:
            raise Refused("the stand-in keeps secrets that are in use: --append is missing", 2)
        key = str(uuid.uuid4())
        made = {"keyId": key, "displayName": options["--display-name"], "endDateTime": "2027-11-25T00:00:00Z", "secretText": f"s3cret~{key}"}
        self._changes(lambda: app["passwordCredentials"].append(made))
        return {"appId": app["appId"], "password": made["secretText"], "tenant": TENANT}

    def _ad_app_credential_delete(self, options: Options) -> Answer:
        app = self._app(options["--id"])
        if options["--key-id"] not in {secret["keyId"] for secret in app["passwordCredentials"]}:
            raise Refused(f"No password credential found with keyId as '{options['--key-id']}'")
        self._changes(lambda: app.update(passwordCredentials=[s for s in app["passwordCredentials"] if s["keyId"] != options["--key-id"]]))
        return None

    def _ad_sp_list(self, options: Options) -> Answer:
        wanted = _filtered(options["--filter"], "appId")
        return [{"appId": found} for found in self.state["principals"] if found == wanted]

    def _ad_sp_show(self, options: Options) -> Answer:
        if options["--id"] != GRAPH:
            raise Refused(f"Resource '{options['--id']}' does not exist", 3)
        return self._graph

    def _ad_sp_create(self, options: Options) -> Answer:
        app = self._app(options["--id"])
        if app["appId"] in self.state["principals"]:
            raise Refused("The service principal cannot be created because the service principal name is already in use.")
        self._changes(lambda: self.state["principals"].append(app["appId"]))
        return {"appId": app["appId"]}

    def _rest(self, options: Options) -> Answer:
        if options.get("--method") == "get":
            return self._channels(options)
        found = re.fullmatch(rf"https://graph\.microsoft\.com/v1\.0/applications/({GUID.pattern})", options["--url"])
        if (
            options.get("--method") != "patch"
            or not found
            or options.get("--headers") != ["Content-Type=application/json"]
            or "--url-parameters" in options
        ):
            raise Refused(f"Bad Request: {options}")
        app = self._app(found[1])
        if app["id"] != found[1]:
            raise Refused('Not Found({"error":{"code":"Request_ResourceNotFound"}})')
        body = json.loads(options["--body"])
        _check_patch(body, app, self._graph)
        self._changes(lambda: _merge(app, body))
        return None

    # --- Azure

    def _group_exists(self, options: Options) -> Answer:
        return options["--name"] in self.state["groups"]

    def _group_create(self, options: Options) -> Answer:
        return self._changes(lambda: self.state["groups"].setdefault(options["--name"], options["--location"]))

    def _group(self, options: Options) -> str:
        group = str(options["--resource-group"])
        if group not in self.state["groups"]:
            raise Refused(f"(ResourceGroupNotFound) Resource group '{group}' could not be found.")
        return group

    def _resource_list(self, options: Options) -> Answer:
        group = self._group(options)
        if options["--resource-type"] != "Microsoft.BotService/botServices":
            raise Refused("InvalidResourceType")
        return [{"name": name, "type": options["--resource-type"]} for name, bot in self.state["bots"].items() if bot["group"] == group]

    def _bot(self, options: Options) -> dict[str, Any]:
        group, name = self._group(options), options["--name"]
        if self.state["bots"].get(name, {}).get("group") != group:
            raise Refused(f"An error occurred. ResourceNotFound: The Resource 'Microsoft.BotService/botServices/{name}' was not found.")
        return self.state["bots"][name]

    def _bot_show(self, options: Options) -> Answer:
        return {"name": options["--name"], "properties": self._bot(options)["properties"]}

    def _bot_create(self, options: Options) -> Answer:
        _one_of(options, "--app-type", "SingleTenant")
        _one_of(options, "--sku", "F0", "S1")
        if options["--tenant-id"] != TENANT or options["--appid"] not in self.state["apps"] or not options["--endpoint"].startswith("https://"):
            raise Refused(f"InvalidBotData: {options}")
        if not re.fullmatch(r"[A-Za-z0-9_-]{4,42}", options["--name"]) or options["--name"] in self.state["bots"]:
            raise Refused("Unable to create bot. Reason: the name is not available")
        properties = {"msaAppId": options["--appid"], "msaAppType": "SingleTenant", "msaAppTenantId": TENANT, "endpoint": options["--endpoint"]}
        bot = {"group": self._group(options), "properties": properties, "channels": ["WebChatChannel", "DirectLineChannel"], "settings": {}}
        return self._changes(lambda: self.state["bots"].setdefault(options["--name"], bot))

    def _bot_update(self, options: Options) -> Answer:
        bot = self._bot(options)
        return self._changes(lambda: bot["properties"].update(endpoint=options["--endpoint"]))

    def _channels(self, options: Options) -> Answer:
        group = r"/subscriptions/\{subscriptionId\}/resourceGroups/([\w.()-]+)/providers/Microsoft\.BotService/botServices/([\w-]+)/channels"
        found = re.fullmatch(group, options["--url"])
        if not found or options.get("--url-parameters") != ["api-version=2022-09-15"] or "--body" in options:
            raise Refused(f"Bad Request: {options}")
        bot = self._bot({"--resource-group": found[1], "--name": found[2]})
        return {"value": [{"name": f"{found[2]}/{name}", "properties": {"channelName": name}} for name in bot["channels"]]}

    def _bot_msteams_create(self, options: Options) -> Answer:
        bot = self._bot(options)
        if "MsTeamsChannel" in bot["channels"]:
            raise Refused("the channel is there already")
        return self._changes(lambda: bot["channels"].append("MsTeamsChannel"))

    def _bot_authsetting_list(self, options: Options) -> Answer:
        base = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{options['--resource-group']}/providers/Microsoft.BotService/botServices/{options['--name']}"
        return [{"id": f"{base}/connections/{name}", "name": f"{options['--name']}/{name}"} for name in self._bot(options)["settings"]]

    def _bot_authsetting_show(self, options: Options) -> Answer:
        found = self._bot(options)["settings"].get(options["--setting-name"])
        if not found:
            raise Refused("An error occurred. ResourceNotFound: no such connection")
        shown = {key: value for key, value in found.items() if key != "clientSecret"}
        return {"properties": shown | ({"parameters": None} if self.state.get("hides_parameters") else {})}

    def _bot_authsetting_delete(self, options: Options) -> Answer:
        bot = self._bot(options)
        return self._changes(lambda: bot["settings"].pop(options["--setting-name"])) and None

    def _bot_authsetting_create(self, options: Options) -> Answer:
        bot = self._bot(options)
        parameters = dict(pair.split("=", 1) for pair in options["--parameters"])
        app = self.state["apps"].get(options["--client-id"])
        if options["--service"] != "Aadv2" or parameters.keys() != {"tenantId", "tokenExchangeUrl"} or parameters["tenantId"] != TENANT or not app:
            raise Refused(f"InvalidConnection: {options}")
        if options["--setting-name"] in bot["settings"]:
            raise Refused("the connection is there already")
        if options["--client-secret"] not in {secret["secretText"] for secret in app["passwordCredentials"]}:
            raise Refused("InvalidClientSecret")
        setting = {
            "clientId": options["--client-id"],
            "clientSecret": options["--client-secret"],
            "scopes": options["--provider-scope-string"],
            "parameters": [{"key": key, "value": value} for key, value in parameters.items()],
        }
        return self._changes(lambda: bot["settings"].setdefault(options["--setting-name"], setting))


def _merge(app: dict[str, Any], body: dict[str, Any]) -> None:
    """What a PATCH does not name stays, also inside `api` and `web`: az itself sends `{"api": {"requestedAccessTokenVersion": 2}}` alone."""
    for key, value in body.items():
        app[key] = app[key] | value if isinstance(value, dict) else value


def _check_patch(body: dict[str, Any], app: dict[str, Any], graph: dict[str, Any]) -> None:
    """As Graph does: "update application"; a scope or a role that is enabled can be neither changed nor left out."""
    known = {"identifierUris": None, "appRoles": None, "requiredResourceAccess": None, "web": {"redirectUris"}}
    known["api"] = {"requestedAccessTokenVersion", "oauth2PermissionScopes", "preAuthorizedApplications"}
    for key, value in body.items():
        if key not in known or (known[key] and value.keys() - known[key]):
            raise Refused(f'Bad Request({{"error":{{"code":"Request_BadRequest","message":"Invalid property {key}"}}}})')
    api = body.get("api", {})
    for before, after in ((app["api"]["oauth2PermissionScopes"], api.get("oauth2PermissionScopes")), (app["appRoles"], body.get("appRoles"))):
        if after is None:
            continue
        if any(item not in after for item in before):
            raise Refused("CannotDeleteOrUpdateEnabledEntitlement")
        if len({item["id"] for item in after}) != len(after) or not all(GUID.fullmatch(item["id"]) and item["isEnabled"] for item in after):
            raise Refused("DuplicateValue, InvalidValue or not enabled")
    for role in body.get("appRoles", []):
        if not {"id", "value", "displayName", "description", "allowedMemberTypes"} <= role.keys() or " " in role["value"]:
            raise Refused(f"Invalid app role {role}")
    stored = {scope["id"] for scope in app["api"]["oauth2PermissionScopes"]}
    for client in api.get("preAuthorizedApplications", []):
        if not GUID.fullmatch(client["appId"]) or set(client["delegatedPermissionIds"]) - stored:
            raise Refused(
                "Property api.preAuthorizedApplications.delegatedPermissionIds has a Permission Id that cannot be found in the AppPermissions sets."
            )
    for uri in body.get("identifierUris", []):
        if app["appId"] not in uri or not uri.startswith("api://") or app["api"]["requestedAccessTokenVersion"] != 2:
            raise Refused(f"Failed to add identifier URI {uri}. All newly added URIs must contain a tenant verified domain, tenant ID, or app ID")
    if api.get("requestedAccessTokenVersion", 2) != 2 or not all(uri.startswith("https://") for uri in body.get("web", {}).get("redirectUris", [])):
        raise Refused("InvalidValue")
    permissions = {(p["id"], kind) for kind, key in (("Scope", "oauth2PermissionScopes"), ("Role", "appRoles")) for p in graph[key]}
    for wanted in body.get("requiredResourceAccess", []):
        if wanted["resourceAppId"] == GRAPH and {(a["id"], a["type"]) for a in wanted["resourceAccess"]} - permissions:
            raise Refused("InvalidValue: requiredResourceAccess")


def _options(command: str, arguments: list[str]) -> Options:
    required, optional = COMMANDS[command]
    known = required | optional | EVERYWHERE
    found: Options = {}
    rest = list(arguments)
    while rest:
        name = rest.pop(0)
        if name not in known or name in found:
            raise Refused(f"unrecognized arguments: {name}", 2)
        values: list[str] = []
        while rest and not rest[0].startswith("--") and (known[name] == SEVERAL or len(values) < known[name]):
            values.append(_loaded(rest.pop(0)))
        if (known[name] != SEVERAL and len(values) != known[name]) or (known[name] == SEVERAL and not values):
            raise Refused(f"argument {name}: expected {known[name]} argument(s)", 2)
        found[name] = values if known[name] == SEVERAL else "".join(values)
    if required.keys() - found.keys():
        raise Refused(f"the following arguments are required: {sorted(required.keys() - found.keys())}", 2)
    if found.get("--output") != "json":
        raise Refused("only --output json can be relied on", 2)
    return found


def _loaded(value: str) -> str:
    """`@file` stands for the file's text, as everywhere in az."""
    return Path(value[1:]).read_text(encoding="utf-8").rstrip("\n") if value.startswith("@") else value


def _filtered(text: str, field: str) -> str:
    found = re.fullmatch(rf"{field} eq '([^']*)'", text)
    if not found:
        raise Refused(f"Invalid filter clause: {text}")
    return found[1]


def _one_of(options: Options, name: str, *values: str) -> None:
    if options.get(name) not in values:
        raise Refused(f"argument {name}: invalid choice: {options.get(name)!r} (choose from {values})", 2)


def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def main() -> None:
    where = Path(os.environ["AZ_STANDIN"])
    with (where / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps(sys.argv[1:]) + "\n")
    try:
        said = Az(where).run(sys.argv[1:])
    except Refused as refused:
        print(f"ERROR: {refused}", file=sys.stderr)
        sys.exit(refused.status)
    if said is not None:
        print(json.dumps(said))
