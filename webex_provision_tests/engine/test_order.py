"""Phases in order, types in order, rows of a type together within bounds; what was not selected is not reached."""

import pytest

from webex_provision.engine.errors import NotYetDue
from webex_provision.ledger.manifest import Selection
from webex_provision.vocabulary import Phase, RunMode, RunState
from webex_provision_tests.rehearsal import LOCATION, hunt_group, user, workspace
from webex_provision_tests.stage import Row, Stage

NUMBERS = {"entity_type": "user_numbers", "location_key": "HQ", "email": "user0@example.com"}
ASSIGNMENT = {"entity_type": "extension_assignment", "location_key": "HQ", "email": "eva@example.com"}
MIXED: tuple[Row, ...] = (
    hunt_group("Recepcion", "2800", hunt_agents="user0@example.com|workspace:Sala Goya"),
    ASSIGNMENT | {"extension": "2103"},
    workspace("Sala Goya", "2301"),
    NUMBERS | {"extension": "2150"},
    *(user(f"user{number}", str(3000 + number)) for number in range(1, 6)),
    user("user0", "2150"),
    LOCATION,
)
IN_ORDER = ["location", "user", "user_numbers", "workspace", "extension_assignment", "hunt_group"]


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.people("eva", *(f"user{number}" for number in range(40)))
    return stage


def runs_of(values: list[str]) -> list[str]:
    """Each value once for every stretch of it."""
    return [value for place, value in enumerate(values) if place == 0 or values[place - 1] != value]


def test_types_run_in_their_declared_order_whatever_the_order_of_the_file(site: Stage) -> None:
    play = site.play(*MIXED)
    assert play.state is RunState.COMPLETED, play.pending
    assert runs_of([record["entity_type"] for record in play.results]) == IN_ORDER
    writes = [write for write in runs_of(play.writes) if not write.startswith("PUT")]
    assert writes == [
        "POST /locations",
        "POST /telephony/config/locations",
        "PATCH /licenses/users",
        "POST /workspaces",
        "PATCH /licenses/users",
        "POST /telephony/config/locations/*/huntGroups",
    ]


def test_the_order_holds_over_small_batches_too(site: Stage) -> None:
    play = site.play(*MIXED, batch_size=2)
    assert play.state is RunState.COMPLETED, play.pending
    assert runs_of([record["entity_type"] for record in play.results]) == IN_ORDER
    assert {record["batch_id"] for record in play.results} >= {"p1-b0001", "p2-b0001", "p2-b0004", "p3-b0001"}


def test_rows_of_one_type_run_together_and_each_batch_ends_before_the_next(site: Stage) -> None:
    rows = [user(f"user{number}", str(3000 + number)) for number in range(20)]
    site.location("HQ")
    site.faults({"method": "PATCH", "effect": "delay", "seconds": 2})
    play = site.play(*rows, batch_size=10)
    assert runs_of([record["batch_id"] for record in play.results]) == ["p2-b0001", "p2-b0002"]
    entries = play.calls("PATCH")
    assert max(entry["seq"] for entry in entries[:10]) < min(entry["seq"] for entry in entries[10:])


def test_a_later_phase_is_not_due_before_every_earlier_row_has_a_state(site: Stage) -> None:
    """The refusal names the first row that is missing and the command that mends it; nothing is called."""
    play = site.prepare(*MIXED)
    with pytest.raises(NotYetDue, match=r"webex-provision resume"):
        play.run(selection=Selection(phases=(Phase.USERS,)))
    assert play.results == []
    assert play.writes == []
    assert play.run(selection=Selection(phases=(Phase.ROUTING,))) is RunState.COMPLETED
    assert play.run(selection=Selection(phases=(Phase.USERS,))) is RunState.COMPLETED
    assert play.summary["counts"]["not_reached"] == 2
    assert play.run() is RunState.COMPLETED
    assert play.summary["counts"]["not_reached"] == 0


def test_a_type_is_not_due_before_the_earlier_types_of_its_phase(site: Stage) -> None:
    play = site.prepare(*MIXED)
    assert play.run(selection=Selection(types=("location",))) is RunState.COMPLETED
    for types in (("workspace",), ("user", "workspace")):
        with pytest.raises(NotYetDue):
            play.run(selection=Selection(types=types))
    assert "POST /workspaces" not in play.writes
    assert play.run(selection=Selection(types=("user", "user_numbers", "workspace"))) is RunState.COMPLETED


def test_rows_that_were_not_selected_have_no_state_and_are_counted_as_not_reached(site: Stage) -> None:
    """No checkpoint claims them, neither after that run nor after a retry of what was pending in it."""
    play = site.prepare(*MIXED, user("ghost", "3999"))
    assert play.run(selection=Selection(types=("location", "user"))) is RunState.COMPLETED_WITH_PENDING
    assert {record["entity_type"] for record in play.results} == {"location", "user"}
    assert play.summary["counts"]["not_reached"] == 4
    assert play.checkpoint["last_completed_batch_id"] == "p1-b0001"
    play.retry()
    assert play.last("ghost@example.com")["attempt"] == "2"
    assert play.summary["counts"]["not_reached"] == 4
    play.run()
    assert len({record["row_id"] for record in play.results}) == len(MIXED) + 1
    assert play.checkpoint["last_completed_batch_id"] == "p3-b0001"


def test_pending_rows_of_an_earlier_type_do_not_hold_up_the_later_ones(site: Stage) -> None:
    """Pending is a state: what depends on it says so itself."""
    ghost = user("ghost", "3999")
    play = site.play(*MIXED, ghost, hunt_group("Ventas", "2801", hunt_agents="ghost@example.com"))
    assert play.state is RunState.COMPLETED_WITH_PENDING
    reasons = {key: outcome for key, outcome in play.outcomes.items() if outcome != "success"}
    assert reasons == {"ghost@example.com": "user_not_found", "HQ/Ventas": "user_not_found"}


def test_a_replay_obeys_its_selection(site: Stage) -> None:
    play = site.play(*MIXED)
    assert play.run(RunMode.REPLAY, Selection(types=("hunt_group",))) is RunState.COMPLETED
    assert play.writes == ["PUT /telephony/config/locations/*/huntGroups/*"]
