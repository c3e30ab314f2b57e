"""What a row's outcome is, how it stands in results.csv and pending_rows.csv, and reading both back.

A results line (row_id, attempt) IS the commit of a row. A pending row has its line in pending_rows.csv first.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from webex_provision.ledger.errors import CorruptLedger, TornLine
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.records import (
    PENDING_COLUMNS,
    RESULTS_COLUMNS,
    Record,
    as_number,
    cell,
    csv_line,
    plain,
    read_records,
)
from webex_provision.vocabulary import Phase, Reason, RowStatus

_BATCH_ID = re.compile(r"p[123]-b[0-9]{4,}")


def batch_id_of(phase: Phase, number: int) -> str:
    """The name of a batch, `p<phase>-b<nnnn>`; `number` counts from 1 in its phase."""
    return f"p{int(phase)}-b{number:04d}"


def batch_number(batch_id: str) -> int:
    """The number in `p<phase>-b<nnnn>`."""
    return int(batch_id.rpartition("-b")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOutcome:
    """The terminal state of one row in one attempt, as the engine hands it in.

    `http_status` is None when no answer decided it; `reason` is None for a success; `raw_row_minified` (see
    `records.minify_row`) is written for a pending row only; `attempt` is the generation in which the row ran.
    """

    row_id: str
    row_number: int
    batch_id: str
    phase: Phase
    entity_type: str
    entity_key: str
    step: str
    status: RowStatus
    attempt: int
    run_id: str
    http_status: int | None = None
    message: str = ""
    reason: Reason | None = None
    remote_id: str = ""
    raw_row_minified: str = ""


class LastState(NamedTuple):
    """A row's last commit, compact: one is kept in memory for every row."""

    attempt: int
    status: RowStatus
    reason: Reason | None
    step: str
    http_status: int | None
    remote_id: str
    entity_type: str
    batch_id: str
    phase: Phase
    run_id: str


def state_of(outcome: RowOutcome) -> LastState:
    """The part of an outcome that is remembered."""
    return LastState(
        outcome.attempt,
        outcome.status,
        outcome.reason,
        sys.intern(outcome.step),
        outcome.http_status,
        outcome.remote_id,
        sys.intern(outcome.entity_type),
        sys.intern(outcome.batch_id),
        outcome.phase,
        sys.intern(outcome.run_id),
    )


def _head(outcome: RowOutcome, timestamp: str) -> list[str | int | None]:
    return [
        timestamp,
        cell(outcome.batch_id),
        cell(outcome.row_id),
        int(outcome.phase),
        cell(outcome.entity_type),
        cell(outcome.entity_key),
        cell(outcome.step),
    ]


def results_line(outcome: RowOutcome, timestamp: str) -> bytes:
    """The commit, as its one line of results.csv."""
    return csv_line(
        [
            *_head(outcome, timestamp),
            outcome.status.value,
            outcome.http_status,
            cell(outcome.message),
            cell(outcome.remote_id),
            outcome.attempt,
            cell(outcome.run_id),
            outcome.row_number,
            outcome.reason.value if outcome.reason else "",
        ]
    )


def pending_line(outcome: RowOutcome, timestamp: str) -> bytes:
    """The line of pending_rows.csv that precedes the commit."""
    return csv_line(
        [
            *_head(outcome, timestamp),
            outcome.reason.value if outcome.reason else "",
            cell(outcome.message),
            outcome.http_status,
            cell(outcome.raw_row_minified),
            outcome.attempt,
            cell(outcome.run_id),
            outcome.row_number,
        ]
    )


def _verdict(status: str, reason: str) -> tuple[RowStatus, Reason | None]:
    verdict = RowStatus(status), Reason(reason) if reason else None
    if verdict[0] is RowStatus.REJECTED or (verdict[0] is RowStatus.PENDING) != bool(reason):
        raise ValueError(f"status {status!r} does not go with reason {reason!r}")
    return verdict


def _check_names(row: str, batch_id: str) -> None:
    if not row or not _BATCH_ID.fullmatch(batch_id):
        raise ValueError(f"row {row!r} in batch {batch_id!r}")


