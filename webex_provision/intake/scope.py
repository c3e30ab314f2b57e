"""What a row asks for that is not done here: identity is rejected, unserved wishes and strange columns wait."""

from collections.abc import Iterable, Mapping, Sequence, Set

import polars as pl

from webex_provision.actions.columns import COMMON_COLUMNS, SHARED_COLUMNS
from webex_provision.intake.csv_file import TYPE_COLUMN, shortened
from webex_provision.intake.faults import faults
from webex_provision.intake.filled_cells import FilledCells
from webex_provision.intake.header import Header
from webex_provision.intake.parts import Part
from webex_provision.intake.schema import columns_of
from webex_provision.intake.text import nearest
from webex_provision.vocabulary import Reason

_EVERYWHERE = SHARED_COLUMNS | {column.name for column in COMMON_COLUMNS}


def _in_column(rows: pl.DataFrame, name: str, message: str) -> pl.DataFrame:
    return faults(rows, Reason.OUT_OF_SCOPE, pl.lit(message), column=name)


def identity_faults(part: Part, cells: FilledCells) -> list[pl.DataFrame]:
    """Rows that would change who a person is."""
    text = "is identity, which only the directory changes; empty the cell"
    return [
        _in_column(cells.in_column(name).join(part.rows.select("row"), on="row", how="semi"), name, f"{name} {text}")
        for name in part.type.identity_columns
    ]


def wishes(part: Part) -> list[pl.DataFrame]:
    """Rows that ask for what no supported API does, as their type declares it."""
    return [
        faults(
            part.rows.filter(wish.asked.fill_null(value=False)),
            Reason.OUT_OF_SCOPE,
            pl.lit(f"{wish.column}: {wish.message}"),
            column=wish.column,
        )
        for wish in part.type.out_of_scope
    ]


def strange_cells(
    alive: Sequence[Part], cells: FilledCells, header: Header, users: Mapping[str, Sequence[str]]
) -> tuple[list[pl.DataFrame], list[str]]:
    """Filled columns of other types, as faults; shared columns that a row's type doesn't use, as warnings.

    `users` tells which types use a column.
    """
    own = [{TYPE_COLUMN, *(c.name for c in columns_of(part.type)), *part.type.identity_columns} for part in alive]
    found, warnings = [], []
    for number, name, rows in _columns_of_others(alive, cells, header, own):
        kind = alive[number].type.name
        if name in _EVERYWHERE:
            warnings.append(f"{kind} rows don't use {name}; it is ignored there ({rows.height} filled)")
            continue
        hint = nearest(name, own[number])
        text = f"{name} belongs to {', '.join(users[name])} rows, not to {kind}{hint}; empty or move the cell"
        found.append(_in_column(rows, name, text))
    return found, warnings


def _columns_of_others(
    alive: Sequence[Part], cells: FilledCells, header: Header, own: Sequence[Set[str]]
) -> list[tuple[int, str, pl.DataFrame]]:
    """Part by part: its number, a column that is not among its own, and the cells that its rows fill there."""
    numbered = [part.rows.select("row", pl.lit(number).alias("part")) for number, part in enumerate(alive)]
    owners = pl.concat([pl.DataFrame(schema={"row": pl.Int64, "part": pl.Int32}), *numbered])
    found = []
    for name in header.known:
        by_part = cells.in_column(name).join(owners, on="row").partition_by("part", as_dict=True)
        found += [(number, name, rows) for (number,), rows in by_part.items() if name not in own[number]]
    return sorted(found, key=lambda each: each[0])


def unknown_cells(cells: FilledCells, header: Header, known: Iterable[str]) -> list[pl.DataFrame]:
    """Filled cells of columns that no type declares."""
    found = []
    for name in header.unknown:
        rows = cells.in_column(name)
        text = f"column '{shortened(name)}' is not known{nearest(name, known)}; rename it, empty the cell, or use x_…"
        found.append(faults(rows, Reason.OUT_OF_SCOPE, pl.lit(text), column=name))
    return [frame for frame in found if not frame.is_empty()]
