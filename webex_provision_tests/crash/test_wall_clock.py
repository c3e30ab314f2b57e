"""The wall clock is set by hours, during a run and between two: no wait is cut short, and none is without end."""

from datetime import datetime, timedelta

import pytest

from webex_provision.clock import Clock
from webex_provision_tests.crash.recorded_life import Point
from webex_provision_tests.crash.story import Story
from webex_provision_tests.virtual_clock import VirtualClock

HOURS = 5


class SetClock(VirtualClock):
    """Each time that it is asked, its wall clock is wrong by the next of so many hours."""

    def __init__(self, *wrong_by: float) -> None:
        super().__init__()
        self._wrong_by = wrong_by
        self._asked = 0

    def now(self) -> datetime:
        self._asked += 1
        return super().now() + timedelta(hours=self._wrong_by[self._asked % len(self._wrong_by)])


class _TrueTime(Clock):
    """The clock of the tenant, which nobody has set."""

    def __init__(self, machine: VirtualClock) -> None:
        super().__init__()
        self._machine = machine

    def now(self) -> datetime:
        return VirtualClock.now(self._machine)


def _goes_on(story: Story, point: Point, clock: SetClock) -> None:
    story.life.restore(point, clock)
    story.site.sandbox.tenant.clock = _TrueTime(clock)
    story.finishes(story.stages[0])


def test_set_again_and_again_during_a_run(story: Story) -> None:
    _goes_on(story, story.stages[0].after_intake[0], SetClock(0, HOURS, -HOURS, 0.01))


@pytest.mark.parametrize("hours", [HOURS, -HOURS])
def test_set_between_a_kill_and_what_follows(story: Story, hours: float) -> None:
    """The lists still hide what the killed run has made: a clock set forward must not make it look old."""
    recorded = [point for point in story.stages[0].after_intake if point.moment == "append results.csv"]
    for point in recorded[::4]:
        _goes_on(story, point, SetClock(hours))
