"""The two breakers: one reads the rows of a batch, the other the calls of the whole run."""

import pytest

from webex_provision.vocabulary import RunState
from webex_provision_tests.rehearsal import hunt_group, user, workspace
from webex_provision_tests.stage import Play, Row, Stage

PATCH = {"method": "PATCH", "path": "/licenses/users$"}
EVERYTHING = {"path": "^/(licenses|workspaces|telephony|people$)"}


def users(count: int, **cells: str) -> list[Row]:
    return [user(f"user{number}", str(3000 + number), **cells) for number in range(count)]


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ", *(f"+3491000{number}" for number in range(2800, 2830)))
    stage.people(*(f"user{number}" for number in range(60)))
    return stage


def refuse(stage: Stage, count: int, status: int = 400) -> None:
    stage.faults(PATCH | {"effect": "status", "status": status, "last": count})


# --- the batch -------------------------------------------------------------------------------------------------


def test_four_fifths_of_twenty_rows_failing_alike_abort_the_run(site: Stage) -> None:
    """Tripped as soon as the rest can't change it; the summary names counts and the probable cause."""
    refuse(site, 60)
    play = site.play(*users(50), max_in_flight=2)
    assert play.state is RunState.ABORTED_BY_BREAKER
    assert len(play.calls("PATCH")) < 50
    assert "non_retryable_external" in play.summary["message"]
    assert play.checkpoint["last_completed_batch_id"] in (None, "")
    site.faults()
    assert play.run() is RunState.COMPLETED_WITH_PENDING
    assert len(play.outcomes) == 50


def test_exactly_four_fifths_trip_at_the_end_of_the_batch(site: Stage) -> None:
    refuse(site, 16)
    assert site.play(*users(20)).state is RunState.ABORTED_BY_BREAKER


def test_less_than_four_fifths_do_not_trip(site: Stage) -> None:
    refuse(site, 15)
    play = site.play(*users(20))
    assert play.state is RunState.COMPLETED_WITH_PENDING
    assert sum(outcome == "success" for outcome in play.outcomes.values()) == 5


def test_fewer_rows_than_the_minimum_do_not_trip(site: Stage) -> None:
    refuse(site, 60)
    assert site.play(*users(19)).state is RunState.COMPLETED_WITH_PENDING


def test_reasons_that_speak_of_the_row_and_not_of_the_batch_do_not_trip(site: Stage) -> None:
    play = site.play(*(user(f"ghost{number}", str(3000 + number)) for number in range(25)))
    assert play.state is RunState.COMPLETED_WITH_PENDING
    assert set(play.outcomes.values()) == {"user_not_found"}


@pytest.mark.parametrize("count", [1, 3])
def test_a_batch_that_is_locked_out_altogether_trips_at_any_size(site: Stage, count: int) -> None:
    refuse(site, 60, status=403)
    play = site.play(*users(count))
    assert play.state is RunState.ABORTED_BY_BREAKER
    assert "missing role or scope" in play.summary["message"]


def test_one_success_among_few_rows_keeps_the_batch_alive(site: Stage) -> None:
    refuse(site, 2, status=403)
    assert site.play(*users(3)).state is RunState.COMPLETED_WITH_PENDING


def test_half_applied_counts_by_its_underlying_cause(site: Stage) -> None:
    site.faults({"method": "PUT", "path": "/doNotDisturb", "effect": "status", "status": 400, "error_code": 25024})
    play = site.play(*users(25, calling_settings_dnd_enabled="true"))
    assert play.state is RunState.ABORTED_BY_BREAKER
    assert {record["reason_code"] for record in play.pending} == {"half_applied"}


def test_half_applied_for_a_reason_of_the_row_does_not_count(site: Stage) -> None:
    site.faults({"method": "PUT", "path": "/doNotDisturb", "effect": "status", "status": 400, "error_code": 4410})
    play = site.play(*users(25, calling_settings_dnd_enabled="true"))
    assert play.state is RunState.COMPLETED_WITH_PENDING


def test_rows_that_intake_left_pending_are_not_rows_executed(site: Stage) -> None:
    """Locked out is who ran and was refused, however many rows never ran."""
    refuse(site, 60, status=403)
    waiting = [user(f"user{number}", str(3000 + number), calling_enabled="false") for number in range(10, 20)]
    play = site.play(*users(5), *waiting)
    assert play.state is RunState.ABORTED_BY_BREAKER
    assert len(play.outcomes) == 15


