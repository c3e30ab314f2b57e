"""call_queue: looked up in both lists, created once, updated by a merge, its services set one by one."""

import json

import pytest

from webex_provision.sandbox.announcements import add_announcement
from webex_provision.sandbox.virtual_lines import add_virtual_line
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.stage import Stage, calling_users, give_calling

KEY = "HQ/Soporte"
ROW = {"entity_type": "call_queue", "location_key": "HQ", "queue_name": "Soporte", "extension": "2900"}
QUEUE = "/telephony/config/locations/*/queues"
CREATE = {"method": "POST", "path": "/queues$"}
UPDATE = {"method": "PUT", "path": "/queues/[^/]+$"}
FREE = {"method": "GET", "path": "/telephony/config/numbers$", "effect": "missing_fields", "fields": ("owner",)}
HIDDEN = {"method": "GET", "path": "/telephony/config/queues$", "effect": "missing_fields"}
SERVICES = {
    "holidayService": {
        "holidayServiceEnabled": True,
        "action": "BUSY",
        "holidayScheduleLevel": "LOCATION",
        "holidayScheduleName": "Fiestas",
        "playAnnouncementBeforeEnabled": False,
        "audioMessageSelection": "DEFAULT",
    },
    "nightService": {"nightServiceEnabled": True, "action": "TRANSFER", "transferPhoneNumber": "2101"},
    "strandedCalls": {"action": "NIGHT_SERVICE", "audioMessageSelection": "DEFAULT"},
    "forcedForward": {
        "forcedForwardEnabled": False,
        "playAnnouncementBeforeEnabled": False,
        "audioMessageSelection": "DEFAULT",
    },
    "callForwarding": {"always": {"enabled": True, "destination": "2101"}},
}
HOLIDAYS = {
    "entity_type": "schedules",
    "location_key": "HQ",
    "schedule_name": "Fiestas",
    "schedule_type": "holidays",
    "schedule_holidays": "Navidad=2026-12-25*",
}


@pytest.fixture
def site(stage: Stage) -> Stage:
    """Two calling users, a virtual line, free numbers, announcements of the location and of the organisation."""
    location = stage.location("HQ", "+34910002900", "+34910002901")
    sevilla = stage.location("Sevilla", "+34950000001")
    calling_users(stage, ana="2101", luis="2102")
    add_virtual_line(stage.tenant, location, "Puerta", "Norte", "2701")
    add_announcement(stage.tenant, "Musica")
    add_announcement(stage.tenant, "Hola")
    add_announcement(stage.tenant, "Hola", location)
    add_announcement(stage.tenant, "Sevilla", sevilla)
    return stage


def announcement(site: Stage, name: str, level: str) -> list[dict[str, str]]:
    (found,) = (item for item in site.named("announcements", name) if item["level"] == level)
    return [{"id": found["id"]}]


def agent_ids(site: Stage, *names: str) -> list[str]:
    return [site.person(name)["id"] for name in names]


def test_a_new_queue_is_one_post_with_the_documented_body(site: Stage) -> None:
    row = ROW | {
        "phone_number": "+34910002900",
        "queue_policy": "UNIFORM",
        "queue_agents": "luis@example.com|ana@example.com",
        "language": "es_es",
        "time_zone": "Europe/Madrid",
        "queue_size": "25",
        "queue_overflow_action": "TRANSFER_TO_PHONE_NUMBER",
        "queue_overflow_number": "2101",
        "queue_welcome_announcement": "Hola",
        "queue_moh_announcement": "Musica",
        "queue_allow_agent_join": "true",
        "queue_caller_id_name": "Soporte Madrid",
        "queue_calling_line_id_policy": "LOCATION_NUMBER",
    }
    play = site.play(row)
    assert play.outcomes == {KEY: "success"}
    welcome = {"audioAnnouncementFiles": announcement(site, "Hola", "LOCATION")}
    music = {"audioAnnouncementFiles": announcement(site, "Musica", "ORGANIZATION")}
    assert play.bodies("POST", "/queues") == [
        {
            "name": "Soporte",
            "extension": "2900",
            "phoneNumber": "+34910002900",
            "languageCode": "es_es",
            "timeZone": "Europe/Madrid",
            "agents": [{"id": agent_id} for agent_id in agent_ids(site, "luis", "ana")],
            "allowAgentJoinEnabled": True,
            "callingLineIdPolicy": "LOCATION_NUMBER",
            "directLineCallerIdName": {"selection": "CUSTOM_NAME", "customName": "Soporte Madrid"},
            "callPolicies": {"policy": "UNIFORM", "routingType": "PRIORITY_BASED"},
            "queueSettings": {
                "queueSize": 25,
                "overflow": {"action": "TRANSFER_TO_PHONE_NUMBER", "transferNumber": "2101", "greeting": "DEFAULT"},
                "welcomeMessage": {"enabled": True, "greeting": "CUSTOM", **welcome},
                "mohMessage": {
                    "normalSource": {"enabled": True, "greeting": "CUSTOM", **music},
                    "alternateSource": {"enabled": False, "greeting": "DEFAULT"},
                },
            },
        }
    ]
    assert play.writes == [f"POST {QUEUE}"]
    assert play.last(KEY)["remote_id"] == site.named("call_queues", "Soporte")[0]["id"]


