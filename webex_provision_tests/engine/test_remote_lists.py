"""Lists in memory: loaded once, replaced by one-key look-ups when refused, asked afresh when they are wrong."""

from pathlib import Path

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.rehearsal import LOCATION, hunt_group, user, workspace
from webex_provision_tests.stage import Play, Stage, calling_users

LISTS = {
    "people": "^/people$",
    "locations": "^/locations$",
    "calling": "^/telephony/config/locations$",
    "numbers": "^/telephony/config/numbers$",
    "workspaces": "^/workspaces$",
    "groups": "^/telephony/config/huntGroups$",
}
ROWS = (
    user("ana", "2150", phone_number="+34910002101"),
    user("luis", "2102"),
    workspace("Sala Goya", "2301"),
    hunt_group("Recepcion", "2800", hunt_agents="ana@example.com|workspace:Sala Goya"),
)


@pytest.fixture
def site(stage: Stage) -> Stage:
    """Ana calls already, the workspace is there."""
    stage.location("HQ", "+34910002101")
    stage.people("luis")
    calling_users(stage, ana="2101")
    stage.play(workspace("Sala Goya", "2301"))
    return stage


def gets(play: Play, path: str) -> int:
    return len(play.calls("GET", path))


def test_each_list_is_loaded_once_a_run_and_each_create_costs_one_confirmation(stage: Stage) -> None:
    stage.location("HQ")
    names = [f"user{number}" for number in range(40)]
    stage.people(*names)
    users = [user(name, str(3000 + number)) for number, name in enumerate(names)]
    rooms = [workspace(f"Room {number}", str(4000 + number)) for number in range(20)]
    play = stage.play(*users, *rooms)
    assert play.state is RunState.COMPLETED
    assert gets(play, "/people") == 1
    assert gets(play, "/licenses") == 1
    assert gets(play, "/telephony/config/numbers") == 1
    assert gets(play, "/v1/workspaces") == 1 + 20
    assert gets(play, "/v1/locations") == 1 + 1  # the preflight asks for one


@pytest.mark.parametrize("status", [404, 500])
@pytest.mark.parametrize("which", LISTS)
def test_a_list_that_is_refused_is_replaced_by_look_ups_of_one_key_each(site: Stage, which: str, status: int) -> None:
    """The same rows reach the same tenant, without the whole list."""
    first = 2 if which == "locations" else 1  # the preflight asks first
    sends = 6 if status == 500 else 1
    rule = {"method": "GET", "path": LISTS[which], "effect": "status", "status": status}
    site.faults(rule | {"first": first, "last": first + sends - 1})
    play = site.play(*ROWS)
    assert play.state is RunState.COMPLETED, play.pending
    assert play.writes.count("PATCH /licenses/users") == 1
    assert play.writes.count("PUT /people/*") == 1
    assert play.writes.count("POST /workspaces") == 0
    assert len(site.named("hunt_groups", "Recepcion")) == 1
    assert site.line_of(site.person("ana")) == ("2150", "+34910002101", [])


def test_a_list_refused_by_403_is_permission_denied_for_every_row_that_needs_it(site: Stage) -> None:
    site.faults({"method": "GET", "path": LISTS["people"], "effect": "status", "status": 403})
    play = site.play(*ROWS[:3], circuit_breaker_threshold=1.0)
    outcomes = play.outcomes
    assert (outcomes["ana@example.com"], outcomes["luis@example.com"]) == ("permission_denied", "permission_denied")
    assert outcomes["Sala Goya"] == "success"


def test_a_list_without_its_key_is_not_taken_for_an_empty_one(site: Stage) -> None:
    site.faults({"method": "GET", "path": LISTS["workspaces"], "effect": "missing_fields", "fields": ("items",)})
    play = site.play(ROWS[2])
    assert (play.outcome("Sala Goya"), play.writes) == ("invalid_response_schema", [])


def test_a_page_missing_in_the_middle_makes_the_whole_list_unusable(stage: Stage) -> None:
    """Half a list would miss what exists; one-key look-ups find it."""
    stage.location("HQ")
    stage.people(*(f"user{number}" for number in range(1_100)))
    stage.faults({"method": "GET", "path": LISTS["people"], "first": 2, "last": 2, "effect": "status", "status": 404})
    play = stage.play(user("user1050", "2101"))
    assert play.state is RunState.COMPLETED
    assert play.calls("GET", "/people")[-1]["query"] == {"email": "user1050@example.com"}


