"""Processes that are killed, and the tenant that sees it: a sandbox in this process, whose state outlives them.

The request log is written after a request was carried out and before it is answered. So a process that is killed
from there has sent the request, and never reads the answer.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from webex_provision.assets.home import dagster_home
from webex_provision.clock import Clock
from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision.sandbox.faults import Effect, FaultRule, Faults
from webex_provision.sandbox.request_log import RequestLog
from webex_provision.sandbox.tenant import Quirks
from webex_provision_tests import checker
from webex_provision_tests.crash import kill_points
from webex_provision_tests.crash.site_rows import LATE, directory_rows, lay_prompt, site_rows
from webex_provision_tests.rehearsal import TOKEN, write_csv

# What is killed: verbs run, resume, retry, replay with --output-dir. The kill points inside the process are set by
# the driver alone; the command line itself goes through Dagster.
COMMAND_LINE = [sys.executable, "-m", "webex_provision.cli"]
COMMAND = shlex.split(os.environ.get("CRASH_COMMAND", "")) or [
    sys.executable,
    "-m",
    "webex_provision_tests.crash.driver",
]
AN_HOUR = timedelta(hours=1)
KILLED = -signal.SIGKILL
RUN_SECONDS = 120

Entry = Mapping[str, Any]
When = Callable[[int, Entry], bool]


class _LongAgo(Clock):
    """What the tenant starts with is an hour old, so that no list hides it."""

    ago = AN_HOUR

    def now(self) -> datetime:
        return super().now() - self.ago


class DeadlyLog(RequestLog):
    """A request log that kills a process; `when` sees how many requests the process has sent, and the last one."""

    def __init__(self, path: Path) -> None:
        super().__init__(500_000, path)
        self._victim: int | None = None
        self._when: When | None = None
        self._requests = 0
        self._watched: tuple[When, threading.Event] | None = None

    def watch(self, when: When) -> threading.Event:
        """An event that is set as soon as `when` says so of a request."""
        seen = threading.Event()
        self._watched = (when, seen)
        return seen

    def aim(self, pid: int, when: When) -> None:
        """Kill `pid` as soon as `when` says so."""
        self._requests, self._when, self._victim = 0, when, pid

    def spare(self) -> None:
        """The process has ended: kill nobody."""
        self._victim = None

    def write(self, entry: dict[str, Any]) -> None:
        super().write(entry)
        self._requests += 1
        if self._watched is not None and self._watched[0](self._requests, entry):
            self._watched[1].set()
        if self._victim is not None and self._when is not None and self._when(self._requests, entry):
            os.kill(self._victim, signal.SIGKILL)
            self._victim = None


class Crashes:
    """One roll-out over `site_rows`, launched and killed again and again. A context manager that owns the tenant."""

    def __init__(
        self, base: Path, *, list_lag: float = 0.3, latency_ms: float = 2, command: Sequence[str] = COMMAND
    ) -> None:
        self.command = command
        self.folder = base / "out"
        self.base = base
        self.dagster_home = dagster_home(base)
        self.csv = write_csv(base / "site.csv", site_rows())
        lay_prompt(base)
        self.list_lag = list_lag
        self._clock = _LongAgo()
        self.server = SandboxServer(
            SandboxConfig(
                seed_csv=write_csv(base / "directory.csv", directory_rows()),
                latency_ms=latency_ms,
                faults=Faults(quirks=Quirks(list_lag_seconds=list_lag)),
            ),
            clock=self._clock,
        )
        self._clock.ago = timedelta()
        self.log_path = base / "requests.jsonl"
        self.log = DeadlyLog(self.log_path)
        self.server.sandbox.log = self.log
        self.names = {
            person_id: str(person["displayName"])
            for person_id, person in self.server.tenant.table("people").rows.items()
        }
        self.kills = 0

    def __enter__(self) -> "Crashes":
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__(None, None, None)

    @property
    def environment(self) -> dict[str, str]:
        """What the process is told: short waits, a lag of lists a little longer than the tenant's."""
        told = {
            "WEBEX_BASE_URL": self.server.base_url,
            "ENVIRONMENT": "lab",
            "WEBEX_PROVISION_STATE_DIR": str(self.base / "state"),
            "DAGSTER_HOME": str(self.dagster_home),
            "BATCH_SIZE": "20",
            "MAX_IN_FLIGHT": "3",
            "REQUESTS_PER_SECOND": "1000",
            "MAX_REQUESTS_PER_SECOND": "10000",
            "BACKOFF_BASE_SECONDS": "0.01",
            "BACKOFF_MAX_SECONDS": "0.05",
            "LIST_LAG_SECONDS": str(self.list_lag + 0.1),
            "CHECKPOINT_INTERVAL_SECONDS": "0.05",
        }
        return os.environ | told

    def start(
        self, verb: str, point: str = "", *, folder: Path | None = None, token: str = TOKEN
    ) -> "subprocess.Popen[str]":
        """Launch a run; `run` names the CSV, every other verb goes on with the folder."""
        arguments = [str(self.csv)] if verb == "run" else []
        return subprocess.Popen(
            [*self.command, verb, *arguments, "--output-dir", str(folder or self.folder)],
            env=self.environment | {kill_points.VARIABLE: point, "WEBEX_TOKEN": token},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def launch(self, verb: str = "run", *, when: When | None = None, point: str = "", after: float = 0) -> bool:
        """Runs until it ends (True) or is killed (False): by `when`, at `point`, or some seconds after its first call.

        Any other end is an AssertionError with what the process said.
        """
        process = self.start(verb, point)
        timer: threading.Timer | None = None
        if after:
            timer = threading.Timer(after, process.kill)
            when = _starts(timer)
        if when is not None:
            self.log.aim(process.pid, when)
        try:
            _, said = process.communicate(timeout=RUN_SECONDS)
        finally:
            self.log.spare()
            if timer is not None:
                timer.cancel()
            process.kill()
        assert process.returncode in {0, KILLED}, f"{verb} ended with {process.returncode}: {said}"
        self.kills += process.returncode == KILLED
        if process.returncode == KILLED and (self.folder / "results.csv").exists():
            self.check(complete=False)
        return process.returncode == 0

    def hold(self, method: str, path: str, nth: int = 1) -> None:
        """The tenant will neither carry out nor answer the nth such request from now on."""
        rule = FaultRule(name="held", method=method, path=path, first=nth, last=nth, effect=Effect.TIMEOUT, seconds=60)
        quirks = self.server.sandbox.faults.quirks
        self.server.sandbox.set_faults(Faults(quirks=quirks, rules=[rule]))

    def nothing_fails(self) -> None:
        """The tenant behaves from now on."""
        self.server.sandbox.set_faults(Faults(quirks=self.server.sandbox.faults.quirks))

    def finish(self) -> None:
        """Goes on until every row has its state, undisturbed."""
        assert self.launch("run"), "an undisturbed run was killed"
        assert self.state.startswith("COMPLETED")

    def synchronise(self) -> None:
        """The directory has brought the users who were missing, an hour ago."""
        self._clock.ago = AN_HOUR
        for name in LATE:
            person = self.server.tenant.add_person(f"{name}@example.com")
            self.names[person["id"]] = person["displayName"]
        self._clock.ago = timedelta()

    def check(self, *, complete: bool = True) -> None:
        """All promises hold: in the folder, in what the tenant was asked, in what it now holds."""
        checker.check(
            self.folder,
            self.log_path,
            token=TOKEN,
            names=self.names,
            state=self.tenant_state,
            complete=complete,
        )

    @property
    def tenant_state(self) -> dict[str, Any]:
        """What the tenant holds, without times and order."""
        state: dict[str, Any] = self.server.tenant.normalised()
        return state

    @property
    def state(self) -> str:
        """How the last run that ended says it ended."""
        return str(json.loads((self.folder / "run_summary.json").read_text())["state"])

    def last_states(self) -> dict[str, tuple[str, str]]:
        """Status and reason of every row's last attempt, by row."""
        lines = checker.read_records(self.folder / "results.csv")
        return {record["row_id"]: (record["status"], record["reason_code"]) for _, record in lines}

    def attempts(self) -> dict[str, int]:
        """The last attempt of every row."""
        lines = checker.read_records(self.folder / "results.csv")
        return {record["row_id"]: int(record["attempt"]) for _, record in lines}

    def creates(self) -> int:
        """POSTs that the tenant has carried out."""
        return sum(entry["method"] == "POST" and entry["applied"] for entry in self.log.entries)


def _starts(timer: threading.Timer) -> When:
    """Never kills; starts the timer at the process's first request."""

    def when(requests: int, _: Entry) -> bool:
        if requests == 1:
            timer.start()
        return False

    return when


def at_request(number: int) -> When:
    """When the process has sent so many requests; the last one was carried out and is not answered."""
    return lambda requests, _: requests >= number


def at_write(number: int, method: str = "POST|PUT|PATCH|DELETE", path: str = "") -> When:
    """When so many requests of this kind were carried out; the last one is not answered."""
    left = [number]
    methods = method.split("|")

    def when(_: int, entry: Entry) -> bool:
        if entry["applied"] and entry["method"] in methods and str(entry["path"]).endswith(path):
            left[0] -= 1
        return left[0] <= 0

    return when


def at_held(_: int, entry: Entry) -> bool:
    """When the tenant holds a request back: it is sent, and never carried out."""
    return bool(entry["fault"] == "held")
