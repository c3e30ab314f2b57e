"""user_calling_settings (alias user): an existing user gets Webex Calling and basic settings; never an identity."""

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import user
from webex_provision_tests.stage import Stage, calling_users, give_calling

PROFESSIONAL = "Webex Calling - Professional"
STANDARD = "Webex Calling - Standard"
ANA = user("ana", "2101")
KEY = "ana@example.com"
PATCH = {"method": "PATCH", "path": "/licenses/users$"}
PERMISSIONS = '[{"callType":"INTERNATIONAL","action":"BLOCK","transferEnabled":false}]'
SETTINGS = user(
    "ana",
    "2101",
    calling_settings_caller_id_selected="CUSTOM",
    calling_settings_caller_id_custom_number="+34910002999",
    calling_settings_external_caller_id_name_policy="OTHER",
    calling_settings_external_caller_id_name="Ventas",
    calling_settings_voicemail_enabled="true",
    calling_settings_voicemail_rings="6",
    calling_settings_voicemail_email="copies@example.com",
    calling_settings_call_waiting_enabled="true",
    calling_settings_dnd_enabled="false",
    calling_settings_barge_in_enabled="true",
    calling_settings_outgoing_permissions_json=PERMISSIONS,
)


@pytest.fixture
def site(stage: Stage) -> Stage:
    """A location with a few numbers, and users without calling."""
    stage.location("HQ", "+34910002101", "+34910002102", "+34910002999")
    stage.location("Sevilla", "+34950000001")
    stage.people("ana", "luis", "eva")
    return stage


def test_licence_location_extension_and_number_come_in_one_patch(site: Stage) -> None:
    play = site.play(ANA | {"phone_number": "+34910002101"})
    assert play.state is RunState.COMPLETED
    (location,) = site.named("locations", "HQ")
    properties = {"locationId": location["id"], "extension": "2101", "phoneNumber": "+34910002101"}
    assert play.bodies("PATCH", "/licenses/users") == [
        {
            "personId": site.person("ana")["id"],
            "licenses": [{"id": site.tenant.license(PROFESSIONAL)["id"], "operation": "add", "properties": properties}],
        }
    ]
    assert play.writes == ["PATCH /licenses/users"]
    assert site.line_of(site.person("ana")) == ("2101", "+34910002101", [])
    assert play.last(KEY)["remote_id"] == site.person("ana")["id"]


def test_each_filled_group_of_settings_is_one_put_with_the_documented_body(site: Stage) -> None:
    play = site.play(SETTINGS)
    assert play.state is RunState.COMPLETED
    bodies = {entry["path"].rsplit("/", 1)[-1]: entry["body"] for entry in play.calls("PUT")}
    assert bodies == {
        "callerId": {
            "selected": "CUSTOM",
            "customNumber": "+34910002999",
            "externalCallerIdNamePolicy": "OTHER",
            "customExternalCallerIdName": "Ventas",
        },
        "voicemail": {
            "enabled": True,
            "notifications": {"enabled": False},
            "transferToNumber": {"enabled": False},
            "sendUnansweredCalls": {"enabled": True, "greeting": "DEFAULT", "numberOfRings": 6},
            "emailCopyOfMessage": {"enabled": True, "emailId": "copies@example.com"},
        },
        "callWaiting": {"enabled": True},
        "doNotDisturb": {"enabled": False, "webexGoOverrideEnabled": False},
        "bargeIn": {"enabled": True},
        "outgoingPermission": {
            "useCustomEnabled": True,
            "useCustomPermissions": True,
            "callingPermissions": [{"callType": "INTERNATIONAL", "action": "BLOCK", "transferEnabled": False}],
        },
    }
    assert play.writes[0] == "PATCH /licenses/users"
    assert len(play.writes) == 7


def test_the_same_row_again_assigns_nothing_and_changes_nothing(site: Stage) -> None:
    play = site.play(SETTINGS)
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.calls("PATCH") + play.calls("POST") == []
    assert site.tenant.normalised() == before


