"""location_call_profiles: settings of a location, each part sent only when the row names it."""

from typing import Any

import pytest

from webex_provision.actions.call_profiles import LOCATION_CALL_PROFILES
from webex_provision.actions.declaration import Check, References, RowContext, Write
from webex_provision.actions.row import Row
from webex_provision.vocabulary import Reason, RunMode, RunState
from webex_provision.wire import Answer
from webex_provision_tests.actions.test_route_group import VARIABLE, group, trunk
from webex_provision_tests.stage import Stage

PLACE = "/telephony/config/locations/*"
CALLING = {"method": "PUT", "path": "/telephony/config/locations/[^/]+$"}
JOB = {"method": "GET", "path": "/jobs/updateRoutingPrefix/"}


def profile(**cells: str) -> dict[str, str]:
    filled = {f"location_{name}": cell for name, cell in cells.items()}
    return {"entity_type": "location_call_profiles", "location_key": "HQ", **filled}


PREFIX = profile(routing_prefix="8100", external_caller_id_name="Acme")


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ")
    stage.location("Sevilla")
    return stage


@pytest.fixture
def routed(site: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A trunk and a route group that share a name."""
    monkeypatch.setenv(VARIABLE, "sip-secret")
    site.play(trunk("Twin"), group("Twin", route_group_name="Twin"))
    return site


def place(site: Stage) -> Any:
    return site.named("locations", "HQ")[0]


@pytest.mark.parametrize(("kind", "table"), [("TRUNK", "trunks"), ("ROUTE_GROUP", "route_groups")])
def test_a_premises_connection_names_its_route_by_type_and_id(routed: Stage, kind: str, table: str) -> None:
    play = routed.play(profile(pstn_type=kind, pstn_target_key="Twin"))
    assert play.state is RunState.COMPLETED
    target = routed.named(table, "Twin")[0]["id"]
    assert play.bodies("PUT", "/connection") == [{"premiseRouteType": kind, "premiseRouteId": target}]
    assert place(routed)["pstn"]["routeId"] == target


def test_a_carrier_is_chosen_among_the_options_of_the_location(site: Stage) -> None:
    play = site.play(profile(pstn_type="NON_INTEGRATED_CCP", pstn_target_key="example carrier"))
    assert play.state is RunState.COMPLETED
    assert [set(body) for body in play.bodies("PUT", "/connection")] == [{"id"}]
    assert place(site)["pstn"] == {"pstnConnectionType": "NON_INTEGRATED_CCP"}


def test_only_what_the_row_names_is_sent_and_a_prefix_is_waited_for(site: Stage) -> None:
    play = site.play(PREFIX)
    assert play.state is RunState.COMPLETED
    assert play.writes == [f"PUT {PLACE}"]
    assert play.bodies("PUT", "") == [{"routingPrefix": "8100", "externalCallerIdName": "Acme"}]
    assert len([entry for entry in play.calls("GET") if "/jobs/" in entry["path"]]) >= 2


def test_the_same_row_again_starts_no_job(site: Stage) -> None:
    play = site.play(PREFIX | profile(outgoing_profile="national", transfer_numbers="+34910002101"))
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert [entry for entry in play.calls("GET") if "/jobs/" in entry["path"]] == []
    assert site.tenant.normalised() == before


def test_all_values_of_the_location_go_in_one_put(site: Stage) -> None:
    row = profile(outside_dial_digit="9", outside_dial_digit_enforced="false", announcement_language="es_ES")
    play = site.play(row)
    body = {"outsideDialDigit": "9", "enforceOutsideDialDigit": False, "announcementLanguage": "es_es"}
    assert play.bodies("PUT", "") == [body]


def test_a_profile_is_spelled_out_and_items_go_over_it(site: Stage) -> None:
    items = "INTERNATIONAL=TRANSFER_NUMBER_1|NATIONAL=AUTH_CODE+T|TOLL_FREE=BLOCK"
    play = site.play(profile(outgoing_profile="national", outgoing_permissions=items, transfer_numbers="+34910002101"))
    assert play.writes == [f"PUT {PLACE}/outgoingPermission/autoTransferNumbers", f"PUT {PLACE}/outgoingPermission"]
    transfers, permissions = play.bodies("PUT", "")
    assert transfers == {"autoTransferNumber1": "+34910002101"}
    sent = {one["callType"]: (one["action"], one["transferEnabled"]) for one in permissions["callingPermissions"]}
    assert len(sent) == 10
    assert sent["INTERNAL_CALL"] == ("ALLOW", True)
    assert sent["NATIONAL"] == ("AUTH_CODE", True)
    assert sent["TOLL_FREE"] == ("BLOCK", False)
    assert sent["INTERNATIONAL"] == ("TRANSFER_NUMBER_1", False)
    assert sent["OPERATOR_ASSISTED"] == ("BLOCK", False)


def test_items_alone_are_a_subset_and_a_lone_dash_clears_the_numbers(site: Stage) -> None:
    play = site.play(profile(outgoing_permissions="NATIONAL=BLOCK", transfer_numbers="-"))
    transfers, permissions = play.bodies("PUT", "")
    assert transfers == dict.fromkeys(("autoTransferNumber1", "autoTransferNumber2", "autoTransferNumber3"), "")
    assert permissions == {
        "callingPermissions": [{"callType": "NATIONAL", "action": "BLOCK", "transferEnabled": False}]
    }


def test_a_call_type_that_webex_controls_stops_the_row_before_any_write(site: Stage) -> None:
    site.play(profile(outgoing_permissions="NATIONAL=BLOCK"))
    held = site.tenant.settings[place(site)["id"]]["locationOutgoingPermission"]
    held["INTERNATIONAL"]["isCallTypeRestrictionEnabled"] = True
    assert site.play(profile(outgoing_profile="default")).state is RunState.COMPLETED
    play = site.play(profile(outgoing_profile="allow_all", routing_prefix="8100"))
    assert (play.outcome("HQ"), play.writes) == ("license_or_feature_missing", [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (profile(pstn_type="TRUNK", pstn_target_key="Nowhere"), "resource_dependency_missing"),
        (profile(pstn_type="NON_INTEGRATED_CCP", pstn_target_key="Nobody"), "resource_dependency_missing"),
        (profile(pstn_type="CISCO_PSTN"), "out_of_scope"),
        (profile(pstn_type="INTEGRATED_CCP", pstn_target_key="X"), "out_of_scope"),
        (profile(outside_dial_digit="9") | {"location_caller_id_policy": "x"}, "out_of_scope"),
    ],
)
def test_targets_and_scope_are_judged_before_any_write(site: Stage, row: dict[str, str], reason: str) -> None:
    play = site.play(row)
    assert (play.outcome("HQ"), play.writes) == (reason, [])


def test_a_prefix_of_another_location_is_refused(site: Stage) -> None:
    site.play(PREFIX | {"location_key": "Sevilla"})
    assert site.play(PREFIX).outcome("HQ") == "non_retryable_external"


def context(**found: Any) -> RowContext:
    row = Row("1", 1, 1, "location_call_profiles", "HQ", {"location_key": "HQ"})
    return RowContext(row, References(), found=found)


def test_a_prefix_whose_job_did_not_start_is_half_applied() -> None:
    """206 with a failureReason and no batchJobId: the prefix is stored, the phones do not hear of it."""
    (step,) = (one for one in LOCATION_CALL_PROFILES.steps if one.name == "location_calling_update")
    assert isinstance(step, Write)
    assert step.expect.proof is not None
    refused = step.expect.proof(context(), Answer(206, {"failureReason": "busy"}))
    assert refused is not None
    assert refused.reason is Reason.HALF_APPLIED
    assert step.expect.proof(context(), Answer(206, {"batchJobId": "J", "failureReason": ""})) is None
    assert step.expect.proof(context(), Answer(204)) is None


@pytest.mark.parametrize(
    ("status", "exit_code", "good"),
    [
        ("COMPLETED", "COMPLETED", True),
        ("COMPLETED", None, True),
        ("FAILED", "FAILED", False),
        ("COMPLETED", "COMPLETED_WITH_ERRORS", False),
    ],
)
def test_a_job_counts_only_when_status_and_exit_code_agree(status: str, exit_code: str | None, *, good: bool) -> None:
    (check,) = (
        one for one in LOCATION_CALL_PROFILES.steps if one.name == "routing_prefix_job_wait" and isinstance(one, Check)
    )
    job = {"latestExecutionStatus": status, "latestExecutionExitCode": exit_code}
    assert (check.verdict(context(job=job)) is None) is good


def test_the_wait_for_the_job_has_an_end(site: Stage) -> None:
    play = site.play(PREFIX, job_wait_seconds=5)
    why = play.why("HQ")
    assert (why["reason_code"], why["step"]) == ("half_applied", "routing_prefix_job_wait")
    assert play.retry() is RunState.COMPLETED


def test_a_job_that_cannot_be_read_is_half_applied(site: Stage) -> None:
    site.faults(JOB | {"effect": "status", "status": 404})
    assert site.play(PREFIX).outcome("HQ") == "half_applied"


def test_another_job_of_this_kind_is_a_reason_to_wait(site: Stage) -> None:
    site.faults(CALLING | {"effect": "status", "status": 409, "error_code": "BATCH-1001004"})
    assert site.play(PREFIX).outcome("HQ") == "precondition_missing"


@pytest.mark.parametrize(
    "row",
    [
        profile(),
        profile(pstn_type="TRUNK"),
        profile(pstn_target_key="X"),
        profile(routing_prefix="12345678"),
        profile(outgoing_permissions="NATIONAL=ALLOW|NATIONAL=BLOCK"),
        profile(outgoing_permissions="NATIONAL=MAYBE"),
    ],
)
def test_a_row_that_can_mean_nothing_is_rejected(site: Stage, row: dict[str, str]) -> None:
    assert site.play(row).results == []
