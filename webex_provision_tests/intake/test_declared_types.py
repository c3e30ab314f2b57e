"""The declarations, interpreted: every example is a good cell, every rule can be evaluated."""

from pathlib import Path

import polars as pl
import pytest

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.actions.declaration import EntityType
from webex_provision.intake.kinds import normalised
from webex_provision.intake.schema import cell_validation, columns_of, rule_validation
from webex_provision_tests.intake.made_up import csv_of, intake_of, rejections

each_type = pytest.mark.parametrize("entity_type", ENTITY_TYPES, ids=lambda entity_type: entity_type.name)


def part_of(entity_type: EntityType, *, filled: bool) -> pl.DataFrame:
    columns = columns_of(entity_type)
    cells = {column.name: [(column.example or None) if filled else None] for column in columns}
    frame = pl.DataFrame({"row": [1], **cells}, schema={"row": pl.Int64, **dict.fromkeys(cells, pl.String)})
    return frame.with_columns(normalised(column) for column in columns)


@each_type
def test_every_example_is_a_good_cell_in_its_normal_form(entity_type: EntityType) -> None:
    part = part_of(entity_type, filled=True)
    found = cell_validation(entity_type).faults(part)
    assert [m for m in found.get_column("message") if "blank and required" not in m] == []
    assert part.equals(part.with_columns(normalised(column) for column in columns_of(entity_type)))


@each_type
@pytest.mark.parametrize("filled", [True, False])
def test_every_rule_key_and_owner_can_be_evaluated(entity_type: EntityType, *, filled: bool) -> None:
    part = part_of(entity_type, filled=filled)
    rule_validation(entity_type).faults(part)
    wishes = [wish.asked.alias(f"wish {number}") for number, wish in enumerate(entity_type.out_of_scope)]
    part.select(entity_type.entity_key.cast(pl.String).alias("key"), *wishes)
    if entity_type.owner is not None:
        part.select(entity_type.owner.cast(pl.String))


@each_type
def test_a_blank_row_of_each_type_is_rejected_for_what_it_lacks(tmp_path: Path, entity_type: EntityType) -> None:
    result = intake_of(tmp_path, csv_of({"entity_type": entity_type.name}), ENTITY_TYPES)
    assert rejections(result).keys() == {1}
