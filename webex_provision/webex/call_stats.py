"""What the calls of a run have cost, for run_summary.json, logs and breakers."""

from collections import defaultdict
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One finished call: `status` None when there was no final answer; `seconds` include waits and retries."""

    method: str
    path: str
    family: str
    status: int | None
    sends: int
    seconds: float
    tracking_id: str


@dataclass(slots=True)
class FamilyStats:
    """Counters of one endpoint family.

    `calls` is what was asked for, `sends` what went out, `retries` the sends after the first, `rate_limited` the
    answers that asked us to wait, `failed` the calls without a final answer; seconds are summed over calls.
    """

    calls: int = 0
    sends: int = 0
    retries: int = 0
    rate_limited: int = 0
    failed: int = 0
    seconds_waited: float = 0.0


@dataclass(slots=True)
class CallStats:
    """Counters by endpoint family, and their sums."""

    families: dict[str, FamilyStats] = field(default_factory=lambda: defaultdict(FamilyStats))

    @property
    def total(self) -> FamilyStats:
        """All families together."""
        total = FamilyStats()
        for family in self.families.values():
            total.calls += family.calls
            total.sends += family.sends
            total.retries += family.retries
            total.rate_limited += family.rate_limited
            total.failed += family.failed
            total.seconds_waited += family.seconds_waited
        return total

    def as_dict(self) -> dict[str, dict[str, int | float]]:
        """Plain data for JSON: one entry a family."""
        return {name: asdict(family) for name, family in sorted(self.families.items())}
