"""The two samples keep what their comments say: one is a whole site without a mistake, the demo's adds mistakes."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from webex_provision import resources
from webex_provision.actions.actions_registry import ENTITY_TYPES, entity_types_by_name
from webex_provision.clock import Clock
from webex_provision.console.embedded import MISSING_USERS, NOT_SYNCHRONISED, SAMPLE, SAMPLE_NEEDS, SEED
from webex_provision.intake.data_pipeline import run_intake
from webex_provision.resources import resource
from webex_provision.sandbox import SandboxConfig, SandboxServer, Tenant
from webex_provision.sandbox.seeding import seed_from_csv
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.checker import check
from webex_provision_tests.rehearsal import TOKEN, Rehearsal, settings_for

SITE = Path(__file__).parents[1] / "data" / "sample.csv"
MISTAKES = resource(SAMPLE)
BAD, WAITS = "bad on purpose", "waits"

Rows = list[dict[str, str]]


def _rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _filled(rows: Rows) -> Rows:
    return [{name: cell for name, cell in row.items() if cell} for row in rows]


@pytest.fixture(scope="module")
def rows() -> Rows:
    return _rows(MISTAKES)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    """A tenant that knows the people of the sample, on a real socket; and what the sample needs is set."""
    for name, value in SAMPLE_NEEDS.items():
        monkeypatch.setenv(name, value)
    with SandboxServer(SandboxConfig(seed_csv=SITE)) as server:
        yield server


def test_the_sample_shows_every_type() -> None:
    known = entity_types_by_name()
    shown = {known[row["entity_type"]].name for row in _rows(SITE)}
    missing = [declared.name for declared in ENTITY_TYPES if declared.name not in shown]
    assert not missing, f"data/sample.csv has no row of {', '.join(missing)}"
    assert len({row["email"] for row in _rows(SITE) if row["email"]}) == 40


def test_the_sample_succeeds_to_its_last_row_and_once_more_changes_nothing(site: SandboxServer, tmp_path: Path) -> None:
    """Into an empty tenant; then the same CSV as another roll-out; then the first one replayed."""
    first, again = (Rehearsal(site, tmp_path / name, SITE) for name in ("first", "again"))
    assert first.run() is RunState.COMPLETED
    assert [record["status"] for record in first.results] == ["success"] * len(_rows(SITE))
    assert first.summary["counts"]["rejected"] == 0
    before = site.tenant.normalised()
    check(first.folder, list(site.log.entries), token=TOKEN, state=before)

    for play, mode in ((again, RunMode.RESUME), (first, RunMode.REPLAY)):
        site.log.clear()
        assert play.run(mode) is RunState.COMPLETED
        assert {entry["method"] for entry in site.log.entries} == {"GET", "PUT", "PATCH"}, "something was made again"
        assert site.tenant.normalised() == before


def test_without_its_variables_the_rows_that_need_them_wait_and_name_them(tmp_path: Path) -> None:
    with SandboxServer(SandboxConfig(seed_csv=SITE)) as server:
        play = Rehearsal(server, tmp_path / "out", SITE)
        assert play.run() is RunState.COMPLETED_WITH_PENDING
    told = " ".join(record["reason_message"] for record in play.pending)
    assert all(name in told for name in SAMPLE_NEEDS)


def test_the_sample_with_mistakes_is_the_sample_and_mistakes(rows: Rows) -> None:
    good = [row for row in rows if not row["comment"].startswith((BAD, WAITS))]
    assert _filled(good) == _filled(_rows(SITE))


def test_rows_that_call_themselves_bad_are_rejected_and_no_other(rows: Rows) -> None:
    result = run_intake(MISTAKES, settings_for("http://127.0.0.1:1"), Clock())
    bad = {str(number) for number, row in enumerate(rows, start=1) if row["comment"].startswith(BAD)}
    assert set(result.rejected.get_column("row_id")) == bad
    assert set(result.rejected_by_reason) == {"invalid_input_schema", "duplicate_key", "out_of_scope"}
    assert result.pending_by_reason == {"out_of_scope": 1}
    assert result.warnings == []


def test_the_demo_tenant_lacks_exactly_the_users_that_the_comments_name(rows: Rows) -> None:
    tenant = Tenant(seed=SEED)
    seed_from_csv(tenant, MISTAKES, missing_users=MISSING_USERS, seed=SEED)
    people = tenant.table("people")
    named = {cell for row in rows for cell in (row["email"], row["device_owner"]) if "@" in cell}
    told = {
        row["email"] for row in rows if row["comment"].startswith(WAITS) and "synchronised this user" in row["comment"]
    }
    assert {email for email in named if people.find(email) is None} == told == set(NOT_SYNCHRONISED)


def test_a_postal_code_keeps_its_leading_zero(rows: Rows) -> None:
    assert rows[0]["address_postal_code"] == "08001"


def test_a_wheel_has_its_resources_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "_resources" / SAMPLE
    inside.parent.mkdir(parents=True)
    inside.write_text("x")
    monkeypatch.setattr(resources, "_IN_WHEEL", tmp_path / "_resources")
    assert resource(SAMPLE) == inside
    with pytest.raises(FileNotFoundError, match="install it again"):
        resource("data/nothing.csv")
