"""trunk: created whole, changed where Webex allows it; its password comes from the environment and stands nowhere."""

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.stage import Stage

PASSWORD = 'sip"Secret-4711'
VARIABLE = "TRUNK_PASSWORD_UNDER_TEST"
KEY = "SBC-1"
ROW = {
    "entity_type": "trunk",
    "location_key": "HQ",
    "trunk_name": KEY,
    "trunk_type": "REGISTERING",
    "trunk_password_env": VARIABLE,
}
BORDER = ROW | {
    "trunk_type": "CERTIFICATE_BASED",
    "trunk_address": "sbc01",
    "trunk_domain": "example.com",
    "trunk_port": "5061",
    "trunk_max_concurrent_calls": "250",
}
ALL = "/telephony/config/premisePstn/trunks"
CREATE = {"method": "POST", "path": "/trunks$"}
UPDATE = {"method": "PUT", "path": "/trunks/[^/]+$"}


@pytest.fixture
def site(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    stage.location("HQ")
    stage.location("Sevilla")
    return stage


def test_a_registering_trunk_is_one_post_with_the_documented_body(site: Stage) -> None:
    play = site.play(ROW)
    assert play.state is RunState.COMPLETED
    (trunk,) = site.named("trunks", KEY)
    assert play.bodies("POST", "/trunks") == [
        {
            "name": KEY,
            "locationId": site.named("locations", "HQ")[0]["id"],
            "password": PASSWORD,
            "trunkType": "REGISTERING",
        }
    ]
    assert play.writes == [f"POST {ALL}"]
    assert play.last(KEY)["remote_id"] == trunk["id"]


def test_a_certificate_based_trunk_carries_its_peer_and_its_limits(site: Stage) -> None:
    row = BORDER | {
        "trunk_device_type": "AudioCodes SBC",
        "trunk_dual_identity_enabled": "true",
        "trunk_p_charge_info_policy": "ASSERTED_IDENTITY",
        "trunk_peer_identity": "sbc01.example.com",
    }
    (body,) = site.play(row).bodies("POST", "/trunks")
    assert body == {
        "name": KEY,
        "locationId": site.named("locations", "HQ")[0]["id"],
        "password": PASSWORD,
        "trunkType": "CERTIFICATE_BASED",
        "deviceType": "AudioCodes SBC",
        "address": "sbc01",
        "domain": "example.com",
        "port": 5061,
        "peerIdentity": "sbc01.example.com",
        "maxConcurrentCalls": 250,
        "dualIdentitySupportEnabled": True,
        "pChargeInfoSupportPolicy": "ASSERTED_IDENTITY",
    }


def test_an_existing_trunk_is_updated_and_keeps_what_is_blank(site: Stage) -> None:
    """The PUT sends name and password; what the row leaves blank goes back as it was read."""
    site.play(BORDER | {"trunk_dual_identity_enabled": "true", "trunk_p_charge_info_policy": "ASSERTED_IDENTITY"})
    play = site.play(BORDER | {"trunk_max_concurrent_calls": "300", "trunk_p_charge_info_policy": "DISABLED"})
    assert play.state is RunState.COMPLETED
    assert play.bodies("PUT", "") == [
        {
            "name": KEY,
            "password": PASSWORD,
            "dualIdentitySupportEnabled": True,
            "maxConcurrentCalls": 300,
            "pChargeInfoSupportPolicy": "DISABLED",
        }
    ]


@pytest.mark.parametrize("row", [ROW, BORDER])
def test_the_same_row_again_creates_nothing(site: Stage, row: dict[str, str]) -> None:
    play = site.play(row)
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.calls("POST") == []
    assert site.tenant.normalised() == before


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"location_key": "Sevilla"}, "location (HQ)"),
        ({"trunk_device_type": "AudioCodes SBC"}, "deviceType"),
        ({"trunk_address": "sbc02"}, "address"),
        ({"trunk_domain": "example.org"}, "domain"),
        ({"trunk_port": "5062"}, "port"),
    ],
)
def test_a_trunk_that_differs_where_webex_can_change_nothing_is_left_alone(
    site: Stage, changes: dict[str, str], named: str
) -> None:
    site.play(BORDER)
    play = site.play(BORDER | changes)
    assert play.outcome(KEY) == "non_retryable_external"
    assert f"another {named}" in play.why(KEY)["reason_message"]
    assert play.writes == []


def test_another_type_of_trunk_is_left_alone(site: Stage) -> None:
    site.play(ROW)
    play = site.play(BORDER)
    assert play.outcome(KEY) == "non_retryable_external"
    assert "trunkType" in play.why(KEY)["reason_message"]
    assert play.writes == []


def test_a_trunk_whose_gateway_state_is_unknown_is_updated_all_the_same(site: Stage) -> None:
    """The detail may answer 206; letters of an address may differ in case."""
    site.play(BORDER)
    site.faults({"method": "GET", "path": "/trunks/[^/]+$", "effect": "partial"})
    play = site.play(BORDER | {"trunk_address": "SBC01"})
    assert play.state is RunState.COMPLETED
    assert play.writes == [f"PUT {ALL}/*"]


