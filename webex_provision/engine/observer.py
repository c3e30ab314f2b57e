"""Whoever wants to watch a run: progress bars, plain lines, Dagster's events. The engine only tells."""

from webex_provision.actions.row import Row
from webex_provision.engine.batch_report import BatchReport
from webex_provision.ledger.states import RowOutcome


class Observer:
    """Does nothing; override what you want to hear."""

    def on_start(self, planned_rows: int) -> None:
        """A phase is about to run; so many rows are still to do in it."""

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        """A row has its terminal state, recorded."""

    def on_batch(self, report: BatchReport) -> None:
        """A batch is complete and checkpointed."""
