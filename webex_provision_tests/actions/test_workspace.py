"""workspace: found by location and name, created once, given its line in the same call."""

from typing import Any

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import workspace
from webex_provision_tests.stage import Stage, calling_users

GOYA = workspace("Sala Goya", "2301")
WORKSPACES = "Webex Calling - Workspaces"
PROFESSIONAL = "Webex Calling - Professional"
HOT_DESK = "Webex Calling - Hot desk only"
CREATE = {"method": "POST", "path": "/workspaces$"}


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ", "+34910002301", "+34910002302")
    stage.location("Sevilla", "+34950000001")
    return stage


def place_id(stage: Stage, name: str = "HQ") -> str:
    (location,) = stage.named("locations", name)
    return str(location["id"])


def test_a_new_workspace_is_one_post_with_the_documented_body(site: Stage) -> None:
    row = GOYA | {
        "phone_number": "+34910002301",
        "workspace_calling_license": "professional",
        "workspace_type": "meetingRoom",
        "workspace_capacity": "8",
        "workspace_notes": "Planta 2",
        "workspace_hotdesking": "on",
    }
    play = site.play(row)
    assert play.state is RunState.COMPLETED
    assert play.bodies("POST", "/workspaces") == [
        {
            "displayName": "Sala Goya",
            "locationId": place_id(site),
            "type": "meetingRoom",
            "capacity": 8,
            "notes": "Planta 2",
            "hotdeskingStatus": "on",
            "supportedDevices": "phones",
            "calling": {
                "type": "webexCalling",
                "webexCalling": {
                    "locationId": place_id(site),
                    "extension": "2301",
                    "phoneNumber": "+34910002301",
                    "licenses": [site.tenant.license(PROFESSIONAL)["id"]],
                },
            },
        }
    ]
    assert play.writes == ["POST /workspaces"]
    (found,) = site.named("workspaces", "Sala Goya")
    assert site.line_of(found) == ("2301", "+34910002301", [])
    assert play.last("Sala Goya")["remote_id"] == found["id"]


def test_a_blank_licence_leaves_the_choice_to_webex(site: Stage) -> None:
    play = site.play(GOYA)
    (body,) = play.bodies("POST", "/workspaces")
    assert "licenses" not in body["calling"]["webexCalling"]
    assert site.licenses_of(site.named("workspaces", "Sala Goya")[0]) == [WORKSPACES]


def test_hotdesk_only_takes_no_line_at_all(site: Stage) -> None:
    play = site.play(
        workspace("Hot", workspace_calling_license="hotdesk_only"),
        workspace("Cold", "2310", workspace_calling_license="hotdesk_only"),
        workspace("Bare"),
    )
    assert play.outcomes == {"Hot": "success"}
    (body,) = play.bodies("POST", "/workspaces")
    licenses = [site.tenant.license(HOT_DESK)["id"]]
    assert body["calling"]["webexCalling"] == {"locationId": place_id(site), "licenses": licenses}
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.calls("POST") == []


def test_an_existing_workspace_is_updated_without_its_calling(site: Stage) -> None:
    site.play(GOYA)
    play = site.play(GOYA | {"workspace_capacity": "12", "workspace_type": "huddle"})
    assert play.state is RunState.COMPLETED
    assert play.bodies("PUT", "") == [{"displayName": "Sala Goya", "type": "huddle", "capacity": 12}]
    assert play.writes == ["PUT /workspaces/*"]


def test_another_extension_goes_with_the_number_that_remains_and_the_licence_that_is_held(site: Stage) -> None:
    """Whether the block merges or replaces is not recorded, so both are sent; no licences: those held stay."""
    site.play(GOYA | {"phone_number": "+34910002301", "workspace_calling_license": "professional"})
    play = site.play(workspace("Sala Goya", "2399", workspace_calling_license="professional"))
    line = {"locationId": place_id(site), "extension": "2399", "phoneNumber": "+34910002301"}
    assert play.bodies("PUT", "") == [
        {"displayName": "Sala Goya", "calling": {"type": "webexCalling", "webexCalling": line}}
    ]
    assert site.licenses_of(site.named("workspaces", "Sala Goya")[0]) == [PROFESSIONAL]


def test_a_licence_that_the_workspace_does_not_hold_is_given(site: Stage) -> None:
    site.play(GOYA)
    row = GOYA | {"workspace_calling_license": "professional"}
    play = site.play(row)
    assert play.state is RunState.COMPLETED
    assert site.licenses_of(site.named("workspaces", "Sala Goya")[0]) == [PROFESSIONAL]
    assert "calling" not in site.play(row | {"workspace_notes": "Planta 3"}).bodies("PUT", "")[0]


def test_a_workspace_without_webex_calling_is_upgraded(site: Stage) -> None:
    old = add_workspace(site, "Sala Goya")
    play = site.play(GOYA)
    assert play.state is RunState.COMPLETED
    assert play.writes == ["PUT /workspaces/*"]
    assert site.line_of(old)[0] == "2301"


def add_workspace(stage: Stage, name: str, location: str = "HQ") -> dict[str, Any]:
    """A workspace with free calling only."""
    tenant = stage.tenant
    record = {
        "id": tenant.new_id("PLACE", f"{location}/{name}"),
        "displayName": name,
        "locationId": place_id(stage, location),
        "type": "notSet",
        "supportedDevices": "phones",
        "calling": {"type": "freeCalling"},
        "licenses": [],
    }
    tenant.keep("workspaces", record, name=name)
    return record


