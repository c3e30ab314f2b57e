"""Two cheap questions before the first row: a wrong set-up costs two calls, and is told in plain words."""

from typing import Any

import pytest
from pydantic import SecretStr

from webex_provision.config import Environment
from webex_provision.vocabulary import RunState
from webex_provision_tests.rehearsal import user
from webex_provision_tests.stage import Play, Stage

ME = {"method": "GET", "path": "/people/me"}
OTHER_ORG = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def play(stage: Stage) -> Play:
    stage.location("HQ")
    stage.people("ana")
    return stage.prepare(user("ana", "2101"))


def failed(play: Play, **changes: Any) -> str:
    """Runs into the preflight; the message of the summary."""
    assert play.run(**changes) is RunState.FAILED_PREFLIGHT
    assert play.results == []
    assert len(play.server.log.entries) <= 2 + 6
    summary = play.summary
    assert (summary["state"], summary["counts"]["not_reached"]) == ("FAILED_PREFLIGHT", 1)
    return str(summary["message"])


def test_a_good_set_up_costs_two_calls(stage: Stage, play: Play) -> None:
    assert play.run() is RunState.COMPLETED
    first, second = list(play.server.log.entries)[:2]
    assert (first["path"], second["path"], second["query"]) == ("/v1/people/me", "/v1/locations", {"max": "1"})
    assert play.summary["token_owner"].endswith("@sandbox.example")
    assert play.summary["org_id"] == stage.tenant.org_id


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"effect": "status", "status": 401}, "The token is invalid"),
        ({"effect": "status", "status": 403}, "may not do this"),
        ({"effect": "status", "status": 404}, "no Webex API"),
        ({"effect": "status", "status": 503}, "not healthy"),
        ({"effect": "status", "status": 200, "shape": "html"}, "not by the Webex API"),
        ({"effect": "status", "status": 403, "shape": "html"}, "HTML page"),
        ({"effect": "missing_fields", "fields": ("orgId",)}, "not the Webex API"),
        ({"effect": "redirect"}, "not followed"),
        ({"effect": "drop_before"}, "cannot be reached"),
    ],
)
def test_a_wrong_set_up_is_told_in_plain_words_and_no_row_is_called(
    stage: Stage, play: Play, fault: dict[str, Any], told: str
) -> None:
    stage.faults(ME | fault)
    assert told in failed(play)
    stage.faults()
    assert play.run() is RunState.COMPLETED


def test_a_token_that_may_not_read_locations_fails_the_second_question(stage: Stage, play: Play) -> None:
    stage.faults({"method": "GET", "path": "^/locations$", "effect": "status", "status": 403})
    assert "spark-admin:locations_read" in failed(play)


def test_nobody_there_is_told_with_the_address(play: Play) -> None:
    assert "http://127.0.0.1:9/v1 cannot be reached" in failed(play, webex_base_url="http://127.0.0.1:9/v1")


def test_another_organisation_than_the_expected_one_is_never_touched(stage: Stage, play: Play) -> None:
    wrong = {"environment": Environment.PROD, "webex_org_id": OTHER_ORG}
    assert OTHER_ORG in failed(play, **wrong)
    assert play.run(environment=Environment.PROD, webex_org_id=stage.tenant.org_id) is RunState.COMPLETED


def test_a_roll_out_stays_with_the_organisation_in_which_it_began(stage: Stage) -> None:
    """Swapped for a token of elsewhere in the middle, half of a site would come to stand in each organisation."""
    stage.location("HQ")
    stage.people("ana")
    play, mine = stage.play(user("ana", "2101"), user("eva", "2102")), stage.tenant.org_id
    stage.people("eva")
    stage.tenant.org_id = OTHER_ORG
    assert play.retry() is RunState.FAILED_PREFLIGHT
    assert play.run() is RunState.FAILED_PREFLIGHT
    assert OTHER_ORG in play.summary["message"]
    assert play.writes == []
    stage.tenant.org_id = mine
    assert play.retry() is RunState.COMPLETED


def test_a_roll_out_that_has_recorded_nothing_may_begin_elsewhere(stage: Stage, play: Play) -> None:
    stage.faults({"path": "people", "effect": "status", "status": 429, "retry_after": "3600", "first": 2})
    assert play.run() is RunState.STOPPED_RATE_LIMITED
    assert play.results == []
    stage.faults()
    stage.tenant.org_id = OTHER_ORG
    assert play.run() is RunState.COMPLETED


def test_a_preflight_that_must_wait_too_long_is_a_clean_stop(stage: Stage, play: Play) -> None:
    stage.faults(ME | {"effect": "status", "status": 429, "retry_after": "3600"})
    assert play.run() is RunState.STOPPED_RATE_LIMITED
    assert play.summary["state"] == "STOPPED_RATE_LIMITED"
    stage.faults()
    assert play.run() is RunState.COMPLETED


def test_the_token_is_in_no_message(stage: Stage, play: Play) -> None:
    stage.faults(ME | {"effect": "status", "status": 401, "message": "bad: a-secret-token"})
    assert "a-secret-token" not in failed(play, webex_token=SecretStr("a-secret-token"))
