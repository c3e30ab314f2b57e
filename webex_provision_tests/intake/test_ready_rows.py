"""What intake wrote is what the engine reads: same cells, execution order, names of remote entities."""

import json
from pathlib import Path

import polars as pl
import pytest

from webex_provision.engine.ready_rows import references, rows_of
from webex_provision.intake.data_pipeline import write_outputs
from webex_provision.ledger.errors import CorruptLedger, OutputNotWritable
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.ready_rows import BOOKKEEPING, CELLS, cells_of, load_ready
from webex_provision.ledger.records import REJECTED_COLUMNS, minify_row
from webex_provision.vocabulary import Phase
from webex_provision_tests.intake.made_up import WORLD, csv_of, intake_of
from webex_provision_tests.intake.test_consistency import SITE_ROW, desk, line

ROWS = (
    desk("b", extension="0012", x_note='two\nlines, "quoted"', comment="-"),
    SITE_ROW | {"*": "starred", "^a.*$": ""},
    line("a", extension="0011"),
    {"entity_type": "human", "email": "A@x.org", "person_tags": "-", "desk_name": "?"},
    desk("a"),
    desk("c", extension="1"),
)
HEADER = ",".join(("entity_type", "entity_key", *BOOKKEEPING)) + "\n"


def loaded(folder: Path) -> pl.DataFrame:
    """ROWS, as the engine gets them."""
    write_outputs(intake_of(folder, csv_of(*ROWS)), folder / "out")
    return load_ready(RollOutFolder(folder / "out"))


def loaded_equals(folder: Path, ready: pl.DataFrame) -> bool:
    """Whether what is read back is all that intake made: the bookkeeping, and every cell that is filled."""
    found = load_ready(RollOutFolder(folder))
    filled = [
        {name: cell for name, cell in row.items() if cell is not None and name not in BOOKKEEPING}
        for row in ready.iter_rows(named=True)
    ]
    named = ["entity_type", "entity_key", *BOOKKEEPING]
    return found.select(named).equals(ready.select(named)) and [cells_of(row) for row in found[CELLS]] == filled


def test_outputs_read_back_as_they_were_made(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(*ROWS))
    write_outputs(result, tmp_path / "out")
    assert loaded_equals(tmp_path / "out", result.ready)
    folder = RollOutFolder(tmp_path / "out")
    for path in (folder.ready, folder.rejected):
        assert path.stat().st_mode & 0o777 == 0o600
    assert result.rejected.columns == list(REJECTED_COLUMNS)
    raw = json.loads(result.rejected.item(0, "raw_row_minified"))
    assert raw == {"entity_type": "desk", "location_key": "HQ", "desk_name": "c", "extension": "1"}


def test_ready_keeps_the_columns_of_the_input_first_and_in_order(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(*ROWS))
    written = list(dict.fromkeys(name for row in ROWS for name in row))
    assert (
        result.ready.columns == [*written, "entity_key", *BOOKKEEPING]
        or result.ready.columns[: len(written)] == written
    )
    assert tuple(result.ready.columns[-len(BOOKKEEPING) :]) == BOOKKEEPING


def test_rows_come_in_execution_order_with_their_filled_cells(tmp_path: Path) -> None:
    ready = loaded(tmp_path)
    rows = list(rows_of(ready, Phase.USERS, 1, 100))
    assert [(row.position, row.row_number, row.entity_type) for row in rows] == [
        (1, 4, "human"),
        (2, 1, "desk"),
        (3, 5, "desk"),
        (4, 3, "desk_line"),
    ]
    assert rows[0].cleared("person_tags")
    assert rows[0].pending_reason == "out_of_scope"
    assert rows[2].cells == {
        "entity_type": "desk", "entity_key": "HQ/a", "location_key": "HQ", "desk_name": "a", "extension": "0011"
    }  # fmt: skip
    assert [row.row_number for row in rows_of(ready, Phase.USERS, 2, 3)] == [1, 5]
    assert list(rows_of(ready, Phase.SERVICES, 1, 9)) == []


def test_every_key_of_a_row_leads_to_its_remote_name(tmp_path: Path) -> None:
    found = references(loaded(tmp_path), WORLD)
    assert found.name_of("site", "hq") == "Madrid HQ"
    assert found.name_of("site", "MADRID hq") == "Madrid HQ"
    assert found.name_of("site", "Lisboa") == "Lisboa"


def test_a_strange_name_of_a_column_comes_back_as_it_was(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of({"entity_type": "site", 'x_"quoted"\x01': "a", "x_two\nlines": "b"}))
    write_outputs(result, tmp_path / "out")
    assert loaded_equals(tmp_path / "out", result.ready)


def test_a_raw_row_leaves_out_blanks_and_hides_what_may_be_secret() -> None:
    row = {"a": "1", "b": "", "c": None, "trunk_password_env": "TRUNK_PW", "old_password": "x", "other_env": "s3cret!"}
    assert minify_row(row) == '{"a":"1","trunk_password_env":"TRUNK_PW","old_password":"***","other_env":"***"}'


def test_when_one_output_cannot_be_written_neither_is_left(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(*ROWS))
    folder = RollOutFolder(tmp_path / "out")
    (tmp_path / "out" / "ready_to_load.csv").mkdir(parents=True)
    with pytest.raises(OutputNotWritable):
        write_outputs(result, tmp_path / "out")
    assert not folder.rejected.exists()


def test_a_missing_or_foreign_ready_file_is_one_clear_error(tmp_path: Path) -> None:
    folder = RollOutFolder(tmp_path)
    with pytest.raises(CorruptLedger, match="the file is missing"):
        load_ready(folder)
    folder.ready.write_text("entity_type\nuser\n")
    with pytest.raises(CorruptLedger, match="not what intake wrote"):
        load_ready(folder)
    folder.ready.write_text(HEADER + "user,a,1,one,1,1,user,,\n")
    with pytest.raises(CorruptLedger, match="whole numbers"):
        load_ready(folder)
    folder.ready.write_text(HEADER + "user,a,1,1,1,1,user,,\nuser,b,2,2\n")
    with pytest.raises(CorruptLedger, match="line 3: 4 fields instead of 9"):
        load_ready(folder)
    folder.ready.write_text(HEADER + "user,a,,1,1,1,user,,\n")
    with pytest.raises(CorruptLedger, match="line 2: the row has lost its row_id"):
        load_ready(folder)
    folder.ready.write_text(HEADER + "user,a,1,1,1,1,user,,\n")
    with pytest.raises(CorruptLedger, match="line 2: 1 rows, intake wrote 2"):
        load_ready(folder, 2)


def test_a_file_with_no_good_row_leaves_an_empty_ready_file(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of({"entity_type": "nothing"}))
    write_outputs(result, tmp_path / "out")
    assert load_ready(RollOutFolder(tmp_path / "out")).is_empty()
    assert list(rows_of(load_ready(RollOutFolder(tmp_path / "out")), Phase.USERS, 1, 9)) == []
