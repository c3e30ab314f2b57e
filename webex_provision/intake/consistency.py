"""Rules that hold between rows: identifiers, keys, and values that one owner holds alone.

Each function looks at surviving rows and names, in its faults, the row that stands against a row.
"""

from collections.abc import Sequence

import polars as pl

from webex_provision.actions.columns import SHARED_COLUMNS
from webex_provision.actions.declaration import Claim, EntityType
from webex_provision.actions.row import CLEAR
from webex_provision.intake.faults import combined, faults, no_faults
from webex_provision.intake.lists import items_of
from webex_provision.intake.parts import ENTITY_KEY, WRITTEN_KEY, Part, same_key
from webex_provision.intake.places import PLACE, Places, contested_faults, contested_keys, keys_of
from webex_provision.vocabulary import Reason

_CLAIMS = pl.Schema(
    {
        "row": pl.Int64,
        "column": pl.String,
        "pool": pl.String,
        "scope": pl.String,
        "value": pl.String,
        "owner": pl.String,
    }
)


def number_refs(refs: pl.DataFrame, rows: int) -> pl.DataFrame:
    """Rows whose row_ref is another row's number: `refs` holds `row`, `row_ref`, `rows` is how many there are."""
    number = pl.col("row_ref").str.extract(r"^([1-9][0-9]{0,9})$").cast(pl.Int64)
    found = refs.filter((number <= rows) & (number != pl.col("row")))
    text = pl.format("row_ref: '{}' is the number of another row; choose another reference", "row_ref")
    return faults(found, Reason.DUPLICATE_KEY, text, column="row_ref")


def twin_refs(refs: pl.DataFrame) -> pl.DataFrame:
    """Later rows of one row_ref."""
    later = refs.drop_nulls("row_ref").with_columns(pl.col("row").min().over("row_ref").alias("first"))
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


def owned(part: Part, places: Places) -> pl.DataFrame:
    """The part's rows with `place` and `owner` (folded); a row without an owner owns for itself."""
    placed = places.placed(part)
    alone = pl.format("row {}", "row")
    owner = alone if part.type.owner is None else pl.coalesce(part.type.owner.cast(pl.String), alone)
    return placed.with_columns(same_key(owner).alias("owner"))


def claim_faults(alive: Sequence[Part], places: Places) -> pl.DataFrame:
    """Every row that holds a value which another owner holds too."""
    held = [frame for part in alive for frame in _claims(part, alive, places)]
    claims = pl.concat([pl.DataFrame(schema=_CLAIMS), *held]).sort("row", maintain_order=True)
    value = ["pool", "scope", "value"]
    owners = claims.group_by([*value, "owner"], maintain_order=True).agg(pl.col("row").first()).sort("row")
    rivals = (
        owners.group_by(value, maintain_order=True)
        .agg(
            pl.col("owner").first().alias("holder"),
            pl.col("row").first().alias("first"),
            pl.col("row").get(1, null_on_oob=True).alias("second"),
        )
        .drop_nulls("second")
    )
    if rivals.is_empty():
        return no_faults()
    found = claims.join(rivals, on=value, maintain_order="left").with_columns(
        pl.when(pl.col("owner") == pl.col("holder")).then("second").otherwise("first").alias("other")
    )
    text = pl.format("{}: '{}' is claimed by row {} too; only one may hold it", "column", "value", "other")
    return faults(found, Reason.DUPLICATE_KEY, text, column=pl.col("column"))


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


def _claims(part: Part, alive: Sequence[Part], places: Places) -> list[pl.DataFrame]:
    if not part.type.claims:
        return []
    rows = owned(part, places)
    return [_claim(part.type, claim, _scoped(claim, rows, alive)) for claim in part.type.claims]


def _scoped(claim: Claim, rows: pl.DataFrame, alive: Sequence[Part]) -> pl.DataFrame:
    """The rows with `scope`: where a value of the claim is held once."""
    if not claim.within:
        place = pl.col(PLACE).fill_null("") if claim.per_location else pl.lit("")
        return rows.with_columns(place.alias("scope"))
    named = [keys_of(part).select("key", "name") for part in alive if part.type.name == claim.refers_to]
    names = pl.concat([pl.DataFrame(schema={"key": pl.String, "name": pl.String}), *named]).unique("key", keep="first")
    keyed = rows.with_columns(same_key(pl.col(claim.within)).alias("key"))
    found = keyed.join(names, on="key", how="left", maintain_order="left")
    return found.with_columns(pl.coalesce(same_key(pl.col("name")), "key").alias("scope")).drop("key", "name")


def _claim(entity_type: EntityType, claim: Claim, rows: pl.DataFrame) -> pl.DataFrame:
    column = entity_type.column(claim.column)
    cell = pl.when(pl.col(column.name) != CLEAR).then(pl.col(column.name))
    items = items_of(cell) if column.many else pl.concat_list(cell)
    held = rows.select(
        "row",
        pl.lit(column.name).alias("column"),
        pl.lit(_pool(entity_type, claim)).alias("pool"),
        "scope",
        items.alias("value"),
        "owner",
    ).filter(pl.col("value").list.len() > 0)
    value = pl.col("value") if column.attribute is None else pl.col("value").str.replace(r"\s*=[^=]*$", "")
    return held.explode("value").drop_nulls("value").with_columns(same_key(value).alias("value"))


def _pool(entity_type: EntityType, claim: Claim) -> str:
    """What competes with what: all numbers (or extensions) of entities that have a line, whatever the column.

    A type whose rows are about numbers themselves claims no shared column; its column competes with itself alone,
    so a number may be added to the inventory by one row and assigned by another.
    """
    if claim.pool:
        return claim.pool
    has_line = any(other.column in SHARED_COLUMNS for other in entity_type.claims)
    return entity_type.column(claim.column).kind.value if has_line else claim.column
