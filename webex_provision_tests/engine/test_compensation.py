"""Safe compensation: what a failed row has just created is deleted again, where that is asked for and safe."""

import pytest

from webex_provision.vocabulary import RunState
from webex_provision_tests.rehearsal import LOCATION, hunt_group, workspace
from webex_provision_tests.stage import Stage

ROW = hunt_group("Recepcion", "2800", hunt_alternate_numbers="+34910002801")
KEY = "HQ/Recepcion"
FAILS = {"method": "PUT", "path": "/huntGroups/", "effect": "status", "status": 400, "error_code": 4250}
DELETE = {"method": "DELETE", "path": "/huntGroups/"}


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ", "+34910002801")
    stage.faults(FAILS)
    return stage


def test_it_is_off_unless_asked_for(site: Stage) -> None:
    play = site.play(ROW)
    assert play.outcome(KEY) == "half_applied"
    assert play.calls("DELETE") == []
    assert len(site.named("hunt_groups", "Recepcion")) == 1


def test_a_group_made_by_a_failed_row_is_deleted_and_the_row_keeps_its_own_reason(site: Stage) -> None:
    """Nothing of the row is left, so it is not half applied; the record says what was taken back."""
    play = site.play(ROW, enable_safe_compensation=True)
    why = play.why(KEY)
    assert (why["reason_code"], why["step"]) == ("number_inventory_missing", "hunt_update")
    assert "hunt_create taken back" in why["reason_message"]
    assert site.named("hunt_groups", "Recepcion") == []
    site.faults()
    assert play.retry() is RunState.COMPLETED
    assert len(site.named("hunt_groups", "Recepcion")) == 1


@pytest.mark.parametrize(
    "fault", [{"effect": "status", "status": 503}, {"effect": "status", "status": 403}], ids=["503", "403"]
)
def test_a_compensation_that_fails_is_recorded_and_aborts_nothing(site: Stage, fault: dict[str, object]) -> None:
    site.faults(FAILS, DELETE | fault)
    play = site.play(ROW, workspace("Sala Goya", "2301"), enable_safe_compensation=True)
    assert play.outcomes == {KEY: "half_applied", "Sala Goya": "success"}
    assert "taking hunt_create back failed" in play.why(KEY)["reason_message"]
    assert play.state is RunState.COMPLETED_WITH_PENDING


def test_a_group_that_is_gone_already_counts_as_taken_back(site: Stage) -> None:
    site.faults(FAILS, DELETE | {"effect": "ghost", "status": 404})
    play = site.play(ROW, enable_safe_compensation=True)
    assert play.outcome(KEY) == "number_inventory_missing"


def test_lists_that_can_not_be_had_after_a_compensation_abort_nothing(site: Stage) -> None:
    site.faults(FAILS, {"method": "GET", "path": "/huntGroups$", "first": 3, "effect": "status", "status": 404})
    play = site.play(ROW, enable_safe_compensation=True)
    assert play.outcome(KEY) == "number_inventory_missing"


def test_what_was_there_before_is_never_deleted(site: Stage) -> None:
    site.faults()
    site.play(hunt_group("Recepcion", "2800"))
    site.faults(FAILS)
    play = site.play(ROW, enable_safe_compensation=True)
    assert play.calls("DELETE") == []
    assert len(site.named("hunt_groups", "Recepcion")) == 1


def test_a_location_is_never_deleted(site: Stage) -> None:
    """Deleting one needs a job that may take hours; it stays, half applied."""
    site.faults({"method": "POST", "path": "/telephony/config/locations$", "effect": "status", "status": 400})
    play = site.play(LOCATION, enable_safe_compensation=True)
    assert play.outcome("Madrid HQ") == "half_applied"
    assert play.calls("DELETE") == []


def test_a_dead_token_is_not_spent_on_compensation(site: Stage) -> None:
    """The row that met the 401 keeps its record, and the resume goes on from what is there."""
    dead = {"effect": "status", "status": 401}
    site.faults({"method": "PUT", "path": "/huntGroups/"} | dead, {"path": "/people/me", "first": 2} | dead)
    play = site.play(ROW, enable_safe_compensation=True)
    assert (play.state, play.outcome(KEY)) == (RunState.STOPPED_AUTH, "auth_invalid")
    site.faults()
    assert play.run() is RunState.COMPLETED
    assert len(site.named("hunt_groups", "Recepcion")) == 1
