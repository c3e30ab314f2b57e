"""dial_plan: created with its patterns, missing ones added, collisions told; nothing is taken away."""

import re
from typing import Any

import pytest

from webex_provision.sandbox import dial_plans
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.actions.test_route_group import VARIABLE, group, trunk
from webex_provision_tests.stage import Play, Stage

KEY = "DP-1"
ALL = "/telephony/config/premisePstn/dialPlans"
VALIDATE = "/telephony/config/premisePstn/actions/validateDialPatterns/invoke"
CREATE = {"method": "POST", "path": "/dialPlans$"}
PATTERNS = {"method": "PUT", "path": "/dialPatterns$"}
MANY = [f"+3491{number:04}" for number in range(450)]


def plan(patterns: str, name: str = KEY, **cells: str) -> dict[str, str]:
    return {
        "entity_type": "dial_plan",
        "dial_plan_name": name,
        "dial_plan_patterns": patterns,
        "dial_plan_target_type": "TRUNK",
        "dial_plan_target_key": "A",
        **cells,
    }


OTHER_TARGET = {"dial_plan_target_type": "ROUTE_GROUP", "dial_plan_target_key": "RG-1"}


@pytest.fixture
def site(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A trunk and a route group."""
    monkeypatch.setenv(VARIABLE, "sip-secret")
    stage.location("HQ")
    stage.play(trunk("A"), group("A"))
    return stage


def held(site: Stage, name: str = KEY) -> list[str]:
    patterns: list[str] = site.named("dial_plans", name)[0]["patterns"]
    return patterns


def added(play: Play) -> list[Any]:
    return [[change["dialPattern"] for change in body["dialPatterns"]] for body in play.bodies("PUT", "/dialPatterns")]


def test_a_new_plan_is_one_post_with_plain_patterns(site: Stage) -> None:
    play = site.play(plan("+496100!|456X|+34XX|12"))
    assert play.state is RunState.COMPLETED
    target = site.named("trunks", "A")[0]["id"]
    assert play.bodies("POST", "") == [
        {"name": KEY, "routeId": target, "routeType": "TRUNK", "dialPatterns": ["+496100!", "456X", "+34XX", "12"]}
    ]
    assert play.writes == [f"POST {ALL}"]
    assert play.last(KEY)["remote_id"] == site.named("dial_plans", KEY)[0]["id"]


def test_an_existing_plan_gets_what_it_lacks_and_keeps_the_rest(site: Stage) -> None:
    """The PUT of patterns is a delta of objects; the missing ones alone are asked for collisions first."""
    site.play(plan("1X|2X"))
    play = site.play(plan("2X|3X|4X", **OTHER_TARGET))
    assert play.state is RunState.COMPLETED
    assert play.bodies("POST", "") == [{"dialPatterns": ["3X", "4X"]}]
    updated, patterns = play.bodies("PUT", "")
    target = site.named("route_groups", "RG-1")[0]["id"]
    assert updated == {"name": KEY, "routeId": target, "routeType": "ROUTE_GROUP"}
    assert patterns == {
        "dialPatterns": [{"dialPattern": "3X", "action": "ADD"}, {"dialPattern": "4X", "action": "ADD"}]
    }
    assert play.writes == [f"POST {VALIDATE}", f"PUT {ALL}/*", f"PUT {ALL}/*/dialPatterns"]
    assert held(site) == ["1X", "2X", "3X", "4X"]


def test_the_same_row_again_sends_nothing(site: Stage) -> None:
    play = site.play(plan("1X|2X"))
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.writes == []
    assert site.tenant.normalised() == before


def test_many_patterns_go_in_requests_of_two_hundred(site: Stage) -> None:
    play = site.play(plan("|".join(MANY)))
    assert play.state is RunState.COMPLETED
    assert play.bodies("POST", "/dialPlans")[0]["dialPatterns"] == MANY[:200]
    assert added(play) == [MANY[200:400], MANY[400:]]
    assert held(site) == MANY
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert added(play) == []


def test_patterns_of_a_large_plan_are_read_to_the_last_page(site: Stage) -> None:
    site.play(plan("12"))
    site.named("dial_plans", KEY)[0]["patterns"] = [f"+4{number:05}" for number in range(1500)]
    play = site.play(plan("+401499|+409999"))
    assert play.state is RunState.COMPLETED
    assert added(play) == [["+409999"]]
    assert len(play.calls("GET", "/dialPatterns")) == 2


def test_a_create_that_left_patterns_out_is_half_applied_and_names_them(site: Stage) -> None:
    """A 201 with dialPatternErrors; the retry finds the collision before it changes anything."""
    site.play(plan("1X", name="Other"))
    play = site.play(plan("1X|2X"))
    why = play.why(KEY)
    assert (why["reason_code"], why["step"]) == ("half_applied", "dial_plan_patterns_check")
    assert "invalid_dial_plan_collision" in why["reason_message"]
    assert "1X DUPLICATE" in why["reason_message"]
    assert play.last(KEY)["remote_id"]
    assert held(site) == ["2X"]
    play.retry()
    assert play.outcome(KEY) == "invalid_dial_plan_collision"
    assert play.writes == [f"POST {VALIDATE}"]


def test_with_compensation_a_plan_with_a_collision_is_taken_back(site: Stage) -> None:
    site.play(plan("1X", name="Other"))
    play = site.play(plan("1X|2X"), enable_safe_compensation=True)
    assert play.outcome(KEY) == "invalid_dial_plan_collision"
    assert site.named("dial_plans", KEY) == []


def test_a_pattern_that_webex_calls_invalid_is_no_collision(site: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service may be stricter than the check before it."""
    monkeypatch.setattr(dial_plans, "PATTERN", re.compile(r"[0-9]+X?\Z"))
    play = site.play(plan("1X|2XX"))
    why = play.why(KEY)
    assert why["reason_code"] == "half_applied"
    assert "non_retryable_external" in why["reason_message"]
    assert "2XX INVALID" in why["reason_message"]
    play.retry()
    assert play.outcome(KEY) == "non_retryable_external"
    assert play.writes == [f"POST {VALIDATE}"]


def test_an_update_that_collides_is_stopped_before_any_write(site: Stage) -> None:
    site.play(plan("1X", name="Other"), plan("2X"))
    play = site.play(plan("1X|2X|3X"))
    assert play.outcome(KEY) == "invalid_dial_plan_collision"
    assert play.writes == [f"POST {VALIDATE}"]
    assert held(site) == ["2X"]


def test_one_pattern_in_two_rows_is_rejected(site: Stage) -> None:
    play = site.play(plan("1X|2X"), plan("2X", name="Other"))
    assert play.summary["counts"]["rejected"] == 2


@pytest.mark.parametrize("pattern", ["+1456!!", "+1456X234", "845X8", "456!", "+0123", "+", "X", "12X!", "1X|1X"])
def test_patterns_that_webex_refuses_are_rejected_before_any_call(site: Stage, pattern: str) -> None:
    assert site.play(plan(pattern)).summary["counts"]["rejected"] == 1


def test_a_priority_is_a_wish_that_no_api_serves(site: Stage) -> None:
    play = site.play(plan("1X", dial_plan_priority="1"))
    assert play.outcome(KEY) == "out_of_scope"
    assert play.writes == []


def test_a_target_that_is_not_there_stops_the_row_before_any_write(site: Stage) -> None:
    play = site.play(plan("1X", dial_plan_target_key="Z"))
    assert play.outcome(KEY) == "resource_dependency_missing"
    assert "no trunk named 'Z'" in play.why(KEY)["reason_message"]
    assert play.writes == []


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 25024, "non_retryable_external"),
        (403, None, "permission_denied"),
        (405, None, "license_or_feature_missing"),
        (409, None, "non_retryable_external"),
        (423, None, "non_retryable_external"),
    ],
)
def test_a_refused_create_has_the_reason_of_its_answer(site: Stage, status: int, code: int | None, reason: str) -> None:
    site.faults(CREATE | {"effect": "status", "status": status, "error_code": code})
    assert site.play(plan("1X")).outcome(KEY) == reason


