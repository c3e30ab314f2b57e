"""Where a record stands in a workbook, as its user sees it: `Users!17`, and a cell of it `Users!B17`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

_ROW = re.compile(r"\brow ([1-9][0-9]*)\b")
_PLAIN = re.compile(r"[^\W\d]\w*\Z")


def place(sheet: str, row: int, letters: str = "") -> str:
    """A row or cell in the notation of spreadsheets; the name of a sheet is quoted where it must be."""
    name = sheet if _PLAIN.match(sheet) else "'" + sheet.replace("'", "''") + "'"
    return f"{name}!{letters}{row}"


@dataclass(frozen=True)
class Whereabouts:
    """Sheet and row of every record, in order; and the letters of every sheet's columns by their names."""

    rows: Sequence[tuple[str, int]]
    letters: Mapping[str, Mapping[str, str]]

    def row(self, number: int) -> str:
        """A record by its number, which counts from 1."""
        return place(*self.rows[number - 1])

    def cell(self, number: int, column: str) -> str:
        """A cell; the row alone where its sheet does not have the column."""
        sheet, row = self.rows[number - 1]
        return place(sheet, row, self.letters[sheet].get(column, ""))

    def told(self, message: str) -> str:
        """A message whose `row 12` says which row of which sheet that is."""

        def named(found: re.Match[str]) -> str:
            number = int(found.group(1))
            return f"{found.group()} ({self.row(number)})" if number <= len(self.rows) else found.group()

        return _ROW.sub(named, message)


def located(found: pl.DataFrame, where: Whereabouts | None, renamed: Mapping[str, str]) -> pl.DataFrame:
    """Faults whose messages begin with the cell that they are about; those of a CSV stay as they are.

    `renamed` tells new names of columns by those that the input has.
    """
    if where is None:
        return found
    old = {new: name for name, new in renamed.items()}
    messages = [
        f"{where.cell(row, old.get(column, column))}: {where.told(message)}"
        for row, column, message in found.select("row", "column", "message").iter_rows()
    ]
    return found.with_columns(pl.Series("message", messages, pl.String))
