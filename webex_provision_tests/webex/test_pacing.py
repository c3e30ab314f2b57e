"""The gate's promises: bounded in flight, never before Retry-After, fair."""

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from webex_provision.webex.errors import RateLimitedTooLong
from webex_provision.webex.pacing import Pacer, Turnstile
from webex_provision_tests.virtual_clock import VirtualClock
from webex_provision_tests.webex.tenant_double import run


def pacer(clock: VirtualClock, **changes: Any) -> Pacer:
    return Pacer(clock, **{"rate": 4, "fastest": 1_000, "max_in_flight": 8, "longest_hold": 120, **changes})


@dataclass
class Service:
    """A simulated rate limiter: a bucket of `burst` calls that refills at `per_second`; calls take `latency`."""

    clock: VirtualClock
    per_second: float
    burst: float = 5
    latency: float = 0.05
    most_in_flight: int = 1_000
    served: int = 0
    refused: int = 0
    in_flight: int = 0
    tokens: float = 0
    filled_at: float = 0
    refused_until: float = 0
    early: int = 0
    departures: list[float] = field(default_factory=list)

    async def call(self) -> float | None:
        """None if served, else the Retry-After."""
        now = self.clock.monotonic()
        self.departures.append(now)
        self.early += now < self.refused_until
        self.tokens = min(self.burst, self.tokens + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        self.in_flight += 1
        try:
            await self.clock.sleep(self.latency)
        finally:
            self.in_flight -= 1
        if self.tokens < 1 or self.in_flight >= self.most_in_flight:
            self.refused += 1
            self.refused_until = self.clock.monotonic() + 1.0
            return 1.0
        self.tokens -= 1
        self.served += 1
        return None


async def drive(pace: Pacer, service: Service, calls: int, workers: int = 30) -> list[int]:
    """Send `calls` calls until each is served; how often each was refused."""
    refusals = [0] * calls
    numbers = iter(range(calls))

    async def worker() -> None:
        for number in numbers:
            ticket = pace.ticket()
            for _ in range(100):
                async with pace.slot("people", ticket) as slot:
                    wait = await service.call()
                    if wait is None:
                        slot.answered()
                        break
                    slot.limited(wait)
                refusals[number] += 1
            else:
                pytest.fail("a call was never served")

    await asyncio.gather(*(worker() for _ in range(workers)))
    return refusals


def test_a_service_without_limit_is_used_at_full_speed_within_seconds() -> None:
    """A fast tenant does not make 21,000 rows wait for a pace that suits a slow one."""
    clock = VirtualClock()
    service = Service(clock, per_second=1e9, burst=1e9, latency=0.002, tokens=1e9)
    run(drive(pacer(clock), service, 2_000))
    assert service.refused == 0
    assert clock.elapsed < 6


def test_the_first_calls_leave_at_the_configured_pace() -> None:
    clock = VirtualClock()
    service = Service(clock, per_second=1e9, burst=1e9, tokens=1e9)
    run(drive(pacer(clock), service, 8))
    gaps = [after - before for before, after in pairwise(service.departures)]
    assert all(0.12 < gap <= 0.25 for gap in gaps)


def test_the_documented_limit_is_nearly_used_up_with_few_refusals() -> None:
    """300 a minute: at least 95 % of it is used, and a call is not refused again and again."""
    clock = VirtualClock()
    service = Service(clock, per_second=5, burst=50, latency=0.3, tokens=50)
    refusals = run(drive(pacer(clock), service, 1_500))
    assert 1_500 / clock.elapsed > 0.95 * 5
    assert service.refused < 45
    assert max(refusals) <= 5
    assert service.early == 0


def test_a_bound_on_calls_in_flight_is_found_and_kept() -> None:
    """Where the tenant refuses more than three at once, the pace keeps us there most of the time."""
    clock = VirtualClock()
    service = Service(clock, per_second=1e9, burst=1e9, latency=0.5, tokens=1e9, most_in_flight=3)
    refusals = run(drive(pacer(clock), service, 600))
    assert service.refused < 30
    assert max(refusals) <= 5


def test_one_burst_of_refusals_cuts_the_pace_once() -> None:
    async def scenario() -> None:
        clock = VirtualClock()
        pace = pacer(clock, rate=100)
        slots = [pace.slot("people") for _ in range(8)]
        for slot in slots:
            await slot.__aenter__()
        for slot in slots:
            slot.limited(2)
            await slot.__aexit__(None, None, None)
        rate = pace.lanes[0].gates["people"].rate
        assert 0.45 * 100 <= rate <= 50
        async with pace.slot("people") as later:
            later.answered()
        async with pace.slot("people") as later:
            later.limited(1)
        assert pace.lanes[0].gates["people"].rate < rate

    run(scenario())


def test_after_a_hold_calls_leave_one_by_one() -> None:
    """Twenty that waited together do not wake together."""

    async def scenario() -> list[float]:
        clock = VirtualClock()
        pace = pacer(clock, rate=10)
        async with pace.slot("people") as slot:
            slot.limited(30)
        departures: list[float] = []

        async def caller() -> None:
            async with pace.slot("people"):
                departures.append(clock.monotonic())

        await asyncio.gather(*(caller() for _ in range(20)))
        return departures

    departures = run(scenario())
    assert departures[0] >= 30
    assert all(after - before > 0.09 for before, after in pairwise(departures))


def test_a_hold_of_one_family_leaves_the_others_alone() -> None:
    async def scenario() -> float:
        clock = VirtualClock()
        pace = pacer(clock, max_in_flight=1)
        async with pace.slot("people") as slot:
            slot.limited(100)
        blocked = asyncio.ensure_future(pace.slot("people").__aenter__())
        await asyncio.sleep(0)
        async with pace.slot("places"):
            left_at = clock.monotonic()
        blocked.cancel()
        return left_at

    assert run(scenario()) == 0


def test_a_hold_longer_than_allowed_ends_the_wait_at_once() -> None:
    async def scenario() -> None:
        clock = VirtualClock()
        pace = pacer(clock)
        async with pace.slot("people") as slot:
            slot.limited(3_600)
        with pytest.raises(RateLimitedTooLong) as caught:
            await pace.slot("people").__aenter__()
        assert caught.value.family == "people"
        assert caught.value.seconds == pytest.approx(3_600)
        assert clock.elapsed == 0

    run(scenario())


def test_a_call_that_is_sent_again_goes_before_later_ones() -> None:
    async def scenario() -> list[int]:
        turnstile = Turnstile(1)
        await turnstile.enter(1)
        order: list[int] = []

        async def caller(ticket: int) -> None:
            await turnstile.enter(ticket)
            order.append(ticket)
            turnstile.leave()

        waiting = [asyncio.ensure_future(caller(ticket)) for ticket in (5, 9, 7, 2)]
        await asyncio.sleep(0)
        turnstile.leave()
        await asyncio.gather(*waiting)
        return order

    assert run(scenario()) == [2, 5, 7, 9]


def test_a_cancelled_caller_gives_its_place_back() -> None:
    """Cancelled while waiting, or in the very moment of being admitted: no place is lost."""

    async def scenario() -> int:
        turnstile = Turnstile(1)
        await turnstile.enter(1)
        first, second = (asyncio.ensure_future(turnstile.enter(ticket)) for ticket in (2, 3))
        await asyncio.sleep(0)
        second.cancel()
        turnstile.leave()
        first.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        await turnstile.enter(4)
        return turnstile.inside

    assert run(scenario()) == 1


@st.composite
def traffic(draw: st.DrawFn) -> list[tuple[float, float, int, str]]:
    """Calls: when they arrive, how long their answer takes, how often they are refused, their family."""
    call = st.tuples(
        st.floats(0, 20), st.floats(0, 5), st.integers(0, 2), st.sampled_from(["people", "places", "identity"])
    )
    return draw(st.lists(call, min_size=1, max_size=40))


@hypothesis_settings(max_examples=60, deadline=None)
@given(traffic(), st.integers(1, 8), st.floats(0.5, 200), st.floats(0, 60))
def test_bounds_hold_and_no_one_starves_under_any_traffic(
    calls: list[tuple[float, float, int, str]], most: int, rate: float, wait: float
) -> None:
    """Never more in flight than allowed, never a call before the family's Retry-After, every call is served."""
    clock = VirtualClock()
    pace = pacer(clock, rate=rate, max_in_flight=most)
    in_flight, served = 0, 0
    held: dict[str, float] = {}

    async def caller(arrives: float, latency: float, refusals: int, family: str) -> None:
        nonlocal in_flight, served
        await clock.sleep(arrives)
        ticket = pace.ticket()
        for attempt in range(refusals + 1):
            async with pace.slot(family, ticket) as slot:
                in_flight += 1
                assert in_flight <= most
                assert clock.monotonic() >= held.get(family, 0.0)
                await clock.sleep(latency)
                in_flight -= 1
                if attempt < refusals:
                    held[family] = max(held.get(family, 0.0), clock.monotonic() + wait)
                    slot.limited(wait)
                else:
                    slot.answered()
        served += 1

    async def scenario() -> None:
        await asyncio.gather(*(caller(*call) for call in calls))

    run(scenario())
    assert served == len(calls)
    assert pace.lanes[0].inside == 0


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 60)), max_size=20), st.integers(1, 20))
def test_a_waiting_call_wakes_once_for_each_hold_and_not_more(holds: list[tuple[float, float]], callers: int) -> None:
    """However holds overlap and grow, waiting is no polling: the work of a wait is bounded by what happened."""

    class CountingClock(VirtualClock):
        wakes = 0

        async def sleep(self, seconds: float) -> None:
            self.wakes += 1
            await super().sleep(seconds)

    clock = CountingClock()
    pace = pacer(clock)

    async def holder(at: float, seconds: float) -> None:
        await VirtualClock.sleep(clock, at)
        pace.slot("people").hold(seconds)

    async def caller() -> None:
        async with pace.slot("people"):
            pass

    async def scenario() -> None:
        await asyncio.gather(*(holder(*hold) for hold in holds), *(caller() for _ in range(callers)))

    run(scenario())
    assert clock.wakes <= callers + 2 * len(holds)


@hypothesis_settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 3), min_size=2, max_size=30), st.integers(1, 4))
def test_calls_of_a_family_leave_in_the_order_of_their_arrival(latencies: list[float], most: int) -> None:
    async def scenario() -> list[int]:
        clock = VirtualClock()
        pace = pacer(clock, max_in_flight=most)
        left: list[int] = []

        async def caller(number: int, latency: float) -> None:
            async with pace.slot("people"):
                left.append(number)
                await clock.sleep(latency)

        await asyncio.gather(*(caller(*numbered) for numbered in enumerate(latencies)))
        return left

    assert run(scenario()) == list(range(len(latencies)))
