"""groups and group_membership: found by name, created once, and only the members that are named come or go."""

from typing import Any

import pytest

from webex_provision.sandbox.answers import Record
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import read_csv
from webex_provision_tests.stage import Play, Stage

CREATE = {"method": "POST", "path": "/groups$"}
UPDATE = {"method": "PATCH", "path": "/groups/[^/]+$"}


def group(name: str = "Ventas", **cells: str) -> dict[str, str]:
    return {"entity_type": "groups", "group_name": name, **cells}


def membership(name: str = "Ventas", emails: str = "ana@example.com", **cells: str) -> dict[str, str]:
    return {"entity_type": "group_membership", "member_group_name": name, "member_emails": emails, **cells}


def the_group(stage: Stage, name: str = "Ventas") -> Record:
    (found,) = stage.named("groups", name)
    return found


def rejected(play: Play) -> dict[str, str]:
    return {row["entity_key"]: row["reason_message"] for row in read_csv(play.folder / "rejected_rows.csv")}


@pytest.fixture
def people(stage: Stage) -> Stage:
    """Three synchronised users."""
    stage.people("ana", "luis", "eva")
    return stage


# groups


def test_a_new_group_is_one_post_with_the_plain_body(people: Stage) -> None:
    play = people.play(group(group_description="Equipo de ventas", group_external_id="G-1"), group("Soporte"))
    assert play.state is RunState.COMPLETED
    assert sorted(play.bodies("POST", "/groups"), key=str) == [
        {"displayName": "Soporte"},
        {"displayName": "Ventas", "description": "Equipo de ventas"},
    ]
    assert play.writes == ["POST /groups", "POST /groups"]
    assert play.last("Ventas")["remote_id"] == the_group(people)["id"]


def test_a_group_that_is_there_gets_its_description_and_nothing_else(people: Stage) -> None:
    people.play(group(group_description="old"), membership())
    play = people.play(group("VENTAS", group_description="new"))
    assert play.state is RunState.COMPLETED
    assert play.bodies("PATCH", "") == [{"description": "new"}]
    assert the_group(people)["description"] == "new"
    assert the_group(people)["members"] == people.ids("ana")
    assert people.play(group()).writes == []


def test_the_same_group_again_creates_nothing(people: Stage) -> None:
    play = people.play(group(group_description="Equipo"))
    before = people.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.calls("POST") == []
    assert people.tenant.normalised() == before


def test_the_whole_list_is_read_by_counted_pages_once_a_run(people: Stage) -> None:
    people.play(*(group(f"G{number:03}") for number in range(501)), batch_size=200)
    play = people.play(group("G500"), group("G001"))
    asked = [entry["query"] for entry in play.calls("GET", "/groups")]
    assert asked == [{"startIndex": "1", "count": "500"}, {"startIndex": "501", "count": "500"}]
    assert play.writes == []


def test_a_name_that_only_begins_so_is_another_group(people: Stage) -> None:
    people.play(group("Ventas Norte"))
    play = people.play(group("Ventas"))
    assert len(play.calls("POST")) == 1
    assert play.calls("GET", "/groups")[-1]["query"] == {"filter": 'displayName eq "Ventas"'}


def test_a_refused_twin_is_looked_up_and_updated(people: Stage) -> None:
    """Lists lag: the group is there, the first look-up does not show it."""
    people.play(group())
    people.faults({"method": "GET", "path": "/groups$", "last": 2, "effect": "missing_fields", "fields": ("id",)})
    play = people.play(group(group_description="new"))
    assert play.state is RunState.COMPLETED
    assert play.writes == ["POST /groups", "PATCH /groups/*"]


def test_a_create_whose_answer_was_lost_is_found_and_not_repeated(people: Stage) -> None:
    people.faults({**CREATE, "last": 1, "effect": "ghost"})
    play = people.play(group())
    assert play.state is RunState.COMPLETED
    assert len(play.calls("POST")) == 1
    assert the_group(people)["id"] == play.last("Ventas")["remote_id"]


@pytest.mark.parametrize(("status", "reason"), [(400, "non_retryable_external"), (403, "permission_denied")])
def test_a_synchronised_group_that_refuses_says_where_to_change_it(people: Stage, status: int, reason: str) -> None:
    people.play(group())
    people.faults({**UPDATE, "effect": "status", "status": status})
    play = people.play(group(group_description="new"), membership())
    assert play.outcomes == {"Ventas": reason, "Ventas:add:ana@example.com": reason}
    for key in play.outcomes:
        assert "if the directory synchronises this group" in play.why(key)["reason_message"]


def test_an_answer_without_id_proves_nothing(people: Stage) -> None:
    people.faults({**CREATE, "effect": "missing_fields"})
    assert people.play(group()).outcome("Ventas") == "invalid_response_schema"


def test_a_name_that_no_filter_can_hold_is_rejected(people: Stage) -> None:
    play = people.play(group('Las "buenas"'), membership("a\\b"), group("Ventas"), group("ventas"))
    told = rejected(play)
    assert set(told) == {'Las "buenas"', "a\\b:add:ana@example.com", "ventas"}
    assert "no search can ask for it" in told['Las "buenas"']


# group_membership


