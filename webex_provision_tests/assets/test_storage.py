"""One variable puts Dagster's history into PostgreSQL; what can be wrong with it is told without its password."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster_postgres import PostgresRunStorage

from webex_provision.actions.row import Row
from webex_provision.assets.home import POSTGRES_VARIABLE, StorageDown, UnusableStorage, dagster_home
from webex_provision.assets.registry import find
from webex_provision.assets.storage import ChosenStorage
from webex_provision.engine.observer import Observer
from webex_provision.ledger.states import RowOutcome
from webex_provision.vocabulary import ExitCode, RunState
from webex_provision_tests.assets.site import Site, site_in
from webex_provision_tests.postgres_server import PASSWORD, PostgresServer

NOBODY = "postgresql://who:s3cret@127.0.0.1:1/runs"  # nothing listens on port 1


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_in(tmp_path) as site:
        yield site


def opened(home: Path) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_config(str(home))


def test_without_the_variable_the_history_is_in_sqlite_below_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(POSTGRES_VARIABLE, " ")
    with opened(dagster_home(tmp_path)) as instance:
        assert isinstance(instance.run_storage, SqliteRunStorage)
    assert list((tmp_path / ".dagster").rglob("*.db"))


def test_a_dagster_yaml_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of one would pass for somebody's choice, for whoever starts just then and for ever after a kill."""
    write = Path.write_text

    def dies_in_the_middle(path: Path, text: str, **how: Any) -> None:
        write(path, text[: len(text) // 2], **how)
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(Path, "write_text", dies_in_the_middle)
        with pytest.raises(KeyboardInterrupt):
            dagster_home(tmp_path)
    home = dagster_home(tmp_path)
    assert "run_queue" in yaml.safe_load((home / "dagster.yaml").read_text(encoding="utf-8"))


def test_two_processes_never_make_the_tables_of_a_new_history_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster has no guard of its own: what they leave is refused by every later command."""
    monkeypatch.delenv(POSTGRES_VARIABLE, raising=False)
    real, both = DagsterSqliteStorage.from_local, threading.Barrier(2)
    met = []

    def from_local(*given: Any) -> DagsterSqliteStorage:
        with suppress(threading.BrokenBarrierError):
            met.append(both.wait(0.3))
        return real(*given)

    monkeypatch.setattr(DagsterSqliteStorage, "from_local", from_local)
    with ThreadPoolExecutor(2) as pool:
        for storage in pool.map(lambda _: ChosenStorage.from_config_value(None, {"base_dir": str(tmp_path)}), "12"):
            storage.dispose()
    assert met == []


def test_with_it_every_machine_sees_the_runs_and_finds_the_roll_out(
    site: Site, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(POSTGRES_VARIABLE, postgres.database("history"))
    launched = site.launch()
    assert launched.state is RunState.COMPLETED_WITH_PENDING
    assert launched.summary is not None
    with opened(dagster_home(site.base / "another_machine")) as instance:
        assert isinstance(instance.run_storage, PostgresRunStorage)
        assert {run.run_id for run in instance.get_runs()} == set(launched.run_ids)
        assert find(instance, launched.summary["input_id"]).folder == launched.folder
        assert PASSWORD not in instance.info_str()
    files = [path for path in site.base.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix == ".db"]
    assert not [path for path in files if PASSWORD.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    "url",
    [
        "s3cret",
        "mysql://who:s3cret@127.0.0.1/runs",
        "postgres://who:s3cret@127.0.0.1/runs",
        "postgresql://who:s3cret@127.0.0.1",
        "postgresql://who:s3cret@127.0.0.1:port/runs",
        "postgresql://who:top@s3cret@127.0.0.1/runs",
    ],
)
def test_what_is_no_url_of_a_database_is_refused_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv(POSTGRES_VARIABLE, url)
    with pytest.raises(UnusableStorage, match="postgresql://user:password@host:5432/database") as refused:
        opened(dagster_home(tmp_path))
    assert refused.value.exit_code is ExitCode.USAGE
    assert "s3cret" not in str(refused.value)


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(POSTGRES_VARIABLE, NOBODY)
    monkeypatch.setitem(sys.modules, "dagster_postgres", None)
    with pytest.raises(UnusableStorage, match=r"dagster_postgres is not installed: pip install .*\[postgres\]") as told:
        opened(dagster_home(tmp_path))
    assert told.value.exit_code is ExitCode.USAGE


def test_a_home_that_keeps_to_sqlite_is_told_before_the_first_row(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (site.home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv(POSTGRES_VARIABLE, NOBODY)
    with pytest.raises(UnusableStorage, match="keeps the history in SQLite: move that file away"):
        site.launch()
    assert site.writes() == []


def test_a_server_that_refuses_is_named_with_its_own_words(
    tmp_path: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(POSTGRES_VARIABLE, postgres.url.replace(PASSWORD, "s3cret"))
    with pytest.raises(StorageDown, match=f"127.0.0.1:{postgres.port}/postgres .*password authentication") as down:
        opened(dagster_home(tmp_path))
    assert down.value.exit_code is ExitCode.PREFLIGHT
    assert "s3cret" not in str(down.value)


@pytest.mark.parametrize(
    "command",
    [["dagster", "instance", "info"], ["webex_provision.cli", "demo"]],
    ids=["dagster", "webex-provision"],
)
def test_a_server_that_is_down_is_one_line_and_an_exit_code(site: Site, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=site.base,
        env={**os.environ, POSTGRES_VARIABLE: NOBODY},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ExitCode.PREFLIGHT
    assert "the PostgreSQL database 127.0.0.1:1/runs of DAGSTER_POSTGRES_URL cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr + done.stdout


class _Stops(Observer):
    """Stops the server after the second row."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._rows = 0

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        self._rows += 1
        if self._rows == 2:
            self._server.stop()


def test_a_server_that_stops_in_mid_run_loses_no_row(
    site: Site, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagster_postgres.utils.calculate_delay", lambda **_: 0)  # of each of many attempts to connect
    with PostgresServer(postgres.binaries) as own:
        monkeypatch.setenv(POSTGRES_VARIABLE, own.url)
        with pytest.raises(StorageDown, match=r"no longer answers: .* No row is lost.*webex-provision resume"):
            site.launch(observer=_Stops(own))
        own.start()
        (folder,) = [path for path in site.out.iterdir() if path.is_dir()]
        resumed = site.launch(folder=folder)
    assert (resumed.state, resumed.exit_code) == (RunState.COMPLETED_WITH_PENDING, ExitCode.OK)
    creates = [path for path in site.writes() if path.endswith("/locations")]
    assert len(creates) == len(set(creates))
