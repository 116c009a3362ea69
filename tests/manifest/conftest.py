from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.manifest.registration import USUAL, Registration


@pytest.fixture
def registration(tmp_path: Path) -> Registration:
    return Registration(tmp_path)


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Registration:
    """To look at, not to change."""
    made = Registration(tmp_path_factory.mktemp("first"))
    made.settings(*USUAL)
    return made


@pytest.fixture
def registered(registration: Registration, first_run: Registration) -> Registration:
    shutil.copy(first_run.folder / "tenant.json", registration.folder)
    return registration
