"""user_numbers: extension and main number by the one PUT /people, alternates as a delta."""

from typing import Any

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.stage import Play, Stage, calling_users, give_calling

KEY = "ana@example.com"
FIRST, SECOND, THIRD, FOURTH = "+34910002901", "+34910002902", "+34910002903", "+34910002904"


def numbers(**cells: str) -> dict[str, str]:
    return {"entity_type": "user_numbers", "location_key": "HQ", "email": KEY, **cells}


@pytest.fixture
def site(stage: Stage) -> Stage:
    """Ana calls already, by extension 2101."""
    stage.location("HQ", "+34910002101", FIRST, SECOND, THIRD, FOURTH)
    stage.location("Sevilla", "+34950000001")
    calling_users(stage, ana="2101")
    return stage


def holds(stage: Stage, *alternates: str) -> None:
    """Ana has these alternates already."""
    line = stage.tenant.lines.by_owner[stage.person("ana")["id"]]
    stage.tenant.lines.change_alternates(line, dict.fromkeys(alternates, "NORMAL"), [])


def sent(play: Play) -> Any:
    (body,) = play.bodies("PUT", "/numbers")
    return body


def test_the_people_put_echoes_the_name_just_read_and_carries_nothing_else_of_identity(site: Stage) -> None:
    site.person("ana")["displayName"] = "Ana Ruiz, Ventas"
    play = site.play(numbers(extension="2150", phone_number="+34910002101"))
    assert play.state is RunState.COMPLETED
    (put,) = play.calls("PUT")
    assert put["body"] == {
        "displayName": "Ana Ruiz, Ventas",
        "extension": "2150",
        "phoneNumbers": [{"type": "work", "value": "+34910002101"}],
    }
    assert put["query"] == {"callingData": "true"}
    before = play.server.log.entries[play.server.log.entries.index(put) - 1]
    assert (before["method"], before["path"]) == ("GET", put["path"])
    assert site.line_of(site.person("ana")) == ("2150", "+34910002101", [])


def test_only_what_the_row_names_is_sent(site: Stage) -> None:
    play = site.play(numbers(extension="2150"))
    assert play.bodies("PUT", "") == [{"displayName": "Ana", "extension": "2150"}]


def test_a_line_that_is_as_the_row_wants_it_costs_no_write_and_no_read_of_the_person(site: Stage) -> None:
    play = site.play(numbers(extension="2101"))
    assert (play.state, play.writes) == (RunState.COMPLETED, [])
    assert not [entry for entry in play.calls("GET") if "/people/" in entry["path"] and "me" not in entry["path"]]


def test_allow_people_put_false_makes_the_change_out_of_scope_and_leaves_the_rest_possible(site: Stage) -> None:
    play = site.play(numbers(extension="2150"), allow_people_put=False)
    assert (play.outcome(KEY), play.writes) == ("out_of_scope", [])
    alternates = site.play(numbers(phone_numbers_secondary=FIRST), allow_people_put=False)
    assert alternates.state is RunState.COMPLETED


def test_alternates_that_are_missing_are_added_and_those_held_are_not_sent_again(site: Stage) -> None:
    holds(site, FIRST)
    play = site.play(
        numbers(
            phone_numbers_secondary=f"{FIRST}|{SECOND}",
            user_ring_pattern_secondary="LONG_LONG",
            user_distinctive_ring_enabled="true",
        )
    )
    assert play.state is RunState.COMPLETED
    assert sent(play) == {
        "phoneNumbers": [{"primary": False, "action": "ADD", "directNumber": SECOND, "ringPattern": "LONG_LONG"}],
        "distinctiveRingEnabled": True,
    }
    assert site.line_of(site.person("ana"))[2] == [FIRST, SECOND]


def test_alternates_that_the_row_does_not_list_stay_unless_it_says_replace(site: Stage) -> None:
    holds(site, FIRST, SECOND)
    play = site.play(numbers(phone_numbers_secondary=THIRD))
    assert site.line_of(site.person("ana"))[2] == [FIRST, SECOND, THIRD]
    play = site.play(numbers(phone_numbers_secondary=f"{THIRD}|{FOURTH}", user_numbers_replace="true"))
    changes = sorted((entry["action"], entry["directNumber"]) for entry in sent(play)["phoneNumbers"])
    assert changes == [("ADD", FOURTH), ("DELETE", FIRST), ("DELETE", SECOND)]
    assert site.line_of(site.person("ana"))[2] == [THIRD, FOURTH]


def test_the_same_row_again_sends_nothing(site: Stage) -> None:
    play = site.play(numbers(extension="2150", phone_numbers_secondary=f"{FIRST}|{SECOND}"))
    assert play.state is RunState.COMPLETED
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.writes == []


