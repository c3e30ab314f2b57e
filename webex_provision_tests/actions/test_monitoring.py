"""user_monitoring, workspace_monitoring: every target resolved before the list that replaces is sent."""

from typing import Any

import pytest

from webex_provision.sandbox.park_extensions import add_park_extension
from webex_provision.sandbox.virtual_lines import add_virtual_line
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import hunt_group, user, workspace
from webex_provision_tests.stage import Play, Stage, calling_users

ANA, GOYA = "ana@example.com", "Sala Goya"
OWNERS = {
    "user": (ANA, {"email": ANA}, "PUT /people/*/features/monitoring"),
    "workspace": (GOYA, {"workspace_display_name": GOYA}, "PUT /workspaces/*/features/monitoring"),
}
TARGETS = "eva@example.com|workspace:Sala Miro|park:HQ/5101|virtual_line:Puerta Norte|luis@example.com"
each_owner = pytest.mark.parametrize("owner", OWNERS)


def monitoring(owner: str, targets: str, **cells: str) -> dict[str, str]:
    named = {f"{owner}_monitoring_{column}": cell for column, cell in {"targets": targets, **cells}.items()}
    return {"entity_type": f"{owner}_monitoring", "location_key": "HQ", **OWNERS[owner][1], **named}


def body(play: Play) -> Any:
    (sent,) = play.bodies("PUT", "/monitoring")
    return sent


@pytest.fixture
def site(stage: Stage) -> Stage:
    location = stage.location()
    calling_users(stage, ana="2101", luis="2102", eva="2103")
    add_virtual_line(stage.tenant, location, "Puerta", "Norte", "2701")
    add_park_extension(stage.tenant, location, "Parque 1", "5101")
    stage.play(workspace(GOYA, "2301"), workspace("Sala Miro", "2302"))
    return stage


@each_owner
def test_targets_of_all_kinds_are_sent_in_the_order_of_the_cell(site: Stage, owner: str) -> None:
    key, _, put = OWNERS[owner]
    play = site.play(monitoring(owner, TARGETS, park_notification="true"), verify_writes=True)
    assert (play.outcome(key), play.writes) == ("success", [put])
    assert body(play) == {
        "enableCallParkNotification": True,
        "monitoredElements": site.ids("eva", "Sala Miro", "Parque 1", "Puerta Norte", "luis"),
    }


def test_a_blank_notification_of_a_user_is_sent_as_it_is_read(site: Stage) -> None:
    """Mandatory there, and a row that does not speak of it changes nothing."""
    assert body(site.play(monitoring("user", "eva@example.com")))["enableCallParkNotification"] is False
    site.play(monitoring("user", "eva@example.com", park_notification="true"))
    assert body(site.play(monitoring("user", "luis@example.com")))["enableCallParkNotification"] is True


def test_a_blank_notification_of_a_workspace_is_not_sent(site: Stage) -> None:
    site.play(monitoring("workspace", "eva@example.com", park_notification="true"))
    play = site.play(monitoring("workspace", "luis@example.com"))
    assert body(play) == {"monitoredElements": site.ids("luis")}
    (kept,) = site.tenant.settings.values()
    assert kept["monitoring"] == {"callParkNotificationEnabled": True, "elements": site.ids("luis")}


@each_owner
def test_the_list_replaces_and_a_lone_dash_clears_it(site: Stage, owner: str) -> None:
    site.play(monitoring(owner, TARGETS))
    play = site.play(monitoring(owner, "-"), verify_writes=True)
    assert (play.state, body(play)["monitoredElements"]) == (RunState.COMPLETED, [])


@each_owner
def test_the_same_row_again_leaves_the_tenant_as_it_is(site: Stage, owner: str) -> None:
    play = site.play(monitoring(owner, TARGETS))
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert (play.calls("POST"), site.tenant.normalised()) == ([], before)


@each_owner
@pytest.mark.parametrize("code", [25008, 25024])
def test_ids_that_are_refused_as_malformed_are_sent_once_more_as_objects(site: Stage, owner: str, code: int) -> None:
    """Sources differ on the form of the list."""
    strike = {"method": "PUT", "path": "/monitoring$", "effect": "status", "status": 400, "error_code": code}
    site.faults(strike | {"last": 1})
    play = site.play(monitoring(owner, "eva@example.com|park:HQ/5101"), verify_writes=True)
    eva, park = site.ids("eva", "Parque 1")
    assert play.state is RunState.COMPLETED
    assert play.bodies("PUT", "/monitoring")[1]["monitoredElements"] == [
        {"id": eva, "type": "MEMBER"},
        {"id": park, "type": "CALL_PARK_EXTENSION"},
    ]
    site.faults(strike)
    play = site.play(monitoring(owner, "luis@example.com"))
    assert (play.outcome(OWNERS[owner][0]), len(play.calls("PUT"))) == ("non_retryable_external", 2)


@each_owner
@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("ghost@example.com", "user_not_found"),
        ("workspace:Nowhere", "workspace_not_found"),
        ("virtual_line:Puerta Sur", "resource_dependency_missing"),
        ("park:HQ/5102", "resource_dependency_missing"),
        ("park:Nowhere/5101", "resource_dependency_missing"),
        ("silent@example.com", "precondition_missing"),
    ],
)
def test_one_target_that_can_not_be_monitored_stops_the_row_before_any_write(
    site: Stage, owner: str, member: str, reason: str
) -> None:
    site.people("silent")
    key = OWNERS[owner][0]
    play = site.play(monitoring(owner, f"eva@example.com|{member}"))
    assert (play.outcome(key), play.writes) == (reason, [])
    assert play.why(key)["step"] == "monitoring_targets_lookup"


def test_a_target_that_the_same_file_enables_is_monitored(site: Stage) -> None:
    site.people("new")
    rows = (user("new", "2104"), workspace("Sala Nueva", "2303", workspace_external_id="W9"))
    play = site.play(monitoring("user", "new@example.com|workspace:W9"), *rows)
    assert play.state is RunState.COMPLETED, play.pending
    assert body(play)["monitoredElements"] == site.ids("new", "Sala Nueva")


def test_the_column_is_read_under_its_old_name_too(site: Stage) -> None:
    row = monitoring("user", "eva@example.com|luis@example.com")
    old = {"user_monitoring_target_emails_csv": row.pop("user_monitoring_targets")}
    assert body(site.play(row | old))["monitoredElements"] == site.ids("eva", "luis")


def test_nobody_monitors_the_own_line(site: Stage) -> None:
    play = site.prepare(monitoring("user", ANA.upper()))
    assert play.manifest is not None
    assert play.manifest.rows_rejected == 1
    play = site.play(monitoring("workspace", f"workspace:{GOYA}"))
    assert (play.outcome(GOYA), play.writes) == ("invalid_input_schema", [])


def test_more_than_fifty_targets_and_malformed_parks_are_rejected(site: Stage) -> None:
    many = "|".join(f"u{number}@example.com" for number in range(51))
    play = site.prepare(
        monitoring("user", many),
        monitoring("workspace", "park:5101"),
        hunt_group("Recepcion", "2800", hunt_agents="park:HQ/5101"),
    )
    assert play.manifest is not None
    assert play.manifest.rows_rejected == 3


def test_one_target_named_in_two_ways_is_rejected(site: Stage) -> None:
    row = monitoring("user", "workspace:Sala Miro|workspace:W2")
    play = site.prepare(workspace("Sala Miro", "2302", workspace_external_id="W2"), row)
    assert play.manifest is not None
    assert play.manifest.rows_rejected == 1


@each_owner
@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 4410, "license_or_feature_missing"),
        (400, 4003, "precondition_missing"),
        (400, 25110, "non_retryable_external"),
        (403, None, "permission_denied"),
    ],
)
def test_a_refusal_has_the_reason_of_its_answer(
    site: Stage, owner: str, status: int, code: int | None, reason: str
) -> None:
    site.faults({"method": "PUT", "path": "/monitoring$", "effect": "status", "status": status, "error_code": code})
    assert site.play(monitoring(owner, "eva@example.com")).outcome(OWNERS[owner][0]) == reason


def test_owners_that_are_not_there_are_told(site: Stage) -> None:
    play = site.play(
        monitoring("user", "-") | {"email": "ghost@example.com"},
        monitoring("workspace", "-") | {"workspace_display_name": "Nowhere"},
    )
    assert play.outcomes == {"ghost@example.com": "user_not_found", "Nowhere": "workspace_not_found"}
