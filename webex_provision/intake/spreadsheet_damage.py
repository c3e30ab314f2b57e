"""What a spreadsheet has done to cells: errors instead of values are faults, numbers instead of text are told."""

from collections.abc import Sequence

import polars as pl

from webex_provision.actions.declaration import EntityType, Kind
from webex_provision.intake.csv_file import CsvFile
from webex_provision.intake.faults import faults
from webex_provision.intake.filled_cells import FilledCells
from webex_provision.intake.header import Header
from webex_provision.intake.workbook_cells import NOT_CALCULATED, SPREADSHEET_ERRORS
from webex_provision.vocabulary import Reason

_NUMERIC = frozenset({Kind.INTEGER, Kind.DECIMAL})
_ERRORS = (*SPREADSHEET_ERRORS, NOT_CALCULATED)


def damaged_cells(cells: FilledCells, header: Header) -> list[pl.DataFrame]:
    """Rows with an error of a spreadsheet in a column that has a meaning, also where a CSV was exported with it."""
    found = []
    for name in header.known:
        rows = cells.in_column(name).filter(pl.col("value").str.to_uppercase().is_in(_ERRORS))
        if not rows.is_empty():
            told = pl.Series("told", [f"{name}: {_explained(cell)}" for cell in rows.get_column("value")], pl.String)
            found.append(faults(rows, Reason.INVALID_INPUT_SCHEMA, pl.lit(told), column=name))
    return found


def _explained(cell: str) -> str:
    if cell == NOT_CALCULATED:
        return "the formula has no value; open the file in a spreadsheet program and save it"
    return f"'{cell}' is a spreadsheet's error; mend the formula or type the value"


def number_warnings(source: CsvFile, header: Header, types: Sequence[EntityType]) -> list[str]:
    """Columns whose text a workbook holds as numbers: a leading zero would be lost without a trace."""
    text = {column.name for each in types for column in each.columns if column.kind not in _NUMERIC}
    return [
        f"{name}: cells are numbers ({where}), which have lost leading zeros and +, if there were any; check them, and "
        f"format the column as text"
        for name, where in source.numbers.items()
        if header.renamed.get(name, name) in text
    ]
