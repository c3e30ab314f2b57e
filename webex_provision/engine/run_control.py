"""What all rows of a run share: the wish to stop, the call breaker, the one question whether the last token lives."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.engine.circuit_breaker import CallBreaker
from webex_provision.engine.errors import StopRun
from webex_provision.vocabulary import RunState
from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.credentials import PEOPLE_ME
from webex_provision.webex.errors import AnswerLost, CallFailed, RateLimitedTooLong, RetryBudgetSpent, RunMustStop
from webex_provision.webex.startup_checks import token_alive
from webex_provision.wire import Answer, ApiRequest

_log = logging.getLogger(__name__)
_STATES: dict[type[RunMustStop], RunState] = {
    RateLimitedTooLong: RunState.STOPPED_RATE_LIMITED,
    RetryBudgetSpent: RunState.STOPPED_LIMIT,
}
_DEAD_ONE = "the token has expired or was revoked; put a fresh one into {} and resume"
_DEAD_ALL = "all tokens have expired or were revoked; put fresh ones into WEBEX_TOKEN and WEBEX_TOKENS and resume"


class RunControl:
    """Every call of a row goes through here."""

    def __init__(
        self, client: WebexClient, settings: Settings, clock: Clock, locks_lost: Callable[[], str] = str
    ) -> None:
        """`locks_lost` says why the run's locks are lost, and nothing while they are held."""
        self.client = client
        self._locks_lost = locks_lost
        self._clock = clock
        self.breaker = CallBreaker(settings, clock, self._service_answers)
        self.stopped: StopRun | None = None
        self.stopping = asyncio.Event()
        self._asking = asyncio.Lock()
        self._token_dead = False
        self._list_lag = settings.list_lag_seconds
        self._first_asked: dict[str, float] = {}

    def stop(self, verdict: StopRun) -> None:
        """Ends the run cleanly: no row starts another call. The first verdict counts."""
        if self.stopped is None:
            self.stopped = verdict
            self.stopping.set()
            _log.critical("run_stopping", extra={"state": verdict.state.value, "cause": verdict.message})

    async def send(
        self,
        request: ApiRequest,
        *,
        repeatable: bool = True,
        before_send: Callable[[], Awaitable[None]] | None = None,
    ) -> Answer:
        """One call for a row. Raises StopRun when the run is to end, CallFailed when there is no final answer."""
        await self.ready()
        try:
            answer = await self.client.request(request, repeatable=repeatable, before_send=before_send)
        except RunMustStop as error:
            raise self.verdict_of(error) from error
        except AnswerLost:
            raise  # the look-up that follows tells whether the service answers
        except CallFailed:
            self.breaker.failed()
            raise
        self.breaker.succeeded()
        return answer

    async def pages(self, request: ApiRequest, *, items: str, start_honoured: bool) -> AsyncIterator[Answer]:
        """The pages of a list. Raises as `send` does, and ListFailed or PageLimitReached."""
        await self.ready()
        try:
            async for page in self.client.pages(request, items=items, start_honoured=start_honoured):
                self.breaker.succeeded()
                yield page
        except RunMustStop as error:
            raise self.verdict_of(error) from error
        except CallFailed:
            self.breaker.failed()
            raise

    async def wait(self, seconds: float) -> None:
        """Lets time pass, unless the run is to end. Raises StopRun then."""
        if seconds <= 0:
            return
        passing = asyncio.ensure_future(self._clock.sleep(seconds))
        stopping = asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait({passing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            passing.cancel()
            stopping.cancel()
        if self.stopped is not None:
            raise self.stopped

    async def lists_settle(self, step: str) -> None:
        """Returns LIST_LAG_SECONDS after a row first came here in this step: one wait for all rows of the run.

        Types run one after the other, so by then lists show what the earlier ones have brought about.
        """
        first = self._first_asked.setdefault(step, self._clock.monotonic())
        await self.wait(first + self._list_lag - self._clock.monotonic())

    async def ready(self) -> None:
        """Returns when the next call may be made. Raises StopRun when the run is to end."""
        if why := self._locks_lost():
            self.stop(StopRun(RunState.STOPPED_LOCKS_LOST, why))
        if self.stopped is not None:
            raise self.stopped
        try:
            await self.breaker.closed()
        except RunMustStop as error:
            raise self.verdict_of(error) from error
        except StopRun as verdict:
            self.stop(verdict)
            raise

    async def token_is_dead(self) -> bool:
        """Whether a 401 means what it says: asked once by GET /people/me, whoever meets it first.

        While several tokens live, the client has asked: it replaces a dead one itself and hands out no 401 of it.
        Raises StopRun when that call itself ends the run.
        """
        async with self._asking:
            credentials = self.client.credentials
            if len(credentials.living) > 1:
                return False
            try:
                alive = not self._token_dead and await token_alive(self.client)
            except RunMustStop as error:
                raise self.verdict_of(error) from error
            if not self._token_dead and not alive:
                self._token_dead = True
                for last in credentials.living:
                    credentials.take_out(last, "Webex no longer accepts it")
                place = "its place in WEBEX_TOKENS" if credentials.first.further else credentials.first.name
                told = _DEAD_ONE.format(place) if len(credentials.all) == 1 else _DEAD_ALL
                self.stop(StopRun(RunState.STOPPED_AUTH, told))
            return self._token_dead

    def verdict_of(self, error: RunMustStop) -> StopRun:
        """The clean stop that an error of the client asks for; the run is stopping from now on."""
        state = _STATES.get(type(error), RunState.FAILED_SYSTEMIC)
        verdict = StopRun(state, str(error))
        self.stop(verdict)
        return self.stopped or verdict

    async def _service_answers(self) -> bool:
        try:
            answer = await self.client.request(PEOPLE_ME.at())
        except CallFailed:
            return False
        return answer.status < 500
