"""How a run is watched: a bar with rate and remaining time on a terminal, a line a batch anywhere else."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from webex_provision.actions.row import Row
from webex_provision.console.screen import harmless
from webex_provision.engine.observer import Observer
from webex_provision.ledger.states import RowOutcome
from webex_provision.vocabulary import RowStatus

if TYPE_CHECKING:
    from webex_provision.engine.batch_report import BatchReport

_PHASES = {1: "locations and routing", 2: "users and workspaces", 3: "services"}
_RATE_SECONDS = 30.0


class Watcher(Observer):
    """An observer for the length of a `with` block; this one shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def watcher_for(console: Console) -> Watcher:
    """The right one for where the words go."""
    return BarWatcher(console) if console.is_terminal else LineWatcher(console)


class BarWatcher(Watcher):
    """One bar a phase: rows done, rows a second, time left, rows pending."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[pending]}"),
            console=console,
            speed_estimate_period=_RATE_SECONDS,
        )
        self._task = self._progress.add_task("", visible=False, pending="")
        self._pending = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def on_notice(self, text: str) -> None:
        """A line above the bar."""
        self._progress.console.print(harmless(text, "bold yellow"))

    def on_start(self, planned_rows: int) -> None:
        """A new bar, unless there is nothing to do."""
        self._pending = 0
        if planned_rows:
            self._task = self._progress.add_task("", total=planned_rows, pending="")

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        """One step further."""
        del row
        if outcome.status is RowStatus.PENDING:
            self._pending += 1
        phase = int(outcome.phase)
        self._progress.update(
            self._task,
            advance=1,
            description=f"phase {phase} {_PHASES[phase]}",
            pending=f"{self._pending} pending" if self._pending else "",
        )


class _Rate(TextColumn):
    """Rows a second over the last half minute."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        """Nothing until there is something to measure."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} rows/s")


class LineWatcher(Watcher):
    """One line for what is planned in a phase, one for each batch that had work."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._planned = self._done = 0
        self._started = clock()

    def on_notice(self, text: str) -> None:
        """A line of its own."""
        self._console.print(harmless(text), soft_wrap=True)

    def on_start(self, planned_rows: int) -> None:
        """What is to do."""
        self._planned, self._done, self._started = planned_rows, 0, self._clock()

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        """Counts for rate and remaining time."""
        del row, outcome
        self._done += 1

    def on_batch(self, report: "BatchReport") -> None:
        """What the batch came to, and how long the rest of its phase may take."""
        worked = report.success + report.pending
        if not worked:
            return
        parts = [f"{report.success} success", f"{report.pending} pending"]
        if report.top_reasons:
            parts[-1] += f" ({report.top_reasons})"
        if report.skipped:
            parts.append(f"{report.skipped} done before")
        rate = self._done / max(self._clock() - self._started, 0.001)
        parts.append(f"{rate:.1f} rows/s")
        left = self._planned - self._done
        if left > 0 and rate > 0:
            parts.append(f"about {duration(left / rate)} left in this phase")
        self._console.print(Text(f"{report.batch.batch_id}: {', '.join(parts)}"), soft_wrap=True)


def duration(seconds: float) -> str:
    """`2 h 05 min`, `5 min 03 s` or `7 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