def test_users_are_found_without_regard_to_case_and_never_created(site: Stage) -> None:
    site.tenant.add_person("Mixed.Case@Example.com")
    play = site.play(user("ghost", "2105"), user("mixed.case", "2106"))
    assert play.outcomes == {"ghost@example.com": "user_not_found", "mixed.case@example.com": "success"}
    assert play.calls("POST") == []


def test_filled_identity_columns_reject_the_row_before_any_call(site: Stage) -> None:
    play = site.play(ANA, user("luis", "2102", display_name="Somebody Else"))
    assert play.outcomes == {KEY: "success"}
    assert site.person("luis")["displayName"] == "Luis"


def test_wishes_out_of_scope_are_pending_and_nothing_is_sent(site: Stage) -> None:
    calling_users(site, ana="2101")
    play = site.play(ANA | {"calling_enabled": "false"})
    assert play.outcome(KEY) == "out_of_scope"
    assert play.writes == []


# --- the licence -----------------------------------------------------------------------------------------------


def test_a_blank_licence_column_keeps_the_licence_that_is_held(site: Stage) -> None:
    give_calling(site, STANDARD, ana="2101")
    play = site.play(ANA)
    assert (play.state, play.writes) == (RunState.COMPLETED, [])
    assert site.licenses_of(site.person("ana")) == [STANDARD]


def test_standard_becomes_professional_in_one_patch_and_keeps_its_line(site: Stage) -> None:
    give_calling(site, STANDARD, ana="2101")
    play = site.play(user("ana", user_calling_license="professional"))
    assert play.state is RunState.COMPLETED
    (body,) = play.bodies("PATCH", "/licenses/users")
    (location,) = site.named("locations", "HQ")
    assert body["licenses"] == [
        {"id": site.tenant.license(STANDARD)["id"], "operation": "remove"},
        {
            "id": site.tenant.license(PROFESSIONAL)["id"],
            "operation": "add",
            "properties": {"locationId": location["id"], "extension": "2101"},
        },
    ]
    assert play.writes == ["PATCH /licenses/users"]
    assert site.licenses_of(site.person("ana")) == [PROFESSIONAL]
    assert site.line_of(site.person("ana"))[0] == "2101"


def test_an_upgrade_does_not_hide_that_the_extension_differs_too(site: Stage) -> None:
    """The PATCH keeps the line of a user who calls already; the PUT changes it, if it may."""
    give_calling(site, STANDARD, ana="2101")
    row = user("ana", "2109", user_calling_license="professional")
    play = site.play(row, allow_people_put=False)
    assert (play.outcome(KEY), play.writes) == ("out_of_scope", [])
    assert play.retry(allow_people_put=True) is RunState.COMPLETED
    assert play.writes == ["PATCH /licenses/users", "PUT /people/*"]
    assert site.line_of(site.person("ana"))[0] == "2109"


def test_a_downgrade_is_refused_here_because_webex_refuses_it(site: Stage) -> None:
    calling_users(site, ana="2101")
    play = site.play(ANA | {"user_calling_license": "standard"})
    assert (play.outcome(KEY), play.writes) == ("license_or_feature_missing", [])


def test_no_free_licence_is_told_before_any_write(site: Stage) -> None:
    site.tenant.set_license_units(PROFESSIONAL, 0)
    play = site.play(ANA, user("luis", "2102", user_calling_license="standard"))
    assert play.outcomes == {KEY: "license_or_feature_missing", "luis@example.com": "success"}
    assert len(play.writes) == 1


def test_the_last_free_licence_goes_to_one_user_and_the_others_wait(site: Stage) -> None:
    """Units are counted as they are given; a race that is lost all the same is a 206, which is no success."""
    site.tenant.set_license_units(PROFESSIONAL, 1)
    play = site.play(ANA, user("luis", "2102"), user("eva", "2103"))
    assert sorted(play.outcomes.values()) == ["license_or_feature_missing", "license_or_feature_missing", "success"]
    site.tenant.set_license_units(PROFESSIONAL, 3)
    assert play.retry() is RunState.COMPLETED


