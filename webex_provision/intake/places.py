"""Which location a `location_key` means: the names and keys that rows of the same CSV give to their locations."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from webex_provision.intake.faults import faults, no_faults
from webex_provision.intake.parts import ENTITY_KEY, LOCATION_KEY, Part, same_key
from webex_provision.vocabulary import Reason

PLACE = "place"


def keys_of(part: Part) -> pl.DataFrame:
    """Every key by which a row of a named type may be called: `row`, `key` (folded), `name` in the tenant."""
    columns = dict.fromkeys((ENTITY_KEY, *part.type.called, part.type.remote_name))
    one_each = [
        part.rows.select("row", same_key(pl.col(column)).alias("key"), pl.col(part.type.remote_name).alias("name"))
        for column in columns
    ]
    return pl.concat(one_each).drop_nulls().unique(maintain_order=True).sort("row", maintain_order=True)


def contested_keys(part: Part) -> pl.DataFrame:
    """Keys of a named type that lead to two names: `key`, `first` (row), `row` and `name` of the later ones."""
    keys = keys_of(part).with_columns(same_key(pl.col("name")).alias("same"))
    first = keys.group_by("key", maintain_order=True).agg(
        pl.col("row").first().alias("first"), pl.col("same").first().alias("first name")
    )
    return keys.join(first, on="key", maintain_order="left").filter(pl.col("same") != pl.col("first name"))


def contested_faults(part: Part, contested: pl.DataFrame) -> pl.DataFrame:
    """The later rows of a contested key."""
    text = pl.format(
        "the key '{}' already leads to the {} of row {}; give each its own", "key", pl.lit(part.type.name), "first"
    )
    return faults(contested, Reason.DUPLICATE_KEY, text, column=ENTITY_KEY)


@dataclass(frozen=True)
class Places:
    """`names`: `key` (folded) and `name` of each location of the CSV; `contested`: keys that mean two of them."""

    names: pl.DataFrame
    contested: pl.DataFrame

    @classmethod
    def of(cls, alive: Sequence[Part]) -> "Places":
        """What the surviving location rows say; of a contested key the first meaning."""
        places = [part for part in alive if part.is_place and part.type.remote_name]
        empty = pl.DataFrame(schema={"key": pl.String, "name": pl.String})
        names = pl.concat([empty, *(keys_of(part).select("key", "name") for part in places)])
        both = names.with_columns(same_key(pl.col("name")).alias("same"))
        contested = both.group_by("key").agg(pl.col("same").n_unique()).filter(pl.col("same") > 1).select("key")
        return cls(names.unique("key", keep="first", maintain_order=True), contested)

    def ambiguous(self, part: Part) -> pl.DataFrame:
        """Rows whose `location_key` may mean two locations."""
        if not part.has_location or self.contested.is_empty():
            return no_faults()
        found = part.rows.select("row", LOCATION_KEY, same_key(pl.col(LOCATION_KEY)).alias("key"))
        text = pl.format("location_key: '{}' leads to two location rows; use a key that means one", LOCATION_KEY)
        return faults(found.join(self.contested, on="key", how="semi"), Reason.DUPLICATE_KEY, text, column=LOCATION_KEY)

    def placed(self, part: Part) -> pl.DataFrame:
        """The part's rows with `place`, the folded name of their location (null without one), as `location_key` too.

        Keys and owners that are derived from these rows don't depend on which alias a row uses.
        """
        if not part.has_location:
            return part.rows.with_columns(pl.lit(None, pl.String).alias(PLACE))
        key = part.rows.with_columns(same_key(pl.col(LOCATION_KEY)).alias("key"))
        named = key.join(self.names, on="key", how="left", maintain_order="left")
        place = same_key(pl.coalesce("name", LOCATION_KEY))
        return (
            named.with_columns(place.alias(PLACE)).with_columns(pl.col(PLACE).alias(LOCATION_KEY)).drop("key", "name")
        )
