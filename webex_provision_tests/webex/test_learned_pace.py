"""What the learned pace promises: the whole of a limit that nobody names, few 429s, and back up when it rises."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from webex_provision.sandbox.answers import WebexError
from webex_provision.webex.learned_pace import FEWEST, PRESS_STEP, SLOWEST, STEEPEST, LearnedPace
from webex_provision.webex.refusals_by_chance import RefusalsByChance
from webex_provision_tests.benchmarks.pace_simulation import Line, possible, reached
from webex_provision_tests.benchmarks.tenant_profiles import TENANTS, Tenant, limited
from webex_provision_tests.virtual_clock import VirtualClock


@pytest.mark.parametrize(
    ("tenant", "latency", "seed"),
    [
        ("documented", 0.3, 0),
        ("tight writes", 0.3, 0),
        ("hostile reads", 0.3, 5),  # a seed without a Retry-After that stops the run
        ("fixed 5/s, burst 1", 0.3, 0),
        ("bursty 2/s, burst 200", 0.02, 0),
        ("3 in flight, 5/s", 2.0, 0),
        ("a third and back, burst 5", 0.3, 0),
    ],
)
def test_the_limit_of_a_tenant_is_used_without_knowing_it(tenant: str, latency: float, seed: int) -> None:
    """Half an hour of virtual time: 95 % of what a loop reaches that knows the limit, at most 1 % of 429s."""
    run_of = {"latency": latency, "seed": seed, "seconds": 1_800.0}
    best, ours = possible(TENANTS[tenant], **run_of), reached(TENANTS[tenant], **run_of)
    assert len(ours.served) >= 0.95 * len(best.served)
    assert ours.refused_share < 0.01
    assert ours.most_in_flight <= 8
    assert (ours.early, ours.given_up, ours.stopped) == (0, 0, False)


@pytest.mark.parametrize(("before", "after", "seconds"), [(5, 10, 60), (2, 6, 120)])
def test_a_limit_that_rises_again_is_used_again_soon(before: float, after: float, seconds: float) -> None:
    """As soon as the last refusals are paid for, at the pace of before, and then within seconds."""
    tenant = Tenant(((900, limited(before, burst=50)), (float("inf"), limited(after, burst=50))))
    ours = reached(tenant, latency=0.3, seed=0, seconds=930 + seconds)
    assert ours.served_until(930 + seconds) - ours.served_until(900 + seconds) >= 0.9 * after * 30


def settled(per_second: float) -> tuple[LearnedPace, float]:
    """A pace that knows that so many calls a second are allowed, and the time."""
    pace, now = LearnedPace(per_second, 1_000), 0.0
    for _ in range(2_000):
        now += 1 / pace.rate
        pace.sent(now, lull=0)
        if pace.rate > per_second:
            pace.refused(now, now, hold=0)
        else:
            pace.served()
    return pace, now


def test_two_refusals_in_a_row_take_nothing_from_a_pace_that_was_certain() -> None:
    """A climb ends in a 429, and the guess that follows it in one at once: back to what was certain, and not below."""
    pace, now = settled(2)
    while pace.rate < 6:
        now += 1 / pace.rate
        pace.sent(now, lull=0)
        pace.served()
    for _ in range(2):
        pace.refused(now, now, hold=1)
        for _ in range(2):
            now += 0.5
            pace.sent(now, lull=0)
            pace.served()
    assert 1.9 < pace.rate < 3


@pytest.mark.parametrize("hold", [0, 1, 5])
@pytest.mark.parametrize("chance", [0.05, 0.1, 0.3])
def test_refusals_that_come_whatever_the_pace_do_not_slow_us_down_for_good(chance: float, hold: float) -> None:
    """One answer in so many is a 429, drawn by lot: little is lost besides the pauses that Webex asks for."""
    served, seconds, steady = 3_000, 0.0, 0.0
    for seed in range(3):
        lot, pace = random.Random(seed), LearnedPace(4, 1_000)  # noqa: S311
        for _ in range(served):
            now = seconds + 1 / pace.rate
            pace.sent(now, lull=0)
            while lot.random() < chance:
                pace.refused(now, now, hold)
                steady += hold + 1 / 4
                now += hold + 1 / pace.rate
                pace.sent(now, lull=0)
            pace.served()
            steady += 1 / 4
            seconds = now
    assert seconds < 1.5 * steady


@pytest.mark.parametrize("seconds", [30, 240])
def test_after_a_time_in_which_nothing_is_let_in_the_pace_is_what_it_was(seconds: float) -> None:
    """An outage that answers 429 to every call says nothing about a pace: within seconds all is as before."""
    limits = limited(5, burst=50)
    tenant = Tenant(((600, limits), (seconds, replace(limits, in_flight=0)), (float("inf"), limits)))
    ours = reached(tenant, latency=0.3, seed=0, seconds=700 + seconds)
    over = 600 + seconds
    assert not [second for second in ours.served if 605 < second < over]
    assert ours.served_until(over + 90) - ours.served_until(over + 30) >= 0.9 * 5 * 60


class MinuteCounter:
    """Lets so many calls in, whenever they come, and counts anew every minute; the wait it names is a second."""

    def __init__(self, clock: VirtualClock, most: int) -> None:
        self._clock, self._most = clock, most
        self._let_in = Counter[int]()

    def enter(self, *_: str) -> WebexError | None:
        minute = int(self._clock.elapsed // 60)
        self._let_in[minute] += 1
        return WebexError(429, "", headers={"Retry-After": "1"}) if self._let_in[minute] > self._most else None

    def leave(self, token: str) -> None:
        pass


def test_a_limit_that_counts_by_the_minute_is_used_and_gives_hardly_a_call_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its Retry-After of a second is no help for the rest of the minute: we look less and less often."""
    monkeypatch.setattr(Line, "new_limiter", lambda line: MinuteCounter(line.clock, 300))
    ours = reached(TENANTS["none"], latency=0.1, seed=0, seconds=1_800)
    assert len(ours.served) >= 0.85 * 300 * 30
    assert ours.given_up <= 5


