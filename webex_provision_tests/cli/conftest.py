"""An empty working folder, an environment without any setting, restored after each test, and a CSV to try."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from webex_provision.config import Settings
from webex_provision.generator import write_csv
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


@pytest.fixture
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A made-up CSV of as many rows as the test's module says in ROWS."""
    path = tmp_path / "site.csv"
    write_csv(path, request.module.ROWS, seed=1)
    return path
