"""Whatever Webex answers: one reason, never an exception, and sent again only where that is right."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webex_provision.actions.declaration import Expect, FailureRule
from webex_provision.actions.failures import COMMON_FAILURES, LICENSE_FAILURES, LOCATION_GONE, USER_GONE
from webex_provision.engine.error_handling import failure_of, failure_of_call, objection
from webex_provision.vocabulary import Reason
from webex_provision.webex.errors import CallFailed, HostRefused, RateLimitedTooLong
from webex_provision.wire import Answer, Endpoint, ErrorBody
from webex_provision_tests.webex.tenant_double import Stage, run, stage

READ, WRITE = Endpoint("GET", "/x", "any").at(), Endpoint("POST", "/x", "any").at(json={})
RULES: tuple[tuple[FailureRule, ...], ...] = ((), LICENSE_FAILURES, (LOCATION_GONE,), (USER_GONE, *LICENSE_FAILURES))
BODIES = (
    b"",
    b"{}",
    b'{"message":"no","errors":[{"description":"why","errorCode":4250}],"trackingId":"T"}',
    b'[{"errors":[{"errorCode":8363}]}]',
    b"<html><body>Sign in</body></html>",
    b'{"message": "cut',
    b"\xff\xfe\x00",
    b"[" * 3_000,
    b"17",
)
QUICK = {"max_retries": 1, "max_rate_limit_waits": 1, "call_breaker_failures": 100}
Reply = tuple[int, bytes, Mapping[str, str]]


async def judged(on: Stage, reply: Reply, *, repeatable: bool) -> tuple[Reason | None, int]:
    """The reason of a step that expects 200 with an id (None: it counts as done), and how often it was sent."""
    status, content, headers = reply
    # As a stream: what an answer claims to be compressed with need not be true.
    on.script.replies[:] = [lambda _: httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))]
    before = len(on.script.requests)
    try:
        answer = await on.client.request(READ if repeatable else WRITE, repeatable=repeatable)
    except CallFailed as error:
        return failure_of_call(error).reason, len(on.script.requests) - before
    sends = len(on.script.requests) - before
    if answer.ok:
        # No proof is declared, so the row's context is not looked at.
        failure = objection(Expect(statuses=(200,), fields=("id",)), None, answer)  # type: ignore[arg-type]
        return failure.reason if failure else None, sends
    return failure_of(answer).reason, sends


def sent_again(status: int, headers: Mapping[str, str]) -> bool:
    """429, 423 with Retry-After, 5xx but for a 502 that carries a business code."""
    if status == 429 or (status == 423 and "retry-after" in headers):
        return True
    return status >= 500 and not (status == 502 and "cisco-spark-error-codes" in headers)


@pytest.mark.parametrize("headers", [{}, {"retry-after": "1"}, {"cisco-spark-error-codes": "4251"}], ids=str)
def test_every_status_gives_one_reason_and_only_passing_faults_are_sent_again(headers: dict[str, str]) -> None:
    """Every status that is no success, with every shape of body in turn."""

    async def scenario() -> None:
        async with stage(httpx.Response(200), **QUICK) as on:
            for status, content in zip([*range(400, 600)] * 2, cycle(BODIES), strict=False):
                reason, sends = await judged(on, (status, content, headers), repeatable=True)
                assert isinstance(reason, Reason), status
                assert (sends > 1) == sent_again(status, headers), status
                assert (reason is Reason.RETRY_EXHAUSTED) == sent_again(status, headers), status

    run(scenario())


def test_a_redirect_of_any_status_stops_the_run_and_is_never_followed() -> None:
    async def scenario() -> None:
        async with stage(httpx.Response(200), **QUICK) as on:
            for status in range(300, 400):
                before = len(on.script.requests)
                with pytest.raises(HostRefused):
                    await judged(on, (status, b"", {"location": "https://elsewhere.example"}), repeatable=True)
                assert len(on.script.requests) == before + 1

    run(scenario())


def test_nothing_but_the_expected_status_with_its_field_is_a_success() -> None:
    """Of 100 to 299, only 200 with the id; half an answer to a read is asked for again, within bounds."""

    async def scenario() -> None:
        async with stage(httpx.Response(200), **QUICK) as on:
            for status in range(100, 300):
                for content in (*BODIES, b'{"id":""}', b'{"id":"x"}'):
                    reason, sends = await judged(on, (status, content, {}), repeatable=True)
                    done = status == 200 and content == b'{"id":"x"}'
                    unproven = {Reason.INVALID_RESPONSE_SCHEMA} | (
                        {Reason.NON_RETRYABLE_EXTERNAL} if status < 200 else set()
                    )
                    assert reason in ({None} if done else unproven), (status, content)
                    assert sends <= 3

    run(scenario())


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "retry-after": st.one_of(st.sampled_from(["0", "1", "soon", "-1", "1e9", "nan"]), st.integers(0, 99).map(str)),
        "cisco-spark-error-codes": st.text("0123456789,; ", max_size=9),
        "trackingid": st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=9),
        "content-encoding": st.sampled_from(["gzip", "br", "identity", "nonsense"]),
        "content-type": st.sampled_from(["application/json", "text/html", ""]),
    },
)


@settings(max_examples=150)
@given(
    st.integers(400, 599),
    st.one_of(st.sampled_from(BODIES), st.binary(max_size=60), st.text(max_size=30).map(str.encode)),
    HEADERS,
)
def test_a_write_is_never_sent_twice_unless_it_was_refused_for_now(
    status: int, content: bytes, headers: dict[str, str]
) -> None:
    """Whatever the answer holds. A 5xx to a write leaves its outcome unknown: looked up, not sent again."""

    async def scenario() -> tuple[Any, int]:
        async with stage(httpx.Response(200), **QUICK) as on:
            try:
                return await judged(on, (status, content, headers), repeatable=False)
            except RateLimitedTooLong:
                return None, 1

    reason, sends = run(scenario())
    refused_for_now = status == 429 or (status == 423 and "retry-after" in headers)
    assert reason is None or isinstance(reason, Reason)
    assert (reason is None) <= refused_for_now
    assert sends <= (2 if refused_for_now else 1)


WORDS = st.sampled_from(["401", "4250", "400411", "BIFROST-B10005", "calling flag not set", "Unable to find Location"])
ANSWERS = st.builds(
    lambda status, codes, message: Answer(status, error=ErrorBody(tuple(codes), message)),
    st.integers(100, 599),
    st.lists(st.one_of(WORDS, st.text(max_size=6)), max_size=3),
    st.one_of(WORDS, st.text(max_size=20)),
)


@given(ANSWERS, st.sampled_from(RULES))
def test_a_refusal_has_the_reason_of_the_first_rule_that_speaks_of_it(
    answer: Answer, rules: tuple[FailureRule, ...]
) -> None:
    failure = failure_of(answer, rules)
    speaking = [rule for rule in (*rules, *COMMON_FAILURES) if _speaks(rule, answer)]
    assert failure.reason is (speaking[0].reason if speaking else Reason.NON_RETRYABLE_EXTERNAL)
    assert failure.http_status == answer.status
    assert str(answer.status) in failure.message


def _speaks(rule: FailureRule, answer: Answer) -> bool:
    return (
        rule.status in (None, answer.status)
        and (not rule.codes or any(code in answer.error.codes for code in rule.codes))
        and rule.text.casefold() in answer.error.message.casefold()
    )
