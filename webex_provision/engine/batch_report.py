"""What one batch did in one run, for whoever watches and for the history."""

from collections import Counter
from dataclasses import dataclass, field

from webex_provision.engine.batch_iterator import Batch
from webex_provision.vocabulary import Reason


@dataclass
class BatchReport:
    """What a batch did in this run. `seconds` is wall time; `skipped` rows had their state already."""

    batch: Batch
    rows: int = 0
    skipped: int = 0
    success: int = 0
    pending: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)
    calls: int = 0
    retries: int = 0
    rate_limited: int = 0
    seconds: float = 0.0

    @property
    def top_reasons(self) -> str:
        """The commonest reasons with their counts, for people."""
        return ", ".join(f"{reason} {count}" for reason, count in self.reasons.most_common(5))
