from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

GUIDE = (ROOT / "docs" / "registration.md").read_text(encoding="utf-8")
SCRIPT = (ROOT / "manifest" / "register.sh").read_text(encoding="utf-8")
CODES = (
    *("installappfailed", "authrequestfailed", "installedappnotfound", "invokeerror", "resourcematchfailed", "oauthcardnotvalid", "tokenmissing"),
    *("userconsentrequired", "interactionrequired"),
)
"""Those of `signin/failure` that Microsoft documents (Teams SDK, "Troubleshooting SSO")."""


def options_of(program: str) -> set[str]:
    command = [sys.executable] if program.endswith(".py") else ["bash"]
    done = subprocess.run([*command, ROOT / "manifest" / program, "--help"], capture_output=True, text=True, timeout=60, check=True)
    return set(re.findall(r"--[a-z-]+", done.stdout)) - {"--help"}


@pytest.mark.parametrize("program", ["build.py", "register.sh"])
def test_the_guide_names_every_option(program: str) -> None:
    options = options_of(program)
    assert len(options) >= 9
    assert {option for option in options if option not in GUIDE} == set()


def test_the_help_of_the_script_names_what_it_takes() -> None:
    taken = set(re.findall(r"^    (--[a-z-]+)\) ", SCRIPT, flags=re.MULTILINE))
    assert taken == options_of("register.sh")


def test_the_guide_by_hand_does_what_the_script_does() -> None:
    clients = re.findall(r'client\("([0-9a-f-]{36})"\)', SCRIPT)
    roles = re.findall(r'role\("[0-9a-f-]{36}"; "(\w+)"', SCRIPT)
    permissions = re.findall(
        r"\b[A-Z]\w+\.[A-Z]\w+(?:\.All)?\b(?=[ )])", SCRIPT[SCRIPT.index("delegated=(") : SCRIPT.index("esac", SCRIPT.index("case $roles"))]
    )
    assert (len(clients), len(roles)) == (2, 4)
    assert len(permissions) >= 8
    for fact in (
        *clients,
        *roles,
        *permissions,
        "https://token.botframework.com/.auth/web/redirect",
        "access_as_user",
        "/api/messages",
        "/botid-APPID",
    ):
        assert fact in GUIDE, fact


@pytest.mark.parametrize("code", CODES)
def test_each_failure_of_sign_in_has_its_remedy(code: str) -> None:
    (row,) = [line for line in GUIDE.splitlines() if line.startswith("|") and code in line]
    assert all(cell.strip() for cell in row.strip("|").split("|"))
