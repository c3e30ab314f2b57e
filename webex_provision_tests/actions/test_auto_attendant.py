"""auto_attendant: its schedules and announcements are found first, its menus are sent whole or not at all."""

import json

import pytest

from webex_provision.sandbox.announcements import add_announcement
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.stage import Stage, calling_users

KEY = "HQ/Centralita"
ROW = {
    "entity_type": "auto_attendant",
    "location_key": "HQ",
    "aa_name": "Centralita",
    "extension": "2950",
    "aa_business_schedule": "Oficina",
}
ATTENDANT = "/telephony/config/locations/*/autoAttendants"
CREATE = {"method": "POST", "path": "/autoAttendants$"}
FREE = {"method": "GET", "path": "/telephony/config/numbers$", "effect": "missing_fields", "fields": ("owner",)}
DEFAULT_MENU = {
    "greeting": "DEFAULT",
    "extensionEnabled": True,
    "keyConfigurations": [{"key": "0", "action": "EXIT"}],
}


def schedule(schedule_type: str, name: str, **cells: str) -> dict[str, str]:
    common = {"entity_type": "schedules", "location_key": "HQ", "schedule_name": name}
    return common | {"schedule_type": schedule_type, **cells}


OFFICE = schedule("businessHours", "Oficina", schedule_weekly_hours="MON=09:00-14:00")
HOLIDAYS = schedule("holidays", "Fiestas", schedule_holidays="Navidad=2026-12-25*")


@pytest.fixture
def site(stage: Stage) -> Stage:
    """Schedules, announcements, a calling user, free numbers."""
    location = stage.location("HQ", "+34910002950", "+34910002951")
    stage.location("Sevilla", "+34950000001")
    calling_users(stage, ana="2101")
    add_announcement(stage.tenant, "Hola", location)
    add_announcement(stage.tenant, "Cerrado")
    stage.play(OFFICE, HOLIDAYS)
    return stage


def audio(site: Stage, name: str) -> dict[str, str]:
    (found,) = site.named("announcements", name)
    return {"id": found["id"], "level": found["level"]}


def test_a_new_attendant_is_one_post_with_the_documented_body(site: Stage) -> None:
    row = ROW | {
        "phone_number": "+34910002950",
        "aa_holiday_schedule": "Fiestas",
        "aa_business_keys": "1:TRANSFER_WITHOUT_PROMPT:2101|2:NAME_DIALING|*:REPEAT_MENU|#:TRANSFER_TO_OPERATOR:2101",
        "aa_announcement": "Hola",
        "aa_after_hours_keys": "0:TRANSFER_TO_MAILBOX:2101",
        "aa_after_hours_announcement": "Cerrado",
        "aa_extension_dialing": "GROUP",
        "aa_name_dialing": "ENTERPRISE",
        "language": "es_es",
        "time_zone": "Europe/Madrid",
        "aa_caller_id_name": "Madrid",
        "aa_alternate_numbers": "+34910002951",
    }
    play = site.play(row)
    assert play.outcomes == {KEY: "success"}
    assert play.bodies("POST", "/autoAttendants") == [
        {
            "name": "Centralita",
            "extension": "2950",
            "phoneNumber": "+34910002950",
            "businessSchedule": "Oficina",
            "holidaySchedule": "Fiestas",
            "businessHoursMenu": {
                "greeting": "CUSTOM",
                "extensionEnabled": True,
                "audioAnnouncementFile": audio(site, "Hola"),
                "keyConfigurations": [
                    {"key": "1", "action": "TRANSFER_WITHOUT_PROMPT", "value": "2101"},
                    {"key": "2", "action": "NAME_DIALING"},
                    {"key": "*", "action": "REPEAT_MENU"},
                    {"key": "#", "action": "TRANSFER_TO_OPERATOR", "value": "2101"},
                ],
            },
            "afterHoursMenu": {
                "greeting": "CUSTOM",
                "extensionEnabled": True,
                "audioAnnouncementFile": audio(site, "Cerrado"),
                "keyConfigurations": [{"key": "0", "action": "TRANSFER_TO_MAILBOX", "value": "2101"}],
            },
            "extensionDialing": "GROUP",
            "nameDialing": "ENTERPRISE",
            "languageCode": "es_es",
            "timeZone": "Europe/Madrid",
            "alternateNumbers": [{"phoneNumber": "+34910002951", "ringPattern": "NORMAL"}],
            "directLineCallerIdName": {"selection": "CUSTOM_NAME", "customName": "Madrid"},
        }
    ]
    assert play.writes == [f"POST {ATTENDANT}"]
    (attendant,) = site.named("auto_attendants", "Centralita")
    assert play.last(KEY)["remote_id"] == attendant["id"]
    assert site.line_of(attendant) == ("2950", "+34910002950", ["+34910002951"])


