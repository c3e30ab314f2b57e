"""The template workbook: as it comes, it passes intake; and a spreadsheet program can't damage what is typed."""

import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from webex_provision.actions.actions_registry import ENTITY_TYPES, entity_types_by_name
from webex_provision.clock import Clock
from webex_provision.intake.data_pipeline import run_intake
from webex_provision.intake.input_file import read_input
from webex_provision.templates import example_row, names_of
from webex_provision.workbook_template import workbook_template
from webex_provision_tests.rehearsal import settings_for

NAMES = names_of(ENTITY_TYPES)


@pytest.fixture(scope="module")
def made() -> bytes:
    return workbook_template(NAMES)


@pytest.fixture(scope="module")
def book(made: bytes) -> Any:
    return load_workbook(io.BytesIO(made))


def test_it_comes_back_as_the_example_rows_of_all_types(made: bytes, tmp_path: Path) -> None:
    path = tmp_path / "site.xlsx"
    path.write_bytes(made)
    result = run_intake(path, settings_for("http://127.0.0.1:1"), Clock())
    assert result.rejected.to_dicts() == []
    assert result.pending_by_reason == {}
    assert result.warnings == ["sheet 'notes' is not read: it is named notes…"]
    frame = read_input(path, max_rows=100, max_cell_bytes=10_000).frame.drop("x_sheet_row", "comment")
    rows = [{name: cell for name, cell in row.items() if cell} for row in frame.iter_rows(named=True)]
    assert rows == [example_row(entity_types_by_name()[name], name) for name in NAMES]


def test_every_column_is_text_to_its_end(book: Any) -> None:
    for declared in ENTITY_TYPES:
        sheet = book[declared.name]
        assert sheet.freeze_panes == "B2"
        for header in sheet[1]:
            assert sheet.column_dimensions[header.column_letter].number_format == "@", (declared.name, header.value)
        assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.value} == {"s"}
        assert {cell.number_format for row in sheet.iter_rows(min_row=2) for cell in row} == {"@"}


def test_headers_tell_what_the_schema_says_and_closed_lists_are_offered(book: Any) -> None:
    for declared in ENTITY_TYPES:
        sheet = book[declared.name]
        columns = {column.name: column for column in declared.columns}
        offered = {
            str(offer.sqref).split("2:")[0]: offer.formula1.strip('"').split(",")
            for offer in sheet.data_validations.dataValidation
        }
        assert offered["A"] == list(declared.names)
        for header in sheet[1]:
            column = columns.get(header.value)
            if column is None:
                continue
            assert column.help in header.comment.text
            assert (header.fill.fgColor.rgb == "00FFE699") == column.required
            if column.choices and not column.many and len(",".join(column.choices)) < 250:
                assert offered[header.column_letter][: len(column.choices)] == list(column.choices)
