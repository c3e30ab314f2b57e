"""hunt_group: created once, every agent resolved before a list that replaces is sent."""

import pytest

from webex_provision.sandbox.virtual_lines import add_virtual_line
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import hunt_group, workspace
from webex_provision_tests.stage import Stage, calling_users

KEY = "HQ/Recepcion"
ROW = hunt_group("Recepcion", "2800")
FREE = {"method": "GET", "path": "/telephony/config/numbers$", "effect": "missing_fields", "fields": ("owner",)}
CREATE = {"method": "POST", "path": "/huntGroups$"}
UPDATE = {"method": "PUT", "path": "/huntGroups/[^/]+$"}
GROUP = "/telephony/config/locations/*/huntGroups"


@pytest.fixture
def site(stage: Stage) -> Stage:
    """Two locations with a workspace of the same name each, two calling users, a virtual line."""
    location = stage.location("HQ", "+34910002800", "+34910002801", "+34910002802")
    stage.location("Sevilla", "+34950000001")
    calling_users(stage, ana="2101", luis="2102")
    add_virtual_line(stage.tenant, location, "Puerta", "Norte", "2701")
    rooms = (
        workspace("Sala Goya", "2301", workspace_external_id="W1"),
        workspace("Sala Goya", "2301", workspace_external_id="W2") | {"location_key": "Sevilla"},
        workspace("Sala Miro", "2302"),
    )
    stage.play(*rooms)
    return stage


def test_a_new_group_is_one_post_with_the_documented_body(site: Stage) -> None:
    row = ROW | {
        "phone_number": "+34910002800",
        "hunt_policy": "UNIFORM",
        "hunt_agents": "luis@example.com|ana@example.com",
        "hunt_enabled": "false",
        "language": "es_es",
        "time_zone": "Europe/Madrid",
        "hunt_caller_id_name": "Recepcion Madrid",
        "hunt_next_agent_rings": "4",
        "hunt_no_answer_rings": "12",
        "hunt_no_answer_destination": "2101",
        "hunt_busy_destination": "2102",
        "hunt_unreachable_destination": "+34910002999",
        "hunt_call_waiting": "true",
    }
    play = site.play(row)
    assert play.state is RunState.COMPLETED
    luis, ana = site.ids("luis", "ana")
    assert play.bodies("POST", "/huntGroups") == [
        {
            "name": "Recepcion",
            "extension": "2800",
            "phoneNumber": "+34910002800",
            "enabled": False,
            "languageCode": "es_es",
            "timeZone": "Europe/Madrid",
            "agents": [{"id": luis}, {"id": ana}],
            "directLineCallerIdName": {"selection": "CUSTOM_NAME", "customName": "Recepcion Madrid"},
            "callPolicies": {
                "policy": "UNIFORM",
                "waitingEnabled": True,
                "noAnswer": {
                    "nextAgentEnabled": True,
                    "nextAgentRings": 4,
                    "forwardEnabled": True,
                    "numberOfRings": 12,
                    "destination": "2101",
                    "destinationVoicemailEnabled": False,
                },
                "busyRedirect": {"enabled": True, "destination": "2102"},
                "businessContinuityRedirect": {"enabled": True, "destination": "+34910002999"},
            },
        }
    ]
    assert play.writes == [f"POST {GROUP}"]
    assert play.last(KEY)["remote_id"] == site.named("hunt_groups", "Recepcion")[0]["id"]


def test_the_smallest_row_says_what_webex_demands(site: Stage) -> None:
    """A POST without callPolicies is refused with 25008; enabled and agents are required."""
    play = site.play(ROW)
    assert play.bodies("POST", "/huntGroups") == [
        {
            "name": "Recepcion",
            "extension": "2800",
            "enabled": True,
            "agents": [],
            "callPolicies": {"policy": "CIRCULAR"},
        }
    ]


