"""The compose file's topology runs a roll-out: PostgreSQL, webserver, daemon, code server and sandbox, each its own."""

import json
import time
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from dagster_graphql import DagsterGraphQLClient

from webex_provision_tests.deploy.plain_processes import ROOT, PlainProcesses, compose
from webex_provision_tests.postgres_server import PASSWORD, PostgresServer

TOKEN = "a-token-that-nobody-may-read"
RUN_SECONDS = 240


def run_through(webserver_port: int, csv: Path) -> str:
    """Launch `provision` as the UI does; the run's last status."""
    client = DagsterGraphQLClient("127.0.0.1", port_number=webserver_port)
    config: dict[str, Any] = {"ops": {"roll_out": {"config": {"csv_path": str(csv)}}}, "loggers": {"console": {}}}
    run_id = client.submit_job_execution("provision", run_config=config)
    until = time.monotonic() + RUN_SECONDS
    while (status := client.get_run_status(run_id).value) not in {"SUCCESS", "FAILURE", "CANCELED"}:
        assert time.monotonic() < until, f"the run is still {status}"
        time.sleep(0.3)
    return str(status)


@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore:Using variable_values:DeprecationWarning")  # Dagster's own client does
def test_the_topology_of_the_compose_file_brings_the_sample_through(postgres: PostgresServer, tmp_path: Path) -> None:
    given = {
        "ALLOW_NUMBER_REMOVAL": "true",
        "REQUESTS_PER_SECOND": "300",
        "LIST_LAG_SECONDS": "0",
        "TRUNK_HQ_PASSWORD": "of-no-gateway",
    }
    database = postgres.database("topology")
    with PlainProcesses(tmp_path, database, {"WEBEX_TOKEN": TOKEN}, given) as processes:
        assert set(processes.services) | {"postgres"} == set(compose()["services"])
        image_before = sorted((tmp_path / "image").rglob("*"))
        processes.start("code-server", "sandbox")
        processes.wait_until_healthy("code-server", "sandbox")
        processes.start("webserver", "daemon")
        processes.wait_until_healthy("webserver")
        status = run_through(processes.ports["3000"], ROOT / "data" / "sample.csv")
        assert status == "SUCCESS", processes.log("code-server").read_text()[-4_000:]
        processes.wait_until_healthy("daemon")
        image = sorted((tmp_path / "image").rglob("*"))
        logs = {name: processes.log(name).read_text(encoding="utf-8") for name in processes.services}
    (summary,) = (tmp_path / "output").glob("*/run_summary.json")
    told = json.loads(summary.read_text(encoding="utf-8"))
    assert told["state"] == "COMPLETED", told["counts"]
    assert told["counts"]["success"] == told["counts"]["read"]
    assert summary.stat().st_mode & 0o077 == 0
    connection = psycopg2.connect(database)
    with connection.cursor() as cursor:
        cursor.execute("SELECT status, count(*) FROM runs GROUP BY status")
        assert cursor.fetchall() == [("SUCCESS", 3)]
    connection.close()
    assert image == image_before, "a read-only image was written"
    for name, text in logs.items():
        assert TOKEN not in text, name
        assert PASSWORD not in text, name
    of_run = [json.loads(line) for line in logs["code-server"].splitlines()]
    assert any(record["event"] == "run_end" and record["roll_out"] == summary.parent.name for record in of_run)
    assert "webex_token" not in json.dumps(of_run).lower()
