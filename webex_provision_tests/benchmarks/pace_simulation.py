"""One tenant, one latency, one seed, on a clock whose hours pass at once: what is possible, and what we reach.

What is possible is what a bare loop reaches that knows the tenant's limits: it keeps a copy of the tenant's limiter
and sends exactly when that lets a call in. Both loops send over the same `Line`, with as many calls in flight.
"""

import asyncio
import contextlib
import itertools
import logging
from bisect import bisect_right
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from webex_provision.config import Settings
from webex_provision.sandbox.limiter import Limiter, Profile
from webex_provision.webex.call_stats import CallRecord
from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.errors import CallFailed, RateLimitedTooLong
from webex_provision.webex.retry_after import retry_after_seconds
from webex_provision.wire import ApiRequest
from webex_provision_tests.benchmarks.tenant_profiles import Tenant
from webex_provision_tests.virtual_clock import VirtualClock

IN_FLIGHT = 8
WORKERS = 32
OUTWARD = 0.25  # share of the latency before the limiter sees a call
JITTER = 0.2
TOKEN = "invented"
TICK = 0.5


@dataclass
class Line:
    """The way to the tenant and back, and what came of every send: times in seconds of the virtual clock."""

    tenant: Tenant
    clock: VirtualClock
    latency: float
    seed: int
    served: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    most_in_flight: int = 0
    early: int = 0
    _in_flight: int = 0
    _holds: dict[tuple[str, str], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.limiter = self.new_limiter()
        self._random = Random(f"line:{self.seed}")  # noqa: S311 - repeatable chance, not cryptography

    def new_limiter(self) -> Limiter:
        """The tenant's limiter in its first state."""
        limiter = Limiter(Profile.NONE, self.clock, self.seed)
        self.tune(limiter)
        return limiter

    def tune(self, limiter: Limiter) -> None:
        """Let the limits of this moment hold."""
        limits = self.tenant.limits_at(self.clock.elapsed)
        if limits is not None:
            limiter.retune(limits)

    async def send(self, request: ApiRequest, token: str = TOKEN) -> httpx.Response:
        """One exchange."""
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        self.early += self.clock.elapsed < self._holds.get((token, request.family), 0.0)
        try:
            await self.clock.sleep(self.latency * OUTWARD)
            return await self._arrive(request, token)
        finally:
            self._in_flight -= 1

    async def _arrive(self, request: ApiRequest, token: str) -> httpx.Response:
        refusal = self.limiter.enter(token, request.method, request.path, "")
        spread = 1 + JITTER * (2 * self._random.random() - 1)
        if refusal is None:
            try:
                await self.clock.sleep(self.latency * (1 - OUTWARD) * spread)
            finally:
                self.limiter.leave(token)
            self.served.append(self.clock.elapsed)
            return httpx.Response(200, json={})
        await self.clock.sleep(self.latency * OUTWARD)
        self.refused.append(self.clock.elapsed)
        wait = retry_after_seconds(refusal.headers.get("Retry-After"), now=self.clock.now()) or 0.0
        held = self._holds.get((token, request.family), 0.0)
        self._holds[token, request.family] = max(held, self.clock.elapsed + wait)
        return httpx.Response(429, headers=refusal.headers, json={})


class _LineTransport(httpx.AsyncBaseTransport):
    def __init__(self, line: Line) -> None:
        self._line = line

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        return await self._line.send(ApiRequest(request.method, request.url.path.removeprefix("/v1")), token)


@dataclass(frozen=True)
class Measured:
    """What came of one run. `seconds` is less than asked for if the run stopped itself."""

    served: list[float]
    refused: list[float]
    seconds: float
    longest_call: float
    most_in_flight: int
    early: int
    given_up: int
    stopped: bool

    def served_until(self, seconds: float) -> int:
        """Calls answered by then."""
        return bisect_right(self.served, seconds)

    @property
    def refused_share(self) -> float:
        """429s among all answers."""
        return len(self.refused) / max(1, len(self.served) + len(self.refused))


def possible(tenant: Tenant, *, latency: float, seed: int, seconds: float) -> Measured:
    """The bare loop that knows the limits."""
    line = Line(tenant, VirtualClock(seed), latency, seed)
    known = line.new_limiter()

    async def work(request: ApiRequest, turn: asyncio.Lock, flight: asyncio.Semaphore) -> None:
        while True:
            async with turn:
                while wait := known.next_free(TOKEN, request.method, request.path):
                    await line.clock.sleep(min(wait, TICK) + 1e-9)
                await flight.acquire()
                if known.enter(TOKEN, request.method, request.path, "") is None:
                    known.leave(TOKEN)
            await line.send(request)
            flight.release()

    async def scenario() -> None:
        limits = tenant.limits_at(0)
        flight = asyncio.Semaphore(min(IN_FLIGHT, limits.in_flight if limits else IN_FLIGHT))
        loops = [
            work(request, turn, flight)
            for request, turn in [(request, asyncio.Lock()) for request in tenant.requests]
            for _ in range(IN_FLIGHT)
        ]
        await _until(seconds, line, [known, line.limiter], loops)

    _quietly(scenario)
    return Measured(line.served, line.refused, seconds, 0.0, line.most_in_flight, line.early, 0, stopped=False)


def reached(tenant: Tenant, *, latency: float, seed: int, seconds: float, tokens: int = 1, **settings: Any) -> Measured:
    """Our client, which knows nothing about the tenant; `settings` differ from the defaults, `tokens` are users."""
    line = Line(tenant, VirtualClock(seed), latency, seed)
    calls: list[CallRecord] = []
    given_up = 0
    stopped_at: float | None = None
    further = " ".join(f"{TOKEN}-{number}" for number in range(1, tokens))
    site = {"webex_base_url": "https://webex.test/v1", "environment": "lab"}
    values = {"webex_token": TOKEN, "webex_tokens": further, **site, **settings}
    requests = itertools.cycle(tenant.requests)

    async def work(client: WebexClient) -> None:
        nonlocal given_up, stopped_at
        while True:
            try:
                await client.request(next(requests))
            except RateLimitedTooLong:
                stopped_at = line.clock.elapsed if stopped_at is None else stopped_at
                return
            except CallFailed:
                given_up += 1

    async def scenario() -> None:
        client = WebexClient(Settings(**values), line.clock, transport=_LineTransport(line), on_call=calls.append)
        async with client:
            await _until(seconds, line, [line.limiter], [work(client) for _ in range(WORKERS * tokens)])

    _quietly(scenario)
    return Measured(
        line.served,
        line.refused,
        seconds if stopped_at is None else stopped_at,
        max((call.seconds for call in calls), default=0.0),
        line.most_in_flight,
        line.early,
        given_up,
        stopped=stopped_at is not None,
    )


async def _until(seconds: float, line: Line, limiters: list[Limiter], work: list[Coroutine[Any, Any, None]]) -> None:
    """Run `work` for so long, the limits changing as the tenant wants; ends early when all work has ended."""
    tasks = [asyncio.ensure_future(one) for one in work]
    while line.clock.elapsed < seconds and not all(task.done() for task in tasks):
        await line.clock.sleep(TICK)
        for limiter in limiters:
            line.tune(limiter)
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _quietly(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    logger = logging.getLogger("webex_provision.webex")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        asyncio.run(scenario())
    finally:
        logger.setLevel(before)