def test_alternates_come_by_put_after_the_create_and_forwarding_in_its_wrapper(site: Stage) -> None:
    """A POST ignores alternates; without the wrapper forwarding is answered 200 and ignored."""
    row = ROW | {
        "hunt_alternate_numbers": "+34910002801|+34910002802",
        "hunt_forwarding_json": '{"always":{"enabled":true,"destination":"2101"}}',
    }
    play = site.play(row, verify_writes=True)
    assert play.state is RunState.COMPLETED
    assert play.writes == [f"POST {GROUP}", f"PUT {GROUP}/*", f"PUT {GROUP}/*/callForwarding"]
    alternates, forwarding = play.bodies("PUT", "")
    assert alternates == {
        "alternateNumbers": [
            {"phoneNumber": "+34910002801", "ringPattern": "NORMAL"},
            {"phoneNumber": "+34910002802", "ringPattern": "NORMAL"},
        ]
    }
    assert forwarding == {"callForwarding": {"always": {"enabled": True, "destination": "2101"}}}
    (group,) = site.named("hunt_groups", "Recepcion")
    assert site.line_of(group) == ("2800", "", ["+34910002801", "+34910002802"])
    assert group["forwarding"]["always"]["destination"] == "2101"


def test_an_existing_group_is_updated_and_what_is_blank_is_not_sent(site: Stage) -> None:
    site.play(ROW | {"hunt_agents": "ana@example.com", "hunt_policy": "UNIFORM"})
    play = site.play(hunt_group("Recepcion", "2801", hunt_enabled="false"))
    assert play.state is RunState.COMPLETED
    assert play.bodies("PUT", "") == [{"name": "Recepcion", "extension": "2801", "enabled": False}]
    (group,) = site.named("hunt_groups", "Recepcion")
    assert [agent["id"] for agent in group["agents"]] == site.ids("ana")


def test_the_same_row_again_creates_nothing(site: Stage) -> None:
    row = ROW | {"hunt_agents": "ana@example.com|workspace:Sala Miro", "hunt_alternate_numbers": "+34910002801"}
    play = site.play(row)
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.calls("POST") == []
    assert site.tenant.normalised() == before


def test_one_name_in_two_locations_is_two_groups(site: Stage) -> None:
    play = site.play(ROW, ROW | {"location_key": "Sevilla"})
    assert play.state is RunState.COMPLETED
    assert len(play.calls("POST")) == 2


def test_agents_of_all_kinds_are_sent_in_the_order_of_the_cell_with_their_weights(site: Stage) -> None:
    agents = "workspace:Sala Miro=20|ana@example.com=30|virtual_line:Puerta Norte=10|workspace:Sala Goya@Sevilla=40"
    play = site.play(ROW | {"hunt_policy": "WEIGHTED", "hunt_agents": agents})
    assert play.state is RunState.COMPLETED, play.pending
    miro, ana, door = site.ids("Sala Miro", "ana", "Puerta Norte")
    (_, sevilla) = site.named("workspaces", "Sala Goya")
    (body,) = play.bodies("POST", "/huntGroups")
    assert body["agents"] == [
        {"id": miro, "weight": "20"},
        {"id": ana, "weight": "30"},
        {"id": door, "weight": "10"},
        {"id": sevilla["id"], "weight": "40"},
    ]


def test_a_lone_dash_takes_all_agents_away(site: Stage) -> None:
    site.play(ROW | {"hunt_agents": "ana@example.com"})
    play = site.play(ROW | {"hunt_agents": "-"})
    assert play.bodies("PUT", "")[0]["agents"] == []


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("ghost@example.com", "user_not_found"),
        ("workspace:Nowhere", "workspace_not_found"),
        ("workspace:Sala Goya", "non_retryable_external"),
        ("workspace:Sala Miro@Sevilla", "workspace_not_found"),
        ("workspace:Sala Miro@Nowhere", "resource_dependency_missing"),
        ("virtual_line:Puerta Sur", "resource_dependency_missing"),
    ],
)
def test_one_unresolved_member_stops_the_row_before_any_write(site: Stage, member: str, reason: str) -> None:
    """The list replaces: sent without that member it would silently take somebody away."""
    site.play(ROW | {"hunt_agents": "ana@example.com|luis@example.com"})
    play = site.play(ROW | {"hunt_agents": f"ana@example.com|{member}"})
    assert (play.outcome(KEY), play.writes) == (reason, [])
    assert play.why(KEY)["step"] == "agents_lookup"
    (group,) = site.named("hunt_groups", "Recepcion")
    assert len(group["agents"]) == 2


def test_an_agent_who_does_not_call_yet_is_told_by_webex(site: Stage) -> None:
    site.people("eva")
    play = site.play(ROW | {"hunt_agents": "eva@example.com"})
    assert play.outcome(KEY) == "precondition_missing"
    assert site.named("hunt_groups", "Recepcion") == []


def test_call_policies_that_webex_wants_whole_are_completed_from_what_it_holds(site: Stage) -> None:
    """Sources differ on whether a PUT may name a part; the part is tried, and completed when refused with 25008."""
    site.play(ROW | {"hunt_policy": "REGULAR", "hunt_next_agent_rings": "7"})
    site.faults(UPDATE | {"effect": "status", "status": 400, "error_code": 25008, "last": 1})
    play = site.play(ROW | {"hunt_no_answer_rings": "12", "hunt_no_answer_destination": "2101"})
    assert play.state is RunState.COMPLETED
    slim, whole = play.bodies("PUT", "")
    wish = {"forwardEnabled": True, "numberOfRings": 12, "destination": "2101"}
    assert slim["callPolicies"] == {"noAnswer": wish}
    rest = {"nextAgentEnabled": True, "nextAgentRings": 7, "destinationVoicemailEnabled": False}
    assert whole["callPolicies"] == {"policy": "REGULAR", "noAnswer": wish | rest}


def test_a_completed_body_that_is_refused_again_is_not_sent_a_third_time(site: Stage) -> None:
    site.play(ROW)
    site.faults(UPDATE | {"effect": "status", "status": 400, "error_code": 25008})
    play = site.play(ROW | {"hunt_call_waiting": "true"})
    assert play.outcome(KEY) == "non_retryable_external"
    assert len(play.calls("PUT")) == 2


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"phone_number": "+34910009999"}, "number_inventory_missing"),
        ({"phone_number": "+34950000001"}, "number_inventory_missing"),
        ({"hunt_alternate_numbers": "+34950000001"}, "number_inventory_missing"),
        ({"extension": "2101"}, "non_retryable_external"),
        ({"location_key": "Nowhere"}, "resource_dependency_missing"),
    ],
)
def test_what_cannot_be_had_is_told_before_any_write(site: Stage, cells: dict[str, str], reason: str) -> None:
    play = site.play(ROW | cells)
    assert list(play.outcomes.values()) == [reason]
    assert play.writes == []


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 25024, "non_retryable_external"),
        (400, 4003, "precondition_missing"),
        (400, 4410, "license_or_feature_missing"),
        (403, None, "permission_denied"),
        (404, None, "precondition_missing"),
        (409, None, "non_retryable_external"),
        (423, None, "non_retryable_external"),
    ],
)
def test_a_refused_create_has_the_reason_of_its_answer(site: Stage, status: int, code: int | None, reason: str) -> None:
    site.faults(CREATE | {"effect": "status", "status": status, "error_code": code})
    play = site.play(ROW)
    assert play.outcome(KEY) == reason
    assert play.why(KEY)["http_status"] == str(status)


@pytest.mark.parametrize("status", [400, 409])
def test_a_create_refused_because_the_group_exists_goes_on_as_an_update(site: Stage, status: int) -> None:
    """Which code says so is in no source, so every refusal is followed by one more look."""
    site.play(ROW)
    hidden = {"method": "GET", "path": "/telephony/config/huntGroups$", "last": 2, "effect": "missing_fields"}
    site.faults(hidden, FREE, CREATE | {"effect": "status", "status": status})
    play = site.play(ROW | {"hunt_enabled": "false"})
    assert play.state is RunState.COMPLETED
    assert play.writes == [f"POST {GROUP}", f"PUT {GROUP}/*"]
    assert len(site.named("hunt_groups", "Recepcion")) == 1


def test_a_group_that_vanished_is_made_again(site: Stage) -> None:
    site.play(ROW)
    gone = UPDATE | {"effect": "status", "status": 404}
    hidden = {"method": "GET", "path": "/telephony/config/huntGroups$", "first": 2, "effect": "missing_fields"}
    site.faults(gone, hidden, FREE | {"first": 2})
    play = site.play(ROW)
    assert play.writes == [f"PUT {GROUP}/*", f"POST {GROUP}"]


def test_alternates_that_fail_after_the_create_are_half_applied(site: Stage) -> None:
    site.faults(UPDATE | {"effect": "status", "status": 400, "error_code": 4250})
    play = site.play(ROW | {"hunt_alternate_numbers": "+34910002801"})
    why = play.why(KEY)
    assert (why["reason_code"], why["step"]) == ("half_applied", "hunt_update")
    assert "number_inventory_missing" in why["reason_message"]
    assert play.last(KEY)["remote_id"]