def test_a_206_without_the_licence_is_no_success(site: Stage) -> None:
    site.faults(PATCH | {"effect": "partial"})
    play = site.play(SETTINGS)
    assert play.outcome(KEY) == "license_or_feature_missing"
    assert play.why(KEY)["http_status"] == "206"
    assert play.writes == ["PATCH /licenses/users"]
    assert site.tenant.line(site.person("ana")["id"]) is None


def test_a_user_without_extension_or_number_anywhere_waits_for_one(site: Stage) -> None:
    play = site.play(user("ana"))
    assert (play.outcome(KEY), play.writes) == ("precondition_missing", [])


@pytest.mark.parametrize("giver", ["user_numbers", "extension_assignment"])
def test_extension_and_number_come_from_the_row_that_has_them(site: Stage, giver: str) -> None:
    """The licence needs a line at once; the row that says which comes later and finds its work done."""
    other = {"entity_type": giver, "location_key": "HQ", "email": KEY, "extension": "2101"}
    play = site.play(user("ana"), other | {"phone_number": "+34910002101"})
    assert play.state is RunState.COMPLETED
    assert play.writes == ["PATCH /licenses/users"]
    assert site.line_of(site.person("ana")) == ("2101", "+34910002101", [])


# --- numbers and places ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("+34910009999", "not in the organisation's inventory"),
        ("+34950000001", "in the inventory of Sevilla"),
        ("+34910002102", "belongs to PEOPLE Berta"),
    ],
)
def test_a_number_that_cannot_be_had_is_told_before_any_write(site: Stage, number: str, told: str) -> None:
    calling_users(site, berta="+34910002102")
    play = site.play(user("ana", phone_number=number))
    assert (play.outcome(KEY), play.writes) == ("number_inventory_missing", [])
    assert told in play.why(KEY)["reason_message"]


def test_an_extension_of_somebody_else_is_told_before_any_write(site: Stage) -> None:
    calling_users(site, berta="2101")
    play = site.play(ANA)
    assert (play.outcome(KEY), play.writes) == ("non_retryable_external", [])
    assert "belongs to PEOPLE Berta" in play.why(KEY)["reason_message"]


def test_the_same_extension_in_another_location_is_free(site: Stage) -> None:
    give_calling(site, PROFESSIONAL, "Sevilla", berta="2101")
    assert site.play(ANA).state is RunState.COMPLETED


def test_a_user_who_calls_in_another_location_is_never_moved(site: Stage) -> None:
    give_calling(site, PROFESSIONAL, "Sevilla", ana="2101")
    play = site.play(ANA)
    assert (play.outcome(KEY), play.writes) == ("precondition_missing", [])
    assert "Sevilla" in play.why(KEY)["reason_message"]


def test_locations_must_exist_and_have_calling(site: Stage) -> None:
    site.location("Office", calling=False)
    play = site.play(ANA | {"location_key": "Nowhere"}, user("luis", "2102") | {"location_key": "Office"})
    assert play.outcomes == {KEY: "resource_dependency_missing", "luis@example.com": "precondition_missing"}
    assert play.writes == []


def test_an_extension_that_a_row_gives_up_is_free_for_the_next(site: Stage) -> None:
    """What a write changes is known at once: Ana leaves 2101, Luis takes it."""
    calling_users(site, ana="2101")
    luis = {"entity_type": "extension_assignment", "location_key": "HQ", "email": "luis@example.com"}
    play = site.play(user("ana", "2150"), luis | {"extension": "2101"})
    assert play.state is RunState.COMPLETED
    assert (site.line_of(site.person("ana"))[0], site.line_of(site.person("luis"))[0]) == ("2150", "2101")


