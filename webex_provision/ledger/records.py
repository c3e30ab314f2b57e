"""Records as text: columns of each CSV, one record in one physical line, and reading them back strictly.

Everything a spreadsheet might run as a formula gets a leading apostrophe (`cell`), except in ready_to_load.csv and
in number columns. Line breaks inside a text become spaces, so a tenant's message can't forge a line.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from webex_provision.ledger.errors import CorruptLedger, TornLine

# The minimum columns stand first and in this order; ours follow after them.
RESULTS_COLUMNS = (
    "timestamp", "batch_id", "row_id", "phase", "entity_type", "entity_key", "step", "status", "http_status",
    "message", "remote_id", "attempt", "run_id", "row_number", "reason_code",
)  # fmt: skip
PENDING_COLUMNS = (
    "timestamp", "batch_id", "row_id", "phase", "entity_type", "entity_key", "step", "reason_code",
    "reason_message", "http_status", "raw_row_minified", "attempt", "run_id", "row_number",
)  # fmt: skip
REJECTED_COLUMNS = (
    "timestamp", "row_id", "entity_type", "entity_key", "reason_code", "reason_message", "raw_row_minified",
    "row_number",
)  # fmt: skip
ROW_ERRORS_COLUMNS = (
    "timestamp", "row_id", "row_number", "status", "phase", "batch_id", "entity_type", "entity_key", "step",
    "reason_code", "reason_message", "remedy", "http_status", "attempt", "run_id", "raw_row_minified",
)  # fmt: skip

# The signs in their full width are formulas to a spreadsheet in Japanese. What starts with a sign and a digit is left
# alone as long as it is no more than a number as people write them: `+34 600 111 222` is, `-2+3|cmd` is not.
FORMULA_PATTERN = r"^(?:[=@\t\r\uFF1D\uFF20\uFF0B\uFF0D]|[+-](?:[^0-9]|$)|[+-][0-9][0-9 .,()/-]*[^0-9 .,()/-])"
LINE_BREAK_PATTERN = r"[\r\n\x0B\x0C\x1C-\x1E\x{85}\x{2028}\x{2029}]"
MAX_LINE_BYTES = 64 * 2**20

_SECRET_COLUMN = re.compile(r"_env$|password|secret|token")
_VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_FORMULA = re.compile(FORMULA_PATTERN)
_FLATTEN = {ord(mark): " " for mark in "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"}
_JSON_BREAKS = {ord(mark): f"\\u{ord(mark):04x}" for mark in "\x7f\x85\u2028\u2029"}


def cell(text: str) -> str:
    """`text` as it stands in a text column: one line, no NUL, encodable, never a spreadsheet's formula."""
    text = text.replace("\0", "")  # first: what stands behind a NUL may be a formula
    guarded = f"'{text}" if _FORMULA.match(text) else text
    return guarded.translate(_FLATTEN).encode("utf-8", errors="backslashreplace").decode("utf-8")


def plain(text: str) -> str:
    """What `cell` was given, as far as the apostrophe goes."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text[1:]) else text


def minify_row(row: Mapping[str, str | None]) -> str:
    """A row as one line of JSON, for raw_row_minified; empty cells are left out, what may be a secret is masked.

    The name of an environment variable is no secret, anything else in a `*_env` column may be one.
    """
    kept = {name: _masked(name, value) for name, value in row.items() if value}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).translate(_JSON_BREAKS)


def _masked(name: str, value: str) -> str:
    if not _SECRET_COLUMN.search(name) or (name.endswith("_env") and _VARIABLE_NAME.fullmatch(value)):
        return value
    return "***"


def csv_line(fields: Sequence[str | int | None]) -> bytes:
    """One record as the bytes of one physical line, newline included; None is empty."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(["" if field is None else field for field in fields])
    return buffer.getvalue().encode("utf-8")


class Record(NamedTuple):
    """One line read back: `number` is 1-based with the header as 1, `offset` its first byte."""

    number: int
    offset: int
    raw: bytes
    fields: list[str]


def read_lines(path: Path) -> Iterator[Record]:
    """Each line of `path`, undivided: `fields` holds its text alone.

    Raises TornLine for a last line without its end, CorruptLedger for what is not text.
    """
    offset = 0
    try:
        with path.open("rb") as handle:
            number = 0
            while raw := handle.readline(MAX_LINE_BYTES):
                number += 1
                if not raw.endswith(b"\n"):
                    raise TornLine(path, number, "the line is torn (it has no end)", offset)
                if b"\0" in raw:
                    raise CorruptLedger(path, number, "the line holds NUL bytes", offset)
                yield Record(number, offset, raw, [_decoded(path, number, raw, offset)])
                offset += len(raw)
    except OSError as error:
        raise CorruptLedger(path, 1, f"the file cannot be read ({error.strerror or error})", 0) from error


def _decoded(path: Path, number: int, raw: bytes, offset: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorruptLedger(path, number, "the line is not UTF-8", offset) from error


def read_records(path: Path, columns: Sequence[str]) -> Iterator[Record]:
    """Each record of a CSV after its header, streaming. Raises CorruptLedger naming the first bad line."""
    # The csv module's own limit (128 KiB a field) is less than a raw row may hold.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_BYTES))
    header_seen = False
    for line in read_lines(path):
        fields = _divided(path, line)
        if not header_seen:
            if fields != list(columns):
                raise CorruptLedger(path, 1, f"the header is not {','.join(columns)}", 0)
            header_seen = True
            continue
        if len(fields) != len(columns):
            why = f"{len(fields)} fields instead of {len(columns)}"
            raise CorruptLedger(path, line.number, why, line.offset)
        yield line._replace(fields=fields)
    if not header_seen:
        raise CorruptLedger(path, 1, "the header is missing", 0)


def _divided(path: Path, line: Record) -> list[str]:
    try:
        return next(csv.reader(line.fields, strict=True))
    except (csv.Error, StopIteration) as error:
        raise CorruptLedger(path, line.number, f"not a CSV record ({error})", line.offset) from error


def as_number(text: str) -> int:
    """A non-negative integer written in plain digits. Raises ValueError."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is not a number")
    return int(text)


def header_line(columns: Iterable[str]) -> bytes:
    """The header's physical line."""
    return csv_line(list(columns))