def test_the_smallest_row_says_what_webex_demands(site: Stage) -> None:
    play = site.play(ROW)
    assert play.bodies("POST", "/autoAttendants") == [
        {
            "name": "Centralita",
            "extension": "2950",
            "businessSchedule": "Oficina",
            "businessHoursMenu": DEFAULT_MENU,
            "afterHoursMenu": DEFAULT_MENU,
        }
    ]


def test_an_update_never_sends_the_menu_that_a_new_attendant_gets(site: Stage) -> None:
    """A menu that is sent replaces the one that is there; so a row without keys sends none."""
    site.play(ROW | {"aa_business_keys": "1:TRANSFER_WITHOUT_PROMPT:2101", "aa_after_hours_keys": "2:NAME_DIALING"})
    play = site.play(ROW | {"aa_after_hours_keys": "3:EXIT", "aa_holiday_schedule": "Fiestas"})
    assert play.outcomes == {KEY: "success"}
    (body,) = play.bodies("PUT", "")
    menu = DEFAULT_MENU | {"keyConfigurations": [{"key": "3", "action": "EXIT"}]}
    assert body == {
        "name": "Centralita",
        "extension": "2950",
        "businessSchedule": "Oficina",
        "holidaySchedule": "Fiestas",
        "afterHoursMenu": menu,
    }
    (attendant,) = site.named("auto_attendants", "Centralita")
    assert attendant["businessHoursMenu"]["keyConfigurations"][0]["key"] == "1"


def test_the_same_row_again_creates_nothing(site: Stage) -> None:
    play = site.play(ROW | {"aa_business_keys": "1:EXIT", "aa_alternate_numbers": "+34910002951"})
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.calls("POST") == []
    assert site.tenant.normalised() == before


def test_a_schedule_may_be_named_by_the_key_of_its_row(site: Stage) -> None:
    play = site.play(OFFICE, ROW | {"aa_business_schedule": "HQ/businessHours/Oficina"})
    assert play.outcome(KEY) == "success"
    assert play.bodies("POST", "/autoAttendants")[0]["businessSchedule"] == "Oficina"


def test_a_menu_as_json_wins_and_names_its_announcements(site: Stage) -> None:
    """What happens in the end wants all four fields of an announcement, the rest id and level."""
    menu = {
        "greeting": "CUSTOM",
        "extensionEnabled": False,
        "audioAnnouncementFile": {"name": "Hola"},
        "keyConfigurations": [
            {"key": "1", "action": "PLAY_ANNOUNCEMENT", "audioAnnouncementFile": {"name": "Cerrado"}},
        ],
        "callTreatment": {
            "retryAttemptForNoInput": "ONE_TIME",
            "noInputTimer": "10",
            "actionToBePerformed": {
                "action": "PLAY_MESSAGE_AND_DISCONNECT",
                "greeting": "CUSTOM",
                "audioAnnouncementFile": {"name": "Cerrado"},
            },
        },
    }
    play = site.play(ROW | {"aa_business_menu_json": json.dumps(menu), "aa_business_keys": "9:EXIT"})
    assert play.outcomes == {KEY: "success"}
    sent = play.bodies("POST", "/autoAttendants")[0]["businessHoursMenu"]
    assert sent["audioAnnouncementFile"] == audio(site, "Hola")
    assert sent["keyConfigurations"] == [
        {"key": "1", "action": "PLAY_ANNOUNCEMENT", "audioAnnouncementFile": audio(site, "Cerrado")}
    ]
    last = sent["callTreatment"]["actionToBePerformed"]["audioAnnouncementFile"]
    assert last == audio(site, "Cerrado") | {"fileName": "Cerrado.wav", "mediaFileType": "WAV"}


def test_forwarding_goes_in_its_wrapper(site: Stage) -> None:
    wish = {"always": {"enabled": True, "destination": "2101"}}
    play = site.play(ROW | {"aa_forwarding_json": json.dumps(wish)}, verify_writes=True)
    assert play.outcomes == {KEY: "success"}
    assert play.writes == [f"POST {ATTENDANT}", f"PUT {ATTENDANT}/*/callForwarding"]
    assert play.bodies("PUT", "/callForwarding") == [{"callForwarding": wish}]


