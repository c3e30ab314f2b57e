"""Is this a usable CSV? Bytes to a frame of text, or one clear error.

Raggedness, quotes and line ends are judged by the standard library's reader in strict mode, and the cells are those
that it read, so that no two parsers can differ about what a cell is. Rows are counted as records; blank lines are
not rows.
"""

import csv
import hashlib
import io
import itertools
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from webex_provision.input_files import TooLarge, UnusableFile, read_regular_file
from webex_provision.intake.filled_cells import FilledCells
from webex_provision.intake.whereabouts import Whereabouts
from webex_provision.safe_text import printable

MAX_FILE_BYTES = 256 * 2**20
MAX_COLUMNS = 1_000
TYPE_COLUMN = "entity_type"
_CHUNK = 2_000
_SHOWN = 60


class UnusableCsv(Exception):
    """The file as a whole can't be used; nothing was written. `line` is 1-based and physical, the header is in it."""

    def __init__(self, path: Path, why: str, *, line: int | None = None, column: str | None = None) -> None:
        place = "" if line is None else f", line {line}"
        place += "" if column is None else f", column {column}"
        super().__init__(f"{path}{place}: {why}")
        self.path = path
        self.line = line
        self.column = column


@dataclass(frozen=True)
class CsvFile:
    """A usable CSV. `cells` holds text only, one row a record, as written, named as the header.

    Of a workbook (see `workbook`), also where its rows stand, what is odd about it, and by column where cells are
    numbers, in words.
    """

    path: Path
    input_hash: str
    cells: FilledCells
    where: Whereabouts | None = None
    warnings: tuple[str, ...] = ()
    numbers: Mapping[str, str] = field(default_factory=dict)

    @property
    def frame(self) -> pl.DataFrame:
        """The whole table, null where blank, made anew each time."""
        return self.cells.frame()


def shortened(text: str) -> str:
    """A value as a message shows it: no character that a terminal would obey, and not endless."""
    text = printable(text[:_SHOWN]) + text[_SHOWN:]
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def read_csv_file(path: Path, *, max_rows: int, max_cell_bytes: int) -> CsvFile:
    """Read a CSV of at most `max_rows` records with cells of at most `max_cell_bytes` UTF-8 bytes.

    A BOM, any line ends, quoted line breaks and any order of columns are fine; header names are trimmed and made
    lower case. Raises UnusableCsv.
    """
    data = bytes_of(path)
    text = _text_of(path, data)
    # The csv module's limit holds for the whole process and is smaller than a cell may be; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    names = _header(path, text)
    cells = FilledCells.of(names, _frames(path, text, names, max_rows))
    if not cells.height:
        raise UnusableCsv(path, "the file has a header and no rows; add at least one row")
    _refuse_large_cells(path, cells, max_cell_bytes)
    return CsvFile(path, hashlib.sha256(data).hexdigest(), cells)


def bytes_of(path: Path) -> bytes:
    """The whole file. Raises UnusableCsv when it can't be read, or is too large."""
    try:
        return read_regular_file(path, MAX_FILE_BYTES)
    except TooLarge as error:
        raise UnusableCsv(path, f"{error}; split it") from None
    except UnusableFile as error:
        raise UnusableCsv(path, str(error)) from None


