"""Every budget has an end that is a clean stop with a checkpoint, to be resumed."""

import pytest

from webex_provision.vocabulary import RunState
from webex_provision_tests.rehearsal import user
from webex_provision_tests.stage import Row, Stage

PATCH = {"method": "PATCH", "path": "/licenses/users$"}


def users(count: int) -> list[Row]:
    return [user(f"user{number}", str(3000 + number)) for number in range(count)]


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ")
    stage.people(*(f"user{number}" for number in range(40)))
    return stage


def test_a_batch_that_takes_too_long_stops_and_is_gone_on_with(site: Stage) -> None:
    """Rows without a record wait; those abandoned on their way are looked for before anything is sent again."""
    site.faults(PATCH | {"effect": "delay", "seconds": 30})
    play = site.play(*users(40), max_in_flight=2, batch_time_budget_seconds=300, stop_grace_seconds=0.01)
    assert play.state is RunState.STOPPED_LIMIT
    assert "longer than 300 s" in play.summary["message"]
    done = len(play.results)
    assert 0 < done < 40
    assert play.summary["counts"]["not_reached"] == 40 - done
    assert play.checkpoint["state"] == "STOPPED_LIMIT"
    site.faults()
    assert play.run(batch_time_budget_seconds=7200) is RunState.COMPLETED
    assert len(play.results) == 40


def test_all_retries_of_a_run_together_have_a_budget(site: Stage) -> None:
    site.faults(PATCH | {"effect": "status", "status": 503, "every": 2})
    play = site.play(*users(40), run_retry_budget=5)
    assert play.state is RunState.STOPPED_LIMIT
    assert "RUN_RETRY_BUDGET" in play.summary["message"]
    retries = sum(family["retries"] for family in play.summary["calls"].values())
    assert retries == 5
    site.faults()
    assert play.run() is RunState.COMPLETED
    assert len(play.results) == 40


def test_a_list_longer_than_the_page_limit_is_replaced_by_one_key_look_ups(site: Stage) -> None:
    site.people(*(f"more{number}" for number in range(1_000)))
    play = site.play(user("more990", "3990"), max_pages=1)
    assert play.state is RunState.COMPLETED
    assert play.calls("GET", "/people")[-1]["query"] == {"email": "more990@example.com"}


def test_requests_in_flight_stay_within_their_bound(site: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = 0, 0
    admitted = site.server.sandbox._admitted

    async def counting(*args: object) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        try:
            await admitted(*args)  # type: ignore[arg-type]
        finally:
            inside -= 1

    monkeypatch.setattr(site.server.sandbox, "_admitted", counting)
    site.faults(PATCH | {"effect": "delay", "seconds": 1})
    play = site.play(*users(40), max_in_flight=4)
    assert play.state is RunState.COMPLETED
    assert 2 <= most <= 4
