"""A 401 in the middle: asked about once, then the run stops at once, and a fresh token finishes everything."""

from typing import Any

import pytest
from pydantic import SecretStr

from webex_provision.vocabulary import RunState
from webex_provision_tests.rehearsal import user
from webex_provision_tests.stage import Stage

COUNT = 60
ROWS = [user(f"user{number}", str(3000 + number)) for number in range(COUNT)]
FRESH: dict[str, Any] = {"webex_token": SecretStr("a-fresh-token")}


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ")
    stage.people(*(f"user{number}" for number in range(COUNT)))
    return stage


def test_a_dead_token_stops_the_run_instead_of_burning_all_rows(site: Stage) -> None:
    """Confirmed by exactly one GET /people/me; only rows whose own call was refused have a record of it."""
    site.faults(expires_after=25)
    play = site.play(*ROWS)
    assert play.state is RunState.STOPPED_AUTH
    refused = [entry for entry in play.server.log.entries if entry["status"] == 401]
    asked = [entry for entry in refused if entry["path"].endswith("/people/me")]
    assert len(asked) == 1
    assert len(play.pending) == len(refused) - 1
    assert {record["reason_code"] for record in play.pending} == {"auth_invalid"}
    assert {record["http_status"] for record in play.pending} == {"401"}
    counts = play.summary["counts"]
    assert counts["success"] + counts["pending"] + counts["not_reached"] == COUNT
    assert counts["not_reached"] > COUNT / 3
    assert "WEBEX_TOKEN" in play.summary["message"]
    assert play.checkpoint["state"] == "STOPPED_AUTH"


def test_the_resume_with_a_fresh_token_finishes_all_rows_those_refused_included(site: Stage) -> None:
    site.faults(expires_after=25)
    play = site.play(*ROWS)
    done = {record["entity_key"] for record in play.results if record["status"] == "success"}
    assert play.run(**FRESH) is RunState.COMPLETED
    assert set(play.outcomes.values()) == {"success"}
    assert len(play.outcomes) == COUNT
    assert len(play.calls("PATCH")) == COUNT - len(done)
    again = [record for record in play.results if record["attempt"] == "2"]
    assert {record["entity_key"] for record in again}.isdisjoint(done)


def test_a_resume_with_the_same_dead_token_fails_the_preflight_and_changes_nothing(site: Stage) -> None:
    site.faults(expires_after=25)
    play = site.play(*ROWS)
    before = play.results
    assert play.run() is RunState.FAILED_PREFLIGHT
    assert play.results == before
    assert play.run(**FRESH) is RunState.COMPLETED


def test_a_token_that_dies_while_a_row_is_half_done_keeps_its_own_reason(stage: Stage) -> None:
    """auth_invalid wins over half_applied, so that the resume takes the row up again."""
    stage.location("HQ")
    stage.people("ana")
    stage.faults(
        {"method": "GET", "path": "/people/me", "first": 2, "effect": "status", "status": 401},
        {"method": "PUT", "path": "/doNotDisturb", "effect": "status", "status": 401},
    )
    play = stage.play(user("ana", "2101", calling_settings_dnd_enabled="true"))
    assert play.state is RunState.STOPPED_AUTH
    assert play.outcome("ana@example.com") == "auth_invalid"
    stage.faults()
    assert play.run() is RunState.COMPLETED


def test_a_401_that_is_not_confirmed_costs_its_row_and_the_run_goes_on(site: Stage) -> None:
    """The token lives: that one call was refused, whatever it meant by it."""
    site.faults({"method": "PATCH", "effect": "status", "status": 401, "first": 5, "last": 5})
    play = site.play(*ROWS)
    assert play.state is RunState.COMPLETED_WITH_PENDING
    assert sorted(play.outcomes.values()) == ["auth_invalid", *["success"] * (COUNT - 1)]
    assert len(play.calls("GET", "/people/me")) == 2
    assert "retry with the same token" in play.pending[0]["reason_message"]
    assert play.retry("auth_invalid") is RunState.COMPLETED


def test_a_401_on_a_list_stops_the_run_too(site: Stage) -> None:
    site.faults(expires_after=2)
    play = site.play(*ROWS)
    assert play.state is RunState.STOPPED_AUTH
    assert play.calls("PATCH") == []


def test_a_confirmation_that_must_wait_too_long_stops_the_run_as_rate_limited(site: Stage) -> None:
    site.faults(
        {"method": "PATCH", "effect": "status", "status": 401},
        {"method": "GET", "path": "/people/me", "first": 2, "effect": "status", "status": 429, "retry_after": "3600"},
    )
    play = site.play(*ROWS[:3])
    assert play.state is RunState.STOPPED_RATE_LIMITED
    assert "unhandled_exception" not in play.outcomes.values()


def test_the_token_stands_in_no_output(site: Stage) -> None:
    site.faults({"method": "PATCH", "effect": "status", "status": 400, "message": "token-of-the-rehearsal is bad"})
    play = site.play(*ROWS[:3])
    assert play.pending
    for path in play.folder.iterdir():
        assert "token-of-the-rehearsal" not in path.read_text(encoding="utf-8"), path.name
