"""A deployment on this machine: PostgreSQL, webserver, daemon and code servers, each a process of its own.

Only the database and two folders are shared, the inbox and the outputs: every process has a DAGSTER_HOME and a folder
of locks of its own, as on machines of its own.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

import dagster as dg
import httpx

from webex_provision.assets.dead_runs import PROCESS_TAG
from webex_provision.assets.home import POSTGRES_VARIABLE, dagster_home
from webex_provision.ledger.locks import STATE_DIR_VARIABLE

MODULE = "webex_provision.definitions"
START_SENSOR = """mutation($selector: SensorSelector!) { startSensor(sensorSelector: $selector) {
  __typename ... on PythonError { message } } }"""
_POLL_SECONDS = 0.2
_START_SECONDS = 120
_STOP_SECONDS = 3
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(seconds: float, what: str, found: Callable[[], T | None]) -> T:
    """Ask again and again until something is found; fails, naming what was waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (value := found()) is not None:
            return value
        time.sleep(_POLL_SECONDS)
    raise AssertionError(f"after {seconds:g} s still waiting for {what}")


class Topology:
    """`with Topology(...) as site:` has all processes running; ends them, and nothing else, at the end."""

    def __init__(self, base: Path, code_servers: Mapping[str, Mapping[str, str]], env: Mapping[str, str]) -> None:
        """`code_servers`: the variables of each by the name of its code location; `env`: those of all processes."""
        self.base = base
        self.inbox, self.out = base / "inbox", base / "out"
        self.inbox.mkdir(parents=True)
        self.env = {"INBOX_DIR": str(self.inbox), "OUTPUT_DIR": str(self.out), **env}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._code_servers = code_servers
        self._ports = {name: free_port() for name in (*code_servers, "webserver")}
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.callback(self._end)
            for name, variables in self._code_servers.items():
                served = ["-h", "127.0.0.1", "-p", str(self._ports[name]), "--location-name", name]
                self._start(name, "dagster", ["api", "grpc", "-m", MODULE, *served], variables)
            for name in self._code_servers:
                self._wait_for(name)
            servers = [
                {"grpc_server": {"host": "127.0.0.1", "port": self._ports[name], "location_name": name}}
                for name in self._code_servers
            ]
            workspace = self.base / "workspace.yaml"
            workspace.write_text(json.dumps({"load_from": servers}))
            self._start("daemon", "dagster._daemon", ["run", "-w", str(workspace)])
            served = ["-h", "127.0.0.1", "-p", str(self._ports["webserver"])]
            self._start("webserver", "dagster_webserver", [*served, "-w", str(workspace)])
            self._wait_for("webserver")
            self._closing = starting.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.close()

    def home_of(self, name: str) -> Path:
        return dagster_home(self.base / name)

    def asks(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The webserver's answer to a GraphQL query."""
        url = f"http://127.0.0.1:{self._ports['webserver']}/graphql"
        reply = httpx.post(url, json={"query": query, "variables": variables}, trust_env=False, timeout=60).json()
        assert "errors" not in reply, reply
        data: dict[str, Any] = reply["data"]
        return data

    def starts_inbox(self) -> None:
        """Switch the sensor `inbox` of every code server on, as in the UI."""
        for name in self._code_servers:
            where = {"repositoryLocationName": name, "repositoryName": "__repository__", "sensorName": "inbox"}
            told = self.asks(START_SENSOR, {"selector": where})["startSensor"]
            assert told["__typename"] == "Sensor", told

    def types(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of an operator, on a machine of their own."""
        command = [sys.executable, "-m", "webex_provision.cli", *arguments]
        variables = self._variables("operator", {"LOCK_WAIT_SECONDS": "60"})
        return subprocess.run(command, env=variables, cwd=self.base, capture_output=True, text=True, check=False)

    def _variables(self, name: str, more: Mapping[str, str]) -> dict[str, str]:
        own = {"DAGSTER_HOME": str(self.home_of(name)), STATE_DIR_VARIABLE: str(self.base / name / "state")}
        return {**os.environ, **self.env, **own, **more}

    def _start(self, name: str, module: str, arguments: Sequence[str], more: Mapping[str, str] | None = None) -> None:
        with (self.base / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=self._variables(name, more or {}),
                cwd=self.base,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # its workers belong to it
            )

    def _wait_for(self, name: str) -> None:
        def listens() -> bool | None:
            assert self.processes[name].poll() is None, (self.base / f"{name}.log").read_text()
            with socket.socket() as probe:
                return True if probe.connect_ex(("127.0.0.1", self._ports[name])) == 0 else None

        until(_START_SECONDS, f"the port of {name}", listens)

    def _end(self) -> None:
        """Every process, asked first and then made to; workers go with the session of their code server."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


class History:
    """What PostgreSQL knows, read with a DAGSTER_HOME that has seen none of it."""

    def __init__(self, topology: Topology) -> None:
        os.environ[POSTGRES_VARIABLE] = topology.env[POSTGRES_VARIABLE]
        self.instance = dg.DagsterInstance.from_config(str(topology.home_of("reader")))

    def launches(self, **tags: str) -> list[dg.DagsterRun]:
        """The runs of `provision`, oldest first."""
        found = self.instance.get_runs(filters=dg.RunsFilter(job_name="provision", tags=tags))
        return list(reversed(found))

    def observed(self, outcome: str) -> list[str]:
        """The files of which the inbox has told this."""
        records = self.instance.fetch_observations(dg.AssetKey("inbox"), limit=100).records
        told = [record.event_log_entry.asset_observation for record in records]
        facts = [{name: value.value for name, value in seen.metadata.items()} for seen in told if seen is not None]
        return sorted(str(seen["file"]) for seen in facts if seen["outcome"] == outcome)


def worker_of(run: dg.DagsterRun) -> int | None:
    """The process that executes a run of this machine."""
    pid = run.tags.get(PROCESS_TAG, "").rpartition(":")[2]
    return int(pid) if pid else None
