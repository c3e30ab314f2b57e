"""What we hand out puts the numbers that it uses into the inventory itself: a new location of a tenant has none."""

import csv
from pathlib import Path

import pytest

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.actions.declaration import Kind
from webex_provision.generator import write_csv

DATA = Path(__file__).parents[1] / "data"
REMOVED = "number_to_remove"  # one that is not there counts as removed
HELD = {
    claim.column
    for declared in ENTITY_TYPES
    for claim in declared.claims
    for column in declared.columns
    if column.name == claim.column != REMOVED and column.kind is Kind.PHONE_NUMBER
}


def _numbers_without_inventory(path: Path) -> list[tuple[str, str]]:
    """Column and number of every cell that no row before it (its own included) has added, active, at its location."""
    there: set[tuple[str, str]] = set()
    lacking = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["comment"].startswith("bad on purpose"):
                continue
            place = row["location_key"]
            if row["number_action"] == "ADD" and row.get("number_initial_state", "") in {"", "ACTIVE"}:
                there |= {(place, number) for number in row["number_phone_numbers"].split("|")}
            elif row["entity_type"] == "location_number_state":
                continue
            for column in HELD & set(row):
                numbers = filter(None, row[column].split("|"))
                lacking += [(column, number) for number in numbers if (place, number) not in there]
    return lacking


def test_what_holds_numbers_is_known() -> None:
    assert {"phone_number", "phone_numbers_secondary", "hunt_alternate_numbers", "number_main_phone_number"} <= HELD


@pytest.mark.parametrize("name", ["sample.csv", "sample_with_mistakes.csv", "templates/all.csv"])
def test_samples_and_templates_use_only_numbers_that_they_have_added(name: str) -> None:
    assert _numbers_without_inventory(DATA / name) == []


@pytest.mark.parametrize("rows", [12, 61, 600, 21_000])
def test_made_up_roll_outs_use_only_numbers_that_they_have_added(rows: int, tmp_path: Path) -> None:
    path = tmp_path / "made.csv"
    write_csv(path, rows, seed=rows, bad_share=0.1)
    assert _numbers_without_inventory(path) == []
