"""A tenant that tells its callers apart by their tokens, in virtual time."""

import asyncio
from collections import Counter
from collections.abc import Callable

import httpx

from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.startup_checks import Preflight, preflight
from webex_provision.wire import Answer, ApiRequest
from webex_provision_tests.virtual_clock import VirtualClock
from webex_provision_tests.webex.tenant_double import ok, run, settings, status

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
