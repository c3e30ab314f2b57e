"""The sample, whole, against a tenant that is made of the published description: the sandbox has no say in it."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from webex_provision.vocabulary import RunState
from webex_provision_tests.contract.described_organisation import FIXED, excused, seed
from webex_provision_tests.contract.described_rules import RULES
from webex_provision_tests.contract.described_server import DescribedServer, Exchange
from webex_provision_tests.contract.described_tenant import DescribedTenant
from webex_provision_tests.rehearsal import Rehearsal
from webex_provision_tests.stage import FastClock

SAMPLE = Path(__file__).parents[2] / "data" / "sample.csv"


class Played:
    """The sample, and once more as another roll-out."""

    def __init__(self, server: DescribedServer, base: Path) -> None:
        self.plays: list[Rehearsal] = []
        self.states: list[RunState] = []
        self.exchanges: list[list[Exchange]] = []
        for name in ("first", "again"):
            play = Rehearsal(server, base / name, SAMPLE, allow_number_removal=True)
            play.clock = FastClock()
            before = len(server.exchanges)
            self.states.append(play.run())
            self.plays.append(play)
            self.exchanges.append(server.exchanges[before:])


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def played(
    contract: Any, trunk_password: None, rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Played]:
    tenant = DescribedTenant(contract, RULES, FIXED)
    seed(tenant, rows)
    with DescribedServer(tenant, excused) as server:
        yield Played(server, tmp_path_factory.mktemp("sample"))


def test_every_row_succeeds_and_the_same_rows_again(played: Played, rows: list[dict[str, str]]) -> None:
    for play in played.plays:
        told = [(line["entity_type"], line["reason_code"], line["reason_message"]) for line in play.pending]
        assert told == []
        assert len(play.results) == len(rows)
    assert played.states == [RunState.COMPLETED] * 2


def test_nothing_is_asked_and_nothing_answered_that_is_not_described(played: Played) -> None:
    problems = {f"{x.method} {x.url}: {problem}" for part in played.exchanges for x in part for problem in x.problems}
    assert not problems, "\n".join(sorted(problems))


def test_the_same_rows_again_create_nothing(played: Played) -> None:
    first, again = ([(x.method, x.url) for x in part if x.method in {"POST", "DELETE"}] for part in played.exchanges)
    assert first
    assert again == []
