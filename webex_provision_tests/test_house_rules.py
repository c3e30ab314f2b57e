"""The rules that tools hold: lint, format, types, and the arrows between rooms."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = {
    "lint": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "mypy"],
    "arrows": ["-c", "from importlinter.cli import lint_imports_command as lint; lint()"],
}


@pytest.mark.parametrize("rule", TOOLS)
def test_the_code_keeps_the_rule(rule: str) -> None:
    ran = subprocess.run([sys.executable, *TOOLS[rule]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_top_level_holds_nothing_else() -> None:
    agreed = {
        "LICENSE",
        "README.md",
        "dagster.yaml",
        "data",
        "pyproject.toml",
        "webex_provision",
        "webex_provision_tests",
        "workspace.yaml",
    }
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    found = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in found if not name.startswith(".")} <= agreed
