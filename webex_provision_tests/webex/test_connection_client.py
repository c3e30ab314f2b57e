"""What one call may do: which answers are final, what is sent again, and what is never sent twice."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import TypeVar

import httpx
import pytest

from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.errors import (
    AnswerLost,
    HostRefused,
    RateLimitedTooLong,
    RetriesExhausted,
    RetryBudgetSpent,
    UnusableAnswer,
)
from webex_provision.wire import Answer, ApiRequest
from webex_provision_tests.virtual_clock import VirtualClock
from webex_provision_tests.webex.tenant_double import TOKEN, Reply, Stage, ok, run, settings, stage, status

GET = ApiRequest("GET", "/people", {"email": "a+b@c.example"})
POST = ApiRequest("POST", "/locations", json={"name": "Küche"})


def one(request: ApiRequest, *replies: Reply, repeatable: bool = True, **changes: object) -> tuple[Answer, Stage]:
    """The answer to one request against scripted replies."""

    async def scenario() -> tuple[Answer, Stage]:
        async with stage(*replies, **changes) as on:
            return await on.client.request(request, repeatable=repeatable), on

    return run(scenario())


E = TypeVar("E", bound=Exception)


def failing(
    error: type[E], request: ApiRequest, *replies: Reply, repeatable: bool = True, **changes: object
) -> tuple[E, Stage]:
    """The error that one request ends with."""

    async def scenario() -> tuple[E, Stage]:
        async with stage(*replies, **changes) as on:
            with pytest.raises(error) as caught:
                await on.client.request(request, repeatable=repeatable)
            return caught.value, on

    return run(scenario())


def test_a_request_goes_out_with_token_json_and_an_encoded_query() -> None:
    answer, on = one(GET, ok({"items": []}, trackingid="T1"))
    sent = on.script.requests[0]
    assert str(sent.url) == "https://webex.test/v1/people?email=a%2Bb%40c.example"
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    assert answer == Answer(200, {"items": []}, answer.headers, tracking_id="T1")
    _, on = one(POST, ok({"id": "x"}))
    assert on.script.requests[0].content == '{"name":"Küche"}'.encode()
    assert on.script.requests[0].headers["content-type"] == "application/json"


def test_an_encoded_id_in_the_path_stays_as_it_is() -> None:
    _, on = one(ApiRequest("GET", "/people/a%2Fb%3D"), ok())
    assert on.script.requests[0].url.raw_path == b"/v1/people/a%2Fb%3D"


def test_a_body_of_bytes_is_sent_as_it_is() -> None:
    form = ApiRequest("POST", "/x", json=b"--b\r\n", headers={"Content-Type": "multipart/form-data; boundary=b"})
    _, on = one(form, ok())
    assert on.script.requests[0].content == b"--b\r\n"
    assert on.script.requests[0].headers["content-type"] == "multipart/form-data; boundary=b"


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 415, 423])
@pytest.mark.parametrize("content", [b'{"message":"no","errorCode":25008}', b"<html>no</html>", b"", b"[]", b'{"me'])
def test_a_4xx_is_a_final_answer_whatever_its_body(code: int, content: bytes) -> None:
    answer, on = one(GET, status(code, content), repeatable=False)
    assert (answer.status, answer.ok, len(on.script.requests)) == (code, False, 1)


def test_error_codes_message_and_tracking_id_are_in_the_answer() -> None:
    answer, _ = one(
        GET, status(400, b'{"message":"no","errors":[{"errorCode":4250}],"trackingId":"B"}', trackingid="H")
    )
    assert (answer.error.codes, answer.error.message, answer.tracking_id) == (("4250",), "no", "B")


def test_204_and_an_empty_200_have_no_json() -> None:
    assert one(GET, status(204))[0].json is None
    assert one(GET, status(200))[0].json is None


def test_a_502_with_a_business_code_is_final() -> None:
    """Removing a number that is not there answers so; retrying it would burn all retries."""
    answer, on = one(GET, status(502, b"", cisco_spark_error_codes="4251"), repeatable=False)
    assert (answer.status, answer.error.codes, len(on.script.requests)) == (502, ("4251",), 1)


@pytest.mark.parametrize(
    "fault", [status(500), status(503, b"<html>"), httpx.ReadTimeout("slow"), httpx.ReadError("reset")]
)
def test_faults_of_a_repeatable_call_are_sent_again_up_to_the_bound(fault: Reply) -> None:
    answer, on = one(GET, fault, fault, ok({"a": 1}))
    assert (answer.json, answer.sends, len(on.script.requests)) == ({"a": 1}, 3, 3)
    error, on = failing(RetriesExhausted, GET, fault, max_retries=5)
    assert error.sends == len(on.script.requests) == 6
    assert error.status == (fault.status_code if isinstance(fault, httpx.Response) else None)


def test_backoff_doubles_with_jitter_within_its_bound() -> None:
    _, on = failing(RetriesExhausted, GET, status(500), max_retries=12, backoff_base_seconds=1, backoff_max_seconds=8)
    gaps = [after - before for before, after in pairwise(on.script.times)]
    assert all(gap <= min(2**retry, 8) + 0.01 for retry, gap in enumerate(gaps))
    assert len(set(gaps)) == len(gaps)
    assert on.clock.elapsed > 8


@pytest.mark.parametrize(
    "fault",
    [status(500), status(503, retry_after="5"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("reset"),
     httpx.WriteError("broken"), status(200, b"<html>login</html>"), status(201, b'{"id": "x')],
)  # fmt: skip
def test_a_call_that_must_not_be_repeated_is_sent_once_when_its_outcome_is_unknown(fault: Reply) -> None:
    """Nothing is created twice: the engine looks up before anything else."""
    error, on = failing(AnswerLost, POST, fault, ok(), repeatable=False)
    assert error.sends == len(on.script.requests) == 1


@pytest.mark.parametrize(
    "fault", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full"), status(429)]
)
def test_a_send_that_was_certainly_not_applied_is_repeated_even_so(fault: Reply) -> None:
    answer, _ = one(POST, fault, fault, ok({"id": "x"}), repeatable=False)
    assert answer.sends == 3
    assert failing(RetriesExhausted, POST, fault, repeatable=False)[0].sends == 6


def test_retry_after_is_waited_out_before_anyone_of_the_family_is_sent() -> None:
    async def scenario() -> Stage:
        async with stage(status(429, b"<html>", retry_after="60"), ok(), max_in_flight=1) as on:
            await asyncio.gather(*(on.client.request(GET) for _ in range(11)))
            return on

    on = run(scenario())
    assert min(on.script.times[1:]) >= 60
    assert len(on.script.times) == 12
    assert on.client.stats.families["people"].rate_limited == 1
    assert on.client.stats.families["people"].seconds_waited >= 60


@pytest.mark.parametrize("value", ["rand(30),add(30)", "", "0", "-7", "soon"])
def test_a_429_that_says_nothing_usable_is_waited_out_with_a_backoff(value: str) -> None:
    answer, on = one(GET, status(429, retry_after=value), ok())
    assert answer.sends == 2
    assert 0.4 < on.clock.elapsed < 2


def test_a_423_with_retry_after_is_waited_out() -> None:
    answer, on = one(POST, status(423, retry_after="9"), ok({"id": "x"}), repeatable=False)
    assert answer.ok
    assert on.clock.elapsed >= 9


def test_429s_have_their_own_count() -> None:
    faults = [status(429, retry_after="1")] * 5 + [status(503)] * 5
    assert one(GET, *faults, ok())[0].sends == 11
    error, on = failing(RetriesExhausted, GET, status(429, retry_after="1"), max_rate_limit_waits=3)
    assert (error.status, error.sends) == (429, 4)
    assert on.clock.elapsed >= 3


def test_a_503_with_retry_after_is_waited_out_as_it_asks() -> None:
    _, on = one(GET, status(503, retry_after="20"), ok())
    assert 20 <= on.clock.elapsed < 21


@pytest.mark.parametrize("code", [429, 503])
def test_a_wait_longer_than_allowed_stops_the_run_without_waiting(code: int) -> None:
    error, on = failing(RateLimitedTooLong, GET, status(code, retry_after="3600"))
    assert error.seconds == pytest.approx(3_600)
    assert len(on.script.requests) == 1
    assert on.clock.elapsed < 1


def test_a_long_wait_stops_the_run_even_where_no_wait_at_all_is_allowed() -> None:
    """A row must not be blamed for what the whole run has to wait for."""
    failing(RateLimitedTooLong, GET, status(429, retry_after="3600"), max_rate_limit_waits=0, run_retry_budget=0)


def test_the_retry_budget_of_a_run_is_shared_by_all_its_calls() -> None:
    async def scenario() -> int:
        async with stage(status(500), max_retries=5, run_retry_budget=7) as on:
            with pytest.raises(RetriesExhausted):
                await on.client.request(GET)
            with pytest.raises(RetryBudgetSpent):
                await on.client.request(GET)
            return len(on.script.requests)

    assert run(scenario()) == 6 + 3


@pytest.mark.parametrize("content", [b"<html>login</html>", b'{"items": [', b"NaN"])
def test_an_unreadable_success_is_asked_for_three_times_and_then_refused(content: bytes) -> None:
    error, on = failing(UnusableAnswer, GET, status(200, content))
    assert (error.status, error.sends, len(on.script.requests)) == (200, 3, 3)
    assert one(GET, status(200, content), ok({"a": 1}))[0].json == {"a": 1}


def test_a_success_larger_than_allowed_is_refused_also_when_it_is_compressed() -> None:
    """A few kilobytes that unpack to megabytes do not fill the memory."""
    bomb = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=_Chunks(gzip.compress(b"0" * 10_000_000)))
    error, on = failing(UnusableAnswer, GET, lambda _: bomb, max_response_bytes=100_000)
    assert "100000 bytes" in error.cause
    assert len(on.script.requests) == 1
    failing(UnusableAnswer, GET, ok(["x" * 2_000]), max_response_bytes=1_000)
    failing(AnswerLost, POST, ok(["x" * 2_000]), max_response_bytes=1_000, repeatable=False)


def test_layers_of_compression_are_not_unpacked() -> None:
    def layered(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-encoding": "gzip, gzip"}, stream=_Chunks(b"x"))

    assert "content encoding" in failing(UnusableAnswer, GET, layered)[0].cause


class _Chunks(httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), 1_000):
            yield self._content[start : start + 1_000]


@pytest.mark.parametrize("location", ["https://evil.example/v1/people", "/v1/other", "https://webex.test/v1/x", ""])
def test_a_redirect_is_never_followed(location: str) -> None:
    error, on = failing(HostRefused, GET, status(302, location=location), ok())
    assert len(on.script.requests) == 1
    assert location in str(error)
    inside = location in {"/v1/other", "https://webex.test/v1/x"}
    assert ("stands between" in str(error), "Set WEBEX_BASE_URL" in str(error)) == (inside, not inside)


@pytest.mark.parametrize(
    "path", ["people", "https://evil.example/x", "//evil.example/x", "/people/../x", "/people/..", "/a\\b", "/a#b", ""]
)
def test_a_path_that_could_leave_the_base_url_is_refused(path: str) -> None:
    _, on = failing(ValueError, ApiRequest("GET", path), ok())
    assert on.script.requests == []


@pytest.mark.parametrize("base", ["https://webex.test/v1", "http://127.0.0.1:9/v1"])
def test_an_operators_proxy_is_used_except_for_loopback(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    client = WebexClient(settings(webex_base_url=base), VirtualClock())
    assert client._http.trust_env is base.startswith("https")
    run(client.aclose())


def test_the_token_is_in_no_text_even_when_the_service_echoes_it(caplog: pytest.LogCaptureFixture) -> None:
    echo = f'{{"message": "{"x" * 470} bad token {TOKEN}", "errorCode": "{TOKEN}", "trackingId": "{TOKEN}"}}'.encode()
    with caplog.at_level(logging.DEBUG):
        answer, on = one(GET, status(400, echo))
        lost, _ = failing(AnswerLost, POST, status(500, echo, trackingid=TOKEN), repeatable=False)
        reset, _ = failing(RetriesExhausted, GET, httpx.ReadError(f"reset by {TOKEN}"))
        moved, _ = failing(HostRefused, GET, status(302, location=f"https://x.example/{TOKEN}"))
        found, _ = one(GET, ok({}, trackingid=TOKEN, link=f"<https://x.example/{TOKEN}>"))
    texts = [repr(answer), repr(found), *(repr(record) for record in on.records), caplog.text]
    for error in (lost, reset, moved):
        texts += [str(error), repr(vars(error)), repr(error.__cause__)]
    half = TOKEN[:12]
    assert not [text for text in texts if half in text]


@pytest.mark.parametrize("token", ["", "  ", "tok en", "tok\nen", "tok\x00en", "tök"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ValueError, match="WEBEX_TOKEN") as caught:
        WebexClient(settings(webex_token=token), VirtualClock())
    assert not token.strip() or token not in str(caught.value)


def test_every_finished_call_is_recorded_and_counted() -> None:
    async def scenario() -> Stage:
        async with stage(status(503, trackingid="T1"), ok({}, trackingid="T2"), status(500), max_retries=1) as on:
            await on.client.request(GET)
            with pytest.raises(RetriesExhausted):
                await on.client.request(ApiRequest("GET", "/telephony/config/numbers"))
            return on

    on = run(scenario())
    assert [(r.path, r.family, r.status, r.sends, r.tracking_id) for r in on.records] == [
        ("/people", "people", 200, 2, "T2"),
        ("/telephony/config/numbers", "telephony-read", 500, 2, ""),
    ]
    total = on.client.stats.total
    assert (total.calls, total.sends, total.retries, total.failed) == (2, 4, 2, 1)
    assert set(on.client.stats.as_dict()) == {"people", "telephony-read"}


def test_retries_are_logged_but_the_same_one_not_again_and_again(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="webex_provision.webex"):
        failing(RetriesExhausted, GET, status(500, b'{"message":"a\\nb"}'), max_retries=5, backoff_base_seconds=0.01)
    lines = [record for record in caplog.records if record.name == "webex_provision.webex"]
    assert len(lines) == 1
    assert (lines[0].http_status, lines[0].cause) == (500, "HTTP 500: a b")


def test_a_call_that_is_cancelled_gives_its_place_back() -> None:
    async def scenario() -> int:
        arrived = asyncio.Event()

        async def never(_: httpx.Request) -> httpx.Response:
            arrived.set()
            await asyncio.Event().wait()
            raise AssertionError

        async with stage(never, ok(), max_in_flight=1) as on:
            hanging = asyncio.ensure_future(on.client.request(GET))
            await arrived.wait()
            hanging.cancel()
            await asyncio.gather(hanging, return_exceptions=True)
            return (await on.client.request(GET)).status

    assert run(scenario()) == 200


def test_the_wall_around_a_whole_answer_ends_a_send() -> None:
    async def scenario() -> str:
        async def never(_: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError

        async with stage(never, request_timeout_seconds=0.05) as on:
            with pytest.raises(AnswerLost) as caught:
                await on.client.request(POST, repeatable=False)
            return caught.value.cause

    assert run(scenario()) == "no complete answer within 0.05 s"
