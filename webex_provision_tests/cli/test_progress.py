"""A run is watched by a bar on a terminal and by plain lines anywhere else."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from webex_provision.actions.row import Row
from webex_provision.console.progress import BarWatcher, LineWatcher, watcher_for
from webex_provision.console.tally import PENDING_SHOWN
from webex_provision.engine.batch_iterator import Batch
from webex_provision.engine.batch_report import BatchReport
from webex_provision.vocabulary import Phase, Reason
from webex_provision_tests.ledger.samples import pending, success

ROW = Row("1", 1, 1, "user", "a@b.c", {})


def _console(*, terminal: bool, kind: str = "xterm") -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, force_terminal=terminal, width=120, _environ={"TERM": kind}), text


def _play(console: Console, rows: int = 4) -> None:
    with watcher_for(console) as watcher:
        watcher.on_phase(Phase.USERS, 2, 7)
        watcher.on_start(rows)
        watcher.on_batch_start(Batch(Phase.USERS, 1, 1, 500))
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
    for console, _ in (_console(terminal=False), _console(terminal=True, kind="dumb")):
        assert type(watcher_for(console)) is LineWatcher


def test_the_bar_shows_phase_count_and_pending_rows() -> None:
    console, text = _console(terminal=True)
    _play(console)
    shown = text.getvalue()
    for told in ("phase 2", "batch 1/2", "3/4 rows", "1 pending", "pending: row 2 user", "p2-b0001: 2 success"):
        assert told in shown


def test_lines_tell_the_phase_pending_rows_counts_and_reasons() -> None:
    console, text = _console(terminal=False)
    _play(console)
    assert text.getvalue().splitlines() == [
        "phase 2, users and workspaces: 4 rows in 2 batches, 7 more in later phases",
        "  pending: row 2 user +34600111222: user_not_found",
        "p2-b0001: 2 success, 1 pending (user_not_found 1), 0 calls",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_thousands_of_pending_rows_do_not_flood(*, terminal: bool) -> None:
    console, text = _console(terminal=terminal)
    with watcher_for(console) as watcher:
        watcher.on_phase(Phase.USERS, 2, 0)
        watcher.on_start(5_000)
        for number in range(2):
            report = BatchReport(Batch(Phase.USERS, number + 1, 1, 2_500), rows=2_500, pending=2_500)
            for _ in range(2_500):
                watcher.on_row(ROW, pending("2"))
            watcher.on_batch(report)
    shown = text.getvalue()
    assert shown.count("pending: row 2 user") == PENDING_SHOWN
    for told in (2_495, 4_995):
        assert shown.count(f"… and {told} more user_not_found so far") == 1
    assert len(shown.splitlines()) < 60


def test_a_pause_that_webex_asks_for_is_told_once_in_lines_and_counted_down_on_the_bar() -> None:
    now = [0.0]
    console, text = _console(terminal=False)
    lines = LineWatcher(console, clock=lambda: now[0])
    for seconds in (60.0, 59.9, 1.0):
        lines.on_wait("numbers", seconds)
    assert text.getvalue().splitlines() == ["waiting: Webex asks for 60 s before the next numbers call"]
    bar = BarWatcher(_console(terminal=True)[0], clock=lambda: now[0])
    bar.on_start(5)
    bar.on_wait("numbers", 60.0)
    now[0] = 20.0
    assert "numbers calls wait 40 s: Webex asks for 60 s" in _drawn(bar, 120)
    now[0] = 61.0
    assert "wait" not in _drawn(bar, 120)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_the_bar_is_one_line_however_narrow_the_terminal(width: int) -> None:
    bar = BarWatcher(_console(terminal=True)[0])
    bar.on_phase(Phase.SERVICES, 42, 0)
    bar.on_start(21_000)
    bar.on_wait("telephony_config", 300.0)
    bar.on_row(ROW, pending("2"))
    drawn = _drawn(bar, width)
    assert len(drawn.rstrip("\n").splitlines()) == 1
    assert max(map(len, drawn.splitlines())) <= width
    assert "phase 3" in drawn


def _drawn(watcher: BarWatcher, width: int) -> str:
    watcher._console.width = width
    text = io.StringIO()
    Console(file=text, width=width).print(watcher.bar())
    return text.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_notice_is_told_at_once_and_obeyed_by_no_terminal(*, terminal: bool) -> None:
    """A token that is out is told with its owner's email, which the tenant has sent."""
    console, text = _console(terminal=terminal)
    with watcher_for(console) as watcher:
        watcher.on_notice("token 1 of WEBEX_TOKENS (ana\x1b]0;owned\x07@site.example) is out")
        assert "token 1 of WEBEX_TOKENS (ana\\x1b]0;owned\\x07@site.example) is out" in text.getvalue()


def test_time_left_follows_from_the_rate() -> None:
    console, text = _console(terminal=False)
    now = [0.0]
    watcher = LineWatcher(console, clock=lambda: now[0])
    watcher.on_phase(Phase.USERS, 1, 100)
    watcher.on_start(302)
    now[0] = 2.0
    for _ in range(2):
        watcher.on_row(ROW, success("1"))
    batch = BatchReport(Batch(Phase.USERS, 1, 1, 500), rows=2, success=2)
    watcher.on_batch(batch)
    assert "1.0 rows/s, about 6 min 40 s left" in text.getvalue()
    now[0] = 40.0  # nothing comes any more
    watcher.on_batch(batch)
    assert "0.1 rows/s, about 2 h 13 min left" in text.getvalue()


def test_nothing_to_do_shows_nothing(tmp_path: Path) -> None:
    del tmp_path
    console, text = _console(terminal=False)
    with watcher_for(console) as watcher:
        watcher.on_start(0)
    assert text.getvalue() == ""
