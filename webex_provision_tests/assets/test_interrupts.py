"""Real processes, really stopped: a signal ends a launch cleanly, a kill loses nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from webex_provision.vocabulary import ExitCode, RunState
from webex_provision_tests.assets.site import ROWS, USERS, Site, site_in

PROGRAM = """
import sys
from pathlib import Path
from webex_provision.assets.launcher import launch
launched = launch(csv=Path(sys.argv[1]), command="webex-provision run")
print(launched.state, launched.message)
sys.exit(int(launched.exit_code))
"""
PATIENCE = 60.0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Every call about a user takes so long that a signal always finds some under way."""
    with site_in(tmp_path, latency_ms=150) as site:
        yield site


def stopped_midway(site: Site, number: signal.Signals) -> tuple[int, str]:
    """Launch in a process of its own and send the signal once the tenant has seen a user's licence change."""
    command = [sys.executable, "-c", PROGRAM, str(site.csv)]
    top = str(Path(__file__).parents[2])
    variables = os.environ | {"PYTHONPATH": top, "MAX_IN_FLIGHT": "1"}
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + PATIENCE
        while not any("licenses/users" in path for path in site.writes()) and time.monotonic() < until:
            time.sleep(0.01)
        assert process.poll() is None, "it has ended before the signal"
        process.send_signal(number)
        told, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, told


def summary_of(site: Site) -> dict[str, object]:
    (path,) = site.out.glob("*/run_summary.json")
    found: dict[str, object] = json.loads(path.read_bytes())
    return found


def finished(site: Site) -> None:
    """A resume completes what is left, and nobody was given a second time what they had."""
    launched = site.launch()
    assert launched.exit_code is ExitCode.OK
    assert launched.summary is not None
    assert launched.summary["counts"]["success"] == len(ROWS) - 1
    assert sum("licenses/users" in path for path in site.writes()) <= len(USERS) + 1  # one answer may be lost
    with dg.DagsterInstance.from_config(str(site.home)) as instance:
        assert not instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_launch_cleanly_and_a_resume_completes_it(site: Site, number: signal.Signals) -> None:
    code, told = stopped_midway(site, number)
    assert code == ExitCode.INTERRUPTED
    assert RunState.INTERRUPTED in told
    assert "resume to go on" in told
    assert summary_of(site)["state"] == RunState.INTERRUPTED
    finished(site)


@pytest.mark.crash
def test_a_killed_launch_is_resumed_and_no_run_stays_in_the_history_as_running(site: Site) -> None:
    code, _ = stopped_midway(site, signal.SIGKILL)
    assert code == -signal.SIGKILL
    with dg.DagsterInstance.from_config(str(site.home)) as instance:
        assert instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    finished(site)
