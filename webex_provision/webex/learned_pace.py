"""Learns how fast a tenant lets us call, from nothing but its answers.

Only a 429 shows where a limit is, so staying close to a limit that nobody names has a price: each look costs a
refusal and a pause of Retry-After. The next look waits until the last one is paid for, by calls that were served
(so that 429s stay below 1 % of all answers) and by seconds without a pause (so that 95 % of the limit are used).
"""

import math
from collections import deque

SLOWEST = 0.1  # requests per second; a longer pause is what Retry-After is for
CALLS_A_REFUSAL = 130  # served calls that pay for one 429
SECONDS_A_HELD_SECOND = 40  # open seconds that pay for one second of Retry-After
SEARCH_CALLS = 30  # the price while the ceiling is not known for sure: soon paid, for an idle tenant costs more
NEAR = 1.1  # a new ceiling within this factor of the old one confirms it
EASED = 0.98  # of the ceiling, after a 429
PRESS_STEP, MOST_PRESS = 0.002, 1.08  # how gently the pace rises above the ceiling while saved calls are spent
SEARCH_HASTE = 4  # so many times less gently while the ceiling is not known for sure
MOST_RAISED = 1.02  # of a ceiling that 429s while it is pressed; saved calls may have carried us above it
CLIMB, STEEPEST = 0.003, 0.1  # k answers after the climb began one more makes the pace 1 + CLIMB * k times as high
CUT = 0.5  # at most so much slower after one burst of 429s
DOUBT = 0.7  # of the pace kept, for once, when a 429 comes below a pace that was proven
MEASURED_CALLS = 2  # the first and the last call of a measurement stand for no time
PAID = 0.8  # of the price, from where on a 429 is expected
RECENT, FEWEST = 12, 5  # departures that tell the pace really kept; fewer tell nothing


class LearnedPace:
    """The pace of one endpoint family: `rate`, in requests per second, between SLOWEST and `fastest`.

    Most limiters are buckets that hold some calls and are refilled at a steady rate. We know neither, but after a
    429 the bucket is empty: whatever is served from then on until the next 429 was refilled, so the number of these
    calls by the seconds between is a pace that is certainly allowed (`lowest`). The real one is higher if the bucket
    was too small for what came in during the hold. A bound on calls in flight looks like a bucket of one call.

    The pace goes through three stages and starts again after each burst of 429s, from just below the new ceiling:

    - pay: it rises in a straight line to the ceiling, over as many answers as the last burst has cost
    - press: it rises gently above the ceiling until all calls are spent that the bucket may have saved. A 429 here
      or at the end of the line confirms the ceiling; this is where a steady tenant keeps us
    - climb: with nothing saved, every further answer says that the limit is higher than we thought. Each makes the
      pace grow more than the one before, so a limit that has risen is reached within some dozens of calls. The
      first ceiling is looked for like this too

    A 429 before the price is paid says that the limit has fallen, or was guessed too high: the new ceiling lies
    between the refused pace and what is certain, in the geometric middle. The pace grows only with answers to calls
    that had to wait for it: without demand nothing is learned.
    """

    def __init__(self, rate: float, fastest: float) -> None:
        self.rate = min(rate, fastest)
        self._fastest, self._slowest = fastest, min(SLOWEST, self.rate)
        self._ceiling = math.inf
        self._proven = 0.0  # the last ceiling that a climb has left behind
        self._sure = False  # whether the last burst confirmed the ceiling
        self._price = 0.0  # answers
        self._answers = 0  # since the last burst, to calls that had waited for the pace
        self._climbed = 0  # of them, since the climb began
        self._saved = 0.0  # calls that the bucket may still hold
        self._burst, self._burst_ended = 0, -math.inf
        self._empty_at, self._sent_since = -math.inf, 0
        self._recent: deque[float] = deque(maxlen=RECENT)

    def sent(self, now: float, lull: float) -> None:
        """A call leaves, at `now` in seconds; for `lull` seconds before it nobody wanted to."""
        self._sent_since += 1
        self._empty_at += lull
        self._recent.append(now)

    def served(self) -> None:
        """A call that had waited for the pace was answered."""
        self._answers += 1
        ceiling = self._ceiling
        if self._answers <= self._price:
            self._set(self.rate + (1 - EASED) * ceiling / self._price)
            self._saved += 1 - self.rate / ceiling
        elif self._saved > 0:
            step = PRESS_STEP * (1 if self._sure else SEARCH_HASTE)
            self._set(min(self.rate + step * ceiling, MOST_PRESS * ceiling))
            self._saved -= self.rate / ceiling - 1
        else:
            self._climbed += 1
            step = STEEPEST if ceiling == math.inf else min(STEEPEST, CLIMB * self._climbed)
            self._set(self.rate * (1 + step))

    def refused(self, now: float, departed_at: float, hold: float) -> None:
        """A call was answered 429 and no call leaves for `hold` seconds; calls that left before share one burst."""
        if departed_at > self._burst_ended:
            self._find_ceiling(departed_at)
            self._burst = 0
        self._burst += 1
        self._burst_ended = now
        self._empty_at, self._sent_since = max(self._empty_at, departed_at), 0
        self._recent.clear()
        self._answers = self._climbed = 0
        self._saved = hold * self._ceiling
        calls = (CALLS_A_REFUSAL if self._sure else SEARCH_CALLS) * self._burst
        self._price = max(calls, SECONDS_A_HELD_SECOND * hold * self.rate if self._sure else 0)

    def _find_ceiling(self, departed_at: float) -> None:
        """A new burst: where the ceiling is now, and whether that is what we knew."""
        known, kept = self._ceiling, min(self.rate, self._recent_rate())
        seconds = departed_at - self._empty_at
        lowest = min(kept, max(0, self._sent_since - MEASURED_CALLS) / seconds if seconds > 0 else 0.0)
        if known == math.inf:
            ceiling = max(lowest, CUT * kept)
        elif self._climbed:
            self._proven = known
            ceiling = max(lowest, known, kept)
        elif self._sure and self._answers > PAID * self._price:
            ceiling = max(lowest, min(kept, MOST_RAISED * known))
        else:
            certain = self._proven
            if certain >= kept:  # no longer: the limit has fallen, or this was bad luck
                certain, self._proven = DOUBT * kept, 0.0
            ceiling = max(CUT * kept, math.sqrt(kept * max(lowest, certain)))
        self._sure = known / NEAR <= ceiling <= known * NEAR
        self._ceiling = max(ceiling, self._slowest)
        self._set(EASED * self._ceiling)

    def _set(self, rate: float) -> None:
        self.rate = min(self._fastest, max(self._slowest, rate))

    def _recent_rate(self) -> float:
        """Requests per second really sent lately; the nominal pace where too few were sent to tell."""
        if len(self._recent) < FEWEST:
            return self.rate
        span = self._recent[-1] - self._recent[0]
        return (len(self._recent) - 1) / span if span > 0 else self.rate
