"""The rows of one entity type, with all of its columns, normalised."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from webex_provision.actions.declaration import EntityType
from webex_provision.intake.csv_file import TYPE_COLUMN
from webex_provision.intake.filled_cells import FilledCells
from webex_provision.intake.kinds import normalised
from webex_provision.intake.schema import columns_of
from webex_provision.intake.text import folded

ENTITY_KEY = "entity_key"
LOCATION_KEY = "location_key"
WRITTEN_KEY = "written key"


@dataclass(frozen=True, eq=False)
class Part:
    """`rows` has `row`, the type's columns (null where the input has none), and `written key`: the key's own cell.

    `entity_key` is filled: as written, else as the type derives it.
    """

    type: EntityType
    rows: pl.DataFrame

    def without(self, dead: pl.DataFrame) -> "Part":
        """The part without the rows that `dead` names."""
        gone = self.rows.get_column("row").is_in(dead.get_column("row").to_list())
        return Part(self.type, self.rows.filter(~gone)) if gone.any() else self

    @property
    def has_location(self) -> bool:
        """Whether rows of the type refer to a location."""
        return LOCATION_KEY in self.rows.columns and not self.is_place

    @property
    def is_place(self) -> bool:
        """Whether rows of the type are what a `location_key` refers to."""
        return LOCATION_KEY in self.type.called


def divided(table: pl.DataFrame, cells: FilledCells, types: Sequence[EntityType]) -> list[Part]:
    """One part for each type that has rows. `table` holds `row`, TYPE_COLUMN and `canonical_type`; `cells` are tidy."""
    found = {
        entity_type: rows.select("row", TYPE_COLUMN)
        for entity_type in types
        if not (rows := table.filter(pl.col("canonical_type") == entity_type.name)).is_empty()
    }
    columns: dict[EntityType, list[pl.Series]] = {entity_type: [] for entity_type in found}
    for name in cells.filled:
        users = [each for each in found if any(column.name == name for column in columns_of(each))]
        if users:
            column = cells.column(name)
            for entity_type in users:
                cells_of_type = column.gather(found[entity_type].get_column("row") - 1)
                columns[entity_type].append(cells_of_type.alias(name))
    parts = [_part(entity_type, rows.hstack(columns.pop(entity_type))) for entity_type, rows in found.items()]
    return [_named(part, parts) for part in parts]


def _named(part: Part, parts: Sequence[Part]) -> Part:
    """The part with blank names filled from the rows that define them, so that owners can be told from the row."""
    rows = part.rows
    for wish in part.type.named_by:
        given = [other.rows for other in parts if other.type.name == wish.entity_type]
        if not given or rows.is_empty():
            continue
        key = same_key(pl.col(wish.key)).alias("named key")
        names = given[0].select(key, pl.col(wish.column).alias("given name")).drop_nulls()
        names = names.unique("named key", keep="first", maintain_order=True)
        rows = rows.with_columns(key).join(names, on="named key", how="left", maintain_order="left")
        rows = rows.with_columns(pl.coalesce(wish.column, "given name").alias(wish.column))
        rows = rows.drop("named key", "given name")
    return Part(part.type, rows)


def _part(entity_type: EntityType, rows: pl.DataFrame) -> Part:
    columns = columns_of(entity_type)
    cells = [
        normalised(column) if column.name in rows.columns else pl.lit(None, pl.String).alias(column.name)
        for column in columns
    ]
    part = rows.select("row", TYPE_COLUMN, *cells).with_columns(pl.col(ENTITY_KEY).alias(WRITTEN_KEY))
    return Part(
        entity_type,
        part.with_columns(pl.coalesce(WRITTEN_KEY, entity_type.entity_key.cast(pl.String)).alias(ENTITY_KEY)),
    )


def same_key(expression: pl.Expr) -> pl.Expr:
    """A key as keys are compared."""
    return folded(expression.cast(pl.String))
