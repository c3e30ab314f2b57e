"""A workbook means what a person sees in it; what a spreadsheet has damaged, or hides, is refused or told."""

import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from webex_provision.clock import Clock
from webex_provision.intake.csv_file import CsvFile, UnusableCsv
from webex_provision.intake.data_pipeline import IntakeResult, run_intake
from webex_provision.intake.input_file import read_input
from webex_provision.intake.workbook import SOURCE_COLUMN
from webex_provision_tests.rehearsal import LOCATION, settings_for

Rows = list[list[Any]]
LOCATIONS: Rows = [list(LOCATION), list(LOCATION.values())]
USERS: Rows = [["Entity_Type ", "location_key", "email", "extension"], ["user", "HQ", "ana@example.com", 3001.0]]


def book(path: Path, sheets: dict[str, Rows], change: Callable[[Any], object] = lambda _: None) -> Path:
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    change(made)
    made.save(path)
    return path


def read(path: Path, **bounds: int) -> CsvFile:
    return read_input(path, **({"max_rows": 100, "max_cell_bytes": 1_000} | bounds))


def intake(path: Path) -> IntakeResult:
    return run_intake(path, settings_for("http://127.0.0.1:1"), Clock())


def parts_changed(path: Path, change: Callable[[str, bytes], bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """The same archive, its parts changed one by one."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", compression) as new:
        for name, content in parts.items():
            new.writestr(name, change(name, content))
    return path


def test_all_sheets_are_one_input_and_each_row_knows_its_place(tmp_path: Path) -> None:
    """Records are counted over the sheets; the hash is of the file's bytes; what is not read is told."""
    sheets = {"Sites": LOCATIONS, "notes to self": [["anything"]], "Phase 2": [*USERS, [], ["", " "], USERS[1]]}

    def hide(made: Any) -> None:
        made.create_sheet("_lists").append(["x"])
        made.create_sheet("Empty")
        made.create_sheet("Old").sheet_state = "hidden"

    path = book(tmp_path / "site.xlsx", sheets, hide)
    found = read(path)
    assert found.input_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.frame.get_column("entity_type").to_list() == ["location", "user", "user"]
    assert found.frame.get_column("extension").to_list() == [None, "3001", "3001"]
    assert found.frame.get_column(SOURCE_COLUMN).to_list() == ["Sites!2", "'Phase 2'!2", "'Phase 2'!5"]
    told = " ".join(found.warnings)
    assert [name for name in ("notes to self", "_lists", "Empty", "Old") if f"'{name}'" not in told] == []


@pytest.mark.parametrize("name", ["NOTES (Ana)", "readme", "Instructions", "Notas", "LÉEME", "Instrucciones", "_x"])
def test_a_sheet_for_people_is_left_out_by_its_name_in_english_and_spanish(tmp_path: Path, name: str) -> None:
    found = read(book(tmp_path / "site.xlsx", {name: [["anything"]], "Users": USERS, "Not a note": USERS}))
    assert found.frame.get_column(SOURCE_COLUMN).to_list() == ["Users!2", "'Not a note'!2"]
    assert [warning for warning in found.warnings if "not read" in warning and f"'{name}'" in warning]


def test_a_workbook_comes_to_the_same_rows_as_its_csv(tmp_path: Path) -> None:
    result = intake(book(tmp_path / "site.xlsx", {"Sites": LOCATIONS, "Users": USERS}))
    assert (result.rows_read, result.rejected.height) == (2, 0)
    assert result.ready.get_column("row_id").to_list() == ["1", "2"]
    assert result.ready.get_column("extension").to_list() == [None, "3001"]
    csv = tmp_path / "site.csv"
    result.ready.drop(SOURCE_COLUMN).write_csv(csv)
    assert intake(csv).ready.drop(SOURCE_COLUMN, strict=False).equals(result.ready.drop(SOURCE_COLUMN))


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        ("+34910002101", "General", "+34910002101"),
        ("0123", "@", "0123"),
        (3001.0, "General", "3001"),
        (34910000000.0, "General", "34910000000"),
        (34910002101, '"+"0', "+34910002101"),
        (123, "0000", "0123"),
        (40.4168, "0.00", "40.4168"),
        (0.5, "0%", "50%"),
        (1.5e20, "General", "1.5e+20"),
        (True, "General", "TRUE"),
        (datetime(2026, 1, 2), "dd-mmm", "2026-01-02"),  # noqa: DTZ001 - a workbook knows no zone
        (datetime(2026, 1, 2, 9, 30), "dd-mmm h:mm", "2026-01-02 09:30"),  # noqa: DTZ001 - as above
        (date(2026, 1, 2), "yyyy-mm-dd", "2026-01-02"),
        (time(9, 30), "h:mm", "09:30"),
        (timedelta(hours=30, minutes=5), "[h]:mm", "30:05"),
    ],
)
def test_a_cell_is_the_text_that_a_person_sees(value: object, number_format: str, text: str, tmp_path: Path) -> None:
    def put(made: Any) -> None:
        cell = made["Users"].cell(2, 4)
        cell.value, cell.number_format = value, number_format

    path = book(tmp_path / "site.xlsx", {"Users": USERS}, put)
    assert read(path).frame.get_column("extension").to_list() == [text]


