"""location_number_state: an inventory gets what it lacks, is switched as asked, and nothing is sent twice."""

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.stage import Stage, calling_users

INVENTORY = "/telephony/config/locations/*/numbers"
ADD = {"method": "POST", "path": "/numbers$"}
# The first list of a run shows no numbers, as one that lags.
HIDDEN = {
    "method": "GET",
    "path": "/telephony/config/numbers$",
    "effect": "missing_fields",
    "fields": ("phoneNumber",),
    "last": 1,
}


def numbers(action: str, *listed: str, key: str = "N", **cells: str) -> dict[str, str]:
    return {
        "entity_type": "location_number_state",
        "entity_key": key,
        "location_key": "HQ",
        "number_action": action,
        "number_phone_numbers": "|".join(listed),
        **cells,
    }


def some(count: int, start: int = 0) -> list[str]:
    return [f"+3491000{start + number:04}" for number in range(count)]


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ", "+34910002101", "+34910002102")
    stage.location("Sevilla", "+34950000001")
    return stage


def state_of(stage: Stage, number: str) -> str:
    return stage.tenant.lines.inventory[number].state


def test_an_add_sends_what_is_missing_and_always_says_the_state(site: Stage) -> None:
    play = site.play(numbers("ADD", "+34910002101", "+34910005001", "+34910005002"))
    assert play.state is RunState.COMPLETED
    assert play.bodies("POST", "/numbers") == [{"phoneNumbers": ["+34910005001", "+34910005002"], "state": "ACTIVE"}]
    assert play.last("N")["remote_id"] == site.named("locations", "HQ")[0]["id"]
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.writes == []


def test_type_usage_and_initial_state_are_sent_as_asked(site: Stage) -> None:
    cells = {"number_type": "TOLLFREE", "number_usage_type": "SERVICE", "number_initial_state": "INACTIVE"}
    play = site.play(numbers("ADD", "+34900000001", **cells))
    assert play.bodies("POST", "/numbers") == [
        {"phoneNumbers": ["+34900000001"], "numberType": "TOLLFREE", "numberUsageType": "SERVICE", "state": "INACTIVE"}
    ]
    assert state_of(site, "+34900000001") == "INACTIVE"


def test_many_numbers_go_a_hundred_at_a_time(site: Stage) -> None:
    play = site.play(numbers("ADD", *some(250)))
    assert play.state is RunState.COMPLETED
    assert [len(body["phoneNumbers"]) for body in play.bodies("POST", "/numbers")] == [100, 100, 50]


def test_what_was_added_can_be_assigned_in_the_same_run(site: Stage) -> None:
    site.people("eva")
    user = {"entity_type": "user", "location_key": "HQ", "email": "eva@example.com", "phone_number": "+34910005001"}
    assert site.play(numbers("ADD", "+34910005001"), user).state is RunState.COMPLETED


def test_only_numbers_in_the_other_state_are_switched(site: Stage) -> None:
    site.play(numbers("ADD", "+34910005001", number_initial_state="INACTIVE"))
    play = site.play(numbers("ACTIVATE", "+34910002101", "+34910005001"))
    assert play.bodies("PUT", "/numbers") == [{"phoneNumbers": ["+34910005001"], "action": "ACTIVATE"}]
    off = site.play(numbers("DEACTIVATE", "+34910002101"))
    assert off.bodies("PUT", "/numbers") == [{"phoneNumbers": ["+34910002101"], "action": "DEACTIVATE"}]
    assert (state_of(site, "+34910005001"), state_of(site, "+34910002101")) == ("ACTIVE", "INACTIVE")
    off.run(RunMode.REPLAY)
    assert off.writes == []


def test_the_main_number_is_named_with_its_name_and_only_when_it_changes(site: Stage) -> None:
    play = site.play(numbers("ADD", "+34910005001", number_main_phone_number="+34910005001"))
    location_id = site.named("locations", "HQ")[0]["id"]
    assert play.bodies("PUT", f"/config/locations/{location_id}") == [
        {"callingLineId": {"phoneNumber": "+34910005001"}}
    ]
    play.run(RunMode.REPLAY)
    assert play.writes == []
    named = numbers("ADD", "+34910005001", number_main_phone_number="+34910002101", number_main_caller_id_name="HQ")
    again = site.play(named)
    assert again.bodies("PUT", "") == [{"callingLineId": {"phoneNumber": "+34910002101", "name": "HQ"}}]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (numbers("ACTIVATE", "+34910009999"), "number_inventory_missing"),
        (numbers("DEACTIVATE", "+34910002102"), "precondition_missing"),
        (numbers("ADD", "+34950000001"), "precondition_missing"),
        (numbers("ACTIVATE", "+34950000001"), "precondition_missing"),
        (numbers("ADD", "+34910005001", number_main_phone_number="+34950000001"), "number_inventory_missing"),
        (numbers("ADD", "+34910005001") | {"location_key": "Nowhere"}, "resource_dependency_missing"),
    ],
)
def test_every_number_is_judged_before_any_write(site: Stage, row: dict[str, str], reason: str) -> None:
    calling_users(site, ana="+34910002102")
    play = site.play(row)
    assert (play.outcome("N"), play.writes) == (reason, [])


