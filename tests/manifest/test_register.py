from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import Settings
from pipeline.model.person import Role
from tests.az import TENANT
from tests.conftest import ROOT
from tests.manifest.registration import DOMAIN, USUAL, Registration

REDIRECT = "https://token.botframework.com/.auth/web/redirect"
TEAMS = {"1fec8e78-bce4-4aaf-ab1b-5451cc387264", "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"}
CHANGES = 9
"""What a first run changes: app, two requests about it, enterprise application, group, bot, channel, secret, connection."""


def test_a_first_run_makes_everything_and_prints_the_settings(registration: Registration) -> None:
    printed = registration.settings(*USUAL)
    app, bot = registration.app, registration.bot
    resource = f"api://{DOMAIN}/botid-{app['appId']}"
    assert printed == {
        "MICROSOFT_APP_ID": app["appId"],
        "MICROSOFT_APP_TENANT_ID": TENANT,
        "MICROSOFT_APP_TYPE": "SingleTenant",
        "PUBLIC_URL": f"https://{DOMAIN}",
        "SSO_CONNECTION": "graph",
        "ROLES": "app",
        "MICROSOFT_APP_PASSWORD": next(iter(registration.secrets)),
    }
    assert registration.tenant["changes"] == CHANGES
    assert app["identifierUris"] == [resource]
    assert app["web"]["redirectUris"] == [REDIRECT]
    assert app["api"]["requestedAccessTokenVersion"] == 2
    (scope,) = app["api"]["oauth2PermissionScopes"]
    assert (scope["value"], scope["type"]) == ("access_as_user", "User"), "a person may consent"
    assert {client["appId"]: client["delegatedPermissionIds"] for client in app["api"]["preAuthorizedApplications"]} == {
        key: [scope["id"]] for key in TEAMS
    }
    assert registration.tenant["principals"] == [app["appId"]]
    assert bot["properties"] == {
        "msaAppId": app["appId"],
        "msaAppType": "SingleTenant",
        "msaAppTenantId": TENANT,
        "endpoint": f"https://{DOMAIN}/api/messages",
    }
    assert "MsTeamsChannel" in bot["channels"]
    assert bot["settings"]["graph"]["scopes"] == "openid profile offline_access User.Read Files.ReadWrite"
    assert {p["key"]: p["value"] for p in bot["settings"]["graph"]["parameters"]} == {"tenantId": TENANT, "tokenExchangeUrl": resource}
    assert registration.secrets == {bot["settings"]["graph"]["clientSecret"]}


def test_the_app_starts_with_what_is_printed(registration: Registration, tmp_path: Path) -> None:
    settings = Settings.from_env(registration.settings(*USUAL) | {"DATA_DIR": str(tmp_path / "data")})
    assert (settings.app_id, settings.app_tenant, settings.app_type) == (registration.app["appId"], TENANT, "SingleTenant")
    assert settings.app_password in registration.secrets
    assert settings.url == f"https://{DOMAIN}"


def test_a_second_run_changes_nothing_and_shows_no_secret(registered: Registration) -> None:
    before = registered.tenant
    done = registered.run(*USUAL)
    assert done.returncode == 0
    assert registered.tenant == before
    assert "MICROSOFT_APP_PASSWORD" not in done.stdout
    assert "--new-secret makes another one" in done.stderr


def test_the_secret_is_said_once_and_is_on_no_command_line(registration: Registration) -> None:
    done = registration.run(*USUAL)
    (secret,) = registration.secrets
    assert done.stdout.count(secret) == 1
    assert secret not in done.stderr
    assert not any(secret in argument for call in registration.calls for argument in call)
    assert not list(registration.folder.glob("tmp.*")), "nothing of it stays on the disk"


def test_roles_are_those_that_the_product_knows(registered: Registration) -> None:
    roles = registered.app["appRoles"]
    assert {role["value"].lower() for role in roles} == {role.value for role in Role}
    assert all(role["allowedMemberTypes"] == ["User"] and role["isEnabled"] for role in roles)


