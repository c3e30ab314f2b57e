"""What a report tells, read from a roll-out's own files without a lock: one snapshot, also while a run works on it."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from webex_provision.clock import Clock
from webex_provision.console.past_runs import Run, runs_of
from webex_provision.console.standing import Standing, as_they_run, standing_of
from webex_provision.console.timeline import Chart, Done, charts_of
from webex_provision.ledger.errors import TornLine
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import Manifest, load_manifest
from webex_provision.ledger.ready_rows import CELLS, cells_of, load_ready
from webex_provision.ledger.records import cell, plain
from webex_provision.ledger.states import LastState, read_results
from webex_provision.ledger.writers import error_views
from webex_provision.vocabulary import RowStatus

if TYPE_CHECKING:
    import polars as pl

MOST_LINES = 100  # of a table by type or location; what is behind it is summed up
# A location row is called by any of these; the others refer to it by their location_key.
_NAMES_OF_A_LOCATION = ("location_name", "location_key", "location_external_id", "entity_key")
_NOT_REACHED = "not_reached"


@dataclass(frozen=True)
class WaitingRow:
    """A row that is pending now, or was rejected; every text is as the CSV or Webex wrote it."""

    row_id: str
    row_number: str
    entity_type: str
    entity_key: str
    location: str
    step: str
    message: str
    http_status: str
    attempt: str
    timestamp: str


@dataclass(frozen=True)
class WaitingGroup:
    """All rows of one status and reason."""

    status: str
    reason: str
    rows: tuple[WaitingRow, ...]


@dataclass(frozen=True)
class Tally:
    """A line of a table: how the rows of a kind stand, by status."""

    name: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All rows of the kind."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Tallies:
    """A table: its largest kinds, and `others`, which sums up `merged` kinds more."""

    lines: tuple[Tally, ...]
    merged: int = 0
    others: Tally = Tally("", {})


@dataclass(frozen=True)
class Contents:
    """All that the page shows. `runs` and `charts` are newest first."""

    manifest: Manifest
    standing: Standing
    runs: tuple[Run, ...]
    charts: list[Chart]
    by_phase: list[Tally]
    by_type: Tallies
    by_location: Tallies
    waiting: list[WaitingGroup]


def contents_of(folder: RollOutFolder, clock: Clock) -> Contents:
    """Reads it all. Raises NoRollOut, CorruptLedger."""
    manifest = load_manifest(folder)
    states: dict[str, LastState] = {}
    commits: list[Done] = []
    if folder.results.exists():
        with suppress(TornLine):  # a run may be in the middle of its last line
            for record, row, state in read_results(folder.results):
                states[row] = state
                at = _when(record.fields[0])
                if at is not None:
                    commits.append(Done(state.run_id, at, state.status is RowStatus.SUCCESS))
    ready = load_ready(folder)
    places = _Places(ready)
    views = list(_views(folder, states))
    standing = standing_of(folder, clock, states)
    return Contents(
        manifest=manifest,
        standing=standing,
        runs=runs_of(folder, clock),
        charts=charts_of(commits),
        by_phase=[Tally(phase, counts) for phase, counts in standing.by_phase.items()],
        by_type=_tallies(ready, ready.get_column("entity_type").to_list(), states, views, "entity_type"),
        by_location=_tallies(
            ready, places.of_ready, states, [view | {"location": places.of_view(view)} for view in views], "location"
        ),
        waiting=_waiting(views, places),
    )


def _when(timestamp: str) -> datetime | None:
    """None for what is no time: no row's state hangs on it, so the drawing does without."""
    with suppress(ValueError):
        at = datetime.fromisoformat(timestamp)
        return at if at.tzinfo else None
    return None


def _views(folder: RollOutFolder, states: Mapping[str, LastState]) -> Iterator[dict[str, str]]:
    """Rejected rows, then rows pending now. The last line of pending_rows.csv may be half written."""
    try:
        yield from error_views(folder, states)
    except TornLine as error:
        if error.path != folder.pending:
            raise


class _Places:
    """The name of the location of any row: the location's own name where the CSV has a row of it."""

    def __init__(self, ready: "pl.DataFrame") -> None:
        self._names: dict[str, str] = {}
        for packed in ready.filter(canonical_type="location").get_column(CELLS):
            row = cells_of(packed)
            name = row.get("location_name") or row["entity_key"]
            self._names |= {row[key].casefold(): name for key in _NAMES_OF_A_LOCATION if key in row}
        self.of_ready = [self._of_cells(cells_of(packed)) for packed in ready.get_column(CELLS)]

    def of_view(self, view: Mapping[str, str]) -> str:
        """Of a rejected or pending row, by what it held."""
        with suppress(ValueError):
            cells = json.loads(view["raw_row_minified"])
            if isinstance(cells, dict):
                return self._of_cells(cells)
        return ""

    def _of_cells(self, cells: Mapping[str, Any]) -> str:
        called = str(cells.get("location_key") or cells.get("location_name") or "")
        return self._names.get(called.casefold(), called)


def _tallies(
    ready: "pl.DataFrame",
    kinds: list[str],
    states: Mapping[str, LastState],
    views: list[dict[str, str]],
    column: str,
) -> Tallies:
    """Ready rows by kind and last state, and the rejected ones of the views."""
    found: dict[str, Counter[str]] = {}
    for row_id, kind in zip(ready.get_column("row_id"), kinds, strict=True):
        last = states.get(cell(row_id))
        found.setdefault(kind, Counter())[_NOT_REACHED if last is None else last.status.value] += 1
    for view in views:
        if view["status"] == RowStatus.REJECTED:
            found.setdefault(plain(view[column]), Counter())[RowStatus.REJECTED.value] += 1
    largest = sorted(found.items(), key=lambda item: (-item[1].total(), item[0]))
    shown = dict(largest[:MOST_LINES])
    names = as_they_run(shown) if column == "entity_type" else sorted(shown)
    kept = [Tally(name, shown[name]) for name in names]
    rest: Counter[str] = sum((counts for _, counts in largest[MOST_LINES:]), Counter())
    return Tallies(tuple(kept), merged=len(largest[MOST_LINES:]), others=Tally("", rest))


def _waiting(views: list[dict[str, str]], places: _Places) -> list[WaitingGroup]:
    """By status and reason: what is pending first, then the most frequent first."""
    groups: dict[tuple[str, str], list[WaitingRow]] = {}
    for view in views:
        groups.setdefault((view["status"], view["reason_code"]), []).append(_waiting_row(view, places))
    ordered = sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1]), item[0][1]))
    return [WaitingGroup(status, reason, tuple(rows)) for (status, reason), rows in ordered]


def _waiting_row(view: Mapping[str, Any], places: _Places) -> WaitingRow:
    return WaitingRow(
        row_id=plain(view["row_id"]),
        row_number=view["row_number"],
        entity_type=plain(view["entity_type"]),
        entity_key=plain(view["entity_key"]),
        location=places.of_view(view),
        step=plain(view.get("step", "")),
        message=plain(view["reason_message"]),
        http_status=view.get("http_status", ""),
        attempt=view.get("attempt", ""),
        timestamp=view["timestamp"],
    )
