"""A create whose answer was lost: looked for past the lag of lists, then decided. Never a second object."""

import pytest

from webex_provision.vocabulary import RunState
from webex_provision_tests.rehearsal import LOCATION, hunt_group, workspace
from webex_provision_tests.stage import Play, Row, Stage

APPLIED = ("ghost", "ghost 504", "cut")
NOT_APPLIED = ("reset", "drop_before", "timeout", "status 504")
LAG = 8

LOCATION_CASE = (LOCATION, "^/locations$", "locations", "Madrid HQ")
ENABLE_CASE = (LOCATION, "^/telephony/config/locations$", "locations", "Madrid HQ")
GROUP_CASE = (hunt_group("Recepcion", "2800"), "/huntGroups$", "hunt_groups", "Recepcion")
WORKSPACE_CASE = (workspace("Sala Goya", "2301"), "^/workspaces$", "workspaces", "Sala Goya")
GUARDED = pytest.mark.parametrize(
    ("row", "path", "table", "name"), [LOCATION_CASE, ENABLE_CASE, GROUP_CASE], ids=["location", "enable", "group"]
)
CASES = pytest.mark.parametrize(
    ("row", "path", "table", "name"),
    [LOCATION_CASE, ENABLE_CASE, GROUP_CASE, WORKSPACE_CASE],
    ids=["location", "enable", "group", "workspace"],
)


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ")
    return stage


def fault(path: str, effect: str, **more: object) -> dict[str, object]:
    """The first POST to `path` goes wrong so; `ghost 504` is a ghost answered by a 504."""
    name, _, status = effect.partition(" ")
    rule: dict[str, object] = {"method": "POST", "path": path, "last": 1, "effect": name, "seconds": 60, **more}
    return rule | ({"status": int(status)} if status else {})


def lost(stage: Stage, row: Row, path: str, effect: str, *, lag: float = 0) -> Play:
    stage.faults(fault(path, effect), list_lag_seconds=lag)
    return stage.play(row, request_timeout_seconds=0.5 if effect == "timeout" else 2, list_lag_seconds=10)


def posts(play: Play, path: str) -> int:
    return len(play.calls("POST", path.strip("^$")))


@CASES
@pytest.mark.parametrize("effect", APPLIED)
def test_a_create_that_was_applied_is_found_and_not_sent_again(
    site: Stage, row: Row, path: str, table: str, name: str, effect: str
) -> None:
    """Also while lists lag the create by seconds."""
    play = lost(site, row, path, effect, lag=LAG)
    assert play.state is RunState.COMPLETED
    assert len(site.named(table, name)) == 1
    assert posts(play, path) == (2 if row is LOCATION and "^/locations$" in path else 1)


@GUARDED
@pytest.mark.parametrize("effect", NOT_APPLIED)
def test_a_create_that_was_not_applied_is_sent_again_where_webex_refuses_twins(
    site: Stage, row: Row, path: str, table: str, name: str, effect: str
) -> None:
    play = lost(site, row, path, effect)
    assert play.state is RunState.COMPLETED
    assert len(site.named(table, name)) == 1


@pytest.mark.parametrize("effect", NOT_APPLIED)
def test_a_workspace_that_does_not_show_is_not_sent_again_for_webex_would_make_a_twin(site: Stage, effect: str) -> None:
    """It waits as retry_exhausted; the retry looks first, and creates it."""
    row, path, table, name = WORKSPACE_CASE
    play = lost(site, row, path, effect)
    assert play.outcome(name) == "retry_exhausted"
    assert "Control Hub" in play.why(name)["reason_message"]
    assert posts(play, path) == 1
    site.faults()
    assert play.retry() is RunState.COMPLETED
    assert len(site.named(table, name)) == 1


def test_nothing_is_sent_again_before_the_lag_of_lists_is_over(site: Stage) -> None:
    """The look-ups between the lost create and the second one span LIST_LAG_SECONDS."""
    row, path, _, _ = GROUP_CASE
    play = lost(site, row, path, "reset")
    first, second = play.calls("POST", "/huntGroups")
    between = [entry for entry in play.server.log.entries if first["seq"] < entry["seq"] < second["seq"]]
    assert len(between) > 2
    assert {entry["method"] for entry in between} == {"GET"}
    assert second["time"] > first["time"]
    assert _seconds(second["time"]) - _seconds(first["time"]) > 10


