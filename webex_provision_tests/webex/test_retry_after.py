"""Retry-After is read as it is really sent, and never raises."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webex_provision.webex.retry_after import LONGEST_SECONDS, retry_after_seconds

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("60", 60.0),
        (" 194 ", 194.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("+3", 3.0),
        ("-5", 0.0),
        ("3600", 3600.0),
        ("9" * 300, LONGEST_SECONDS),
        ("Mon, 05 Jan 2026 08:01:30 GMT", 90.0),
        ("Monday, 05-Jan-26 08:00:10 GMT", 10.0),
        ("Mon, 05 Jan 2026 07:59:00 GMT", 0.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", LONGEST_SECONDS),
    ],
)
def test_numbers_and_dates_are_understood(value: str, seconds: float) -> None:
    assert retry_after_seconds(value, now=NOW) == seconds


@pytest.mark.parametrize(
    "value", [None, "", "rand(30),add(30)", "soon", "nan", "inf", "1e5", "1_0", "5, 7", "9" * 5_000, "٣"]
)
def test_nonsense_says_nothing(value: str | None) -> None:
    assert retry_after_seconds(value, now=NOW) is None


def test_a_date_is_measured_against_the_answers_own_date() -> None:
    """A wrong clock on this machine neither stops the run nor shortens the wait."""
    wrong = NOW.replace(year=2020)
    until, answered = "Mon, 05 Jan 2026 08:00:30 GMT", "Mon, 05 Jan 2026 08:00:00 GMT"
    assert retry_after_seconds(until, now=wrong, answered_at=answered) == 30.0


@given(st.text(max_size=60), st.text(max_size=30))
def test_no_header_raises_or_gives_a_negative_or_endless_wait(value: str, answered_at: str) -> None:
    seconds = retry_after_seconds(value, now=NOW, answered_at=answered_at)
    assert seconds is None or 0 <= seconds <= LONGEST_SECONDS
