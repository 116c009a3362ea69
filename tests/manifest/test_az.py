from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.az import GRAPH
from tests.manifest.registration import Registration, az

STRICT = [
    (("ad", "app", "delete", "--id", "x"), 2),
    (("bot", "list"), 2),
    (("bot", "show", "--name", "b"), 2),
    (("bot", "create", "--kind", "azurebot"), 2),
    (("account", "show", "--tenant", "x", "--output", "json"), 2),
    (("account", "show"), 2),
    (("ad", "app", "list", "--filter", "startswith(displayName,'CV')", "--output", "json"), 1),
    (("rest", "--method", "delete", "--url", "https://graph.microsoft.com/v1.0/applications", "--output", "json"), 1),
    (("rest", "--method", "get", "--url", "/subscriptions/{subscriptionId}/providers", "--output", "json"), 1),
]


@pytest.mark.parametrize(("arguments", "status"), STRICT, ids=[" ".join(arguments) for arguments, _ in STRICT])
def test_the_stand_in_refuses_what_az_would_refuse(arguments: tuple[str, ...], status: int, tmp_path: Path) -> None:
    done = az(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("ERROR: ")


SCOPE = {"id": "0b7a4a52-7a0f-4bd1-8c34-0d1b7d8d2f11", "value": "x", "isEnabled": True}
REFUSED_BY_GRAPH: dict[str, tuple[dict[str, Any], str]] = {
    "a scope left out": ({"api": {"oauth2PermissionScopes": []}}, "CannotDeleteOrUpdateEnabledEntitlement"),
    "roles left out": ({"appRoles": []}, "CannotDeleteOrUpdateEnabledEntitlement"),
    "a client with a scope of the same request": (
        {
            "api": {
                "oauth2PermissionScopes": ["kept", SCOPE],
                "preAuthorizedApplications": [{"appId": SCOPE["id"], "delegatedPermissionIds": [SCOPE["id"]]}],
            }
        },
        "cannot be found",
    ),
    "somebody else's URI": ({"identifierUris": ["api://cv.nordstern-personal.de"]}, "Failed to add identifier URI"),
    "an unknown property": ({"replyUrls": []}, "Invalid property replyUrls"),
    "an unknown permission": (
        {"requiredResourceAccess": [{"resourceAppId": GRAPH, "resourceAccess": [{"id": SCOPE["id"], "type": "Scope"}]}]},
        "InvalidValue",
    ),
}


@pytest.mark.parametrize(("body", "expected"), REFUSED_BY_GRAPH.values(), ids=REFUSED_BY_GRAPH)
def test_the_stand_in_refuses_what_graph_would_refuse(body: dict[str, Any], expected: str, registered: Registration) -> None:
    scopes = body.get("api", {}).get("oauth2PermissionScopes", [])
    kept = [scope for item in scopes for scope in (registered.app["api"]["oauth2PermissionScopes"] if item == "kept" else [item])]
    sent = body | ({"api": body["api"] | {"oauth2PermissionScopes": kept}} if "api" in body else {})
    url = f"https://graph.microsoft.com/v1.0/applications/{registered.app['id']}"
    done = az(
        registered.folder,
        "rest",
        "--method",
        "patch",
        "--url",
        url,
        "--headers",
        "Content-Type=application/json",
        "--body",
        json.dumps(sent),
        "--output",
        "json",
    )
    assert done.returncode == 1
    assert expected in done.stderr