def test_a_pace_that_is_served_far_less_for_long_does_not_stand_any_longer() -> None:
    """A limit may fall while refusals come by lot."""
    chance = RefusalsByChance(5)
    chance.judge(20, seconds=4, pace=5)
    assert chance.judge(20, seconds=20, pace=1) == 5
    assert chance.stands
    chance.judge(20, seconds=20, pace=5)
    assert chance.stands  # so few may be bad luck
    chance.judge(25, seconds=25, pace=5)
    assert not chance.stands


def test_a_limit_that_has_fallen_is_not_taken_for_chance() -> None:
    """A third of it is found within some refusals, and then kept to."""
    tenant = Tenant(((900, limited(6, burst=5)), (float("inf"), limited(2, burst=5))))
    ours = reached(tenant, latency=0.3, seed=0, seconds=1_500)
    fallen = [second for second in ours.refused if second > 900]
    assert len([second for second in fallen if second < 960]) < 10
    assert len([second for second in fallen if second > 960]) < 20


def test_a_retry_after_of_two_minutes_is_not_paid_for_for_hours() -> None:
    """A limit that has risen in the meantime is found within half an hour."""
    pace, now = settled(2)
    pace.refused(now, now, hold=115)
    now += 115
    held_until = now
    while pace.rate < 4:
        now += 1 / pace.rate
        pace.sent(now, lull=0)
        pace.served()
    assert now - held_until < 1_800


@pytest.mark.parametrize("rate", [2.0, 50.0])
def test_a_pace_that_is_not_kept_does_not_rise(rate: float) -> None:
    """Where something else holds the calls back, answers say nothing of the pace: it stays within sight of theirs."""
    pace = LearnedPace(rate, 1_000)
    for second in range(1_000):
        pace.sent(float(second), lull=0)
        pace.served()
    assert pace.rate <= max(2.0, rate) * 1.1**FEWEST


answers = st.lists(st.tuples(st.floats(0, 10), st.booleans(), st.floats(0, 200)), min_size=1, max_size=300)


@hypothesis_settings(max_examples=60, deadline=None)
@given(answers, st.floats(0.01, 1_000), st.floats(0.5, 1_000))
def test_the_pace_stays_within_its_bounds_whatever_is_answered(
    traffic: list[tuple[float, bool, float]], rate: float, fastest: float
) -> None:
    """Never above the configured maximum, never so slow that a call waits for minutes; no 429 leads to a new height."""
    pace = LearnedPace(rate, fastest)
    slowest = min(SLOWEST, rate, fastest)
    now, highest = 0.0, pace.rate
    for gap, refused, hold in traffic:
        pace.sent(now, lull=max(0.0, gap - 5))
        before, departed_at = pace.rate, now
        now += gap
        if refused:
            pace.refused(now, departed_at, hold)
            assert pace.rate <= max(highest, slowest)
        else:
            pace.served()
            assert before <= pace.rate <= before * (1 + max(STEEPEST, PRESS_STEP)) * 1.001
        assert slowest <= pace.rate <= fastest
        highest = max(highest, pace.rate)
