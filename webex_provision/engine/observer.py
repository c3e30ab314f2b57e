"""Whoever wants to watch a run: progress bars, plain lines, Dagster's events. The engine only tells."""

import logging
from collections.abc import Callable

from webex_provision.actions.row import Row
from webex_provision.engine.batch_iterator import Batch
from webex_provision.engine.batch_report import BatchReport
from webex_provision.engine.live_figures import LiveFigures
from webex_provision.ledger.states import RowOutcome
from webex_provision.vocabulary import Phase, RunState

_log = logging.getLogger(__name__)


class Observer:
    """Does nothing; override what you want to hear."""

    def on_phase(self, phase: Phase, batches: int, later_rows: int) -> None:
        """A phase of so many batches is about to run; of the later phases of this run, so many rows are to do."""

    def on_open(self, figures: Callable[[], LiveFigures]) -> None:
        """The run is open; `figures` may be asked at any time, from any thread, also when the run has ended."""

    def on_start(self, planned_rows: int) -> None:
        """A phase is about to run; so many rows are still to do in it."""

    def on_batch_start(self, batch: Batch) -> None:
        """A batch that has work is about to run."""

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        """A row has its terminal state, recorded."""

    def on_batch(self, report: BatchReport) -> None:
        """A batch is complete and checkpointed."""

    def on_notice(self, text: str) -> None:
        """Something that whoever watches should know now, in a line: a token is out."""

    def on_wait(self, family: str, seconds: float) -> None:
        """Webex has asked for a pause: no call of this endpoint family leaves before so many seconds have passed."""

    def on_end(self, state: RunState) -> None:
        """The run has ended, its summary is written."""


class Both(Observer):
    """Two observers that hear the same, one after the other."""

    def __init__(self, first: Observer, second: Observer) -> None:
        self._observers = (first, second)

    def on_phase(self, phase: Phase, batches: int, later_rows: int) -> None:
        """To both."""
        for observer in self._observers:
            observer.on_phase(phase, batches, later_rows)

    def on_open(self, figures: Callable[[], LiveFigures]) -> None:
        """To both."""
        for observer in self._observers:
            observer.on_open(figures)

    def on_start(self, planned_rows: int) -> None:
        """To both."""
        for observer in self._observers:
            observer.on_start(planned_rows)

    def on_batch_start(self, batch: Batch) -> None:
        """To both."""
        for observer in self._observers:
            observer.on_batch_start(batch)

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

    def on_wait(self, family: str, seconds: float) -> None:
        """To both."""
        for observer in self._observers:
            observer.on_wait(family, seconds)

    def on_end(self, state: RunState) -> None:
        """To both."""
        for observer in self._observers:
            observer.on_end(state)


class Harmless(Observer):
    """Tells another observer until that one fails, as a bar does on a terminal that was closed: the run goes on."""

    def __init__(self, watcher: Observer) -> None:
        self._watcher = watcher

    def on_phase(self, phase: Phase, batches: int, later_rows: int) -> None:
        """Passed on."""
        self._tell(lambda: self._watcher.on_phase(phase, batches, later_rows))

    def on_batch_start(self, batch: Batch) -> None:
        """Passed on."""
        self._tell(lambda: self._watcher.on_batch_start(batch))

    def on_wait(self, family: str, seconds: float) -> None:
        """Passed on."""
        self._tell(lambda: self._watcher.on_wait(family, seconds))

    def on_open(self, figures: Callable[[], LiveFigures]) -> None:
        """Passed on."""
        self._tell(lambda: self._watcher.on_open(figures))

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

    def on_end(self, state: RunState) -> None:
        """Passed on."""
        self._tell(lambda: self._watcher.on_end(state))

    def _tell(self, telling: Callable[[], None]) -> None:
        try:
            telling()
        except (Exception, SystemExit) as error:  # rich ends the process where nobody reads its output any longer
            self._watcher = Observer()
            _log.warning("nobody_watches", extra={"cause": f"{type(error).__name__}: {error}"})
