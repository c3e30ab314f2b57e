"""Several tokens in a whole run: a token that dies takes nothing with it, and nothing is made twice because of it."""

import json
import logging
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from webex_provision.engine.observer import Observer
from webex_provision.sandbox import FaultRule, Faults
from webex_provision.sandbox.limiter import LIMITS, Profile
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.rehearsal import LOCATION, hunt_group, user, workspace

FURTHER = ("token-of-a-second-user", "token-of-a-third-user")
DND = {"calling_settings_dnd_enabled": "true"}
USERS = [user(f"user{number}", str(3000 + number), **DND) for number in range(30)]
SITE = [
    LOCATION,
    *USERS[:4],
    workspace("Sala", "2500"),
    hunt_group("Ventas", "2800", hunt_agents="user1@example.com|user2@example.com"),
]


class Ear(Observer):
    """What whoever watches is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_notice(self, text: str) -> None:
        self.heard.append(text)


def site_of(base: Path, rows: list[dict[str, str]], tokens: int = 3, **settings: Any) -> InProcessSite:
    base.mkdir(exist_ok=True)
    site = InProcessSite(base, rows, webex_tokens=",".join(FURTHER[: tokens - 1]), **settings)
    site.observer = Ear()
    return site


def heard(site: InProcessSite) -> list[str]:
    assert isinstance(site.observer, Ear)
    return site.observer.heard


def summary(site: InProcessSite) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((site.folder / "run_summary.json").read_text())
    return found


def statuses(site: InProcessSite) -> Counter[str]:
    return Counter(record["status"] for record in site.last_states().values())


def private(site: InProcessSite) -> None:
    """No token stands in an output, in what was told, or in the tenant's log."""
    told = "".join([path.read_text() for path in site.folder.iterdir()] + heard(site) + [str(site.sandbox.log.entries)])
    assert not [token for token in FURTHER if token in told]


def test_a_run_takes_less_time_with_more_users_tokens(tmp_path: Path) -> None:
    """The same rows, the same limit for each user: with three of them less than half the time, waits and all."""
    took = []
    for tokens in (1, 3):
        rows = [LOCATION, *(user(f"u{number}", str(3000 + number), **DND) for number in range(120))]
        site = site_of(tmp_path / str(tokens), rows, tokens, requests_per_second=4, batch_size=200)
        site.sandbox.limiter.retune(replace(LIMITS[Profile.DOCUMENTED], family=60, people=120, burst=5))
        began = site.clock.elapsed
        assert site.run() is RunState.COMPLETED
        took.append(site.clock.elapsed - began)
    assert took[1] < took[0] / 2


def test_one_that_dies_in_mid_run_costs_no_row_and_is_named_everywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = site_of(tmp_path, [LOCATION, *USERS])
    site.faults(Faults(tokens_expire_after=(None, 12, None)))
    with caplog.at_level(logging.CRITICAL):
        assert site.run() is RunState.COMPLETED
    site.check()
    private(site)
    assert statuses(site) == {"success": 31}
    found = summary(site)
    owners = [token["owner"] for token in found["tokens"]]
    assert len(set(owners)) == 3
    assert found["token_owner"] == ", ".join(owners)
    assert [token["alive"] for token in found["tokens"]] == [True, False, True]
    assert sum(token["sends"] for token in found["tokens"]) == len(site.sandbox.log.entries)
    assert len(heard(site)) == 1
    assert heard(site)[0].startswith(f"token 1 of WEBEX_TOKENS ({owners[1]}) is out")
    assert [record.token_owner for record in caplog.records if record.message == "token_out"] == [owners[1]]


def test_only_when_the_last_one_dies_the_run_stops_and_fresh_ones_finish_it(tmp_path: Path) -> None:
    site = site_of(tmp_path, [LOCATION, *USERS])
    site.faults(Faults(tokens_expire_after=(9, 12, 15)))
    assert site.run() is RunState.STOPPED_AUTH
    site.check(complete=False)
    assert "WEBEX_TOKENS" in summary(site)["message"]
    assert [token["alive"] for token in summary(site)["tokens"]] == [False] * 3
    asked = Counter(entry["token"] for entry in site.sandbox.log.entries if entry["path"].endswith("/people/me"))
    assert set(asked.values()) == {2}, "at the start, and once when it was refused"
    assert summary(site)["counts"]["not_reached"] > 0
    site.faults(Faults())
    site.settings = site.settings.model_copy(update={"webex_tokens": SecretStr("a-fresh-one-of-a-fourth-user")})
    assert site.drive() is RunState.COMPLETED
    site.check()
    assert statuses(site) == {"success": 31}


@pytest.mark.parametrize("lost", [False, True], ids=["", "answers of creates are lost"])
def test_nothing_is_made_twice_whichever_request_a_token_dies_at(tmp_path: Path, *, lost: bool) -> None:
    """Early and late, while locations, workspaces and groups are made; also after a create whose answer was lost."""
    rule = FaultRule(method="POST", every=2, effect="ghost")
    for position in (0, 1, 2, 3, 5, 8, 11):
        site = site_of(tmp_path / str(position), SITE, tokens=2)
        expiring = (2 + position, None) if position % 2 else (None, 2 + position)
        site.faults(Faults(tokens_expire_after=expiring, rules=[rule] if lost else []))
        assert site.run() is RunState.COMPLETED, position
        site.check()
        assert statuses(site) == {"success": len(SITE)}
        created = [entry["path"] for entry in site.sandbox.log.entries if entry["applied"] and entry["created"]]
        assert len(created) == len(set(created)) == 4, (position, created)


def test_a_run_that_all_tokens_leave_in_the_middle_of_a_create_makes_nothing_twice_when_resumed(tmp_path: Path) -> None:
    for position in range(2, 12, 3):
        site = site_of(tmp_path / str(position), SITE, tokens=2)
        site.faults(Faults(tokens_expire_after=(position, position + 1)))
        assert site.run() is RunState.STOPPED_AUTH, position
        site.check(complete=False)
        site.faults(Faults())
        assert site.drive() is RunState.COMPLETED
        site.check()


def test_a_403_of_one_token_stays_with_its_row(tmp_path: Path) -> None:
    """Whether another user may do it is not tried: the row says what is missing, and `retry` mends it."""
    site = site_of(tmp_path, [LOCATION, *USERS[:6]])
    site.faults(Faults(rules=[FaultRule(method="PUT", path="/doNotDisturb", last=1, effect="status", status=403)]))
    assert site.run() is RunState.COMPLETED_WITH_PENDING
    assert statuses(site) == {"success": 6, "pending": 1}
    assert heard(site) == []
    assert all(token["alive"] for token in summary(site)["tokens"])
    assert site.drive(RunMode.RETRY_PENDING) is RunState.COMPLETED


def test_a_further_token_that_is_dead_at_the_start_fails_the_preflight_by_its_place(tmp_path: Path) -> None:
    site = site_of(tmp_path, SITE)
    site.faults(Faults(tokens_expire_after=(None, 0)))
    assert site.run() is RunState.FAILED_PREFLIGHT
    assert "token 1 of WEBEX_TOKENS" in summary(site)["message"]
    assert site.last_states() == {}
    private(site)
