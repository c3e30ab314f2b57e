"""extension_assignment: the line of an existing user or workspace, then its final settings."""

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import workspace
from webex_provision_tests.stage import Stage, calling_users, give_calling

STANDARD = "Webex Calling - Standard"


def assignment(extension: str = "", **cells: str) -> dict[str, str]:
    return {"entity_type": "extension_assignment", "location_key": "HQ", "extension": extension, **cells}


ANA = assignment("2101", email="ana@example.com")
GOYA = assignment("2301", workspace_display_name="Sala Goya")


@pytest.fixture
def site(stage: Stage) -> Stage:
    """A workspace with extension 2300, two users without calling."""
    stage.location("HQ", "+34910002101", "+34910002301")
    stage.location("Sevilla")
    stage.people("ana", "luis")
    stage.play(workspace("Sala Goya", "2300"))
    return stage


def test_a_user_without_calling_gets_licence_and_line_in_one_patch_then_the_settings(site: Stage) -> None:
    play = site.play(ANA | {"phone_number": "+34910002101", "calling_settings_dnd_enabled": "true"})
    assert play.state is RunState.COMPLETED
    assert play.writes == ["PATCH /licenses/users", "PUT /people/*/features/doNotDisturb"]
    assert site.line_of(site.person("ana")) == ("2101", "+34910002101", [])
    assert play.last("HQ/2101")["remote_id"] == site.person("ana")["id"]


def test_a_user_who_calls_gets_the_line_by_the_people_put_alone(site: Stage) -> None:
    give_calling(site, STANDARD, ana="2150")
    play = site.play(ANA)
    assert play.state is RunState.COMPLETED
    assert play.bodies("PUT", "") == [{"displayName": "Ana", "extension": "2101"}]
    assert site.licenses_of(site.person("ana")) == [STANDARD]


def test_allow_people_put_false_makes_that_change_out_of_scope(site: Stage) -> None:
    calling_users(site, ana="2150")
    play = site.play(ANA, allow_people_put=False)
    assert (play.outcome("HQ/2101"), play.writes) == ("out_of_scope", [])


def test_a_workspace_gets_its_line_with_what_it_holds_and_then_the_settings(site: Stage) -> None:
    play = site.play(GOYA | {"calling_settings_call_waiting_enabled": "true"})
    assert play.state is RunState.COMPLETED
    (location,) = site.named("locations", "HQ")
    line, setting = play.bodies("PUT", "")
    assert line == {
        "displayName": "Sala Goya",
        "calling": {"type": "webexCalling", "webexCalling": {"locationId": location["id"], "extension": "2301"}},
    }
    assert setting == {"enabled": True}
    (goya,) = site.named("workspaces", "Sala Goya")
    assert site.line_of(goya)[0] == "2301"
    assert play.last("HQ/2301")["remote_id"] == goya["id"]


def test_a_number_for_a_workspace_keeps_its_extension(site: Stage) -> None:
    play = site.play(assignment(workspace_display_name="Sala Goya", phone_number="+34910002301"))
    assert play.state is RunState.COMPLETED
    assert site.line_of(site.named("workspaces", "Sala Goya")[0]) == ("2300", "+34910002301", [])


def test_the_workspace_column_of_settings_never_carries_what_only_people_have(site: Stage) -> None:
    play = site.play(GOYA | {"calling_settings_dnd_enabled": "true"})
    (body,) = play.bodies("PUT", "/doNotDisturb")
    assert body == {"enabled": True}
    assert play.calls("PUT", "/doNotDisturb")[0]["path"].startswith("/v1/telephony/config/workspaces/")


def test_exactly_this_assignment_costs_no_write(site: Stage) -> None:
    play = site.play(ANA, GOYA)
    assert play.state is RunState.COMPLETED
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.writes == []


def test_who_is_not_there_has_a_reason_of_its_own(site: Stage) -> None:
    play = site.play(
        assignment("2190", email="ghost@example.com"),
        assignment("2390", workspace_display_name="Nowhere"),
        assignment("2391", workspace_display_name="Sala Goya") | {"location_key": "Sevilla"},
    )
    assert play.outcomes == {
        "HQ/2190": "user_not_found",
        "HQ/2390": "workspace_not_found",
        "Sevilla/2391": "workspace_not_found",
    }
    assert play.writes == []


@pytest.mark.parametrize("row", [ANA, GOYA], ids=["user", "workspace"])
def test_what_belongs_to_others_or_is_not_there_is_told_before_any_write(site: Stage, row: dict[str, str]) -> None:
    calling_users(site, berta=row["extension"])
    play = site.play(row, assignment(email="luis@example.com", phone_number="+34910009999"))
    assert play.outcomes == {
        f"HQ/{row['extension']}": "non_retryable_external",
        "HQ/+34910009999": "number_inventory_missing",
    }
    assert play.writes == []


def test_two_rows_about_one_user_run_one_after_the_other(site: Stage) -> None:
    """Together both would assign the licence; the second sees what the first has done, and changes it."""
    site.faults({"method": "PATCH", "effect": "delay", "seconds": 3})
    play = site.play(ANA, assignment(email="ana@example.com", phone_number="+34910002101"))
    assert play.writes == ["PATCH /licenses/users", "PUT /people/*"]


def test_settings_that_fail_after_the_assignment_are_half_applied(site: Stage) -> None:
    site.faults({"method": "PUT", "path": "/callWaiting$", "effect": "status", "status": 400, "error_code": 4410})
    play = site.play(GOYA | {"calling_settings_call_waiting_enabled": "true"})
    why = play.why("HQ/2301")
    assert (why["reason_code"], why["step"]) == ("half_applied", "apply_final_settings")
    assert "license_or_feature_missing" in why["reason_message"]


def test_a_workspace_row_takes_its_line_from_the_assignment_that_follows(site: Stage) -> None:
    play = site.play(workspace("Sala Miro"), assignment("2302", workspace_display_name="Sala Miro"))
    assert play.state is RunState.COMPLETED
    assert play.writes == ["POST /workspaces"]
