"""Learns how fast a tenant lets us call, from nothing but its answers.

Only a 429 shows where a limit is, so staying close to a limit that nobody names has a price: each look costs a
refusal and a pause of Retry-After. The next look waits until the last one is paid for, by calls that were served
(so that 429s stay below 1 % of all answers) and by seconds without a pause (so that 95 % of the limit are used).
"""

import math
from collections import deque

from webex_provision.webex.refusals_by_chance import RefusalsByChance

SLOWEST = 0.1  # requests per second; a longer pause is what Retry-After is for
CALLS_A_REFUSAL, MOST_CALLS = 125, 200  # served calls that pay for one 429, and at most for the debts before one look
SECONDS_A_HELD_SECOND = 50  # seconds that pay for one of Retry-After
SEARCH_CALLS, SEARCH_SECONDS = 40, 12  # the same while the ceiling is not known: soon paid, or a pace is wrong for long
LONGEST_HOLD = 30  # seconds in which a bucket is believed to fill; a longer hold is bad luck, neither measured nor paid
CLOSE = 1.25  # bounds within this factor of each other are a ceiling that is known
ABOVE = 1.1  # times a pace that was certain: a 429 up here says nothing against it
OVERSHOT = 4  # the very first 429 comes at up to so many times the limit
STEEPEST = 0.1  # of the pace: what it grows by with one answer, at most
PRESS_STEP = 0.002  # of the ceiling: what it grows by while calls that a bucket has saved may be what is served
CLIMB_STEP = 0.003  # of the pace, times the answers since the climb began
AHEAD, CLIMBING_AHEAD = 1.15, 1.7  # of the pace really kept: one that something else holds back proves nothing
RECENT, FEWEST = 8, 5  # departures that tell the pace really kept; fewer tell nothing


