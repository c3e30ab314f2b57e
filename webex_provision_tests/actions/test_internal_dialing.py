"""internal_dialing: one setting of a location, sent whole, its target resolved by name and type."""

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.actions.test_route_group import VARIABLE, group, trunk
from webex_provision_tests.stage import Stage

KEY = "HQ"
ROW = {"entity_type": "internal_dialing", "location_key": "HQ", "internal_dialing_enabled": "true"}
TO_GROUP = ROW | {"internal_dialing_target_type": "ROUTE_GROUP", "internal_dialing_target_key": "Twin"}
TO_TRUNK = ROW | {"internal_dialing_target_type": "TRUNK", "internal_dialing_target_key": "Twin"}
OFF = ROW | {"internal_dialing_enabled": "false"}
PUT = {"method": "PUT", "path": "/internalDialing$"}
PATH = "/telephony/config/locations/*/internalDialing"


@pytest.fixture
def site(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A trunk and a route group that share a name."""
    monkeypatch.setenv(VARIABLE, "sip-secret")
    stage.location("HQ")
    stage.play(trunk("Twin"), group("Twin", route_group_name="Twin"))
    return stage


@pytest.mark.parametrize(("row", "table"), [(TO_GROUP, "route_groups"), (TO_TRUNK, "trunks")])
def test_on_names_the_target_by_type_and_id(site: Stage, row: dict[str, str], table: str) -> None:
    play = site.play(row, verify_writes=True)
    assert play.state is RunState.COMPLETED
    target = {"id": site.named(table, "Twin")[0]["id"], "type": row["internal_dialing_target_type"]}
    expected = {"enableUnknownExtensionRoutePolicy": True, "unknownExtensionRouteIdentity": target}
    assert play.bodies("PUT", "") == [expected]
    assert play.writes == [f"PUT {PATH}"]


def test_off_is_the_switch_alone(site: Stage) -> None:
    site.play(TO_TRUNK)
    play = site.play(OFF)
    assert play.state is RunState.COMPLETED
    assert play.bodies("PUT", "") == [{"enableUnknownExtensionRoutePolicy": False}]


def test_the_same_row_again_leaves_the_tenant_as_it_is(site: Stage) -> None:
    play = site.play(TO_GROUP)
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.calls("POST") == []
    assert site.tenant.normalised() == before


def test_a_target_of_the_same_file_is_known_even_when_lists_lag(site: Stage) -> None:
    site.faults(list_lag_seconds=30)
    for table in ("locations", "trunks"):
        born = site.tenant.table(table).born
        born.update(dict.fromkeys(born, 0.0))
    row = ROW | {"internal_dialing_target_type": "ROUTE_GROUP", "internal_dialing_target_key": "New"}
    play = site.play(row, group("Twin", route_group_name="New"))
    assert play.state is RunState.COMPLETED


def test_a_target_that_is_not_there_stops_the_row_before_any_write(site: Stage) -> None:
    """A trunk of that name is no route group."""
    site.play(trunk("Only"))
    play = site.play(TO_GROUP | {"internal_dialing_target_key": "Only"})
    assert play.outcome(KEY) == "resource_dependency_missing"
    assert "no route group named 'Only'" in play.why(KEY)["reason_message"]
    assert play.writes == []


@pytest.mark.parametrize("row", [ROW, OFF | {"internal_dialing_target_type": "TRUNK"}])
def test_on_without_a_target_and_off_with_one_are_rejected(site: Stage, row: dict[str, str]) -> None:
    assert site.play(row).summary["counts"]["rejected"] == 1


def test_a_second_row_of_a_location_is_rejected(site: Stage) -> None:
    assert site.play(TO_GROUP, OFF).summary["counts"]["rejected"] == 1


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 27344, "non_retryable_external"),
        (403, None, "permission_denied"),
        (404, None, "precondition_missing"),
        (423, None, "non_retryable_external"),
    ],
)
def test_a_refusal_has_the_reason_of_its_answer(site: Stage, status: int, code: int | None, reason: str) -> None:
    site.faults(PUT | {"effect": "status", "status": status, "error_code": code})
    assert site.play(TO_GROUP).outcome(KEY) == reason


def test_a_lost_answer_is_simply_sent_again(site: Stage) -> None:
    site.faults(PUT | {"effect": "ghost", "last": 1})
    play = site.play(TO_GROUP)
    assert play.state is RunState.COMPLETED
    assert len(play.calls("PUT")) == 2