@pytest.mark.parametrize(
    ("cells", "reason", "step"),
    [
        ({"aa_business_schedule": "Nada"}, "resource_dependency_missing", "schedule_lookup"),
        ({"aa_business_schedule": "Fiestas"}, "resource_dependency_missing", "schedule_lookup"),
        ({"aa_holiday_schedule": "Oficina"}, "resource_dependency_missing", "schedule_lookup"),
        (
            {"aa_announcement": "Nada", "aa_business_keys": "0:EXIT"},
            "resource_dependency_missing",
            "announcement_lookup",
        ),
        ({"phone_number": "+34910009999"}, "number_inventory_missing", "numbers_precheck"),
        ({"aa_alternate_numbers": "+34950000001"}, "number_inventory_missing", "numbers_precheck"),
        ({"extension": "2101"}, "non_retryable_external", "numbers_precheck"),
    ],
)
def test_what_cannot_be_had_is_told_before_any_write(
    site: Stage, cells: dict[str, str], reason: str, step: str
) -> None:
    play = site.play(ROW | cells)
    assert (play.outcome(KEY), play.why(KEY)["step"], play.writes) == (reason, step, [])


def test_a_schedule_of_another_location_does_not_count(site: Stage) -> None:
    play = site.play(ROW | {"location_key": "Sevilla"})
    assert (list(play.outcomes.values()), play.writes) == (["resource_dependency_missing"], [])


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 25008, "non_retryable_external"),
        (400, 4410, "license_or_feature_missing"),
        (403, None, "permission_denied"),
        (404, None, "precondition_missing"),
        (409, None, "non_retryable_external"),
    ],
)
def test_a_refused_create_has_the_reason_of_its_answer(site: Stage, status: int, code: int | None, reason: str) -> None:
    site.faults(CREATE | {"effect": "status", "status": status, "error_code": code})
    assert site.play(ROW).outcome(KEY) == reason


def test_a_create_refused_because_the_attendant_exists_goes_on_as_an_update(site: Stage) -> None:
    site.play(ROW)
    hidden = {"method": "GET", "path": "/telephony/config/autoAttendants$", "last": 2, "effect": "missing_fields"}
    site.faults(hidden, FREE)
    play = site.play(ROW)
    assert play.outcomes == {KEY: "success"}
    assert play.writes == [f"POST {ATTENDANT}", f"PUT {ATTENDANT}/*"]
    assert len(site.named("auto_attendants", "Centralita")) == 1


def test_forwarding_that_fails_is_half_applied(site: Stage) -> None:
    site.faults({"method": "PUT", "path": "/callForwarding$", "effect": "status", "status": 400, "error_code": 25024})
    play = site.play(ROW | {"aa_forwarding_json": '{"always":{"enabled":true,"destination":"2101"}}'})
    why = play.why(KEY)
    assert (why["reason_code"], why["step"]) == ("half_applied", "aa_forwarding")


@pytest.mark.parametrize(
    ("cells", "what"),
    [({"aa_holiday_menu_json": "{}"}, "second auto attendant"), ({"aa_enabled": "false"}, "Control Hub")],
)
def test_what_no_call_serves_waits_as_out_of_scope(site: Stage, cells: dict[str, str], what: str) -> None:
    play = site.play(ROW | cells)
    assert (play.outcome(KEY), play.writes) == ("out_of_scope", [])
    assert what in play.why(KEY)["reason_message"]


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ({"extension": ""}, "one of extension or phone_number"),
        ({"aa_business_schedule": ""}, "aa_business_schedule"),
        ({"aa_announcement": "Hola"}, "fill the keys too"),
        ({"aa_business_keys": "1:EXIT|1:REPEAT_MENU"}, "gives one key two actions"),
        ({"aa_business_keys": "1:TRANSFER_TO_MAILBOX"}, "is not written as this column wants it"),
        ({"aa_business_keys": "1:RETURN_TO_PREVIOUS_MENU"}, "is not written as this column wants it"),
        ({"aa_business_keys": "A:EXIT"}, "is not written as this column wants it"),
        (
            {"aa_after_hours_menu_json": '{"greeting":"DEFAULT","extensionEnabled":true,"keyConfigurations":[]}'},
            "does not fit",
        ),
    ],
)
def test_cells_that_contradict_each_other_are_rejected(site: Stage, cells: dict[str, str], what: str) -> None:
    play = site.prepare(ROW | cells)
    assert what in (play.folder / "rejected_rows.csv").read_text()
