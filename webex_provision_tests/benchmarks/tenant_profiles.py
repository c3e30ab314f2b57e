"""The tenants that the pace is measured against: which limits they keep, how these change, what is called."""

from dataclasses import dataclass

from webex_provision.sandbox.limiter import LIMITS, Limits, Profile
from webex_provision.wire import ApiRequest

READ = ApiRequest("GET", "/telephony/config/queues")
WRITE = ApiRequest("PUT", "/telephony/config/queues/1")
PEOPLE = ApiRequest("GET", "/people")
PLACES = ApiRequest("GET", "/locations")
UNLIMITED = 10**9


@dataclass(frozen=True)
class Tenant:
    """`stages` are limits and how many seconds they hold, over and over; None: no limit.

    `requests` are called in turn, all the time.
    """

    stages: tuple[tuple[float, Limits | None], ...]
    requests: tuple[ApiRequest, ...] = (READ,)

    def limits_at(self, seconds: float) -> Limits | None:
        """What holds at this time."""
        within = seconds % sum(lasts for lasts, _ in self.stages)
        for lasts, limits in self.stages:
            if within < lasts:
                return limits
            within -= lasts
        return self.stages[-1][1]


def limited(per_second: float, *, burst: float, in_flight: int = UNLIMITED, spread: int = 0) -> Limits:
    """One bucket for the family and none over it."""
    minute = per_second * 60
    return Limits(minute, minute, burst, UNLIMITED, in_flight, 1, spread=spread)


def _always(limits: Limits | None, *requests: ApiRequest) -> Tenant:
    return Tenant(((float("inf"), limits),), requests or (READ,))


DOCUMENTED = LIMITS[Profile.DOCUMENTED]
TENANTS = {
    "none": _always(None),
    "documented": _always(DOCUMENTED, WRITE),
    "documented, all families": _always(DOCUMENTED, READ, WRITE, PEOPLE, PLACES),
    "tight reads": _always(LIMITS[Profile.TIGHT], READ),
    "tight writes": _always(LIMITS[Profile.TIGHT], WRITE),
    "hostile reads": _always(LIMITS[Profile.HOSTILE], READ),
    "hostile writes": _always(LIMITS[Profile.HOSTILE], WRITE),
    "fixed 5/s, burst 1": _always(limited(5, burst=1)),
    "fixed 20/s, burst 5": _always(limited(20, burst=5)),
    "fixed 50/s, burst 50": _always(limited(50, burst=50)),
    "bursty 2/s, burst 200": _always(limited(2, burst=200)),
    "5 in flight": _always(limited(UNLIMITED, burst=UNLIMITED, in_flight=5)),
    "3 in flight, 5/s": _always(limited(5, burst=50, in_flight=3)),
    "a third and back, burst 5": Tenant(
        ((600, limited(6, burst=5)), (600, limited(2, burst=5)), (600, limited(6, burst=5)))
    ),
    "a third and back, burst 50": Tenant(
        ((600, limited(6, burst=50)), (600, limited(2, burst=50)), (600, limited(6, burst=50)))
    ),
}
