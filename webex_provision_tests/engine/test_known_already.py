"""What lists and our own writes tell already is not read again; where an answer was lost, only the tenant is asked."""

from typing import Any

import pytest

from webex_provision.vocabulary import RunState
from webex_provision_tests.rehearsal import user
from webex_provision_tests.stage import Play, Stage, calling_users, give_calling

ALTERNATE, MAIN = "+34910002901", "+34910002101"
ANA, EVA = "ana@example.com", "eva@example.com"
ABOUT_A_USER = {"location_key": "HQ", "email": ANA}
NUMBERS = {"entity_type": "user_numbers", **ABOUT_A_USER, "phone_numbers_secondary": ALTERNATE}
MONITORING = {"entity_type": "user_monitoring", **ABOUT_A_USER, "user_monitoring_targets": EVA}
EXECUTIVE = {"entity_type": "user_exec_assistant", **ABOUT_A_USER, "user_exec_assistant_emails": EVA}
ROWS = (NUMBERS, MONITORING, EXECUTIVE)


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ", MAIN, ALTERNATE)
    return stage


def reads(play: Play) -> list[str]:
    """The last part of the path of every GET about one person, the token's own aside."""
    paths = [entry["path"].split("/") for entry in play.calls("GET")]
    return [path[-1] for path in paths if "people" in path and len(path) > 4]


def test_a_line_that_this_run_began_is_not_asked_what_is_set_on_it(site: Stage) -> None:
    site.people("ana", "eva")
    play = site.play(user("ana", "2101"), user("eva", "2102"), *ROWS)
    assert (play.state, reads(play)) == (RunState.COMPLETED, [])
    ana = site.tenant.settings[site.person("ana")["id"]]
    assert ana["executive"] == {"type": "EXECUTIVE", "assistants": site.ids("eva")}
    assert ana["monitoring"]["elements"] == site.ids("eva")
    assert site.line_of(site.person("ana"))[2] == [ALTERNATE]


def test_a_line_that_was_there_before_is_asked_for_what_a_write_would_replace(site: Stage) -> None:
    calling_users(site, ana="2101", eva="2102")
    play = site.play(*ROWS)
    assert sorted(reads(play)) == ["executiveAssistant", "executiveAssistant", "monitoring"]


def test_a_line_that_only_got_a_larger_licence_was_there_before(site: Stage) -> None:
    give_calling(site, "Webex Calling - Standard", ana="2101")
    calling_users(site, eva="2102")
    play = site.play(user("ana", "2101", user_calling_license="professional"), EXECUTIVE)
    assert reads(play) == ["executiveAssistant", "executiveAssistant"]


def test_an_assistant_of_two_executives_is_made_one_once(site: Stage) -> None:
    site.people("ana", "eva", "boss")
    users = [user(name, extension) for name, extension in (("ana", "2101"), ("eva", "2102"), ("boss", "2103"))]
    play = site.play(*users, EXECUTIVE, EXECUTIVE | {"email": "boss@example.com"})
    made = [body["type"] for body in play.bodies("PUT", "/executiveAssistant")]
    assert sorted(made) == ["EXECUTIVE", "EXECUTIVE", "EXECUTIVE_ASSISTANT"]


def test_alternates_that_the_number_list_shows_are_neither_read_nor_sent(site: Stage) -> None:
    calling_users(site, ana="2101")
    site.play(NUMBERS)
    play = site.play(NUMBERS)
    assert (play.state, play.writes, reads(play)) == (RunState.COMPLETED, [], [])


@pytest.mark.parametrize("more", [{"user_numbers_replace": "true"}, {"user_distinctive_ring_enabled": "false"}])
def test_what_no_list_shows_whole_is_read(site: Stage, more: dict[str, str]) -> None:
    calling_users(site, ana="2101")
    assert reads(site.play(NUMBERS | more)) == ["numbers"]


@pytest.mark.parametrize("applied", ["ghost", "reset"])
def test_after_a_lost_answer_the_tenant_itself_is_asked(site: Stage, applied: Any) -> None:
    calling_users(site, ana="2101")
    site.faults({"method": "PUT", "path": "/numbers$", "effect": applied, "last": 1})
    play = site.play(NUMBERS)
    assert play.state is RunState.COMPLETED
    assert "numbers" in reads(play)
    assert site.line_of(site.person("ana"))[2] == [ALTERNATE]


def test_the_same_monitored_lines_again_are_not_sent(site: Stage) -> None:
    calling_users(site, ana="2101", eva="2102")
    site.play(MONITORING)
    play = site.play(MONITORING)
    assert (play.state, play.writes, reads(play)) == (RunState.COMPLETED, [], ["monitoring"])
