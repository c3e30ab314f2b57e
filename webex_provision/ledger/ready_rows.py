"""ready_to_load.csv read back: the bookkeeping that intake added as columns, the cells of each row packed into one.

A file has a column for whatever any type can say, and a row fills few of them: a frame as wide as the file would hold
mostly blanks.
"""

import csv
import itertools
import json
from collections.abc import Iterator

import polars as pl

from webex_provision.ledger.errors import CorruptLedger
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.records import as_number

# What stands in ready_to_load.csv after the input's own columns.
BOOKKEEPING = ("row_id", "row_number", "phase", "position", "canonical_type", "pending_reason", "pending_message")
CELLS = "cells"
_NUMBERS = frozenset({"row_number", "phase", "position"})
_NAMED = ("entity_type", "entity_key", *BOOKKEEPING)
_SCHEMA = pl.Schema({name: pl.Int64() if name in _NUMBERS else pl.String() for name in (*_NAMED, CELLS)})
_SLICE_ROWS = 1_000


def load_ready(folder: RollOutFolder, wanted: int | None = None) -> pl.DataFrame:
    """The rows that intake wrote, in input order: entity_type, entity_key, BOOKKEEPING and CELLS (see `cells_of`).

    A blank is null; `wanted` is how many rows intake wrote, where that is known.

    Raises CorruptLedger when the file is missing, damaged, has lost rows or is not intake's.
    """
    slices = [pl.DataFrame(schema=_SCHEMA)]
    try:
        with folder.ready.open(newline="", encoding="utf-8") as handle:
            csv.field_size_limit(max(csv.field_size_limit(), folder.ready.stat().st_size))
            rows = _rows(folder, handle)
            while some := list(itertools.islice(rows, _SLICE_ROWS)):  # as many as the file has
                slices.append(pl.DataFrame(some, schema=_SCHEMA, orient="row"))
    except FileNotFoundError as error:
        raise CorruptLedger(folder.ready, 1, "the file is missing") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorruptLedger(folder.ready, 1, f"the file cannot be read ({str(error).splitlines()[0]})") from error
    frame = pl.concat(slices)
    if wanted not in (None, frame.height):
        raise CorruptLedger(folder.ready, frame.height + 1, f"{frame.height} rows, intake wrote {wanted}")
    return frame


def packed(ready: pl.DataFrame) -> pl.DataFrame:
    """The rows as `load_ready` gives them, of a frame that intake has just made."""
    rows = ready.drop(BOOKKEEPING).iter_rows(named=True)
    cells = [_packed({name: cell for name, cell in row.items() if cell is not None}) for row in rows]
    return ready.select(_NAMED).with_columns(pl.Series(CELLS, cells, pl.String))


def _packed(cells: dict[str, str]) -> str:
    return json.dumps(cells, ensure_ascii=False, separators=(",", ":"))


def cells_of(packed: str) -> dict[str, str]:
    """The filled cells of a row by column, normalised, in the order of the file: what stands in CELLS."""
    cells: dict[str, str] = json.loads(packed)
    return cells


def _rows(folder: RollOutFolder, lines: Iterator[str]) -> Iterator[tuple[str | int | None, ...]]:
    """Each record as a row of the frame. Raises CorruptLedger, csv.Error."""
    records = csv.reader(lines, strict=True)
    names = next(records, [])
    missing = [name for name in _NAMED if name not in names]
    if missing:
        raise CorruptLedger(folder.ready, 1, f"the column {missing[0]} is missing; this is not what intake wrote")
    places = {name: names.index(name) for name in _NAMED}
    own = [place for place, name in enumerate(names) if name not in BOOKKEEPING]
    for record in records:
        if len(record) != len(names):
            why = f"{len(record)} fields instead of {len(names)}"
            raise CorruptLedger(folder.ready, records.line_num, why)
        cells = {names[place]: record[place] for place in own if record[place]}
        try:
            named = [_value(name, record[place]) for name, place in places.items()]
        except ValueError as error:
            raise CorruptLedger(folder.ready, records.line_num, str(error)) from error
        yield (*named, _packed(cells))


def _value(name: str, text: str) -> str | int | None:
    if name in _NUMBERS:
        try:
            return as_number(text)
        except ValueError as error:
            raise ValueError("row_number, phase and position must be whole numbers") from error
    if not text and name in ("row_id", "entity_type", "canonical_type"):
        raise ValueError(f"the row has lost its {name}")
    return text or None
