"""A list of members takes whoever can be called, and nobody else."""

from pathlib import Path

import pytest

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision_tests.intake.made_up import csv_of, intake_of

LISTS = {"hunt_group": "hunt_agents", "call_queue": "queue_agents", "call_pickup_group": "pickup_members"}


@pytest.mark.parametrize(("entity_type", "column"), LISTS.items())
def test_a_park_extension_is_no_member(tmp_path: Path, entity_type: str, column: str) -> None:
    row = {"entity_type": entity_type, "location_key": "HQ", column: "ana@example.com|park:HQ/5101"}
    result = intake_of(tmp_path, csv_of(row), ENTITY_TYPES)
    assert "a park extension can't be a member" in result.rejected.item(0, "reason_message")
