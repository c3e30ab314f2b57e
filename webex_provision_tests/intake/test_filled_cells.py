"""Cells are kept where they are filled, and come back as the table that was read."""

import polars as pl

from webex_provision.intake.filled_cells import FilledCells

STRANGE = "^a.*$"
UPPER = pl.DataFrame({"a": ["1", "", None], STRANGE: [None, "x", "y"]})
LOWER = pl.DataFrame({"a": ["4"], "*": ["z"]})
CELLS = FilledCells.of(["a", STRANGE, "*", "blank"], [UPPER, LOWER])


def test_tables_come_back_one_below_the_other_with_blanks_as_null() -> None:
    assert CELLS.height == 4
    assert CELLS.frame().to_dict(as_series=False) == {
        "a": ["1", None, None, "4"],
        STRANGE: [None, "x", "y", None],
        "*": [None, None, None, "z"],
        "blank": [None] * 4,
    }


def test_only_filled_cells_take_room() -> None:
    assert {name: cells.rows() for name, cells in CELLS.filled.items()} == {
        "a": [(1, "1"), (4, "4")],
        STRANGE: [(2, "x"), (3, "y")],
        "*": [(4, "z")],
    }
    assert CELLS.in_column("blank").is_empty()


def test_rows_are_told_in_the_order_asked_for_with_their_filled_cells() -> None:
    assert CELLS.rows(pl.Series([4, 2])) == [{"a": "4", "*": "z"}, {STRANGE: "x"}]


def test_a_table_without_rows_has_its_columns() -> None:
    empty = FilledCells.of(["a"], [])
    assert (empty.height, empty.frame().columns, empty.rows(pl.Series([], dtype=pl.Int64))) == (0, ["a"], [])
