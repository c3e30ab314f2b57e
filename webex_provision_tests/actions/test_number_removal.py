"""number_removal: only when allowed, only a free number, and a number that is gone is what the row wanted."""

from pathlib import Path

import pytest

from webex_provision.sandbox.faults import Faults
from webex_provision.sandbox.tenant import Quirks
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.rehearsal import LOCATION
from webex_provision_tests.stage import Play, Stage, calling_users

NUMBER = "+34910002101"
KEY = f"HQ/{NUMBER}"
ROW = {"entity_type": "number_removal", "location_key": "HQ", "number_to_remove": NUMBER}
REMOVE = {"method": "DELETE", "path": "/numbers$"}


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ", NUMBER, "+34910002102")
    stage.location("Sevilla", "+34950000001")
    return stage


def removal(site: Stage, row: dict[str, str] = ROW) -> Play:
    return site.play(row, allow_number_removal=True)


def test_without_the_switch_nothing_is_called(site: Stage) -> None:
    play = site.play(ROW)
    assert (play.outcome(KEY), play.writes) == ("out_of_scope", [])
    assert "ALLOW_NUMBER_REMOVAL" in play.why(KEY)["reason_message"]
    assert play.retry(allow_number_removal=True) is RunState.COMPLETED
    assert NUMBER not in site.tenant.lines.inventory


def test_a_free_number_goes_by_one_delete_with_a_body(site: Stage) -> None:
    play = removal(site)
    assert play.state is RunState.COMPLETED
    assert play.bodies("DELETE", "/numbers") == [{"phoneNumbers": [NUMBER]}]
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.writes == []
    assert site.tenant.normalised() == before


def test_a_number_that_nobody_has_counts_as_removed(site: Stage) -> None:
    play = removal(site, ROW | {"number_to_remove": "+34910009999"})
    assert (play.state, play.writes) == (RunState.COMPLETED, [])


def test_a_number_that_came_a_moment_ago_is_not_taken_for_gone(tmp_path: Path) -> None:
    """It comes with its new location, and lists do not show it yet: nothing but time tells it from one that is gone."""
    site = InProcessSite(tmp_path, [LOCATION, ROW], allow_number_removal=True)
    site.faults(Faults(quirks=Quirks(list_lag_seconds=9)))
    assert site.run() is RunState.COMPLETED
    assert [exchange.sent for exchange in site.exchanges if exchange.method == "DELETE"] == [{"phoneNumbers": [NUMBER]}]
    assert NUMBER not in site.sandbox.tenant.lines.inventory
    site.check()


def test_numbers_that_are_gone_cost_one_wait_for_lists_and_one_question_each(tmp_path: Path) -> None:
    rows = [ROW | {"number_to_remove": f"+3491000210{digit}"} for digit in range(10)]
    site = InProcessSite(tmp_path, [LOCATION, *rows], seeded=[LOCATION], allow_number_removal=True)
    assert site.run() is RunState.COMPLETED
    asked = [exchange.url for exchange in site.exchanges if "phoneNumber=" in exchange.url]
    assert len(asked) == len(set(asked)) == len(rows)
    assert site.clock.elapsed - 3600 < 2 * site.settings.list_lag_seconds


def test_a_number_that_somebody_holds_stays(site: Stage) -> None:
    calling_users(site, ana=NUMBER)
    play = removal(site)
    assert (play.outcome(KEY), play.writes) == ("precondition_missing", [])


def test_the_main_number_stays(site: Stage) -> None:
    site.tenant.lines.inventory[NUMBER].main = True
    assert removal(site).outcome(KEY) == "precondition_missing"


def test_a_number_of_another_location_stays(site: Stage) -> None:
    play = removal(site, ROW | {"number_to_remove": "+34950000001"})
    assert (play.outcome("HQ/+34950000001"), play.writes) == ("precondition_missing", [])


@pytest.mark.parametrize("kind", ["CISCO_PSTN", "INTEGRATED_CCP"])
def test_numbers_of_a_provider_are_never_removed(site: Stage, kind: str) -> None:
    """Webex warns that its data may be damaged."""
    site.named("locations", "HQ")[0]["pstn"] = {"pstnConnectionType": kind}
    play = removal(site)
    assert (play.outcome(KEY), play.writes) == ("out_of_scope", [])


@pytest.mark.parametrize("effect", ["ghost", "cut"])
def test_a_removal_whose_answer_was_lost_is_looked_up_and_not_sent_again(site: Stage, effect: str) -> None:
    site.faults(REMOVE | {"effect": effect, "last": 1})
    play = removal(site)
    assert play.state is RunState.COMPLETED
    assert len(play.calls("DELETE")) == 1


def test_the_502_for_a_number_that_is_gone_is_no_reason_to_try_again(site: Stage) -> None:
    """A business error in the clothes of a 5xx: only the header cisco-spark-error-codes says so (seen live)."""
    gone = {"status": 502, "headers": {"cisco-spark-error-codes": "4251"}}
    site.faults(REMOVE | {"effect": "ghost"} | gone)
    play = removal(site)
    assert play.state is RunState.COMPLETED
    assert len(play.calls("DELETE")) == 1


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, "ERR.V.TRM.TMN60004", "out_of_scope"),
        (404, None, "precondition_missing"),
        (400, 25042, "non_retryable_external"),
    ],
)
def test_what_webex_says_is_told_apart(site: Stage, status: int, code: int | str | None, reason: str) -> None:
    site.faults(REMOVE | {"effect": "status", "status": status, "error_code": code})
    assert removal(site).outcome(KEY) == reason


def test_a_number_is_not_added_and_removed_by_one_file(site: Stage) -> None:
    add = {
        "entity_type": "location_number_state",
        "location_key": "HQ",
        "number_action": "ADD",
        "number_phone_numbers": f"{NUMBER}|+34910005001",
    }
    assert site.play(add, ROW, allow_number_removal=True).results == []
