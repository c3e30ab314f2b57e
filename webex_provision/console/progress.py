"""How a run is watched: a line a phase and batch, pending rows as they come, and on a terminal a bar below them."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from webex_provision.actions.row import Row
from webex_provision.console.screen import harmless
from webex_provision.console.tally import PHASES, Tally
from webex_provision.engine.observer import Observer
from webex_provision.ledger.states import RowOutcome
from webex_provision.vocabulary import Phase

if TYPE_CHECKING:
    from webex_provision.engine.batch_iterator import Batch
    from webex_provision.engine.batch_report import BatchReport

_BAR_WIDTH, _NARROWEST_BAR = 24, 6
_REFRESHED_A_SECOND = 4


class Watcher(Observer):
    """An observer for the length of a `with` block; this one shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def watcher_for(console: Console) -> Watcher:
    """The right one for where the words go; a terminal that can't move its cursor gets lines, too."""
    bar = console.is_terminal and not console.is_dumb_terminal
    return BarWatcher(console) if bar else LineWatcher(console)


class LineWatcher(Watcher):
    """Lines for anything: what is planned in a phase, what each batch came to, the first pending rows of a reason."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self.tally = Tally(clock)

    def on_notice(self, text: str) -> None:
        """A line of its own."""
        self._console.print(harmless(text, "bold yellow"), soft_wrap=True)

    def on_phase(self, phase: Phase, batches: int, later_rows: int) -> None:
        """Told with its rows by `on_start`."""
        self.tally.phase, self.tally.batches, self.tally.later_rows = phase, batches, later_rows

    def on_start(self, planned_rows: int) -> None:
        """What is to do; nothing to do is not told."""
        tally = self.tally
        tally.start_phase(planned_rows)
        if planned_rows and tally.phase is not None:
            later = f", {tally.later_rows} more in later phases" if tally.later_rows else ""
            name = f"phase {int(tally.phase)}, {PHASES[tally.phase]}"
            self._say(f"{name}: {_counted(planned_rows, 'row')} in {_counted(tally.batches, 'batch', 'es')}{later}")

    def on_batch_start(self, batch: "Batch") -> None:
        """Which one it is."""
        self.tally.batch = batch.number

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        """A line if it is pending, unless many are for the same reason."""
        if self.tally.row(outcome):
            told = f"  pending: row {outcome.row_id} {outcome.entity_type} {outcome.entity_key}: {outcome.reason}"
            self._say(told, "yellow")
        del row

    def on_wait(self, family: str, seconds: float) -> None:
        """A line for each pause."""
        if self.tally.hold(family, seconds):
            self._say(f"waiting: Webex asks for {seconds:.0f} s before the next {family} call")

    def on_batch(self, report: "BatchReport") -> None:
        """What the batch came to, and how long the rest of the run may take."""
        for reason, count in self.tally.untold():
            self._say(f"  … and {count} more {reason} so far", "yellow")
        if not report.success + report.pending:
            return
        parts = [f"{report.success} success", f"{report.pending} pending"]
        if report.top_reasons:
            parts[-1] += f" ({report.top_reasons})"
        if report.skipped:
            parts.append(f"{report.skipped} done before")
        parts.append(_counted(report.calls, "call"))
        rate, left = self.tally.rate, self.tally.left
        parts += [f"{rate:.1f} rows/s"] if rate is not None else []
        parts += [left] if left else []
        self._say(f"{report.batch.batch_id}: {', '.join(parts)}")

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(harmless(text, style), soft_wrap=True)


class BarWatcher(LineWatcher):
    """The lines, and below them one that follows the run: phase, batch, rows, pace, time left, pending rows."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console, clock)
        self._live = Live(
            console=console, get_renderable=self.bar, refresh_per_second=_REFRESHED_A_SECOND, transient=True
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def on_wait(self, family: str, seconds: float) -> None:
        """The bar tells it for as long as it lasts."""
        self.tally.hold(family, seconds)

    def bar(self) -> Table | Text:
        """One line, as much of it as the terminal has columns; nothing before the first phase."""
        tally, room = self.tally, self._console.width - 1
        if not tally.planned:
            return Text()
        phase = f"phase {int(tally.phase)}" if tally.phase else "looking up"
        rate = f"{tally.rate:.1f} rows/s" if tally.rate is not None else ""
        facts = [
            phase,
            f"batch {tally.batch}/{tally.batches}" if tally.batches else "",
            f"{tally.done}/{tally.planned} rows",
            tally.waiting or ", ".join(part for part in (rate, tally.left) if part),
            f"{tally.pending} pending" if tally.pending else "",
        ]
        texts = [Text(fact, no_wrap=True, overflow="ellipsis") for fact in facts if fact]
        line = Table.grid(padding=(0, 2))
        taken = sum(text.cell_len + 2 for text in texts)
        width = min(_BAR_WIDTH, room - taken - 2)
        if width >= _NARROWEST_BAR:
            bar = ProgressBar(total=tally.planned, completed=tally.done, width=width)
            line.add_row(*texts[:2], bar, *texts[2:])
        else:
            line.add_row(Text("  ").join(texts))
            line.columns[0].no_wrap, line.columns[0].overflow = True, "ellipsis"
        return line


class LookupWatcher(BarWatcher):
    """The bar and notices alone: nothing that is counted here is done, only looked up."""

    def _say(self, text: str, style: str = "") -> None:
        del text, style


def _counted(count: int, what: str, plural: str = "s") -> str:
    return f"{count} {what}{'' if count == 1 else plural}"