def test_the_smallest_row_says_what_webex_demands(site: Stage) -> None:
    play = site.play(ROW)
    policies = {"policy": "CIRCULAR", "routingType": "PRIORITY_BASED"}
    assert play.bodies("POST", "/queues") == [
        {"name": "Soporte", "extension": "2900", "agents": [], "callPolicies": policies}
    ]


def test_what_a_create_does_not_take_comes_by_put(site: Stage) -> None:
    play = site.play(ROW | {"queue_enabled": "false", "queue_alternate_numbers": "+34910002901"})
    assert play.outcomes == {KEY: "success"}
    assert play.writes == [f"POST {QUEUE}", f"PUT {QUEUE}/*"]
    numbers = [{"phoneNumber": "+34910002901", "ringPattern": "NORMAL"}]
    assert play.bodies("PUT", "") == [{"enabled": False, "alternateNumberSettings": {"alternateNumbers": numbers}}]
    (queue,) = site.named("call_queues", "Soporte")
    assert (queue["enabled"], site.line_of(queue)) == (False, ("2900", "", ["+34910002901"]))


def test_an_existing_queue_is_updated_and_what_is_blank_is_not_sent(site: Stage) -> None:
    site.play(ROW | {"queue_agents": "ana@example.com", "queue_policy": "UNIFORM"})
    play = site.play(ROW | {"extension": "2901", "queue_size": "30"})
    assert play.outcomes == {KEY: "success"}
    assert play.bodies("PUT", "") == [{"name": "Soporte", "extension": "2901", "queueSettings": {"queueSize": 30}}]
    (queue,) = site.named("call_queues", "Soporte")
    assert [agent["id"] for agent in queue["agents"]] == agent_ids(site, "ana")
    assert queue["callPolicies"]["policy"] == "UNIFORM"


def test_the_same_row_again_creates_nothing(site: Stage) -> None:
    cells = {"queue_agents": "ana@example.com", "queue_size": "10", "queue_services_json": json.dumps(SERVICES)}
    play = site.play(HOLIDAYS, ROW | cells)
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.calls("POST") == []
    assert site.tenant.normalised() == before


@pytest.mark.parametrize(
    ("cells", "agent"),
    [
        ({"queue_policy": "WEIGHTED"}, {"weight": "40"}),
        ({"queue_routing_type": "SKILL_BASED"}, {"skillLevel": 40}),
    ],
)
def test_the_number_after_an_agent_is_a_weight_or_a_skill(
    site: Stage, cells: dict[str, str], agent: dict[str, object]
) -> None:
    play = site.play(ROW | cells | {"queue_agents": "ana@example.com=40|virtual_line:Puerta Norte=40"})
    assert play.outcomes == {KEY: "success"}
    ana, door = play.bodies("POST", "/queues")[0]["agents"]
    assert ana == {"id": site.person("ana")["id"]} | agent
    assert door == {"id": site.named("virtual_lines", "Puerta Norte")[0]["id"]} | agent


def test_each_service_is_a_put_of_its_own_and_forwarding_has_its_wrapper(site: Stage) -> None:
    play = site.play(HOLIDAYS, ROW | {"queue_services_json": json.dumps(SERVICES)}, verify_writes=True)
    assert play.outcome(KEY) == "success"
    assert play.writes[1:] == [f"POST {QUEUE}", *(f"PUT {QUEUE}/*/{name}" for name in SERVICES)]
    *plain, forwarding = play.bodies("PUT", "")
    assert plain == list(SERVICES.values())[:-1]
    assert forwarding == {"callForwarding": SERVICES["callForwarding"]}
    (queue,) = site.named("call_queues", "Soporte")
    assert queue["forwarding"]["always"]["destination"] == "2101"


