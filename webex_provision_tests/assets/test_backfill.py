"""What a person launches in the UI: chosen batches of chosen phases, of which Dagster knows only the keys."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from webex_provision.assets.checks import VERIFY_TAG
from webex_provision.assets.failures import Verdict, verdict_in
from webex_provision.assets.registry import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG
from webex_provision.clock import Clock
from webex_provision.definitions import build_defs
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.locks import FolderLock
from webex_provision.vocabulary import ExitCode, RunState
from webex_provision_tests.assets.site import PHASES, Site, batches_of, site_in
from webex_provision_tests.rehearsal import LOCATION, write_csv


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_in(tmp_path_factory.mktemp("backfill")) as site:
        yield site


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def intake(instance: dg.DagsterInstance, csv: Path) -> dict[str, Any]:
    """The job `intake`; returns what it says about the ready rows."""
    config = {"ops": {"intake_rows": {"config": {"csv_path": str(csv)}}}}
    result = build_defs().resolve_job_def("intake").execute_in_process(config, instance=instance)
    materialised = result.asset_materializations_for_node("intake_rows")[0]
    return {name: value.value for name, value in materialised.metadata.items()}


@pytest.fixture(scope="module")
def input_id(site: Site, instance: dg.DagsterInstance) -> str:
    return str(intake(instance, site.csv)["input_id"])


def backfill(
    instance: dg.DagsterInstance,
    first: str,
    last: str,
    phases: Sequence[str] = PHASES,
    more_tags: Mapping[str, str] | None = None,
    **webex: Any,
) -> dg.ExecuteInProcessResult:
    """The run that the UI's backfill of these keys becomes."""
    tags = {PARTITION_TAG: first} if first == last else {RANGE_START_TAG: first, RANGE_END_TAG: last}
    job = build_defs().resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        {"resources": {"webex": {"config": webex}}} if webex else None,
        instance=instance,
        tags=tags | dict(more_tags or {}),
        asset_selection=[dg.AssetKey(name) for name in phases],
        raise_on_error=False,
    )


def verdict(result: dg.ExecuteInProcessResult) -> Verdict:
    found = verdict_in(result.all_events)
    assert found is not None
    assert not result.success
    return found


def test_a_later_batch_before_the_earlier_ones_is_refused_before_any_call(
    site: Site, instance: dg.DagsterInstance, input_id: str
) -> None:
    early = verdict(backfill(instance, f"{input_id}-0002", f"{input_id}-0003", ["phase_2_users"]))
    assert early.state is RunState.FAILED_PREFLIGHT
    assert "not due" in early.message
    assert "webex-provision resume" in early.message
    assert not site.writes()


def test_chosen_batches_run_through_the_phases_and_nothing_else_does(
    instance: dg.DagsterInstance, input_id: str
) -> None:
    result = backfill(instance, f"{input_id}-0001", f"{input_id}-0002", PHASES[:2])
    assert result.success
    assert [batch["rows"] for batch in batches_of(instance, "phase_1_routing").values()] == [1, 0]
    assert [batch["success"] for batch in batches_of(instance, "phase_2_users").values()] == [2, 2]
    assert not batches_of(instance, "phase_3_services")


def test_the_missing_batches_are_run_by_a_backfill_of_what_is_missing(
    instance: dg.DagsterInstance, input_id: str
) -> None:
    assert backfill(instance, f"{input_id}-0003", f"{input_id}-0003", PHASES[1:2]).success
    result = backfill(instance, f"{input_id}-0001", f"{input_id}-0003", [PHASES[2], "run_summary"])
    assert result.success
    summary = result.asset_materializations_for_node("run_summary")[0].metadata
    assert (summary["success"].value, summary["pending"].value, summary["not_reached"].value) == (7, 1, 0)
    checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert checks["checkpoint_equals_ledger"]
    assert checks["every_row_terminal"]
    assert "tenant_as_recorded" not in checks, "it costs calls, so it is made only when a tag asks for it"


def test_a_tag_asks_that_the_tenant_be_read_back(site: Site, instance: dg.DagsterInstance, input_id: str) -> None:
    def verified() -> tuple[bool, int, int]:
        keys, tag = (f"{input_id}-0001", f"{input_id}-0003"), {VERIFY_TAG: "true"}
        result = backfill(instance, *keys, ["run_summary"], more_tags=tag)
        assert result.success
        [check] = [one for one in result.get_asset_check_evaluations() if one.check_name == "tenant_as_recorded"]
        shown = check.metadata["differences"]
        told = len(shown.records) if isinstance(shown, dg.TableMetadataValue) else 0
        return check.passed, int(str(check.metadata["rows"].value)), told

    assert verified() == (True, 7, 0)
    lines = site.server.tenant.lines
    person = site.server.tenant.table("people").find("u5@example.com")
    assert person is not None
    kept = lines.by_owner[person["id"]]
    lines.release(person["id"])
    assert verified() == (False, 7, 1)
    lines.assign(person["id"], "PEOPLE", kept.location_id, extension=kept.extension, number="", now=0)


def test_what_is_chosen_in_the_launchpad_holds_for_the_whole_run(
    site: Site, instance: dg.DagsterInstance, input_id: str
) -> None:
    site.server.tenant.add_person("absent@example.com")
    result = backfill(
        instance, f"{input_id}-0001", f"{input_id}-0003", mode="retry_pending", reasons=["user_not_found"]
    )
    assert result.success
    executed = {name: sum(b.get("executed", 0) for b in batches_of(instance, name).values()) for name in PHASES}
    assert executed == {"phase_1_routing": 0, "phase_2_users": 1, "phase_3_services": 0}


def test_batches_of_two_inputs_in_one_run_are_refused(site: Site, instance: dg.DagsterInstance, input_id: str) -> None:
    other = intake(instance, write_csv(site.base / "other.csv", [LOCATION]))["input_id"]
    mixed = verdict(backfill(instance, f"{input_id}-0003", f"{other}-0001"))
    assert mixed.exit_code is ExitCode.USAGE
    assert "2 inputs" in mixed.message


def test_the_lock_of_another_run_is_told_with_its_holder(
    site: Site, instance: dg.DagsterInstance, input_id: str
) -> None:
    lock = FolderLock(RollOutFolder(site.out / input_id), clock=Clock(), input_name="it", command="another run of")
    with lock:
        held = verdict(backfill(instance, f"{input_id}-0001", f"{input_id}-0001", PHASES[:1]))
    assert held.exit_code is ExitCode.LOCKED
    assert "another run of" in held.message


def test_an_input_whose_rows_are_all_rejected_has_its_run_and_its_summary(
    site: Site, instance: dg.DagsterInstance
) -> None:
    bad = intake(instance, write_csv(site.base / "bad.csv", [{"entity_type": "teapot"}]))
    assert bad["rows"] == 0
    result = backfill(instance, bad["first_batch"], bad["last_batch"], [*PHASES, "run_summary"])
    assert result.success
    assert result.asset_materializations_for_node("run_summary")[0].metadata["state"].value == "COMPLETED"
