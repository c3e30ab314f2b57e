"""ready_to_load.csv read back: the input's columns, normalised, and what intake added after them."""

import csv

import polars as pl

from webex_provision.ledger.errors import CorruptLedger
from webex_provision.ledger.folder import RollOutFolder

# What stands in ready_to_load.csv after the input's own columns.
BOOKKEEPING = ("row_id", "row_number", "phase", "position", "canonical_type", "pending_reason", "pending_message")
_NUMBERS = ("row_number", "phase", "position")


def load_ready(folder: RollOutFolder) -> pl.DataFrame:
    """The frame that intake wrote, in input order: text, null where blank, and whole numbers for the bookkeeping.

    Raises CorruptLedger when the file is missing, damaged or not intake's.
    """
    try:
        with folder.ready.open(newline="", encoding="utf-8") as handle:
            header = csv.reader(handle)
            names = next(header, [])
        # polars leaves doubled quotes in the names of a header as they are, so it gets the names from here.
        frame = pl.read_csv(
            folder.ready, has_header=False, skip_lines=header.line_num, schema=dict.fromkeys(names, pl.String)
        )
    except pl.exceptions.NoDataError:
        frame = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    except (OSError, UnicodeDecodeError, csv.Error, pl.exceptions.PolarsError) as error:
        raise CorruptLedger(folder.ready, 1, f"the file cannot be read ({str(error).splitlines()[0]})") from error
    missing = [name for name in BOOKKEEPING if name not in frame.columns]
    if missing:
        raise CorruptLedger(folder.ready, 1, f"the column {missing[0]} is missing; this is not what intake wrote")
    try:
        numbers = frame.select(pl.col(_NUMBERS).cast(pl.Int64))
    except pl.exceptions.PolarsError as error:
        raise CorruptLedger(folder.ready, 1, "row_number, phase and position must be whole numbers") from error
    if sum(numbers.null_count().row(0)) or frame.get_column("row_id").null_count():
        raise CorruptLedger(folder.ready, 1, "a row has lost its row_id, row_number, phase or position")
    return frame.with_columns(numbers)
