"""Five ways to bring the same rows into a tenant; `python -m …contestants NAME PLAN.json` plays and measures one.

A contestant is a module with `ready(plan)`: it prepares what the network has no part in, and gives back the play
itself, which returns how often it had to be started (over all rows, or those that had failed).
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Protocol

from webex_provision.sandbox import Profile
from webex_provision_tests.benchmarks.scaled_clock import ScaledClock

TOKEN = "token-of-a-contestant"
MOST_STARTS = 50

# In the order of a round. The modules load lazily: the library of two of them takes seconds.
CONTESTANTS = {
    "webex_provision": "engine",
    "wxc-sdk, row by row": "sdk_script",
    "wxc-sdk, async": "sdk_async",
    "fewest writes, types in order": "fewest_writes_in_order",
    "fewest writes": "fewest_writes",
}
BOUND = "fewest writes"


@dataclass(frozen=True)
class Plan:
    """What a contestant is told. `csv` holds the rows, `writes` the request log of a play of them without limits."""

    base_url: str
    csv: str
    folder: str
    writes: str
    profile: Profile
    speed: float
    began: float

    @property
    def clock(self) -> ScaledClock:
        """The tenant's clock."""
        return ScaledClock(self.speed, self.began)


@dataclass(frozen=True)
class Measured:
    """`seconds` of the tenant for the play itself; `cpu_seconds` and `peak_bytes` of the process, imports not timed."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    starts: int

    def as_dict(self) -> dict[str, float]:
        """As JSON."""
        return asdict(self)


class Contestant(Protocol):
    """What a module of this room offers."""

    def ready(self, plan: Plan) -> Callable[[], int]:
        """Prepare; the play itself comes back."""


def play(name: str, plan: Plan, peak: Callable[[], int]) -> Measured:
    """Plays one contestant in this process."""
    contestant: Contestant = import_module(f"{__name__}.{CONTESTANTS[name]}")
    cpu = time.process_time()
    go = contestant.ready(plan)
    began = time.monotonic()
    starts = go()
    seconds = (time.monotonic() - began) * plan.speed
    return Measured(seconds, time.process_time() - cpu, peak(), starts)
