"""A contest: rows, a fresh tenant for each contestant, and what came of it, from the tenant's own log."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

from webex_provision.generator import roll_out
from webex_provision.ledger.locks import STATE_DIR_VARIABLE
from webex_provision.sandbox import Profile, SandboxConfig, SandboxServer
from webex_provision.sandbox.limiter import LIMITS, family_of
from webex_provision.vocabulary import RunState
from webex_provision_tests.benchmarks.contestants import Measured, Plan
from webex_provision_tests.benchmarks.scaled_clock import EPOCH, ScaledClock
from webex_provision_tests.rehearsal import Rehearsal, write_csv

Row = Mapping[str, str]
Play = Callable[[str, Plan], Measured]

# What wxc-sdk can do in one or two calls too, with cells that all contestants understand.
TYPES = frozenset({"user", "user_forwarding", "workspace", "devices", "hunt_group", "call_queue", "call_pickup_group"})
_BEYOND = frozenset({"queue_welcome_announcement"})
MOST_SECONDS = 1_800


class WrongResult(Exception):
    """A contestant failed, or left another tenant than the reference; the message says what differs."""


def contest_rows(count: int, seed: int = 0) -> list[dict[str, str]]:
    """The first `count` rows of these types of a made-up roll-out, in locations that are there already."""
    made = roll_out(2 * count + 100, seed=seed)
    fitting = [row for row in made if row["entity_type"] in TYPES and row.get("device_onboarding") is None]
    return [{name: cell for name, cell in row.items() if name not in _BEYOND} for row in fitting[:count]]


@dataclass(frozen=True)
class Circumstances:
    """Under which all contestants play; `latency_ms` and all rates are the tenant's, whose clock runs at `speed`."""

    profile: Profile
    latency_ms: float
    speed: float
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What one contestant did in one round. A call is (second of the tenant, method, path below /v1, status)."""

    name: str
    round: int
    rows: int
    profile: Profile
    measured: Measured
    calls: Sequence[tuple[float, str, str, int]]

    @cached_property
    def refused(self) -> int:
        """Calls that were answered 429."""
        return sum(status == 429 for *_, status in self.calls)

    @cached_property
    def kinds(self) -> Counter[str]:
        """Calls by what they are for."""
        return Counter(_kind(method, path, status) for _, method, path, status in self.calls)

    @cached_property
    def _let_in(self) -> list[tuple[float, float, float]]:
        """Of each limit: what was let in, its requests a minute, and its burst. Empty without limits."""
        limits = LIMITS.get(self.profile)
        if limits is None:
            return []
        costs: dict[str, float] = {}
        for _, method, path, status in self.calls:
            if status != 429:
                family = family_of(method, path)
                costs[family] = costs.get(family, 0) + (1 if method == "GET" else limits.write_cost)
        return [
            (sum(costs.values()), limits.organisation, 3 * limits.burst),
            *(
                (cost, limits.people if family == "people+licenses" else limits.family, limits.burst)
                for family, cost in costs.items()
            ),
        ]

    @cached_property
    def limit_used(self) -> float | None:
        """How much of what the busiest limit would have let in was let in; None without limits."""
        minutes = self.measured.seconds / 60
        return max((cost / (rate * minutes + burst) for cost, rate, burst in self._let_in), default=None)

    @cached_property
    def least_seconds(self) -> float:
        """The least time, by arithmetic, in which the limits let in what was let in."""
        return max(((cost - burst) / rate * 60 for cost, rate, burst in self._let_in), default=0.0)

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "contestant": self.name,
            "round": self.round,
            "rows": self.rows,
            "calls": len(self.calls),
            "refused": self.refused,
            "limit_used": self.limit_used,
            "least_seconds": self.least_seconds,
            **self.measured.as_dict(),
            "calls_by_kind": dict(self.kinds),
        }


def _kind(method: str, path: str, status: int) -> str:
    if status == 429:
        return "refused (429)"
    if method == "GET":
        return "look-ups"
    if path.startswith("/licenses"):
        return "licences with lines"
    if path.startswith("/people"):
        return "settings of users"
    return "workspaces and phones" if path.startswith(("/workspaces", "/devices")) else "groups and queues"


class Contest:
    """One set of rows under the same circumstances for all."""

    def __init__(self, rows: Sequence[Row], circumstances: Circumstances, folder: Path) -> None:
        self.rows, self.circumstances = rows, circumstances
        self._folder, self._count = folder, 0
        self._csv = write_csv(folder / "rows.csv", rows)
        self._writes = folder / "writes.json"
        self._wanted = self._reference()

    def _reference(self) -> dict[str, Any]:
        """The tenant as all must leave it, and the writes that lead there: from a play without limits."""
        config = SandboxConfig(seed_csv=self._csv, seed=self.circumstances.seed)
        state = {STATE_DIR_VARIABLE: str(self._folder / "state")}
        with patch.dict(os.environ, state), SandboxServer(config) as server:
            ended = Rehearsal(server, self._folder / "reference", self._csv).run()
            if ended is not RunState.COMPLETED:
                raise WrongResult(f"the reference ended as {ended}")
            self._writes.write_text(json.dumps(list(server.log.entries)))
            return server.tenant.normalised()

    def play(self, name: str, round_: int, player: Play) -> Outcome:
        """One contestant on a fresh tenant. Raises WrongResult."""
        given, began = self.circumstances, time.monotonic()
        self._count += 1
        folder = self._folder / f"play-{self._count}"
        folder.mkdir()
        config = SandboxConfig(seed_csv=self._csv, seed=given.seed, profile=given.profile, latency_ms=given.latency_ms)
        with SandboxServer(config, clock=ScaledClock(given.speed, began)) as server:
            plan = Plan(
                base_url=server.base_url,
                csv=str(self._csv),
                folder=str(folder),
                writes=str(self._writes),
                profile=given.profile,
                speed=given.speed,
                began=began,
            )
            measured = player(name, plan)
            calls = [
                (_second(entry["time"]), entry["method"], entry["path"].removeprefix("/v1"), entry["status"])
                for entry in server.log.entries
            ]
            check(name, self._wanted, server.tenant.normalised())
        return Outcome(name, round_, len(self.rows), given.profile, measured, calls)


def _second(timestamp: str) -> float:
    return (datetime.fromisoformat(timestamp) - EPOCH).total_seconds()


def check(name: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Raises WrongResult, with some of what differs, when a tenant is not as it shall be."""
    places, differing = [((), wanted, found)], []
    while places and len(differing) < 5:
        where, left, right = places.pop()
        if left == right:
            continue
        if isinstance(left, dict) and isinstance(right, dict):
            names = left.keys() | right.keys()
            places += [((*where, key), left.get(key), right.get(key)) for key in sorted(names)]
        else:
            differing.append(f"{'/'.join(where)}: {left!r} became {right!r}")
    if differing:
        raise WrongResult(f"{name} leaves another tenant than the reference, such as " + "; ".join(differing))


def in_own_process(name: str, plan: Plan) -> Measured:
    """Plays in a new process. Raises WrongResult with the last words of one that failed."""
    path = Path(plan.folder) / "plan.json"
    path.write_text(json.dumps(asdict(plan)))
    command = [sys.executable, "-m", "webex_provision_tests.benchmarks.contestants", name, str(path)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired:
        raise WrongResult(f"{name} had not ended after {MOST_SECONDS} s") from None
    if ended.returncode != 0:
        raise WrongResult(f"{name} failed: {ended.stderr.strip()[-2000:]}")
    return Measured(**json.loads(ended.stdout.splitlines()[-1]))