def test_a_rejection_names_the_cell_and_what_it_meets(tmp_path: Path) -> None:
    rows = [
        ["user", "HQ", "ana@example.com", datetime(2026, 1, 2)],  # noqa: DTZ001 - a workbook knows no zone
        ["user", "HQ", "bea@example.com", "12 34"],
        ["user", "HQ", "cai@example.com", "3001"],
        ["user", "HQ", "cai@example.com", "3002"],
    ]
    result = intake(book(tmp_path / "site.xlsx", {"Sites": LOCATIONS, "Users": [USERS[0], *rows]}))
    messages = result.rejected.get_column("reason_message").to_list()
    assert messages[0].startswith("row 2: Users!D2: extension: '2026-01-02' is a date or time: a spreadsheet program")
    assert messages[1].startswith("row 3: Users!D3: extension: '12 34' is not")
    assert messages[2].startswith("row 5: Users!5: entity_key:")
    assert "of row 4 (Users!4)" in messages[2]
    assert '"x_sheet_row":"Users!2"' in result.rejected.get_column("raw_row_minified")[0]


def test_numbers_where_text_is_meant_are_told_once_a_column(tmp_path: Path) -> None:
    """An extension 0123 that became 123 looks like any other: only the cell's type betrays it."""
    more = [["user", "HQ", f"u{number}@example.com", number] for number in (123, 124)]
    found = intake(book(tmp_path / "site.xlsx", {"Sites": LOCATIONS, "Users": [*USERS, *more]}))
    [told] = found.warnings
    assert told.startswith("extension: cells are numbers (3 from Users!D2 on), which have lost leading zeros")


def test_errors_and_formulas_without_a_value_reject_their_row(tmp_path: Path) -> None:
    rows = [["user", "HQ", "ana@example.com", "=3000+1"], ["user", "HQ", "bea@example.com", "#N/A"]]
    result = intake(book(tmp_path / "site.xlsx", {"Sites": LOCATIONS, "Users": [USERS[0], *rows]}))
    formula, error = result.rejected.get_column("reason_message").to_list()
    assert formula.startswith("row 2: Users!D2: extension: the formula has no value")
    assert error.startswith("row 3: Users!D3: extension: '#N/A' is a spreadsheet's error")


def test_a_formula_counts_with_the_value_that_was_calculated(tmp_path: Path) -> None:
    def calculated(name: str, content: bytes) -> bytes:
        if not name.endswith("sheet1.xml"):
            return content
        content = re.sub(rb"</f><v ?/>|</f><v></v>", b"</f><v>3001</v>", content, count=1)
        return re.sub(rb'(<c r="D3")[^>]*>(<f>.*?</f>)<v ?/>', rb'\1 t="str">\2<v></v>', content)

    rows = [USERS[0], ["user", "HQ", "ana@example.com", "=3000+1"], ["user", "HQ", "bea@example.com", '=""']]
    path = parts_changed(book(tmp_path / "site.xlsx", {"Users": rows}), calculated)
    assert read(path).frame.get_column("extension").to_list() == ["3001", None]


