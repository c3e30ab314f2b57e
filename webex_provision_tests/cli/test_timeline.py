"""The drawing of rows a minute: no row is lost in it, its bars stay few, its figures are those of the ledger."""

from datetime import UTC, datetime, timedelta

import pytest

from webex_provision.console.timeline import HEIGHT, WIDTH, Done, charts_of

BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)


def _done(seconds: float, *, run: str = "a", success: bool = True) -> Done:
    return Done(run, BEGIN + timedelta(seconds=seconds), success)


def test_rows_are_counted_in_the_span_in_which_they_were_done() -> None:
    (chart,) = charts_of([_done(0), _done(0.5), _done(1.2, success=False), _done(2.9)])
    assert (chart.rows, chart.seconds_a_bar, len(chart.bars)) == (4, 1, 3)
    assert [(bar.success, bar.pending) for bar in chart.bars] == [(HEIGHT, 0), (0, HEIGHT / 2), (HEIGHT / 2, 0)]
    assert chart.bars[1].told == "+1 s: 0 + 60"
    assert (chart.peak, chart.mean, chart.lasted) == (120, 83, "0:00:03")


def test_a_run_of_one_row_has_one_bar() -> None:
    (chart,) = charts_of([_done(7)])
    assert [(bar.x, bar.success) for bar in chart.bars] == [(0, HEIGHT)]
    assert chart.mean == 60


@pytest.mark.parametrize("seconds", [89.9, 90, 5_000, 86_400, 86_400 * 89, 86_400 * 900])
def test_bars_stay_few_and_inside_the_drawing_however_long_a_run_is(seconds: float) -> None:
    (chart,) = charts_of([_done(seconds * part / 400) for part in range(401)])
    assert 1 <= len(chart.bars) <= 91
    assert sum(bar.success for bar in chart.bars) > 0
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH + 1 and bar.success <= HEIGHT for bar in chart.bars)


def test_each_run_is_a_chart_of_its_own_the_newest_first_whatever_the_order_of_the_lines() -> None:
    week = 7 * 86_400
    charts = charts_of([_done(week + 5, run="retry"), _done(3), _done(0), _done(week, run="retry")])
    assert [(chart.run_id, chart.rows, chart.lasted) for chart in charts] == [
        ("retry", 2, "0:00:05"),
        ("a", 2, "0:00:03"),
    ]


def test_no_row_means_no_chart() -> None:
    assert charts_of([]) == []
