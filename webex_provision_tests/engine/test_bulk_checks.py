"""Where Webex can be asked about many keys at once, rows share that call; only what it says itself is believed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from webex_provision.sandbox.answers import Record
from webex_provision.vocabulary import RunState
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.rehearsal import LOCATION, user
from webex_provision_tests.stage import Play, Stage, calling_users

PATH = "/actions/validateMacs/invoke"
_CHECK = {"method": "POST", "path": PATH}
_NEW = {"method": "POST", "path": "/devices$"}


def phone(number: int, owner: str = "ana") -> dict[str, str]:
    return {
        "entity_type": "devices",
        "entity_key": f"D{number}",
        "device_owner_type": "person",
        "device_owner": f"{owner}@example.com",
        "device_model": "Cisco 8845",
        "device_mac": f"0011223344{number:02}",
    }


PHONES = tuple(phone(number) for number in range(1, 4))


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ")
    calling_users(stage, ana="2101", luis="2102")
    return stage


def devices(stage: Stage) -> list[Record]:
    return list(stage.tenant.table("devices").rows.values())


def looked_up(play: Play) -> list[str | None]:
    """The MAC addresses that were looked up by themselves; None for the whole list."""
    return [call["query"].get("mac") for call in play.calls("GET", "/devices")]


def test_new_keys_of_a_batch_are_confirmed_by_one_call(site: Stage) -> None:
    play = site.play(*PHONES)
    assert play.state is RunState.COMPLETED
    assert play.bodies("POST", PATH) == [{"macs": ["001122334401", "001122334402", "001122334403"]}]
    assert looked_up(play) == [None]
    assert len(devices(site)) == 3


def test_a_key_alone_is_looked_up(site: Stage) -> None:
    play = site.play(PHONES[0])
    assert (play.bodies("POST", PATH), looked_up(play)) == ([], [None, "001122334401"])


def test_what_the_list_shows_is_not_asked_for(site: Stage) -> None:
    site.play(PHONES[0])
    play = site.play(*PHONES)
    assert play.bodies("POST", PATH) == [{"macs": ["001122334402", "001122334403"]}]
    assert len(devices(site)) == 3


@pytest.mark.parametrize(("owner", "outcome"), [("ana", "success"), ("luis", "out_of_scope")])
def test_a_key_that_is_not_free_is_looked_up_by_itself(site: Stage, owner: str, outcome: str) -> None:
    """The list did not show it: what is there decides, and no second one is made."""
    site.play(phone(2, owner))
    site.faults({"method": "GET", "path": "/devices$", "effect": "missing_fields", "fields": ("id",), "last": 1})
    play = site.play(*PHONES)
    assert play.outcomes == {"D1": "success", "D2": outcome, "D3": "success"}
    assert looked_up(play) == [None, "001122334402"]
    assert len(devices(site)) == 3


@pytest.mark.parametrize(
    "rule",
    [
        {"effect": "status", "status": 404},
        {"effect": "status", "status": 403},
        {"effect": "status", "status": 400},
        {"effect": "status", "status": 503},
        {"effect": "reset"},
        {"effect": "missing_fields", "fields": ("status",)},
    ],
    ids=lambda rule: "-".join(map(str, rule.values())),
)
def test_a_check_that_fails_leaves_each_row_its_own_look_up(site: Stage, rule: Mapping[str, Any]) -> None:
    """Whether a tenant has the call, and a token its scope, is no matter: asked for once, then never again."""
    site.faults(_CHECK | rule)
    play = site.play(*PHONES, phone(4), batch_size=2, max_retries=1)
    assert play.state is RunState.COMPLETED
    assert looked_up(play) == [None, *(f"00112233440{number}" for number in range(1, 5))]
    assert len(play.calls("POST", PATH)) == (2 if rule.get("status") == 503 or rule["effect"] == "reset" else 1)


def test_what_a_stopped_run_may_have_sent_is_looked_up_by_its_own_key(site: Stage) -> None:
    site.faults(_NEW | {"effect": "timeout", "seconds": 60})
    play = site.play(*PHONES, batch_time_budget_seconds=40, stop_grace_seconds=0.01, list_lag_seconds=10)
    assert (play.state, play.results) == (RunState.STOPPED_LIMIT, [])
    site.faults()
    assert play.run(batch_time_budget_seconds=7200) is RunState.COMPLETED
    assert play.bodies("POST", PATH) == [{"macs": ["001122334402", "001122334403"]}]
    assert looked_up(play) == [None, "001122334401"]
    assert len(devices(site)) == 3


def test_a_call_holds_no_more_keys_than_declared(tmp_path: Path) -> None:
    names = [f"user{number}" for number in range(41)]
    users = [user(name, str(2000 + number)) for number, name in enumerate(names)]
    phones = [
        phone(turn, name) | {"device_mac": f"{turn:04}{number:08}", "entity_key": f"{name} {turn}"}
        for number, name in enumerate(names)
        for turn in range(5)
    ]

    site = InProcessSite(tmp_path, [LOCATION, *users, *phones], batch_size=500)
    assert site.run() is RunState.COMPLETED
    asked = [len(exchange.sent["macs"]) for exchange in site.exchanges if exchange.url.endswith(PATH)]
    assert asked == [100, 100, 5]
    assert not [exchange.url for exchange in site.exchanges if "mac=" in exchange.url]
    site.check()