def _seconds(stamp: str) -> float:
    hours, minutes, rest = stamp[11:-1].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def test_a_second_create_is_refused_by_webex_where_lists_lag_longer_than_they_may(site: Stage) -> None:
    """The service's own uniqueness is the last guard; the row waits, and the retry finds the group."""
    row, path, table, name = GROUP_CASE
    play = lost(site, row, path, "ghost", lag=30)
    assert play.outcome(f"HQ/{name}") == "non_retryable_external"
    assert posts(play, path) == 2
    site.faults()
    assert play.retry() is RunState.COMPLETED
    assert len(site.named(table, name)) == 1


def test_a_service_that_stays_away_leaves_the_row_pending_and_no_twin_behind(site: Stage) -> None:
    """The look-ups fail too; a retry a moment later waits until lists must show what may have been made."""
    row, path, table, name = WORKSPACE_CASE
    silent = {"method": "GET", "path": "^/workspaces$", "first": 3, "effect": "status", "status": 503}
    site.faults(fault(path, "ghost"), silent, list_lag_seconds=LAG)
    play = site.play(row, list_lag_seconds=10)
    assert play.outcome(name) == "retry_exhausted"
    site.faults(list_lag_seconds=LAG)
    assert play.retry() is RunState.COMPLETED
    assert len(site.named(table, name)) == 1


@pytest.mark.parametrize(
    ("row", "path", "table", "name"), [LOCATION_CASE, GROUP_CASE, WORKSPACE_CASE], ids=["location", "group", "room"]
)
def test_a_create_answered_without_an_id_proves_nothing_and_the_retry_finds_the_object(
    site: Stage, row: Row, path: str, table: str, name: str
) -> None:
    site.faults(fault(path, "missing_fields"), list_lag_seconds=LAG)
    play = site.play(row, list_lag_seconds=10)
    (record,) = play.pending
    assert record["reason_code"] == "invalid_response_schema"
    assert record["http_status"] in ("200", "201")
    assert play.retry() is RunState.COMPLETED
    assert len(site.named(table, name)) == 1


@CASES
def test_a_create_that_a_killed_run_left_open_is_looked_for_past_the_lag(
    site: Stage, row: Row, path: str, table: str, name: str
) -> None:
    """The run ends while the create is on its way; the resume meets a list that lags it, and makes no second one."""
    site.faults(fault(path, "delay", seconds=70))
    settings = {"batch_time_budget_seconds": 40, "stop_grace_seconds": 0.01, "list_lag_seconds": 10}
    play = site.play(row, **settings)
    assert (play.state, play.results) == (RunState.STOPPED_LIMIT, [])
    wait_for(site, table, name)
    site.faults(list_lag_seconds=LAG)
    assert play.run(batch_time_budget_seconds=7200) is RunState.COMPLETED
    assert len(site.named(table, name)) == 1


def wait_for(stage: Stage, table: str, name: str) -> None:
    """Until the sandbox has carried out what it was slow about."""
    for _ in range(2_000):
        if stage.named(table, name) and any(entry["applied"] for entry in stage.server.log.entries):
            return
        stage.pause()
    raise AssertionError(f"{name} never came")


def test_a_workspace_create_that_never_left_is_not_sent_by_the_resume_either(site: Stage) -> None:
    """Whether it was applied can't be known; a person looks, and the retry creates it."""
    row, path, table, name = WORKSPACE_CASE
    site.faults(fault(path, "timeout"))
    settings = {"batch_time_budget_seconds": 40, "stop_grace_seconds": 0.01, "list_lag_seconds": 10}
    play = site.play(row, **settings)
    assert play.state is RunState.STOPPED_LIMIT
    site.faults()
    assert play.run(batch_time_budget_seconds=7200) is RunState.COMPLETED_WITH_PENDING
    assert play.outcome(name) == "retry_exhausted"
    assert play.calls("POST") == []
    assert play.retry() is RunState.COMPLETED
    assert len(site.named(table, name)) == 1
