"""The templates: what is committed is generated, every example row is valid, and together they make a site."""

import csv
import io
from pathlib import Path

import pytest

from webex_provision.actions.actions_registry import ENTITY_TYPES, entity_types_by_name
from webex_provision.clock import Clock
from webex_provision.intake.data_pipeline import run_intake
from webex_provision.templates import names_of, template, templates, write_templates
from webex_provision.vocabulary import RunState
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.rehearsal import settings_for

FOLDER = Path(__file__).parent.parent / "data" / "templates"
NAMES = names_of(ENTITY_TYPES)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_committed_templates_are_what_the_declarations_say(tmp_path: Path) -> None:
    """Regenerate them with: python -m webex_provision.templates"""
    write_templates(tmp_path)
    committed = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert committed == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_all_types_and_their_aliases_have_a_row_and_each_phase_its_own() -> None:
    rows = {name: [row["entity_type"] for row in rows_of(text)] for name, text in templates().items()}
    assert rows["all.csv"] == NAMES
    assert rows["phase_1.csv"] + rows["phase_2.csv"] + rows["phase_3.csv"] == NAMES


@pytest.mark.parametrize("name", [*sorted(templates()), *NAMES])
def test_every_example_row_passes_intake(name: str, tmp_path: Path) -> None:
    """Alone, in its phase's file and among all: nothing is rejected or waits; only other files' rows are missed."""
    path = tmp_path / "site.csv"
    path.write_text(templates().get(name) or template([name]), encoding="utf-8")
    result = run_intake(path, settings_for("http://127.0.0.1:1"), Clock())
    assert result.rejected.to_dicts() == []
    assert result.pending_by_reason == {}
    missed = [warning for warning in result.warnings if "row of this file makes what other rows name" in warning]
    assert result.warnings == ([] if name == "all.csv" else missed)


def test_all_example_rows_together_come_to_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They refer to each other, so that the file is a small site which a tenant with its people takes whole."""
    rows = rows_of(templates()["all.csv"])
    for row in rows:
        if row["trunk_password_env"]:
            monkeypatch.setenv(row["trunk_password_env"], "a-password-of-this-test")
    site = InProcessSite(tmp_path, rows, allow_number_removal=True)
    state = site.run()
    pending = [
        f"{record['entity_type']}, {record['step']}: {record['message']}"
        for record in site.last_states().values()
        if record["status"] != "success"
    ]
    assert pending == []
    assert state is RunState.COMPLETED
    site.check()


def test_nobody_is_named_who_has_no_row_of_an_own() -> None:
    """Every email of an example stands in a row that gives its user Webex Calling."""
    rows = rows_of(templates()["all.csv"])
    callers = {"user", "user_calling_settings", "extension_assignment"}
    calling = {row["email"] for row in rows if row["entity_type"] in callers}
    for row in rows:
        cells = (item for name, cell in row.items() if name != "comment" for item in cell.split("|"))
        assert {item for item in cells if "@" in item} <= calling, row["entity_type"]


def test_a_template_asks_for_no_secret() -> None:
    """A secret is named by its environment variable; columns for the secret itself are not offered."""
    columns = templates()["all.csv"].splitlines()[0].split(",")
    assert [name for name in columns if "password" in name] == ["trunk_password_env"]


def test_an_alias_alone_brings_its_row_and_not_the_one_of_its_type() -> None:
    alias = next(declared.aliases[0] for declared in entity_types_by_name().values() if declared.aliases)
    assert [row["entity_type"] for row in rows_of(template([alias]))] == [alias]
