"""Decides when a call may leave, and in which lane: a lane for each user whose token we hold, in it a gate a family.

Webex publishes about 300 requests a minute and user for most endpoints and no more than that (REST API Basics),
so the pace is learned: see `learned_pace`. A family starts at REQUESTS_PER_SECOND in each lane. A 429 holds the family
of its lane until its Retry-After has passed; then calls leave one by one, oldest first. A tenant that bounds the calls
in flight is kept to by the pace as well, below MAX_IN_FLIGHT a lane.

The calls of a family wait in one line, oldest ticket first, whatever the number of lanes: the first of them takes the
lane that lets it go soonest. So no call is stuck behind the hold of one token while another is free.

Time comes from the injected clock alone, so that a test's hours pass at once.
"""

import asyncio
import heapq
import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from webex_provision.clock import Clock
from webex_provision.webex.errors import RateLimitedTooLong
from webex_provision.webex.learned_pace import LearnedPace

LATE_SECONDS = 0.02  # at a high pace a timer's coarseness must not slow it
LULL_SECONDS = 1.0  # a gate that nobody passes for so long was not what held the calls back
SHORTEST_SLEEP = 1e-6
MOST_WAKES = 1_000
MOST_PATIENCE = 8.0  # seconds between two looks where nothing is let in


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

    def _admit(self) -> None:
        while self._waiting and self.inside < self.limit:
            place = heapq.heappop(self._waiting)[2]
            if not place.done():
                self.inside += 1
                place.set_result(None)


class Gate:
    """When the calls of one endpoint family leave: at the learned `pace`, and never in a hold of Retry-After."""

    def __init__(self, rate: float, fastest: float) -> None:
        self.pace = LearnedPace(rate, fastest)
        self.held_until = float("-inf")
        self._due = float("-inf")

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.pace.rate

    @property
    def patience(self) -> float:
        """Seconds to wait at least after a 429: more and more where one after the other lets nothing in."""
        return min(MOST_PATIENCE, 2.0 ** (self.pace.in_vain - 1)) if self.pace.in_vain else 0.0

    def delay(self, now: float) -> float:
        """Seconds until the next call may leave; zero or less: now."""
        return max(self._due, self.held_until) - now

    def depart(self, now: float) -> None:
        """Count a call that leaves now."""
        late = now - self._due if math.isfinite(self._due) else 0.0
        self.pace.sent(now, max(0.0, late - LULL_SECONDS))
        self._due = max(self._due, now - LATE_SECONDS) + 1 / self.rate

    def hold(self, now: float, seconds: float) -> None:
        """No call leaves before `seconds` have passed, and then one by one."""
        self.held_until = max(self.held_until, now + seconds)
        self._due = max(self._due, self.held_until)


class Lane:
    """What the service allows one user: a gate for each endpoint family, and a bound on calls in flight over all."""

    def __init__(self, rate: float, fastest: float, max_in_flight: int) -> None:
        self.gates: dict[str, Gate] = {}
        self.open = True
        self.limit, self.inside = max_in_flight, 0
        self._rate, self._fastest = rate, fastest

    def gate(self, family: str) -> Gate:
        """The gate of a family."""
        gate = self.gates.get(family)
        if gate is None:
            gate = self.gates[family] = Gate(self._rate, self._fastest)
        return gate