def test_ids_of_roles_and_scope_are_the_same_in_every_tenant(registration: Registration, first_run: Registration) -> None:
    registration.settings(*USUAL)
    assert registration.app["appId"] != first_run.app["appId"]
    assert registration.app["appRoles"] == first_run.app["appRoles"]
    assert registration.app["api"]["oauth2PermissionScopes"] == first_run.app["api"]["oauth2PermissionScopes"]


BASE = {"openid", "profile", "offline_access", "User.Read", "Files.ReadWrite"}
PERMISSIONS = {
    (): BASE | {"Directory.Read.All"},
    ("--roles", "groups"): BASE | {"User.ReadBasic.All", "GroupMember.Read.All"},
    ("--chats",): BASE | {"Directory.Read.All", "Chat.Read", "ChannelMessage.Read.All"},
    ("--mail",): BASE | {"Directory.Read.All", "Mail.ReadWrite"},
    ("--sharepoint",): BASE | {"Directory.Read.All", "Sites.Selected"},
}


@pytest.mark.parametrize(("options", "expected"), PERMISSIONS.items(), ids=[" ".join(options) or "usual" for options in PERMISSIONS])
def test_the_app_asks_for_no_more_than_it_needs(options: tuple[str, ...], expected: set[str], registration: Registration) -> None:
    registration.settings(*USUAL, *options)
    assert registration.permissions() == expected
    assert set(registration.bot["settings"]["graph"]["scopes"].split()) == expected & (
        BASE | {"Chat.Read", "ChannelMessage.Read.All", "Mail.ReadWrite"}
    )


def test_what_was_once_allowed_stays_without_its_option(registration: Registration) -> None:
    registration.settings(*USUAL, "--chats")
    before = registration.tenant
    registration.settings(*USUAL)
    assert registration.tenant == before


def test_group_chats_may_be_added_later(registered: Registration) -> None:
    printed = registered.settings(*USUAL, "--chats")
    assert {"Chat.Read", "ChannelMessage.Read.All"} <= registered.permissions()
    assert set(registered.bot["settings"]["graph"]["scopes"].split()) == BASE | {"Chat.Read", "ChannelMessage.Read.All"}
    assert printed["MICROSOFT_APP_PASSWORD"] == registered.bot["settings"]["graph"]["clientSecret"]
    assert len(registered.secrets) == 2, "the old secret is in use until the new one is entered"


def test_another_domain_moves_endpoint_and_sign_in(registered: Registration) -> None:
    registered.settings("--domain", "cv2.nordstern-personal.de", "--resource-group", "rg-cv")
    new = f"api://cv2.nordstern-personal.de/botid-{registered.app['appId']}"
    assert registered.bot["properties"]["endpoint"] == "https://cv2.nordstern-personal.de/api/messages"
    assert new in registered.app["identifierUris"]
    assert {"key": "tokenExchangeUrl", "value": new} in registered.bot["settings"]["graph"]["parameters"]


def test_a_new_secret_on_request(registered: Registration) -> None:
    (old,) = registered.secrets
    done = registered.run(*USUAL, "--new-secret")
    assert done.returncode == 0, done.stderr
    (new,) = registered.secrets - {old}
    assert f"MICROSOFT_APP_PASSWORD={new}\n" in done.stdout
    assert registered.bot["settings"]["graph"]["clientSecret"] == new
    assert "There is an older secret" in done.stderr


def test_connections_that_do_not_show_their_parameters_are_left_alone(registered: Registration) -> None:
    registered.change(hides_parameters=True)
    before = registered.tenant
    registered.settings(*USUAL)
    assert registered.tenant == before


