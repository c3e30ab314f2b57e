"""workspace_numbers: extension and number by the workspace's PUT, alternates as a delta, Professional only."""

from typing import Any

import pytest

from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import workspace
from webex_provision_tests.stage import Play, Stage, calling_users

KEY = "Sala Goya"
MAIN, FIRST, SECOND, THIRD = "+34910002301", "+34910002901", "+34910002902", "+34910002903"
LINE = "PUT /workspaces/*"
ALTERNATES = "PUT /telephony/config/workspaces/*/numbers"


def numbers(**cells: str) -> dict[str, str]:
    return {"entity_type": "workspace_numbers", "location_key": "HQ", "workspace_display_name": KEY, **cells}


@pytest.fixture
def site(stage: Stage) -> Stage:
    """A workspace with a Professional licence and extension 2301, and one with a Workspaces licence."""
    stage.location("HQ", MAIN, FIRST, SECOND, THIRD)
    stage.location("Sevilla", "+34950000001")
    stage.play(
        workspace(KEY, "2301", workspace_calling_license="professional"),
        workspace("Sala Miro", "2302", workspace_calling_license="workspace"),
    )
    return stage


def line(stage: Stage, name: str = KEY) -> tuple[str, str, list[str]]:
    (room,) = stage.named("workspaces", name)
    return stage.line_of(room)


def sent(play: Play) -> Any:
    (body,) = play.bodies("PUT", "/numbers")
    return body


def test_a_new_number_is_sent_with_the_extension_that_remains(site: Stage) -> None:
    """Whether the block merges or replaces is not recorded, so both are always said; licences stay."""
    (room,) = site.named("workspaces", KEY)
    play = site.play(numbers(phone_number=MAIN))
    assert (play.state, play.writes) == (RunState.COMPLETED, [LINE])
    assert play.bodies("PUT", "") == [
        {
            "displayName": KEY,
            "calling": {
                "type": "webexCalling",
                "webexCalling": {"locationId": room["locationId"], "extension": "2301", "phoneNumber": MAIN},
            },
        }
    ]
    assert line(site) == ("2301", MAIN, [])
    assert site.licenses_of(room) == ["Webex Calling - Professional"]


def test_a_line_that_is_as_the_row_wants_it_costs_no_write(site: Stage) -> None:
    assert site.play(numbers(extension="2301")).writes == []


def test_alternates_that_are_missing_are_added_and_those_held_are_not_sent_again(site: Stage) -> None:
    site.play(numbers(phone_numbers_secondary=FIRST))
    play = site.play(
        numbers(
            phone_numbers_secondary=f"{FIRST}|{SECOND}",
            workspace_ring_pattern_secondary="LONG_LONG",
            workspace_distinctive_ring_enabled="false",
        )
    )
    assert (play.state, play.writes) == (RunState.COMPLETED, [ALTERNATES])
    assert sent(play) == {
        "phoneNumbers": [{"primary": False, "action": "ADD", "directNumber": SECOND, "ringPattern": "LONG_LONG"}],
        "distinctiveRingEnabled": False,
    }
    assert line(site)[2] == [FIRST, SECOND]


def test_alternates_that_the_row_does_not_list_stay_unless_it_says_replace(site: Stage) -> None:
    site.play(numbers(phone_numbers_secondary=f"{FIRST}|{SECOND}"))
    play = site.play(numbers(phone_numbers_secondary=f"{SECOND}|{THIRD}", workspace_numbers_replace="true"))
    assert sent(play)["phoneNumbers"] == [
        {"primary": False, "action": "ADD", "directNumber": THIRD},
        {"primary": False, "action": "DELETE", "directNumber": FIRST},
    ]
    assert line(site)[2] == [SECOND, THIRD]


def test_the_same_row_again_sends_nothing(site: Stage) -> None:
    play = site.play(numbers(extension="2350", phone_numbers_secondary=f"{FIRST}|{SECOND}"))
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert (play.writes, site.tenant.normalised()) == ([], before)


