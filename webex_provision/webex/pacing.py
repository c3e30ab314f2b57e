"""Decides when a call may leave: a gate for each endpoint family, one bound on calls in flight over all.

Webex publishes about 300 requests a minute and user for most endpoints and no more than that (REST API Basics),
so the pace is learned. A family starts at REQUESTS_PER_SECOND and grows with every answered call that had to wait
for its turn: quickly until the first 429, gently after it. A burst of 429s cuts the pace once, to 0.7 of what was
really sent, and holds the whole family until its Retry-After has passed; then calls leave one by one, oldest
first. If most of the allowed calls were in flight at that moment, fewer are allowed for a while, for a tenant may
bound those too.

Time comes from the injected clock alone, so that a test's hours pass at once.
"""

import asyncio
import heapq
import itertools
from collections import deque
from types import TracebackType
from typing import Self

from webex_provision.clock import Clock
from webex_provision.webex.errors import RateLimitedTooLong

CUT = 0.7
LEARNING_GROWTH = 0.1  # a tenth faster with each answer, until the first 429
GROWTH = 0.005  # then half a percent, or
GROWTH_STEP = 0.02  # requests per second with each answer, where that is more
SLOWEST = 0.5  # requests per second; a longer pause is what Retry-After is for
BURST = 4  # calls that may leave at once after a lull
BURST_SECONDS = 0.02  # at a high pace a timer's coarseness must not slow it
CALM_ROUNDS = 10  # full rounds without 429 before one more call in flight is tried
SHORTEST_SLEEP = 1e-6
MOST_WAKES = 1_000


class Turnstile:
    """At most `limit` callers inside; the others wait and enter in the order of their tickets."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.inside = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    async def enter(self, ticket: int) -> None:
        """Wait for a free place; a lower ticket goes first. A cancelled caller leaves no trace."""
        if self.inside < self.limit and not self._waiting:
            self.inside += 1
            return
        place = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (ticket, next(self._order), place))
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give the place back."""
        self.inside -= 1
        self._admit()

    def resize(self, limit: int) -> None:
        """Change the bound; callers already inside stay."""
        self.limit = limit
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self.inside < self.limit:
            place = heapq.heappop(self._waiting)[2]
            if not place.done():
                self.inside += 1
                place.set_result(None)


class Gate:
    """The pace of one endpoint family: `rate` in requests per second, and the hold of the last Retry-After."""

    def __init__(self, rate: float, fastest: float) -> None:
        self.rate = min(rate, fastest)
        self.turn = Turnstile(1)
        self.held_until = float("-inf")
        self._fastest = fastest
        self._slowest = min(SLOWEST, self.rate)
        self._due = float("-inf")
        self._learning = True
        self._cut_at = float("-inf")
        self._departures: deque[float] = deque(maxlen=32)

    def delay(self, now: float) -> float:
        """Seconds until the next call may leave; zero or less: now."""
        return max(self._due, self.held_until) - now

    def depart(self, now: float) -> None:
        """Count a call that leaves now."""
        interval = 1 / self.rate
        spare = max((BURST - 1) * interval, BURST_SECONDS)
        self._due = max(self._due, now - spare) + interval
        self._departures.append(now)

    def grow(self) -> None:
        """A call that had waited for the pace was answered: a little faster from now on."""
        step = self.rate * LEARNING_GROWTH if self._learning else max(GROWTH_STEP, self.rate * GROWTH)
        self.rate = min(self._fastest, self.rate + step)

    def hold(self, now: float, seconds: float) -> None:
        """No call leaves before `seconds` have passed, and then one by one."""
        self.held_until = max(self.held_until, now + seconds)
        self._due = max(self._due, self.held_until)

    def cut(self, now: float, departed_at: float) -> bool:
        """Slow down after a 429, once for all calls that had left before the last cut; whether it did."""
        if departed_at <= self._cut_at:
            return False
        self._cut_at = now
        self._learning = False
        self.rate = max(self._slowest, CUT * min(self.rate, self._sent_rate()))
        return True

    def _sent_rate(self) -> float:
        """Requests per second really sent lately; the nominal pace where too few were sent to tell."""
        if len(self._departures) < BURST + 1:
            return self.rate
        span = self._departures[-1] - self._departures[0]
        return (len(self._departures) - 1) / span if span > 0 else self.rate


