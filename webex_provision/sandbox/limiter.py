"""Rate limits as the service is known, or feared, to keep them.

Webex documents about 300 requests a minute a user for most endpoints, more for people, limits shared by all apps of
a user, and a Retry-After header on 429; the rest of these profiles is a cautious reading of reports. A bucket is
kept for each (token, endpoint family), one for the organisation, and the requests in flight of a token are capped.
"""

import math
import random
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from enum import StrEnum

from webex_provision.clock import Clock
from webex_provision.sandbox.answers import Reply, error_body


class Profile(StrEnum):
    """Which limits hold."""

    NONE = "none"
    DOCUMENTED = "documented"
    TIGHT = "tight"
    HOSTILE = "hostile"


@dataclass(frozen=True)
class Limits:
    """The numbers of a profile; rates are requests a minute."""

    family: float
    people: float
    burst: float
    organisation: float
    in_flight: int
    write_cost: float
    spread: int = 0
    hostile: bool = False


LIMITS = {
    Profile.DOCUMENTED: Limits(300, 600, 50, 900, 40, 1),
    Profile.TIGHT: Limits(100, 300, 20, 300, 20, 2, spread=30),
    Profile.HOSTILE: Limits(60, 120, 5, 150, 5, 3, hostile=True),
}
ORGANISATION = "organisation"


def family_of(method: str, path: str) -> str:
    """The group of endpoints that share a limit; `path` is below /v1."""
    head = path.lstrip("/").partition("/")[0]
    if head in {"people", "licenses"}:
        return "people+licenses"
    if head == "telephony":
        return "telephony-read" if method == "GET" else "telephony-write"
    if head in {"locations", "workspaces", "devices"}:
        return "locations+workspaces+devices"
    return "scim"


def _bucket_of(limits: Limits, family: str) -> tuple[float, float]:
    """What a bucket gets a minute, and how much it holds."""
    if family == ORGANISATION:
        return limits.organisation, limits.burst * 3
    return (limits.people if family == "people+licenses" else limits.family), limits.burst


@dataclass
class _Bucket:
    rate: float
    size: float
    tokens: float
    at: float

    def wait(self, cost: float, now: float) -> float:
        """Seconds until `cost` tokens are there; 0 when they are."""
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.rate)
        self.at = now
        return max(0.0, (cost - self.tokens) / self.rate)


@dataclass
class Limiter:
    """Decides whether a request is let in. Time comes from the clock, chance from the seed."""

    profile: Profile
    clock: Clock
    seed: int = 0
    refused: int = 0
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)
    _in_flight: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(f"limiter:{self.seed}")  # noqa: S311 - repeatable chance, not cryptography
        self._limits = LIMITS.get(self.profile)

    def retune(self, limits: Limits) -> None:
        """From now on these numbers hold. A bucket keeps what it has, a new one starts full."""
        now = self.clock.monotonic()
        for (_, family), bucket in self._buckets.items():
            bucket.wait(0, now)
            per_minute, size = _bucket_of(limits, family)
            bucket.rate, bucket.size = per_minute / 60, size
            bucket.tokens = min(bucket.tokens, size)
        self._limits = limits

    def next_free(self, token: str, method: str, path: str) -> float:
        """Seconds until `enter` would let this request in, as far as the buckets go; takes nothing."""
        if self._limits is None:
            return 0.0
        own, shared, cost = self._buckets_for(self._limits, token, method, path)
        now = self.clock.monotonic()
        return max(own.wait(cost, now), shared.wait(cost, now))

    def enter(self, token: str, method: str, path: str, tracking_id: str) -> Reply | None:
        """A 429 for a request too many, else None; every None must be followed by `leave`."""
        limits = self._limits
        if limits is None:
            return None
        flying = self._in_flight.get(token, 0)
        wait = 1.0
        if flying < limits.in_flight:
            wait = self._take(limits, token, method, path)
        if wait <= 0:
            self._in_flight[token] = flying + 1
            return None
        self.refused += 1
        return self._refusal(limits, wait, tracking_id)

    def leave(self, token: str) -> None:
        """A request that was let in has ended."""
        if self._limits is not None:
            self._in_flight[token] -= 1

    def _take(self, limits: Limits, token: str, method: str, path: str) -> float:
        own, shared, cost = self._buckets_for(limits, token, method, path)
        now = self.clock.monotonic()  # not before a new bucket's own time
        wait = max(own.wait(cost, now), shared.wait(cost, now))
        if wait <= 0:
            own.tokens -= cost
            shared.tokens -= cost
        return wait

    def _buckets_for(self, limits: Limits, token: str, method: str, path: str) -> tuple[_Bucket, _Bucket, float]:
        """The token's own bucket, the organisation's, and what the request takes from each."""
        own = self._bucket(limits, (token, family_of(method, path)))
        shared = self._bucket(limits, ("", ORGANISATION))
        return own, shared, 1.0 if method == "GET" else limits.write_cost

    def _bucket(self, limits: Limits, key: tuple[str, str]) -> _Bucket:
        found = self._buckets.get(key)
        if found is None:
            per_minute, size = _bucket_of(limits, key[1])
            found = self._buckets[key] = _Bucket(per_minute / 60, size, size, self.clock.monotonic())
        return found

    def _refusal(self, limits: Limits, wait: float, tracking_id: str) -> Reply:
        seconds = max(1, math.ceil(wait))
        if limits.spread:
            seconds += self._random.randint(0, limits.spread)
        value: str | None = str(seconds)
        if limits.hostile:
            value = self._hostile(seconds)
        headers = {} if value is None else {"Retry-After": value}
        if limits.hostile and self._random.random() < 0.5:
            page = "<html><body><h1>429 Too Many Requests</h1></body></html>"
            return Reply(429, page, headers | {"Content-Type": "text/html"})
        return Reply(429, error_body("Too many requests", None, tracking_id), headers)

    def _hostile(self, seconds: int) -> str | None:
        """Mostly a small number; now and then what clients have met: long, missing, nonsense, a date."""
        chance = self._random.random()
        if chance < 0.90:
            return str(seconds)
        if chance < 0.94:
            return str(self._random.randint(60, 194))
        if chance < 0.96:
            return None
        if chance < 0.98:
            return "rand(30),add(30)"
        if chance < 0.99:
            return format_datetime(self.clock.now() + timedelta(seconds=seconds), usegmt=True)
        return "3600"
