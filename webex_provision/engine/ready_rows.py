"""Ready rows as the engine takes them: by phase and position, and the names that they give to remote entities."""

from collections.abc import Iterator, Sequence

import polars as pl

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.actions.declaration import EntityType, References
from webex_provision.actions.row import Row
from webex_provision.ledger.ready_rows import BOOKKEEPING
from webex_provision.vocabulary import Phase


def rows_of(frame: pl.DataFrame, phase: Phase, first: int, last: int) -> Iterator[Row]:
    """The rows of a phase at positions `first` to `last`, both included, in execution order."""
    wanted = (pl.col("phase") == int(phase)) & pl.col("position").is_between(first, last)
    for record in frame.filter(wanted).sort("position").iter_rows(named=True):
        yield Row(
            row_id=record["row_id"],
            row_number=record["row_number"],
            position=record["position"],
            entity_type=record["entity_type"],
            entity_key=record["entity_key"],
            cells={name: cell for name, cell in record.items() if cell is not None and name not in BOOKKEEPING},
            pending_reason=record["pending_reason"] or "",
            pending_message=record["pending_message"] or "",
        )


def references(frame: pl.DataFrame, types: Sequence[EntityType] = ENTITY_TYPES) -> References:
    """Every key of every row that names a remote entity; the first row of a key counts."""
    found = References()
    for entity_type in types:
        if not entity_type.remote_name or entity_type.remote_name not in frame.columns:
            continue
        columns = dict.fromkeys(("entity_key", *entity_type.called, entity_type.remote_name))
        keys = [name for name in columns if name in frame.columns]
        rows = frame.filter(pl.col("canonical_type") == entity_type.name).select(keys).reverse()
        for record in rows.iter_rows(named=True):
            found.add(entity_type.name, [key for key in record.values() if key], record[entity_type.remote_name])
    return found
