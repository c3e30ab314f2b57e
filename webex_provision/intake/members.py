"""Member references, each brought to the one that it means: two spellings of one member are seen as one."""

from collections.abc import Sequence

import polars as pl

from webex_provision.actions.declaration import Column, Kind
from webex_provision.actions.row import CLEAR, parse_member
from webex_provision.intake.faults import faults, no_faults
from webex_provision.intake.lists import items_of, restored
from webex_provision.intake.parts import Part, same_key
from webex_provision.intake.places import PLACE, Places, keys_of
from webex_provision.vocabulary import Reason

_MEMBERS = pl.Schema(
    {
        "row": pl.Int64,
        "column": pl.String,
        "item": pl.String,
        "kind": pl.String,
        "name": pl.String,
        "location": pl.String,
        "place": pl.String,
        "member": pl.String,
    }
)
_PARSED = pl.Schema({"item": pl.String, "kind": pl.String, "name": pl.String, "location": pl.String})
_PREFIXED = r"^[a-z_]+:"


def member_items(alive: Sequence[Part], places: Places) -> pl.DataFrame:
    """Every member that a row names: `row`, `column`, `item` as written, `kind`, `name`, `location`, `place`, `member`.

    Keys and names are folded. `name` is that in the tenant where a row of this CSV tells it, `location` the key that
    the reference itself holds. `place` is where the member is, if that is known: by the reference, by the member's own
    row, or because all that is said of the name agrees. `member` is one text for all spellings.
    """
    found = [_items(part, column) for part in alive for column in part.type.columns if column.kind is Kind.MEMBER]
    items = pl.concat([pl.DataFrame(schema={"row": pl.Int64, "column": pl.String, "item": pl.String}), *found])
    if items.is_empty():
        return pl.DataFrame(schema=_MEMBERS)
    keys = ["kind", "name"]
    told = items.join(_parsed(items), on="item", how="left", maintain_order="left")
    known = _known(alive, places, told.get_column("kind").unique().to_list())
    told = told.join(known, on=keys, how="left", maintain_order="left")
    told = told.join(places.names.rename({"key": "location"}), on="location", how="left", maintain_order="left")
    said = same_key(pl.coalesce("name_right", "location"))
    told = told.with_columns(
        pl.coalesce("known name", "name").alias("name"), pl.coalesce(said, "known place").alias("place")
    )
    agreed = _one_place(told.drop_nulls("place"), keys).rename({"place": "agreed"})
    told = told.join(agreed, on=keys, how="left", maintain_order="left")
    told = told.with_columns(pl.coalesce("place", "agreed").alias("place"))
    prefixed = pl.format("{}:{}", "kind", "name")
    where = pl.when(pl.col("place").is_null()).then(prefixed).otherwise(pl.format("{}@{}", prefixed, "place"))
    member = pl.when(pl.col("kind") == "user").then(pl.col("name")).otherwise(where)
    return told.with_columns(member.alias("member")).select(_MEMBERS.names())


def member_twins(members: pl.DataFrame) -> pl.DataFrame:
    """Lists that name one member under two spellings."""
    once = members.group_by("row", "column", "member", maintain_order=True).agg(pl.len(), pl.col("item").first())
    twice = once.filter(pl.col("len") > 1)
    if twice.is_empty():
        return no_faults()
    text = pl.format("{}: '{}' is listed twice, under two spellings; keep one", "column", "member")
    return faults(twice, Reason.INVALID_INPUT_SCHEMA, text, column=pl.col("column"))


def _items(part: Part, column: Column) -> pl.DataFrame:
    cell = pl.when(pl.col(column.name) != CLEAR).then(pl.col(column.name))
    items = items_of(cell) if column.many else pl.concat_list(cell)
    named = part.rows.select("row", pl.lit(column.name).alias("column"), items.alias("item"))
    return named.filter(pl.col("item").list.len() > 0).explode("item").drop_nulls("item")


def _parsed(items: pl.DataFrame) -> pl.DataFrame:
    """Each distinct item taken apart; users, who are the many, without a look at each."""
    every = items.select("item").unique()
    users = every.filter(~pl.col("item").str.contains(_PREFIXED)).select(
        "item",
        pl.lit("user").alias("kind"),
        same_key(pl.col("item").str.replace(r"\s*=[^=]*$", "")).alias("name"),
        pl.lit(None, pl.String).alias("location"),
    )
    others = []
    for item in every.filter(pl.col("item").str.contains(_PREFIXED)).get_column("item"):
        member = parse_member(restored(item))
        others.append((item, member.kind, *member.placed))
    rest = pl.DataFrame(others, schema=_PARSED, orient="row")
    return pl.concat([users, rest.with_columns(same_key(pl.col("name")), same_key(pl.col("location")))])


def _known(alive: Sequence[Part], places: Places, kinds: Sequence[str]) -> pl.DataFrame:
    """What rows of this CSV tell of a key: `known name`, and `known place` if there is one only."""
    schema = {"kind": pl.String, "name": pl.String, "known name": pl.String, "place": pl.String}
    found = [pl.DataFrame(schema=schema)]
    for part in alive:
        if part.type.name in kinds and part.type.remote_name:
            where = places.placed(part).select("row", PLACE)
            keys = keys_of(part).join(where, on="row", how="left", maintain_order="left")
            found.append(
                keys.select(
                    pl.lit(part.type.name).alias("kind"),
                    pl.col("key").alias("name"),
                    same_key(pl.col("name")).alias("known name"),
                    pl.col(PLACE).alias("place"),
                )
            )
    known = pl.concat(found)
    names = known.unique(["kind", "name"], keep="first", maintain_order=True).drop("place")
    where = _one_place(known.drop_nulls("place"), ["kind", "name"]).rename({"place": "known place"})
    return names.join(where, on=["kind", "name"], how="left", maintain_order="left")


def _one_place(found: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    one = found.group_by(keys, maintain_order=True).agg(pl.col("place").n_unique().alias("n"), pl.col("place").first())
    return one.filter(pl.col("n") == 1).drop("n")
