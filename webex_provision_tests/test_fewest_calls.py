"""A whole roll-out of all types costs no more calls than the minimum, type by type: counts are the same every time."""

from pathlib import Path

import pytest

from webex_provision.generator import roll_out
from webex_provision.vocabulary import RunState
from webex_provision_tests.benchmarks.calls import Line, Run, measure, table

ROWS = 300


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """First run, replay, resume."""
    base: Path = tmp_path_factory.mktemp("calls")
    return {run.title: run for run in measure(roll_out(ROWS), base)}


@pytest.mark.parametrize("title", ["first run", "replay", "resume"])
def test_no_type_costs_more_than_two_percent_over_its_minimum(runs: dict[str, Run], title: str) -> None:
    run = runs[title]
    assert run.state is RunState.COMPLETED
    assert not [line.name for line in run.lines if line.over], "\n".join(table(run))


def test_a_resume_with_nothing_left_to_do_asks_only_who_we_are(runs: dict[str, Run]) -> None:
    assert runs["resume"].calls == 2


def test_a_type_that_costs_too_much_is_named_with_its_steps() -> None:
    line = Line("hunt_group", rows=10, calls=21, target=20, steps={"hunt_lookup GET": 11, "hunt_create POST": 10})
    told = "\n".join(table(Run("first run", RunState.COMPLETED, [line], 1)))
    assert line.over
    assert "TOO MANY" in told
    assert "11 hunt_lookup GET" in told
