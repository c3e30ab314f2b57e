"""Rules that hold between rows: identifiers, keys, members, and values that may not meet.

Each function looks at surviving rows and names, in its faults, the row that stands against a row.
"""

from collections.abc import Sequence

import polars as pl

from webex_provision.actions.row import CLEAR
from webex_provision.intake.faults import combined, faults, no_faults
from webex_provision.intake.lists import items_of
from webex_provision.intake.parts import ENTITY_KEY, WRITTEN_KEY, Part, same_key
from webex_provision.intake.places import Places, contested_faults, contested_keys
from webex_provision.ledger.writers import cell_of
from webex_provision.vocabulary import Reason


def number_refs(refs: pl.DataFrame, rows: int) -> pl.DataFrame:
    """Rows whose row_ref is another row's number: `refs` holds `row`, `row_ref`, `rows` is how many there are."""
    number = pl.col("row_ref").str.extract(r"^([1-9][0-9]{0,9})$").cast(pl.Int64)
    found = refs.filter((number <= rows) & (number != pl.col("row")))
    text = pl.format("row_ref: '{}' is the number of another row; choose another reference", "row_ref")
    return faults(found, Reason.DUPLICATE_KEY, text, column="row_ref")


def twin_refs(refs: pl.DataFrame) -> pl.DataFrame:
    """Later rows of one row_ref, and of one that looks the same in the ledgers."""
    later = refs.drop_nulls("row_ref").with_columns(pl.col("row").min().over(cell_of("row_ref")).alias("first"))
    text = pl.format("row_ref: '{}' is taken by row {}; choose another reference", "row_ref", "first")
    return faults(later.filter(pl.col("row") != pl.col("first")), Reason.DUPLICATE_KEY, text, column="row_ref")


def twins(part: Part, key: pl.Series) -> pl.DataFrame:
    """Later rows of one key; `key` is in the order of the part's rows and compared folded."""
    keyed = part.rows.select("row", ENTITY_KEY).with_columns(key.alias("key"))
    later = keyed.with_columns(same_key(pl.col("key")).alias("key")).drop_nulls("key")
    later = later.with_columns(pl.col("row").min().over("key").alias("first")).filter(pl.col("row") != pl.col("first"))
    text = pl.format("entity_key: '{}' repeats the {} of row {}; keep one", ENTITY_KEY, pl.lit(part.type.name), "first")
    return faults(later, Reason.DUPLICATE_KEY, text, column=ENTITY_KEY)


def derived_key(part: Part, placed: pl.DataFrame) -> pl.Series:
    """Each row's key as derived with the location's name; as written where it was written."""
    return placed.select(pl.coalesce(WRITTEN_KEY, part.type.entity_key.cast(pl.String))).to_series()


def same_name(part: Part) -> pl.Series:
    """The remote name of rows whose name is unique in the organisation; null elsewhere."""
    if part.type.remote_name and not part.has_location:
        return part.rows.get_column(part.type.remote_name)
    return pl.Series([None] * part.rows.height, dtype=pl.String)


def key_faults(alive: Sequence[Part]) -> tuple[list[pl.DataFrame], Places]:
    """Duplicate and contested keys, and references to contested ones; and where the locations of the rest are."""
    found: list[pl.DataFrame] = []
    unique: list[Part] = []
    for part in alive:
        mine = [twins(part, part.rows.get_column(ENTITY_KEY)), twins(part, same_name(part))]
        rest = part.without(pl.concat(mine))
        found += mine
        unique.append(rest)
    places = Places.of(unique)
    for part in unique:
        mine = [places.ambiguous(part), twins(part, derived_key(part, places.placed(part)))]
        if part.type.remote_name:
            mine.append(contested_faults(part, contested_keys(part)))
        found += mine
    return found, places


def apart_faults(alive: Sequence[Part]) -> pl.DataFrame:
    """Both rows of every pair whose cells may not meet, see `Apart`."""
    found = [no_faults()]
    for part in alive:
        for wish in part.type.apart:
            cell = pl.when(pl.col(wish.listed) != CLEAR).then(pl.col(wish.listed))
            listed = part.rows.select("row", items_of(cell).alias("value")).explode("value").drop_nulls("value")
            listed = listed.with_columns(same_key(pl.col("value")).alias("value"))
            alone = part.rows.select(pl.col("row").alias("other"), same_key(pl.col(wish.column)).alias("value"))
            met = listed.join(alone.drop_nulls("value"), on="value").filter(pl.col("row") != pl.col("other"))
            for column, rows in ((wish.listed, met), (wish.column, met.rename({"row": "other", "other": "row"}))):
                text = pl.format("{}: '{}' meets row {}; {}", pl.lit(column), "value", "other", pl.lit(wish.message))
                found.append(faults(rows, Reason.INVALID_INPUT_SCHEMA, text, column=column))
    return combined(found)


def unnamed_faults(part: Part) -> list[pl.DataFrame]:
    """Rows that call an entity by a key which no row of the CSV gives it, see `NamedBy`."""
    return [
        faults(
            part.rows.filter(pl.col(wish.key).is_not_null() & pl.col(wish.column).is_null()),
            Reason.INVALID_INPUT_SCHEMA,
            pl.format(
                f"{wish.key}: '{{}}' is known in this file only, and no {wish.entity_type} row has it; "
                f"add that row or fill {wish.column}",
                wish.key,
            ),
            column=wish.key,
        )
        for wish in part.type.named_by
    ]
