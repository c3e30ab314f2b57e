"""How things look in Dagster: tables, a bar of rows by state, lists of rows.

Numbers stay plain numbers, for Dagster plots each of them over runs and batches by itself. A page gives a value some
300 pixels and hides what is wider, so tables are narrow, and texts stand in lists, which wrap. Markdown may load
pictures from anywhere: whatever comes from a CSV or from Webex stands in it as a literal.
"""

import base64
import csv
import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path

import dagster as dg

from webex_provision.ledger.records import plain
from webex_provision.safe_text import printable

GROUP = "roll_out"  # one group: the graph of several opens as closed boxes
OWNERS = ["team:telephony"]
MOST_LINES = 20
HASH_SHOWN = 12  # characters of an input's hash
_COLOURS = {"success": "#2e9e5b", "pending": "#e0a100", "rejected": "#c9372c", "not_reached": "#9aa5b1"}
_WIDTH, _HEIGHT = 300, 18
Line = Mapping[str, str | int | float]


def table(lines: Iterable[Line], nothing: str = "none", most: int = MOST_LINES) -> dg.MetadataValue:
    """Lines of the same columns as a table, the first `most` of them; the text `nothing` when there is none."""
    shown = [dg.TableRecord(_clean(line)) for line in itertools.islice(lines, most)]
    return dg.MetadataValue.table(shown) if shown else dg.MetadataValue.text(nothing)


def _clean(line: Line) -> dict[str, str | int | float | bool | None]:
    return {name: printable(value) if isinstance(value, str) else value for name, value in line.items()}


def bar(counts: Mapping[str, int]) -> dg.MetadataValue:
    """Rows by state as one coloured bar with its figures under it: a picture that needs no other file."""
    total, left, parts = sum(counts.values()), 0.0, []
    for state, rows in counts.items():
        width = _WIDTH * rows / max(1, total)
        colour = _COLOURS[state]
        parts.append(f'<rect x="{left:.1f}" width="{width:.1f}" height="{_HEIGHT}" fill="{colour}"/>')
        left += width
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}">{"".join(parts)}</svg>'
    told = ", ".join(f"{rows} {state.replace('_', ' ')}" for state, rows in counts.items())
    packed = base64.b64encode(picture.encode()).decode()
    return dg.MetadataValue.md(f"![rows by state](data:image/svg+xml;base64,{packed})\n\n{told}")


def literal(text: str) -> str:
    """A text as markdown that shows it as it is."""
    shown = printable(text).replace("`", "'")
    return f"`{shown}`" if shown.strip() else "-"


def rows_of(path: Path, **wanted: str) -> dg.MetadataValue:
    """The first rows of rejected_rows.csv or row_errors.csv in which `wanted` columns have these values, as a list.

    It says `none` when there is no such row, or no file.
    """
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            csv.field_size_limit(max(csv.field_size_limit(), path.stat().st_size))  # a row stands in one cell of it
            found = (row for row in csv.DictReader(handle) if all(row[name] == wanted[name] for name in wanted))
            lines = [_told(row) for row in itertools.islice(found, MOST_LINES)]
    except FileNotFoundError:
        lines = []
    return dg.MetadataValue.md("\n".join(lines) or "none")


def _told(row: Mapping[str, str]) -> str:
    what = f"{literal(row['entity_type'])} {literal(plain(row['entity_key']))}, {row['reason_code']}"
    if "remedy" not in row:  # a rejection: its message names the row and says what to do
        return f"* {what}: {literal(row['reason_message'])}"
    return f"* row {literal(plain(row['row_id']))}, {what}: {literal(row['reason_message'])} {row['remedy']}"
