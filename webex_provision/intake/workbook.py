"""Is this a usable workbook? An .xlsx file to the same frame of text that a CSV gives, or one clear error.

A sheet is a table of its own: a header in its first row, which names `entity_type`, and rows. Sheets follow each other
in the workbook's order. Sheets named as in `_NO_TABLES`, hidden and empty ones are not read, and that is told.
"""

import hashlib
import io
import unicodedata
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import range_boundaries

from webex_provision.intake.csv_file import MAX_COLUMNS, MAX_FILE_BYTES, TYPE_COLUMN, CsvFile, UnusableCsv, shortened
from webex_provision.intake.filled_cells import FilledCells
from webex_provision.intake.told import several
from webex_provision.intake.whereabouts import Whereabouts, place
from webex_provision.intake.workbook_cells import NOT_CALCULATED, is_bare_number, text_of
from webex_provision.intake.workbook_scan import SheetFacts, refuse_bomb, scan

SOURCE_COLUMN = "x_sheet_row"  # free text of the operator's own kind: carried to every output, never read
_MAX_SHEET_ROWS = 1_048_576
_MAX_PARTS = 10_000
_MAX_SHEETS = 200
_HEADER_LOOKED_FOR = 20
_SHOWN = 5
_NO_TABLES = ("notes", "readme", "instructions", "notas", "leeme", "instrucciones", "_")  # how such names begin

Cells = tuple[Any, ...]


@dataclass
class _Table:
    """A sheet that was read. `numbers` counts, by column, cells that are bare numbers, and names the first one."""

    name: str
    names: dict[int, str]
    rows: list[int] = field(default_factory=list)
    cells: dict[int, list[str | None]] = field(default_factory=dict)
    numbers: dict[int, tuple[int, int]] = field(default_factory=dict)


def read_workbook(path: Path, data: bytes, *, max_rows: int, max_cell_bytes: int) -> CsvFile:
    """The rows of all sheets, at most `max_rows`, cells of at most `max_cell_bytes` UTF-8 bytes. Raises UnusableCsv."""
    try:
        return _Workbook(path, max_rows, max_cell_bytes).read(data)
    except UnusableCsv:
        raise
    except Exception as error:
        # A file that is broken, or made to break its reader, can make the library fail in any way.
        why = f"the workbook cannot be read ({shortened(str(error) or type(error).__name__)})"
        raise UnusableCsv(path, f"{why}; open it in a spreadsheet program and save it as .xlsx") from error


