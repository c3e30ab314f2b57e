"""Six sites at once on a deployment of separate processes, one worker killed in the middle: nothing is lost or doubled.

Two code servers share an inbox and two tokens; each token's runs wait for each other.
"""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from webex_provision.assets.home import POSTGRES_VARIABLE
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision.sandbox.limiter import Limits
from webex_provision_tests import checker
from webex_provision_tests.distributed.topology import History, Topology, until, worker_of
from webex_provision_tests.postgres_server import PASSWORD, PostgresServer
from webex_provision_tests.rehearsal import LOCATION, hunt_group, read_csv, user, write_csv
from webex_provision_tests.tenant_checks import (
    check_creates,
    check_people,
    check_phase_order,
    check_unique,
    key_of,
    path_of,
)

pytestmark = pytest.mark.timeout(900)  # a minute or so on an idle machine; the processes are many

SITES = ("bilbao", "cadiz", "girona", "lugo", "murcia", "soria")
PEOPLE = 6
TOKENS = ("token-of-one-administrator", "token-of-another-administrator")
# Of each endpoint family and user: what a run may send, and what the tenant lets pass. Two runs on one token, each at
# the pace that it may have, would be too many at once.
PACE, LIMIT, BURST = 6, 8, 8
TENANT = "webex_provision/tenant"
DONE_SECONDS = 400


def rows_of(name: str) -> list[dict[str, str]]:
    here = {"location_key": name}
    people = [user(f"{name}{number}", str(2001 + number), **here) for number in range(PEOPLE)]
    agents = "|".join(row["email"] for row in people[:3])
    site = LOCATION | here | {"location_name": f"Sede {name}"}
    return [site, *people, hunt_group(f"Ventas {name}", "2900", hunt_agents=agents, **here)]


@dataclass
class Story:
    """What has happened, for the tests to look at."""

    topology: Topology
    server: SandboxServer
    history: History
    killed: dg.DagsterRun

    def folder(self, name: str) -> Path:
        (found,) = self.topology.out.glob(f"{name}-*")
        return found


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[Story]:
    base = tmp_path_factory.mktemp("deployment")
    everything = write_csv(base / "everything.csv", [row for name in SITES for row in rows_of(name)])
    variables = {
        POSTGRES_VARIABLE: postgres.database("deployment"),
        "WEBEX_TOKEN": TOKENS[0],
        "WEBEX_TOKENS": TOKENS[1],
        "ENVIRONMENT": "lab",
        "REQUESTS_PER_SECOND": str(PACE),
        "MAX_REQUESTS_PER_SECOND": str(PACE),
        "LIST_LAG_SECONDS": "0.5",
        "RUNS_SIDE_BY_SIDE": "2",
    }
    code_servers = {"north": {"INBOX_SHARE": "1/2"}, "south": {"INBOX_SHARE": "2/2"}}
    environment = dict(os.environ)
    with SandboxServer(SandboxConfig(seed_csv=everything, latency_ms=5)) as server:
        limits = Limits(
            family=60 * LIMIT, people=60 * LIMIT, burst=BURST, organisation=60_000, in_flight=40, write_cost=1
        )
        server.sandbox.limiter.retune(limits)
        with Topology(base, code_servers, variables | {"WEBEX_BASE_URL": server.base_url}) as topology:
            try:
                yield _played(topology, server)
            finally:
                os.environ.clear()
                os.environ.update(environment)


def _played(topology: Topology, server: SandboxServer) -> Story:
    for name in SITES:
        write_csv(topology.inbox / f"{name}.csv", rows_of(name))
    topology.starts_inbox()
    history = History(topology)
    killed = until(DONE_SECONDS, "a run in the middle of its rows", lambda: _in_the_middle(history, topology))
    pid = worker_of(killed)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    # It goes on with a token that is free; runs of other sites wait for nothing.
    (folder,) = topology.out.glob(f"{site_of(killed)}-*")
    done = topology.types("resume", "--output-dir", str(folder), "--token-slot", "any")
    assert done.returncode == 0, done.stdout + done.stderr
    until(DONE_SECONDS, "the end of all runs", lambda: _all_ended(history))
    return Story(topology, server, history, killed)


def _in_the_middle(history: History, topology: Topology) -> dg.DagsterRun | None:
    for run in history.launches():
        for folder in topology.out.glob(f"{site_of(run)}-*"):
            results = RollOutFolder(folder).results
            if run.status is dg.DagsterRunStatus.STARTED and results.exists() and len(read_csv(results)) >= 3:
                return run
    return None


def _all_ended(history: History) -> bool | None:
    launches = history.launches()
    return True if len(launches) > len(SITES) and all(run.is_finished for run in launches) else None


def site_of(run: dg.DagsterRun) -> str:
    return Path(run.tags.get("webex_provision/input_file", "")).stem


def test_every_row_of_every_file_is_done_once(story: Story) -> None:
    for name in SITES:
        latest = {row["row_id"]: row for row in read_csv(RollOutFolder(story.folder(name)).results)}
        assert Counter(row["status"] for row in latest.values()) == {"success": PEOPLE + 2}
        checker.FolderCheck(story.folder(name), complete=True).all(TOKENS[0])
        checker.FolderCheck(story.folder(name), complete=True).private(TOKENS[1])


def test_the_tenant_saw_no_duplicate_and_on_each_token_one_run_at_a_time(story: Story) -> None:
    log = list(story.server.log.entries)
    made = [(path_of(entry), key_of(entry)) for entry in log if entry["created"] and entry["applied"]]
    assert len(made) == len(set(made))
    assert len([path for path, _ in made if path == "/locations"]) == len(SITES)
    check_people(log, {})
    check_unique(story.server.tenant.normalised())
    tokens = {entry["token"] for entry in log}
    assert len(tokens) == len(TOKENS)
    for token in tokens:
        mine = [entry for entry in log if entry["token"] == token]
        check_creates(mine)
        check_phase_order(mine)


def test_the_limit_of_no_token_was_ever_exceeded(story: Story) -> None:
    assert story.server.sandbox.limiter.refused == 0
    assert not [entry for entry in story.server.log.entries if entry["status"] == 429]


def test_both_code_servers_and_both_tokens_had_their_share(story: Story) -> None:
    runs = [run for run in story.history.launches() if site_of(run)]
    where = {run.remote_job_origin.location_name for run in runs if run.remote_job_origin}
    assert where == {"north", "south"}
    assert Counter(run.tags[TENANT].rpartition("#")[2] for run in runs) == {"1": 3, "2": 3}


def test_the_history_in_postgresql_is_complete(story: Story) -> None:
    assert story.history.observed("started") == [f"{name}.csv" for name in SITES]
    runs = [run for run in story.history.launches() if site_of(run)]
    assert sorted(site_of(run) for run in runs) == list(SITES), "each file was started once"
    states = {site_of(run): run.status for run in runs}
    assert states.pop(site_of(story.killed)) is dg.DagsterRunStatus.FAILURE
    assert set(states.values()) == {dg.DagsterRunStatus.SUCCESS}
    keys = set(story.history.instance.get_dynamic_partitions("batch"))
    for phase in ("phase_1_routing", "phase_2_users", "phase_3_services"):
        done = story.history.instance.get_materialized_partitions(dg.AssetKey(phase))
        assert done == keys
    assert len(keys) == len(SITES)


def test_the_password_of_the_database_is_in_no_file(story: Story) -> None:
    files = [path for path in story.topology.base.rglob("*") if path.is_file()]
    assert len(files) > len(SITES)
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []
