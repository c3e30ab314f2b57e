"""location: created whole, updated whole, made a calling location; never twice."""

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import LOCATION
from webex_provision_tests.stage import Stage

SITE = LOCATION | {
    "location_announcement_language": "",
    "location_preferred_language": "en_US",
    "address_line2": "Planta 3",
    "location_latitude": "40.4168",
    "location_longitude": "-3.7038",
    "location_notes": "Site 1",
}
ADDRESS = {
    "address1": "Calle Mayor 1",
    "address2": "Planta 3",
    "city": "Madrid",
    "state": "Madrid",
    "postalCode": "28013",
    "country": "ES",
}
COMMON = {"name": "Madrid HQ", "timeZone": "Europe/Madrid", "preferredLanguage": "en_US", "address": ADDRESS}
CREATE = {"method": "POST", "path": "/locations$"}
ENABLE = {"method": "POST", "path": "/telephony/config/locations$"}


def test_a_new_location_is_created_and_enabled_with_the_documented_bodies(stage: Stage) -> None:
    """POST carries everything; the announcement language is lower case, or Webex answers 25046."""
    play = stage.play(SITE)
    assert play.state is RunState.COMPLETED
    create, enable = play.bodies("POST", "locations")
    position = {"latitude": "40.4168", "longitude": "-3.7038"}
    assert create == COMMON | position | {"notes": "Site 1", "announcementLanguage": "en_us"}
    (location,) = stage.named("locations", "Madrid HQ")
    assert enable == COMMON | {"id": location["id"], "announcementLanguage": "en_us"}
    assert play.writes == ["POST /locations", "POST /telephony/config/locations"]
    assert play.last("Madrid HQ")["remote_id"] == location["id"]


def test_a_blank_second_address_line_is_not_sent(stage: Stage) -> None:
    """An empty address2 makes the enabling fail."""
    play = stage.play(LOCATION)
    assert all("address2" not in body["address"] for body in play.bodies("POST", "locations"))


def test_an_existing_location_is_updated_whole_and_not_created(stage: Stage) -> None:
    """PUT is a near-full replace: name, time zone, language and address always; what only POST knows is not sent."""
    stage.location("Madrid HQ")
    play = stage.play(SITE)
    assert play.state is RunState.COMPLETED
    assert play.bodies("PUT", "") == [COMMON]
    assert play.writes == ["PUT /locations/*"]


def test_the_same_row_again_sends_nothing(stage: Stage) -> None:
    """The list shows all that the PUT would say."""
    play = stage.play(SITE)
    before = stage.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.writes == []
    assert stage.tenant.normalised() == before


def test_an_existing_location_without_calling_is_enabled(stage: Stage) -> None:
    stage.location("Madrid HQ", calling=False)
    assert stage.play(LOCATION).writes == ["POST /telephony/config/locations"]


def test_calling_enabled_false_leaves_calling_alone(stage: Stage) -> None:
    play = stage.play(LOCATION | {"calling_enabled": "false"})
    assert play.state is RunState.COMPLETED
    assert play.writes == ["POST /locations"]


def test_a_name_is_matched_exactly_first_and_without_regard_to_case_second(stage: Stage) -> None:
    """The filter of Webex matches any part of a name; `Madrid HQ 2` is another location."""
    stage.location("Madrid HQ 2")
    stage.location("MADRID hq")
    play = stage.play(LOCATION)
    assert play.writes == ["PUT /locations/*"]
    assert play.calls("PUT")[0]["path"].endswith(stage.named("locations", "Madrid HQ")[0]["id"])


def test_a_name_that_two_locations_answer_to_is_ambiguous(stage: Stage) -> None:
    stage.location("MADRID HQ")
    second = stage.location("Madrid B")
    second["name"] = "madrid hq"
    stage.tenant.table("locations").names[second["id"]] = "madrid hq"
    play = stage.play(LOCATION)
    assert play.outcome("Madrid HQ") == "non_retryable_external"
    assert "ambiguous name" in play.why("Madrid HQ")["reason_message"]
    assert play.writes == []


def test_other_rows_may_use_external_id_key_or_name(stage: Stage) -> None:
    stage.people("ana", "luis", "eva")
    row = LOCATION | {"location_external_id": "ES-MAD"}
    users = [
        {"entity_type": "user", "email": f"{name}@example.com", "extension": extension, "location_key": key}
        for name, extension, key in [("ana", "2101", "ES-MAD"), ("luis", "2102", "hq"), ("eva", "2103", "Madrid HQ")]
    ]
    play = stage.play(row, *users)
    assert play.state is RunState.COMPLETED
    assert play.last("ES-MAD")["status"] == "success"
    assert len(play.calls("POST", "/locations")) == 2


def test_a_wish_that_no_api_serves_is_pending_before_any_call(stage: Stage) -> None:
    play = stage.play(LOCATION | {"location_caller_id_policy": "MAIN"})
    assert play.outcome("Madrid HQ") == "out_of_scope"
    assert play.writes == []


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 25008, "non_retryable_external"),
        (400, 25046, "non_retryable_external"),
        (400, 25110, "non_retryable_external"),
        (403, None, "permission_denied"),
        (403, "BIFROST-B10005", "license_or_feature_missing"),
        (404, None, "non_retryable_external"),
        (405, None, "license_or_feature_missing"),
        (409, "BATCH-1001004", "precondition_missing"),
        (409, None, "non_retryable_external"),
        (423, None, "non_retryable_external"),
    ],
)
def test_a_refused_create_has_the_reason_of_its_answer(
    stage: Stage, status: int, code: int | str | None, reason: str
) -> None:
    stage.faults(CREATE | {"effect": "status", "status": status, "error_code": code})
    play = stage.play(LOCATION)
    assert play.outcome("Madrid HQ") == reason
    why = play.why("Madrid HQ")
    assert (why["step"], why["http_status"]) == ("location_create", str(status))
    assert str(code or status) in why["reason_message"]
    assert "tracking id SANDBOX_" in why["reason_message"]


def test_enabling_that_fails_after_the_create_is_half_applied(stage: Stage) -> None:
    """The underlying reason and status stay in the record; the retry goes on where it stopped."""
    stage.faults(ENABLE | {"effect": "status", "status": 403, "error_code": "BIFROST-B10005"})
    play = stage.play(LOCATION)
    why = play.why("Madrid HQ")
    assert (why["reason_code"], why["step"], why["http_status"]) == ("half_applied", "location_enable_calling", "403")
    assert "license_or_feature_missing" in why["reason_message"]
    assert "location_create" in why["reason_message"]
    stage.faults()
    assert play.retry() is RunState.COMPLETED
    assert play.writes == ["POST /telephony/config/locations"]


def test_a_create_refused_because_the_location_exists_goes_on_with_that_one(stage: Stage) -> None:
    """A list that lags hides it; the 409 makes us look once more."""
    stage.faults({"method": "GET", "path": "^/locations$", "first": 2, "last": 3, "effect": "missing_fields"})
    stage.location("Madrid HQ")
    play = stage.play(LOCATION)
    assert play.state is RunState.COMPLETED
    assert play.writes == ["POST /locations"]


def test_enabling_what_is_enabled_already_is_no_failure(stage: Stage) -> None:
    stage.location("Madrid HQ")
    hidden = {"method": "GET", "path": "/telephony/config/locations$", "last": 1, "effect": "missing_fields"}
    stage.faults(hidden)
    play = stage.play(LOCATION)
    assert play.state is RunState.COMPLETED
    assert play.writes == ["POST /telephony/config/locations"]
    assert play.calls("POST")[0]["status"] == 409
