"""route_group: every trunk resolved, the list sent whole."""

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.stage import Stage

VARIABLE = "TRUNK_PASSWORD_UNDER_TEST"
KEY = "RG-1"
ALL = "/telephony/config/premisePstn/routeGroups"
CREATE = {"method": "POST", "path": "/routeGroups$"}


def trunk(name: str) -> dict[str, str]:
    return {
        "entity_type": "trunk",
        "location_key": "HQ",
        "trunk_name": name,
        "trunk_type": "REGISTERING",
        "trunk_password_env": VARIABLE,
    }


def group(trunks: str, **cells: str) -> dict[str, str]:
    return {"entity_type": "route_group", "route_group_name": KEY, "route_group_trunks": trunks, **cells}


@pytest.fixture
def site(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A location with the trunks A and B."""
    monkeypatch.setenv(VARIABLE, "sip-secret")
    stage.location("HQ")
    stage.play(trunk("A"), trunk("B"))
    return stage


def gateways(site: Stage, **priorities: int) -> list[dict[str, object]]:
    return [{"id": site.named("trunks", name)[0]["id"], "priority": rank} for name, rank in priorities.items()]


@pytest.mark.parametrize(
    ("cell", "expected"), [("A|B", {"A": 1, "B": 2}), ("B=3|A=1", {"B": 3, "A": 1}), ("B=2|A", {"B": 2, "A": 2})]
)
def test_a_new_group_is_one_post_with_priorities_as_written_or_by_place(
    site: Stage, cell: str, expected: dict[str, int]
) -> None:
    play = site.play(group(cell))
    assert play.state is RunState.COMPLETED
    assert play.bodies("POST", "") == [{"name": KEY, "localGateways": gateways(site, **expected)}]
    assert play.last(KEY)["remote_id"] == site.named("route_groups", KEY)[0]["id"]


def test_trunks_of_the_same_file_are_made_first_even_when_lists_lag(site: Stage) -> None:
    """A trunk may be named by its row's entity_key; what a row made a moment ago is known without a list."""
    site.faults(list_lag_seconds=30)
    site.tenant.table("locations").born[site.named("locations", "HQ")[0]["id"]] = 0
    play = site.play(group("gateway-c"), trunk("C") | {"entity_key": "gateway-c"})
    assert play.state is RunState.COMPLETED
    assert play.bodies("POST", "/routeGroups") == [{"name": KEY, "localGateways": gateways(site, C=1)}]


def test_an_existing_group_is_replaced_whole(site: Stage) -> None:
    site.play(group("A"))
    play = site.play(group("B=1|A=2"))
    assert play.writes == [f"PUT {ALL}/*"]
    assert play.bodies("PUT", "") == [{"name": KEY, "localGateways": gateways(site, B=1, A=2)}]


def test_the_same_row_again_creates_nothing(site: Stage) -> None:
    play = site.play(group("A|B"))
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.calls("POST") == []
    assert site.tenant.normalised() == before


def test_an_unknown_trunk_stops_the_row_before_any_write(site: Stage) -> None:
    site.play(group("A|B"))
    play = site.play(group("A|Z"))
    assert play.outcome(KEY) == "resource_dependency_missing"
    assert "'Z'" in play.why(KEY)["reason_message"]
    assert play.writes == []


@pytest.mark.parametrize("trunks", ["A=0", "A|A", "A=x", "|".join(f"T{n}" for n in range(11))])
def test_lists_that_make_no_sense_are_rejected(site: Stage, trunks: str) -> None:
    assert site.play(group(trunks)).summary["counts"]["rejected"] == 1


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 25043, "non_retryable_external"),
        (403, None, "permission_denied"),
        (405, None, "license_or_feature_missing"),
        (409, None, "non_retryable_external"),
        (423, None, "non_retryable_external"),
    ],
)
def test_a_refused_create_has_the_reason_of_its_answer(site: Stage, status: int, code: int | None, reason: str) -> None:
    site.faults(CREATE | {"effect": "status", "status": status, "error_code": code})
    play = site.play(group("A"))
    assert play.outcome(KEY) == reason


@pytest.mark.parametrize("status", [400, 409])
def test_a_create_refused_because_the_group_exists_goes_on_as_an_update(site: Stage, status: int) -> None:
    site.play(group("A"))
    hidden = {"method": "GET", "path": "/routeGroups$", "last": 2, "effect": "missing_fields"}
    site.faults(hidden, CREATE | {"effect": "status", "status": status})
    play = site.play(group("A"))
    assert play.state is RunState.COMPLETED
    assert play.writes == [f"POST {ALL}", f"PUT {ALL}/*"]


def test_a_create_whose_answer_was_lost_is_looked_up_and_not_sent_again(site: Stage) -> None:
    site.faults(CREATE | {"effect": "ghost"})
    play = site.play(group("A"))
    assert play.state is RunState.COMPLETED
    assert len(play.calls("POST")) == 1
