"""A scripted other end for the client, and the client wired to it with virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from webex_provision.config import Settings
from webex_provision.webex.call_stats import CallRecord
from webex_provision.webex.connection_client import WebexClient
from webex_provision_tests.virtual_clock import VirtualClock

TOKEN = "NjQ5ZDVhYzUt-invented-token-for-tests"
BASE = "https://webex.test/v1"

Reply = httpx.Response | Exception | Callable[[httpx.Request], Any]


def settings(**changes: Any) -> Settings:
    """Settings for tests: nothing from the environment, a fast pace."""
    values: dict[str, Any] = {
        "webex_token": TOKEN,
        "webex_base_url": BASE,
        "environment": "lab",
        "requests_per_second": 1_000,
        **changes,
    }
    return Settings(**values)


class Script:
    """Answers requests from a list, the last reply for ever; keeps the requests and when they came."""

    def __init__(self, clock: VirtualClock, replies: Iterable[Reply]) -> None:
        self.clock = clock
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []
        self.times: list[float] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.times.append(self.clock.monotonic())
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        if callable(reply):
            made = reply(request)
            return await made if isinstance(made, Awaitable) else made
        # A response is read once; the last one of a script is served many times.
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    @property
    def paths(self) -> list[str]:
        return [str(request.url).removeprefix(BASE) for request in self.requests]


class Stage:
    """What a test gets: the client, its script, its clock and the records of finished calls."""

    def __init__(self, replies: Iterable[Reply], **changes: Any) -> None:
        self.clock = VirtualClock()
        self.script = Script(self.clock, replies)
        self.records: list[CallRecord] = []
        self.settings = settings(**changes)
        self.client = WebexClient(
            self.settings,
            self.clock,
            transport=httpx.MockTransport(self.script),
            on_call=self.records.append,
        )


@asynccontextmanager
async def stage(*replies: Reply, **changes: Any) -> Any:
    """A stage whose client is closed at the end."""
    made = Stage(replies, **changes)
    async with made.client:
        yield made


def run(coroutine: Any) -> Any:
    """Run a test's coroutine in a loop of its own, with a bound on real time."""
    return asyncio.run(asyncio.wait_for(coroutine, 20))


def ok(json: Any = None, **headers: str) -> httpx.Response:
    return httpx.Response(200, json={} if json is None else json, headers=headers)


def status(code: int, content: bytes = b"", **headers: str) -> httpx.Response:
    return httpx.Response(
        code, content=content, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
