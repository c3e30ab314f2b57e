"""The documents are held to the code: every reason, exit code, setting and verb is there, and nothing else is."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from webex_provision import actions
from webex_provision.cli import app
from webex_provision.config import Settings
from webex_provision.input_schema import markdown
from webex_provision.vocabulary import ExitCode, Reason
from webex_provision.wire import Endpoint

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
VERBS = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}


def test_the_input_schema_is_what_the_declarations_say() -> None:
    """Regenerate it with: python -m webex_provision.input_schema > data/input_schema.md"""
    assert (ROOT / "data" / "input_schema.md").read_text(encoding="utf-8") == markdown()


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_stands_in_the_readme_with_its_remedy(reason: Reason) -> None:
    assert f"| `{reason}` | {reason.remedy} |" in README


def test_the_exit_codes_of_the_readme_are_those_of_the_program() -> None:
    table = README.split("## Exit codes", 1)[1].split("##", 1)[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == set(ExitCode)


def test_the_settings_of_the_readme_are_those_of_the_program() -> None:
    table = README.split("## Settings", 1)[1].split("\n## ", 1)[0]
    described = dict(re.findall(r"^\| `([A-Z_]+)` \|.*\| (.*) \|$", table, re.MULTILINE))
    assert described == {name.upper(): field.description for name, field in Settings.model_fields.items()}


def test_every_verb_that_the_readme_types_exists() -> None:
    assert set(re.findall(r"webex-provision ([a-z]+)", README)) <= VERBS


def test_every_scope_that_a_declared_endpoint_needs_stands_in_the_readme() -> None:
    modules = [import_module(found.name) for found in iter_modules(actions.__path__, f"{actions.__name__}.")]
    endpoints = [value for module in modules for value in vars(module).values() if isinstance(value, Endpoint)]
    listed = README.split("It needs the scopes", 1)[1].split("of which", 1)[0]
    assert {endpoint.scope for endpoint in endpoints} == set(re.findall(r"[\w-]+:\w+", listed))


def test_the_readme_opens_with_exactly_two_commands() -> None:
    first_screen = README.split("\n## ", 1)[0]
    assert len(re.findall(r"^python3 .*$", first_screen, re.MULTILINE)) == 2
