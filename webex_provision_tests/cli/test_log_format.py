"""LOG_FORMAT=json: whatever a headless run says on stderr is a record that a collector can read."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from webex_provision.sandbox import FaultRule, Faults, SandboxConfig, SandboxServer
from webex_provision_tests.cli.typed import TOKEN, Terminal, tenant

ROWS = 40


@pytest.fixture
def sandbox(site: Path) -> Iterator[SandboxServer]:
    rule = FaultRule(effect="status", status=503, path="/people", first=3, last=3)
    with SandboxServer(SandboxConfig(seed_csv=site, missing_users=0.2)) as server:
        server.sandbox.set_faults(Faults(rules=[rule]))
        yield server


def variables(sandbox: SandboxServer, **others: str) -> dict[str, str]:
    pace = {"REQUESTS_PER_SECOND": "500", "LIST_LAG_SECONDS": "0", "BACKOFF_BASE_SECONDS": "0.01"}
    return tenant(sandbox.base_url) | pace | {"LOG_FORMAT": "json", **others}


def records(text: str) -> list[dict[str, object]]:
    found = [json.loads(line) for line in text.splitlines()]
    assert all(isinstance(record, dict) for record in found)
    return found


def test_every_line_of_a_headless_run_is_a_record_with_its_roll_out_run_and_row(
    site: Path, sandbox: SandboxServer, terminal: Terminal
) -> None:
    said = terminal.starts("run", str(site), "--json", **variables(sandbox))
    assert said.code == 0
    document = json.loads(said.out)
    found = records(said.err)
    assert len(found) > 10
    for record in found:
        assert datetime.fromisoformat(str(record["timestamp"])).tzinfo == UTC
        assert {"level", "logger", "event"} <= set(record)
        assert (record["roll_out"], record["run_id"]) == (Path(document["folder"]).name, document["run_ids"][-1])
    failed = [record for record in found if record["event"] == "row_pending"]
    again = [record for record in found if record["event"] == "call is sent again"]
    assert failed
    assert again
    assert all(record["row_id"] and "tracking_id" in record for record in failed + again)
    in_file = records((Path(document["folder"]) / "run.log").read_text(encoding="utf-8"))
    assert [record["event"] for record in in_file] == [record["event"] for record in found]
    assert TOKEN not in said.all


def test_a_message_for_people_is_a_record_too(site: Path, sandbox: SandboxServer, terminal: Terminal) -> None:
    said = terminal.starts("run", str(site), "--json", **variables(sandbox, ENVIRONMENT="moon"))
    assert said.code == 2
    (record,) = records(said.err)
    assert "ENVIRONMENT" in str(record["event"])
    assert record["level"] == "error"


def test_a_run_that_dagster_starts_logs_in_the_same_way(site: Path, sandbox: SandboxServer, tmp_path: Path) -> None:
    """All but what Dagster's own command says before our code is loaded, and after."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    config = tmp_path / "run.yaml"
    run = {"ops": {"roll_out": {"config": {"csv_path": str(site)}}}, "loggers": {"console": {}}}
    config.write_text(json.dumps(run))
    environment = variables(sandbox, DAGSTER_HOME=str(home), OUTPUT_DIR=str(tmp_path / "out"), PYTHONWARNINGS="ignore")
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "dagster", "job", "execute"),
            *("-m", "webex_provision.definitions", "-j", "provision", "-c", str(config)),
        ],
        env=environment | {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found = records(ran.stderr)
    of_dagster = [record for record in found if record["logger"] == "dagster.console"]
    assert any("of provision_batches has succeeded" in str(record["event"]) for record in of_dagster)
    assert all({"timestamp", "level", "run_id", "job_name"} <= set(record) for record in of_dagster)
    assert any(record["event"] == "run_end" for record in found)
    assert TOKEN not in ran.stderr