@pytest.mark.parametrize("status", [400, 409])
def test_a_create_refused_because_the_plan_exists_goes_on_as_an_update(site: Stage, status: int) -> None:
    site.play(plan("1X"))
    hidden = {"method": "GET", "path": "/dialPlans$", "last": 2, "effect": "missing_fields"}
    site.faults(hidden, CREATE | {"effect": "status", "status": status})
    play = site.play(plan("1X|2X"))
    assert play.state is RunState.COMPLETED
    assert held(site) == ["1X", "2X"]


def test_a_create_whose_answer_was_lost_is_looked_up_and_not_sent_again(site: Stage) -> None:
    site.faults(CREATE | {"effect": "ghost"})
    play = site.play(plan("1X"))
    assert play.state is RunState.COMPLETED
    assert len(play.calls("POST", "/dialPlans")) == 1
    assert held(site) == ["1X"]


def test_patterns_whose_answer_was_lost_are_read_again_before_anything_is_sent(site: Stage) -> None:
    site.play(plan("1X"))
    site.faults(PATTERNS | {"effect": "ghost"})
    play = site.play(plan("1X|2X"))
    assert play.state is RunState.COMPLETED
    assert added(play) == [["2X"]]


def test_patterns_that_never_arrived_are_sent_once_more(site: Stage) -> None:
    """A pattern belongs to one plan, so a second ADD can make no twin."""
    site.play(plan("1X"))
    site.faults(PATTERNS | {"effect": "reset", "last": 1})
    play = site.play(plan("1X|2X"))
    assert play.state is RunState.COMPLETED
    assert added(play) == [["2X"], ["2X"]]


def test_patterns_that_are_refused_after_the_plan_was_updated_are_half_applied(site: Stage) -> None:
    site.play(plan("1X"))
    site.faults(PATTERNS | {"effect": "status", "status": 400, "error_code": 25024})
    play = site.play(plan("1X|2X", **OTHER_TARGET))
    why = play.why(KEY)
    assert (why["reason_code"], why["step"]) == ("half_applied", "dial_plan_patterns_update")
    assert "non_retryable_external" in why["reason_message"]
