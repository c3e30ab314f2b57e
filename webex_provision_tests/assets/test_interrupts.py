"""Real processes, really stopped: a signal ends a launch cleanly, a kill loses nothing."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from webex_provision.assets import intake
from webex_provision.assets.home import UnusableHistory
from webex_provision.engine.observer import Observer
from webex_provision.engine.stop_signals import stop_signals
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


@pytest.fixture(autouse=True)
def _a_terminal_is_heard() -> Iterator[None]:
    """Also where the tests themselves run under nohup, whose processes inherit it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Every call about a user takes so long that a signal always finds some under way."""
    with site_in(tmp_path, latency_ms=150) as site:
        yield site


def a_licence_has_changed(site: Site) -> bool:
    return any("licenses/users" in path for path in site.writes())


def stopped_midway(
    site: Site, number: signal.Signals, when: Callable[[Site], bool] = a_licence_has_changed, **variables_set: str
) -> tuple[int, str]:
    """Launch in a process of its own and send the signal as soon as the tenant has seen what `when` waits for."""
    command = [sys.executable, "-c", PROGRAM, str(site.csv)]
    top = str(Path(__file__).parents[2])
    variables = os.environ | {"PYTHONPATH": top, "MAX_IN_FLIGHT": "1"} | variables_set
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + PATIENCE
        while not when(site) and time.monotonic() < until:
            time.sleep(0.01)
        assert process.poll() is None, "it has ended before the signal"
        process.send_signal(number)
        told, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, told


def summary_of(site: Site) -> dict[str, object]:
    (path,) = site.out.glob("*/run_summary.json")
    found: dict[str, object] = json.loads(path.read_bytes())
    return found


def completed(site: Site) -> None:
    """A resume completes what is left, and nobody was given a second time what they had."""
    launched = site.launch()
    assert launched.exit_code is ExitCode.OK
    assert launched.summary is not None
    assert launched.summary["counts"]["success"] == len(ROWS) - 1
    assert sum("licenses/users" in path for path in site.writes()) <= len(USERS) + 1  # one answer may be lost


def finished(site: Site) -> None:
    """Completed, and no run of a process that is gone looks as if it were going on."""
    completed(site)
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


def test_a_closed_terminal_ends_it_cleanly_and_so_does_a_scheduler_while_it_waits(site: Site) -> None:
    code, told = stopped_midway(site, signal.SIGHUP)
    assert code == ExitCode.INTERRUPTED
    assert "SIGHUP; resume to go on" in told
    assert summary_of(site)["state"] == RunState.INTERRUPTED
    seen, written = len(site.server.log.entries), len(site.writes())
    # What the first launch has made may not show yet: the second one waits before it looks anything up.
    code, told = stopped_midway(
        site, signal.SIGTERM, lambda site: len(site.server.log.entries) >= seen + 2, LIST_LAG_SECONDS="300"
    )
    assert code == ExitCode.INTERRUPTED
    assert RunState.INTERRUPTED in told
    assert len(site.writes()) == written
    finished(site)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_the_intake_ends_the_launch_before_anything_is_sent(
    site: Site, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), number)

    monkeypatch.setattr(intake, "prepare", stopped)
    before = signal.signal(number, signal.default_int_handler)  # should it not be heard, only this test is to end
    try:
        launched = site.launch()
    finally:
        signal.signal(number, before)
    assert (launched.state, launched.exit_code) == (RunState.INTERRUPTED, ExitCode.INTERRUPTED)
    assert not site.server.log.entries


def test_under_nohup_a_closed_terminal_is_not_heard() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert stop_signals() == (signal.SIGINT, signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert signal.SIGHUP in stop_signals()


class GoneTerminal(Observer):
    """Fails at every word, as a bar does whose terminal was closed, or lines that nobody reads any longer."""

    def on_start(self, planned_rows: int) -> None:
        raise OSError(5, "Input/output error")

    def on_row(self, *_: Any) -> None:
        raise SystemExit(1)


def test_a_terminal_that_is_gone_does_not_end_the_roll_out(site: Site) -> None:
    launched = site.launch(observer=GoneTerminal())
    assert launched.exit_code is ExitCode.OK
    assert launched.summary is not None
    assert launched.summary["counts"]["success"] == len(ROWS) - 1


class Shortage(Observer):
    """After the third row the kernel gives this process, ledger and history alike, no more of something."""

    def __init__(self, of: int) -> None:
        self._of = of
        self._rows = 0

    def on_row(self, *_: Any) -> None:
        self._rows += 1
        if self._rows == 3:
            resource.setrlimit(self._of, (1, resource.getrlimit(self._of)[1]))


@pytest.mark.parametrize(
    "of", [resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE], ids=["disk full", "too many open files"]
)
def test_a_real_shortage_is_told_without_a_traceback_and_the_launch_goes_on_when_it_is_over(
    site: Site, capfd: pytest.CaptureFixture[str], of: int
) -> None:
    before = resource.getrlimit(of)
    try:
        with pytest.raises(UnusableHistory, match="run the same command again"):
            site.launch(observer=Shortage(of))
    finally:
        resource.setrlimit(of, before)
    assert "Traceback" not in capfd.readouterr().err
    completed(site)


@pytest.mark.crash
def test_a_killed_launch_is_resumed_and_no_run_stays_in_the_history_as_running(site: Site) -> None:
    code, _ = stopped_midway(site, signal.SIGKILL)
    assert code == -signal.SIGKILL
    with dg.DagsterInstance.from_config(str(site.home)) as instance:
        assert instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    finished(site)