class LearnedPace:
    """The pace of one endpoint family: `rate`, in requests per second, between SLOWEST and `fastest`.

    Most limiters are buckets that hold some calls and are refilled at a steady rate. We know neither, but at a 429
    the bucket is empty. So whatever is served from one 429 to the next was refilled in between: these calls by all
    these seconds is a pace that is `certain`. It is the limit, if the bucket could hold what came in during the
    pause. If it could not (or is no bucket, but a bound on calls in flight), the limit is higher, and at most the
    pace that was refused: the `ceiling`. The pace goes on from the geometric middle of the two, so that each 429
    brings them closer, and rises in three stages until the next one:

    - pay: evenly up to the ceiling, over as many answers as the last 429s have cost. Once both are close to each
      other this is where a steady tenant keeps us
    - press: gently above the ceiling, until more was served than a limit there could have let in
    - climb: now the limit must be higher. Each answer makes the pace grow more than the one before, so a limit that
      has risen is reached within some dozens of calls. The first ceiling is looked for like this too

    The pace grows only with answers to calls that had to wait for it: without demand nothing is learned. It stays as it
    is where nothing at all is let in (no pace would help), and under refusals that come whatever it is (see
    `refusals_by_chance`).
    """

    def __init__(self, rate: float, fastest: float) -> None:
        self.rate = min(rate, fastest)
        self._fastest, self._slowest = fastest, min(SLOWEST, self.rate)
        self._certain, self._ceiling = 0.0, math.inf
        self._doubts = 0  # bursts in a row that have left the two far apart
        self._debt = 0.0  # answers; below zero when more were served than all 429s have cost
        self._price, self._growth = 0.0, 1.0  # answers of the stage `pay`, and what each multiplies the pace by
        self._let_in = 0  # calls served since the last burst
        self.in_vain = 0  # bursts in a row before which nothing was let in, the first of them left out
        self._answers = 0  # since the last burst, to calls that had waited for the pace
        self._climbed = 0  # of them, since the climb began
        self._burst_ended, self._held = -math.inf, 0.0
        self._empty_at, self._left_at, self._sent_since = -math.inf, 0.0, 0
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._idle = 0.0  # seconds in which nobody wanted to call: they say nothing about the pace
        self._chance = RefusalsByChance(self.rate)

    def sent(self, now: float, lull: float) -> None:
        """A call leaves, at `now` in seconds; for `lull` seconds before it nobody wanted to."""
        self._sent_since += 1
        self._left_at = now
        self._empty_at += lull
        self._idle += lull
        self._recent.append(now - self._idle)

    def served(self, *, waited: bool = True) -> None:
        """A call was answered; the pace grows if it had `waited` for it."""
        self._let_in += 1
        self.in_vain = 0
        if not waited:
            return
        self._debt -= 1
        searching = self._ceiling == math.inf
        climbing = searching or self._climbed > 0
        if self.rate > (CLIMBING_AHEAD if climbing else AHEAD) * self._recent_rate():
            return
        self._answers += 1
        if self._answers <= self._price or self.rate < self._ceiling < math.inf:
            self._set(self.rate * self._growth)
        elif not climbing and self._sent_since < self._ceiling * self._seconds_until(self._left_at):
            self._set(self.rate + PRESS_STEP * self._ceiling)
        else:
            self._climbed += 1
            self._set(self.rate * (1 + (STEEPEST if searching else min(STEEPEST, CLIMB_STEP * self._climbed))))

    def refused(self, now: float, departed_at: float, hold: float) -> None:
        """A call was answered 429 and no call leaves for `hold` seconds; calls that left before share one burst."""
        if departed_at > self._burst_ended:
            if self._let_in or self._ceiling == math.inf:
                self._measure(departed_at)
            else:  # the burst before goes on: where nothing is let in, no pace would help
                self.in_vain += 1
            self._held, self._let_in = 0.0, 0
        self._burst_ended = now
        self._held = max(self._held, hold)
        self._empty_at, self._sent_since = max(self._empty_at, departed_at), 0
        self._recent.clear()
        self._answers = self._climbed = 0
        self._debt += CALLS_A_REFUSAL
        calls, seconds = max(SEARCH_CALLS, min(MOST_CALLS, self._debt)), SECONDS_A_HELD_SECOND
        if self._doubts:
            calls, seconds = min(MOST_CALLS, SEARCH_CALLS * self._doubts), SEARCH_SECONDS
        self._price = max(calls, seconds * min(self._held, LONGEST_HOLD) * self.rate)
        self._growth = min(1 + STEEPEST, max(1.0, self._ceiling / self.rate) ** (1 / self._price))

    def _measure(self, departed_at: float) -> None:
        """A new burst: between which bounds the limit is now, and the pace to go on with."""
        kept, known = min(self.rate, self._recent_rate()), self._certain
        seconds, served = self._seconds_until(departed_at), self._sent_since - 1
        if self._ceiling == math.inf:
            certain = kept / OVERSHOT
        else:
            certain = max(0.5, served - 0.5) / seconds if seconds > 0 else kept  # half a call may be left over
        ceiling = max(kept, certain)
        pace = math.sqrt(certain * ceiling)
        if certain < known and kept > ABOVE * known:
            pace = certain = known
        self._doubts = 0 if ceiling <= CLOSE * certain else self._doubts + 1
        self._certain, self._ceiling = certain, ceiling
        back = self._chance.judge(served, seconds, self.rate) if known and seconds > 0 else None
        self._set(back or (self.rate if self._chance.stands else min(self.rate, pace)))

    def _seconds_until(self, at: float) -> float:
        """Since the bucket was empty."""
        return at - self._empty_at - max(0.0, self._held - LONGEST_HOLD)

    def _set(self, rate: float) -> None:
        self.rate = min(self._fastest, max(self._slowest, rate))

    def _recent_rate(self) -> float:
        """Requests per second really sent lately; the nominal pace where too few were sent to tell."""
        if len(self._recent) < FEWEST:
            return self.rate
        span = self._recent[-1] - self._recent[0]
        return (len(self._recent) - 1) / span if span > 0 else self.rate
