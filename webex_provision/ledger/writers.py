"""The files that are written whole: ready and rejected rows, the operator's view of errors, the summary."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from webex_provision.ledger.errors import CorruptLedger, LedgerInvariant
from webex_provision.ledger.files import atomic_file, write_atomically
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.records import (
    FORMULA_PATTERN,
    LINE_BREAK_PATTERN,
    PENDING_COLUMNS,
    REJECTED_COLUMNS,
    ROW_ERRORS_COLUMNS,
    Record,
    cell,
    csv_line,
    header_line,
    read_records,
)
from webex_provision.ledger.states import LastState, pending_key
from webex_provision.vocabulary import Reason, RowStatus

_SLICE_ROWS = 1_000


def write_frame_atomically(path: Path, frame: pl.DataFrame) -> None:
    """Replace `path` by the frame as CSV, mode 0600, whole or not at all. Texts are written as they are."""
    with atomic_file(path) as handle:
        handle.write(header_line(frame.columns))
        for part in frame.iter_slices(_SLICE_ROWS):
            handle.write(part.write_csv(include_header=False).encode())


def write_ready_rows(folder: RollOutFolder, frame: pl.DataFrame) -> None:
    """ready_to_load.csv: the input's columns, normalised; nothing is escaped, for this file is read back."""
    write_frame_atomically(folder.ready, frame)


def write_rejected_rows(folder: RollOutFolder, frame: pl.DataFrame) -> None:
    """rejected_rows.csv from a frame with exactly REJECTED_COLUMNS; texts lose line breaks and formulas."""
    if tuple(frame.columns) != REJECTED_COLUMNS:
        raise LedgerInvariant(f"rejected rows have the columns {frame.columns}")
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    write_frame_atomically(folder.rejected, frame.with_columns(cell_of(name) for name in texts))


def cell_of(name: str) -> pl.Expr:
    """`records.cell`, for a whole column."""
    text = pl.col(name).str.replace_all("\0", "", literal=True)
    guarded = pl.when(text.str.contains(FORMULA_PATTERN)).then(pl.lit("'") + text).otherwise(text)
    return guarded.str.replace_all(LINE_BREAK_PATTERN, " ").alias(name)


def write_summary(folder: RollOutFolder, summary: Mapping[str, Any]) -> None:
    """run_summary.json, replaced atomically; keys in the order given."""
    write_atomically(folder.summary, json.dumps(summary, ensure_ascii=False, indent=2).encode() + b"\n")


def write_plan(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> None:
    """plan.csv, mode 0600, whole or not at all; texts lose line breaks and formulas. Raises OutputNotWritable."""
    with atomic_file(path) as handle:
        handle.write(header_line(columns))
        for row in rows:
            handle.write(csv_line([cell(field) if isinstance(field, str) else field for field in row]))


def rebuild_row_errors(folder: RollOutFolder, states: Mapping[str, LastState]) -> int:
    """row_errors.csv: rejected rows, then rows whose LAST state is pending; returns how many. Streaming.

    Raises CorruptLedger when a source can't be trusted; the old view then stays.
    """
    count = 0
    with atomic_file(folder.row_errors) as handle:
        handle.write(header_line(ROW_ERRORS_COLUMNS))
        for view in error_views(folder, states):
            handle.write(csv_line([view.get(column) for column in ROW_ERRORS_COLUMNS]))
            count += 1
    return count


def check_rejected(folder: RollOutFolder) -> None:
    """Raise CorruptLedger when rejected_rows.csv can't be trusted; a missing file is fine."""
    if folder.rejected.exists():
        for record in read_records(folder.rejected, REJECTED_COLUMNS):
            _view(folder.rejected, REJECTED_COLUMNS, record, RowStatus.REJECTED)


def error_views(folder: RollOutFolder, states: Mapping[str, LastState]) -> Iterator[dict[str, str]]:
    """Rejected rows, then rows whose LAST state is pending, by column, with status and remedy. Raises CorruptLedger."""
    if folder.rejected.exists():
        for record in read_records(folder.rejected, REJECTED_COLUMNS):
            yield _view(folder.rejected, REJECTED_COLUMNS, record, RowStatus.REJECTED)
    if folder.pending.exists():
        for record in read_records(folder.pending, PENDING_COLUMNS):
            row, attempt = pending_key(folder.pending, record)
            last = states.get(row)
            if last is not None and last.status is RowStatus.PENDING and last.attempt == attempt:
                yield _view(folder.pending, PENDING_COLUMNS, record, RowStatus.PENDING)


def _view(path: Path, columns: tuple[str, ...], record: Record, status: RowStatus) -> dict[str, str]:
    view = dict(zip(columns, record.fields, strict=True))
    try:
        remedy = Reason(view["reason_code"]).remedy
    except ValueError as error:
        raise CorruptLedger(path, record.number, f"unparseable ({error})", record.offset) from error
    return view | {"status": status.value, "remedy": remedy}
