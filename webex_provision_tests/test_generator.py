"""Made-up roll-outs: the same for the same seed, all rows valid, bad rows rejected one by one."""

import csv
from pathlib import Path

import polars as pl
import pytest

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.clock import Clock
from webex_provision.generator import NEEDS, roll_out, write_csv, write_workbook
from webex_provision.intake.data_pipeline import IntakeResult, run_intake
from webex_provision.intake.input_file import is_workbook, read_input
from webex_provision.sandbox import Tenant
from webex_provision.sandbox.seeding import seed_from_csv
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.cli.typed import Terminal
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.rehearsal import settings_for

TYPES = {declared.name for declared in ENTITY_TYPES}


def _judged(path: Path) -> IntakeResult:
    return run_intake(path, settings_for("http://127.0.0.1:1"), Clock())


@pytest.mark.parametrize("rows", [1, 2, 9, 10, 61, 299, 600, 3_500, 21_000])
def test_every_row_of_any_size_is_valid(rows: int, tmp_path: Path) -> None:
    path = tmp_path / "made.csv"
    assert write_csv(path, rows, seed=rows).rows == rows
    result = _judged(path)
    assert (result.rows_read, result.ready.height) == (rows, rows)
    assert (result.rejected_by_reason, result.pending_by_reason, result.warnings) == ({}, {}, [])
    if rows >= 200:
        assert set(result.ready.get_column("canonical_type")) == TYPES


def test_every_row_succeeds_on_a_sandbox_that_was_seeded_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All types, in several locations; and once more nothing is made, added or removed."""
    for name, value in NEEDS.items():
        monkeypatch.setenv(name, value)
    rows = roll_out(600, seed=4)
    site = InProcessSite(tmp_path, rows, batch_size=200)
    assert site.run() is RunState.COMPLETED
    assert len(site.last_states()) == len(rows)
    site.check()
    before, asked = site.sandbox.tenant.normalised(), len(site.exchanges)
    site.clock.advance(60)
    assert site.run(RunMode.REPLAY) is RunState.COMPLETED
    assert {exchange.method for exchange in site.exchanges[asked:]} == {"GET", "PUT", "PATCH"}
    assert site.sandbox.tenant.normalised() == before


@pytest.mark.parametrize(("rows", "share"), [(7, 0.5), (100, 0.02), (2_000, 0.3)])
def test_bad_rows_are_rejected_and_no_other(rows: int, share: float, tmp_path: Path) -> None:
    path = tmp_path / "made.csv"
    made = write_csv(path, rows, seed=3, bad_share=share)
    assert (made.rows, made.bad) == (rows, round(rows * share))
    rejected = _judged(path).rejected
    assert rejected.height == made.bad
    assert all("bad on purpose" in raw for raw in rejected.get_column("raw_row_minified"))


def test_the_seed_decides_every_byte(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        write_csv(path, 500, seed=seed, bad_share=0.1)
    first, again, other = (path.read_bytes() for path in paths)
    assert first == again
    assert first != other


def test_a_sandbox_seeded_from_it_knows_every_user_that_a_good_row_names(tmp_path: Path) -> None:
    path = tmp_path / "made.csv"
    write_csv(path, 2_000, seed=1, bad_share=0.1)
    tenant = Tenant()
    seed_from_csv(tenant, path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if "bad on purpose" not in row["comment"]]
    named = {row["email"] for row in rows if row["email"]}
    named |= {row["device_owner"] for row in rows if row["device_owner_type"] == "person"}
    lists = [name for name in rows[0] if name.endswith(("_agents", "_members", "_emails", "_targets"))]
    named |= {item for row in rows for name in lists for item in row[name].split("|") if "@example.com" in item}
    assert len(named) > 800
    assert [email for email in named if tenant.table("people").find(email) is None] == []


@pytest.mark.parametrize(("rows", "share"), [(0, 0.0), (1_000_001, 0.0), (10, 0.6), (10, -0.1)])
def test_sizes_and_shares_out_of_bounds_are_refused(rows: int, share: float, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not"):
        write_csv(tmp_path / "made.csv", rows, bad_share=share)
    assert list(tmp_path.iterdir()) == []


def test_the_verb_writes_once_and_replaces_only_when_told(tmp_path: Path) -> None:
    path, terminal = tmp_path / "made.csv", Terminal()
    said = terminal.types("generate", str(path), "--rows", "50", "--bad-rows", "10%")
    assert (said.code, said.out.splitlines()[0]) == (0, f"{path}: 50 rows, 5 of them bad on purpose")
    assert all(f"{name}={value}" in said.out for name, value in NEEDS.items())
    before = path.read_bytes()
    refused = terminal.types("generate", str(path), "--rows", "51")
    assert refused.code == 2
    assert "--force" in refused.err
    assert path.read_bytes() == before
    assert terminal.types("generate", str(path), "--rows", "51", "--force").code == 0


def test_a_workbook_holds_the_same_rows_as_the_csv(tmp_path: Path) -> None:
    """Also numbers with plus and zeros, and what begins like a formula."""
    as_csv, as_workbook = tmp_path / "made.csv", tmp_path / "made.xlsx"
    assert write_csv(as_csv, 400, seed=5, bad_share=0.1) == write_workbook(as_workbook, 400, seed=5, bad_share=0.1)
    read = [read_input(path, max_rows=1_000, max_cell_bytes=100_000).frame for path in (as_csv, as_workbook)]
    rows = [frame.select(read[0].columns).with_columns(pl.all().replace("", None)).rows() for frame in read]
    assert len(rows[0]) == 400
    assert rows[0] == rows[1]


def test_a_name_that_ends_so_makes_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "made.XLSX"
    assert Terminal().types("generate", str(path), "--rows", "5").code == 0
    assert is_workbook(path)
