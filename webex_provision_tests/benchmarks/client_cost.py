"""What our client costs: the time of a call against a bare httpx loop, without latency and without a limit.

    python -m webex_provision_tests.benchmarks.client_cost [--calls 2000] [--rounds 5] [--profile]

Both loops run in one process, in turns, with as many calls in flight, over real sockets to a sandbox in a process of
its own; the median of the rounds counts. `--profile` prints where our client spends its time instead.
"""

import argparse
import asyncio
import cProfile
import logging
import pstats
import time
from collections.abc import Awaitable, Callable
from statistics import median

import httpx

from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.webex.connection_client import WebexClient
from webex_provision.wire import ApiRequest
from webex_provision_tests.benchmarks.processes import sandbox

IN_FLIGHT = 8
TOKEN = "invented-for-a-benchmark"
PATH = "/people/me"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    chosen = parser.parse_args()
    logging.disable(logging.INFO)
    if chosen.profile:
        with sandbox() as base_url, cProfile.Profile() as profile:
            asyncio.run(_ours(base_url, chosen.calls))
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)
        return
    bare, ours, share = measured(calls=chosen.calls, rounds=chosen.rounds)
    told = f"bare httpx {bare * 1e3:.3f} ms a call, ours {ours * 1e3:.3f} ms: {share:.2f} times as much"
    print(told)  # noqa: T201


def measured(*, calls: int, rounds: int) -> tuple[float, float, float]:
    """CPU seconds of a call by bare httpx and by our client, and how many times as much ours takes."""
    with sandbox() as base_url:
        asyncio.run(_bare(base_url, 200))
        asyncio.run(_ours(base_url, 200))
        played = [(asyncio.run(_bare(base_url, calls)), asyncio.run(_ours(base_url, calls))) for _ in range(rounds)]
    bare, ours = (median(column) / calls for column in zip(*played, strict=True))
    return bare, ours, median(ours / bare for bare, ours in played)


async def _timed(calls: int, call: Callable[[], Awaitable[object]]) -> float:
    """CPU seconds of this process for so many calls: the sandbox's own share of the machine does not count."""
    numbers = iter(range(calls))

    async def work() -> None:
        for _ in numbers:
            await call()

    began = time.process_time()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return time.process_time() - began


async def _bare(base_url: str, calls: int) -> float:
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}
    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    async with httpx.AsyncClient(headers=headers, limits=limits, trust_env=False) as client:

        async def call() -> object:
            return (await client.get(base_url + PATH)).json()

        return await _timed(calls, call)


async def _ours(base_url: str, calls: int) -> float:
    settings = Settings(
        webex_token=TOKEN,  # type: ignore[arg-type]
        webex_base_url=base_url,
        environment="lab",  # type: ignore[arg-type]
        max_in_flight=IN_FLIGHT,
        requests_per_second=1_000,
        max_requests_per_second=10_000,
    )
    async with WebexClient(settings, Clock()) as client:
        return await _timed(calls, lambda: client.request(ApiRequest("GET", PATH)))


if __name__ == "__main__":
    main()
