"""A CSV that went through a spreadsheet program: what it did to numbers is explained, not just refused."""

from pathlib import Path

import pytest

from webex_provision.clock import Clock
from webex_provision.intake.data_pipeline import run_intake
from webex_provision_tests.rehearsal import LOCATION, settings_for, user, write_csv


@pytest.mark.parametrize(
    ("column", "damaged", "told"),
    [
        ("phone_number", "34910002101", "has no + and country code (or has lost a leading zero)"),
        ("phone_number", "3.4910002101E+10", "is in scientific notation: a spreadsheet program"),
        ("phone_number", "#REF!", "is a spreadsheet's error"),
        ("extension", "3001.0", "has a decimal point: a spreadsheet program"),
        ("extension", "2026-01-02", "is a date or time: a spreadsheet program"),
        ("extension", "02-Jan", "is a date or time: a spreadsheet program"),
        ("extension", "Jan-26", "is a date or time: a spreadsheet program"),
        ("extension", "1/2/2026", "is a date or time: a spreadsheet program"),
        ("extension", "10:30", "is a date or time: a spreadsheet program"),
        ("extension", "3", "is one digit: has it lost leading zeros?"),
        ("location_key", "#n/a", "is a spreadsheet's error"),
    ],
)
def test_what_a_spreadsheet_program_has_done_is_explained(column: str, damaged: str, told: str, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "site.csv", [LOCATION, user("ana", "3001") | {column: damaged}])
    [message] = run_intake(path, settings_for("http://127.0.0.1:1"), Clock()).rejected.get_column("reason_message")
    assert f"row 2: {column}: '{damaged}' {told}" in message


def test_free_text_may_say_what_it_likes(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "site.csv", [LOCATION | {"comment": "#N/A", "x_owner": "#REF!"}])
    assert run_intake(path, settings_for("http://127.0.0.1:1"), Clock()).rejected.is_empty()