def test_the_same_rows_again_create_nothing(site: Stage) -> None:
    play = site.play(GOYA, workspace("Sala Miro", "2302", phone_number="+34910002302"))
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.calls("POST") == []
    assert site.tenant.normalised() == before


def test_one_name_in_two_locations_is_two_workspaces(site: Stage) -> None:
    rows = (
        GOYA | {"workspace_external_id": "W1"},
        GOYA | {"workspace_external_id": "W2", "location_key": "Sevilla"},
    )
    play = site.play(*rows)
    assert play.state is RunState.COMPLETED
    assert len(site.named("workspaces", "Sala Goya")) == 2
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.writes == []


def test_a_longer_name_with_the_same_beginning_is_another_workspace(site: Stage) -> None:
    add_workspace(site, "Sala Goya 2")
    assert site.play(GOYA).writes == ["POST /workspaces"]


def test_two_workspaces_of_one_name_in_one_location_are_ambiguous(site: Stage) -> None:
    add_workspace(site, "Sala Goya")
    add_workspace(site, "Sala Goya")
    play = site.play(GOYA)
    assert (play.outcome("Sala Goya"), play.writes) == ("precondition_missing", [])
    assert "ambiguous name" in play.why("Sala Goya")["reason_message"]


def test_wishes_out_of_scope_are_pending_before_any_call(site: Stage) -> None:
    play = site.play(GOYA | {"calling_enabled": "false"})
    assert (play.outcome("Sala Goya"), play.writes) == ("out_of_scope", [])


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"phone_number": "+34910009999"}, "number_inventory_missing"),
        ({"phone_number": "+34950000001"}, "number_inventory_missing"),
        ({"phone_number": "+34910002302"}, "number_inventory_missing"),
        ({"extension": "2101"}, "non_retryable_external"),
        ({"location_key": "Nowhere"}, "resource_dependency_missing"),
    ],
)
def test_what_cannot_be_had_is_told_before_any_write(site: Stage, cells: dict[str, str], reason: str) -> None:
    calling_users(site, ana="2101", berta="+34910002302")
    play = site.play(GOYA | cells)
    assert (play.outcome("Sala Goya"), play.writes) == (reason, [])


def test_no_free_licence_is_told_before_any_write_and_one_that_is_held_is_enough(site: Stage) -> None:
    row = GOYA | {"workspace_calling_license": "workspace"}
    site.tenant.set_license_units(WORKSPACES, 1)
    assert site.play(row).state is RunState.COMPLETED
    play = site.play(row, workspace("Sala Miro", "2302", workspace_calling_license="workspace"))
    assert play.outcomes == {"Sala Goya": "success", "Sala Miro": "license_or_feature_missing"}
    assert play.calls("POST") == []


def test_no_licence_at_all_is_told_by_webex(site: Stage) -> None:
    for name in (WORKSPACES, PROFESSIONAL):
        site.tenant.set_license_units(name, 0)
    play = site.play(GOYA)
    assert play.outcome("Sala Goya") == "license_or_feature_missing"
    assert site.named("workspaces", "Sala Goya") == []


@pytest.mark.parametrize(
    ("status", "code", "message", "reason"),
    [
        (400, None, "required for this Workspace type [DIRECTORY_NUMBER_OR_EXTERNAL_NUMBER]", "precondition_missing"),
        (400, None, "cannot be set on this Workspace type [DIRECTORY_NUMBER]", "non_retryable_external"),
        (400, 4202, "Extension is taken", "non_retryable_external"),
        (400, 4250, "Number is taken", "number_inventory_missing"),
        (400, 400413, "No licence", "license_or_feature_missing"),
        (403, None, "No", "permission_denied"),
        (405, 25409, "Invalid Professional Place", "license_or_feature_missing"),
    ],
)
def test_a_refused_create_has_the_reason_of_its_answer(
    site: Stage, status: int, code: int | None, message: str, reason: str
) -> None:
    site.faults(CREATE | {"effect": "status", "status": status, "error_code": code, "message": message})
    play = site.play(GOYA)
    assert play.outcome("Sala Goya") == reason
    assert len(play.calls("POST")) == 1


def test_a_workspace_with_devices_keeps_its_calling(site: Stage) -> None:
    site.play(GOYA)
    site.named("workspaces", "Sala Goya")[0]["devices"] = ["one"]
    play = site.play(workspace("Sala Goya", "2399"))
    assert play.outcome("Sala Goya") == "precondition_missing"


def test_a_workspace_that_vanished_is_made_again(site: Stage) -> None:
    """A 404 on what memory knew: asked afresh once, then created."""
    old = add_workspace(site, "Sala Goya")
    gone = {"method": "PUT", "path": "/workspaces/", "effect": "status", "status": 404, "last": 1}
    lists = {"method": "GET", "path": "/workspaces$", "first": 2, "effect": "missing_fields"}
    site.faults(gone, lists)
    play = site.play(GOYA)
    assert play.state is RunState.COMPLETED
    assert play.writes == ["PUT /workspaces/*", "POST /workspaces"]
    assert play.last("Sala Goya")["remote_id"] != old["id"]
