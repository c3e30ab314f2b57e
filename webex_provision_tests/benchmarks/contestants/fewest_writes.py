"""The bound: only writes, known beforehand, sent as fast as the limit lets them in.

They are those of a play of the same rows without any limit. Each waits for the write that made what it refers to, and
for its own family's and the organisation's next free place; nothing is looked up. Those that wait for nobody go first,
so that no place is lost to waiting.
"""

import asyncio
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from webex_provision.clock import Clock
from webex_provision.sandbox.limiter import LIMITS, Limits, family_of
from webex_provision_tests.benchmarks.contestants import TOKEN, Plan

UNLIMITED = Limits(math.inf, math.inf, math.inf, math.inf, 40, 1)
MOST_REPEATS = 20
_ID = re.compile(r"[\w=-]{40,}")


@dataclass
class Send:
    """A write, and the places in the list of those that must have been answered before, `depth` of them in a row."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    after: frozenset[int]
    depth: int
    answered: asyncio.Event = field(default_factory=asyncio.Event)


def sends_of(entries: Iterable[dict[str, Any]]) -> list[Send]:
    """The writes of a request log, in order."""
    sends: list[Send] = []
    made_by: dict[str, int] = {}
    for entry in (entry for entry in entries if entry["applied"]):
        text = entry["path"] + json.dumps(entry["body"])
        after = frozenset(made_by[found] for found in _ID.findall(text) if found in made_by)
        for made in _made(entry):
            made_by.setdefault(made, len(sends))
        depth = max((sends[place].depth + 1 for place in after), default=0)
        sends.append(Send(entry["method"], entry["path"], entry["query"], entry["body"], after, depth))
    return sends


def stages_of(sends: Iterable[Send]) -> list[list[Send]]:
    """The writes by stage: the play sent no write of a later stage before the last one of an earlier stage."""
    spans: dict[tuple[str, str], list[int]] = {}
    sends = list(sends)
    for place, send in enumerate(sends):
        spans.setdefault((send.method, _ID.sub("", send.path)), [place, place])[1] = place
    ends: list[int] = []
    for first, last in spans.values():  # in the order of their first places
        if ends and first <= ends[-1]:
            ends[-1] = max(ends[-1], last)
        else:
            ends.append(last)
    return [sends[before + 1 : end + 1] for before, end in pairwise([-1, *ends])]


def _made(entry: dict[str, Any]) -> Iterator[str]:
    """What others may refer to once this is written: a new object, or a person who now calls."""
    if entry["created"]:
        yield entry["created"]
    if entry["path"].endswith("/licenses/users"):
        yield entry["body"]["personId"]


class Bucket:
    """A bucket as the service keeps it, one place kept back because requests do not arrive evenly."""

    def __init__(self, per_minute: float, size: float, clock: Clock) -> None:
        self._rate, self._size, self._clock = per_minute / 60, max(size - 1, 1), clock
        self._tokens, self._at = self._size, clock.monotonic()

    def wait(self, cost: float) -> float:
        """Seconds until so much is there."""
        if math.isinf(self._rate):
            return 0
        now = self._clock.monotonic()
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (min(cost, self._size) - self._tokens) / self._rate)

    def take(self, cost: float) -> None:
        self._tokens -= cost


class Sender:
    """Sends them all; a stage starts when the earlier one has ended."""

    def __init__(self, plan: Plan, sends: list[Send], stages: list[list[Send]]) -> None:
        self._plan, self._clock, self._sends, self._stages = plan, plan.clock, sends, stages
        self._limits = LIMITS.get(plan.profile, UNLIMITED)
        self._own: dict[str, Bucket] = {}
        self._organisation = Bucket(self._limits.organisation, self._limits.burst * 3, self._clock)
        self._in_flight = asyncio.Semaphore(self._limits.in_flight - 1)

    async def run(self) -> None:
        """In each stage a line of writes for each family, side by side."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=60) as client:
            for stage in self._stages:
                families: dict[str, list[Send]] = {}
                for send in sorted(stage, key=lambda send: send.depth):
                    families.setdefault(family_of(send.method, send.path.removeprefix("/v1")), []).append(send)
                async with asyncio.TaskGroup() as all_:
                    for family, sends in families.items():
                        all_.create_task(self._family(client, family, sends, all_))

    async def _family(self, client: httpx.AsyncClient, family: str, sends: list[Send], all_: asyncio.TaskGroup) -> None:
        per_minute = self._limits.people if family == "people+licenses" else self._limits.family
        own = self._own.setdefault(family, Bucket(per_minute, self._limits.burst, self._clock))
        for send in sends:
            for place in send.after:
                await self._sends[place].answered.wait()
            await self._in_flight.acquire()
            await self._turn(own)
            all_.create_task(self._send(client, send, own))

    async def _turn(self, own: Bucket) -> None:
        """The next free place for a write. Only uneven arrival gets one refused: it takes another, no Retry-After."""
        cost = self._limits.write_cost
        while wait := max(own.wait(cost), self._organisation.wait(cost)):
            await self._clock.sleep(wait)
        own.take(cost)
        self._organisation.take(cost)

    async def _send(self, client: httpx.AsyncClient, send: Send, own: Bucket) -> None:
        url = self._plan.base_url.removesuffix("/v1") + send.path
        try:
            for _ in range(MOST_REPEATS):
                answer = await client.request(send.method, url, params=send.query, json=send.body)
                if answer.status_code != 429:
                    break
                await self._turn(own)
            answer.raise_for_status()
        finally:
            self._in_flight.release()
        send.answered.set()


def ready(plan: Plan) -> Callable[[], int]:
    """The writes are read before the play."""
    return ready_in(plan, lambda sends: [sends])


def ready_in(plan: Plan, stages: Callable[[list[Send]], list[list[Send]]]) -> Callable[[], int]:
    """Ready to play the writes in these stages."""
    entries = json.loads(Path(plan.writes).read_text())

    def go() -> int:
        sends = sends_of(entries)
        asyncio.run(Sender(plan, sends, stages(sends)).run())
        return 1

    return go
