"""A run that fails tells what has happened, how far it came, and how to go on: in its log, its asset and run.log."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from webex_provision.assets.going_on import command, launchpad
from webex_provision.definitions import build_defs
from webex_provision_tests.assets.site import TOKEN, Site, site_in


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_in(tmp_path_factory.mktemp("failure")) as site:
        yield site


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture(scope="module")
def refused(site: Site, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """A run as the UI launches it, whose token Webex refuses."""
    site.faults({"path": "/people/me", "effect": "status", "status": 401})
    return provision(instance, site.csv)


def provision(instance: dg.DagsterInstance, csv: Path) -> dg.ExecuteInProcessResult:
    job = build_defs().resolve_job_def("provision")
    config = {"ops": {"roll_out": {"config": {"csv_path": str(csv)}}}}
    return job.execute_in_process(config, instance=instance, raise_on_error=False)


def folder_of(site: Site) -> Path:
    (folder,) = site.out.iterdir()
    return folder


def critical(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    return [entry.user_message for entry in instance.all_logs(run_id) if entry.level == 50]


def test_each_failed_run_says_in_its_log_what_to_type_and_what_to_paste(
    site: Site, instance: dg.DagsterInstance, refused: dg.ExecuteInProcessResult
) -> None:
    assert not refused.success
    failed = [run.run_id for run in instance.get_runs() if run.status is dg.DagsterRunStatus.FAILURE]
    assert len(failed) == 2, "the launch and the run of the phases"
    for run_id in failed:
        (told,) = critical(instance, run_id)
        assert told.startswith("FAILED_PREFLIGHT: ")
        assert "0 success, 0 pending, 8 not reached" in told
        assert command(folder_of(site)) in told
        assert launchpad(folder_of(site)) in told
        assert TOKEN not in told


def test_what_is_to_be_pasted_is_config_that_the_job_takes(
    site: Site, instance: dg.DagsterInstance, refused: dg.ExecuteInProcessResult
) -> None:
    assert not refused.success
    pasted = launchpad(folder_of(site)).removeprefix("ops: {roll_out: {config: ").removesuffix("}}")
    config = {"ops": {"roll_out": {"config": json.loads(pasted)}}}
    assert dg.validate_run_config(build_defs().resolve_job_def("provision"), config)


def test_the_asset_of_the_summary_shows_the_failure(
    instance: dg.DagsterInstance, refused: dg.ExecuteInProcessResult
) -> None:
    assert not refused.success
    (record,) = instance.fetch_observations(dg.AssetKey("run_summary"), limit=2).records
    seen = record.event_log_entry.asset_observation
    assert seen is not None
    assert seen.metadata["state"].value == "FAILED_PREFLIGHT"
    assert seen.metadata["not_reached"].value == 8
    assert "The token is invalid" in str(seen.metadata["what_happened"].value)
    run = instance.get_run_by_id(record.run_id)
    assert run is not None
    assert run.tags["state"] == "FAILED_PREFLIGHT"
    assert run.tags["roll_out"].startswith("site-")


def test_the_log_of_the_roll_out_has_it_too(site: Site, refused: dg.ExecuteInProcessResult) -> None:
    assert not refused.success
    lines = [json.loads(line) for line in (folder_of(site) / "run.log").read_text().splitlines()]
    (ended,) = [line for line in lines if line["event"] == "run_ended_early"]
    assert (ended["state"], ended["go_on_with"]) == ("FAILED_PREFLIGHT", command(folder_of(site)))


def test_a_csv_that_cannot_be_used_is_told_by_both_runs(instance: dg.DagsterInstance, site: Site) -> None:
    failed = provision(instance, site.base / "nowhere.csv")
    assert not failed.success
    (told,) = critical(instance, failed.run_id)
    assert "no such file" in told