class Slot:
    """One send's place: entered when it may leave, left when its answer is complete.

    `waited` is how long the gate kept it, in seconds. Tell it how the send ended: `answered` or `limited`; a send
    that just failed says neither.
    """

    __slots__ = ("_pacer", "departed_at", "gate", "paced", "ticket", "waited")

    def __init__(self, pacer: "Pacer", gate: Gate, ticket: int) -> None:
        self._pacer, self.gate, self.ticket = pacer, gate, ticket
        self.departed_at = self.waited = 0.0
        self.paced = False

    async def __aenter__(self) -> Self:
        await self._pacer.wait_for_departure(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pacer.flight.leave()

    def answered(self) -> None:
        """The service served this send: the pace may grow."""
        self._pacer.reward(self)

    def hold(self, seconds: float) -> None:
        """The service asks for a pause (a 503 with Retry-After): the family waits, its pace stays."""
        self.gate.hold(self._pacer.clock.monotonic(), seconds)

    def limited(self, seconds: float) -> None:
        """The service refused this send with 429: the family waits `seconds` and goes on more slowly."""
        self._pacer.punish(self, seconds)


class Pacer:
    """The gates of all families and the bound on calls in flight.

    `rate` and `fastest` are requests per second and family, `longest_hold` the most seconds that a call waits out
    a Retry-After; a caller that meets a longer hold gets RateLimitedTooLong.
    """

    def __init__(self, clock: Clock, *, rate: float, fastest: float, max_in_flight: int, longest_hold: float) -> None:
        self.clock = clock
        self.flight = Turnstile(max_in_flight)
        self.gates: dict[str, Gate] = {}
        self._rate, self._fastest, self._longest_hold = rate, fastest, longest_hold
        self._max_in_flight = max_in_flight
        self._calm = 0
        self._tickets = itertools.count(1)

    def ticket(self) -> int:
        """The next place in the order of arrival; a call keeps its ticket when it is sent again."""
        return next(self._tickets)

    def slot(self, family: str, ticket: int | None = None) -> Slot:
        """A place for one send: `async with pacer.slot(family) as slot`."""
        gate = self.gates.get(family)
        if gate is None:
            gate = self.gates[family] = Gate(self._rate, self._fastest)
        return Slot(self, gate, self.ticket() if ticket is None else ticket)

    async def wait_for_departure(self, slot: Slot) -> None:
        """Return when `slot` may leave, its place in flight taken; oldest ticket of the family first."""
        gate, arrived_at = slot.gate, self.clock.monotonic()
        await gate.turn.enter(slot.ticket)
        try:
            for _ in range(MOST_WAKES):
                now = self.clock.monotonic()
                if gate.held_until - now > self._longest_hold:
                    raise self._too_long(gate, now)
                delay = gate.delay(now)
                if delay > 0:
                    slot.paced = True
                    await self.clock.sleep(max(delay, SHORTEST_SLEEP))
                elif await self._depart(slot):
                    slot.waited = slot.departed_at - arrived_at
                    return
            raise self._too_long(gate, self.clock.monotonic())
        finally:
            gate.turn.leave()

    async def _depart(self, slot: Slot) -> bool:
        """Take a place in flight; False, without one, if a hold has begun while it was waited for."""
        await self.flight.enter(slot.ticket)
        now = self.clock.monotonic()
        if slot.gate.delay(now) > 0:
            self.flight.leave()
            return False
        slot.gate.depart(now)
        slot.departed_at = now
        return True

    def _too_long(self, gate: Gate, now: float) -> RateLimitedTooLong:
        family = next(name for name, known in self.gates.items() if known is gate)
        return RateLimitedTooLong(family, max(gate.held_until - now, 0.0))

    def reward(self, slot: Slot) -> None:
        """An answered send: grow the pace if it was what held us back, and likewise the bound in flight."""
        if slot.paced:
            slot.gate.grow()
        if self.flight.limit < self._max_in_flight and self.flight.inside >= self.flight.limit:
            self._calm += 1
            if self._calm >= CALM_ROUNDS * self.flight.limit:
                self._calm = 0
                self.flight.resize(self.flight.limit + 1)

    def punish(self, slot: Slot, seconds: float) -> None:
        """A refused send: hold the family, and cut its pace once a burst; see the module for the bound."""
        now = self.clock.monotonic()
        slot.gate.hold(now, seconds)
        self._calm = 0
        if slot.gate.cut(now, slot.departed_at) and self.flight.inside >= CUT * self.flight.limit:
            self.flight.resize(max(1, int(CUT * self.flight.inside)))
