"""The sample that comes with the program keeps what its comments say, and is found in a checkout and in a wheel."""

import csv
from pathlib import Path

import pytest

from webex_provision import resources
from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.clock import Clock
from webex_provision.console.embedded import MISSING_USERS, NOT_SYNCHRONISED, SAMPLE, SEED
from webex_provision.intake.data_pipeline import run_intake
from webex_provision.resources import resource
from webex_provision.sandbox import Tenant
from webex_provision.sandbox.seeding import seed_from_csv
from webex_provision_tests.rehearsal import settings_for

PATH = resource(SAMPLE)
BAD, WAITS = "bad on purpose", "waits"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with PATH.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_rows_that_call_themselves_bad_are_rejected_and_no_other(rows: list[dict[str, str]]) -> None:
    result = run_intake(PATH, settings_for("http://127.0.0.1:1"), Clock())
    bad = {str(number) for number, row in enumerate(rows, start=1) if row["comment"].startswith(BAD)}
    assert set(result.rejected.get_column("row_id")) == bad
    assert set(result.rejected_by_reason) == {"invalid_input_schema", "duplicate_key", "out_of_scope"}
    assert result.pending_by_reason == {"out_of_scope": 1}
    assert result.warnings == []


def test_the_demo_tenant_lacks_exactly_the_users_that_the_comments_name(rows: list[dict[str, str]]) -> None:
    tenant = Tenant(seed=SEED)
    seed_from_csv(tenant, PATH, missing_users=MISSING_USERS, seed=SEED)
    people = tenant.table("people")
    missing = {row["email"] for row in rows if row["email"] and people.find(row["email"]) is None}
    told = {
        row["email"] for row in rows if row["comment"].startswith(WAITS) and "synchronised this user" in row["comment"]
    }
    assert missing == told == set(NOT_SYNCHRONISED)


def test_a_postal_code_keeps_its_leading_zero(rows: list[dict[str, str]]) -> None:
    assert rows[0]["address_postal_code"] == "08001"


def test_it_shows_the_basic_types(rows: list[dict[str, str]]) -> None:
    known = entity_types_by_name()
    shown = {known[row["entity_type"]].name for row in rows if row["entity_type"] in known}
    basic = {"location", "user_calling_settings", "user_numbers", "workspace", "extension_assignment", "hunt_group"}
    assert shown >= basic


def test_a_wheel_has_its_resources_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "_resources" / "data" / "sample.csv"
    inside.parent.mkdir(parents=True)
    inside.write_text("x")
    monkeypatch.setattr(resources, "_IN_WHEEL", tmp_path / "_resources")
    assert resource("data/sample.csv") == inside
    with pytest.raises(FileNotFoundError, match="install it again"):
        resource("data/nothing.csv")
