"""Values that one owner holds alone: who claims what, and who claims what another has claimed."""

from collections.abc import Sequence

import polars as pl

from webex_provision.actions.columns import SHARED_COLUMNS
from webex_provision.actions.declaration import Claim, EntityType, Kind
from webex_provision.actions.row import CLEAR
from webex_provision.intake.faults import faults, no_faults
from webex_provision.intake.lists import items_of
from webex_provision.intake.parts import Part, same_key
from webex_provision.intake.places import PLACE, Places, keys_of
from webex_provision.vocabulary import Reason

_CLAIMS = pl.Schema(
    {
        "row": pl.Int64,
        "column": pl.String,
        "pool": pl.String,
        "scope": pl.String,
        "value": pl.String,
        "owner": pl.String,
        "alone": pl.Boolean,
    }
)


def owned(part: Part, places: Places) -> pl.DataFrame:
    """The part's rows with `place` and `owner` (folded); a row without an owner owns for itself."""
    placed = places.placed(part)
    alone = pl.format("row {}", "row")
    owner = alone if part.type.owner is None else pl.coalesce(part.type.owner.cast(pl.String), alone)
    return placed.with_columns(same_key(owner).alias("owner"))


def claims_of(alive: Sequence[Part], places: Places, members: pl.DataFrame) -> pl.DataFrame:
    """Everything that is claimed: `row`, `column`, `pool` and `scope` in which `value` is held once, `owner`.

    `alone` tells a value of which its owner has only one: the extension and main number of a line, and what a column
    of the row itself holds. `members` are those of `member_items`.
    """
    held = [frame for part in alive for frame in _claims(part, alive, places, members)]
    return pl.concat([pl.DataFrame(schema=_CLAIMS), *held]).sort("row", maintain_order=True)


def claim_faults(claims: pl.DataFrame) -> pl.DataFrame:
    """Every row that holds a value which another owner holds too."""
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


def _claims(part: Part, alive: Sequence[Part], places: Places, members: pl.DataFrame) -> list[pl.DataFrame]:
    if not part.type.claims:
        return []
    rows = owned(part, places)
    return [_claim(part.type, claim, _scoped(part.type, claim, rows, alive), members) for claim in part.type.claims]


def _scoped(entity_type: EntityType, claim: Claim, rows: pl.DataFrame, alive: Sequence[Part]) -> pl.DataFrame:
    """The rows with `scope`: where a value of the claim is held once."""
    if not claim.within:
        place = pl.col(PLACE).fill_null("") if claim.per_location else pl.lit("")
        return rows.with_columns(place.alias("scope"))
    wanted = {to.entity_type for to in entity_type.column(claim.within).refers_to}
    named = [keys_of(part).select("key", "name") for part in alive if part.type.name in wanted]
    names = pl.concat([pl.DataFrame(schema={"key": pl.String, "name": pl.String}), *named]).unique("key", keep="first")
    keyed = rows.with_columns(same_key(pl.col(claim.within)).alias("key"))
    found = keyed.join(names, on="key", how="left", maintain_order="left")
    return found.with_columns(pl.coalesce(same_key(pl.col("name")), "key").alias("scope")).drop("key", "name")


def _claim(entity_type: EntityType, claim: Claim, rows: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    column = entity_type.column(claim.column)
    owner = same_key(pl.col(claim.held_by)) if claim.held_by else pl.col("owner")
    alone = not column.many and (claim.column in SHARED_COLUMNS or bool(claim.held_by))
    held = rows.select(
        "row",
        pl.lit(column.name).alias("column"),
        pl.lit(_pool(entity_type, claim)).alias("pool"),
        "scope",
        pl.col(column.name).alias("value"),
        owner.alias("owner"),
        pl.lit(alone).alias("alone"),
    )
    if column.kind is Kind.MEMBER:
        mine = members.filter(pl.col("column") == column.name).select("row", pl.col("member").alias("value"))
        return held.drop("value").join(mine, on="row", maintain_order="left").select(_CLAIMS.names())
    cell = pl.when(pl.col("value") != CLEAR).then(pl.col("value"))
    items = items_of(cell) if column.many else pl.concat_list(cell)
    held = held.with_columns(items.alias("value")).filter(pl.col("value").list.len() > 0)
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
