"""What a row asks for that is not done here: identity is rejected, unserved wishes and strange columns wait."""

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from webex_provision.actions.columns import COMMON_COLUMNS, SHARED_COLUMNS
from webex_provision.intake.csv_file import TYPE_COLUMN, shortened
from webex_provision.intake.faults import faults
from webex_provision.intake.header import Header
from webex_provision.intake.parts import Part
from webex_provision.intake.schema import columns_of
from webex_provision.intake.text import nearest
from webex_provision.vocabulary import Reason

_EVERYWHERE = SHARED_COLUMNS | {column.name for column in COMMON_COLUMNS}


def _filled(rows: pl.DataFrame, columns: Sequence[str]) -> list[str]:
    """Those of the columns in which at least one row has a cell."""
    return [name for name in columns if rows.get_column(name).null_count() < rows.height]


def _in_column(rows: pl.DataFrame, name: str, message: str) -> pl.DataFrame:
    found = rows.filter(pl.col(name).is_not_null())
    return faults(found, Reason.OUT_OF_SCOPE, pl.lit(message), column=name)


def identity_faults(part: Part, table: pl.DataFrame) -> list[pl.DataFrame]:
    """Rows that would change who a person is."""
    rows = table.join(part.rows.select("row"), on="row", how="semi")
    names = [name for name in part.type.identity_columns if name in table.columns]
    text = "is identity, which only the directory changes; empty the cell"
    return [_in_column(rows, name, f"{name} {text}") for name in _filled(rows, names)]


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
    part: Part, table: pl.DataFrame, header: Header, users: Mapping[str, Sequence[str]]
) -> tuple[list[pl.DataFrame], list[str]]:
    """Filled columns of other types, as faults; shared columns that the type doesn't use, as warnings.

    `users` tells which types use a column.
    """
    own = {TYPE_COLUMN, *(column.name for column in columns_of(part.type)), *part.type.identity_columns}
    rows = table.join(part.rows.select("row"), on="row", how="semi")
    found, warnings = [], []
    for name in _filled(rows, [name for name in header.known if name not in own]):
        if name in _EVERYWHERE:
            count = rows.height - rows.get_column(name).null_count()
            warnings.append(f"{part.type.name} rows don't use {name}; it is ignored there ({count} filled)")
            continue
        hint = nearest(name, own)
        text = f"{name} belongs to {', '.join(users[name])} rows, not to {part.type.name}{hint}; empty or move the cell"
        found.append(_in_column(rows, name, text))
    return found, warnings


def unknown_cells(extra: pl.DataFrame, header: Header, known: Iterable[str]) -> list[pl.DataFrame]:
    """Filled cells of columns that no type declares. `extra` holds every column of the input by its place."""
    numbers = pl.Series("row", range(1, extra.height + 1), pl.Int64)
    found = []
    for name in header.unknown:
        rows = numbers.filter(extra.get_column(header.place(name)).is_not_null()).to_frame()
        text = f"column '{shortened(name)}' is not known{nearest(name, known)}; rename it, empty the cell, or use x_…"
        found.append(faults(rows, Reason.OUT_OF_SCOPE, pl.lit(text), column=name))
    return [frame for frame in found if not frame.is_empty()]
