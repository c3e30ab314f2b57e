"""Runs over machines: one folder, one PostgreSQL; whoever loses its locks stops, and nobody's work is done twice."""

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from webex_provision.ledger import lock_server
from webex_provision.ledger.lock_server import URL_VARIABLE
from webex_provision.ledger.locks import STATE_DIR_VARIABLE
from webex_provision.ledger.machines import HOST_VARIABLE
from webex_provision.sandbox import FaultRule, Faults, SandboxServer
from webex_provision.sandbox.faults import Effect
from webex_provision.vocabulary import ExitCode, RunState
from webex_provision_tests.crash.harness import RUN_SECONDS, DeadlyLog, at_held
from webex_provision_tests.engine.test_slots import Office
from webex_provision_tests.postgres_server import PostgresServer
from webex_provision_tests.rehearsal import LOCATION, Rehearsal, write_csv

ROWS = [LOCATION | {"location_key": f"S{number}", "location_name": f"Site {number}"} for number in range(7)]
OURS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'webex-provision %%'"


class Site(Rehearsal):
    """A rehearsal over PostgreSQL; its fourth location is never answered, and `meanwhile` happens then."""

    log: DeadlyLog

    def loses(self, meanwhile: Callable[[], object]) -> RunState:
        held = FaultRule(method="POST", path="^/locations$", first=4, last=4, effect=Effect.TIMEOUT, seconds=60)
        held.name = "held"
        self.server.sandbox.set_faults(Faults(rules=[held]))
        seen = self.log.watch(at_held)
        thread = threading.Thread(target=lambda: seen.wait(RUN_SECONDS) and meanwhile())
        thread.start()
        state = self.run(request_timeout_seconds=60, max_in_flight=1, stop_grace_seconds=0.2)
        thread.join(RUN_SECONDS)
        self.server.sandbox.set_faults(Faults())
        return state


@pytest.fixture(scope="module")
def whole_database(postgres: PostgresServer) -> str:
    return postgres.database("runs_over_machines")


@pytest.fixture
def database(whole_database: str, postgres: PostgresServer) -> str:
    postgres.sql("DROP TABLE IF EXISTS webex_provision_locks", database="runs_over_machines")
    return whole_database


@pytest.fixture
def site(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(lock_server, "CHECK_SECONDS", 0.05)
    monkeypatch.setenv(URL_VARIABLE, database)
    monkeypatch.setenv(STATE_DIR_VARIABLE, str(tmp_path / "state"))
    with SandboxServer() as server:
        site = Site(server, tmp_path / "out", write_csv(tmp_path / "site.csv", ROWS))
        site.log = DeadlyLog(tmp_path / "requests.jsonl")
        server.sandbox.log = site.log
        yield site


def test_a_run_whose_locks_are_lost_stops_cleanly_and_the_resume_does_nothing_twice(
    site: Site, postgres: PostgresServer
) -> None:
    assert site.loses(lambda: postgres.sql(OURS)) is RunState.STOPPED_LOCKS_LOST
    assert RunState.STOPPED_LOCKS_LOST.exit_code is ExitCode.STOPPED
    assert "DAGSTER_POSTGRES_URL has let go: server closed the connection" in site.summary["message"]
    assert len(site.results) <= 3, "a row was begun after the loss"
    assert site.run() is RunState.COMPLETED
    assert len(site.server.tenant.table("locations").rows) == 7
    assert len({record["row_id"] for record in site.results}) == len(site.results) == 7


def test_a_run_that_comes_to_itself_when_another_has_its_folder_writes_no_more_there(
    site: Site, postgres: PostgresServer
) -> None:
    def another_takes_over() -> None:
        note = site.folder / ".lock-holder.json"
        note.write_text(note.read_text().replace('"host":"', '"host":"not-'))
        postgres.sql(OURS)

    assert site.loses(another_takes_over) is RunState.STOPPED_LOCKS_LOST
    assert not (site.folder / "run_summary.json").exists()
    assert site.checkpoint["state"] is None
    assert (site.folder / ".lock-holder.json").exists(), "the other's note is the other's"


def test_a_killed_run_is_gone_on_with_on_another_machine(
    tmp_path: Path, database: str, postgres: PostgresServer
) -> None:
    """The folder is shared, nothing else is: not the host's name, not its state, not its processes."""
    with SandboxServer() as server:
        office = Office(tmp_path, server)

        def on(host: str) -> dict[str, str]:
            return {HOST_VARIABLE: host, STATE_DIR_VARIABLE: str(tmp_path / host), URL_VARIABLE: database}

        held = office.log.watch(at_held)
        first = office.starts("shared", ROWS, "", **on("office-a"))
        try:
            assert held.wait(RUN_SECONDS)
            code, said = office.ends(office.starts("shared", ROWS, "", **on("office-b")))
            assert (code, f"process {first.pid} of" in said, "on office-a" in said) == (ExitCode.LOCKED, True, True)
        finally:
            first.send_signal(signal.SIGKILL)
            first.communicate(timeout=RUN_SECONDS)
        # Whoever follows would wait as long as the killed one may have lived on; this test knows better.
        postgres.sql("UPDATE webex_provision_locks SET quits = 0.1", database="runs_over_machines")
        assert office.ends(office.starts("shared", ROWS, "", **on("office-b")))[0] == ExitCode.OK
        assert [office.named(row["location_name"]) for row in ROWS] == [1] * 7
