"""What the calls of a rehearsal are for."""

from bisect import bisect_left
from collections import Counter

from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.actions.row import Row
from webex_provision.engine.observer import Observer
from webex_provision.ledger.states import RowOutcome
from webex_provision.sandbox.app import PREFIX
from webex_provision.sandbox.request_log import RequestLog
from webex_provision.wire import endpoint_family

BEFORE_ROWS = "checks before the first row"
AFTER_ROWS = "after the last row"
_EMPTIED_EVERY = 1_000


class CallCounter(Observer):
    """Counts the requests that a simulated tenant has seen, by entity type and endpoint family.

    Types run one after the other, so what was asked up to the end of a type's last row was asked for that type (its
    bulk look-ups included). The log is emptied now and then: a long rehearsal would not fit into memory.
    """

    def __init__(self, log: RequestLog) -> None:
        self._log = log
        self._ends: list[int] = []
        self._types: list[str] = []
        self._rows = 0
        self._names = entity_types_by_name()
        self.calls: dict[str, Counter[str]] = {}

    def on_start(self, planned_rows: int) -> None:
        """What was asked before the first row is nobody's."""
        del planned_rows
        if not self._ends:
            self._mark(BEFORE_ROWS)

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        """Everything up to here was for this type, or for those before it."""
        del row
        name = self._names[outcome.entity_type].name
        self._mark(name)
        self._rows += 1
        if self._rows % _EMPTIED_EVERY == 0:
            self._empty(name)  # what other rows have asked meanwhile is for the same type

    def counted(self) -> dict[str, Counter[str]]:
        """Calls by type and endpoint family, in the order in which the types ran."""
        self._empty(AFTER_ROWS)
        return self.calls

    def _mark(self, name: str) -> None:
        if self._types and self._types[-1] == name:
            self._ends[-1] = self._log.seq
        else:
            self._types.append(name)
            self._ends.append(self._log.seq)
            self.calls.setdefault(name, Counter())

    def _empty(self, later: str) -> None:
        for _ in range(len(self._log.entries)):
            entry = self._log.entries.popleft()
            place = bisect_left(self._ends, int(entry["seq"]))
            name = self._types[place] if place < len(self._types) else later
            self.calls.setdefault(name, Counter())[
                endpoint_family(entry["method"], entry["path"].removeprefix(PREFIX))
            ] += 1
