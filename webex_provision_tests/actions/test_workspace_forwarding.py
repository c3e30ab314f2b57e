"""workspace_forwarding: the workspace is found by either of its names, and both parts of the body are always said."""

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import workspace
from webex_provision_tests.stage import Stage

KEY = "Sala Goya"
OFF = {"enabled": False, "destinationVoicemailEnabled": False}
PUT = "PUT /workspaces/*/features/callForwarding"


def forwarding(**cells: str) -> dict[str, str]:
    cells = {"workspace_display_name": KEY, "workspace_forwarding_enabled": "true", **cells}
    return {"entity_type": "workspace_forwarding", "location_key": "HQ", **cells}


@pytest.fixture
def site(stage: Stage) -> Stage:
    """Workspaces of one name in two locations, and one without calling."""
    stage.location()
    stage.location("Sevilla")
    rooms = (
        workspace(KEY, "2301", workspace_external_id="W1"),
        workspace(KEY, "2301", workspace_external_id="W2") | {"location_key": "Sevilla"},
    )
    stage.play(*rooms)
    return stage


def test_all_three_modes_and_business_continuity_are_said(site: Stage) -> None:
    """What a row does not speak of is off; the service demands both parts."""
    play = site.play(forwarding(workspace_forwarding_destination="2102"), verify_writes=True)
    assert (play.state, play.writes) == (RunState.COMPLETED, [PUT])
    on = {"enabled": True, "destination": "2102", "destinationVoicemailEnabled": False}
    assert play.bodies("PUT", "/callForwarding") == [
        {
            "callForwarding": {
                "always": {**on, "ringReminderEnabled": False},
                "busy": OFF,
                "noAnswer": {**OFF, "numberOfRings": 3},
            },
            "businessContinuity": OFF,
        }
    ]
    assert play.last(KEY)["remote_id"] == site.named("workspaces", KEY)[0]["id"]


def test_every_mode_has_its_own_destination(site: Stage) -> None:
    play = site.play(
        forwarding(
            workspace_forwarding_mode="no_answer",
            workspace_forwarding_destination="2102",
            workspace_forwarding_rings="5",
            workspace_forwarding_to_voicemail="true",
            workspace_forwarding_busy_destination="2103",
            workspace_business_continuity_destination="+34910002999",
        )
    )
    (body,) = play.bodies("PUT", "/callForwarding")
    on = {"enabled": True, "destinationVoicemailEnabled": True}
    assert body["callForwarding"] == {
        "always": {**OFF, "ringReminderEnabled": False},
        "busy": {**on, "destination": "2103"},
        "noAnswer": {**on, "destination": "2102", "numberOfRings": 5},
    }
    assert body["businessContinuity"] == {**OFF, "enabled": True, "destination": "+34910002999"}


def test_a_row_changes_what_an_earlier_one_set(site: Stage) -> None:
    site.play(forwarding(workspace_forwarding_destination="2102", workspace_business_continuity_destination="2103"))
    play = site.play(forwarding(workspace_forwarding_enabled="false", workspace_business_continuity_destination="-"))
    assert play.state is RunState.COMPLETED
    held = site.tenant.settings[site.named("workspaces", KEY)[0]["id"]]["callForwarding"]
    assert [held["callForwarding"]["always"]["enabled"], held["businessContinuity"]["enabled"]] == [False, False]


def test_the_same_row_again_leaves_the_tenant_as_it_is(site: Stage) -> None:
    play = site.play(forwarding(workspace_forwarding_destination="2102"))
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY, verify_writes=True) is RunState.COMPLETED
    assert (play.calls("POST"), site.tenant.normalised()) == ([], before)


def test_a_workspace_may_be_named_by_the_external_id_of_its_row(site: Stage) -> None:
    """Webex has no such field: only a workspace row of the same file knows the id."""
    row = forwarding(workspace_forwarding_destination="2102", workspace_external_id="W2")
    row |= {"location_key": "Sevilla", "workspace_display_name": ""}
    room = workspace(KEY, "2301", workspace_external_id="W2") | {"location_key": "Sevilla"}
    play = site.play(room, row)
    assert play.state is RunState.COMPLETED, play.pending
    assert play.calls("PUT")[-1]["path"].split("/")[3] == site.named("workspaces", KEY)[1]["id"]
    alone = site.play(row)
    assert (alone.results, alone.writes) == ([], [])


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"workspace_display_name": "Nowhere"}, "workspace_not_found"),
        ({"location_key": "Nowhere"}, "resource_dependency_missing"),
    ],
)
def test_what_is_not_there_is_told_before_any_write(site: Stage, cells: dict[str, str], reason: str) -> None:
    play = site.play(forwarding(workspace_forwarding_enabled="false") | cells)
    assert (list(play.outcomes.values()), play.writes) == ([reason], [])


def test_a_workspace_without_calling_is_told_what_gives_it(site: Stage) -> None:
    (goya, _) = site.named("workspaces", KEY)
    goya["calling"] = {"type": "freeCalling"}
    play = site.play(forwarding(workspace_forwarding_enabled="false"))
    assert (play.outcome(KEY), play.writes) == ("precondition_missing", [])


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 4410, "license_or_feature_missing"),
        (400, 4003, "precondition_missing"),
        (400, 25024, "non_retryable_external"),
        (403, None, "permission_denied"),
    ],
)
def test_a_refusal_has_the_reason_of_its_answer(site: Stage, status: int, code: int | None, reason: str) -> None:
    site.faults({"method": "PUT", "path": "/callForwarding$", "effect": "status", "status": status, "error_code": code})
    assert site.play(forwarding(workspace_forwarding_enabled="false")).outcome(KEY) == reason