def _text_of(path: Path, data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnusableCsv(path, "the file is UTF-16; save it as 'CSV UTF-8'", line=1)
    if (nul := data.find(b"\0")) >= 0:
        raise UnusableCsv(
            path, "a NUL byte: the file is binary or UTF-16; save it as 'CSV UTF-8'", line=_line_at(data, nul)
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        why = f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8; in Excel, save the file as 'CSV UTF-8'"
        raise UnusableCsv(path, why, line=_line_at(data, error.start)) from error
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise UnusableCsv(path, "the file is empty; it needs a header and rows")
    return text


def _line_at(data: bytes, offset: int) -> int:
    return len((data[:offset] + b"x").splitlines())


def _reader(text: str) -> Iterator[list[str]]:
    # Decoded piece by piece: StringIO would hold four bytes a character.
    lines = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8", newline="")
    return csv.reader(lines, strict=True)


def _header(path: Path, text: str) -> list[str]:
    try:
        written = next((record for record in _reader(text) if record), [])
    except csv.Error as error:
        _refuse_other_separator(path, text)
        raise UnusableCsv(path, f"the quotes of the header are broken ({error})", line=1) from error
    names = [unicodedata.normalize("NFC", name).strip().lower() for name in written]
    if TYPE_COLUMN not in names:
        _refuse_other_separator(path, text)
    if len(names) > MAX_COLUMNS:
        raise UnusableCsv(
            path, f"the header has {len(names)} columns, more than {MAX_COLUMNS}; is it a header?", line=1
        )
    seen: set[str] = set()
    for number, name in enumerate(names, start=1):
        if not name:
            raise UnusableCsv(
                path, "the header cell is blank; name the column or delete it", line=1, column=str(number)
            )
        if name in seen:
            raise UnusableCsv(
                path, f"'{shortened(name)}' stands twice in the header; keep one", line=1, column=str(number)
            )
        seen.add(name)
    if TYPE_COLUMN not in seen:
        raise UnusableCsv(path, f"the header has no column {TYPE_COLUMN}; the first line must name the columns", line=1)
    return names


def _refuse_other_separator(path: Path, text: str) -> None:
    first = text.lstrip("\r\n").splitlines()[0]
    for mark, name in ((";", "a semicolon"), ("\t", "a tab"), ("|", "a bar")):
        cells = {cell.strip().strip('"').strip().lower() for cell in first.split(mark)}
        if TYPE_COLUMN in cells and len(cells) > 1:
            why = f"the columns are separated by {name}, not by commas; export the file with commas"
            raise UnusableCsv(path, why, line=1)


def _frames(path: Path, text: str, names: list[str], max_rows: int) -> Iterator[pl.DataFrame]:
    """The records after the header, some at a time."""
    records = (record for record in _reader(text) if record)
    next(records)
    height = 0
    for _ in range(max_rows // _CHUNK + 2):
        try:
            chunk = list(itertools.islice(records, _CHUNK))
        except csv.Error:
            raise _first_fault(path, text, len(names)) from None
        if not chunk:
            break
        if set(map(len, chunk)) != {len(names)}:
            raise _first_fault(path, text, len(names))
        height += len(chunk)
        if height > max_rows:
            why = f"the file has more than {max_rows} rows (MAX_ROWS); split it, or raise MAX_ROWS"
            raise UnusableCsv(path, why)
        columns = zip(names, zip(*chunk, strict=True), strict=True)
        yield pl.DataFrame([pl.Series(name, column, pl.String) for name, column in columns])


def _first_fault(path: Path, text: str, width: int) -> UnusableCsv:
    """The first record that is ragged or broken, found by a second, slower look."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for record in reader:
            if record and len(record) != width:
                why = f"{len(record)} fields where the header has {width}; check commas and quotes"
                return UnusableCsv(path, why, line=start)
            start = reader.line_num + 1
    except csv.Error as error:
        why = f"the quotes are broken ({error}); a quote inside a quoted cell is written twice"
        return UnusableCsv(path, why, line=start)
    return UnusableCsv(path, "the file cannot be divided into rows")


def _refuse_large_cells(path: Path, cells: FilledCells, max_cell_bytes: int) -> None:
    for name in cells.names:
        too_large = cells.in_column(name).filter(pl.col("value").str.len_bytes() > max_cell_bytes)
        if not too_large.is_empty():
            row = too_large.item(0, "row")
            why = f"row {row}: the cell is larger than {max_cell_bytes} bytes (MAX_CELL_BYTES); shorten it"
            raise UnusableCsv(path, why, column=shortened(name))
