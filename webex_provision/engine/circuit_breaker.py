"""The two breakers. One watches the rows of a batch, the other the calls of the whole run."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.engine.error_handling import counts_for_breaker
from webex_provision.engine.errors import StopRun
from webex_provision.vocabulary import Reason, RunState

_log = logging.getLogger(__name__)
_ACCESS = frozenset({Reason.AUTH_INVALID, Reason.PERMISSION_DENIED})


class BatchBreaker:
    """Trips when most rows of a batch fail for reasons that speak of a systematic mistake.

    Counted are the rows executed in this batch in this generation; `planned` says how many they will be. It may trip
    from CIRCUIT_BREAKER_MIN_ROWS rows on; when every row failed by authentication or permission, at any size.
    """

    def __init__(self, settings: Settings, planned: int) -> None:
        self._threshold = settings.circuit_breaker_threshold
        self._min_rows = settings.circuit_breaker_min_rows
        self._planned = planned
        self._executed = 0
        self._reasons: Counter[Reason] = Counter()

    def count(self, cause: Reason | None) -> None:
        """One more executed row; `cause` is its underlying reason, None for success."""
        self._executed += 1
        if cause is not None:
            self._reasons[cause] += 1

    def check(self, *, finished: bool) -> None:
        """Raises StopRun when the batch speaks for itself: at its end, or as soon as the rest can't change it."""
        bad = sum(count for reason, count in self._reasons.items() if counts_for_breaker(reason))
        rows = self._executed if finished else self._planned
        tripped = rows >= self._min_rows and bad >= self._threshold * rows
        locked_out = finished and rows > 0 and sum(self._reasons[reason] for reason in _ACCESS) == rows
        if not tripped and not locked_out:
            return
        counts = ", ".join(f"{reason} {count}" for reason, count in self._reasons.most_common())
        cause = self._reasons.most_common(1)[0][0]
        _log.critical(
            "batch_breaker_tripped", extra={"rows": rows, "bad": bad, "counts": counts, "probable_cause": cause.value}
        )
        raise StopRun(
            RunState.ABORTED_BY_BREAKER,
            f"{bad} of {self._executed} rows of the batch failed alike ({counts}); probable cause: {cause.remedy}",
        )


class CallBreaker:
    """Opens when calls keep exhausting their retries, pauses everybody, probes, and closes again.

    `probe` makes one cheap call and says whether the service answers. After CALL_BREAKER_MAX_PROBES failed probes
    the run ends as FAILED_SYSTEMIC.
    """

    def __init__(self, settings: Settings, clock: Clock, probe: Callable[[], Awaitable[bool]]) -> None:
        self._settings = settings
        self._clock = clock
        self._probe = probe
        self._failures = 0
        self._open = False
        self._gave_up: StopRun | None = None
        self._recovering = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether calls wait until the service answers again."""
        return self._open

    def succeeded(self) -> None:
        """A call got its answer."""
        self._failures = 0

    def failed(self) -> None:
        """A call ended without one, after all its retries."""
        self._failures += 1
        if self._failures >= self._settings.call_breaker_failures and not self._open:
            self._open = True
            _log.critical("call_breaker", extra={"state": "open", "failures": self._failures})

    async def closed(self) -> None:
        """Returns at once while the breaker is closed; else after it has closed. Raises StopRun when it stays open."""
        if not self._open:
            return
        async with self._recovering:
            if self._gave_up is not None:
                raise self._gave_up
            if self._open:
                await self._recover()

    async def _recover(self) -> None:
        for attempt in range(1, self._settings.call_breaker_max_probes + 1):
            await self._clock.sleep(self._settings.call_breaker_pause_seconds)
            _log.warning("call_breaker", extra={"state": "half_open", "probe": attempt})
            if await self._probe():
                self._failures, self._open = 0, False
                _log.warning("call_breaker", extra={"state": "closed"})
                return
        probes = self._settings.call_breaker_max_probes
        self._gave_up = StopRun(
            RunState.FAILED_SYSTEMIC,
            f"Webex has not answered for a while ({probes} probes failed); resume when the service is healthy",
        )
        raise self._gave_up
