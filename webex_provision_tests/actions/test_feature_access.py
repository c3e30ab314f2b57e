"""feature_access: only what is named changes, and one question a run decides whether the API is there."""

import pytest

from webex_provision.actions.feature_access import FEATURES
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import read_csv
from webex_provision_tests.stage import Stage, calling_users

KEY = "ana@example.com"
PROBE = "/telephony/config/people/settings/permissions"
OWN = "/telephony/config/people/*/settings/permissions"
UPDATE = {"method": "PUT", "path": "/people/[^/]+/settings/permissions$"}
RESET = {"method": "POST", "path": "/settings/permissions/actions/reset/invoke$"}


def access(name: str = "ana", **cells: str) -> dict[str, str]:
    return {"entity_type": "feature_access", "email": f"{name}@example.com", **cells}


ROW = access(feature_access_allow="voicemail|speed_dial", feature_access_deny="barge in")
SET = {"voicemail": "FULL_ACCESS", "speedDial": "FULL_ACCESS", "bargeIn": "NO_ACCESS"}


@pytest.fixture
def site(stage: Stage) -> Stage:
    """Two users who call."""
    stage.location("HQ")
    calling_users(stage, ana="2101", luis="2102")
    return stage


def held(stage: Stage, name: str = "ana") -> dict[str, str]:
    """What a user holds of his own."""
    found: dict[str, str] = stage.tenant.settings.get(stage.person(name)["id"], {}).get("settingsPermissions", {})
    return found


def test_a_row_becomes_one_put_with_the_flat_body(site: Stage) -> None:
    play = site.play(ROW)
    assert play.state is RunState.COMPLETED
    assert play.writes == [f"PUT {OWN}"]
    assert play.bodies("PUT", "") == [SET]
    assert held(site) == SET
    assert play.last(KEY)["remote_id"] == site.person("ana")["id"]


def test_every_feature_has_its_name_on_the_wire(site: Stage) -> None:
    play = site.play(access(feature_access_deny="|".join(FEATURES)))
    (body,) = play.bodies("PUT", "")
    assert body == dict.fromkeys(FEATURES.values(), "NO_ACCESS")
    assert len(body) == 26


def test_features_that_are_not_named_keep_what_they_have(site: Stage) -> None:
    site.play(ROW)
    site.play(access(feature_access_deny="voicemail"))
    assert held(site) == SET | {"voicemail": "NO_ACCESS"}


def test_a_reset_comes_first_and_alone_where_nothing_else_is_asked(site: Stage) -> None:
    site.play(ROW)
    play = site.play(access(feature_access_reset="true", feature_access_deny="hoteling"))
    assert play.writes == [f"POST {OWN}/actions/reset/invoke", f"PUT {OWN}"]
    assert play.bodies("POST", "/invoke") == [None]
    assert held(site) == {"hoteling": "NO_ACCESS"}
    play = site.play(access(feature_access_reset="true"))
    assert play.writes == [f"POST {OWN}/actions/reset/invoke"]
    assert held(site) == {}


def test_the_same_rows_again_leave_the_tenant_as_it_is(site: Stage) -> None:
    play = site.play(ROW, access("luis", feature_access_reset="yes", feature_access_allow="voicemail"))
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY, verify_writes=True) is RunState.COMPLETED
    assert site.tenant.normalised() == before


def test_where_the_api_is_not_there_one_question_sets_all_rows_aside(site: Stage) -> None:
    """Sources differ on whether this path exists; a 404 says that it does not."""
    site.faults({"method": "GET", "path": f"{PROBE}$", "effect": "status", "status": 404})
    play = site.play(ROW, access("luis", feature_access_reset="true"))
    assert set(play.outcomes.values()) == {"out_of_scope"}
    assert "set it in Control Hub" in play.why(KEY)["reason_message"]
    assert len(play.calls("GET", PROBE)) == 1
    assert play.writes == []
    site.faults()
    assert play.retry() is RunState.COMPLETED


def test_the_question_is_asked_once_a_run_also_when_the_api_is_there(site: Stage) -> None:
    play = site.play(ROW, access("luis", feature_access_allow="voicemail"))
    assert play.state is RunState.COMPLETED
    assert len(play.calls("GET", PROBE)) == 1


def test_a_user_who_is_not_there_or_does_not_call(site: Stage) -> None:
    site.people("new")
    play = site.play(access("none", feature_access_allow="voicemail"), access("new", feature_access_reset="true"))
    assert play.outcomes == {"none@example.com": "user_not_found", "new@example.com": "precondition_missing"}


@pytest.mark.parametrize("rule", [UPDATE, RESET])
def test_a_user_whom_calling_does_not_know_is_a_missing_precondition(site: Stage, rule: dict[str, str]) -> None:
    site.faults({**rule, "effect": "status", "status": 404})
    play = site.play(ROW | {"feature_access_reset": "true" if rule is RESET else ""})
    assert play.outcome(KEY) == "precondition_missing"


def test_a_refused_update_after_a_reset_is_half_applied(site: Stage) -> None:
    site.faults({**UPDATE, "effect": "status", "status": 403})
    play = site.play(ROW | {"feature_access_reset": "true"})
    assert play.outcome(KEY) == "half_applied"
    assert "403" in play.why(KEY)["reason_message"]


def test_a_reset_whose_answer_was_lost_is_sent_again(site: Stage) -> None:
    """Nothing that can be read proves it, and a second one changes nothing."""
    site.faults({**RESET, "last": 1, "effect": "ghost"})
    play = site.play(access(feature_access_reset="true"))
    assert play.state is RunState.COMPLETED
    assert len(play.calls("POST")) == 2


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({}, "fill one"),
        ({"feature_access_reset": "false"}, "fill one"),
        ({"feature_access_allow": "voicemail|barge_in", "feature_access_deny": "hoteling|voicemail"}, "take it out"),
        ({"feature_access_allow": "voicemail|telepathy"}, "is not one of"),
        ({"feature_access_allow": "voicemail", "display_name": "Ana"}, "identity"),
    ],
)
def test_what_makes_no_sense_is_rejected(site: Stage, cells: dict[str, str], told: str) -> None:
    play = site.play(access(**cells))
    (row,) = read_csv(play.folder / "rejected_rows.csv")
    assert told in row["reason_message"]
