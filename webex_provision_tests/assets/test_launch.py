"""The command line's launch: one call, and Dagster's history tells the same as the ledger."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.tags import TagType, get_tag_type

from webex_provision.actions.row import Row
from webex_provision.assets.dead_runs import BEGAN_TAG
from webex_provision.assets.jobs import REPOSITORY, REPOSITORY_TAG
from webex_provision.assets.launcher import Launched
from webex_provision.assets.resume_dead_runs import RECORDED_TAG
from webex_provision.assets.sensors import BYTES_TAG
from webex_provision.definitions import build_defs
from webex_provision.engine.batch_report import BatchReport
from webex_provision.engine.observer import Observer
from webex_provision.engine.rollout import RollOut
from webex_provision.ledger.states import RowOutcome
from webex_provision.vocabulary import ExitCode, RunState
from webex_provision_tests.assets.site import PHASES, ROWS, TOKEN, USERS, Site, batches_of, site_in
from webex_provision_tests.rehearsal import LOCATION, read_csv, user, write_csv


class Watcher(Observer):
    def __init__(self) -> None:
        self.rows: list[str] = []
        self.batches: list[str] = []

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        self.rows.append(row.row_id)

    def on_batch(self, report: BatchReport) -> None:
        self.batches.append(report.batch.batch_id)


WATCHER = Watcher()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_in(tmp_path_factory.mktemp("launch")) as site:
        yield site


@pytest.fixture(scope="module")
def first(site: Site) -> Launched:
    return site.launch(observer=WATCHER)


@pytest.fixture(scope="module")
def instance(site: Site, first: Launched) -> Iterator[dg.DagsterInstance]:
    assert first.run_ids
    with dg.DagsterInstance.from_config(str(site.home)) as instance:
        yield instance


@pytest.fixture(autouse=True)
def healthy(site: Site) -> None:
    site.faults()


def folder_of(launched: Launched) -> Path:
    assert launched.folder is not None
    return launched.folder


def check_results(instance: dg.DagsterInstance, run_id: str) -> dict[str, tuple[bool, str]]:
    logs = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [entry.get_dagster_event().asset_check_evaluation_data for entry in logs]
    return {check.check_name: (check.passed, check.description or "") for check in found}


def test_one_call_brings_every_row_to_its_state(first: Launched) -> None:
    assert (first.state, first.exit_code) == (RunState.COMPLETED_WITH_PENDING, ExitCode.OK)
    assert first.summary is not None
    counts = first.summary["counts"]
    assert counts["success"] == len(ROWS) - 1
    assert counts["pending_by_reason"] == {"user_not_found": 1}
    assert first.summary["run_id"] == first.run_ids[-1]


def test_the_launcher_is_told_of_every_row_and_batch(first: Launched) -> None:
    assert first.state
    assert len(WATCHER.rows) == len(ROWS)
    assert WATCHER.batches == ["p1-b0001", "p2-b0001", "p2-b0002", "p2-b0003", "p3-b0001"]


def test_the_history_shows_every_run_under_its_job(first: Launched, instance: dg.DagsterInstance) -> None:
    runs = [instance.get_run_by_id(run_id) for run_id in first.run_ids]
    assert [run.job_name for run in runs if run] == ["provision", "intake", "provision_batches"]
    for run in runs:
        assert run is not None
        assert run.is_success
        assert run.tags[REPOSITORY_TAG] == REPOSITORY


def test_the_list_of_runs_shows_only_tags_that_tell_people_something(
    first: Launched, instance: dg.DagsterInstance
) -> None:
    runs = [instance.get_run_by_id(run_id) for run_id in first.run_ids]
    shown = {tag for run in runs if run for tag in run.tags if get_tag_type(tag) is not TagType.HIDDEN}
    ours = {tag.removeprefix("webex_provision/") for tag in shown if not tag.startswith("dagster/")}
    assert ours == {"roll_out", "input_hash", "state", "tenant", "launched_by", "process"}
    assert {get_tag_type(tag) for tag in (BEGAN_TAG, BYTES_TAG, RECORDED_TAG)} == {TagType.HIDDEN}


def test_each_batch_carries_its_own_numbers_once_observed_and_once_materialised(
    first: Launched, instance: dg.DagsterInstance
) -> None:
    users = batches_of(instance, "phase_2_users", first.run_ids[-1])
    assert [(batch["rows"], batch["success"], batch["pending"]) for batch in users.values()] == [
        (2, 2, 0),
        (2, 2, 0),
        (2, 1, 1),
    ]
    assert users["0003"]["top_reasons"] == "user_not_found 1"
    assert users["0001"]["calls"] > 0
    observed = instance.fetch_observations(dg.AssetKey("phase_2_users"), limit=10, ascending=True).records
    told = [entry.event_log_entry.asset_observation for entry in observed if entry.run_id == first.run_ids[-1]]
    assert {str(seen.partition)[-4:]: {k: v.value for k, v in seen.metadata.items()} for seen in told if seen} == users


def test_a_phase_with_fewer_rows_materialises_its_other_batches_as_empty(
    first: Launched, instance: dg.DagsterInstance
) -> None:
    routing = batches_of(instance, "phase_1_routing", first.run_ids[-1])
    assert routing["0001"]["rows"] == 1
    assert routing["0002"] == routing["0003"] == {"rows": 0}


def test_all_promises_are_checked_and_kept(first: Launched, instance: dg.DagsterInstance) -> None:
    results = check_results(instance, first.run_ids[-1])
    assert {name: passed for name, (passed, _) in results.items()} == {
        "every_row_terminal": True,
        "no_key_created_twice": True,
        "pending_below_threshold": False,  # one of eight rows, more than a tenth: a warning
        "checkpoint_equals_ledger": True,
    }


def test_the_token_is_nowhere(site: Site, first: Launched) -> None:
    assert first.state
    for path in site.base.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path
    assert TOKEN not in repr(first)


def test_launching_again_sends_no_write_and_each_batch_still_stands_as_it_does(
    site: Site, first: Launched, instance: dg.DagsterInstance
) -> None:
    before = len(site.writes())
    again = site.launch()
    assert (again.state, again.folder) == (first.state, first.folder)
    assert len(site.writes()) == before
    batch = batches_of(instance, "phase_2_users", again.run_ids[-1])["0003"]
    assert (batch["success"], batch["pending"], batch["executed"], batch["skipped"]) == (1, 1, 0, 2)


def test_pending_rows_are_retried_by_reason_once_the_directory_has_synchronised(site: Site, first: Launched) -> None:
    site.server.tenant.add_person("absent@example.com")
    retried = site.retry(folder_of(first), "user_not_found")
    assert (retried.state, retried.exit_code) == (RunState.COMPLETED, ExitCode.OK)
    assert retried.summary is not None
    assert retried.summary["counts"]["processed"] == 1


def test_a_checkpoint_that_says_something_else_than_the_ledger_fails_its_check(
    site: Site, first: Launched, instance: dg.DagsterInstance
) -> None:
    path = folder_of(first) / "checkpoint.json"
    kept = path.read_bytes()
    path.write_text(json.dumps(json.loads(kept) | {"commits": 3, "dagster_run_id": "nobody"}))
    try:
        result = (
            build_defs()
            .resolve_job_def("provision_batches")
            .execute_in_process(instance=instance, asset_selection=[dg.AssetKey("run_summary")])
        )
    finally:
        path.write_bytes(kept)
    passed, told = check_results(instance, result.run_id)["checkpoint_equals_ledger"]
    assert not passed
    assert "3 commits" in told
    assert "no run nobody" in told


# What goes wrong comes back as a value


def test_a_failed_preflight_is_told_in_plain_words(site: Site, first: Launched) -> None:
    site.faults({"path": "/people/me", "effect": "status", "status": 401})
    refused = site.launch()
    assert (refused.state, refused.exit_code) == (RunState.FAILED_PREFLIGHT, ExitCode.PREFLIGHT)
    assert "The token is invalid" in refused.message
    assert refused.command == f"webex-provision resume --output-dir {first.folder}"


def test_another_csv_in_the_folder_is_refused_and_nothing_is_touched(site: Site, first: Launched) -> None:
    folder = folder_of(first)
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    other = write_csv(site.base / "other.csv", [LOCATION])
    refused = site.launch(csv=other, folder=folder)
    assert (refused.state, refused.exit_code) == (None, ExitCode.STATE)
    assert "Nothing was touched" in refused.message
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"csv": Path("/nowhere.csv")}, "no such file"),
        ({"folder": Path("/nowhere")}, "holds no roll-out"),
        ({"types": ["teapot"]}, "not an entity type"),
        ({"reasons": ["user_not_found"]}, "retry_pending"),
        ({"phases": [4]}, "known are 1, 2 and 3"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(site: Site, wish: dict[str, Any], told: str) -> None:
    refused = site.launch(**wish)
    assert (refused.state, refused.exit_code) == (None, ExitCode.USAGE)
    assert told in refused.message


def test_a_missing_setting_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEBEX_TOKEN")
    refused = site.launch()
    assert refused.exit_code is ExitCode.USAGE
    assert "WEBEX_TOKEN" in refused.message


def test_a_breaker_ends_the_run_and_the_batches_before_it_are_in_the_history(
    site: Site, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIRCUIT_BREAKER_MIN_ROWS", "2")
    more = write_csv(site.base / "more.csv", [LOCATION, *USERS[:2], *(user(f"n{n}", str(2100 + n)) for n in range(4))])
    for number in range(4):
        site.server.tenant.add_person(f"n{number}@example.com")
    site.faults({"method": "PATCH", "path": "/licenses/users", "effect": "status", "status": 400})
    broken = site.launch(csv=more)
    assert (broken.state, broken.exit_code) == (RunState.ABORTED_BY_BREAKER, ExitCode.SYSTEMIC)
    assert "non_retryable_external" in broken.message
    run_id = broken.run_ids[-1]
    assert list(batches_of(instance, "phase_1_routing", run_id)) == ["0001", "0002", "0003"]
    assert list(batches_of(instance, "phase_2_users", run_id)) == ["0001"], "only the batch that did finish"
    assert not batches_of(instance, "phase_3_services", run_id)
    resumed = site_resumes(site, broken)
    assert (resumed.state, resumed.exit_code) == (RunState.COMPLETED_WITH_PENDING, ExitCode.OK)
    for phase in PHASES:
        assert len(batches_of(instance, phase, resumed.run_ids[-1])) == 3


def site_resumes(site: Site, broken: Launched) -> Launched:
    site.faults()
    return site.launch(folder=folder_of(broken))


def test_one_phase_alone_leaves_the_other_rows_without_a_state(site: Site) -> None:
    some = write_csv(site.base / "some.csv", [LOCATION, *USERS[:1]])
    alone = site.launch(csv=some, phases=[1])
    assert alone.state is RunState.COMPLETED
    assert alone.summary is not None
    assert alone.summary["counts"]["not_reached"] == 1
    assert len(read_csv(folder_of(alone) / "results.csv")) == 1


def test_a_fault_of_this_program_is_a_value_too_and_its_traceback_is_in_the_log(
    site: Site, first: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(f"a bug that knows {TOKEN}")

    monkeypatch.setattr(RollOut, "run_phase", broken)
    failed = site.launch(folder=first.folder)
    assert (failed.state, failed.exit_code) == (RunState.FAILED_SYSTEMIC, ExitCode.UNEXPECTED)
    assert "a fault of this program (RuntimeError)" in failed.message
    assert not any(TOKEN.encode() in path.read_bytes() for path in site.home.rglob("*") if path.is_file())
    last = (folder_of(first) / "run.log").read_text().splitlines()[-2:]
    assert any("Traceback" in line and "RuntimeError" in line for line in last)
    assert not any(TOKEN in line for line in last)