class Slot:
    """One send's place: entered when it may leave, left when its answer is complete.

    `lane` is the one that it left in, `waited` how long it was kept, in seconds. Tell it how the send ended:
    `answered` or `limited`; a send that just failed says neither. A `pinned` slot leaves in that lane and no other.
    """

    __slots__ = ("_pacer", "departed_at", "family", "held_back_by", "lane", "pinned", "ticket", "waited")

    def __init__(self, pacer: "Pacer", family: str, ticket: int, pinned: Lane | None) -> None:
        self._pacer, self.family, self.ticket, self.pinned = pacer, family, ticket, pinned
        self.lane = pinned or pacer.lanes[0]
        self.departed_at = self.waited = 0.0
        self.held_back_by: set[Lane] = set()

    async def __aenter__(self) -> Self:
        await self._pacer.wait_for_departure(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pacer.leave(self.lane)

    def answered(self) -> None:
        """The service served this send: the pace may grow, if it was what held the call back."""
        self.lane.gate(self.family).pace.served(waited=self.lane in self.held_back_by)

    def hold(self, seconds: float) -> None:
        """The service asks for a pause (a 503 with Retry-After): the family waits in this lane, its pace stays."""
        self.lane.gate(self.family).hold(self._pacer.clock.monotonic(), seconds)

    def limited(self, seconds: float) -> None:
        """Refused with 429: the family waits `seconds` at least in this lane, and its pace learns from it."""
        gate, now = self.lane.gate(self.family), self._pacer.clock.monotonic()
        gate.pace.refused(now, self.departed_at, seconds)
        gate.hold(now, max(seconds, gate.patience))

    @property
    def shortest_hold(self) -> float:
        """Seconds until a hold ends in one of the lanes that this call may take; zero or less: one is not held."""
        return self._pacer.shortest_hold(self)


@dataclass(eq=False, slots=True)
class _Waiting:
    """The first of a line that lacks nothing but a place in flight, in one of `lanes`."""

    ticket: int
    lanes: Sequence[Lane]
    place: asyncio.Future[Lane]


class Pacer:
    """The lanes, and the lines in front of them.

    `rate` and `fastest` are requests per second, family and lane, `max_in_flight` holds for each lane, `longest_hold`
    is the most seconds that a call waits out a Retry-After; a caller that meets a longer hold in every lane gets
    RateLimitedTooLong.
    """

    def __init__(
        self, clock: Clock, *, rate: float, fastest: float, max_in_flight: int, longest_hold: float, lanes: int = 1
    ) -> None:
        self.clock = clock
        self.lanes = [Lane(rate, fastest, max_in_flight) for _ in range(lanes)]
        self._lines: dict[tuple[str, Lane | None], Turnstile] = defaultdict(lambda: Turnstile(1))
        self._waiting: list[_Waiting] = []
        self._longest_hold = longest_hold
        self._tickets = itertools.count(1)

    def ticket(self) -> int:
        """The next place in the order of arrival; a call keeps its ticket when it is sent again."""
        return next(self._tickets)

    def slot(self, family: str, ticket: int | None = None, lane: Lane | None = None) -> Slot:
        """A place for one send: `async with pacer.slot(family) as slot`; in that `lane` only if one is named."""
        return Slot(self, family, self.ticket() if ticket is None else ticket, lane)

    def shortest_hold(self, slot: Slot) -> float:
        """See `Slot.shortest_hold`."""
        now = self.clock.monotonic()
        return min(lane.gate(slot.family).held_until for lane in self._lanes_of(slot)) - now

    async def wait_for_departure(self, slot: Slot) -> None:
        """Return when `slot` may leave, its place in flight taken; oldest ticket of the family first."""
        line, arrived_at = self._lines[slot.family, slot.pinned], self.clock.monotonic()
        await line.enter(slot.ticket)
        try:
            for _ in range(MOST_WAKES):
                hold = self.shortest_hold(slot)
                if hold > self._longest_hold:
                    raise RateLimitedTooLong(slot.family, hold)
                lane = await self._next_place(slot)
                if lane is not None and self._departs(slot, lane):
                    slot.waited = slot.departed_at - arrived_at
                    return
            raise RateLimitedTooLong(slot.family, max(self.shortest_hold(slot), 0.0))
        finally:
            line.leave()

    def leave(self, lane: Lane) -> None:
        """Give a place in flight back; the oldest call that waits for one in this lane gets it."""
        wanting = [waiting for waiting in self._waiting if lane in waiting.lanes and not waiting.place.done()]
        if wanting:
            min(wanting, key=lambda waiting: waiting.ticket).place.set_result(lane)
        else:
            lane.inside -= 1

    def _lanes_of(self, slot: Slot) -> list[Lane]:
        return [lane for lane in self.lanes if lane.open] if slot.pinned is None else [slot.pinned]

    async def _next_place(self, slot: Slot) -> Lane | None:
        """A lane with a place in flight taken in it; None when time has passed and all is to be looked at again."""
        now = self.clock.monotonic()
        delays = {lane: lane.gate(slot.family).delay(now) for lane in self._lanes_of(slot)}
        due = [lane for lane, delay in delays.items() if delay <= 0]
        free = [lane for lane in due if lane.inside < lane.limit]
        if free:
            # The one that has been due for longest: calls spread over the lanes as their paces allow.
            lane = min(free, key=delays.__getitem__)
            lane.inside += 1
            return lane
        later = [lane for lane in delays if delays[lane] > 0]
        slot.held_back_by.update(later)
        soonest = min((delays[lane] for lane in later), default=math.inf)
        if not due:
            await self.clock.sleep(max(soonest, SHORTEST_SLEEP))
            return None
        return await self._place_in(due, slot.ticket, soonest)

    async def _place_in(self, lanes: Sequence[Lane], ticket: int, seconds: float) -> Lane | None:
        """A place that is given back in one of `lanes`; None when there is none within `seconds`."""
        place: asyncio.Future[Lane] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(ticket, lanes, place)
        passing = asyncio.ensure_future(self.clock.sleep(seconds)) if math.isfinite(seconds) else None
        self._waiting.append(waiting)
        try:
            ends: set[asyncio.Future[Any]] = {place, passing} if passing else {place}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if place.done():
                self.leave(place.result())
            raise
        finally:
            self._waiting.remove(waiting)
            if passing is not None:
                passing.cancel()
        return place.result() if place.done() else None

    def _departs(self, slot: Slot, lane: Lane) -> bool:
        """Leave in `lane`; False, its place given back, if it was held or closed while the place was waited for."""
        now = self.clock.monotonic()
        gate = lane.gate(slot.family)
        if lane not in self._lanes_of(slot) or gate.delay(now) > 0:
            self.leave(lane)
            return False
        gate.depart(now)
        slot.lane, slot.departed_at = lane, now
        return True