# --- failures of the licence call ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "message", "reason"),
    [
        (400, 400, "Extension and Phone Number cannot be blank.", "precondition_missing"),
        (400, 400411, "No words", "precondition_missing"),
        (400, None, "Unable to find location.", "resource_dependency_missing"),
        (400, 400000, "Unknown licence", "license_or_feature_missing"),
        (400, 400112, "Downgrade", "license_or_feature_missing"),
        (400, 400404, "Conflict", "license_or_feature_missing"),
        (400, 400413, "Conflict", "license_or_feature_missing"),
        (400, 700004, "Prerequisite", "license_or_feature_missing"),
        (400, 4250, "The phone number(s) not added", "number_inventory_missing"),
        (400, 5209, "DN not found", "number_inventory_missing"),
        (400, 4202, "Extension is taken", "non_retryable_external"),
        (400, None, "Calling flag not set", "precondition_missing"),
        (403, None, "No", "permission_denied"),
        (404, None, "No such person", "user_not_found"),
    ],
)
def test_a_refused_licence_has_the_reason_of_its_answer(
    site: Stage, status: int, code: int | None, message: str, reason: str
) -> None:
    site.faults(PATCH | {"effect": "status", "status": status, "error_code": code, "message": message})
    play = site.play(ANA)
    assert play.outcome(KEY) == reason
    assert play.why(KEY)["step"] == "user_enable_calling"
    assert message in play.why(KEY)["reason_message"]


@pytest.mark.parametrize("effect", ["ghost", "cut", "reset", "drop_before"])
def test_the_licence_call_is_safe_to_repeat_when_its_answer_is_lost(site: Stage, effect: str) -> None:
    site.faults(PATCH | {"effect": effect, "last": 1})
    play = site.play(ANA)
    assert play.state is RunState.COMPLETED
    assert len(play.calls("PATCH")) == 2
    assert site.licenses_of(site.person("ana")) == [PROFESSIONAL]


# --- settings --------------------------------------------------------------------------------------------------


def test_a_licence_that_settles_is_waited_for(site: Stage) -> None:
    """Settings answer 4003 for some seconds after the licence was given."""
    site.faults(calling_settle_seconds=9)
    play = site.play(ANA | {"calling_settings_dnd_enabled": "true"})
    assert play.state is RunState.COMPLETED
    assert len(play.calls("PUT")) > 1


def test_an_invited_user_is_half_applied_with_the_precondition_as_cause(site: Stage) -> None:
    site.people("invited", invite_pending=True)
    play = site.play(user("invited", "2108", calling_settings_dnd_enabled="true"))
    why = play.why("invited@example.com")
    assert (why["reason_code"], why["step"], why["http_status"]) == ("half_applied", "user_dnd_update", "400")
    assert "precondition_missing" in why["reason_message"]
    assert len(play.calls("PUT")) <= 6


def test_an_active_user_is_not_waited_for(site: Stage) -> None:
    calling_users(site, ana="2101")
    site.person("ana")["invitePending"] = True
    play = site.play(ANA | {"calling_settings_dnd_enabled": "true"})
    assert play.outcome(KEY) == "precondition_missing"
    assert len(play.calls("PUT")) == 1


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 4410, "license_or_feature_missing"),
        (404, 4008, "precondition_missing"),
        (405, None, "license_or_feature_missing"),
        (400, 25042, "precondition_missing"),
        (400, 25024, "non_retryable_external"),
        (403, None, "permission_denied"),
    ],
)
def test_a_refused_setting_has_the_reason_of_its_answer(
    site: Stage, status: int, code: int | None, reason: str
) -> None:
    calling_users(site, ana="2101")
    site.faults({"path": "/features/callerId", "effect": "status", "status": status, "error_code": code})
    play = site.play(ANA | {"calling_settings_caller_id_selected": "DIRECT_LINE"})
    assert play.outcome(KEY) == reason


def test_written_settings_are_read_back_where_that_is_asked_for(site: Stage) -> None:
    """Webex answers 204 to what it ignores; VERIFY_WRITES finds out."""
    play = site.play(SETTINGS, verify_writes=True)
    assert play.state is RunState.COMPLETED
    reads = [entry["path"] for entry in play.calls("GET") if "/features/" in entry["path"]]
    assert len(reads) == 6
    site.faults({"method": "PUT", "path": "/callWaiting", "effect": "status", "status": 204, "shape": "empty"})
    site.tenant.settings.clear()
    play = site.play(ANA | {"calling_settings_call_waiting_enabled": "false"}, verify_writes=True)
    why = play.why(KEY)
    assert (why["reason_code"], why["step"]) == ("half_applied", "user_call_waiting_update")
    assert "invalid_response_schema" in why["reason_message"]
    assert "enabled" in why["reason_message"]