def _commit_of(path: Path, record: Record) -> tuple[str, LastState]:
    """The row's key (as written) and state of one results record. Raises CorruptLedger."""
    fields = record.fields
    try:
        status, reason = _verdict(fields[7], fields[14])
        _check_names(fields[2], fields[1])
        as_number(fields[13])
        state = LastState(
            as_number(fields[11]),
            status,
            reason,
            sys.intern(plain(fields[6])),
            as_number(fields[8]) if fields[8] else None,
            plain(fields[10]),
            sys.intern(plain(fields[4])),
            sys.intern(fields[1]),
            Phase(as_number(fields[3])),
            sys.intern(plain(fields[12])),
        )
    except ValueError as error:
        raise CorruptLedger(path, record.number, f"unparseable ({error})", record.offset) from error
    return fields[2], state


def pending_key(path: Path, record: Record) -> tuple[str, int]:
    """(row as written, attempt) of one pending record. Raises CorruptLedger."""
    fields = record.fields
    try:
        as_number(fields[13])
        Reason(fields[7])
        Phase(as_number(fields[3]))
        if fields[9]:
            as_number(fields[9])
        return fields[2], as_number(fields[11])
    except ValueError as error:
        raise CorruptLedger(path, record.number, f"unparseable ({error})", record.offset) from error


@dataclass(slots=True)
class History:
    """Both files read back: last states by row (as written), and what a crash left between them.

    `commits` counts results records. `uncommitted` are line numbers of pending_rows.csv without their commit: not an
    error. `unexplained` are pending commits without their line in pending_rows.csv: (row, attempt) to results line.
    """

    states: dict[str, LastState] = field(default_factory=dict)
    commits: int = 0
    uncommitted: frozenset[int] = frozenset()
    unexplained: dict[tuple[str, int], int] = field(default_factory=dict)

    @property
    def last_attempt(self) -> int:
        """The highest attempt that has a commit; 0 for none."""
        return max((state.attempt for state in self.states.values()), default=0)


def read_results(path: Path) -> Iterator[tuple[Record, str, LastState]]:
    """Each commit in order. Raises CorruptLedger, for a row committed twice in an attempt too."""
    attempts: dict[str, int] = {}
    for record in read_records(path, RESULTS_COLUMNS):
        row, state = _commit_of(path, record)
        if state.attempt <= attempts.get(row, 0):
            why = f"row {row}, attempt {state.attempt} is recorded again (or out of order)"
            raise CorruptLedger(path, record.number, why, record.offset)
        attempts[row] = state.attempt
        yield record, row, state


def read_history(folder: RollOutFolder) -> History:
    """Both files, streaming; missing files are empty. Raises CorruptLedger; writes nothing."""
    history = History()
    if folder.results.exists():
        for record, row, state in read_results(folder.results):
            history.states[row] = state
            history.commits += 1
            if state.status is RowStatus.PENDING:
                history.unexplained[row, state.attempt] = record.number
    if folder.pending.exists():
        history.uncommitted = frozenset(
            record.number
            for record in read_records(folder.pending, PENDING_COLUMNS)
            if history.unexplained.pop(pending_key(folder.pending, record), None) is None
        )
    return history


def refuse_unexplained(folder: RollOutFolder, history: History) -> None:
    """Raise CorruptLedger when a pending commit has lost its line in pending_rows.csv."""
    for (row, attempt), line in history.unexplained.items():
        why = f"row {row}, attempt {attempt} is pending but has no line in {folder.pending.name}"
        raise CorruptLedger(folder.results, line, why)


def read_states(folder: RollOutFolder) -> dict[str, LastState]:
    """Last states for a reader that holds no lock and changes nothing (status, checks). Raises CorruptLedger.

    The writer of a running roll-out may be in the middle of its last line, so a torn last line is passed over here.
    """
    states: dict[str, LastState] = {}
    if not folder.results.exists():
        return states
    with suppress(TornLine):
        states.update((row, state) for _record, row, state in read_results(folder.results))
    return states