def test_the_next_batch_is_not_begun_and_the_checkpoint_stays_at_the_last_complete_one(site: Stage) -> None:
    site.faults(PATCH | {"effect": "status", "status": 400, "first": 21})
    play = site.play(*users(60), batch_size=20)
    assert play.state is RunState.ABORTED_BY_BREAKER
    assert play.checkpoint["last_completed_batch_id"] == "p2-b0001"
    assert {record["batch_id"] for record in play.results} == {"p2-b0001", "p2-b0002"}


def test_what_was_counted_before_a_stop_does_not_count_in_the_resume(site: Stage) -> None:
    """Counted are the rows executed in the run; a mended cause lets the resume through."""
    refuse(site, 60)
    play = site.play(*users(40))
    assert play.state is RunState.ABORTED_BY_BREAKER
    site.faults()
    assert play.run() is RunState.COMPLETED_WITH_PENDING
    assert play.retry() is RunState.COMPLETED


# --- the calls -------------------------------------------------------------------------------------------------

QUICK = {"call_breaker_failures": 3, "call_breaker_pause_seconds": 20, "max_retries": 0, "max_in_flight": 1}


def probes(play: Play) -> int:
    """Calls of GET /people/me after the preflight."""
    return len(play.calls("GET", "/people/me")) - 1


def test_a_sick_service_opens_the_call_breaker_and_a_probe_closes_it_again(site: Stage) -> None:
    """While it pauses nothing but the probe is sent; what had no answer is pending, all else succeeds."""
    me = {"method": "GET", "path": "/people/me", "effect": "status", "status": 503, "first": 2, "last": 3}
    site.faults(PATCH | {"effect": "status", "status": 503, "last": 3}, me)
    play = site.play(*users(12), **QUICK)
    assert play.state is RunState.COMPLETED_WITH_PENDING
    outcomes = list(play.outcomes.values())
    assert (outcomes.count("retry_exhausted"), outcomes.count("success")) == (3, 9)
    assert probes(play) == 3
    entries = list(play.server.log.entries)
    asked = [place for place, entry in enumerate(entries) if entry["path"].endswith("/people/me")][1:]
    assert asked == list(range(asked[0], asked[0] + 3))
    assert sum(entry["method"] == "PATCH" for entry in entries[: asked[0]]) <= 3 + 1  # one was on its way already


def test_a_service_that_stays_sick_ends_the_run_after_a_bounded_number_of_probes(site: Stage) -> None:
    site.faults(EVERYTHING | {"effect": "status", "status": 503}, {"path": "/people/me", "first": 2} | _sick())
    play = site.play(*users(30), call_breaker_max_probes=4, **QUICK)
    assert play.state is RunState.FAILED_SYSTEMIC
    assert probes(play) == 4
    assert play.summary["counts"]["not_reached"] > 20
    assert "4 probes failed" in play.summary["message"]
    site.faults()
    assert play.run() is RunState.COMPLETED_WITH_PENDING
    assert play.retry() is RunState.COMPLETED


def _sick() -> dict[str, object]:
    return {"effect": "status", "status": 503}


def test_single_failures_between_answers_do_not_open_it(site: Stage) -> None:
    site.faults(PATCH | {"effect": "status", "status": 503, "every": 2}, {"path": "/people/me", "first": 2} | _sick())
    play = site.play(*users(20), **QUICK)
    assert play.state is RunState.COMPLETED_WITH_PENDING
    assert len(play.calls("GET", "/people/me")) == 1


def test_a_probe_that_is_told_to_wait_too_long_stops_the_run_as_rate_limited(site: Stage) -> None:
    late = {"effect": "status", "status": 429, "retry_after": "3600"}
    site.faults(PATCH | _sick(), {"path": "/people/me", "first": 2} | late)
    play = site.play(*users(12), **QUICK)
    assert play.state is RunState.STOPPED_RATE_LIMITED
    assert "unhandled_exception" not in play.outcomes.values()


def test_creates_whose_answers_are_lost_do_not_open_it_while_look_ups_are_answered(site: Stage) -> None:
    site.faults({"method": "POST", "effect": "ghost"})
    rows = [workspace(f"Room {number}", str(4000 + number)) for number in range(8)]
    groups = [hunt_group(f"Group {number}", str(5000 + number)) for number in range(8)]
    play = site.play(*rows, *groups, **{**QUICK, "max_in_flight": 8})
    assert play.state is RunState.COMPLETED
    assert len(play.calls("POST")) == 16
