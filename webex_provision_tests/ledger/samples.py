"""A roll-out folder and rows to try the ledger with."""

from pathlib import Path
from typing import Any

from webex_provision.clock import Clock
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import Manifest
from webex_provision.ledger.ready_rows import BOOKKEEPING
from webex_provision.ledger.records import header_line, minify_row
from webex_provision.ledger.state_store import Ledger
from webex_provision.ledger.states import RowOutcome
from webex_provision.vocabulary import Phase, Reason, RowStatus, RunMode
from webex_provision_tests.virtual_clock import VirtualClock

HASH = "ab" * 32


def manifest(**changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "input_id": "site-abababab",
        "csv_path": "/srv/site.csv",
        "csv_name": "site.csv",
        "input_hash": HASH,
        "pipeline_version": "1",
        "batch_size": 500,
        "rows": {Phase.ROUTING: 3, Phase.USERS: 4},
        "batches": {Phase.ROUTING: 1, Phase.USERS: 1},
        "created_at": "2026-01-05T08:00:00.000Z",
    }
    return Manifest(**(values | changes))


def roll_out(root: Path, **changes: Any) -> RollOutFolder:
    """A fresh folder as intake leaves it: ready_to_load.csv (rows that say nothing) and the manifest."""
    folder = RollOutFolder(root / "site-abababab")
    folder.create()
    made = manifest(**changes)
    places = [(int(phase), position) for phase, rows in made.rows.items() for position in range(1, rows + 1)]
    rows = (f"user,,{n},{n},{phase},{position},user,,\n" for n, (phase, position) in enumerate(places, start=1))
    folder.ready.write_bytes(header_line(("entity_type", "entity_key", *BOOKKEEPING)) + "".join(rows).encode())
    made.save(folder)
    return folder


def opened(folder: RollOutFolder, mode: RunMode | None = RunMode.RESUME, clock: Clock | None = None) -> Ledger:
    """The folder's ledger, with a generation open unless `mode` is None."""
    ledger = Ledger.open(folder, clock=clock or VirtualClock())
    if mode is not None:
        ledger.open_generation(mode)
    return ledger


def success(row: str, attempt: int = 1, **changes: Any) -> RowOutcome:
    values: dict[str, Any] = {
        "row_id": row,
        "row_number": 7,
        "batch_id": "p2-b0001",
        "phase": Phase.USERS,
        "entity_type": "user",
        "entity_key": "+34600111222",
        "step": "assign_license",
        "status": RowStatus.SUCCESS,
        "attempt": attempt,
        "run_id": "run-1",
        "http_status": 200,
        "remote_id": "Y2lzY29zcGFyazovL3VzL1BFT1BMRS8x",
    }
    return RowOutcome(**(values | changes))


def pending(row: str, attempt: int = 1, reason: Reason = Reason.USER_NOT_FOUND, **changes: Any) -> RowOutcome:
    values: dict[str, Any] = {
        "status": RowStatus.PENDING,
        "reason": reason,
        "http_status": None,
        "remote_id": "",
        "message": f"nobody is {row}",
        "raw_row_minified": minify_row({"entity_type": "user", "email": row}),
    }
    return success(row, attempt, **(values | changes))
