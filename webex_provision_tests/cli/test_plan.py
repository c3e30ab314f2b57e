"""`plan` answers before a run what it would do: in a table, in plan.csv, in JSON; it changes and blocks nothing."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from webex_provision.generator import write_csv
from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision.vocabulary import ExitCode
from webex_provision_tests.cli.typed import TOKEN, Terminal, tenant
from webex_provision_tests.ledger.samples import roll_out

ROWS = 12
QUICK = ("--requests-per-second", "200")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.csv"
    write_csv(path, ROWS, seed=1)
    return path


@pytest.fixture
def sandbox(site: Path) -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(seed_csv=site)) as server:
        yield server


def test_a_plan_is_shown_written_for_its_owner_only_and_changes_nothing(
    site: Path, sandbox: SandboxServer, terminal: Terminal
) -> None:
    before = sandbox.tenant.normalised()
    said = terminal.types("plan", str(site), "--output-dir", "out", *QUICK, **tenant(sandbox.base_url))
    assert said.code == 0, said.all
    assert "changed nothing" in said.out
    assert f"webex-provision run {site}" in said.out
    assert sandbox.tenant.normalised() == before
    assert {entry["method"] for entry in sandbox.log.entries} == {"GET"}
    assert [path.name for path in Path("out").iterdir()] == ["plan.csv"]
    assert Path("out/plan.csv").stat().st_mode & 0o777 == 0o600
    with Path("out/plan.csv").open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert list(rows[0]) == ["row_id", "entity_type", "entity_key", "action", "calls", "reason", "message"]
    assert len(rows) == ROWS
    assert rows[0]["action"] == "create"
    assert TOKEN not in said.all + Path("out/plan.csv").read_text(encoding="utf-8")


def test_without_a_tenant_no_token_is_needed(site: Path, terminal: Terminal) -> None:
    said = terminal.types("plan", str(site), "--offline", "-o", "elsewhere.csv")
    assert said.code == 0, said.all
    assert "no tenant was asked" in said.out
    assert Path("elsewhere.csv").is_file()
    assert not Path("output").exists()


def test_scripts_get_one_json_document_with_the_time_at_the_given_limit(
    site: Path, sandbox: SandboxServer, terminal: Terminal
) -> None:
    words = ["plan", str(site), "--json", "--calls-per-minute", "60", *QUICK]
    document = json.loads(terminal.types(*words, **tenant(sandbox.base_url)).out)
    assert document["minutes"] == round(document["calls"] / 60, 1)
    assert sum(document["rows"].values()) == len(document["plan"]) == ROWS
    assert Path(document["file"]).is_file()


def test_a_refused_token_ends_with_3_and_no_plan_is_left(site: Path, terminal: Terminal) -> None:
    said = terminal.types("plan", str(site), "-o", "plan.csv", "--max-retries", "0", **tenant("http://127.0.0.1:1"))
    assert said.code == ExitCode.PREFLIGHT
    assert not Path("plan.csv").exists()


def test_the_folder_of_another_csv_is_refused(site: Path, tmp_path: Path, terminal: Terminal) -> None:
    folder = roll_out(tmp_path)
    said = terminal.types("plan", str(site), "--offline", "--output-dir", str(folder.root))
    assert said.code == ExitCode.STATE
    assert not folder.plan.exists()