@pytest.mark.parametrize("value", [None, "", "  ", "what?ever", "bang!bang", "line\nbreak"])
def test_without_a_usable_password_no_call_is_made(
    site: Stage, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """The variable is named, its value is not; once it is set, a retry finishes the row."""
    monkeypatch.delenv(VARIABLE)
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    play = site.play(ROW)
    why = play.why(KEY)
    assert (why["reason_code"], why["step"]) == ("precondition_missing", "trunk_password")
    assert VARIABLE in why["reason_message"]
    assert not (value or "").strip() or str(value) not in why["reason_message"]
    assert play.calls("GET", "/trunks") == []
    assert play.writes == []
    monkeypatch.setenv(VARIABLE, PASSWORD)
    assert play.retry() is RunState.COMPLETED


def test_a_password_that_webex_repeats_in_its_refusal_stands_in_no_file(
    site: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.faults(CREATE | {"effect": "status", "status": 400, "error_code": 25015, "message": f"Bad: {PASSWORD}"})
    play = site.play(ROW)
    assert play.outcome(KEY) == "non_retryable_external"
    assert "Bad: ***" in play.why(KEY)["reason_message"]
    for file in play.folder.rglob("*"):
        if file.is_file():
            assert b"Secret-4711" not in file.read_bytes(), file.name


def test_the_token_is_no_trunk_password(site: Stage) -> None:
    play = site.play(ROW | {"trunk_password_env": "WEBEX_TOKEN"})
    assert play.results == []
    assert play.summary["counts"]["rejected"] == 1


def test_a_password_typed_where_a_variable_belongs_is_rejected_and_not_repeated(site: Stage) -> None:
    play = site.play(ROW | {"trunk_password_env": "Secret4711"})
    assert play.summary["counts"]["rejected"] == 1
    assert "Secret4711" not in (play.folder / "rejected_rows.csv").read_text()


@pytest.mark.parametrize(
    "cells",
    [
        {"trunk_address": "sbc01"},
        {"trunk_port": "5061"},
        {"trunk_max_concurrent_calls": "250"},
        {"trunk_type": "CERTIFICATE_BASED"},
        {"trunk_name": "SBC,1"},
        {"trunk_password_env": "not a name"},
    ],
)
def test_rows_that_make_no_sense_are_rejected(site: Stage, cells: dict[str, str]) -> None:
    assert site.play(ROW | cells).summary["counts"]["rejected"] == 1


@pytest.mark.parametrize(
    ("name", "reason"), [("Nowhere", "resource_dependency_missing"), ("Dark", "precondition_missing")]
)
def test_a_location_that_is_not_there_or_does_not_call_is_told_before_any_write(
    site: Stage, name: str, reason: str
) -> None:
    site.location("Dark", calling=False)
    play = site.play(ROW | {"location_key": name})
    assert play.outcome(KEY) == reason
    assert play.writes == []


def test_a_domain_that_is_not_verified_is_a_precondition(site: Stage) -> None:
    play = site.play(BORDER | {"trunk_domain": "example.local"})
    assert play.outcome(KEY) == "precondition_missing"
    assert "verified" in play.why(KEY)["reason_message"]


def test_an_address_that_another_trunk_has_is_told(site: Stage) -> None:
    play = site.play(BORDER, BORDER | {"trunk_name": "SBC-2"})
    assert play.outcomes == {KEY: "success", "SBC-2": "non_retryable_external"}
    assert "27571" in play.why("SBC-2")["reason_message"]


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 25024, "non_retryable_external"),
        (400, 25110, "non_retryable_external"),
        (403, None, "permission_denied"),
        (403, "BIFROST-B10005", "license_or_feature_missing"),
        (404, None, "precondition_missing"),
        (405, None, "license_or_feature_missing"),
        (409, None, "non_retryable_external"),
        (423, None, "non_retryable_external"),
    ],
)
def test_a_refused_create_has_the_reason_of_its_answer(
    site: Stage, status: int, code: int | str | None, reason: str
) -> None:
    site.faults(CREATE | {"effect": "status", "status": status, "error_code": code})
    play = site.play(ROW)
    assert play.outcome(KEY) == reason
    assert play.why(KEY)["http_status"] == str(status)


@pytest.mark.parametrize("status", [400, 409])
def test_a_create_refused_because_the_trunk_exists_goes_on_as_an_update(site: Stage, status: int) -> None:
    """Both statuses are reported for a name that is taken, so every refusal is followed by one more look."""
    site.play(ROW)
    hidden = {"method": "GET", "path": "/trunks$", "last": 2, "effect": "missing_fields"}
    site.faults(hidden, CREATE | {"effect": "status", "status": status})
    play = site.play(ROW)
    assert play.state is RunState.COMPLETED
    assert play.writes == [f"POST {ALL}", f"PUT {ALL}/*"]


def test_a_create_whose_answer_was_lost_is_looked_up_and_not_sent_again(site: Stage) -> None:
    site.faults(CREATE | {"effect": "ghost"})
    play = site.play(ROW)
    assert play.state is RunState.COMPLETED
    assert len(play.calls("POST", "/trunks")) == 1
    assert len(site.named("trunks", KEY)) == 1


def test_a_refused_update_has_the_reason_of_its_answer(site: Stage) -> None:
    site.play(ROW)
    site.faults(UPDATE | {"effect": "status", "status": 400, "error_code": 25015})
    play = site.play(ROW)
    assert play.outcome(KEY) == "non_retryable_external"