@pytest.mark.parametrize("effect", ["ghost", "cut", "timeout"])
def test_a_delta_whose_answer_is_lost_is_read_before_anything_is_sent_again(site: Stage, effect: str) -> None:
    """A repeated ADD would be refused; an ADD that was not applied is sent once more."""
    site.faults({"method": "PUT", "path": "/numbers$", "effect": effect, "last": 1, "seconds": 60})
    play = site.play(numbers(phone_numbers_secondary=FIRST), request_timeout_seconds=0.5, list_lag_seconds=2)
    assert play.state is RunState.COMPLETED
    assert len(play.calls("PUT")) == (2 if effect == "timeout" else 1)
    assert site.line_of(site.person("ana"))[2] == [FIRST]


def test_a_user_without_calling_is_told_what_gives_it(site: Stage) -> None:
    site.people("luis")
    play = site.play(numbers(extension="2102") | {"email": "luis@example.com"}, numbers(extension="2150"))
    assert play.outcomes == {"luis@example.com": "precondition_missing", KEY: "success"}
    assert "user_calling_settings" in play.why("luis@example.com")["reason_message"]


def test_users_who_are_not_there_or_call_elsewhere_are_told(site: Stage) -> None:
    give_calling(site, "Webex Calling - Professional", "Sevilla", eva="2101")
    play = site.play(
        numbers(extension="2102") | {"email": "ghost@example.com"},
        numbers(extension="2103") | {"email": "eva@example.com"},
    )
    assert play.outcomes == {"ghost@example.com": "user_not_found", "eva@example.com": "precondition_missing"}
    assert play.writes == []


@pytest.mark.parametrize("column", ["phone_number", "phone_numbers_secondary"])
@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("+34910009999", "not in the organisation's inventory"),
        ("+34950000001", "in the inventory of Sevilla"),
        (FOURTH, "belongs to PEOPLE Berta"),
    ],
)
def test_a_number_that_cannot_be_had_is_told_before_any_write(site: Stage, column: str, number: str, told: str) -> None:
    calling_users(site, berta=FOURTH)
    play = site.play(numbers(extension="2150", **{column: number}))
    assert (play.outcome(KEY), play.writes) == ("number_inventory_missing", [])
    assert told in play.why(KEY)["reason_message"]


def test_service_numbers_cannot_be_assigned(site: Stage) -> None:
    site.tenant.lines.inventory[FIRST].service = True
    play = site.play(numbers(phone_numbers_secondary=FIRST))
    assert (play.outcome(KEY), play.writes) == ("number_inventory_missing", [])


def test_an_extension_of_somebody_else_is_told_before_any_write(site: Stage) -> None:
    calling_users(site, berta="2150")
    play = site.play(numbers(extension="2150"))
    assert (play.outcome(KEY), play.writes) == ("non_retryable_external", [])


def test_a_refused_put_that_changed_nothing_keeps_its_own_reason(site: Stage) -> None:
    site.faults({"method": "PUT", "path": "/people/", "effect": "status", "status": 400, "error_code": 4202})
    play = site.play(numbers(extension="2150"))
    assert play.outcome(KEY) == "non_retryable_external"
    reads = [entry for entry in play.calls("GET") if entry["path"].endswith(site.person("ana")["id"])]
    assert len(reads) == 2


def test_a_refused_put_that_changed_part_of_the_record_is_half_applied(site: Stage) -> None:
    """The person is read again before the refusal is reported."""
    site.faults({"method": "PUT", "path": "/people/", "effect": "ghost", "status": 400, "error_code": 25042})
    play = site.play(numbers(extension="2150"))
    why = play.why(KEY)
    assert (why["reason_code"], why["http_status"]) == ("half_applied", "400")
    assert "non_retryable_external" in why["reason_message"]


def test_a_put_answered_without_the_person_is_no_success(site: Stage) -> None:
    site.faults({"method": "PUT", "path": "/people/", "effect": "missing_fields"})
    play = site.play(numbers(extension="2150"))
    assert play.outcome(KEY) == "invalid_response_schema"


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 4250, "number_inventory_missing"),
        (400, 25008, "non_retryable_external"),
        (403, None, "permission_denied"),
        (405, None, "license_or_feature_missing"),
        (404, None, "user_not_found"),
    ],
)
def test_a_refused_change_of_alternates_has_the_reason_of_its_answer(
    site: Stage, status: int, code: int | None, reason: str
) -> None:
    site.faults({"method": "PUT", "path": "/numbers$", "effect": "status", "status": status, "error_code": code})
    play = site.play(numbers(phone_numbers_secondary=FIRST))
    assert play.outcome(KEY) == reason
    assert play.why(KEY)["step"] == "user_secondary_numbers_update"


def test_alternates_that_fail_after_the_extension_was_changed_are_half_applied(site: Stage) -> None:
    site.faults({"method": "PUT", "path": "/numbers$", "effect": "status", "status": 400, "error_code": 4250})
    play = site.play(numbers(extension="2150", phone_numbers_secondary=FIRST))
    why = play.why(KEY)
    assert (why["reason_code"], why["step"]) == ("half_applied", "user_secondary_numbers_update")
    assert "number_inventory_missing" in why["reason_message"]
    site.faults()
    assert play.retry() is RunState.COMPLETED
    assert play.writes == ["PUT /telephony/config/people/*/numbers"]
