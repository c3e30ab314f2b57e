"""Texts in outputs: one physical line a record, no formula for a spreadsheet, read back as written."""

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webex_provision.ledger.errors import CorruptLedger, TornLine
from webex_provision.ledger.records import (
    cell,
    csv_line,
    minify_row,
    plain,
    read_records,
)
from webex_provision.ledger.writers import cell_of

ANY_TEXT = st.text(st.characters(codec=None), max_size=20)
TRICKY = st.one_of(ANY_TEXT, st.text("=@+-'\t\r\n\0 \"',1aé\u2028\x85", max_size=8))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "@SUM(A1)", "\tx", "\rx", "\0=x", "+cmd", "-", "+", "-=1", "+\u0663", "-2+3|cmd", "+1=x", "\uff1d1"],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert cell(text).startswith("'")


@pytest.mark.parametrize(
    "text", ["+34600111222", "+34 600 11-22", "-5", "0123", "08001", "a=b", "'quoted", "", " =x", "user@x.org"]
)
def test_numbers_and_plain_text_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


@given(TRICKY)
def test_any_text_is_one_line_and_safe(text: str) -> None:
    written = cell(text)
    assert len(written.splitlines()) <= 1
    assert "\0" not in written
    written.encode("utf-8")
    assert cell(written) == written


@given(st.text("=@+-1a'", max_size=6).filter(lambda text: not text.startswith("'")))
def test_the_apostrophe_is_taken_off_again_when_read(text: str) -> None:
    assert plain(cell(text)) == text


@given(st.lists(TRICKY, min_size=1, max_size=20))
def test_whole_columns_are_escaped_as_single_cells_are(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "backslashreplace").decode() for text in texts]
    frame = pl.DataFrame({"message": texts}, schema={"message": pl.String})
    assert frame.with_columns(cell_of("message"))["message"].to_list() == [cell(text) for text in texts]


@given(st.lists(TRICKY, min_size=2, max_size=6))
def test_a_record_is_one_physical_line_and_reads_back(texts: list[str]) -> None:
    fields = [cell(text) for text in texts]
    line = csv_line(fields)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert next(csv.reader(io.StringIO(line.decode(), newline=""))) == fields


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.one_of(st.none(), TRICKY), max_size=5))
def test_a_raw_row_is_one_line_whatever_its_cells_hold(row: dict[str, str | None]) -> None:
    assert len(minify_row(row).splitlines()) == 1


def test_a_raw_row_larger_than_the_csv_modules_own_limit_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n" + csv_line(["1", "x" * 300_000]))
    assert [len(record.fields[1]) for record in read_records(path, ("a", "b"))] == [300_000]


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (b"", 1, "header is missing"),
        (b"a,c\n", 1, "header is not"),
        (b"\xef\xbb\xbfa,b\n", 1, "header is not"),
        (b"a,b\n1,2\n3", 3, "torn"),
        (b"a,b\n1,2,3\n", 2, "3 fields instead of 2"),
        (b"a,b\n\n", 2, "0 fields instead of 2"),
        (b'a,b\n1,"2\n', 2, "not a CSV record"),
        (b"a,b\n1,\xff\n", 2, "not UTF-8"),
        (b"a,b\n1,2\n\0\0\n", 3, "NUL"),
    ],
)
def test_the_first_bad_line_is_named(tmp_path: Path, content: bytes, line: int, why: str) -> None:
    path = tmp_path / "results.csv"
    path.write_bytes(content)
    with pytest.raises(CorruptLedger, match=why) as caught:
        list(read_records(path, ("a", "b")))
    assert caught.value.line == line
    assert f"results.csv, line {line}" in str(caught.value)
    assert "webex-provision repair" in str(caught.value)
    assert isinstance(caught.value, TornLine) == (why == "torn")


def test_a_file_that_is_a_directory_is_named_too(tmp_path: Path) -> None:
    with pytest.raises(CorruptLedger, match="cannot be read"):
        list(read_records(tmp_path, ("a", "b")))