def test_a_mobile_number_is_not_switched(site: Stage) -> None:
    site.tenant.lines.inventory["+34910002101"].number_type = "MOBILE"
    assert site.play(numbers("DEACTIVATE", "+34910002101")).outcome("N") == "precondition_missing"


@pytest.mark.parametrize("kind", ["CISCO_PSTN", "INTEGRATED_CCP"])
def test_numbers_of_a_provider_are_never_touched(site: Stage, kind: str) -> None:
    """Webex warns that its data may be damaged."""
    site.named("locations", "HQ")[0]["pstn"] = {"pstnConnectionType": kind}
    play = site.play(numbers("ADD", "+34910005001"))
    assert (play.outcome("N"), play.writes) == ("out_of_scope", [])


def test_a_location_without_pstn_waits_for_it(site: Stage) -> None:
    del site.named("locations", "HQ")[0]["pstn"]
    play = site.play(numbers("ADD", "+34910005001"))
    assert (play.outcome("N"), play.writes) == ("precondition_missing", [])
    assert play.why("N")["step"] == "pstn_type_lookup"


def test_the_connection_of_a_location_is_read_once_a_run(site: Stage) -> None:
    play = site.play(numbers("ADD", "+34910005001", key="A"), numbers("ADD", "+34910005002", key="B"))
    assert play.outcomes == {"A": "success", "B": "success"}
    assert len(play.calls("GET", "/connection")) <= 2
    third = site.play(*(numbers("ADD", number, key=number) for number in some(12)))
    assert third.state is RunState.COMPLETED
    assert len(third.calls("GET", "/connection")) == 1


@pytest.mark.parametrize("effect", ["ghost", "cut"])
def test_an_add_whose_answer_was_lost_is_looked_up_and_not_sent_again(site: Stage, effect: str) -> None:
    site.faults(ADD | {"effect": effect, "last": 1})
    play = site.play(numbers("ADD", "+34910005001"))
    assert play.state is RunState.COMPLETED
    assert len(play.calls("POST", "/numbers")) == 1


def test_a_refused_repetition_is_sent_once_more_without_what_is_there(site: Stage) -> None:
    """An ADD with one number that exists is refused whole, 409 (seen live); the list may lag behind."""
    first = site.prepare(numbers("ADD", "+34910005001", "+34910005002"))
    site.play(numbers("ADD", "+34910005001"))
    site.faults(HIDDEN)
    assert first.run() is RunState.COMPLETED
    sent = [body["phoneNumbers"] for body in first.bodies("POST", "/numbers")]
    assert sent == [["+34910005001", "+34910005002"], ["+34910005002"]]


def test_each_part_that_is_refused_as_a_repetition_has_its_own_second_try(site: Stage) -> None:
    conflict = ADD | {"effect": "status", "status": 409}
    site.faults(conflict | {"first": 1, "last": 1}, conflict | {"first": 3, "last": 3})
    play = site.play(numbers("ADD", *some(120)))
    assert play.outcome("N") == "success"
    assert [len(body["phoneNumbers"]) for body in play.bodies("POST", "/numbers")] == [100, 100, 20, 20]


@pytest.mark.parametrize(
    ("code", "reason"),
    [("ERR.V.TRM.PSP61001", "non_retryable_external"), ("ERR.V.TRM.TMN60004", "out_of_scope")],
)
def test_what_the_provider_says_is_told_apart(site: Stage, code: str, reason: str) -> None:
    site.faults(ADD | {"effect": "status", "status": 400, "error_code": code})
    assert site.play(numbers("ADD", "+34910005001")).outcome("N") == reason


def test_a_refused_part_leaves_the_parts_before_it_half_applied(site: Stage) -> None:
    site.faults(ADD | {"effect": "status", "status": 400, "shape": "array", "first": 2})
    play = site.play(numbers("ADD", *some(120)))
    assert play.outcome("N") == "half_applied"
    site.faults()
    assert play.retry() is RunState.COMPLETED
    assert [len(body["phoneNumbers"]) for body in play.bodies("POST", "/numbers")] == [20]


def test_a_refused_add_that_left_some_numbers_is_half_applied(site: Stage) -> None:
    """A 400 may name single numbers; whether the others came in is looked up."""
    site.faults(HIDDEN, ADD | {"effect": "status", "status": 400, "shape": "array"})
    play = site.play(numbers("ADD", "+34910002101", "+34910005001"))
    assert play.outcome("N") == "half_applied"
    assert "in part" in play.why("N")["reason_message"]


def test_a_refused_add_whose_numbers_are_all_there_has_done_its_work(site: Stage) -> None:
    site.faults(ADD | {"effect": "ghost", "status": 400})
    assert site.play(numbers("ADD", "+34910005001")).outcome("N") == "success"


def test_one_key_for_one_set_of_numbers_whatever_their_order(site: Stage) -> None:
    rows = [numbers("ADD", "+34910005001", "+34910005002"), numbers("ADD", "+34910005002", "+34910005001")]
    play = site.play(*({name: cell for name, cell in row.items() if name != "entity_key"} for row in rows))
    (key,) = play.outcomes
    assert key.startswith("HQ:ADD:")
    assert len(key) == len("HQ:ADD:") + 12


def test_a_number_stands_in_one_row_of_a_file(site: Stage) -> None:
    play = site.play(numbers("ADD", "+34910005001", key="A"), numbers("ACTIVATE", "+34910005001", key="B"))
    assert play.results == []
