"""`verify` ends with 0 when the tenant is as the roll-out left it, with 8 and the rows when it is not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision.vocabulary import ExitCode, RunState
from webex_provision_tests.cli.typed import NARROW, Terminal, tenant
from webex_provision_tests.rehearsal import LOCATION, Rehearsal, user, write_csv

QUICK = ("--requests-per-second", "200", "--list-lag-seconds", "0.1")


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Rehearsal]:
    csv = write_csv(tmp_path / "site.csv", [LOCATION, user("ana", "2101")])
    with SandboxServer(SandboxConfig(seed_csv=csv)) as server:
        rehearsal = Rehearsal(server, tmp_path / "out", csv)
        assert rehearsal.run() is RunState.COMPLETED
        server.log.clear()
        yield rehearsal


def test_what_is_as_it_was_left_ends_with_0_and_what_is_not_with_8(played: Rehearsal, terminal: Terminal) -> None:
    words = ["verify", "--output-dir", str(played.folder), *QUICK]
    variables = tenant(played.server.base_url)
    said = terminal.types(*words, **variables)
    assert said.code == 0, said.all
    assert "2 success rows read back" in said.out
    assert {entry["method"] for entry in played.server.log.entries} == {"GET"}

    played.server.tenant.lines.release(played.last("ana@example.com")["remote_id"])
    said = terminal.types(*words, **variables)
    assert said.code == ExitCode.DIFFERENT
    assert "ana@example.com" in said.out
    assert "webex-provision replay" in said.out
    assert {"ana@example.com;", "extension;"} <= set(terminal.types(*words, **variables, **NARROW).out.split())
    told = terminal.types(*words, "--json", **variables)
    document = json.loads(told.out)
    assert (told.code, document["passed"], document["rows"]) == (ExitCode.DIFFERENT, False, 2)
    assert [(one["entity_key"], one["fact"], one["expected"]) for one in document["differences"]] == [
        ("ana@example.com", "extension", "2101")
    ]


def test_a_roll_out_that_is_not_there_ends_with_2(terminal: Terminal) -> None:
    assert terminal.types("verify", **tenant("http://127.0.0.1:1")).code == ExitCode.USAGE
