"""A roll-out played on a sandbox: what most behavioural tests need, in one place.

`Rehearsal` holds a CSV, a sandbox on a real socket and an output folder; `run` drives the real engine over it, and
`results`, `pending`, `posts` … read back only what an operator or the tenant could see.
"""

import csv
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from webex_provision.clock import Clock
from webex_provision.config import Environment, Settings
from webex_provision.engine.errors import StopRun
from webex_provision.engine.rollout import RollOut
from webex_provision.intake.data_pipeline import run_intake, write_outputs
from webex_provision.ledger.establish import check_same_input, establish_manifest
from webex_provision.ledger.folder import RollOutFolder, input_id_of
from webex_provision.ledger.manifest import Identity, Manifest, Selection
from webex_provision.sandbox import SandboxServer
from webex_provision.vocabulary import Phase, RunMode, RunState
from webex_provision.webex.errors import PreflightFailed

TOKEN = "token-of-the-rehearsal"

LOCATION = {
    "entity_type": "location",
    "location_key": "HQ",
    "location_name": "Madrid HQ",
    "time_zone": "Europe/Madrid",
    "location_preferred_language": "es_ES",
    "address_line1": "Calle Mayor 1",
    "address_city": "Madrid",
    "address_state": "Madrid",
    "address_postal_code": "28013",
    "address_country": "ES",
}


def user(name: str, extension: str = "", **cells: str) -> dict[str, str]:
    """A user row in HQ."""
    return {
        "entity_type": "user",
        "location_key": "HQ",
        "email": f"{name}@example.com",
        "extension": extension,
        **cells,
    }


def workspace(name: str, extension: str = "", **cells: str) -> dict[str, str]:
    """A workspace row in HQ."""
    return {
        "entity_type": "workspace",
        "location_key": "HQ",
        "workspace_display_name": name,
        "extension": extension,
        **cells,
    }


def hunt_group(name: str, extension: str = "", **cells: str) -> dict[str, str]:
    """A hunt group row in HQ."""
    return {
        "entity_type": "hunt_group",
        "location_key": "HQ",
        "hunt_name": name,
        "extension": extension,
        **cells,
    }


def opening_hours(weekly: str) -> dict[str, str]:
    """A schedule of HQ with these weekly hours."""
    return {
        "entity_type": "schedules",
        "location_key": "HQ",
        "schedule_name": "Oficina",
        "schedule_type": "business_hours",
        "schedule_weekly_hours": weekly,
    }


def write_csv(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """A CSV with every column that some row fills."""
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    """A ledger's records, as a spreadsheet would show them."""
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def drive(roll_out: RollOut) -> RunState:
    """All phases; a clean stop or a failed preflight is told by the state."""
    try:
        with roll_out:
            for phase in Phase:
                for _ in roll_out.run_phase(phase):
                    pass
    except (StopRun, PreflightFailed):
        pass
    assert roll_out.state is not None
    return roll_out.state


class Rehearsal:
    """One CSV, one sandbox, one output folder."""

    def __init__(self, server: SandboxServer, folder: Path, csv_path: Path, **settings: Any) -> None:
        self.server = server
        self.folder = folder
        self.csv_path = csv_path
        self.settings = settings_for(server.base_url, **settings)
        self.clock = Clock(seed=1)

    def prepare(self) -> Manifest:
        """Intake, as the pipeline does it."""
        result = run_intake(self.csv_path, self.settings, self.clock)
        place = RollOutFolder(self.folder)
        place.create()
        wanted = Identity(result.input_hash, self.settings.pipeline_version)
        if check_same_input(place, wanted) is None:
            write_outputs(result, self.folder)
        size = self.settings.batch_size
        rows = {phase: result.ready.filter(phase=int(phase)).height for phase in Phase}
        return establish_manifest(
            place,
            Manifest(
                input_id=input_id_of(self.csv_path, result.input_hash),
                csv_path=str(self.csv_path),
                csv_name=self.csv_path.name,
                input_hash=result.input_hash,
                pipeline_version=self.settings.pipeline_version,
                batch_size=size,
                rows_read=result.rows_read,
                rows_rejected=result.rejected.height,
                rows=rows,
                batches={phase: math.ceil(count / size) for phase, count in rows.items()},
                created_at=self.clock.timestamp(),
            ),
        )

    def run(self, mode: RunMode = RunMode.RESUME, selection: Selection | None = None, **changes: Any) -> RunState:
        """Drives all phases; a clean stop or a failed preflight is told by the state, as an operator sees it."""
        self.prepare()
        settings = self.settings.model_copy(update=changes)
        return drive(
            RollOut(self.folder, settings, run_id="test-run", mode=mode, selection=selection, clock=self.clock)
        )

    # What an operator sees

    @property
    def results(self) -> list[dict[str, str]]:
        """Every record of results.csv."""
        return read_csv(self.folder / "results.csv")

    @property
    def pending(self) -> list[dict[str, str]]:
        """Every record of pending_rows.csv."""
        return read_csv(self.folder / "pending_rows.csv")

    @property
    def summary(self) -> dict[str, Any]:
        """run_summary.json."""
        content: dict[str, Any] = json.loads((self.folder / "run_summary.json").read_text())
        return content

    @property
    def checkpoint(self) -> dict[str, Any]:
        """checkpoint.json."""
        content: dict[str, Any] = json.loads((self.folder / "checkpoint.json").read_text())
        return content

    def last(self, entity_key: str) -> dict[str, str]:
        """The last record of a row."""
        return [record for record in self.results if record["entity_key"] == entity_key][-1]

    # What the tenant saw

    def calls(self, method: str, path_ending: str = "") -> list[dict[str, Any]]:
        """The requests of a method whose path ends so, in order."""
        return [
            entry
            for entry in self.server.log.entries
            if entry["method"] == method and entry["path"].endswith(path_ending)
        ]


def settings_for(base_url: str, **changes: Any) -> Settings:
    """Settings for a loopback sandbox: no pace to learn, short waits."""
    quick: dict[str, Any] = {
        "webex_token": TOKEN,
        "webex_base_url": base_url,
        "environment": Environment.LAB,
        "requests_per_second": 1000,
        "max_requests_per_second": 10_000,
        "backoff_base_seconds": 0.01,
        "backoff_max_seconds": 0.05,
        "list_lag_seconds": 0.2,
        "request_timeout_seconds": 2,
        "call_breaker_pause_seconds": 0.05,
        "stop_grace_seconds": 1,
    }
    return Settings(**(quick | changes))
