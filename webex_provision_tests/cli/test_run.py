"""A roll-out typed as a person does it: run, Ctrl-C, resume, JSON for scripts, and the sandbox to rehearse on."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from webex_provision.generator import NEEDS
from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision_tests.checker import check
from webex_provision_tests.cli.typed import TOKEN, Terminal, tenant

ROWS = 60


@pytest.fixture
def sandbox(site: Path) -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(seed_csv=site, latency_ms=20)) as server:
        yield server


def test_ctrl_c_stops_cleanly_and_resume_finishes_without_a_second_create(
    site: Path, sandbox: SandboxServer, tmp_path: Path, terminal: Terminal
) -> None:
    folder = tmp_path / "out"
    pace = ["--requests-per-second", "20", "--list-lag-seconds", "0.2"]
    words = ["run", str(site), "--output-dir", str(folder), *pace]
    command = [sys.executable, "-m", "webex_provision.cli", *words]
    variables = tenant(sandbox.base_url) | NEEDS
    with subprocess.Popen(command, env=os.environ | variables, text=True, stdout=-1, stderr=-1) as run:
        assert run.stdout is not None
        first = [run.stdout.readline(), run.stdout.readline()]  # the first batch has ended; the second is at work
        assert first[0].startswith("phase 1, locations and routing: 10 rows in 1 batch, 50 more in later phases")
        assert first[1].startswith("p1-b0001: 10 success")
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert err == ""
    assert "\nINTERRUPTED " in out
    assert f"webex-provision resume --output-dir {folder}" in out

    said = terminal.starts("resume", "--output-dir", str(folder), "--json", *pace, **variables)
    document = json.loads(said.out)
    assert (said.code, document["state"]) == (0, "COMPLETED")
    assert document["summary"]["counts"]["success"] == ROWS
    check(folder, list(sandbox.log.entries), token=TOKEN, state=sandbox.tenant.normalised())
    assert TOKEN not in out + err + said.all


def test_an_interpreter_without_assertions_is_refused_before_anything_is_read(terminal: Terminal) -> None:
    said = terminal.starts("run", "nowhere.csv", PYTHONOPTIMIZE="1")
    assert said.code == 3
    assert said.err == "python -O switches assertions off: Run without -O.\n"


def test_a_csv_that_is_not_there_ends_with_2_in_plain_words(sandbox: SandboxServer, terminal: Terminal) -> None:
    said = terminal.starts("run", "nowhere.csv", **tenant(sandbox.base_url))
    assert said.code == 2
    assert said.err.splitlines() == ["nowhere.csv: there is no such file; check the path"]


def test_the_sandbox_says_where_it_is_and_ends_on_ctrl_c(site: Path) -> None:
    command = [sys.executable, "-m", "webex_provision.cli", "sandbox", "--seed-csv", str(site)]
    with subprocess.Popen(command, text=True, stdout=-1, stderr=-1) as served:
        assert served.stdout is not None
        url = served.stdout.readline().strip()
        served.send_signal(signal.SIGINT)
        _, err = served.communicate(timeout=30)
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/v1", url)
    assert served.returncode == 0
    assert "WEBEX_BASE_URL" in err
