"""What is sent again, how often, and after which wait; what is never sent again."""

import re

import pytest

from webex_provision.vocabulary import RunState
from webex_provision_tests.rehearsal import LOCATION, user
from webex_provision_tests.stage import Stage

ANA = user("ana", "2101")
KEY = "ana@example.com"
PATCH = {"method": "PATCH", "path": "/licenses/users$"}
UPDATE = {"method": "PUT", "path": "^/locations/"}


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ")
    stage.people("ana")
    return stage


@pytest.mark.parametrize(
    ("retry_after", "shape"),
    [("2", "json"), ("2", "html"), ("date", "json"), ("soon, rand(30)", "html"), (None, "json"), ("0", "json")],
)
def test_a_429_is_waited_out_whatever_its_retry_after_and_body_look_like(
    site: Stage, retry_after: str | None, shape: str
) -> None:
    site.faults(PATCH | {"effect": "status", "status": 429, "retry_after": retry_after, "shape": shape, "last": 2})
    play = site.play(ANA)
    assert play.state is RunState.COMPLETED
    assert [entry["status"] for entry in play.calls("PATCH")] == [429, 429, 200]
    assert play.summary["calls"]["people"]["rate_limited"] == 2


def test_retry_after_is_waited_for_and_holds_back_the_whole_family(site: Stage) -> None:
    """40 s of the service's time pass before anybody of the family is let in again."""
    site.people("luis", "eva")
    site.faults(PATCH | {"effect": "status", "status": 429, "retry_after": "40", "last": 1})
    play = site.play(ANA, user("luis", "2102"), user("eva", "2103"))
    assert play.state is RunState.COMPLETED
    times = {entry["seq"]: entry["time"] for entry in play.calls("PATCH")}
    refused = next(entry for entry in play.calls("PATCH") if entry["status"] == 429)
    held = [at for seq, at in times.items() if seq > refused["seq"] + 2]
    assert held
    assert all(seconds_between(refused["time"], at) >= 39 for at in held)


def seconds_between(first: str, second: str) -> float:
    def seconds(stamp: str) -> float:
        hours, minutes, rest = stamp[11:-1].split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(rest)

    return seconds(second) - seconds(first)


def test_a_burst_of_429s_turns_no_row_into_retry_exhausted(site: Stage) -> None:
    """Every fifth call is refused; all rows succeed."""
    rows = [user(f"user{number}", str(3000 + number)) for number in range(30)]
    site.people(*(f"user{number}" for number in range(30)))
    site.faults({"effect": "status", "status": 429, "retry_after": "1", "first": 4, "every": 5})
    play = site.play(*rows)
    assert play.state is RunState.COMPLETED
    assert len(play.outcomes) == 30


def test_429_without_end_is_retry_exhausted_after_its_own_count_of_waits(site: Stage) -> None:
    site.faults(PATCH | {"effect": "status", "status": 429, "retry_after": "1"})
    play = site.play(ANA)
    assert play.outcome(KEY) == "retry_exhausted"
    assert play.why(KEY)["http_status"] == "429"
    assert len(play.calls("PATCH")) == 6


def test_a_retry_after_beyond_the_bound_stops_the_run_and_the_resume_finishes(site: Stage) -> None:
    """Nothing is lost: rows without a record wait, and the summary says when to come back."""
    site.people("luis", "eva")
    rows = (ANA, user("luis", "2102"), user("eva", "2103"))
    site.faults(PATCH | {"effect": "status", "status": 429, "retry_after": "3600", "first": 2})
    play = site.play(*rows, max_in_flight=1)
    assert play.state is RunState.STOPPED_RATE_LIMITED
    told = re.search(r"asks to wait (\d+) s before", play.summary["message"])
    assert told
    assert 3_590 < int(told[1]) <= 3_600  # what is left of it
    assert play.pending == []
    assert play.summary["counts"]["not_reached"] == 3 - len(play.results)
    site.faults()
    assert play.run() is RunState.COMPLETED
    assert len(play.results) == 3
    assert all(record["status"] == "success" for record in play.results)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_5xx_is_retried_until_it_passes(site: Stage, status: int) -> None:
    site.faults(PATCH | {"effect": "status", "status": status, "last": 5})
    play = site.play(ANA)
    assert play.state is RunState.COMPLETED
    assert len(play.calls("PATCH")) == 6


