"""A run is watched by a bar on a terminal and by plain lines anywhere else."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from webex_provision.actions.row import Row
from webex_provision.console.progress import BarWatcher, LineWatcher, watcher_for
from webex_provision.engine.batch_iterator import Batch
from webex_provision.engine.batch_report import BatchReport
from webex_provision.vocabulary import Phase, Reason
from webex_provision_tests.ledger.samples import pending, success

ROW = Row("1", 1, 1, "user", "a@b.c", {})


def _console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, force_terminal=terminal, width=120), text


def _play(console: Console, rows: int = 4) -> None:
    with watcher_for(console) as watcher:
        watcher.on_start(rows)
        report = BatchReport(Batch(Phase.USERS, 1, 1, 500), rows=3)
        for _ in range(2):
            watcher.on_row(ROW, success("1"))
            report.success += 1
        watcher.on_row(ROW, pending("2"))
        report.pending, report.reasons[Reason.USER_NOT_FOUND] = 1, 1
        watcher.on_batch(report)
        watcher.on_batch(BatchReport(Batch(Phase.USERS, 2, 501, 1000), rows=3, skipped=3))


def test_a_terminal_gets_a_bar_and_anything_else_lines() -> None:
    assert isinstance(watcher_for(_console(terminal=True)[0]), BarWatcher)
    assert isinstance(watcher_for(_console(terminal=False)[0]), LineWatcher)


def test_the_bar_shows_phase_count_and_pending_rows() -> None:
    console, text = _console(terminal=True)
    _play(console)
    shown = text.getvalue()
    assert "phase 2" in shown
    assert "3/4" in shown
    assert "1 pending" in shown


def test_lines_tell_counts_reasons_rate_and_what_is_left() -> None:
    console, text = _console(terminal=False)
    _play(console)
    [line] = text.getvalue().splitlines()
    assert line.startswith("p2-b0001: 2 success, 1 pending (user_not_found 1), ")
    assert "rows/s" in line
    assert "left in this phase" in line


@pytest.mark.parametrize("terminal", [True, False])
def test_a_notice_is_told_at_once_and_obeyed_by_no_terminal(*, terminal: bool) -> None:
    """A token that is out is told with its owner's email, which the tenant has sent."""
    console, text = _console(terminal=terminal)
    with watcher_for(console) as watcher:
        watcher.on_notice("token 1 of WEBEX_TOKENS (ana\x1b]0;owned\x07@site.example) is out")
        assert "token 1 of WEBEX_TOKENS (ana\\x1b]0;owned\\x07@site.example) is out" in text.getvalue()


def test_time_left_follows_from_the_rate() -> None:
    console, text = _console(terminal=False)
    now = iter((0.0, 0.0, 2.0))
    watcher = LineWatcher(console, clock=lambda: next(now))
    watcher.on_start(402)
    for _ in range(2):
        watcher.on_row(ROW, success("1"))
    watcher.on_batch(BatchReport(Batch(Phase.USERS, 1, 1, 500), rows=2, success=2))
    assert "1.0 rows/s, about 6 min 40 s left" in text.getvalue()


def test_nothing_to_do_shows_nothing(tmp_path: Path) -> None:
    del tmp_path
    console, text = _console(terminal=False)
    with watcher_for(console) as watcher:
        watcher.on_start(0)
    assert text.getvalue() == ""
