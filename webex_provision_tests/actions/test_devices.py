"""devices: a phone is put on its owner once, a code is asked for once, and nothing is ever moved or deleted."""

import pytest

from webex_provision.sandbox.answers import Record
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import workspace
from webex_provision_tests.stage import Play, Stage, calling_users

MAC = "001122334455"
CREATE = {"method": "POST", "path": "/devices$"}
CODE = {"method": "POST", "path": "/devices/activationCode$"}


def device(owner: str, mac: str = "", model: str = "Cisco 8845", **cells: str) -> dict[str, str]:
    kind = "person" if "@" in owner else "workspace"
    filled = {"device_owner_type": kind, "device_owner": owner, "device_model": model, "device_mac": mac}
    return {"entity_type": "devices", "entity_key": "D", **filled, **cells}


def code(owner: str, model: str = "Cisco 8845", **cells: str) -> dict[str, str]:
    return device(owner, "", model, device_onboarding="activation_code", **cells)


ANA = device("ana@example.com", MAC)


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ")
    stage.location("Sevilla")
    calling_users(stage, ana="2101", luis="2102")
    stage.play(workspace("Sala Goya", "2301", workspace_external_id="GOYA"))
    return stage


def devices(stage: Stage) -> list[Record]:
    return list(stage.tenant.table("devices").rows.values())


def told(play: Play) -> str:
    return play.last("D")["message"]


def test_a_phone_is_one_post_with_mac_and_model_as_webex_writes_them(site: Stage) -> None:
    play = site.play(device("ANA@example.com", "00:11:22:aa:bb:cc"))
    assert play.state is RunState.COMPLETED
    (made,) = play.bodies("POST", "/devices")
    assert made == {"mac": "001122AABBCC", "model": "DMS Cisco 8845", "personId": site.person("ana")["id"]}
    assert play.last("D")["remote_id"] == devices(site)[0]["id"]


def test_a_workspace_is_found_by_its_key_in_the_file_or_its_name(site: Stage) -> None:
    rows = workspace("Sala Goya", "2301", workspace_external_id="GOYA"), device("GOYA", MAC, location_key="HQ")
    assert site.play(*rows).state is RunState.COMPLETED
    (goya,) = site.named("workspaces", "Sala Goya")
    assert devices(site)[0]["workspaceId"] == goya["id"]
    again = site.play(device("Sala Goya", "00-11-22-33-44-55"))
    assert (again.state, again.writes) == (RunState.COMPLETED, [])


@pytest.mark.parametrize("row", [ANA, device("ana@example.com", MAC, "Cisco 9861"), code("ana@example.com")])
def test_the_same_row_again_creates_nothing(site: Stage, row: dict[str, str]) -> None:
    play = site.play(row)
    before = site.tenant.normalised()
    for found in devices(site):
        found["since"] = 0
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.writes == []
    assert site.tenant.normalised() == before


def test_a_204_is_success_without_an_id(site: Stage) -> None:
    """PhoneOS models (98xx) answer so and show later (seen live)."""
    play = site.play(device("ana@example.com", MAC, "Cisco 9861"))
    assert play.state is RunState.COMPLETED
    assert play.last("D")["remote_id"] == ""


def test_tags_wait_for_a_phone_that_shows_later(site: Stage) -> None:
    play = site.play(device("ana@example.com", MAC, "Cisco 9861", device_tags="a|b"))
    assert play.state is RunState.COMPLETED
    assert play.bodies("PATCH", "") == [[{"op": "replace", "path": "tags", "value": ["a", "b"]}]]
    assert len(play.calls("GET", "/devices")) > 3
    assert devices(site)[0]["tags"] == ["a", "b"]


def test_the_wait_has_an_end_and_a_retry_finishes_the_row(site: Stage) -> None:
    play = site.play(device("ana@example.com", MAC, "Cisco 9861", device_tags="a"), job_wait_seconds=10)
    assert play.outcome("D") == "half_applied"
    assert play.why("D")["step"] == "device_confirm"
    devices(site)[0]["since"] = 0
    assert play.retry() is RunState.COMPLETED
    assert play.writes == ["PATCH /devices/*"]


def test_tags_are_replaced_only_when_they_differ(site: Stage) -> None:
    row = ANA | {"device_tags": "a|b"}
    assert site.play(row).writes == ["POST /devices", "PATCH /devices/*"]
    assert site.play(ANA | {"device_tags": "b|a"}).writes == []
    assert site.play(ANA | {"device_tags": "c"}).writes == ["PATCH /devices/*"]
    assert devices(site)[0]["tags"] == ["c"]


def test_a_device_of_another_owner_is_neither_moved_nor_deleted(site: Stage) -> None:
    site.play(ANA)
    play = site.play(device("luis@example.com", MAC))
    assert (play.outcome("D"), play.writes) == ("out_of_scope", [])


def test_the_code_reaches_the_operator_in_the_ledger_alone(site: Stage, caplog: pytest.LogCaptureFixture) -> None:
    play = site.play(code("ana@example.com"))
    assert play.bodies("POST", "/activationCode") == [{"personId": site.person("ana")["id"], "model": "DMS Cisco 8845"}]
    given = told(play).split("activation code ")[1].split(",")[0]
    assert len(given) == 16
    assert all(given not in str(vars(record)) for record in caplog.records)


