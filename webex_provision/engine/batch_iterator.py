"""Which rows run when: batches of a phase in execution order, and what must have ended before each.

A batch is rows (n-1)*BATCH_SIZE+1 to n*BATCH_SIZE of its phase, by position in execution order (type rank, then the
order of the file). A phase with fewer rows than another has empty batches at its end.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import polars as pl

from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.actions.declaration import EntityType
from webex_provision.actions.row import Row
from webex_provision.engine.errors import NotYetDue
from webex_provision.engine.ready_rows import rows_of
from webex_provision.ledger.manifest import Selection
from webex_provision.ledger.states import batch_id_of
from webex_provision.vocabulary import Phase


@dataclass(frozen=True)
class Batch:
    """One batch of one phase; `number` counts from 1, positions are inclusive."""

    phase: Phase
    number: int
    first: int
    last: int

    @property
    def batch_id(self) -> str:
        """`p<phase>-b<nnnn>`, as the ledgers write it."""
        return batch_id_of(self.phase, self.number)


def batch_of(phase: Phase, number: int, batch_size: int) -> Batch:
    """The batch of this number."""
    return Batch(phase, number, (number - 1) * batch_size + 1, number * batch_size)


class BatchIterator:
    """The ready rows of a roll-out, cut into batches."""

    def __init__(self, ready: pl.DataFrame, batch_size: int) -> None:
        self._ready = ready
        self._batch_size = batch_size

    def batch(self, phase: Phase, number: int) -> Batch:
        """The batch of this number; it may be empty."""
        return batch_of(phase, number, self._batch_size)

    def rows(self, batch: Batch) -> list[Row]:
        """The batch's rows in execution order."""
        return list(rows_of(self._ready, batch.phase, batch.first, batch.last))

    def selected(self, selection: Selection, phase: Phase | None = None) -> Iterator[str]:
        """The ids of the rows that a selection takes, of one phase or of all."""
        columns = self._ready.select("row_id", "phase", "position", "entity_type").iter_rows()
        for row_id, number, position, entity_type in columns:
            if (
                (phase is None or number == phase)
                and (not selection.phases or number in selection.phases)
                and (not selection.types or entity_type in selection.types)
                and (not selection.batches or (position - 1) // self._batch_size + 1 in selection.batches)
            ):
                yield row_id

    def by_type(self, rows: Sequence[Row]) -> Iterator[tuple[EntityType, list[Row]]]:
        """The rows grouped by type, in execution order: a type starts when the earlier one has ended."""
        known = entity_types_by_name()
        for _, group in groupby(rows, key=lambda row: known[row.entity_type].rank):
            members = list(group)
            yield known[members[0].entity_type], members

    def require_earlier(self, batch: Batch, rows: Sequence[Row], terminal: Callable[[str], bool]) -> None:
        """Raises NotYetDue unless every row of earlier phases and of earlier types of this phase is terminal.

        `rows` are those about to run; they come in the order of their types and don't wait for each other.
        """
        if not rows:
            return
        rank = max(entity_types_by_name()[row.entity_type].rank for row in rows)
        mine = {row.row_id for row in rows}
        earlier_types = [
            name
            for name, declared in entity_types_by_name().items()
            if declared.phase is batch.phase and declared.rank < rank
        ]
        earlier = (pl.col("phase") < int(batch.phase)) | (
            (pl.col("phase") == int(batch.phase)) & pl.col("entity_type").is_in(earlier_types)
        )
        ids = self._ready.filter(earlier)["row_id"].to_list()
        waiting = [row_id for row_id in ids if row_id not in mine and not terminal(row_id)]
        if waiting:
            raise NotYetDue(
                f"batch {batch.batch_id} is not due: {len(waiting)} rows of earlier phases or types have no state yet "
                f"(first: row {waiting[0]}); run them first: webex-provision resume"
            )
