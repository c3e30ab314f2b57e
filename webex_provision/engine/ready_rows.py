"""Ready rows as the engine takes them: by phase and position, and the names that they give to remote entities."""

from collections.abc import Iterator, Sequence

import polars as pl

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.actions.declaration import EntityType, References
from webex_provision.actions.row import Row
from webex_provision.ledger.ready_rows import CELLS, cells_of
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
            cells=cells_of(record[CELLS]),
            pending_reason=record["pending_reason"] or "",
            pending_message=record["pending_message"] or "",
        )


def references(frame: pl.DataFrame, types: Sequence[EntityType] = ENTITY_TYPES) -> References:
    """Every key of every row that names a remote entity; the first row of a key counts."""
    found = References()
    for entity_type in types:
        if not entity_type.remote_name:
            continue
        columns = dict.fromkeys(("entity_key", *entity_type.called, entity_type.remote_name))
        for packed in frame.filter(pl.col("canonical_type") == entity_type.name).get_column(CELLS).reverse():
            cells = cells_of(packed)
            if entity_type.remote_name in cells:
                keys = [cells[name] for name in columns if name in cells]
                found.add(entity_type.name, keys, cells[entity_type.remote_name])
    return found
