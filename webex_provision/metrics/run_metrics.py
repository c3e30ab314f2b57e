"""Counts what a run tells of itself; whoever exposes the counts reads them from a thread of their own."""

from collections import Counter, defaultdict
from collections.abc import Callable

from webex_provision.actions.row import Row
from webex_provision.engine.live_figures import LiveFigures
from webex_provision.engine.observer import Observer
from webex_provision.ledger.states import RowOutcome
from webex_provision.vocabulary import RunState
from webex_provision.webex.call_stats import CallRecord

RUNNING = "RUNNING"
NO_STATUS = "none"


class RunMetrics(Observer):
    """The counts of one run over one roll-out. Every key is of a closed list: types, reasons, families, statuses.

    `rows` by (entity type, status, reason or ""); `calls` by (method, family, HTTP status or "none"), with `seconds`
    by (method, family), waits and retries included; `waiting` are the rows of the open phase that are still to do.
    """

    def __init__(self, roll_out: str) -> None:
        self.roll_out = roll_out
        self.state = RUNNING
        self.waiting = 0
        self.rows: Counter[tuple[str, str, str]] = Counter()
        self.calls: Counter[tuple[str, str, str]] = Counter()
        self.seconds: defaultdict[tuple[str, str], float] = defaultdict(float)
        self.figures: Callable[[], LiveFigures] | None = None

    def on_open(self, figures: Callable[[], LiveFigures]) -> None:
        """From now on there is something to read."""
        self.figures = figures

    def on_start(self, planned_rows: int) -> None:
        """A phase's work."""
        self.waiting = planned_rows

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        """One row less to do."""
        del row
        self.waiting -= 1
        reason = outcome.reason.value if outcome.reason is not None else ""
        self.rows[outcome.entity_type, outcome.status.value, reason] += 1

    def on_call(self, call: CallRecord) -> None:
        """A finished call, whatever its answer."""
        status = NO_STATUS if call.status is None else str(call.status)
        self.calls[call.method, call.family, status] += 1
        self.seconds[call.method, call.family] += call.seconds

    def on_end(self, state: RunState) -> None:
        """How it ended; nothing waits in this run any longer."""
        self.state = state.value
