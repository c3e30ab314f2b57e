"""`plan` answers before a run what it would do: in a table, in plan.csv, in JSON; it changes and blocks nothing."""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.console import plans
from webex_provision.console.languages import Language, Words
from webex_provision.engine.plan import Plan, PlannedRow
from webex_provision.ledger.manifest import Selection
from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision.vocabulary import ExitCode, PlanAction
from webex_provision_tests.cli.typed import NARROW, TOKEN, Terminal, tenant
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.ledger.samples import roll_out
from webex_provision_tests.readme import ROOT
from webex_provision_tests.rehearsal import LOCATION, user

ROWS = 12
_USUAL = [PlanAction.CREATE, PlanAction.UPDATE, PlanAction.PENDING, PlanAction.OUT_OF_SCOPE, PlanAction.REJECTED]
TYPES = [declared.name for declared in ENTITY_TYPES]
QUICK = ("--requests-per-second", "200")


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


def test_rejected_rows_are_told_with_what_to_do_before_the_run_is_named(site: Path, terminal: Terminal) -> None:
    lines = site.read_text(encoding="utf-8").splitlines()
    wrong = ["wrokspace" + "," * lines[0].count(",")] * 7
    site.write_text("\n".join([*lines, *wrong]), encoding="utf-8")
    said = terminal.types("plan", str(site), "--offline", "-o", "plan.csv")
    assert said.code == 0, said.all
    assert f"row {ROWS + 1}: entity_type: 'wrokspace' is not a type (nearest: workspace)" in said.out
    assert "… and 2 more in plan.csv" in said.out
    before_it = said.out.split(f"Or leave them out: webex-provision run {site}")[0]
    assert "Rejected rows: 7. Mend the CSV" in before_it


def test_on_a_narrow_terminal_the_sample_is_told_in_full(terminal: Terminal) -> None:
    """No type's name is cut, sentences are folded, and each reason to wait has a row that shows what it means."""
    sample = ROOT / "data" / "sample_with_mistakes.csv"
    said = terminal.types("plan", str(sample), "--offline", "-o", "plan.csv", "--lang", "es", **NARROW)
    assert set(TYPES) <= set(said.out.split())
    assert "variable TRUNK_HQ_PASSWORD is not set" in " ".join(said.out.split())
    assert [line for line in said.out.splitlines() if len(line) > 80 and str(sample) not in line] == []


@pytest.mark.parametrize("lang", Language)
@pytest.mark.parametrize("actions", [_USUAL, list(PlanAction)])
def test_on_a_narrow_terminal_no_count_is_lost_and_few_headings_are_broken(
    actions: Sequence[PlanAction], lang: Language, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in NARROW.items():
        monkeypatch.setenv(name, value)
    rows = [PlannedRow(f"{name}{action}", name, "", action, 7) for name in TYPES for action in actions]
    plans._show(Plan(tuple(rows), Counter(), {}, 0, offline=False), Path("plan.csv"), 300, Words(lang))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    counted = [line.split() for line in lines if line.startswith(tuple(TYPES))]
    assert counted == [[name, *"1" * len(actions), str(7 * len(actions))] for name in TYPES]
    headings = {word for action in actions for word in Words(lang)(plans._HEADINGS[action]).split()}
    assert headings <= {word for line in lines for word in line.split()} or len(actions) > 6


def test_a_plan_of_what_a_run_has_been_over_names_the_command_that_would_do_it(
    tmp_path: Path, terminal: Terminal
) -> None:
    rows = [LOCATION, user("ana", "2101")]
    done = InProcessSite(tmp_path, rows)
    plan = ("plan", str(done.csv), "--offline", "--output-dir", str(done.folder))
    done.prepare()
    assert f"Do it: webex-provision run {done.csv}" in terminal.types(*plan).out
    done.run(selection=Selection(types=("location",)))
    assert f"with the 1 rows that it has not reached: webex-provision run {done.csv}" in terminal.types(*plan).out
    done.run()
    said = terminal.types(*plan)
    assert f"All rows again: webex-provision replay --output-dir {done.folder}" in said.out
    assert "webex-provision run" not in said.out


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
    document, usual = (
        json.loads(terminal.types(*typed, **tenant(sandbox.base_url)).out)
        for typed in (words, ["plan", str(site), "--json", *QUICK])
    )
    assert document["minutes"] == pytest.approx(300 / 60 * usual["minutes"], abs=0.3)
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