def test_a_list_of_several_pages_is_walked_to_its_end(stage: Stage) -> None:
    stage.location("HQ")
    stage.people(*(f"user{number}" for number in range(1_100)))
    play = stage.play(user("user1050", "2101"))
    assert play.state is RunState.COMPLETED
    assert gets(play, "/people") == 2


def test_lists_that_lag_a_create_do_not_hide_it_from_the_rows_that_follow(stage: Stage) -> None:
    """What we made is remembered: location, workspace and user are used by later rows while no list shows them."""
    stage.people("ana")
    stage.tenant.promise("Madrid HQ", ["+34910002101"])
    stage.faults(list_lag_seconds=600)
    rows = (
        LOCATION,
        user("ana", "2101"),
        workspace("Sala Goya", "2301"),
        {"entity_type": "extension_assignment", "location_key": "HQ", "workspace_display_name": "Sala Goya"}
        | {"extension": "2301", "calling_settings_call_waiting_enabled": "true"},
        hunt_group("Recepcion", "2800", hunt_agents="ana@example.com|workspace:Sala Goya"),
    )
    play = stage.play(*rows)
    assert play.state is RunState.COMPLETED, play.pending
    assert sum(write.startswith("POST") for write in play.writes) == 4


def test_a_resume_a_moment_later_waits_until_lists_show_what_was_made(stage: Stage) -> None:
    """A new process remembers nothing; asked too early, it would miss the location or make the workspace twice."""
    stage.people("ana")
    rows = (LOCATION, user("ana", "2101"), workspace("Sala Goya", "2301"))
    dead = {"method": "PATCH", "effect": "status", "status": 429, "retry_after": "3600"}
    stage.faults(dead, list_lag_seconds=80)
    play = stage.play(*rows, list_lag_seconds=90)
    assert play.state is RunState.STOPPED_RATE_LIMITED
    stage.faults(list_lag_seconds=80)
    assert play.run() is RunState.COMPLETED, play.pending
    assert len(stage.named("workspaces", "Sala Goya")) == 1
    assert len(stage.named("locations", "Madrid HQ")) == 1


def test_a_remembered_object_that_is_gone_is_asked_for_afresh_once(stage: Stage) -> None:
    """The 404 is not the last word: the look-up finds what stands there now."""
    stage.location("HQ")
    stage.play(hunt_group("Recepcion", "2800"))
    gone = {"method": "PUT", "path": "/huntGroups/", "effect": "status", "status": 404, "last": 1}
    stage.faults(gone)
    play = stage.play(hunt_group("Recepcion", "2800", hunt_enabled="false"))
    assert play.state is RunState.COMPLETED
    assert len(play.calls("PUT")) == 2


def test_a_second_404_is_believed(stage: Stage) -> None:
    stage.location("HQ")
    stage.play(hunt_group("Recepcion", "2800"))
    stage.faults({"method": "PUT", "path": "/huntGroups/", "effect": "status", "status": 404})
    play = stage.play(hunt_group("Recepcion", "2800", hunt_enabled="false"))
    assert play.outcome("HQ/Recepcion") == "non_retryable_external"
    assert len(play.calls("PUT")) == 2


def test_a_user_who_left_the_directory_is_not_found(site: Stage) -> None:
    site.faults({"method": "PATCH", "effect": "status", "status": 404})
    play = site.play(user("luis", "2102"))
    assert play.outcome("luis@example.com") == "user_not_found"


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        pytest.param("SALA ÁGORA", "Sala Ágora", id="case"),
        pytest.param("Sala A\u0301gora", "Sala \u00c1gora", id="accents in two parts"),
        pytest.param("Sala Ágora ", "Sala Ágora", id="a blank behind it"),
    ],
)
def test_a_name_that_only_looks_the_same_is_the_same_object(tmp_path: Path, there: str, asked: str) -> None:
    room = workspace(asked, "2201", location_key="Valencia")
    site = InProcessSite(tmp_path, [room])
    assert site.run() is RunState.COMPLETED
    (made,) = site.sandbox.tenant.table("workspaces").rows.values()
    made["displayName"] = there
    site.clock.advance(60)
    assert site.run(RunMode.REPLAY) is RunState.COMPLETED
    assert len(site.sandbox.tenant.table("workspaces").rows) == 1
