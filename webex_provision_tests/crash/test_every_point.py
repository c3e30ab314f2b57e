"""Stopped after any request, and between any two writes to its files, a roll-out of every entity type goes on as if
nothing had happened: the same states, the same tenant, nothing twice, no record lost."""

import random
from collections.abc import Sequence

import pytest

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.vocabulary import RunMode
from webex_provision_tests.crash.every_type import every_type_rows
from webex_provision_tests.crash.recorded_life import Point
from webex_provision_tests.crash.story import MODES, Stage, Story

# A replay makes nothing, so every second of its points is enough.
EACH = {RunMode.RESUME: 1, RunMode.RETRY_PENDING: 1, RunMode.REPLAY: 2}
POWER_CUTS_EACH, KILLED_AGAIN_EACH = 5, 15


def _all_go_on(story: Story, stage: Stage, points: Sequence[Point]) -> None:
    broken: list[str] = []
    for number, point in enumerate(points):
        try:
            story.goes_on(stage, point)
        except Exception as error:
            broken.append(f"{stage.mode}, point {number} of {len(points)}, {point.moment}: {error!r}"[:2_000])
    assert not broken, f"{len(broken)} of {len(points)} points:\n" + "\n".join(broken)


def test_every_type_is_played_and_the_points_are_many(story: Story) -> None:
    played = {row["entity_type"] for row in every_type_rows()}
    assert not [known.name for known in ENTITY_TYPES if not played & set(known.names)]
    assert sum(len(stage.points) for stage in story.stages) > 350
    moments = {point.moment.split(",")[0] for stage in story.stages for point in stage.points}
    assert {"append results.csv", "append pending_rows.csv", "append intents.jsonl", "sync intents.jsonl"} <= moments
    for name in ("manifest.json", "checkpoint.json", "row_errors.csv", "run_summary.json", "ready_to_load.csv"):
        assert {f"before {name} is replaced", f"after {name} is replaced"} <= moments


def test_stopped_during_the_intake(story: Story) -> None:
    stage = story.stages[0]
    early = [point for point in stage.points if point not in stage.after_intake]
    _all_go_on(story, stage, early[::2])


@pytest.mark.parametrize("number", range(len(MODES)), ids=MODES)
def test_stopped_anywhere(story: Story, number: int) -> None:
    stage = story.stages[number]
    _all_go_on(story, stage, stage.after_intake[:: EACH[stage.mode]])


def test_the_power_is_cut_anywhere(story: Story) -> None:
    """What no fsync had covered is gone as well."""
    stage = story.stages[0]
    cut = [(point, point.after_a_power_cut()) for point in stage.after_intake]
    _all_go_on(story, stage, [after for point, after in cut if after.files != point.files][::POWER_CUTS_EACH])


def test_stopped_again_while_it_goes_on(story: Story) -> None:
    chance = random.Random(7)  # noqa: S311
    for stage in story.stages:
        second: list[Point] = []
        for point in stage.after_intake[::KILLED_AGAIN_EACH]:
            story.life.restore(point)
            with story.life.recording() as points:
                story.site.run()
            second.append(chance.choice(points))
        _all_go_on(story, stage, second)