def test_the_announcements_of_a_service_are_named_and_sent_by_id(site: Stage) -> None:
    service = {"action": "ANNOUNCEMENT", "audioMessageSelection": "CUSTOM", "audioFiles": [{"name": "Musica"}]}
    play = site.play(ROW | {"queue_services_json": json.dumps({"strandedCalls": service})})
    assert play.outcomes == {KEY: "success"}
    ((file,),) = (body["audioFiles"] for body in play.bodies("PUT", "/strandedCalls"))
    named = {"fileName": "Musica.wav", "mediaFileType": "WAV", "level": "ORGANIZATION"}
    assert file == announcement(site, "Musica", "ORGANIZATION")[0] | named
    missing = {"strandedCalls": service | {"audioFiles": [{"name": "Nada"}]}}
    again = site.play(ROW | {"queue_services_json": json.dumps(missing)})
    assert (again.outcome(KEY), again.writes) == ("resource_dependency_missing", [])


def test_a_customer_assist_queue_is_found_though_the_plain_list_hides_it(site: Stage) -> None:
    """Without the second list a create would meet its own earlier queue."""
    first = site.play(ROW | {"queue_customer_assist": "true"})
    assert [entry["query"].get("hasCxEssentials") for entry in first.calls("POST", "/queues")] == ["true"]
    for cells in ({"queue_customer_assist": "true"}, {}):
        play = site.play(ROW | cells | {"queue_size": "5"})
        assert play.outcomes == {KEY: "success"}
        assert play.writes == [f"PUT {QUEUE}/*"]


@pytest.mark.parametrize(("first", "second"), [("true", "false"), ("false", "true")])
def test_a_queue_of_the_other_kind_is_told_before_any_write(site: Stage, first: str, second: str) -> None:
    site.play(ROW | {"queue_customer_assist": first})
    play = site.play(ROW | {"queue_customer_assist": second})
    assert (play.outcome(KEY), play.writes) == ("non_retryable_external", [])
    assert "can't be changed" in play.why(KEY)["reason_message"]


def test_settings_that_webex_wants_whole_are_completed_from_what_it_holds(site: Stage) -> None:
    """Sources differ on whether a PUT may name a part; the part is tried, and completed when refused with 25008."""
    site.play(ROW | {"queue_policy": "REGULAR", "queue_size": "25", "queue_moh_announcement": "Musica"})
    site.faults(UPDATE | {"effect": "status", "status": 400, "error_code": 25008, "last": 1})
    play = site.play(ROW | {"queue_overflow_action": "PLAY_RINGING_UNTIL_CALLER_HANGS_UP"})
    assert play.outcomes == {KEY: "success"}
    slim, whole = play.bodies("PUT", "")
    wish = {"action": "PLAY_RINGING_UNTIL_CALLER_HANGS_UP"}
    assert slim["queueSettings"] == {"overflow": wish}
    assert whole["queueSettings"] == {"queueSize": 25, "overflow": wish | {"greeting": "DEFAULT"}}
    assert whole["callPolicies"] == {"policy": "REGULAR", "routingType": "PRIORITY_BASED"}


def test_a_put_after_the_create_is_completed_too(site: Stage) -> None:
    site.faults(UPDATE | {"effect": "status", "status": 400, "error_code": 25008, "last": 1})
    play = site.play(ROW | {"queue_enabled": "false", "queue_size": "5"})
    assert play.outcomes == {KEY: "success"}
    slim, whole = play.bodies("PUT", "")
    assert slim == {"enabled": False}
    assert whole["queueSettings"]["queueSize"] == 5


@pytest.mark.parametrize(
    ("cells", "reason", "step"),
    [
        ({"queue_agents": "ghost@example.com"}, "user_not_found", "agents_lookup"),
        ({"queue_agents": "workspace:Nowhere"}, "workspace_not_found", "agents_lookup"),
        ({"queue_agents": "virtual_line:Nobody"}, "resource_dependency_missing", "agents_lookup"),
        ({"queue_welcome_announcement": "Nada"}, "resource_dependency_missing", "announcement_lookup"),
        ({"queue_comfort_announcement": "Sevilla"}, "resource_dependency_missing", "announcement_lookup"),
        ({"queue_services_json": json.dumps(SERVICES)}, "resource_dependency_missing", "schedule_lookup"),
        ({"phone_number": "+34910009999"}, "number_inventory_missing", "numbers_precheck"),
        ({"queue_alternate_numbers": "+34950000001"}, "number_inventory_missing", "numbers_precheck"),
        ({"extension": "2101"}, "non_retryable_external", "numbers_precheck"),
    ],
)
def test_what_cannot_be_had_is_told_before_any_write(
    site: Stage, cells: dict[str, str], reason: str, step: str
) -> None:
    play = site.play(ROW | cells)
    assert (play.outcome(KEY), play.why(KEY)["step"], play.writes) == (reason, step, [])


