"""What is installed is what was tried: a wheel, in an empty environment, plays the demo from an empty folder."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from webex_provision.templates import templates

pytestmark = pytest.mark.timeout(900)
ROOT = Path(__file__).parent.parent.parent


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """What a command prints; it must succeed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WEBEX_", "DAGSTER_", "PYTHON"))}
    ran = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4_000:] + ran.stderr[-4_000:]
    return ran.stdout


def test_a_wheel_in_an_empty_environment_plays_the_demo_from_an_empty_folder(tmp_path: Path) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path / "dist", ROOT, folder=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel, folder=tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    printed = run(
        python.with_name("webex-provision"), "demo", folder=empty, WEBEX_PROVISION_STATE_DIR=str(tmp_path / "state")
    )
    assert "COMPLETED_WITH_PENDING" in printed
    assert "user_not_found" in printed
    (results,) = empty.glob("output/*/results.csv")
    assert results.read_text(encoding="utf-8").count("success") > 60
    page = empty / run(python.with_name("webex-provision"), "report", folder=empty).strip()
    assert "user_not_found" in page.read_text(encoding="utf-8")
    assert run(python.with_name("webex-provision"), "template", folder=empty) == templates()["all.csv"]
