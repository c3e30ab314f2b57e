"""A roll-out whose worker was killed is gone on with by itself, once for each death, and not for ever."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from webex_provision.assets.dead_runs import PROCESS_TAG, end_dead_runs
from webex_provision.assets.jobs import BATCHES_JOB, PROVISION_JOB, TENANT_TAG
from webex_provision.assets.launcher import launch
from webex_provision.assets.registry import RANGE_START_TAG, register
from webex_provision.assets.resume_dead_runs import MOST_RESUMES, RECORDED_TAG, RESUMES_TAG, resumes
from webex_provision.assets.sensors import BYTES_TAG, CONTENT_TAG, FILE_TAG
from webex_provision.assets.tags import PARENT_TAG
from webex_provision.definitions import defs
from webex_provision.ledger.machines import HOST_VARIABLE, host_name
from webex_provision.vocabulary import RunMode
from webex_provision_tests.assets.site import Site, site_in

TENANT = "127.0.0.1:1"


def gone() -> str:
    """The tag of a process of this machine that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return f"{host_name()}:{process.pid}"


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("WEBEX_BASE_URL", f"http://{TENANT}/v1")
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run_of(instance: dg.DagsterInstance, job: str = PROVISION_JOB, *, config: Any = None, **tags: str) -> str:
    named = {PROCESS_TAG: tags.pop("process", gone()), TENANT_TAG: TENANT} | tags
    started = dg.DagsterRunStatus.STARTED
    if job != PROVISION_JOB:
        empty = dg.JobDefinition(graph_def=dg.GraphDefinition(name=job))
        return instance.create_run_for_job(empty, status=started, tags=named).run_id
    run_config = {"ops": {"roll_out": {"config": config or {"csv_path": "/in/site.csv"}}}}
    whole = defs.resolve_job_def(PROVISION_JOB)
    return instance.create_run_for_job(whole, run_config=run_config, status=started, tags=named).run_id


def fails(instance: dg.DagsterInstance, run_id: str) -> None:
    """As Dagster's own run monitoring says it of a worker that is gone."""
    run = instance.get_run_by_id(run_id)
    assert run is not None
    instance.report_run_failed(run)


def requests(instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    end_dead_runs(instance)
    return [one for one in resumes(instance) if isinstance(one, dg.RunRequest)]


def test_a_killed_run_is_asked_for_again_as_a_resume(instance: dg.DagsterInstance) -> None:
    wish = {"csv_path": "/in/site.csv", "mode": "retry_pending", "reasons": ["user_not_found"], "phases": [2]}
    killed = run_of(instance, config=wish)
    (request,) = requests(instance)
    asked = {"csv_path": "/in/site.csv", "mode": "resume", "reasons": [], "phases": [2]}
    assert request.run_config == {"ops": {"roll_out": {"config": asked}}}
    assert request.run_key == f"resume-{killed}"
    assert request.tags[RESUMES_TAG] == "1"
    sensor = defs.resolve_sensor_def("resume_dead_runs")
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
    data = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    assert [request.run_key for request in data.run_requests or []] == [f"resume-{killed}"]


def test_what_lives_or_is_of_another_tenant_is_left_alone(instance: dg.DagsterInstance) -> None:
    run_of(instance, process=f"elsewhere:{gone().partition(':')[2]}")
    other = run_of(instance, **{TENANT_TAG: "webexapis.com"})
    assert requests(instance) == []
    ended = instance.get_run_by_id(other)
    assert ended is not None
    assert ended.is_failure


def test_a_run_whose_worker_was_killed_before_it_began_is_asked_for_again(instance: dg.DagsterInstance) -> None:
    """It takes seconds to begin, and a file of the inbox is taken once."""
    whole = defs.resolve_job_def(PROVISION_JOB)
    run_config = {"ops": {"roll_out": {"config": {"csv_path": "/in/site.csv"}}}}
    lane = {TENANT_TAG: TENANT, CONTENT_TAG: "hash"}
    fails(instance, instance.create_run_for_job(whole, run_config=run_config, tags=lane).run_id)
    (request,) = requests(instance)
    config = request.run_config["ops"]["roll_out"]["config"]
    assert (config["csv_path"], config["mode"], request.tags[RESUMES_TAG]) == ("/in/site.csv", "resume", "1")
    assert lane.items() <= request.tags.items()


def test_a_killed_run_of_the_inbox_is_resumed_on_its_token_and_by_one_code_server(instance: dg.DagsterInstance) -> None:
    config = {"csv_path": "/in/site.csv", "token_slot": "2"}
    lane = {TENANT_TAG: f"{TENANT}#2", FILE_TAG: "site.csv", CONTENT_TAG: "hash", BYTES_TAG: "9"}
    run_of(instance, config=config, **lane)
    (request,) = requests(instance)
    assert request.run_config["ops"]["roll_out"]["config"]["token_slot"] == "2"
    assert lane.items() <= request.tags.items()
    run_of(instance, process="elsewhere:1", **request.tags, **{"dagster/run_key": str(request.run_key)})
    assert requests(instance) == [], "another code server has asked for it"


def test_a_roll_out_that_dies_without_progress_is_given_up_after_a_few_resumes(instance: dg.DagsterInstance) -> None:
    run_of(instance, **{RESUMES_TAG: str(MOST_RESUMES), RECORDED_TAG: "0"})
    end_dead_runs(instance)
    (told,) = resumes(instance)
    assert isinstance(told, dg.SkipReason)
    assert "without progress" in str(told.skip_message)


def test_a_child_of_a_run_that_has_ended_on_another_machine_is_ended_too(instance: dg.DagsterInstance) -> None:
    """Dagster's own monitoring knows of the parent only: in its queue the child would take a slot for ever."""
    parent = run_of(instance, process="elsewhere:1")
    child = run_of(instance, BATCHES_JOB, process="elsewhere:1", **{PARENT_TAG: parent})
    assert end_dead_runs(instance) == []
    fails(instance, parent)
    assert end_dead_runs(instance) == [child]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_in(tmp_path) as site:
        yield site


def test_the_resume_goes_on_with_the_folder_and_ends_the_roll_out(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its input may be gone by then. As the daemon would: the request's own config and tags, on another machine."""
    site.launch(phases=[1])
    (folder,) = site.out.iterdir()
    tenant = {TENANT_TAG: site.server.base_url.split("/")[2]}
    with dg.DagsterInstance.get() as instance:
        registered = register(instance, folder)
        killed = run_of(instance, config={"csv_path": str(site.csv)}, **tenant, **{RECORDED_TAG: "1", RESUMES_TAG: "3"})
        run_of(instance, BATCHES_JOB, **tenant, **{PARENT_TAG: killed, RANGE_START_TAG: registered.keys[0]})
        (request,) = requests(instance)
    assert request.tags[RESUMES_TAG] == "1", "rows were recorded since: it begins to count anew"
    config = request.run_config["ops"]["roll_out"]["config"]
    assert (config["csv_path"], config["output_dir"]) == ("", str(folder.resolve()))
    site.csv.unlink()
    monkeypatch.setenv(HOST_VARIABLE, "another-machine")
    launched = launch(folder=Path(config["output_dir"]), mode=RunMode(config["mode"]))
    assert launched.summary is not None
    assert launched.summary["counts"]["not_reached"] == 0
    assert len([path for path in site.writes() if path.removeprefix("/v1") == "/locations"]) == 1