def test_what_was_made_by_hand_stays(registered: Registration) -> None:
    tenant = registered.tenant
    (app,) = tenant["apps"].values()
    own_scope = "0b7a4a52-7a0f-4bd1-8c34-0d1b7d8d2f11"
    own_role = {
        "id": "3f0c1d5e-9a7b-4c68-8d2f-6b1e0a9c7d53",
        "value": "Recruiter",
        "displayName": "Personalberatung",
        "description": "x",
        "allowedMemberTypes": ["User"],
        "isEnabled": True,
    }
    app["appRoles"] = [own_role]
    app["api"] |= {
        "oauth2PermissionScopes": [{"id": own_scope, "value": "access_as_user", "type": "User", "isEnabled": True}],
        "preAuthorizedApplications": [],
    }
    app["web"]["redirectUris"] = ["https://intranet.nordstern-personal.de/signin"]
    app["requiredResourceAccess"] = [
        {"resourceAppId": "00000003-0000-0ff1-ce00-000000000000", "resourceAccess": [{"id": own_scope, "type": "Scope"}]}
    ]
    app["identifierUris"] = [f"api://{app['appId']}"]
    registered.change(**tenant)
    registered.settings(*USUAL)
    after = registered.app
    assert after["appRoles"][0] == own_role
    assert sorted(role["value"] for role in after["appRoles"]) == ["Admin", "Approver", "Auditor", "Recruiter"]
    assert [scope["id"] for scope in after["api"]["oauth2PermissionScopes"]] == [own_scope]
    assert all(client["delegatedPermissionIds"] == [own_scope] for client in after["api"]["preAuthorizedApplications"])
    assert after["web"]["redirectUris"] == ["https://intranet.nordstern-personal.de/signin", REDIRECT]
    assert after["requiredResourceAccess"][0] == app["requiredResourceAccess"][0]
    assert registered.permissions() == BASE | {"Directory.Read.All"}
    assert after["identifierUris"] == [f"api://{app['appId']}", f"api://{DOMAIN}/botid-{app['appId']}"]


@pytest.mark.parametrize("late", ["", " late"], ids=["before it happens", "its answer is lost"])
@pytest.mark.parametrize("change", range(1, CHANGES + 1))
def test_a_failure_in_the_middle_is_healed_by_the_next_run(change: int, late: str, registration: Registration, first_run: Registration) -> None:
    broken = registration.run(*USUAL, fails=f"{change}{late}")
    assert broken.returncode != 0
    assert broken.stdout == "", "no settings of something half-done, and no secret"
    assert "run the same command again" in broken.stderr
    if registration.tenant["apps"]:
        assert registration.secrets == set(), "a secret that nobody has seen is valid"
    printed = registration.settings(*USUAL)
    assert registration.comparable() == first_run.comparable()
    assert registration.secrets == {printed["MICROSOFT_APP_PASSWORD"]}


@pytest.mark.parametrize("late", ["", " late"], ids=["before it happens", "its answer is lost"])
@pytest.mark.parametrize("change", [CHANGES + 1, CHANGES + 2, CHANGES + 3], ids=["secret", "old connection", "new connection"])
def test_a_new_secret_that_fails_leaves_the_running_bot_its_own(change: int, late: str, registered: Registration) -> None:
    running = registered.secrets
    broken = registered.run(*USUAL, "--new-secret", fails=f"{change}{late}")
    assert broken.returncode != 0
    assert broken.stdout == ""
    assert registered.secrets == running
    connection = registered.bot["settings"].get("graph")
    assert connection is None or connection["clientSecret"] in running, "sign-in with a secret that is no longer valid"
    printed = registered.settings(*USUAL, "--new-secret")
    assert registered.secrets == running | {printed["MICROSOFT_APP_PASSWORD"]}
    assert registered.bot["settings"]["graph"]["clientSecret"] == printed["MICROSOFT_APP_PASSWORD"]


def test_it_waits_until_entra_finds_what_it_has_just_made(first_run: Registration) -> None:
    assert (first_run.folder / "waited").read_text().split() == ["2", "4"]


