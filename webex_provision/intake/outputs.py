"""The two frames that an intake ends in: rows that are ready, rows that are rejected."""

from collections.abc import Sequence

import polars as pl

from webex_provision.clock import Clock
from webex_provision.intake.consistency import number_refs
from webex_provision.intake.csv_file import TYPE_COLUMN, CsvFile
from webex_provision.intake.filled_cells import FilledCells
from webex_provision.intake.header import Header
from webex_provision.intake.parts import ENTITY_KEY, Part
from webex_provision.ledger.ready_rows import BOOKKEEPING
from webex_provision.ledger.records import minify_row
from webex_provision.ledger.writers import cell_of


def ready_rows(alive: Sequence[Part], cells: FilledCells, header: Header, waiting: pl.DataFrame) -> pl.DataFrame:
    """The surviving rows in input order: the input's columns, those joined in or derived, the bookkeeping.

    Column by column: a wide file's cells never stand in memory more often than they must.
    """
    added = [ENTITY_KEY, *dict.fromkeys(name for part in alive for join in part.type.joins for name in join.columns)]
    known = {*header.known, *added}
    marks = pl.concat([_no_marks(), *(_marks(part) for part in alive)])
    order = marks.get_column("row").arg_sort()
    marks = marks[order].with_columns(pl.col("rank").rank("ordinal").over("phase").cast(pl.Int64).alias("position"))
    marks = marks.join(waiting, on="row", how="left", maintain_order="left")
    own = [name for name in header.known if name not in (TYPE_COLUMN, ENTITY_KEY)]
    place = marks.get_column("row") - 1
    columns: list[pl.Series] = []
    for name in header.names:
        written = cells.column(name).gather(place)
        column = _cells(alive, name)[order] if name in known else written
        # A cell that the row's type doesn't use is kept as it was written.
        if name in own:
            column = column.zip_with(column.is_not_null(), written)
        columns.append(column.alias(name))
    for name in added:
        column = _cells(alive, name)[order]
        if name not in header.names and (name == ENTITY_KEY or column.null_count() < marks.height):
            columns.append(column)
    row = pl.col("row").cast(pl.String)
    ref = _cells(alive, "row_ref")[order] if "row_ref" in known else pl.lit(None, pl.String)
    marks = marks.select(
        pl.coalesce(ref, row).alias("row_id"),
        pl.col("row").alias("row_number"),
        "phase",
        "position",
        "canonical_type",
        pl.col("reason").alias("pending_reason"),
        pl.col("message").alias("pending_message"),
    )
    return pl.DataFrame([*columns, *marks.select(BOOKKEEPING).get_columns()])


def _cells(parts: Sequence[Part], name: str) -> pl.Series:
    """A column over all parts, one after the other; null where a type does not have it."""
    cells = [
        part.rows.get_column(name)
        if name in part.rows.columns
        else pl.repeat(None, part.rows.height, dtype=pl.String, eager=True)
        for part in parts
    ]
    return pl.concat([pl.Series([], dtype=pl.String), *cells]).alias(name)


def _no_marks() -> pl.DataFrame:
    return pl.DataFrame(schema={"row": pl.Int64, "phase": pl.Int64, "rank": pl.Int64, "canonical_type": pl.String})


def _marks(part: Part) -> pl.DataFrame:
    """The rows of a part, their phase, a number by which they are executed, and their type's name."""
    return part.rows.select(
        pl.col("row"),
        pl.lit(int(part.type.phase), pl.Int64).alias("phase"),
        (pl.lit(part.type.rank, pl.Int64) * 2**40 + pl.col("row")).alias("rank"),
        pl.lit(part.type.name).alias("canonical_type"),
    )


def rejected_rows(
    source: CsvFile, table: pl.DataFrame, parts: Sequence[Part], verdict: pl.DataFrame, clock: Clock
) -> pl.DataFrame:
    """rejected_rows.csv. A rejected row gives up a row_ref that any other row has, so every row_id is unique."""
    keys = [part.rows.select("row", pl.col(ENTITY_KEY).alias("key")) for part in parts]
    keyed = pl.concat([pl.DataFrame(schema={"row": pl.Int64, "key": pl.String}), *keys])
    refs = table.select("row", "row_ref").with_columns(pl.len().over(cell_of("row_ref")).alias("users"))
    stolen = number_refs(refs, table.height).select("row").with_columns(pl.lit(value=True).alias("stolen"))
    rows = (
        verdict.sort("row")
        .join(table.select("row", TYPE_COLUMN), on="row", how="left", maintain_order="left")
        .join(keyed, on="row", how="left", maintain_order="left")
        .join(refs, on="row", how="left", maintain_order="left")
        .join(stolen, on="row", how="left", maintain_order="left")
    )
    own = pl.col("row_ref").is_not_null() & (pl.col("users") == 1) & pl.col("stolen").is_null()
    raw = [minify_row(cells) for cells in source.cells.rows(rows.get_column("row"))]
    return rows.with_columns(pl.Series("raw", raw, pl.String)).select(
        pl.lit(clock.timestamp()).alias("timestamp"),
        pl.when(own).then("row_ref").otherwise(pl.col("row").cast(pl.String)).alias("row_id"),
        pl.col(TYPE_COLUMN).fill_null("").alias("entity_type"),
        pl.col("key").fill_null("").alias("entity_key"),
        pl.col("reason").alias("reason_code"),
        pl.col("message").alias("reason_message"),
        pl.col("raw").alias("raw_row_minified"),
        pl.col("row").alias("row_number"),
    )
