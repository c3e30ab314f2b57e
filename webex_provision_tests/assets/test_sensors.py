"""The inbox starts a roll-out per CSV; dead runs are ended."""

import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from webex_provision.assets.dead_runs import PROCESS_TAG, end_dead_runs, process_tags
from webex_provision.assets.sensors import SETTLED_SECONDS, inbox_sensor


def requests(instance: dg.DagsterInstance | None = None) -> list[dg.RunRequest]:
    data = inbox_sensor().evaluate_tick(dg.build_sensor_context(instance=instance))
    return list(data.run_requests or [])


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INBOX_DIR", str(tmp_path))
    return tmp_path


def dropped(path: Path, content: str, age: float = SETTLED_SECONDS * 2) -> Path:
    path.write_text(content)
    changed = path.stat().st_mtime - age
    os.utime(path, (changed, changed))
    return path


def test_each_csv_is_asked_for_once_whatever_its_name(inbox: Path) -> None:
    csv = dropped(inbox / "site.csv", "entity_type\nuser\n")
    dropped(inbox / "notes.txt", "no roll-out")
    (request,) = requests()
    assert request.run_key == hashlib.sha256(csv.read_bytes()).hexdigest()
    assert request.run_config == {"ops": {"roll_out": {"config": {"csv_path": str(csv)}}}}


def test_a_workbook_is_asked_for_and_the_file_that_its_program_keeps_beside_it_is_not(inbox: Path) -> None:
    book = dropped(inbox / "site.xlsx", "PK")
    dropped(inbox / "~$site.xlsx", "locked")
    assert [request.run_key for request in requests()] == [hashlib.sha256(book.read_bytes()).hexdigest()]


def test_a_csv_that_is_still_being_copied_waits(inbox: Path) -> None:
    dropped(inbox / "site.csv", "entity_type\nus", age=0)
    assert requests() == []


def test_without_an_inbox_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INBOX_DIR", raising=False)
    assert requests() == []


def test_only_runs_of_dead_processes_of_this_machine_are_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    here = socket.gethostname()
    with dg.DagsterInstance.ephemeral() as instance:

        def run(tags: dict[str, str]) -> str:
            job = dg.JobDefinition(graph_def=dg.GraphDefinition(name="empty"))
            started = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags)
            return started.run_id

        dead = run({PROCESS_TAG: f"{here}:{process.pid}"})
        run(process_tags())
        run({PROCESS_TAG: f"elsewhere:{process.pid}"})
        run({})
        assert end_dead_runs(instance) == [dead]
        ended = instance.get_run_by_id(dead)
        assert ended is not None
        assert ended.status is dg.DagsterRunStatus.FAILURE