def test_a_device_that_waits_for_its_activation_gets_no_second_code(site: Stage) -> None:
    """Every call makes a new code and a new device that counts (seen live)."""
    site.play(code("ana@example.com"))
    again = site.play(code("ana@example.com"))
    assert again.writes == []
    assert "already_pending" in told(again)
    assert site.play(code("ana@example.com", "Cisco 7841")).writes == ["POST /devices/activationCode"]
    devices(site)[0]["connectionStatus"] = "connected"
    assert site.play(code("ana@example.com")).writes == []


def test_a_code_whose_answer_was_lost_is_not_asked_for_again(site: Stage) -> None:
    site.faults(CODE | {"effect": "ghost", "last": 1})
    play = site.play(code("ana@example.com"))
    assert (play.state, len(play.calls("POST"))) == (RunState.COMPLETED, 1)
    assert "its answer was lost" in told(play)


def test_a_room_device_needs_no_model(site: Stage) -> None:
    play = site.play(code("Sala Goya", ""))
    (goya,) = site.named("workspaces", "Sala Goya")
    assert play.bodies("POST", "/activationCode") == [{"workspaceId": goya["id"]}]
    assert site.play(code("Sala Goya", "")).writes == []


def test_a_room_device_that_is_yet_to_tell_what_it_is_gets_no_second_code(site: Stage) -> None:
    site.play(code("Sala Goya", ""))
    devices(site)[0].update(type="phone", product=None)
    assert site.play(code("Sala Goya", "")).writes == []


def test_a_lost_answer_of_a_post_is_looked_up(site: Stage) -> None:
    site.faults(CREATE | {"effect": "ghost", "last": 1})
    play = site.play(ANA)
    assert (play.state, len(play.calls("POST"))) == (RunState.COMPLETED, 1)


def test_a_phone_whose_answer_was_lost_and_that_shows_late_is_waited_for(site: Stage) -> None:
    """Sent again it is refused as taken: by itself, not by another organisation."""
    site.faults(CREATE | {"effect": "ghost", "last": 1})
    play = site.play(device("ana@example.com", MAC, "Cisco 9861", device_tags="a"))
    assert (play.state, len(play.calls("POST"))) == (RunState.COMPLETED, 2)
    assert [found["tags"] for found in devices(site)] == [["a"]]


def test_a_refusal_for_a_phone_that_is_there_already_is_success(site: Stage) -> None:
    """2022 says too many devices, or that the device is already there (seen live)."""
    site.faults(CREATE | {"effect": "ghost", "status": 400, "error_code": 2022})
    assert site.play(ANA).state is RunState.COMPLETED


def test_a_serial_number_finds_and_never_adds(site: Stage) -> None:
    site.play(ANA)
    devices(site)[0]["serial"] = "FCH1"
    tag = device("ana@example.com", "", "", device_serial="FCH1", device_tags="a")
    assert site.play(tag).writes == ["PATCH /devices/*"]
    absent = site.play(tag | {"device_serial": "FCH2"})
    assert (absent.outcome("D"), absent.writes) == ("out_of_scope", [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (device("ghost@example.com", MAC), "user_not_found"),
        (device("Nowhere", MAC), "workspace_not_found"),
        (device("Sala Goya", MAC, location_key="Sevilla"), "workspace_not_found"),
        (device("ana@example.com", MAC, location_key="Sevilla"), "precondition_missing"),
        (device("ana@example.com", MAC, location_key="Nowhere"), "resource_dependency_missing"),
        (device("ana@example.com", MAC, "Cisco 9999"), "non_retryable_external"),
        (code("ana@example.com", "Cisco 192"), "out_of_scope"),
        (ANA | {"device_password": "x"}, "out_of_scope"),
        (code("ana@example.com", device_tags="a"), "out_of_scope"),
    ],
)
def test_owner_model_and_scope_are_judged_before_any_write(site: Stage, row: dict[str, str], reason: str) -> None:
    play = site.play(row)
    assert (play.outcome("D"), play.writes) == (reason, [])


def test_an_owner_who_does_not_call_waits(site: Stage) -> None:
    site.people("eva")
    assert site.play(device("eva@example.com", MAC)).outcome("D") == "precondition_missing"


@pytest.mark.parametrize("error_code", [2011, 2014, 2022])
def test_what_webex_refuses_is_told(site: Stage, error_code: int) -> None:
    site.faults(CREATE | {"effect": "status", "status": 400, "error_code": error_code})
    assert site.play(ANA).outcome("D") == "non_retryable_external"


def test_a_mac_of_another_organisation_is_refused_by_webex_alone(site: Stage) -> None:
    """It shows in no list of ours (seen live)."""
    site.play(device("luis@example.com", MAC))
    site.faults({"method": "GET", "path": "/devices$", "effect": "missing_fields", "fields": ("id",)})
    play = site.play(ANA)
    assert play.outcome("D") == "non_retryable_external"
    assert "another organisation" in play.why("D")["reason_message"]


@pytest.mark.parametrize(
    "row",
    [
        device("ana@example.com", "00112233445"),
        device("ana@example.com", MAC, ""),
        device("ana@example.com", MAC, device_onboarding="activation_code"),
        device("ana@example.com"),
        device("ana", MAC) | {"device_owner_type": "person"},
    ],
)
def test_a_row_that_can_mean_nothing_is_rejected(site: Stage, row: dict[str, str]) -> None:
    assert site.play(row).results == []


def test_a_mac_is_the_key_however_it_is_written(site: Stage) -> None:
    rows = [device("ana@example.com", mac) for mac in ("00:11:22:33:44:55", "0011.2233.4455")]
    play = site.play(*({name: cell for name, cell in row.items() if name != "entity_key"} for row in rows))
    assert play.outcomes == {MAC: "success"}