@pytest.mark.parametrize("effect", ["ghost", "timeout"])
def test_a_delta_whose_answer_is_lost_is_read_before_anything_is_sent_again(site: Stage, effect: str) -> None:
    site.faults({"method": "PUT", "path": "/numbers$", "effect": effect, "last": 1, "seconds": 60})
    play = site.play(numbers(phone_numbers_secondary=FIRST), request_timeout_seconds=0.5, list_lag_seconds=2)
    assert play.state is RunState.COMPLETED
    assert len(play.calls("PUT")) == (2 if effect == "timeout" else 1)
    assert line(site)[2] == [FIRST]


def test_a_new_workspace_takes_its_line_from_the_row_of_its_numbers(site: Stage) -> None:
    """By its name or by its external id: one owner, so neither row contests the other's extension."""
    for name, cells in {
        "Sala Sur": {"workspace_display_name": "Sala Sur"},
        "Sala Este": {"workspace_display_name": "", "workspace_external_id": "W7"},
    }.items():
        extension = "2360" if name == "Sala Sur" else "2361"
        play = site.play(
            workspace(name, workspace_external_id="W7"),
            numbers(extension=extension, workspace_external_id="W7") | cells,
        )
        assert play.state is RunState.COMPLETED, play.pending
        assert play.writes == ["POST /workspaces"]
        assert line(site, name)[0] == extension


def test_alternates_of_a_workspace_without_professional_stop_the_row_before_any_write(site: Stage) -> None:
    play = site.play(numbers(phone_numbers_secondary=FIRST, extension="2399") | {"workspace_display_name": "Sala Miro"})
    assert (play.outcome("Sala Miro"), play.writes) == ("license_or_feature_missing", [])
    play = site.play(numbers(extension="2399") | {"workspace_display_name": "Sala Miro"})
    assert play.state is RunState.COMPLETED


@pytest.mark.parametrize("column", ["phone_number", "phone_numbers_secondary"])
@pytest.mark.parametrize("number", ["+34910009999", "+34950000001", THIRD])
def test_a_number_that_cannot_be_had_is_told_before_any_write(site: Stage, column: str, number: str) -> None:
    calling_users(site, berta=THIRD)
    play = site.play(numbers(extension="2350", **{column: number}))
    assert (play.outcome(KEY), play.writes) == ("number_inventory_missing", [])


def test_an_extension_of_somebody_else_is_told_before_any_write(site: Stage) -> None:
    play = site.play(numbers(extension="2302"))
    assert (play.outcome(KEY), play.writes) == ("non_retryable_external", [])


def test_a_workspace_that_is_not_there_is_told(site: Stage) -> None:
    play = site.play(numbers(extension="2350") | {"workspace_display_name": "Nowhere"})
    assert (play.outcome("Nowhere"), play.writes) == ("workspace_not_found", [])


def test_a_workspace_with_devices_keeps_its_line(site: Stage) -> None:
    site.named("workspaces", KEY)[0]["devices"] = ["one"]
    play = site.play(numbers(extension="2350"))
    assert play.outcome(KEY) == "precondition_missing"
    assert "devices" in play.why(KEY)["reason_message"]


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (405, 25409, "license_or_feature_missing"),
        (400, 4250, "number_inventory_missing"),
        (400, 25008, "non_retryable_external"),
        (404, None, "workspace_not_found"),
    ],
)
def test_a_refused_change_of_alternates_has_the_reason_of_its_answer(
    site: Stage, status: int, code: int | None, reason: str
) -> None:
    site.faults({"method": "PUT", "path": "/numbers$", "effect": "status", "status": status, "error_code": code})
    play = site.play(numbers(phone_numbers_secondary=FIRST))
    assert play.outcome(KEY) == reason


def test_alternates_that_fail_after_the_extension_was_changed_are_half_applied(site: Stage) -> None:
    site.faults({"method": "PUT", "path": "/numbers$", "effect": "status", "status": 405, "error_code": 25409})
    play = site.play(numbers(extension="2350", phone_numbers_secondary=FIRST))
    assert play.outcome(KEY) == "half_applied"
    site.faults()
    assert play.retry() is RunState.COMPLETED
    assert play.writes == [ALTERNATES]
