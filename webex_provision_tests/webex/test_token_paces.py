"""Several tokens: each with its own pace, and no call behind the hold of one while another is free."""

import asyncio
from collections import Counter
from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from webex_provision.webex.errors import RateLimitedTooLong, RetriesExhausted
from webex_provision.webex.pacing import Lane, Pacer
from webex_provision.wire import Answer, ApiRequest
from webex_provision_tests.benchmarks.pace_simulation import reached
from webex_provision_tests.benchmarks.tenant_profiles import DOCUMENTED, READ, UNLIMITED, Tenant
from webex_provision_tests.virtual_clock import VirtualClock
from webex_provision_tests.webex.tenant_double import TOKEN, ok, run, status
from webex_provision_tests.webex.tokens_double import (
    PLACE,
    SECOND,
    THIRD,
    Judge,
    Tokens,
    dead,
)


@pytest.mark.parametrize(("ceiling", "least"), [(UNLIMITED, (1.95, 3.8)), (900.0, (1.95, 2.7))])
def test_calls_grow_with_the_tokens_up_to_what_the_organisation_may(ceiling: float, least: tuple[float, float]) -> None:
    """300 calls a minute and user: twice and four times as many; the organisation's own limit ends that."""
    tenant = Tenant(((float("inf"), replace(DOCUMENTED, organisation=ceiling)),), (READ,))
    one, two, four = (reached(tenant, latency=0.3, seed=0, seconds=60, tokens=count) for count in (1, 2, 4))
    assert len(two.served) > least[0] * len(one.served)
    assert len(four.served) > least[1] * len(one.served)
    assert (four.early, four.given_up, four.stopped) == (0, 0, False)


def test_calls_spread_over_all_users_also_where_one_would_do() -> None:
    """So that no user's limit is used up while another's is full."""
    tenant = Tokens(dead())

    async def scenario() -> None:
        async with tenant.client as client:
            for _ in range(30):
                await client.request(PLACE)
                await tenant.clock.sleep(1)

    run(scenario())
    assert set(tenant.came().values()) == {10}


def test_a_retry_after_holds_the_family_of_its_own_token_and_nothing_else() -> None:
    refused: list[str] = []

    def judge(token: str, path: str) -> httpx.Response:
        if token == TOKEN and path == "/v1/locations" and not refused:
            refused.append(token)
            return status(429, retry_after="60")
        return ok({})

    tenant = Tokens(judge, further=SECOND, max_in_flight=1)
    answers = tenant.all_of(*[PLACE] * 40, *[ApiRequest("GET", "/people")] * 40)
    assert all(isinstance(answer, Answer) and answer.ok for answer in answers)
    assert tenant.clock.elapsed < 10
    assert tenant.came("/locations")[TOKEN] == 1
    assert tenant.came("/people")[TOKEN] > 10


def test_a_long_retry_after_stops_the_run_only_when_it_holds_every_token() -> None:
    def judge(limited: set[str]) -> Judge:
        return lambda token, _: status(429, retry_after="3600") if token in limited else ok({})

    tenant = Tokens(judge({TOKEN, SECOND}), max_rate_limit_waits=0)
    assert all(isinstance(answer, Answer | RetriesExhausted) for answer in tenant.all_of(*[PLACE] * 8))
    tenant = Tokens(judge({TOKEN, SECOND}))
    assert all(isinstance(answer, Answer) for answer in tenant.all_of(*[PLACE] * 8))
    assert tenant.clock.elapsed < 60
    tenant = Tokens(judge({TOKEN, SECOND, THIRD}))
    assert all(isinstance(error, RateLimitedTooLong) for error in tenant.all_of(*[PLACE] * 8))
    assert tenant.clock.elapsed < 60


