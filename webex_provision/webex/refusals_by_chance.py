"""Tells refusals that come whatever the pace from those of a limit.

A tenant may answer 429 by chance: a part of it is ill, a gateway in between sheds load, or it rehearses failure. A
limit lets in as much a second however fast it is pressed. Where less is let in at a slower pace, slowness is no cure.
"""

RARELY = 100  # calls between two bursts of 429s: then it is a limit that refuses
ENOUGH, MORE_THAN_LUCK = 5, 40  # calls that tell what is served; and before a pace that stands is given up again
LESS, SLOWER = 0.5, 0.8  # of what was served, at so much of the pace: then slowness has not helped


class RefusalsByChance:
    """Of one endpoint family. While a pace `stands`, its refusals say nothing about it."""

    def __init__(self, pace: float) -> None:
        self.stands = False
        self._calls, self._seconds, self._pace = 0.0, 0.0, pace  # served since the last verdict, and the pace of then
        self._most, self._most_pace = 0.0, 0.0  # the most that was served a second, and at which pace

    def judge(self, served: int, seconds: float, pace: float) -> float | None:
        """A burst, after so many calls served in so many seconds; the pace to go back to, where slowness was vain.

        `pace` is the one at which the burst came, in requests per second.
        """
        if served > RARELY:
            self.stands, self._most = False, 0.0
            self._begin(pace)
            return None
        self._calls += max(0.5, served - 0.5)  # half a call may be left over
        self._seconds += seconds
        if self._calls < (MORE_THAN_LUCK if self.stands else ENOUGH):
            return None
        back = self._verdict(self._calls / self._seconds, pace)
        self._begin(back or pace)
        return back

    def _verdict(self, a_second: float, pace: float) -> float | None:
        less = a_second < LESS * self._most
        if less and not self.stands:
            self.stands = pace < SLOWER * self._most_pace
            return self._most_pace if self.stands else None
        if less or a_second >= self._most:
            self._most, self._most_pace = a_second, self._pace
        self.stands = self.stands and not less
        return None

    def _begin(self, pace: float) -> None:
        self._calls = self._seconds = 0.0
        self._pace = pace
