"""Whoever wants to watch a run: progress bars, plain lines, Dagster's events. The engine only tells."""

import logging
from collections.abc import Callable

from webex_provision.actions.row import Row
from webex_provision.engine.batch_report import BatchReport
from webex_provision.ledger.states import RowOutcome

_log = logging.getLogger(__name__)


class Observer:
    """Does nothing; override what you want to hear."""

    def on_start(self, planned_rows: int) -> None:
        """A phase is about to run; so many rows are still to do in it."""

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        """A row has its terminal state, recorded."""

    def on_batch(self, report: BatchReport) -> None:
        """A batch is complete and checkpointed."""

    def on_notice(self, text: str) -> None:
        """Something that whoever watches should know now, in a line: a token is out."""


class Both(Observer):
    """Two observers that hear the same, one after the other."""

    def __init__(self, first: Observer, second: Observer) -> None:
        self._observers = (first, second)

    def on_start(self, planned_rows: int) -> None:
        """To both."""
        for observer in self._observers:
            observer.on_start(planned_rows)

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        """To both."""
        for observer in self._observers:
            observer.on_row(row, outcome)

    def on_batch(self, report: BatchReport) -> None:
        """To both."""
        for observer in self._observers:
            observer.on_batch(report)

    def on_notice(self, text: str) -> None:
        """To both."""
        for observer in self._observers:
            observer.on_notice(text)


class Harmless(Observer):
    """Tells another observer until that one fails, as a bar does on a terminal that was closed: the run goes on."""

    def __init__(self, watcher: Observer) -> None:
        self._watcher = watcher

    def on_start(self, planned_rows: int) -> None:
        """Passed on."""
        self._tell(lambda: self._watcher.on_start(planned_rows))

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        """Passed on."""
        self._tell(lambda: self._watcher.on_row(row, outcome))

    def on_batch(self, report: BatchReport) -> None:
        """Passed on."""
        self._tell(lambda: self._watcher.on_batch(report))

    def on_notice(self, text: str) -> None:
        """Passed on."""
        self._tell(lambda: self._watcher.on_notice(text))

    def _tell(self, telling: Callable[[], None]) -> None:
        try:
            telling()
        except (Exception, SystemExit) as error:  # rich ends the process where nobody reads its output any longer
            self._watcher = Observer()
            _log.warning("nobody_watches", extra={"cause": f"{type(error).__name__}: {error}"})
