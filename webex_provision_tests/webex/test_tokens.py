"""Several tokens: each with its own pace, none of them able to take a call with it when it dies."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from webex_provision.config import MOST_FURTHER_TOKENS
from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.errors import PreflightFailed, RateLimitedTooLong, RetriesExhausted
from webex_provision.webex.pacing import Lane, Pacer
from webex_provision.webex.startup_checks import Preflight, preflight, survey
from webex_provision.wire import Answer, ApiRequest
from webex_provision_tests.benchmarks.pace_simulation import reached
from webex_provision_tests.benchmarks.tenant_profiles import DOCUMENTED, READ, UNLIMITED, Tenant
from webex_provision_tests.virtual_clock import VirtualClock
from webex_provision_tests.webex.tenant_double import TOKEN, ok, run, settings, status

SECOND, THIRD = "MmFjY2Vzcy10b2tlbi1pbnZlbnRlZC1mb3ItdGVzdHM", "M2FjY2Vzcy10b2tlbi1pbnZlbnRlZC1mb3ItdGVzdHM"
ME, PLACE = "/v1/people/me", ApiRequest("GET", "/locations")
CREATE = ApiRequest("POST", "/locations", json={"name": "HQ"})
ORGANISATIONS = "1eb65fdf-9643-417f-9974-ad72cae0e10f", "2eb65fdf-9643-417f-9974-ad72cae0e10f"

Judge = Callable[[str, str], httpx.Response]


class Tokens:
    """Answers as `judge` says, which sees token and path; keeps who came when."""

    def __init__(self, judge: Judge, further: str = f"{SECOND}, {THIRD}", **changes: object) -> None:
        self.clock = VirtualClock()
        self.seen: list[tuple[str, str, float]] = []
        self.told: list[str] = []
        self.settings = settings(webex_tokens=further, **changes)

        async def answer(request: httpx.Request) -> httpx.Response:
            token = request.headers["authorization"].removeprefix("Bearer ")
            self.seen.append((token, request.url.path, self.clock.monotonic()))
            await self.clock.sleep(0.1)
            return judge(token, request.url.path)

        transport = httpx.MockTransport(answer)
        self.client = WebexClient(self.settings, self.clock, transport=transport, on_token_out=self.told.append)

    def all_of(self, *requests: ApiRequest, **how: bool) -> list[Answer | BaseException]:
        """The outcomes of calls that are made at once."""

        async def scenario() -> list[Answer | BaseException]:
            async with self.client as client:
                return await asyncio.gather(*(client.request(one, **how) for one in requests), return_exceptions=True)

        return run(scenario())

    def preflight(self, check: Callable[..., object] = preflight) -> Preflight:
        async def scenario() -> object:
            async with self.client as client:
                return await check(client, self.settings)

        return run(scenario())

    def came(self, path: str = "") -> Counter[str]:
        """How often each token came, to a path."""
        return Counter(token for token, where, _ in self.seen if where.endswith(path))


def dead(*tokens: str) -> Judge:
    return lambda token, _: status(401) if token in tokens else ok({})


# Pace


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


# Death


def test_a_dead_token_is_asked_once_is_out_and_takes_no_call_with_it(caplog: pytest.LogCaptureFixture) -> None:
    tenant = Tokens(dead(SECOND))
    with caplog.at_level(logging.CRITICAL):
        answers = tenant.all_of(*[PLACE] * 60)
    assert all(isinstance(answer, Answer) and answer.ok for answer in answers)
    assert tenant.came("/people/me") == {SECOND: 1}
    asked_at = next(at for token, path, at in tenant.seen if path == ME)
    assert max(at for token, _, at in tenant.seen if token == SECOND) <= asked_at + 0.11, "while the question was out"
    assert tenant.told == ["token 1 of WEBEX_TOKENS is out: Webex no longer accepts it; the run goes on with 2."]
    assert [(record.message, record.tokens_left) for record in caplog.records] == [("token_out", 2)]


def test_a_create_that_a_dead_token_was_refused_goes_out_once_more_with_another() -> None:
    """A 401 proves that nothing was applied; the note of the intent stands before the first send only."""
    tenant = Tokens(dead(TOKEN))
    noted: list[int] = []

    async def note() -> None:
        noted.append(len(tenant.seen))

    async def scenario() -> Answer:
        async with tenant.client as client:
            return await client.request(CREATE, repeatable=False, before_send=note)

    assert run(scenario()).status == 200
    assert [(token, path) for token, path, _ in tenant.seen] == [
        (TOKEN, "/v1/locations"),
        (TOKEN, ME),
        (SECOND, "/v1/locations"),
    ]
    assert noted == [0]


def test_a_401_of_a_token_that_lives_is_an_answer() -> None:
    tenant = Tokens(lambda _, path: ok({}) if path == ME else status(401))
    answer = tenant.all_of(PLACE)[0]
    assert isinstance(answer, Answer)
    assert (answer.status, tenant.told, len(tenant.seen)) == (401, [], 2)


@pytest.mark.parametrize("reply", [status(500), status(403), httpx.Response(200, content=b"<html>")])
def test_only_a_second_401_takes_a_token_out(reply: httpx.Response) -> None:
    def judge(token: str, path: str) -> httpx.Response:
        unsure = httpx.Response(reply.status_code, content=reply.content)
        return (unsure if path == ME else status(401)) if token == TOKEN else ok({})

    tenant = Tokens(judge, max_retries=0)
    tenant.all_of(PLACE)
    assert tenant.told == []


def test_when_the_last_one_dies_its_401_is_the_answer() -> None:
    """What then becomes of the run is the engine's to decide; it asks with that one."""
    tenant = Tokens(dead(TOKEN, SECOND, THIRD))
    answers = tenant.all_of(*[PLACE] * 20)
    assert {answer.status for answer in answers if isinstance(answer, Answer)} == {401}
    assert len(answers) == 20
    assert len(tenant.told) == 2
    assert len(tenant.client.credentials.living) == 1


