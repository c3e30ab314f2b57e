"""The two frames that an intake ends in: rows that are ready, rows that are rejected."""

from collections.abc import Sequence

import polars as pl

from webex_provision.clock import Clock
from webex_provision.intake.consistency import number_refs
from webex_provision.intake.csv_file import TYPE_COLUMN, CsvFile
from webex_provision.intake.header import Header
from webex_provision.intake.parts import ENTITY_KEY, Part
from webex_provision.ledger.ready_rows import BOOKKEEPING
from webex_provision.ledger.records import minify_row


def own_refs(table: pl.DataFrame) -> pl.DataFrame:
    """Every row's number and own reference (null where there is none)."""
    own = pl.col("row_ref") if "row_ref" in table.columns else pl.lit(None, pl.String).alias("row_ref")
    return table.select("row", own)


def ready_rows(alive: Sequence[Part], extra: pl.DataFrame, header: Header, waiting: pl.DataFrame) -> pl.DataFrame:
    """The surviving rows in input order: the input's columns, those joined in or derived, the bookkeeping."""
    added = [ENTITY_KEY, *dict.fromkeys(name for part in alive for join in part.type.joins for name in join.columns)]
    known = {*header.known, *added}
    cells = pl.concat([_no_cells(known), *(_uniform(part, known) for part in alive)]).sort("row")
    cells = cells.with_columns(pl.col("rank").rank("ordinal").over("phase").cast(pl.Int64).alias("position"))
    cells = cells.join(waiting, on="row", how="left", maintain_order="left")
    own = [name for name in header.known if name not in (TYPE_COLUMN, ENTITY_KEY)]
    extra = extra[(cells.get_column("row") - 1).to_list()] if cells.height < extra.height else extra
    columns: list[pl.Series] = []
    for name in header.names:
        column = cells.get_column(name) if name in known else extra.get_column(header.place(name))
        # A cell that the row's type doesn't use is kept as it was written.
        if name in own:
            column = column.zip_with(column.is_not_null(), extra.get_column(header.place(name)))
        columns.append(column.alias(name))
    columns += [
        cells.get_column(name)
        for name in added
        if name not in header.names and (name == ENTITY_KEY or cells.get_column(name).null_count() < cells.height)
    ]
    row_id = (
        pl.coalesce("row_ref", pl.col("row").cast(pl.String)) if "row_ref" in known else pl.col("row").cast(pl.String)
    )
    marks = cells.select(
        row_id.alias("row_id"),
        pl.col("row").alias("row_number"),
        "phase",
        "position",
        "canonical_type",
        pl.col("reason").alias("pending_reason"),
        pl.col("message").alias("pending_message"),
    )
    return pl.DataFrame([*columns, *marks.select(BOOKKEEPING).get_columns()])


def _no_cells(known: set[str]) -> pl.DataFrame:
    texts = dict.fromkeys(sorted(known), pl.String())
    numbers = {"phase": pl.Int64(), "rank": pl.Int64()}
    return pl.DataFrame(schema={"row": pl.Int64(), **texts, **numbers, "canonical_type": pl.String()})


def _uniform(part: Part, known: set[str]) -> pl.DataFrame:
    """A part with all known columns, its phase, its type's name and a number by which rows are executed."""
    cells = [
        pl.col(name) if name in part.rows.columns else pl.lit(None, pl.String).alias(name) for name in sorted(known)
    ]
    return part.rows.select(
        pl.col("row"),
        *cells,
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
    refs = own_refs(table).with_columns(pl.len().over("row_ref").alias("users"))
    stolen = number_refs(refs, table.height).select("row").with_columns(pl.lit(value=True).alias("stolen"))
    rows = (
        verdict.sort("row")
        .join(table.select("row", TYPE_COLUMN), on="row", how="left", maintain_order="left")
        .join(keyed, on="row", how="left", maintain_order="left")
        .join(refs, on="row", how="left", maintain_order="left")
        .join(stolen, on="row", how="left", maintain_order="left")
    )
    own = pl.col("row_ref").is_not_null() & (pl.col("users") == 1) & pl.col("stolen").is_null()
    written = source.frame[(rows.get_column("row") - 1).to_list()] if rows.height else source.frame.clear()
    raw = [minify_row(record) for record in written.iter_rows(named=True)]
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
