"""Rows a minute over time, a chart a run: bars as rectangles of a drawing, all figures computed here."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

WIDTH, HEIGHT = 900, 120
MOST_CHARTS = 6
_MOST_BARS = 90
_SPANS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400)


class Done(NamedTuple):
    """A commit: in which run, when, and whether the row succeeded."""

    run_id: str
    at: datetime
    success: bool


@dataclass(frozen=True)
class Bar:
    """One span of time: its place in the drawing, its two parts, and what it says."""

    x: float
    width: float
    success: float
    pending: float
    told: str


@dataclass(frozen=True)
class Chart:
    """One run, `lasted` (h:mm:ss) from its first to its last row; `mean` and `peak` are rows a minute."""

    run_id: str
    began: datetime
    rows: int
    lasted: str
    mean: int
    peak: int
    seconds_a_bar: int
    bars: tuple[Bar, ...]


def charts_of(commits: Iterable[Done]) -> list[Chart]:
    """A chart a run, the newest first. A run's commits are those with its id."""
    by_run: dict[str, list[Done]] = {}
    for commit in commits:
        by_run.setdefault(commit.run_id, []).append(commit)
    charts = [_chart(run_id, done) for run_id, done in by_run.items()]
    return sorted(charts, key=lambda chart: chart.began, reverse=True)


def _chart(run_id: str, commits: Sequence[Done]) -> Chart:
    began, ended = min(done.at for done in commits), max(done.at for done in commits)
    seconds = (ended - began).total_seconds()
    span = next((span for span in _SPANS if seconds < span * _MOST_BARS), int(seconds / _MOST_BARS) + 1)
    success: Counter[int] = Counter()
    pending: Counter[int] = Counter()
    for done in commits:
        (success if done.success else pending)[int((done.at - began).total_seconds() / span)] += 1
    last = int(seconds / span)
    most = max(success[place] + pending[place] for place in range(last + 1))
    width = WIDTH / (last + 1)
    bars = tuple(
        Bar(
            x=round(place * width, 1),
            width=round(max(width - 1, 1), 1),
            success=round(success[place] / most * HEIGHT, 1),
            pending=round(pending[place] / most * HEIGHT, 1),
            told=f"+{place * span} s: {_a_minute(success[place], span)} + {_a_minute(pending[place], span)}",
        )
        for place in range(last + 1)
    )
    return Chart(
        run_id=run_id,
        began=began,
        rows=len(commits),
        lasted=str(timedelta(seconds=round(seconds))),
        mean=round(len(commits) * 60 / max(seconds, span)),
        peak=_a_minute(most, span),
        seconds_a_bar=span,
        bars=bars,
    )


def _a_minute(rows: int, span: int) -> int:
    return round(rows * 60 / span)
