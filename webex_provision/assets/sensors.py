"""An inbox: drop a CSV or workbook into the folder INBOX_DIR, and its roll-out starts."""

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from webex_provision.assets.jobs import PROVISION_JOB, PROVISION_OP
from webex_provision.intake.input_file import SUFFIXES

INBOX_VARIABLE = "INBOX_DIR"
SETTLED_SECONDS = 10  # a file that is still being copied has a younger time of change
MOST_FILES = 100


def inbox_sensor() -> dg.SensorDefinition:
    """The sensor `inbox`; it is off until somebody switches it on. The hash of a file is its run key, so a file runs
    once, under whatever name; a mended CSV has another hash and is a new roll-out.
    """

    @dg.sensor(
        name="inbox",
        job_name=PROVISION_JOB,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=f"Runs `{PROVISION_JOB}` for every CSV or workbook that appears in the folder {INBOX_VARIABLE}.",
    )
    def inbox(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        del context
        folder = os.environ.get(INBOX_VARIABLE, "")
        if not folder or not Path(folder).is_dir():
            yield dg.SkipReason(f"{INBOX_VARIABLE} names no folder")
            return
        found = [path for path in sorted(Path(folder).iterdir()) if _is_roll_out(path) and _settled(path)][:MOST_FILES]
        for path in found:
            yield _request(path)
        if not found:
            yield dg.SkipReason(f"no CSV or workbook in {folder}")

    return inbox


def _is_roll_out(path: Path) -> bool:
    """A CSV or workbook; `~$…` is what a spreadsheet program keeps beside one that is open."""
    return path.suffix in SUFFIXES and not path.name.startswith("~$")


def _settled(path: Path) -> bool:
    return path.is_file() and time.time() - path.stat().st_mtime >= SETTLED_SECONDS


def _request(path: Path) -> dg.RunRequest:
    with path.open("rb") as handle:
        input_hash = hashlib.file_digest(handle, "sha256").hexdigest()
    config = {"csv_path": str(path.resolve())}
    return dg.RunRequest(run_key=input_hash, run_config={"ops": {PROVISION_OP: {"config": config}}})
