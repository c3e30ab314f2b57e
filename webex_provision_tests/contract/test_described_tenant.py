"""A roll-out of all types against a tenant that is made of the published description, and of nothing of ours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from webex_provision.vocabulary import RunState
from webex_provision_tests.contract.described_organisation import FIXED, excused, seed
from webex_provision_tests.contract.described_rules import RULES
from webex_provision_tests.contract.described_server import FORM, DescribedServer, Exchange
from webex_provision_tests.contract.described_tenant import DescribedTenant
from webex_provision_tests.contract.rows import PROMPT, first_rows, second_rows
from webex_provision_tests.prompts import wav
from webex_provision_tests.rehearsal import Rehearsal, write_csv
from webex_provision_tests.stage import FastClock

MADE = {
    "locations": "location_name",
    "trunks": "trunk_name",
    "routeGroups": "route_group_name",
    "dialPlans": "dial_plan_name",
    "workspaces": "workspace_display_name",
    "groups": "group_name",
    "callPickups": "pickup_name",
    "queues": "queue_name",
    "huntGroups": "hunt_name",
    "autoAttendants": "aa_name",
}


class Played:
    """A roll-out, the same rows once more from nothing, and other rows about the same site."""

    def __init__(self, server: DescribedServer, base: Path) -> None:
        self.tenant, self.rows = server.tenant, first_rows()
        self.plays: list[Rehearsal] = []
        self.states: list[RunState] = []
        self.exchanges: list[list[Exchange]] = []
        (base / PROMPT).write_bytes(wav())
        for name, rows in (("first", self.rows), ("again", self.rows), ("other", second_rows())):
            csv_path = write_csv(base / f"{name}.csv", rows)
            play = Rehearsal(server, base / name, csv_path, allow_number_removal=True)
            play.clock = FastClock()
            before = len(server.exchanges)
            self.states.append(play.run())
            self.plays.append(play)
            self.exchanges.append(server.exchanges[before:])


@pytest.fixture(scope="module")
def played(contract: Any, trunk_password: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    tenant = DescribedTenant(contract, RULES, FIXED)
    seed(tenant, first_rows() + second_rows())
    with DescribedServer(tenant, excused) as server:
        yield Played(server, tmp_path_factory.mktemp("described"))


def test_every_row_is_applied(played: Played) -> None:
    """But for audio files: the description knows no form, so whoever follows it refuses one."""
    for play, rows in zip(played.plays, (played.rows, played.rows, second_rows()), strict=True):
        files = sum(row.get("announcement_source") == "file" for row in rows)
        assert [(line["entity_type"], line["reason_code"]) for line in play.pending] == [
            ("announcements_repo", "out_of_scope")
        ] * files
        assert len(play.results) == len(rows)
    assert played.states == [RunState.COMPLETED_WITH_PENDING] * 3


def test_the_tenant_holds_what_the_rows_name(played: Played) -> None:
    for kind, column in MADE.items():
        named = [found.name for found in played.tenant.resources.values() if found.kind == kind]
        assert sorted(named) == sorted({row[column] for row in played.rows if row.get(column)}), kind


def test_nothing_is_asked_and_nothing_answered_that_is_not_described(played: Played) -> None:
    problems = {f"{x.method} {x.url}: {problem}" for part in played.exchanges for x in part for problem in x.problems}
    assert not problems, "\n".join(sorted(problems))


def test_every_page_of_a_list_is_read(played: Played) -> None:
    for part in played.exchanges:
        owed = {x.following for x in part if x.following}
        assert owed
        assert owed <= {x.url for x in part}


def test_the_same_rows_again_create_nothing(played: Played) -> None:
    assert [(x.url, x.sent) for x in played.exchanges[1] if x.method == "POST" and x.sent != FORM] == []


def test_other_rows_about_the_site_create_only_what_is_new(played: Played) -> None:
    paths = {x.url.rsplit("/", 1)[1] for x in played.exchanges[2] if x.method == "POST" and x.sent != FORM}
    assert paths == {"events", "activationCode", "invoke"}
