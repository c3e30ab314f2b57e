"""How many calls a made-up roll-out costs, type by type, against the fewest that it could.

`python -m webex_provision_tests.benchmarks.calls [--rows 21000]` plays it on the sandbox in this process, on a clock
whose hours pass at once: first on an empty tenant, then all again (replay), then once more with nothing left to do
(resume). Ends with 1 where some type costs more than 2 % too many.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.engine.lookups import Finder
from webex_provision.engine.remote_lists import RemoteLists
from webex_provision.engine.row_runner import RowRunner
from webex_provision.generator import NEEDS, roll_out
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.benchmarks.minimum_calls import AGAIN, CREATED, FIRST, PREFLIGHT, Row
from webex_provision_tests.in_process_site import Exchange, InProcessSite

MOST_OVER = 1.02
BATCH = 500
SHARED = "(lists, shared settings)"
START = "(preflight)"
_RUNS = (("first run", RunMode.RESUME), ("replay", RunMode.REPLAY), ("resume", RunMode.RESUME))


@dataclass(frozen=True)
class Line:
    """What one entity type, or what all share, costs in one run."""

    name: str
    rows: int
    calls: int
    target: int
    steps: Mapping[str, int] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether it costs too much."""
        return self.calls > self.target * MOST_OVER


@dataclass(frozen=True)
class Run:
    """One run: how it ended, and its lines."""

    title: str
    state: RunState
    lines: Sequence[Line]
    seconds: float

    @property
    def calls(self) -> int:
        """All calls."""
        return sum(line.calls for line in self.lines)


_about: ContextVar[tuple[str, str]] = ContextVar("about", default=(START, ""))


class _Told(list[Exchange]):
    """Exchanges, each with the entity type and step that it was made for."""

    def __init__(self) -> None:
        super().__init__()
        self.about: list[tuple[str, str]] = []

    def append(self, exchange: Exchange) -> None:
        super().append(exchange)
        self.about.append(_about.get())


@contextmanager
def _during(entity_type: str, step: str) -> Iterator[None]:
    token = _about.set((entity_type, step))
    try:
        yield
    finally:
        _about.reset(token)


@contextmanager
def _watched() -> Iterator[None]:
    """While this lasts, each call knows its step: rows run in tasks of their own, and so does what they ask."""
    run_step, load, once = RowRunner._step, RemoteLists._load, Finder._once

    async def step_told(self: RowRunner, step: Any, progress: Any) -> Any:
        with _during(progress.entity_type.name, step.name):
            return await run_step(self, step, progress)

    async def load_told(self: RemoteLists, index: Any, scope: str, table: Any) -> None:
        with _during(SHARED, index.name):
            await load(self, index, scope, table)

    async def once_told(self: Finder, request: Any) -> Any:
        with _during(SHARED, _about.get()[1]):
            return await once(self, request)

    with (
        patch.object(RowRunner, "_step", step_told),
        patch.object(RemoteLists, "_load", load_told),
        patch.object(Finder, "_once", once_told),
    ):
        yield


def measure(rows: Sequence[Row], base: Path) -> list[Run]:
    """The three runs over these rows; every run must complete, and every promise hold."""
    runs = []
    with _watched(), patch.dict(os.environ, NEEDS):
        site = InProcessSite(base, rows, batch_size=BATCH, allow_number_removal=True)
        for title, mode in _RUNS:
            told = site.exchanges = _Told()
            began = time.monotonic()
            state = site.run(mode)
            runs.append(Run(title, state, _lines(title, rows, told), time.monotonic() - began))
        site.check()
    return runs


def _lines(title: str, rows: Sequence[Row], told: _Told) -> list[Line]:
    names = entity_types_by_name()
    by_type: dict[str, list[Row]] = {}
    for row in rows:
        by_type.setdefault(names[row["entity_type"]].name, []).append(row)
    steps: dict[str, Counter[str]] = {}
    for (name, step), exchange in zip(told.about, told, strict=True):
        steps.setdefault(name, Counter())[f"{step} {exchange.method}"] += 1
    pages = {(e.method, e.url) for (name, _), e in zip(told.about, told, strict=True) if name == SHARED}
    targets = {START: PREFLIGHT, SHARED: len(pages)}
    ranked = sorted(by_type, key=lambda name: (names[name].phase, names[name].rank))
    positions: Counter[int] = Counter()
    for name in ranked:
        phase, members = names[name].phase, by_type[name]
        targets[name] = sum(_target(title, name, part) for part in _in_batches(members, positions[phase]))
        positions[phase] += len(members)
    return [
        Line(name, len(by_type.get(name, ())), steps.get(name, Counter()).total(), targets[name], steps.get(name, {}))
        for name in (START, SHARED, *ranked)
    ]


def _in_batches(rows: Sequence[Row], before: int) -> Iterator[Sequence[Row]]:
    """The rows of a type, parted where batches end; `before` rows of their phase run before them."""
    starts = range(-(before % BATCH), len(rows), BATCH)
    return (rows[max(start, 0) : start + BATCH] for start in starts)


def _target(title: str, name: str, rows: Sequence[Row]) -> int:
    key = rows[0]["entity_type"]
    if title == "first run":
        return FIRST[key](rows) + (len(rows) if name in CREATED else 0)
    return AGAIN[key](rows) if title == "replay" else 0


def table(run: Run) -> Iterator[str]:
    """A run as lines of text; under a type that costs too much, what its steps cost."""
    yield f"{run.title}: {run.state}, {run.calls} calls, played in {run.seconds:.0f} s"
    yield f"  {'':26}{'rows':>7}{'calls':>8}{'a row':>7}{'target':>8}{'ratio':>7}"
    for line in (line for line in run.lines if line.calls or line.target):
        a_row = f"{line.calls / line.rows:.2f}" if line.rows else ""
        ratio = f"{line.calls / line.target:.2f}" if line.target else "-"
        mark = "  TOO MANY" if line.over else ""
        yield f"  {line.name:26}{line.rows or '':>7}{line.calls:>8}{a_row:>7}{line.target:>8}{ratio:>7}{mark}"
        if line.over:
            yield from (f"      {count:>7} {step}" for step, count in sorted(line.steps.items()))
    target = sum(line.target for line in run.lines)
    yield f"  {'all':26}{'':7}{run.calls:>8}{'':7}{target:>8}{run.calls / target:>7.2f}"


def main() -> int:
    """Measures and prints; 0 where everything keeps to its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=21_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as base:
        runs = measure(roll_out(arguments.rows, seed=arguments.seed), Path(base))
    for run in runs:
        sys.stdout.write("\n".join(table(run)) + "\n\n")
    wrong = [run.title for run in runs if run.state is not RunState.COMPLETED]
    over = [f"{line.name} ({run.title})" for run in runs for line in run.lines if line.over]
    if wrong or over:
        sys.stdout.write(f"Not completed: {', '.join(wrong) or 'none'}. Too many calls: {', '.join(over) or 'none'}\n")
    return 1 if wrong or over else 0


if __name__ == "__main__":
    sys.exit(main())
