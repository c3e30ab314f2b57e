"""Reasons against rows, as frames of one shape: row number, column, reason, message. The first of a row counts."""

from collections.abc import Sequence

import polars as pl

from webex_provision.vocabulary import Reason

FAULTS = pl.Schema({"row": pl.Int64, "column": pl.String, "reason": pl.String, "message": pl.String})
_MOST_SHOWN = 5


def no_faults() -> pl.DataFrame:
    """Nothing against any row."""
    return pl.DataFrame(schema=FAULTS)


def faults(found: pl.DataFrame, reason: Reason, message: pl.Expr, *, column: str | pl.Expr) -> pl.DataFrame:
    """Faults of the rows in `found` (which names them in `row`), one message for each."""
    named = pl.lit(column) if isinstance(column, str) else column
    return found.select(
        pl.col("row").cast(pl.Int64),
        named.alias("column").cast(pl.String),
        pl.lit(reason.value).alias("reason"),
        message.alias("message").cast(pl.String),
    )


def combined(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """All faults in order, the first one of each row and column."""
    return pl.concat([no_faults(), *parts]).unique(["row", "column"], keep="first", maintain_order=True)


def verdicts(found: pl.DataFrame) -> pl.DataFrame:
    """One line a row: `row`, `reason` of its first fault, `message` that joins up to five."""
    text = pl.col("message").head(_MOST_SHOWN).str.join("; ")
    more = pl.len().cast(pl.Int64) - _MOST_SHOWN
    tail = pl.when(more > 0).then(pl.format("; and {} more", more)).otherwise(pl.lit(""))
    head = pl.format("row {}: ", pl.col("row").first())
    return found.group_by("row", maintain_order=True).agg(
        pl.col("reason").first(), pl.concat_str(head, text, tail).alias("message")
    )


def rows_in(found: pl.DataFrame) -> pl.Series:
    """The distinct rows that have faults."""
    return found.get_column("row").unique()
