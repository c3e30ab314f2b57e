"""The filled cells of a table, column by column: a file has columns for all types, and a row fills few of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

_NONE = pl.DataFrame(schema={"row": pl.Int64, "value": pl.String})


@dataclass(frozen=True, eq=False)
class FilledCells:
    """A table of text with `height` rows, counted from 1, and the columns `names`; what is blank is not held.

    `filled` has, for a column, a frame of `row` and `value` in the order of the rows; none for a blank column.
    """

    names: tuple[str, ...]
    height: int
    filled: Mapping[str, pl.DataFrame]

    @classmethod
    def of(cls, names: Iterable[str], frames: Iterable[pl.DataFrame]) -> "FilledCells":
        """Tables one below the other, each with some of the columns; a blank cell is null or an empty text."""
        found: dict[str, list[pl.DataFrame]] = {name: [] for name in names}
        height = 0
        for frame in frames:
            numbers = pl.int_range(height + 1, height + frame.height + 1, eager=True).alias("row")
            for column in frame.iter_columns():
                filled = pl.DataFrame([numbers, column.alias("value")]).filter(pl.col("value") != "")
                if not filled.is_empty():
                    found[column.name].append(filled)
            height += frame.height
        return cls(tuple(found), height, {name: pl.concat(some, rechunk=True) for name, some in found.items() if some})

    def in_column(self, name: str) -> pl.DataFrame:
        """The filled cells of a column: `row` and `value`."""
        return self.filled.get(name, _NONE)

    def column(self, name: str) -> pl.Series:
        """The whole column, blank cells null; not named as the column, for polars takes some names for patterns."""
        blank = pl.repeat(None, self.height, dtype=pl.String, eager=True)
        cells = self.in_column(name)
        return blank.scatter(cells.get_column("row") - 1, cells.get_column("value")).alias("value")

    def frame(self) -> pl.DataFrame:
        """The whole table, blank cells null."""
        return pl.DataFrame([self.column(name).alias(name) for name in self.names])

    def rows(self, wanted: pl.Series) -> list[dict[str, str]]:
        """The filled cells of some rows, by column; `wanted` are their numbers."""
        found: dict[int, dict[str, str]] = {row: {} for row in wanted}
        some = wanted.alias("row").to_frame()
        for name in self.names:
            for row, value in self.in_column(name).join(some, on="row", how="semi").iter_rows():
                found[row][name] = value
        return [found[row] for row in wanted]
