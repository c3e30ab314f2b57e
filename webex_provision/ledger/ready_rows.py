"""ready_to_load.csv read back: the input's columns, normalised, and what intake added after them."""

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
        frame = pl.read_csv(folder.ready, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
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