def test_a_row_becomes_one_patch_whatever_the_number_of_its_users(people: Stage) -> None:
    play = people.play(group(group_external_id="G-1"), membership("G-1", "luis@example.com|ANA@example.com"))
    assert play.state is RunState.COMPLETED
    luis, ana = people.ids("luis", "ana")
    assert play.bodies("PATCH", "") == [
        {"members": [{"id": luis, "operation": "add"}, {"id": ana, "operation": "add"}]}
    ]
    assert the_group(people)["members"] == sorted([luis, ana])
    key = play.results[-1]["entity_key"]
    assert key.startswith("G-1:add:")
    assert len(key) == len("G-1:add:") + 8


def test_the_key_does_not_depend_on_the_order_of_the_users(people: Stage) -> None:
    both = ("luis@example.com|ana@example.com", "ana@example.com|luis@example.com")
    play = people.play(group(), *(membership(emails=emails) for emails in both))
    assert [message for message in rejected(play).values() if "repeats the group_membership of row 2" in message]


def test_removing_takes_out_those_who_are_named(people: Stage) -> None:
    people.play(group(), membership(emails="ana@example.com|luis@example.com|eva@example.com"))
    play = people.play(membership(emails="luis@example.com", member_action="REMOVE"))
    assert play.bodies("PATCH", "") == [{"members": [{"id": people.ids("luis")[0], "operation": "delete"}]}]
    assert the_group(people)["members"] == sorted(people.ids("ana", "eva"))


def test_the_same_members_again_leave_the_tenant_as_it_is(people: Stage) -> None:
    play = people.play(group(), membership(), membership(emails="luis@example.com", member_action="remove"))
    before = people.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.calls("POST") == []
    assert people.tenant.normalised() == before


def test_adding_and_removing_one_user_of_one_group_are_both_rejected(people: Stage) -> None:
    both = "ana@example.com|luis@example.com"
    play = people.play(
        group(group_external_id="G-1"),
        group("Soporte"),
        membership("G-1", both),
        membership("ventas", "luis@example.com", member_action="remove"),
        membership("Soporte", "luis@example.com", member_action="remove"),
        membership(emails="eva@example.com"),
        membership(emails="eva@example.com|luis@example.com") | {"member_group_name": "Soporte2"},
    )
    told = rejected(play)
    assert len(told) == 2
    assert all("'luis@example.com' is claimed by row" in message for message in told.values())
    assert play.outcome("Soporte:remove:luis@example.com") == "success"


def test_an_unknown_group_or_user_stops_the_row_before_any_write(people: Stage) -> None:
    play = people.play(
        group(), membership("Nadie"), membership(emails="ana@example.com|none@example.com", entity_key="some")
    )
    assert play.outcome("Nadie:add:ana@example.com") == "resource_dependency_missing"
    assert play.outcome("some") == "user_not_found"
    assert play.calls("PATCH") == []


def refused(stage: Stage, status: int, **more: Any) -> None:
    """The first PATCH is refused, as a service may that does not take present members again."""
    stage.faults({**UPDATE, "last": 1, "effect": "status", "status": status, **more})


@pytest.mark.parametrize("status", [400, 404, 409])
def test_where_a_present_member_is_refused_only_the_others_are_sent_again(people: Stage, status: int) -> None:
    people.play(group(), membership())
    refused(people, status)
    play = people.play(membership(emails="ana@example.com|luis@example.com"))
    assert play.state is RunState.COMPLETED
    assert play.bodies("PATCH", "")[1:] == [{"members": [{"id": people.ids("luis")[0], "operation": "add"}]}]
    assert play.calls("GET", "/members")[0]["query"] == {"startIndex": "1", "count": "500"}


@pytest.mark.parametrize(("email", "action"), [("ana", "add"), ("luis", "remove")])
def test_a_refusal_of_what_is_done_already_is_a_success(people: Stage, email: str, action: str) -> None:
    people.play(group(), membership())
    refused(people, 400)
    play = people.play(membership(emails=f"{email}@example.com", member_action=action))
    assert play.state is RunState.COMPLETED
    assert len(play.calls("PATCH")) == 1


def test_a_page_that_does_not_show_the_whole_group_proves_nobodys_absence(people: Stage) -> None:
    """The rest of a large group can't be seen: the removal is sent again as it is, and counts only when accepted."""
    emails = [f"user{number}@example.com" for number in range(501)]
    people.people(*(email.partition("@")[0] for email in emails))
    people.play(group(), membership(emails="|".join(emails[:500])), membership(emails=emails[500]))
    last = max(the_group(people)["members"])
    (email,) = people.tenant.table("people").rows[last]["emails"]
    refused(people, 400)
    play = people.play(membership(emails=email, member_action="remove"))
    assert play.state is RunState.COMPLETED
    assert [len(body["members"]) for body in play.bodies("PATCH", "")] == [1, 1]
    assert last not in the_group(people)["members"]


def test_more_users_than_one_request_takes_are_rejected(people: Stage) -> None:
    play = people.play(group(), membership(emails="|".join(f"user{number}@example.com" for number in range(501))))
    assert [message for message in rejected(play).values() if "more than 500 items" in message]


def test_a_lost_patch_is_sent_again(people: Stage) -> None:
    people.faults({**UPDATE, "last": 1, "effect": "ghost"})
    play = people.play(group(), membership())
    assert play.state is RunState.COMPLETED
    assert the_group(people)["members"] == people.ids("ana")
