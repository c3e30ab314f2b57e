"""The full size: 21,000 rows headless through Dagster. Complete, consistent, and in memory that does not follow."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from webex_provision.generator import NEEDS, write_csv
from webex_provision_tests.checker import check
from webex_provision_tests.rehearsal import read_csv

pytestmark = [pytest.mark.scale, pytest.mark.timeout(1200)]

TOKEN = "token-of-the-scale-test"
SMALL, FULL = 3_000, 21_000
MOST_GROWTH = 1.5


@dataclass(frozen=True)
class Played:
    """A finished run: its folder, its summary, and the most memory that its process had, in KiB."""

    folder: Path
    log: Path
    summary: Mapping[str, object]
    peak: int


def play(base: Path, rows: int) -> Played:
    """One roll-out by `dagster job execute`, against a sandbox in another process."""
    base.mkdir()
    csv_path, log, folder = base / "site.csv", base / "requests.jsonl", base / "out"
    write_csv(csv_path, rows, seed=rows)
    (base / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    config = {"csv_path": str(csv_path), "output_dir": str(folder)}
    (base / "run.yaml").write_text(yaml.safe_dump({"ops": {"roll_out": {"config": config}}}))
    serve = [sys.executable, "-m", "webex_provision.sandbox", "--seed-csv", str(csv_path), "--log", str(log)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as sandbox:
        assert sandbox.stdout is not None
        url = sandbox.stdout.readline().strip()
        try:
            peak = execute(base, url)
        finally:
            sandbox.terminate()
    return Played(folder, log, json.loads((folder / "run_summary.json").read_text()), peak)


def execute(base: Path, url: str) -> int:
    """Runs the job in a process of its own; its peak memory in KiB, as the system accounts for it."""
    tenant = {"WEBEX_TOKEN": TOKEN, "WEBEX_BASE_URL": url, "ENVIRONMENT": "lab"}
    homes = {"DAGSTER_HOME": str(base), "WEBEX_PROVISION_STATE_DIR": str(base / "state")}
    job = ["-m", "dagster", "job", "execute", "-m", "webex_provision.definitions", "-j", "provision"]
    with (base / "console.txt").open("w") as console:
        process = subprocess.Popen(
            [sys.executable, *job, "-c", str(base / "run.yaml")],
            env=os.environ | tenant | homes | NEEDS,
            stdout=console,
            stderr=console,
        )
        peak = _peak_until_its_end(process)
    assert process.returncode == 0, (base / "console.txt").read_text()[-5_000:]
    return peak


def _peak_until_its_end(process: subprocess.Popen[bytes]) -> int:
    """Most resident memory of the program, in KiB; what the system keeps of a child begins with its parent's."""
    peak = 0
    while process.poll() is None:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
        peak = int(found[1]) if found else peak
        time.sleep(0.1)
    return peak


def test_21000_rows_complete_consistently_in_flat_memory(tmp_path: Path) -> None:
    small, full = (play(tmp_path / str(rows), rows) for rows in (SMALL, FULL))
    for played, rows in ((small, SMALL), (full, FULL)):
        assert played.summary["state"] == "COMPLETED"
        assert len(read_csv(played.folder / "results.csv")) == rows
        check(played.folder, played.log, token=TOKEN)
    print(f"peak memory: {small.peak} KiB for {SMALL} rows, {full.peak} KiB for {FULL}")  # noqa: T201 - a figure
    assert full.peak <= MOST_GROWTH * small.peak