def test_hidden_rows_and_columns_are_read_and_told(tmp_path: Path) -> None:
    def hide(made: Any) -> None:
        made["Users"].row_dimensions[2].hidden = True
        made["Users"].column_dimensions["D"].hidden = True

    found = read(book(tmp_path / "site.xlsx", {"Users": USERS}, hide))
    assert found.frame.height == 1
    assert found.warnings == (
        "sheet 'Users': 1 rows are hidden (a filter?) and read",
        "sheet 'Users': 1 columns are hidden and read",
    )


def _merged(made: Any) -> None:
    made["Users"].merge_cells("B2:B3")


@pytest.mark.parametrize(
    ("rows", "change", "told"),
    [
        ([["My site"], [], *USERS], None, r"Users!1: the first row has no column entity_type.*stand in row 3"),
        ([[], *USERS], None, r"Users!2: the header stands in row 2"),
        ([["name"], ["x"]], None, r"Users!1: .*a sheet that is no table is named notes"),
        ([[*USERS[0], "EMAIL"], USERS[1]], None, r"Users!E1: 'email' stands twice"),
        ([USERS[0], [*USERS[1], None, "stray"]], None, r"Users!F2: the cell is filled, and its column has no header"),
        ([*USERS, USERS[1]], _merged, r"Users!B2:B3: merged cells"),
        ([USERS[0], ["user", "x" * 1_001]], None, r"Users!B2: larger than 1000 bytes"),
        ([USERS[0], ["user", *[""] * 1_000, "x"]], None, r"Users!2: cells beyond column ALL"),
        ([["entity_type", *map(str, range(1_000))], USERS[1]], None, r"Users!1: cells beyond column ALL"),
        ([USERS[0], *[USERS[1]] * 101], None, r"more than 100 rows \(MAX_ROWS\)"),
        (USERS[:1], None, r"no sheet has a header and rows"),
    ],
)
def test_an_unusable_workbook_gets_one_error_that_says_where(
    rows: Rows, change: Callable[[Any], object] | None, told: str, tmp_path: Path
) -> None:
    path = book(tmp_path / "site.xlsx", {"Users": rows}, change or (lambda _: None))
    with pytest.raises(UnusableCsv, match=told):
        read(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webex_provision.intake.workbook.MAX_FILE_BYTES", 2**20)
    path = book(tmp_path / "site.xlsx", {"Users": USERS})
    parts_changed(path, lambda name, content: b" " * 2**21 if name.endswith("theme1.xml") else content)
    assert path.stat().st_size < 20_000
    with pytest.raises(UnusableCsv, match="larger than 1 MiB unpacked"):
        read(path)


def test_rows_beyond_what_a_sheet_can_hold_end_the_reading(tmp_path: Path) -> None:
    path = book(tmp_path / "site.xlsx", {"Users": USERS})
    parts_changed(path, lambda _, content: content.replace(b'<row r="2"', b'<row r="99999999999"'))
    with pytest.raises(UnusableCsv, match="rows beyond"):
        read(path)


def test_what_only_looks_like_a_workbook_is_told_from_one(tmp_path: Path) -> None:
    good = book(tmp_path / "good.xlsx", {"Users": USERS}).read_bytes()
    doctype = parts_changed(
        book(tmp_path / "doctype.xlsx", {"Users": USERS}),
        lambda name, content: b"<!DOCTYPE a>" + content if name.endswith("sheet1.xml") else content,
    ).read_bytes()
    for data, told in (
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "password-protected"),
        (good[: len(good) // 2], "cannot be read"),
        (b"PK\x03\x04", "cannot be read"),
        (doctype, "document type"),
    ):
        (tmp_path / "site.xlsx").write_bytes(data)
        with pytest.raises(UnusableCsv, match=told):
            read(tmp_path / "site.xlsx")


def test_any_other_zip_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "site.xlsx", "w") as archive:
        archive.writestr("content.xml", "<x/>")
    with pytest.raises(UnusableCsv, match=r"no \.xlsx workbook"):
        read(tmp_path / "site.xlsx")


def test_a_workbook_that_lies_about_its_size_is_read_whole(tmp_path: Path) -> None:
    path = book(tmp_path / "site.xlsx", {"Users": USERS})
    parts_changed(path, lambda _, content: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', content))
    assert load_workbook(path, read_only=True)["Users"].max_row == 1
    assert read(path).frame.height == 1
