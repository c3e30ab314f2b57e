"""The file that a roll-out is read from: a CSV, or a workbook of sheets. Its content tells which, not its name."""

from pathlib import Path

from webex_provision.intake.csv_file import CsvFile, UnusableCsv, bytes_of, read_csv_file

SUFFIXES = (".csv", ".xlsx", ".xlsm")
_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def is_workbook(path: Path) -> bool:
    """Whether a file begins as a workbook does; False for one that can't be read."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as handle:
            return handle.read(len(_ZIP)) == _ZIP
    except (OSError, ValueError):
        return False


def read_input(path: Path, *, max_rows: int, max_cell_bytes: int) -> CsvFile:
    """Read a CSV or an .xlsx workbook; see `read_csv_file` and `read_workbook`. Raises UnusableCsv."""
    if is_workbook(path):
        # Loading the library takes longer than reading most CSVs.
        from webex_provision.intake.workbook import read_workbook  # noqa: PLC0415

        return read_workbook(path, bytes_of(path), max_rows=max_rows, max_cell_bytes=max_cell_bytes)
    _refuse_old_workbook(path)
    return read_csv_file(path, max_rows=max_rows, max_cell_bytes=max_cell_bytes)


def _refuse_old_workbook(path: Path) -> None:
    if path.is_file() and bytes_of(path).startswith(_OLD_OFFICE):
        raise UnusableCsv(path, "an old (.xls) or password-protected workbook; save it as .xlsx without a password")
