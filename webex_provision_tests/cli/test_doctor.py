"""Doctor says before a run what would stop it: against a tenant that is well, refuses, or is not there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision_tests.cli.typed import TOKEN, Terminal, tenant


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(expired_tokens=(SecretStr("an-expired-token"),))) as server:
        yield server


def test_a_healthy_tenant_passes_every_check_with_reads_alone(sandbox: SandboxServer, terminal: Terminal) -> None:
    said = terminal.types("doctor", **tenant(sandbox.base_url))
    assert said.code == 0
    assert "FAIL" not in said.out
    for check in ("interpreter", "output folder", "environment", "token", "organisation", "locations"):
        assert check in said.out
    assert [entry["method"] for entry in sandbox.log.entries] == ["GET", "GET"]
    assert TOKEN not in said.all


def test_a_refused_token_fails_with_3_and_says_what_to_do(sandbox: SandboxServer, terminal: Terminal) -> None:
    said = terminal.types("doctor", **tenant(sandbox.base_url) | {"WEBEX_TOKEN": "an-expired-token"})
    assert said.code == 3
    assert "FAIL" in said.out
    assert "Put a fresh token into WEBEX_TOKEN" in said.out
    assert "an-expired-token" not in said.all


def test_each_further_token_is_shown_with_its_owner_and_state(sandbox: SandboxServer, terminal: Terminal) -> None:
    """All of them, also after one that is dead; none is shown itself."""
    more = {"WEBEX_TOKENS": "an-expired-token the-token-of-a-third-user"}
    said = terminal.types("doctor", **tenant(sandbox.base_url) | more)
    assert said.code == 3
    lines = [line for line in said.out.splitlines() if "of WEBEX_TOKENS" in line]
    assert lines[0].startswith("FAIL")
    assert "token 1 of WEBEX_TOKENS is invalid, revoked or expired" in lines[0]
    third = next(line for line in lines if "token 2 of" in line)
    assert third.startswith("pass")
    assert "@sandbox.example, same organisation" in third
    assert not [token for token in more["WEBEX_TOKENS"].split() if token in said.all]


def test_another_organisation_fails(sandbox: SandboxServer, terminal: Terminal) -> None:
    variables = tenant(sandbox.base_url) | {"WEBEX_ORG_ID": "00000000-0000-4000-8000-000000000000"}
    said = terminal.types("doctor", **variables)
    assert said.code == 3
    assert "WEBEX_ORG_ID names" in said.out


def test_nobody_there_fails(terminal: Terminal) -> None:
    said = terminal.types("doctor", "--max-retries", "0", **tenant("http://127.0.0.1:1"))
    assert said.code == 3
    assert "cannot be reached" in said.out


def test_a_base_folder_that_is_a_file_fails(sandbox: SandboxServer, tmp_path: Path, terminal: Terminal) -> None:
    file = tmp_path / "file"
    file.write_text("")
    said = terminal.types("doctor", "--output-dir", str(file), **tenant(sandbox.base_url))
    assert said.code == 3
    assert "cannot be written" in said.out


def test_scripts_get_one_json_document(sandbox: SandboxServer, terminal: Terminal) -> None:
    document = json.loads(terminal.types("doctor", "--json", **tenant(sandbox.base_url)).out)
    assert document["passed"] is True
    assert {check["name"] for check in document["checks"]} >= {"token", "organisation", "locations"}
