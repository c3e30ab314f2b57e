"""Decides what follows a send without a final answer: another send, after which wait, or the end of the call.

Three budgets: MAX_RETRIES for faults of one call, MAX_RATE_LIMIT_WAITS for its 429s, a token (each waited out at the
gate that all callers share, so that one burst cannot exhaust a call), RUN_RETRY_BUDGET for all calls together.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

import tenacity

from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.webex.call_stats import CallStats
from webex_provision.webex.credentials import Credential
from webex_provision.webex.errors import (
    AnswerLost,
    CallFailed,
    RetriesExhausted,
    RetryBudgetSpent,
    UnusableAnswer,
)
from webex_provision.wire import Answer, ApiRequest

logger = logging.getLogger("webex_provision.webex")

GARBLED_RETRIES = 2
LOG_EVERY_SECONDS = 10.0
MOST_DOUBLINGS = 30


class FaultKind(Enum):
    """What went wrong with a send, as far as sending again is concerned."""

    NEVER_LEFT = "never left"
    REFUSED = "refused for now"
    UNKNOWN = "outcome unknown"
    GARBLED = "success with an unreadable body"
    UNUSABLE = "success with a body that is refused"


class Fault(Exception):
    """A send without a final answer.

    `cause` is one line; `held` whether the service said when to come back, so that the gate does the waiting.
    """

    def __init__(
        self, kind: FaultKind, cause: str, *, status: int | None = None, trace: str = "", held: bool = False
    ) -> None:
        super().__init__(cause)
        self.kind, self.cause, self.status, self.trace, self.held = kind, cause, status, trace, held


@dataclass(slots=True)
class Call:
    """One call on its way; `ticket` is its place in the order of arrival, the counters grow with its retries.

    It is sent with the one `credential` if that is named; `sent_with` is the one of its last send.
    """

    request: ApiRequest
    repeatable: bool
    family: str
    ticket: int
    before_send: Callable[[], Awaitable[None]] | None = None
    credential: Credential | None = None
    sent_with: Credential | None = None
    sends: int = 0
    faults: int = 0
    garbled: int = 0
    refusals: int = 0


class _SendAgain(Exception):
    """Send the call again after `delay` seconds; the gate may add its own wait."""

    def __init__(self, delay: float) -> None:
        super().__init__(delay)
        self.delay = delay


def _delay(state: tenacity.RetryCallState) -> float:
    again = state.outcome.exception() if state.outcome else None
    return again.delay if isinstance(again, _SendAgain) else 0.0


class RetryPolicy:
    """The retry rules and budgets of one client."""

    def __init__(self, settings: Settings, clock: Clock, stats: CallStats) -> None:
        self._settings, self._clock, self._stats = settings, clock, stats
        self._left = settings.run_retry_budget
        # A call that one token's limit refuses goes out with the next one at once: that is no wait that was honoured.
        self._most_refusals = settings.max_rate_limit_waits * len(settings.tokens)
        self._logged_at: dict[tuple[str, int | None], float] = {}
        self._unlogged: dict[tuple[str, int | None], int] = {}

    async def until_final(self, call: Call, send: Callable[[Call], Awaitable[Answer]]) -> Answer:
        """Run `send` until it returns; raises what ends the call (see `errors`)."""

        try:
            # Nearly every call ends here, and spares the cost of a retry loop.
            return await send(call)
        except Fault as fault:
            await self._clock.sleep(self._delay_before_next(call, fault))

        async def attempt() -> Answer:
            try:
                return await send(call)
            except Fault as fault:
                raise _SendAgain(self._delay_before_next(call, fault)) from None

        again = tenacity.AsyncRetrying(
            sleep=self._clock.sleep,
            stop=tenacity.stop_after_attempt(self._settings.max_retries + self._most_refusals + 1),
            wait=_delay,
            retry=tenacity.retry_if_exception_type(_SendAgain),
            reraise=True,
        )
        return await again(attempt)

    def wait_after_refusal(self, call: Call) -> float:
        """Seconds to wait after a 429 that does not say: exponential, and never near zero."""
        ceiling = min(self._ceiling(call.refusals + 1), self._settings.max_retry_after_seconds)
        return self._clock.random.uniform(ceiling / 2, ceiling)

    def _ceiling(self, retries: int) -> float:
        backoff = self._settings.backoff_base_seconds * 2.0 ** min(retries, MOST_DOUBLINGS)
        return min(backoff, self._settings.backoff_max_seconds)

    def _delay_before_next(self, call: Call, fault: Fault) -> float:
        """Seconds before the next send; raises the error that ends the call where there is none."""
        ending = self._ending(call, fault)
        if ending is not None:
            raise ending(
                str(call.request),
                cause=fault.cause,
                status=fault.status,
                tracking_id=fault.trace,
                sends=call.sends,
            ) from None
        if self._left <= 0:
            raise RetryBudgetSpent(self._settings.run_retry_budget) from None
        self._left -= 1
        waits_at_gate = fault.held or fault.kind is FaultKind.REFUSED
        delay = 0.0 if waits_at_gate else self._clock.random.uniform(0, self._ceiling(call.faults - 1))
        stats = self._stats.families[call.family]
        stats.retries += 1
        stats.seconds_waited += delay
        self._log(call, fault, delay)
        return delay

    def _ending(self, call: Call, fault: Fault) -> type[CallFailed] | None:
        """Count the fault; the error that it makes of the call, None if the call may be sent again."""
        if fault.kind is FaultKind.REFUSED:
            call.refusals += 1
            return RetriesExhausted if call.refusals > self._most_refusals else None
        if fault.kind is not FaultKind.NEVER_LEFT and not call.repeatable:
            return AnswerLost
        if fault.kind is FaultKind.UNUSABLE:
            return UnusableAnswer
        call.faults += 1
        if fault.kind is FaultKind.GARBLED:
            call.garbled += 1
            spent = call.garbled > GARBLED_RETRIES or call.faults > self._settings.max_retries
            return UnusableAnswer if spent else None
        return RetriesExhausted if call.faults > self._settings.max_retries else None

    def _log(self, call: Call, fault: Fault, delay: float) -> None:
        """One line for a kind of retry in LOG_EVERY_SECONDS; it says how many lines were left out before it."""
        kind, now = (call.family, fault.status), self._clock.monotonic()
        if now - self._logged_at.get(kind, float("-inf")) < LOG_EVERY_SECONDS:
            self._unlogged[kind] = self._unlogged.get(kind, 0) + 1
            return
        self._logged_at[kind] = now
        logger.info(
            "call is sent again",
            extra={
                "method": call.request.method,
                "path": call.request.path,
                "family": call.family,
                "http_status": fault.status,
                "cause": fault.cause,
                "tracking_id": fault.trace,
                "sends": call.sends,
                "backoff_seconds": round(delay, 3),
                "similar_not_logged": self._unlogged.pop(kind, 0),
            },
        )
