"""What whoever watches a run counts of it: rows done and left, their pace, pauses that Webex asks for, pending rows."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator

from webex_provision.ledger.states import RowOutcome
from webex_provision.vocabulary import Phase, RowStatus

PHASES = {
    Phase.ROUTING: "locations and routing",
    Phase.USERS: "users and workspaces",
    Phase.SERVICES: "services and devices",
}
PENDING_SHOWN = 5  # of each reason in a run; the others are counted
_PACE_SECONDS = 60.0
_PACE_AFTER_SECONDS = 2.0
_SHORTEST_WAIT = 2.0  # a shorter pause is over before it is read


class Tally:
    """The counts of one run. `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.phase: Phase | None = None
        self.batch = self.batches = 0
        self.planned = self.done = self.pending = self.later_rows = 0
        self._began = clock()
        self._ends: deque[float] = deque()
        self._held_until = clock()
        self._held = ("", 0.0)
        self._reasons: Counter[str] = Counter()
        self._untold: set[str] = set()
        self._looking = threading.Lock()  # a bar is drawn by a thread of its own

    def start_phase(self, planned_rows: int) -> None:
        """A phase begins; the pace of the earlier one tells nothing about it."""
        self.planned, self.done, self.batch = planned_rows, 0, 0
        with self._looking:
            self._began = self._clock()
            self._ends.clear()

    def row(self, outcome: RowOutcome) -> bool:
        """Counts a row; whether it is pending and among the first of its reason, so that it is to be shown."""
        self.done += 1
        self._ends.append(self._clock())
        if outcome.status is not RowStatus.PENDING or outcome.reason is None:
            return False
        self.pending += 1
        reason = outcome.reason.value
        self._reasons[reason] += 1
        if self._reasons[reason] > PENDING_SHOWN:
            self._untold.add(reason)
            return False
        return True

    def untold(self) -> Iterator[tuple[str, int]]:
        """Each reason of which rows have been counted but not shown since this was asked last, with all such rows."""
        reasons, self._untold = sorted(self._untold), set()
        for reason in reasons:
            yield reason, self._reasons[reason] - PENDING_SHOWN

    def hold(self, family: str, seconds: float) -> bool:
        """Notes a pause; whether it goes on for longer than what was noted before."""
        until = self._clock() + seconds
        if seconds < _SHORTEST_WAIT or until <= self._held_until + 1:
            return False
        self._held_until, self._held = until, (family, seconds)
        return True

    @property
    def waiting(self) -> str:
        """In words, the pause that lasts now; empty when there is none."""
        family, asked = self._held
        left = self._held_until - self._clock()
        return f"{family} calls wait {duration(left)}: Webex asks for {asked:.0f} s" if left > 0 else ""

    @property
    def rate(self) -> float | None:
        """Rows a second over the last minute of the phase, standing still included; None before it means anything."""
        with self._looking:
            now = self._clock()
            while self._ends and self._ends[0] < now - _PACE_SECONDS:
                self._ends.popleft()
            passed = min(now - self._began, _PACE_SECONDS)
            return len(self._ends) / passed if passed >= _PACE_AFTER_SECONDS and self._ends else None

    @property
    def left(self) -> str:
        """In words, how long all rows to come take at this pace; empty when that can't be told."""
        rows, rate = self.planned - self.done + self.later_rows, self.rate
        return f"about {duration(max(rows / rate, 1))} left" if rows > 0 and rate else ""


def duration(seconds: float) -> str:
    """`2 h 05 min`, `5 min 03 s` or `7 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
