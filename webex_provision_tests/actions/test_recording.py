"""user_recording, workspace_recording: the whole setting in one PUT, after a look at the organisation's vendor."""

from typing import Any

import pytest

from webex_provision.sandbox.recording import set_recording
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import workspace
from webex_provision_tests.stage import Play, Stage, calling_users

ANA, GOYA = "ana@example.com", "Sala Goya"
OWNERS = {
    "user": (ANA, {"email": ANA}, "PUT /people/*/features/callRecording"),
    "workspace": (
        GOYA,
        {"workspace_display_name": GOYA},
        "PUT /telephony/config/workspaces/*/features/callRecordings",
    ),
}
each_owner = pytest.mark.parametrize("owner", OWNERS)


def recording(owner: str, enabled: str = "true", **cells: str) -> dict[str, str]:
    named = {f"{owner}_recording_{column}": cell for column, cell in {"enabled": enabled, **cells}.items()}
    return {"entity_type": f"{owner}_recording", "location_key": "HQ", **OWNERS[owner][1], **named}


def body(play: Play) -> Any:
    (sent,) = play.bodies("PUT", "")
    return sent


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location()
    calling_users(stage, ana="2101")
    stage.play(
        workspace(GOYA, "2301", workspace_calling_license="professional"),
        workspace("Sala Miro", "2302", workspace_calling_license="workspace"),
    )
    return stage


@each_owner
def test_the_smallest_row_says_the_whole_setting(site: Stage, owner: str) -> None:
    """What a row does not speak of is off, whatever was there before; the mode is `always`."""
    play = site.play(recording(owner), verify_writes=True)
    key, _, put = OWNERS[owner]
    assert (play.outcome(key), play.writes) == ("success", [put])
    assert body(play) == {
        "enabled": True,
        "record": "Always",
        "recordVoicemailEnabled": False,
        "notification": {"enabled": False, "type": None},
        "repeat": {"enabled": False},
        "startStopAnnouncement": {"internalCallsEnabled": False, "pstnCallsEnabled": False},
    }


@each_owner
def test_every_cell_has_its_field(site: Stage, owner: str) -> None:
    play = site.play(
        recording(
            owner,
            mode="always_with_pause",
            provider="webex",
            voicemail="true",
            notification="announcement",
            reminder_interval="60",
            announce_internal="true",
            announce_pstn="true",
            directions="inbound_external|outbound_external",
        ),
        verify_writes=True,
    )
    assert play.state is RunState.COMPLETED, play.pending
    assert body(play) == {
        "enabled": True,
        "record": "Always with Pause/Resume",
        "recordVoicemailEnabled": True,
        "notification": {"enabled": True, "type": "Play Announcement"},
        "repeat": {"enabled": True, "interval": 60},
        "startStopAnnouncement": {"internalCallsEnabled": True, "pstnCallsEnabled": True},
        "selectiveCallRecordingSettings": {
            "recordInboundInternalCallsEnabled": False,
            "recordInboundExternalCallsEnabled": True,
            "recordOutboundInternalCallsEnabled": False,
            "recordOutboundExternalCallsEnabled": True,
        },
    }


@each_owner
def test_a_row_switches_off_what_an_earlier_one_switched_on(site: Stage, owner: str) -> None:
    site.play(recording(owner, notification="beep"))
    play = site.play(recording(owner, "false"), verify_writes=True)
    assert play.state is RunState.COMPLETED
    (kept,) = [kept["callRecording"] for kept in site.tenant.settings.values()]
    assert (kept["enabled"], kept["notification"]) == (False, {"enabled": False, "type": "None"})


@each_owner
def test_the_same_row_again_leaves_the_tenant_as_it_is(site: Stage, owner: str) -> None:
    play = site.play(recording(owner, mode="on_demand"))
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert (play.calls("POST"), site.tenant.normalised()) == ([], before)


def test_the_vendor_is_asked_for_once_a_run(site: Stage) -> None:
    calling_users(site, luis="2102")
    rows = [recording("user", provider="Webex"), recording("workspace", provider="Webex")]
    play = site.play(*rows, recording("user", provider="Webex") | {"email": "luis@example.com"})
    assert play.state is RunState.COMPLETED
    assert len(play.calls("GET", "/config/callRecording")) == len(play.calls("GET", "/vendors")) == 1


@each_owner
@pytest.mark.parametrize(
    ("state", "cells", "told"),
    [({"enabled": False}, {}, "off in the organisation"), ({"vendor": "Other"}, {"provider": "Webex"}, "with Other")],
)
def test_what_the_organisation_lacks_is_told_before_any_write(
    site: Stage, owner: str, state: dict[str, Any], cells: dict[str, str], told: str
) -> None:
    set_recording(site.tenant, **state)
    play = site.play(recording(owner, **cells))
    key = OWNERS[owner][0]
    assert (play.outcome(key), play.writes) == ("precondition_missing", [])
    assert told in play.why(key)["reason_message"]
    assert site.play(recording(owner, "false", **cells)).state is RunState.COMPLETED


@each_owner
def test_terms_of_the_vendor_that_nobody_accepted_are_named(site: Stage, owner: str) -> None:
    """409 with nothing but the vendor in its body; accepting terms is a legal act that no row does."""
    set_recording(site.tenant, terms=False)
    play = site.play(recording(owner))
    why = play.why(OWNERS[owner][0])
    assert (why["reason_code"], why["http_status"]) == ("precondition_missing", "409")
    assert "terms of service" in why["reason_message"]


def test_a_workspace_without_professional_is_told_without_a_call(site: Stage) -> None:
    play = site.play(recording("workspace") | {"workspace_display_name": "Sala Miro"})
    assert (play.outcome("Sala Miro"), play.writes) == ("license_or_feature_missing", [])


def test_users_and_workspaces_that_are_not_there_are_told(site: Stage) -> None:
    play = site.play(
        recording("user") | {"email": "ghost@example.com"},
        recording("workspace") | {"workspace_display_name": "Nowhere"},
    )
    assert play.outcomes == {"ghost@example.com": "user_not_found", "Nowhere": "workspace_not_found"}


@each_owner
@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 4410, "license_or_feature_missing"),
        (400, 4003, "precondition_missing"),
        (400, 25024, "non_retryable_external"),
        (405, 25409, "license_or_feature_missing"),
    ],
)
def test_a_refusal_has_the_reason_of_its_answer(site: Stage, owner: str, status: int, code: int, reason: str) -> None:
    site.faults({"method": "PUT", "path": "/callRec", "effect": "status", "status": status, "error_code": code})
    assert site.play(recording(owner)).outcome(OWNERS[owner][0]) == reason


@each_owner
def test_directions_that_the_mode_does_not_know_are_rejected(site: Stage, owner: str) -> None:
    play = site.prepare(recording(owner, mode="never", directions="inbound_internal"), recording(owner))
    assert play.manifest is not None
    assert play.manifest.rows_rejected == 1
