"""Whatever is unusable as a whole gets one clear error that names the place; whatever is harmless is accepted."""

import os
from pathlib import Path

import pytest

from webex_provision.intake.csv_file import CsvFile, UnusableCsv, read_csv_file


def read(folder: Path, data: bytes, **bounds: int) -> CsvFile:
    path = folder / "input.csv"
    path.write_bytes(data)
    return read_csv_file(path, **({"max_rows": 100, "max_cell_bytes": 1_000} | bounds))


@pytest.mark.parametrize(
    ("data", "line", "told"),
    [
        (b"", None, "empty"),
        (b"\xef\xbb\xbf  \r\n", None, "empty"),
        (b"entity_type,email\n", None, "no rows"),
        (b"entity_type,email\nuser,a\xf1o@x.org\n", 2, "byte 24 (0xf1) is not UTF-8"),
        ("entity_type\nuser\n".encode("utf-16"), 1, "UTF-16"),
        (b"entity_type,email\nuser,\n\x00,\n", 3, "NUL"),
        (b"entity_type;email\nuser;a@x.org\n", 1, "semicolon"),
        (b'"entity_type";"email"\n"user";"a@x.org"\n', 1, "semicolon"),
        (b"entity_type\temail\nuser\ta@x.org\n", 1, "tab"),
        (b"entity_type,email\nuser,a@x.org\nuser\n", 3, "1 fields where the header has 2"),
        (b'entity_type,x_note\nuser,"a\nb"\nuser,1,2\n', 4, "3 fields where the header has 2"),
        (b'entity_type,x_note\nuser,"a\nb\n', 2, "quotes"),
        (b'entity_type,x_note\nuser,"a"b\n', 2, "quotes"),
        (b"entity_type,email,Email \nuser,,\n", 1, "'email' stands twice"),
        (b"entity_type,,email\nuser,,\n", 1, "column 2: the header cell is blank"),
        (b"email,location_key\na@x.org,HQ\n", 1, "no column entity_type"),
        (b"entity_type\n" + b"user\n" * 101, None, "more than 100 rows (MAX_ROWS)"),
        (b"entity_type,x_note\nuser,\nuser," + b"y" * 1_001 + b"\n", None, "column x_note: row 2"),
    ],
)
def test_an_unusable_file_is_named_by_place_and_cure(tmp_path: Path, data: bytes, line: int | None, told: str) -> None:
    with pytest.raises(UnusableCsv) as caught:
        read(tmp_path, data)
    assert told in str(caught.value)
    assert "input.csv" in str(caught.value)
    assert caught.value.line == line


def test_a_folder_a_missing_file_and_a_pipe_are_no_csv(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, told in ((tmp_path, "folder"), (tmp_path / "none.csv", "no such file"), (pipe, "not a regular file")):
        with pytest.raises(UnusableCsv, match=told):
            read_csv_file(path, max_rows=1, max_cell_bytes=1_000)


def test_a_file_over_the_bound_of_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webex_provision.intake.csv_file.MAX_FILE_BYTES", 10)
    with pytest.raises(UnusableCsv, match="split it"):
        read(tmp_path, b"entity_type\nuser\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_marks_and_line_ends_of_any_kind_are_fine(tmp_path: Path, mark: str, end: str) -> None:
    text = mark + end.join([" Entity_Type ,X_note", 'user,"two\nlines, one cell"', "", 'user,"say ""hi"""', ""])
    frame = read(tmp_path, text.encode()).frame
    assert frame.columns == ["entity_type", "x_note"]
    assert frame.rows() == [("user", "two\nlines, one cell"), ("user", 'say "hi"')]


def test_the_last_allowed_row_and_cell_are_accepted_with_their_zeros(tmp_path: Path) -> None:
    data = b"entity_type,x_note\n" + b"user,0123\n" * 99 + b"user," + b"y" * 1_000 + b"\n"
    frame = read(tmp_path, data).frame
    assert frame.height == 100
    assert frame.item(0, "x_note") == "0123"


def test_files_of_several_chunks_keep_every_row_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webex_provision.intake.csv_file._CHUNK", 7)
    numbers = [str(number) for number in range(50)]
    data = "entity_type,x_note\n" + "".join(f"user,{number}\n" for number in numbers)
    assert read(tmp_path, data.encode(), max_rows=50).frame.get_column("x_note").to_list() == numbers
    with pytest.raises(UnusableCsv, match="more than 49 rows"):
        read(tmp_path, data.encode(), max_rows=49)
