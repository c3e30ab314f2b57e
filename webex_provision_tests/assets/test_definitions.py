"""What Dagster finds when it loads the project."""

import importlib
import itertools
import logging
import tomllib
from pathlib import Path

import dagster as dg
import pytest

from webex_provision import definitions
from webex_provision.assets.home import dagster_home
from webex_provision.assets.run_config import Mode, settings_from_environment
from webex_provision.resources import resource
from webex_provision.vocabulary import RunMode

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return definitions.build_defs()


def test_definitions_load_without_any_secret_or_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WEBEX_TOKEN", "WEBEX_BASE_URL", "ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    dg.Definitions.validate_loadable(definitions.build_defs())


def test_a_missing_dagster_home_is_told_when_definitions_load(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with caplog.at_level(logging.WARNING):
        importlib.reload(definitions)
    assert "DAGSTER_HOME is not set" in caplog.text


def test_a_range_of_batches_is_one_run_through_all_phases_in_order(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    names = ["phase_1_routing", "phase_2_users", "phase_3_services"]
    for name in names:
        node = graph.get(dg.AssetKey(name))
        assert node.backfill_policy == dg.BackfillPolicy.single_run()
        assert node.partitions_def == dg.DynamicPartitionsDefinition(name="batch")
    for before, after in itertools.pairwise(names):
        mapping = graph.get_partition_mapping(dg.AssetKey(after), dg.AssetKey(before))
        assert isinstance(mapping, dg.IdentityPartitionMapping)
    mapping = graph.get_partition_mapping(dg.AssetKey("run_summary"), dg.AssetKey(names[-1]))
    assert isinstance(mapping, dg.AllPartitionMapping)


def test_every_job_runs_in_one_process_the_backfill_of_the_ui_too(defs: dg.Definitions) -> None:
    jobs = [defs.resolve_job_def(name) for name in ("intake", "provision_batches", "provision")]
    for job in [*jobs, defs.resolve_implicit_global_asset_job_def()]:
        assert job.executor_def is dg.in_process_executor


def test_nothing_starts_by_itself(defs: dg.Definitions) -> None:
    assert defs.resolve_sensor_def("inbox").default_status is dg.DefaultSensorStatus.STOPPED
    schedules = defs.get_repository_def().schedule_defs
    assert {schedule.default_status for schedule in schedules} == {dg.DefaultScheduleStatus.STOPPED}


def test_the_modes_of_a_launch_are_those_of_the_engine() -> None:
    assert [mode.value for mode in Mode] == [mode.value for mode in RunMode]
    assert all(mode.name == mode.value for mode in Mode), "Dagster shows the names"


def test_the_home_of_the_command_line_keeps_everything_below_it(tmp_path: Path) -> None:
    home = dagster_home(tmp_path / 'a folder "with" quotes')
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert not instance.telemetry_enabled
        assert not instance.run_retries_enabled
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_max_resume_run_attempts == 0
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.max_user_code_failure_retries > 0, "runs in the queue outlive a restart of their code server"
        assert Path(instance.storage_directory()).is_relative_to(home)
    assert (home / "history").is_dir()


def test_a_home_that_somebody_has_configured_stays(tmp_path: Path) -> None:
    config = dagster_home(tmp_path) / "dagster.yaml"
    config.write_text("telemetry: {enabled: false}\n")
    dagster_home(tmp_path)
    assert config.read_text() == "telemetry: {enabled: false}\n"


def test_the_wheel_carries_the_configuration_of_the_instance() -> None:
    assert resource("dagster.yaml").is_file()
    build = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert build["targets"]["wheel"]["force-include"]["dagster.yaml"] == "webex_provision/_resources/dagster.yaml"


def test_an_impossible_setting_is_named_and_its_value_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBEX_TOKEN", "a-token-to-hide")
    monkeypatch.setenv("WEBEX_BASE_URL", "https://webexapis.com/v1")
    monkeypatch.setenv("ENVIRONMENT", "prod")
    monkeypatch.delenv("WEBEX_ORG_ID", raising=False)
    with pytest.raises(Exception, match="WEBEX_ORG_ID") as told:
        settings_from_environment()
    assert "a-token-to-hide" not in repr(told.value)
    assert told.value.__context__ is None, "the original error holds the token"
