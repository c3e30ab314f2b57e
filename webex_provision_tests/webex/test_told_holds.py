"""A pause that Webex asks for is told to whoever watches, unless another token spares us."""

import asyncio

import httpx
import pytest

from webex_provision.webex.connection_client import WebexClient
from webex_provision.wire import ApiRequest
from webex_provision_tests.virtual_clock import VirtualClock
from webex_provision_tests.webex.tenant_double import TOKEN, ok, run, settings, status

SECOND = "MmFjY2Vzcy10b2tlbi1pbnZlbnRlZC1mb3ItdGVzdHM"


@pytest.mark.parametrize(
    ("code", "limited", "further", "told"),
    [
        (429, {TOKEN}, "", [60.0]),
        (503, {TOKEN}, "", [60.0]),
        (429, {TOKEN}, SECOND, []),
        (429, {TOKEN, SECOND}, SECOND, [60.0]),
    ],
)
def test_a_pause_is_told_where_every_token_waits(code: int, limited: set[str], further: str, told: list[float]) -> None:
    clock, left = VirtualClock(), set(limited)
    heard: list[tuple[str, float]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        if token in left:
            left.discard(token)
            return status(code, retry_after="60")
        return ok({})

    client = WebexClient(
        settings(webex_tokens=further),
        clock,
        transport=httpx.MockTransport(answer),
        on_hold=lambda family, seconds: heard.append((family, round(seconds))),
    )

    async def scenario() -> None:
        async with client:
            await asyncio.gather(*(client.request(ApiRequest("GET", "/locations")) for _ in range(4)))

    run(scenario())
    family = ApiRequest("GET", "/locations").family
    assert heard[:1] == [(family, seconds) for seconds in told]
    assert bool(heard) == bool(told)
