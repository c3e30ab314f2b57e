"""An empty working folder and an environment without any setting, restored after each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from webex_provision.config import Settings
from webex_provision_tests.cli.typed import Terminal

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def bare_environment(tmp_path: Path) -> Iterator[None]:
    before, folder = dict(os.environ), Path.cwd()
    for name in (*Settings.model_fields, "dagster_home"):
        os.environ.pop(name.upper(), None)
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ["WEBEX_PROVISION_STATE_DIR"] = str(tmp_path / "state")
    os.environ.pop("FORCE_COLOR", None)
    work = tmp_path / "work"
    work.mkdir()
    os.chdir(work)
    yield
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()
