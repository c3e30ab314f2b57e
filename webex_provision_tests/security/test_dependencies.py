"""What the program is built from, and how the linter watches over it. None of this asks the network."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINT = PYPROJECT["tool"]["ruff"]["lint"]
PRODUCT = sorted((ROOT / "webex_provision").rglob("*.py"))
# Nothing but data, whose version is a date: the newest is the right one.
UNBOUNDED = {"tzdata"}


def requirements() -> list[str]:
    project = PYPROJECT["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return [*PYPROJECT["build-system"]["requires"], *project["dependencies"], *extras]


@pytest.mark.parametrize("requirement", requirements())
def test_every_dependency_is_bounded_below_and_above(requirement: str) -> None:
    """So that a new major version, whoever publishes it, does not come in by itself."""
    name, bounds = re.fullmatch(r"([A-Za-z0-9-]+)(?:\[[a-z]+\])?(.+)", requirement).groups()  # type: ignore[union-attr]
    if bounds.startswith("=="):
        assert re.fullmatch(r"==\d+(\.\d+)+", bounds)
        return
    assert re.search(r">=\d", bounds)
    assert re.search(r"(,|^)<\d", bounds) or name in UNBOUNDED


def test_no_dependency_comes_from_elsewhere_than_the_index() -> None:
    assert not [line for line in requirements() if "@" in line or "://" in line or ";" in line]


def test_the_linters_security_rules_watch_the_whole_product() -> None:
    assert "S" in LINT["select"]
    assert not [rule for rule in LINT["ignore"] if rule.startswith("S")]
    for pattern, rules in LINT["per-file-ignores"].items():
        if not pattern.startswith("webex_provision_tests"):
            assert not [rule for rule in rules if re.fullmatch(r"S\d*", rule)], pattern
    assert not PYPROJECT["tool"]["ruff"].get("exclude")


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_exception_from_a_security_rule_names_the_rule_and_its_reason(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "ruff: noqa" not in text
    assert "nosec" not in text
    for line in text.splitlines():
        assert not re.search(r"#\s*noqa(?!:\s*[A-Z]+\d+)", line, re.IGNORECASE), line
        if re.search(r"#\s*noqa:.*\bS\d", line, re.IGNORECASE):
            assert re.search(r"# noqa: [A-Z0-9, ]+ - \w+", line), line
