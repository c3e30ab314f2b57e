"""`template`: a CSV to start from, on stdout or in a file, of all types or of those that were asked for."""

from pathlib import Path

import pytest
from openpyxl import load_workbook

from webex_provision.templates import template, templates
from webex_provision_tests.cli.typed import Terminal


def test_without_a_choice_it_prints_all_types(terminal: Terminal) -> None:
    said = terminal.types("template")
    assert (said.code, said.out, said.err) == (0, templates()["all.csv"], "")


def test_a_phase_or_types_may_be_chosen(terminal: Terminal) -> None:
    assert terminal.types("template", "--phase", "1").out == templates()["phase_1.csv"]
    chosen = terminal.types("template", "--type", "hunt_group", "--type", "call_queue")
    assert chosen.out == template(["call_queue", "hunt_group"])


def test_it_writes_a_file_and_replaces_none_unless_told_to(terminal: Terminal) -> None:
    path = Path("start.csv")
    assert terminal.types("template", "--phase", "2", "-o", str(path)).code == 0
    assert path.read_text(encoding="utf-8") == templates()["phase_2.csv"]
    again = terminal.types("template", "-o", str(path))
    assert (again.code, "--force" in again.err) == (2, True)
    assert path.read_text(encoding="utf-8") == templates()["phase_2.csv"]
    assert terminal.types("template", "-o", str(path), "--force").code == 0
    assert path.read_text(encoding="utf-8") == templates()["all.csv"]


def test_a_name_that_ends_as_a_workbook_makes_one(terminal: Terminal) -> None:
    path = Path("start.xlsx")
    assert terminal.types("template", "--type", "hunt_group", "-o", str(path)).code == 0
    assert load_workbook(path).sheetnames == ["notes", "hunt_group"]
    assert terminal.types("template", "-o", str(path)).code == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--type", "hunt_grup"), "did you mean hunt_group"),
        (("--type", "user", "--phase", "2"), "exclude each other"),
        (("-o", "nowhere/start.csv"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_ends_with_a_line_and_exit_2(terminal: Terminal, words: tuple[str, ...], told: str) -> None:
    said = terminal.types("template", *words)
    assert (said.code, said.out) == (2, "")
    assert told in said.err
