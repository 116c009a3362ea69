"""register.sh on a computer where `az` is the stand-in (tests/az.py)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.az import GRAPH
from tests.conftest import ROOT

DOMAIN = "cv.nordstern-personal.de"
USUAL = ("--domain", DOMAIN, "--resource-group", "rg-cv")
STANDIN = f'import sys; sys.path.insert(0, "{ROOT / "tests"}"); import az; az.main()'
"""As a module, and not as a script: Python keeps it compiled, and it is called a thousand times."""


class Registration:
    """register.sh on a computer whose `az` is the stand-in and where waiting takes no time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = folder / "bin"
        programs.mkdir()
        for name, text in (("az", f"exec '{sys.executable}' -I -S -c '{STANDIN}' \"$@\""), ("sleep", f'echo "$1" >>"{folder}/waited"')):
            (programs / name).write_text(f"#!/bin/sh\n{text}\n")
            (programs / name).chmod(0o755)

    def run(self, *options: str, fails: str = "", path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": f"{self.folder / 'bin'}:{path}",
            "AZ_STANDIN": str(self.folder),
            "TMPDIR": str(self.folder),
            **({"AZ_FAILS": fails} if fails else {}),
        }
        return subprocess.run(
            [bash(), ROOT / "manifest" / "register.sh", *options], env=env, capture_output=True, text=True, timeout=120, check=False
        )

    def settings(self, *options: str) -> dict[str, str]:
        done = self.run(*options)
        assert done.returncode == 0, done.stderr
        return dict(line.split("=", 1) for line in done.stdout.splitlines())

    @property
    def tenant(self) -> dict[str, Any]:
        return json.loads((self.folder / "tenant.json").read_text())

    def change(self, **changed: Any) -> None:
        (self.folder / "tenant.json").write_text(json.dumps(self.tenant | changed))

    @property
    def app(self) -> dict[str, Any]:
        (found,) = self.tenant["apps"].values()
        return found

    @property
    def bot(self) -> dict[str, Any]:
        (found,) = self.tenant["bots"].values()
        return found

    @property
    def secrets(self) -> set[str]:
        return {secret["secretText"] for secret in self.app["passwordCredentials"]}

    @property
    def calls(self) -> list[list[str]]:
        calls = self.folder / "calls.jsonl"
        return [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []

    def permissions(self) -> set[str]:
        graph = az(self.folder, "ad", "sp", "show", "--id", GRAPH, "--output", "json")
        names = {item["id"]: item["value"] for kind in ("oauth2PermissionScopes", "appRoles") for item in json.loads(graph.stdout)[kind]}
        return {
            names[access["id"]]
            for wanted in self.app["requiredResourceAccess"]
            if wanted["resourceAppId"] == GRAPH
            for access in wanted["resourceAccess"]
        }

    def comparable(self) -> dict[str, Any]:
        """The tenant without what differs from run to run: ids that Entra makes, and the count of changes."""
        text = json.dumps({key: value for key, value in self.tenant.items() if key not in {"changes", "slow"}})
        made = {
            self.app["appId"]: "APP",
            self.app["id"]: "OBJECT",
            self.app["appId"][:8]: "APP8",
            **{s["keyId"]: "KEY" for s in self.app["passwordCredentials"]},
        }
        for real, name in made.items():
            text = text.replace(real, name)
        return json.loads(text)


def bash() -> str:
    found = shutil.which("bash")
    assert found
    return found


def az(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "AZ_STANDIN": str(folder)}
    return subprocess.run([sys.executable, "-I", "-S", "-c", STANDIN, *arguments], env=env, capture_output=True, text=True, timeout=60, check=False)
