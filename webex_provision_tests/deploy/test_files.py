"""The launchers' files keep to their linters and schemas, carry no secret, and say what dagster.yaml says."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator

from webex_provision import __version__
from webex_provision.config import SECRET_SETTINGS, Settings, reserved_variable
from webex_provision_tests.deploy.plain_processes import DEPLOY, ROOT, compose, image_environment

CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
HELM: dict[str, Any] = yaml.safe_load((DEPLOY / "helm-values.yaml").read_text(encoding="utf-8"))
OWN_SERVICES = {name: service for name, service in compose()["services"].items() if "command" in service}


def says(*command: str | Path) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ran = subprocess.run(command, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False)
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr + f"exit {ran.returncode}"


def test_the_containerfile_keeps_the_linter_s_rules() -> None:
    assert says("hadolint", DEPLOY / "Containerfile") == ""


def test_the_compose_file_keeps_to_the_compose_specification() -> None:
    assert says("check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml") == ""


def test_the_image_is_not_root_s_and_is_checked_for_health() -> None:
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert CONTAINERFILE.count("\nFROM python:3.11-slim") == 2
    assert "pip" not in last


def test_every_process_is_of_the_image_unprivileged_and_checked_for_health() -> None:
    assert set(OWN_SERVICES) == {"code-server", "webserver", "daemon", "sandbox"}
    for service in OWN_SERVICES.values():
        assert service["image"] == f"webex-provision:{__version__}"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["healthcheck"]["test"][0] == "CMD"
    published = [port for service in compose()["services"].values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:3000:3000"]


def test_only_the_process_that_runs_gets_the_token() -> None:
    have = {name for name, service in OWN_SERVICES.items() if "WEBEX_TOKEN" in service["secrets"]}
    assert have == {"code-server"}


def test_a_secret_that_cannot_be_read_stops_the_process_and_is_named(tmp_path: Path) -> None:
    """Without its password a process would fail later, and for a reason that is none."""
    (tmp_path / "PGPASSWORD").write_text("of-the-database\n")
    cat = tmp_path / "bin" / "cat"
    cat.parent.mkdir()
    cat.write_text('#!/bin/sh\necho "cat: $1: Permission denied" >&2; exit 1\n')
    cat.chmod(0o755)
    start = ["sh", DEPLOY / "entrypoint.sh", "sh", "-c", "echo $PGPASSWORD"]
    environment = {"PATH": "/usr/bin:/bin", "SECRETS_DIR": str(tmp_path)}
    assert subprocess.run(start, env=environment, capture_output=True, check=True).stdout == b"of-the-database\n"
    environment["PATH"] = f"{cat.parent}:{environment['PATH']}"
    refused = subprocess.run(start, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert (refused.stdout, refused.stderr) == ("", f"cat: {tmp_path}/PGPASSWORD: Permission denied\n")


def test_runs_of_a_container_that_is_replaced_are_known_to_the_next_one() -> None:
    """They died with it: under a name that comes and goes, the queue would wait for them for ever."""
    assert OWN_SERVICES["code-server"]["hostname"] == "code-server"


def test_secrets_are_named_never_written() -> None:
    environments = [image_environment(), *(service["environment"] for service in compose()["services"].values())]
    environments.append({entry["name"]: entry.get("value", "") for entry in deployment()["env"]})
    for environment in environments:
        assert not {name.upper() for name in SECRET_SETTINGS} & set(environment)
        assert all(not re.search(r"://[^/@]*:[^/@]*@", str(value)) for value in environment.values())
        assert all(not value for name, value in environment.items() if name in {"PGPASSWORD", "POSTGRES_PASSWORD"})
    assert "postgresqlPassword" not in HELM["postgresql"]


def test_the_database_s_password_can_be_no_row_s() -> None:
    """A CSV names variables whose values are sent to the tenant."""
    assert reserved_variable("PGPASSWORD")
    assert reserved_variable("DAGSTER_POSTGRES_URL")


def test_every_setting_that_the_files_name_exists() -> None:
    known = {name.upper() for name in Settings.model_fields} | {"DAGSTER_HOME", "DAGSTER_POSTGRES_URL", "INBOX_DIR"}
    known |= {"WEBEX_PROVISION_STATE_DIR", "PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PGPASSWORD"}
    named = {*image_environment(), *(entry["name"] for entry in deployment()["env"])}
    named.update(*(service["environment"] for service in OWN_SERVICES.values()))
    assert named <= known


def test_the_chart_s_queue_is_that_of_dagster_yaml(tmp_path: Path) -> None:
    ours = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    added = HELM["additionalInstanceConfig"]
    assert added == {name: ours[name] for name in ("concurrency", "run_queue")}
    daemon = HELM["dagsterDaemon"]
    assert daemon["runMonitoring"]["maxResumeRunAttempts"] == ours["run_monitoring"]["max_resume_run_attempts"]
    assert daemon["runRetries"]["enabled"] == ours["run_retries"]["enabled"]
    kept = HELM["retention"]["sensor"]["purgeAfterDays"]
    assert kept == ours["retention"]["sensor"]["purge_after_days"]
    # Without a coordinator of the chart's Dagster takes the queue, with these limits.
    assert daemon["runCoordinator"] == {"enabled": False}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({**added, "telemetry": {"enabled": False}}))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        coordinator = instance.run_coordinator
        assert isinstance(coordinator, QueuedRunCoordinator)
        limits = instance.get_concurrency_config().run_queue_config
        assert limits is not None
        assert limits.max_concurrent_runs == ours["concurrency"]["runs"]["max_concurrent_runs"]


def test_a_run_s_pod_has_what_a_roll_out_needs() -> None:
    mine = deployment()
    assert mine["includeConfigInLaunchedRuns"] == {"enabled": True}
    assert mine["image"]["tag"] == __version__
    environment = {entry["name"]: entry for entry in mine["env"]}
    mounted = {mount["mountPath"] for mount in mine["volumeMounts"]}
    assert {environment["OUTPUT_DIR"]["value"], environment["INBOX_DIR"]["value"]} == mounted
    assert {volume["name"] for volume in mine["volumes"]} == {mount["name"] for mount in mine["volumeMounts"]}
    secret = environment["PGPASSWORD"]["valueFrom"]["secretKeyRef"]["name"]
    assert secret == HELM["global"]["postgresqlSecretName"]


@pytest.mark.parametrize("name", ["Containerfile", "compose.yaml", "helm-values.yaml", "entrypoint.sh"])
def test_the_files_come_with_the_package(name: str) -> None:
    listed = subprocess.run(["git", "ls-files", DEPLOY], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    assert f"webex_provision/deploy/{name}" in listed.stdout


def deployment() -> dict[str, Any]:
    """The chart's one code server."""
    (found,) = HELM["dagster-user-deployments"]["deployments"]
    assert isinstance(found, dict)
    return found