def test_one_burst_at_an_organisations_ceiling_exhausts_no_call() -> None:
    """Every token is refused before a wait was honoured: as many refusals as tokens are still the first one."""
    refused: set[str] = set()

    def judge(token: str, _: str) -> httpx.Response:
        first = token not in refused
        refused.add(token)
        return status(429, retry_after="5") if first else ok({})

    tenant = Tokens(judge, max_rate_limit_waits=1)
    answer = tenant.all_of(PLACE)[0]
    assert isinstance(answer, Answer)
    assert answer.ok
    assert answer.sends == 4


@st.composite
def traffic(draw: st.DrawFn) -> list[tuple[float, float, int, str]]:
    """Calls: when they arrive, how long their answer takes, how often they are refused, their family."""
    family = st.sampled_from(["people", "places", "identity"])
    return draw(st.lists(st.tuples(st.floats(0, 20), st.floats(0, 5), st.integers(0, 2), family), max_size=40))


@hypothesis_settings(max_examples=40, deadline=None)
@given(traffic(), st.integers(1, 4), st.integers(1, 3), st.floats(0.5, 200), st.floats(0, 60))
def test_the_bounds_of_every_lane_hold_and_no_one_starves_under_any_traffic(
    calls: list[tuple[float, float, int, str]], most: int, lanes: int, rate: float, wait: float
) -> None:
    """Also when one of the lanes closes in the middle."""
    clock = VirtualClock()
    pace = Pacer(clock, rate=rate, fastest=1_000, max_in_flight=most, longest_hold=120, lanes=lanes + 1)
    in_flight: Counter[Lane] = Counter()
    held: dict[tuple[Lane, str], float] = {}
    served: list[str] = []

    async def caller(arrives: float, latency: float, refusals: int, family: str) -> None:
        await clock.sleep(arrives)
        ticket = pace.ticket()
        for attempt in range(refusals + 1):
            async with pace.slot(family, ticket) as slot:
                lane = slot.lane
                in_flight[lane] += 1
                assert lane.open
                assert in_flight[lane] == lane.inside <= most
                assert clock.monotonic() >= held.get((lane, family), 0.0)
                await clock.sleep(latency)
                if attempt < refusals:
                    held[lane, family] = max(held.get((lane, family), 0.0), clock.monotonic() + wait)
                    slot.limited(wait)
                else:
                    slot.answered()
                in_flight[lane] -= 1
        served.append(family)

    async def closing() -> None:
        await clock.sleep(8)
        pace.lanes[0].open = False

    async def scenario() -> None:
        await asyncio.gather(closing(), *(caller(*call) for call in calls))

    run(scenario())
    assert len(served) == len(calls)
    assert [lane.inside for lane in pace.lanes] == [0] * (lanes + 1)


def test_calls_leave_in_the_order_of_their_arrival_whichever_token_takes_them() -> None:
    async def scenario() -> list[int]:
        clock = VirtualClock()
        pace = Pacer(clock, rate=4, fastest=1_000, max_in_flight=2, longest_hold=120, lanes=3)
        left: list[int] = []

        async def caller(number: int) -> None:
            async with pace.slot("people") as slot:
                left.append(number)
                await clock.sleep(1 + number % 3)
                if number % 5 == 0:
                    slot.limited(7)

        await asyncio.gather(*map(caller, range(40)))
        return left

    assert run(scenario()) == list(range(40))


def test_a_call_that_waits_for_a_place_in_flight_takes_a_lane_that_comes_free_first() -> None:
    """One lane is full for twenty seconds, the other is held for three: nobody waits for twenty."""

    async def scenario() -> float:
        clock = VirtualClock()
        pace = Pacer(clock, rate=100, fastest=1_000, max_in_flight=1, longest_hold=120, lanes=2)

        async def slow() -> None:
            async with pace.slot("people", lane=pace.lanes[0]):
                await clock.sleep(20)

        busy = asyncio.ensure_future(slow())
        pace.slot("people", lane=pace.lanes[1]).hold(3)
        await clock.sleep(0.1)
        async with pace.slot("people") as slot:
            assert slot.lane is pace.lanes[1]
            left_at = clock.monotonic()
        await busy
        return left_at

    assert run(scenario()) == pytest.approx(3)
