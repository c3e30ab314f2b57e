"""A client for look-ups sends nothing that could change a tenant, whoever asks it to."""

import asyncio
from typing import Any

import httpx
import pytest

from webex_provision.webex.lookups_only import ChangeRefused, LookupsOnlyClient
from webex_provision.wire import Answer, ApiRequest, Endpoint
from webex_provision_tests.virtual_clock import VirtualClock
from webex_provision_tests.webex.tenant_double import Script, settings

ASK = Endpoint("POST", "/telephony/{place}/actions/validate/invoke", "a-scope")


def _send(request: ApiRequest) -> tuple[Answer, Script]:
    clock = VirtualClock()
    script = Script(clock, [httpx.Response(200, json={"items": []})])

    async def sending() -> Answer:
        transport: Any = httpx.MockTransport(script)
        async with LookupsOnlyClient(settings(), clock, questions=[ASK], transport=transport) as client:
            try:
                return await client.request(request)
            finally:
                assert len(script.requests) == client.stats.total.calls

    return asyncio.run(sending()), script


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "get"])
def test_whatever_is_no_get_is_refused_before_it_leaves(method: str) -> None:
    with pytest.raises(ChangeRefused, match="was not sent"):
        _send(ApiRequest(method, "/people", json={}))


@pytest.mark.parametrize(
    "request_",
    [
        ApiRequest("POST", "/telephony/a/b/actions/validate/invoke"),
        ApiRequest("POST", "/telephony/a/actions/validate/invoke/more"),
        ApiRequest("PUT", "/telephony/a/actions/validate/invoke"),
    ],
    ids=str,
)
def test_what_only_looks_like_a_declared_question_is_refused(request_: ApiRequest) -> None:
    with pytest.raises(ChangeRefused):
        _send(request_)


@pytest.mark.parametrize("request_", [ASK.at(place="a place"), ApiRequest("GET", "/people")], ids=str)
def test_reads_and_declared_questions_are_sent(request_: ApiRequest) -> None:
    answer, script = _send(request_)
    assert answer.ok
    assert len(script.requests) == 1