def test_a_403_is_an_answer_whatever_another_token_may_do() -> None:
    tenant = Tokens(lambda token, _: status(403) if token == TOKEN else ok({}))
    answer = tenant.all_of(PLACE)[0]
    assert isinstance(answer, Answer)
    assert (answer.status, len(tenant.seen)) == (403, 1)


# Preflight


def people(**changes: dict[str, object]) -> Judge:
    """Three administrators of one organisation, changed as told by the local part of their email."""
    known = {TOKEN: "ana", SECOND: "bea", THIRD: "eva"}

    def judge(token: str, path: str) -> httpx.Response:
        name = known[token]
        person = {"id": name, "orgId": ORGANISATIONS[0], "emails": [f"{name}@site.example"], **changes.get(name, {})}
        refused = person.pop("refused", None)
        if refused is not None and (path == ME) is (refused == 401):
            return status(int(str(refused)))
        return ok(person if path == ME else {"items": []})

    return judge


def test_every_token_is_asked_whose_it_is_and_all_owners_are_told() -> None:
    tenant = Tokens(people())
    found = tenant.preflight()
    assert tenant.came() == {TOKEN: 2, SECOND: 2, THIRD: 2}
    assert found.owners == ("ana@site.example", "bea@site.example", "eva@site.example")
    assert (found.person_email, found.warnings) == ("ana@site.example", ())
    assert [lane.open for lane in tenant.client.pacer.lanes] == [True] * 3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"bea": {"orgId": ORGANISATIONS[1]}},
            "token 1 of WEBEX_TOKENS (bea@site.example) belongs to another organisation",
        ),
        (
            {"eva": {"orgId": "unheard of"}},
            "token 2 of WEBEX_TOKENS (eva@site.example) belongs to another organisation",
        ),
        ({"eva": {"refused": 401}}, "token 2 of WEBEX_TOKENS is invalid, revoked or expired"),
        ({"bea": {"refused": 403}}, "token 1 of WEBEX_TOKENS (bea@site.example) is valid but may not do this"),
        ({"ana": {"refused": 401}}, "The token is invalid"),
    ],
)
def test_a_token_that_cannot_be_used_is_named_by_place_and_owner(
    changes: dict[str, dict[str, object]], told: str
) -> None:
    with pytest.raises(PreflightFailed) as caught:
        Tokens(people(**changes)).preflight()
    assert told in caught.value.cause
    assert "WEBEX_TOKEN" in caught.value.remedy or "full administrator" in caught.value.remedy
    assert not [token for token in (TOKEN, SECOND, THIRD) if token[:12] in str(caught.value)]


def test_a_survey_looks_at_the_tokens_after_a_bad_one_too() -> None:
    found = Tokens(people(bea={"refused": 401})).preflight(survey)
    assert [(check.name, check.passed) for check in found.checks[3:]] == [
        ("token 1 of WEBEX_TOKENS", False),
        ("token 2 of WEBEX_TOKENS", True),
    ]


def test_two_tokens_of_one_user_are_told_and_share_pace_and_bound_in_flight() -> None:
    tenant = Tokens(people(eva={"id": "ana", "emails": ["ana@site.example"]}))
    found = tenant.preflight()
    assert found.owners == ("ana@site.example", "bea@site.example")
    assert found.warnings == (
        "token 2 of WEBEX_TOKENS (ana@site.example) is of the same user as WEBEX_TOKEN: they share one rate limit",
    )
    assert [lane.open for lane in tenant.client.pacer.lanes] == [True, True, False]
    first, _, twin = tenant.client.credentials.all
    tenant.client.credentials.take_out(first, "gone")
    assert first.lane.open
    assert tenant.client.credentials.in_lane(first.lane) is twin


# Settings


def test_tokens_are_divided_by_commas_and_white_space() -> None:
    made = settings(webex_tokens=f" {SECOND},\n{THIRD} ,")
    assert [token.get_secret_value() for token in made.tokens] == [TOKEN, SECOND, THIRD]
    assert [token.get_secret_value() for token in settings().tokens] == [TOKEN]


def test_too_many_tokens_or_one_that_is_none_are_refused_without_being_shown() -> None:
    with pytest.raises(ValueError, match="at most 15") as caught:
        settings(webex_tokens=" ".join([SECOND] * (MOST_FURTHER_TOKENS + 1)))
    assert SECOND not in str(caught.value)
    with pytest.raises(ValueError, match="token 2 of WEBEX_TOKENS is not a bearer token") as caught:
        WebexClient(settings(webex_tokens=f"{SECOND},{THIRD}é"), VirtualClock())
    assert THIRD not in str(caught.value)