class _Workbook:
    def __init__(self, path: Path, max_rows: int, max_cell_bytes: int) -> None:
        self._path = path
        self._max_rows, self._max_cell_bytes = max_rows, max_cell_bytes
        self._records = self._size = 0
        self._warnings: list[str] = []

    def read(self, data: bytes) -> CsvFile:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the library does not keep (styles, validations) is not wanted
            refuse_bomb(archive, most_bytes=MAX_FILE_BYTES, most_parts=_MAX_PARTS)
            if "[Content_Types].xml" not in archive.namelist() or "xl/workbook.bin" in archive.namelist():
                raise UnusableCsv(self._path, "this is no .xlsx workbook; save it as .xlsx or as 'CSV UTF-8'")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            try:
                found = [self._table(sheet, archive) for sheet in self._sheets(book)]
            finally:
                book.close()
        tables = [table for table in found if table is not None and table.rows]
        if not tables:
            raise UnusableCsv(self._path, "no sheet has a header and rows below it; add at least one row")
        return self._file(data, tables)

    def _refused(self, where: str, why: str) -> UnusableCsv:
        return UnusableCsv(self._path, f"{where}: {why}")

    def _sheets(self, book: Any) -> Iterator[Any]:
        """The sheets that count."""
        if len(book.worksheets) > _MAX_SHEETS:
            raise UnusableCsv(self._path, f"the workbook has more than {_MAX_SHEETS} sheets; split it")
        for sheet in book.worksheets:
            if named := _named_as_no_table(sheet.title):
                self._warnings.append(f"sheet '{sheet.title}' is not read: it is named {named}…")
            elif sheet.sheet_state != "visible":
                self._warnings.append(f"sheet '{sheet.title}' is hidden and not read; show it if its rows count")
            else:
                yield sheet

    def _table(self, sheet: Any, archive: zipfile.ZipFile) -> _Table | None:
        rows = _numbered(sheet)
        first = next(((number, cells) for number, cells in rows if _filled(cells)), None)
        if first is None:
            self._warnings.append(f"sheet '{sheet.title}' is empty and not read")
            return None
        table = _Table(sheet.title, self._header(sheet.title, first, rows))
        # The part behind a sheet is known to the library alone.
        with archive.open(sheet._worksheet_path) as part:
            facts = scan(part)
        self._tell(table, facts)
        missing = _positions(facts.not_calculated)
        table.cells = {index: [] for index in table.names}
        for number, cells in rows:
            self._row(table, number, cells, missing.get(number, ()))
        if not table.rows:
            self._warnings.append(f"sheet '{sheet.title}' has a header and no rows")
        return table

    def _header(self, sheet: str, first: tuple[int, Cells], rows: Iterable[tuple[int, Cells]]) -> dict[int, str]:
        """The names of the columns by their index from 0."""
        number, cells = first
        self._refuse_wide(sheet, number, cells)
        written = {index: text_of(cell.value, None) for index, cell in enumerate(cells)}
        names = {index: unicodedata.normalize("NFC", name).strip().lower() for index, name in written.items()}
        names = {index: name for index, name in names.items() if name}
        if TYPE_COLUMN not in names.values():
            found = next((row for row, found in _first(rows) if _is_header(found)), None)
            why = f"the first row has no column {TYPE_COLUMN}; it must name the columns"
            why += "" if found is None else f" (they stand in row {found}: delete the rows above it)"
            raise self._refused(place(sheet, number), f"{why}; a sheet that is no table is named notes…, notas… or _…")
        if number != 1:
            why = f"the header stands in row {number}, not in row 1; delete the rows above it"
            raise self._refused(place(sheet, number), why)
        seen: set[str] = set()
        for index, name in names.items():
            if name in seen:
                where = place(sheet, number, get_column_letter(index + 1))
                raise self._refused(where, f"'{shortened(name)}' stands twice in the header; keep one")
            seen.add(name)
        return names

    def _row(self, table: _Table, number: int, cells: Cells, missing: Sequence[int]) -> None:
        self._refuse_wide(table.name, number, cells)
        texts = [text_of(cell.value, cell.number_format) for cell in cells]
        for index in missing:
            texts += [""] * (index + 1 - len(texts))
            texts[index] = NOT_CALCULATED
        filled = [index for index, text in enumerate(texts) if text.strip()]
        if not filled:
            return
        for index in filled:
            self._check_cell(table, number, index, texts[index])
            if index < len(cells) and is_bare_number(cells[index].value, texts[index]):
                count, where = table.numbers.get(index, (0, number))
                table.numbers[index] = (count + 1, where)
        self._records += 1
        if self._records > self._max_rows:
            why = f"the workbook has more than {self._max_rows} rows (MAX_ROWS); split it, or raise MAX_ROWS"
            raise UnusableCsv(self._path, why)
        table.rows.append(number)
        for index, column in table.cells.items():
            column.append((texts[index] or None) if index < len(texts) else None)

    def _refuse_wide(self, sheet: str, number: int, cells: Cells) -> None:
        if len(cells) > MAX_COLUMNS:
            why = f"cells beyond column {get_column_letter(MAX_COLUMNS)}; delete those columns"
            raise self._refused(place(sheet, number), why)

    def _check_cell(self, table: _Table, number: int, index: int, text: str) -> None:
        where = place(table.name, number, get_column_letter(index + 1))
        if index not in table.names:
            raise self._refused(where, "the cell is filled, and its column has no header; name the column or empty it")
        size = len(text.encode("utf-8", errors="replace"))
        self._size += size
        if size > self._max_cell_bytes:
            raise self._refused(where, f"larger than {self._max_cell_bytes} bytes (MAX_CELL_BYTES); shorten it")
        if self._size > MAX_FILE_BYTES:
            raise UnusableCsv(self._path, f"the cells hold more than {MAX_FILE_BYTES // 2**20} MiB; split the workbook")

    def _tell(self, table: _Table, facts: SheetFacts) -> None:
        """Refuses what would be lost unseen, tells what is not to be seen."""
        width = max(table.names) + 1
        merged = [ref for ref in facts.merged if range_boundaries(ref)[0] <= width]
        if merged:
            where = place(table.name, 1).removesuffix("1") + merged[0]
            why = f"merged cells ({len(merged)} ranges): only the first of them has the value; unmerge, and fill each"
            raise self._refused(where, why)
        if facts.hidden_rows:
            self._warnings.append(f"sheet '{table.name}': {facts.hidden_rows} rows are hidden (a filter?) and read")
        if facts.hidden_columns:
            self._warnings.append(f"sheet '{table.name}': {facts.hidden_columns} columns are hidden and read")

    def _file(self, data: bytes, tables: list[_Table]) -> CsvFile:
        names = list(dict.fromkeys(name for table in tables for name in table.names.values()))
        rows = [(table.name, number) for table in tables for number in table.rows]
        return CsvFile(
            self._path,
            hashlib.sha256(data).hexdigest(),
            FilledCells.of([*names, SOURCE_COLUMN], map(_frame, tables)),
            where=Whereabouts(rows, {table.name: _letters(table) for table in tables}),
            warnings=tuple(self._warnings),
            numbers={name: _told_numbers(tables, name) for name in names if _told_numbers(tables, name)},
        )