@pytest.mark.parametrize(
    "fault",
    [
        {"effect": "status", "status": 503},
        {"effect": "reset"},
        {"effect": "drop_before"},
        {"effect": "timeout", "seconds": 60},
    ],
    ids=lambda fault: fault["effect"],
)
def test_a_fault_without_end_is_retry_exhausted_after_six_sends(site: Stage, fault: dict[str, object]) -> None:
    site.faults(PATCH | fault)
    play = site.play(ANA, request_timeout_seconds=0.1)
    assert play.outcome(KEY) == "retry_exhausted"
    assert play.why(KEY)["http_status"] == ("503" if fault["effect"] == "status" else "")
    assert len(play.calls("PATCH")) == 6
    site.faults()
    assert play.retry("retry_exhausted") is RunState.COMPLETED


def test_a_502_with_a_business_code_is_not_retried(site: Stage) -> None:
    site.faults(PATCH | {"effect": "status", "status": 502, "headers": {"cisco-spark-error-codes": "4251"}})
    play = site.play(ANA)
    assert play.outcome(KEY) == "non_retryable_external"
    assert len(play.calls("PATCH")) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 422, 423])
def test_a_4xx_is_not_retried(site: Stage, status: int) -> None:
    site.faults(PATCH | {"effect": "status", "status": status})
    play = site.play(ANA)
    assert play.state is RunState.COMPLETED_WITH_PENDING or status == 403
    assert play.why(KEY)["http_status"] == str(status)
    assert len(play.calls("PATCH")) == (2 if status == 404 else 1)  # a 404 is asked afresh once


@pytest.mark.parametrize("status", [201, 202, 203, 207])
def test_a_success_of_another_kind_than_declared_proves_nothing(site: Stage, status: int) -> None:
    """Taken in for later, or in part: whether it was done is not told."""
    site.faults(PATCH | {"effect": "ghost", "status": status})
    play = site.play(ANA)
    assert play.outcome(KEY) == "invalid_response_schema"
    assert f"answered {status}, expected 200 or 206" in play.why(KEY)["reason_message"]


def test_a_423_with_retry_after_is_retried_like_a_429(site: Stage) -> None:
    site.faults(PATCH | {"effect": "status", "status": 423, "retry_after": "2", "last": 2})
    play = site.play(ANA)
    assert play.state is RunState.COMPLETED
    assert len(play.calls("PATCH")) == 3


@pytest.mark.parametrize("shape", ["flat", "array", "html", "truncated", "empty", "oversized"])
def test_no_shape_of_an_error_body_breaks_the_row(site: Stage, shape: str) -> None:
    site.faults(PATCH | {"effect": "status", "status": 400, "shape": shape, "size": 300_000})
    play = site.play(ANA)
    assert play.outcome(KEY) == "non_retryable_external"


def test_an_unreadable_success_of_a_safe_call_is_an_invalid_answer_in_the_end(site: Stage) -> None:
    site.faults(PATCH | {"effect": "status", "status": 200, "shape": "html"})
    play = site.play(ANA)
    assert play.outcome(KEY) == "invalid_response_schema"
    assert len(play.calls("PATCH")) == 3


def test_calls_and_retries_are_counted_by_family(site: Stage) -> None:
    site.faults(UPDATE | {"effect": "status", "status": 503, "last": 2})
    play = site.play(LOCATION | {"location_name": "HQ", "address_line1": "Gran Via 2"})
    places = play.summary["calls"]["places"]
    assert (places["sends"] - places["calls"], places["retries"], places["failed"]) == (2, 2, 0)
