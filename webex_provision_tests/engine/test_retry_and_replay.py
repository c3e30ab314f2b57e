"""What comes after a run: the pending rows again, or all; attempts count, and a success is never done twice."""

import httpx
import pytest

from webex_provision.ledger.errors import GenerationOpen
from webex_provision.vocabulary import Reason, RunMode, RunState
from webex_provision_tests.rehearsal import hunt_group, user
from webex_provision_tests.stage import Play, Stage

ROWS = (
    user("ana", "2101"),
    user("late", "2102"),
    user("taken", phone_number="+34910009999"),
    hunt_group("Recepcion", "2800", hunt_agents="ana@example.com|late@example.com"),
)


@pytest.fixture
def play(stage: Stage) -> Play:
    """Ana has calling now; LDAP has not synced `late`, and a number is not in the inventory."""
    stage.location("HQ")
    stage.people("ana", "taken")
    played = stage.play(*ROWS)
    assert played.outcomes == {
        "ana@example.com": "success",
        "late@example.com": "user_not_found",
        "taken@example.com": "number_inventory_missing",
        "HQ/Recepcion": "user_not_found",
    }
    return played


def sync(stage: Stage, email: str) -> None:
    """LDAP has synced a user, as the sandbox's operator says it."""
    url = f"{stage.server.control_url}/people"
    assert httpx.post(url, json={"people": [{"email": email}]}, trust_env=False).status_code == 200


def test_a_user_synced_later_is_provisioned_by_the_retry_and_so_is_what_needs_him(stage: Stage, play: Play) -> None:
    sync(stage, "late@example.com")
    assert play.retry() is RunState.COMPLETED_WITH_PENDING
    assert play.outcomes == {
        "ana@example.com": "success",
        "late@example.com": "success",
        "taken@example.com": "number_inventory_missing",
        "HQ/Recepcion": "success",
    }


def test_a_retry_touches_pending_rows_only_and_counts_the_attempt(stage: Stage, play: Play) -> None:
    before = play.results
    play.retry()
    new = play.results[len(before) :]
    assert play.results[: len(before)] == before
    assert {record["entity_key"] for record in new} == set(play.outcomes) - {"ana@example.com"}
    assert {record["attempt"] for record in new} == {"2"}
    assert play.checkpoint["generation"]["n"] == 2
    assert len([record for record in play.pending if record["attempt"] == "2"]) == 3


def test_a_retry_by_reason_takes_only_those(stage: Stage, play: Play) -> None:
    stage.tenant.lines.stock(stage.named("locations", "HQ")[0]["id"], ["+34910009999"])
    assert play.retry(Reason.NUMBER_INVENTORY_MISSING) is RunState.COMPLETED_WITH_PENDING
    assert play.last("taken@example.com")["status"] == "success"
    assert play.last("late@example.com")["attempt"] == "1"


def test_a_retry_after_everything_succeeded_changes_nothing(stage: Stage, play: Play) -> None:
    sync(stage, "late@example.com")
    stage.tenant.lines.stock(stage.named("locations", "HQ")[0]["id"], ["+34910009999"])
    assert play.retry() is RunState.COMPLETED
    before, records = stage.tenant.normalised(), play.results
    assert play.retry() is RunState.COMPLETED
    assert play.results == records
    assert play.writes == []
    assert stage.tenant.normalised() == before


def test_a_resume_leaves_pending_rows_alone(stage: Stage, play: Play) -> None:
    sync(stage, "late@example.com")
    records = play.results
    assert play.run() is RunState.COMPLETED_WITH_PENDING
    assert play.results == records


def test_a_replay_does_all_again_and_creates_nothing(stage: Stage, play: Play) -> None:
    sync(stage, "late@example.com")
    play.retry()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED_WITH_PENDING
    assert play.calls("POST") + play.calls("PATCH") == []
    assert {record["attempt"] for record in play.results[-4:]} == {"3"}


def test_a_retry_that_was_stopped_is_finished_by_the_resume(stage: Stage, play: Play) -> None:
    sync(stage, "late@example.com")
    stage.faults({"method": "PATCH", "effect": "status", "status": 429, "retry_after": "3600"})
    assert play.retry() is RunState.STOPPED_RATE_LIMITED
    stage.faults()
    with pytest.raises(GenerationOpen):
        play.run(RunMode.REPLAY)
    play.run()
    assert play.last("late@example.com")["status"] == "success"
    assert play.last("late@example.com")["attempt"] == "2"
    assert play.last("HQ/Recepcion")["status"] == "success"
