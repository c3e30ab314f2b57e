"""Reads a Retry-After header as it is really sent: a number, a date, or nonsense.

RFC 9110 allows whole seconds or an HTTP date. Seen from Webex besides 1, 60 and 194: no header at all,
fractions, and a template that nobody filled in (`rand(30),add(30)`).
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"[+-]?\d{1,300}(\.\d*)?", re.ASCII)
LONGEST_SECONDS = 366 * 86_400.0


def retry_after_seconds(value: str | None, *, now: datetime, answered_at: str | None = None) -> float | None:
    """The wait that `value` asks for, in seconds from now; None where it says nothing usable. Never raises.

    A past date or a negative number is 0. A date is measured against the answer's own Date header
    (`answered_at`) where that can be read, so that a wrong clock on this machine does no harm; else against
    `now`, which is UTC.
    """
    text = (value or "").strip()
    if _NUMBER.fullmatch(text):
        return min(max(float(text), 0.0), LONGEST_SECONDS)
    until = _date(text)
    if until is None:
        return None
    start = _date(answered_at or "") or now
    return min(max((until - start).total_seconds(), 0.0), LONGEST_SECONDS)


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