def _named_as_no_table(title: str) -> str:
    """How the name begins that says so, whatever its case and accents; empty for a sheet that is to be a table."""
    letters = unicodedata.normalize("NFKD", title.strip().casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return next((name for name in _NO_TABLES if plain.startswith(name)), "")


def _frame(table: _Table) -> pl.DataFrame:
    """The table's cells, which it gives away, and where each row stands."""
    columns = [pl.Series(name, table.cells.pop(index), pl.String) for index, name in table.names.items()]
    source = [place(table.name, number) for number in table.rows]
    return pl.DataFrame([*columns, pl.Series(SOURCE_COLUMN, source, pl.String)])


def _numbered(sheet: Any) -> Iterator[tuple[int, Cells]]:
    """Rows with their numbers; the dimensions that a sheet gives of itself may be wrong and are not used."""
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > _MAX_SHEET_ROWS:
            raise ValueError(f"sheet {sheet.title} has rows beyond {_MAX_SHEET_ROWS}")
        yield number, cells


def _filled(cells: Cells) -> bool:
    return any(cell.value is not None and str(cell.value).strip() for cell in cells)


def _first(rows: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, Cells]]:
    return (row for row, _ in zip(rows, range(_HEADER_LOOKED_FOR), strict=False))


def _is_header(cells: Cells) -> bool:
    return TYPE_COLUMN in {str(cell.value).strip().lower() for cell in cells}


def _positions(cells: set[str]) -> dict[int, list[int]]:
    """The columns, from 0, of cells such as B17, by their row."""
    found: dict[int, list[int]] = {}
    for column, row, _, _ in (range_boundaries(cell) for cell in cells):
        found.setdefault(row, []).append(column - 1)
    return found


def _letters(table: _Table) -> dict[str, str]:
    return {name: get_column_letter(index + 1) for index, name in table.names.items()}


def _told_numbers(tables: list[_Table], name: str) -> str:
    """Where the cells of a column are numbers, in words; empty where none is."""
    found = [
        (count, place(table.name, first, get_column_letter(index + 1)))
        for table in tables
        for index, (count, first) in table.numbers.items()
        if table.names.get(index) == name
    ]
    return several([f"{count} from {where} on" for count, where in found[:_SHOWN]], len(found))