def test_it_does_not_wait_for_ever(registration: Registration) -> None:
    done = registration.run(*USUAL, "--app-id", "9e0f3b7a-52c4-4d81-a6f0-8b7c1d2e3f40")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the Entra app 9e0f3b7a-52c4-4d81-a6f0-8b7c1d2e3f40 is not there" in done.stderr
    assert (registration.folder / "waited").read_text().split() == ["2", "4", "6", "8", "10"]


BAD = [
    ((), "--domain: a host name"),
    (("--domain", "https://cv.firma.de", "--resource-group", "rg"), "--domain: a host name"),
    (("--domain", "{{domain}}", "--resource-group", "rg"), "--domain: a host name"),
    (("--domain", DOMAIN), "--resource-group: a name"),
    ((*USUAL, "--bot", "cv"), "--bot: 4 to 42"),
    ((*USUAL, "--display-name", "x' or '1"), "--display-name: at most"),
    ((*USUAL, "--app-id", "mine"), "--app-id: the application"),
    ((*USUAL, "--roles", "all"), "--roles: app or groups"),
    ((*USUAL, "--connection", "a b"), "--connection: letters"),
    ((*USUAL, "--secret"), "unknown option --secret"),
    (("--domain",), "--domain needs a value"),
]


@pytest.mark.parametrize(("options", "expected"), BAD, ids=[expected for _, expected in BAD])
def test_bad_options_are_refused_before_anything_is_called(options: tuple[str, ...], expected: str, registration: Registration) -> None:
    done = registration.run(*options)
    assert (done.returncode, done.stdout) == (1, "")
    assert expected in done.stderr
    assert registration.calls == []


def test_without_sign_in_nothing_is_made(registered: Registration) -> None:
    registered.change(signed_out=True)
    before = registered.tenant
    done = registered.run(*USUAL)
    assert done.returncode == 1
    assert "please sign in first: az login" in done.stderr
    assert registered.tenant == before


def test_what_is_missing_on_the_computer_is_named(registration: Registration) -> None:
    done = registration.run(*USUAL, path="")
    assert done.returncode == 1
    assert "jq is missing" in done.stderr


def test_apps_of_the_same_name_are_not_guessed_at(registered: Registration) -> None:
    tenant, app = registered.tenant, registered.app
    twin = json.loads(
        json.dumps(app).replace(app["appId"], "9e0f3b7a-52c4-4d81-a6f0-8b7c1d2e3f40").replace(app["id"], "6c1d2e3f-4a5b-4c6d-8e7f-901a2b3c4d5e")
    )
    registered.change(apps=tenant["apps"] | {twin["appId"]: twin})
    refused = registered.run(*USUAL)
    assert refused.returncode == 1
    assert "say which by --app-id" in refused.stderr
    assert app["appId"] in refused.stderr
    assert registered.settings(*USUAL, "--app-id", app["appId"].upper())["MICROSOFT_APP_ID"] == app["appId"]


def test_a_bot_of_another_app_is_not_taken_over(registered: Registration) -> None:
    bots = registered.tenant["bots"]
    (name,) = bots
    bots[name]["properties"]["msaAppId"] = "9e0f3b7a-52c4-4d81-a6f0-8b7c1d2e3f40"
    registered.change(bots=bots)
    done = registered.run(*USUAL)
    assert done.returncode == 1
    assert "belongs to another Entra app" in done.stderr


def test_shell_scripts_pass_shellcheck() -> None:
    scripts = [*ROOT.glob("manifest/*.sh"), *ROOT.glob("infra/**/*.sh"), ROOT / ".ci" / "run", ROOT / ".ci" / "packages"]
    assert ROOT / "manifest" / "register.sh" in scripts
    done = subprocess.run([Path(sys.executable).parent / "shellcheck", *scripts], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