def test_an_agent_without_the_right_licence_or_without_calling_is_told_by_webex(site: Stage) -> None:
    give_calling(site, "Webex Calling - Standard", pia="2103")
    site.people("eva")
    assert site.play(ROW | {"queue_agents": "pia@example.com"}).outcome(KEY) == "license_or_feature_missing"
    assert site.play(ROW | {"queue_agents": "eva@example.com"}).outcome(KEY) == "precondition_missing"
    assert site.named("call_queues", "Soporte") == []


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 25008, "non_retryable_external"),
        (400, 28018, "license_or_feature_missing"),
        (400, 4003, "precondition_missing"),
        (403, None, "permission_denied"),
        (404, None, "precondition_missing"),
        (409, None, "non_retryable_external"),
    ],
)
def test_a_refused_create_has_the_reason_of_its_answer(site: Stage, status: int, code: int | None, reason: str) -> None:
    site.faults(CREATE | {"effect": "status", "status": status, "error_code": code})
    assert site.play(ROW).outcome(KEY) == reason


def test_a_create_refused_because_the_queue_exists_goes_on_as_an_update(site: Stage) -> None:
    site.play(ROW)
    site.faults(HIDDEN | {"last": 3}, FREE)
    play = site.play(ROW | {"queue_size": "9"})
    assert play.outcomes == {KEY: "success"}
    assert play.writes == [f"POST {QUEUE}", f"PUT {QUEUE}/*"]
    assert len(site.named("call_queues", "Soporte")) == 1


def test_a_service_that_fails_is_half_applied(site: Stage) -> None:
    site.faults({"method": "PUT", "path": "/strandedCalls$", "effect": "status", "status": 400, "error_code": 28018})
    play = site.play(HOLIDAYS, ROW | {"queue_services_json": json.dumps(SERVICES)})
    why = play.why(KEY)
    assert (why["reason_code"], why["step"]) == ("half_applied", "queue_services")
    assert "license_or_feature_missing" in why["reason_message"]


@pytest.mark.parametrize(
    "cells",
    [
        {"queue_calling_line_id_policy": "CUSTOM"},
        {"queue_dnis": "1"},
        {"queue_supervisors": "ana@example.com"},
        {"queue_wrap_up": "Motivo"},
    ],
)
def test_what_no_call_here_serves_waits_as_out_of_scope(site: Stage, cells: dict[str, str]) -> None:
    play = site.play(ROW | cells)
    assert (play.outcome(KEY), play.writes) == ("out_of_scope", [])
    assert "Control Hub" in play.why(KEY)["reason_message"]


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ({"extension": ""}, "one of extension or phone_number"),
        ({"queue_overflow_action": "TRANSFER_TO_PHONE_NUMBER"}, "queue_overflow_number is needed"),
        ({"queue_overflow_number": "2101"}, "goes only with"),
        ({"queue_agents": "ana@example.com=10"}, "weights with queue_policy=WEIGHTED"),
        (
            {"queue_policy": "WEIGHTED", "queue_agents": "ana@example.com=60|luis@example.com=41"},
            "add up to at most 100",
        ),
        ({"queue_policy": "WEIGHTED", "queue_routing_type": "SKILL_BASED"}, "CIRCULAR, REGULAR or UNIFORM"),
        (
            {"queue_policy": "SIMULTANEOUS", "queue_agents": "|".join(f"a{n}@example.com" for n in range(51))},
            "at most 50",
        ),
        ({"queue_services_json": '{"nightService":{"nightServiceEnabled":true}}'}, "needs an action"),
        ({"queue_services_json": '{"dayService":{}}'}, "does not fit"),
    ],
)
def test_cells_that_contradict_each_other_are_rejected(site: Stage, cells: dict[str, str], what: str) -> None:
    play = site.prepare(ROW | cells)
    assert what in (play.folder / "rejected_rows.csv").read_text()
