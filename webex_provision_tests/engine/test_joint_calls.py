"""Rows that write the same remote entity share their last call; each keeps an intent, a judgement and a record."""

import json

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.stage import Play, Row, Stage, numbered

COUNT = 7
NUMBERS = [f"+3491000210{serial}" for serial in range(1, COUNT + 1)]
ELSEWHERE = "+34950000001"
REMOVE = {"method": "DELETE", "path": "/numbers$"}
NO_SUCH_NUMBER = {"status": 502, "headers": {"cisco-spark-error-codes": "4251"}}


def removal(number: str, location: str = "HQ") -> Row:
    return {"entity_type": "number_removal", "location_key": location, "number_to_remove": number}


ALL = [removal(number) for number in NUMBERS]


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ", *NUMBERS)
    stage.location("Sevilla", ELSEWHERE)
    return stage


def removed(play: Play) -> list[list[str]]:
    return [body["phoneNumbers"] for body in play.bodies("DELETE", "/numbers")]


def steps_intended(play: Play) -> list[str]:
    return [json.loads(line)["row_id"] for line in (play.folder / "intents.jsonl").read_text().splitlines()]


def test_rows_of_one_location_go_five_to_a_call_and_each_has_its_record(site: Stage) -> None:
    play = site.play(*ALL, removal(ELSEWHERE, "Sevilla"), allow_number_removal=True)
    assert play.state is RunState.COMPLETED
    assert sorted(map(sorted, removed(play))) == sorted([NUMBERS[:5], NUMBERS[5:], [ELSEWHERE]])
    assert len(play.results) == COUNT + 1
    assert {record["step"] for record in play.results} == {"number_remove"}
    assert not set(site.tenant.lines.inventory) & {*NUMBERS, ELSEWHERE}


def test_every_row_of_the_call_has_its_own_intent_before_it_leaves(site: Stage) -> None:
    play = site.play(*ALL[:3], allow_number_removal=True)
    assert sorted(steps_intended(play)) == ["1", "2", "3"]


def test_a_row_that_is_stopped_before_the_call_keeps_nobody_waiting(site: Stage) -> None:
    site.tenant.lines.inventory[NUMBERS[1]].main = True
    play = site.play(*ALL[:3], allow_number_removal=True)
    assert removed(play) == [[NUMBERS[0], NUMBERS[2]]]
    assert play.outcome(f"HQ/{NUMBERS[1]}") == "precondition_missing"


def test_a_refused_call_is_judged_row_by_row(site: Stage) -> None:
    """Whether Webex removes the good numbers of a refused call is not recorded, so each row looks, then asks alone."""
    bad = {"effect": "status", "status": 400, "error_code": 25042}
    site.faults(REMOVE | bad | {"last": 1})
    play = site.play(*ALL[:3], allow_number_removal=True)
    assert play.state is RunState.COMPLETED
    assert sorted(map(len, removed(play))) == [1, 1, 1, 3]


def test_the_reason_of_a_refusal_is_each_row_s_own(site: Stage) -> None:
    site.faults(REMOVE | {"effect": "status", "status": 400, "error_code": 25042})
    play = site.play(*ALL[:2], allow_number_removal=True)
    assert set(play.outcomes.values()) == {"non_retryable_external"}
    assert sorted(map(len, removed(play))) == [1, 1, 2]


@pytest.mark.parametrize("effect", [{"effect": "ghost"} | NO_SUCH_NUMBER, {"effect": "ghost"}, {"effect": "cut"}])
def test_what_the_call_did_all_the_same_is_not_sent_again(site: Stage, effect: dict[str, object]) -> None:
    site.faults(REMOVE | effect | {"last": 1})
    play = site.play(*ALL[:4], allow_number_removal=True)
    assert play.state is RunState.COMPLETED
    assert removed(play) == [NUMBERS[:4]]
    assert {record["message"] for record in play.results} == {"updated (number_remove)"}


def test_the_rows_again_send_nothing(site: Stage) -> None:
    play = site.play(*ALL, allow_number_removal=True)
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.writes == []


def test_members_of_one_group_go_in_one_patch_each_person_once(stage: Stage) -> None:
    names = [f"user{serial}" for serial in range(1, 5)]
    stage.people(*names)
    group = {"entity_type": "groups", "group_name": "Team"}
    member = {"entity_type": "group_membership", "member_group_name": "Team"}
    rows = numbered(4, lambda serial: member | {"member_emails": f"user{serial}@example.com"})
    play = stage.play(group, *rows, member | {"member_emails": "user1@example.com|user2@example.com"})
    assert play.state is RunState.COMPLETED
    (body,) = play.bodies("PATCH", "")
    assert [change["id"] for change in body["members"]] == [stage.person(name)["id"] for name in names]
    assert len(play.results) == 6
