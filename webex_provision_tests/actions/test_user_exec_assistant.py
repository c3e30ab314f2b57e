"""user_exec_assistant: types first, then the whole list of assistants; nobody loses a role unnoticed."""

from typing import Any

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.stage import Stage, calling_users

ANA = "ana@example.com"
TYPE = "PUT /people/*/features/executiveAssistant"
PAIR = "PUT /telephony/config/people/*/executive/assignedAssistants"
ALERT = "PUT /telephony/config/people/*/executive/alert"


def executive(assistants: str, email: str = ANA, **cells: str) -> dict[str, str]:
    cells = {"user_exec_assistant_emails": assistants, **cells}
    return {"entity_type": "user_exec_assistant", "location_key": "HQ", "email": email, **cells}


BOTH = executive("luis@example.com|eva@example.com")


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location()
    calling_users(stage, ana="2101", luis="2102", eva="2103")
    return stage


def kept(stage: Stage, name: str) -> Any:
    return stage.tenant.settings.get(stage.person(name)["id"], {}).get("executive", {})


def set_type(stage: Stage, name: str, kind: str) -> None:
    stage.tenant.settings[stage.person(name)["id"]] = {"executive": {"type": kind}}


def test_types_come_first_and_the_list_is_sent_in_the_order_of_the_cell(site: Stage) -> None:
    play = site.play(BOTH, verify_writes=True)
    assert (play.state, play.writes) == (RunState.COMPLETED, [TYPE, TYPE, TYPE, PAIR])
    types = [(entry["path"].split("/")[3], entry["body"]) for entry in play.calls("PUT", "/executiveAssistant")]
    ana, luis, eva = (site.person(name)["id"] for name in ("ana", "luis", "eva"))
    assert types == [
        (ana, {"type": "EXECUTIVE"}),
        (luis, {"type": "EXECUTIVE_ASSISTANT"}),
        (eva, {"type": "EXECUTIVE_ASSISTANT"}),
    ]
    assert play.bodies("PUT", "/assignedAssistants") == [{"assistantIds": [luis, eva]}]


def test_the_list_replaces_and_types_that_fit_are_not_sent_again(site: Stage) -> None:
    site.play(BOTH)
    play = site.play(executive("eva@example.com"))
    assert (play.state, play.writes) == (RunState.COMPLETED, [PAIR])
    assert kept(site, "ana")["assistants"] == [site.person("eva")["id"]]


def test_a_lone_dash_takes_all_assistants_away(site: Stage) -> None:
    site.play(BOTH)
    play = site.play(executive("-"), verify_writes=True)
    assert (play.state, play.bodies("PUT", "")) == (RunState.COMPLETED, [{"assistantIds": None}])
    assert kept(site, "ana")["assistants"] == []


def test_alerting_is_sent_whole_with_the_cells_over_what_is_there(site: Stage) -> None:
    """Whether the service merges is not recorded."""
    site.play(executive("eva@example.com", user_exec_next_assistant_rings="7"))
    play = site.play(executive("eva@example.com", user_exec_alerting_mode="SIMULTANEOUS"), verify_writes=True)
    assert (play.state, play.writes) == (RunState.COMPLETED, [PAIR, ALERT])
    (body,) = play.bodies("PUT", "/alert")
    assert (body["alertingMode"], body["nextAssistantNumberOfRings"]) == ("SIMULTANEOUS", 7)
    assert kept(site, "ana")["alert"] == body


def test_what_the_service_tells_beside_its_alerting_is_not_sent_back(site: Stage) -> None:
    """A PUT that checks its fields would refuse what it does not know."""
    site.play(executive("eva@example.com", user_exec_next_assistant_rings="7"))
    kept(site, "ana")["alert"]["futureField"] = {"a": 1}
    play = site.play(executive("eva@example.com", user_exec_alerting_mode="SIMULTANEOUS"))
    (body,) = play.bodies("PUT", "/alert")
    assert ("futureField" in body, body["nextAssistantNumberOfRings"]) == (False, 7)


def test_the_same_row_again_leaves_the_tenant_as_it_is(site: Stage) -> None:
    play = site.play(BOTH)
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert (play.writes, site.tenant.normalised()) == ([PAIR], before)


def test_one_assistant_may_serve_two_executives(site: Stage) -> None:
    calling_users(site, boss="2104")
    play = site.play(executive("eva@example.com"), executive("eva@example.com", "boss@example.com"))
    assert play.state is RunState.COMPLETED
    assert sorted(play.writes) == sorted([TYPE, TYPE, TYPE, PAIR, PAIR])


@pytest.mark.parametrize(
    ("assistant", "reason"),
    [("ghost@example.com", "user_not_found"), ("silent@example.com", "precondition_missing")],
)
def test_one_assistant_that_can_not_be_had_stops_the_row_before_any_write(
    site: Stage, assistant: str, reason: str
) -> None:
    site.people("silent")
    play = site.play(executive(f"eva@example.com|{assistant}"))
    assert (play.outcome(ANA), play.writes) == (reason, [])
    assert play.why(ANA)["step"] == "assistant_lookups"


def test_executives_that_are_not_there_or_do_not_call_are_told(site: Stage) -> None:
    site.people("silent")
    play = site.play(executive("-", "ghost@example.com"), executive("-", "silent@example.com"))
    assert play.outcomes == {"ghost@example.com": "user_not_found", "silent@example.com": "precondition_missing"}


@pytest.mark.parametrize(("name", "kind"), [("eva", "EXECUTIVE"), ("ana", "EXECUTIVE_ASSISTANT")])
def test_nobody_loses_the_other_role_silently(site: Stage, name: str, kind: str) -> None:
    """A change of type clears the pool of an executive, and takes an assistant from theirs."""
    set_type(site, name, kind)
    play = site.play(BOTH)
    assert (play.outcome(ANA), play.writes) == ("precondition_missing", [])
    assert f"{name}@example.com is" in play.why(ANA)["reason_message"]
    assert kept(site, name)["type"] == kind


def test_the_same_person_as_executive_and_as_assistant_in_one_file_is_rejected(site: Stage) -> None:
    play = site.prepare(
        executive("luis@example.com"),
        executive("eva@example.com", "luis@example.com"),
        executive("eva@example.com|boss@example.com", "boss@example.com"),
        executive("eva@example.com", "other@example.com"),
    )
    assert play.manifest is not None
    assert play.manifest.rows_rejected == 3


def test_a_refused_pairing_after_the_types_is_half_applied(site: Stage) -> None:
    site.faults(
        {"method": "PUT", "path": "/assignedAssistants$", "effect": "status", "status": 400, "error_code": 4410}
    )
    play = site.play(BOTH)
    why = play.why(ANA)
    assert (why["reason_code"], why["step"]) == ("half_applied", "exec_assistants_update")
    assert "license_or_feature_missing" in why["reason_message"]
    site.faults()
    assert (play.retry(), play.writes) == (RunState.COMPLETED, [PAIR])


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 4410, "license_or_feature_missing"),
        (400, 4003, "precondition_missing"),
        (400, 25024, "non_retryable_external"),
        (404, None, "user_not_found"),
    ],
)
def test_a_refused_type_has_the_reason_of_its_answer(site: Stage, status: int, code: int | None, reason: str) -> None:
    strike = {"method": "PUT", "path": "/executiveAssistant$", "effect": "status"}
    site.faults(strike | {"status": status, "error_code": code})
    assert site.play(BOTH).outcome(ANA) == reason
