"""References that lead to nothing in the CSV. The tenant may have what they name, so that is told, not judged."""

from collections.abc import Iterator, Sequence

import polars as pl

from webex_provision.actions.declaration import Column, EntityType
from webex_provision.actions.row import CLEAR
from webex_provision.intake.lists import items_of, names_of
from webex_provision.intake.parts import LOCATION_KEY, Part, same_key
from webex_provision.intake.places import PLACE, Places, keys_of
from webex_provision.intake.told import named, several, shown

_WANTED = pl.Schema({"type": pl.String, "key": pl.String, "place": pl.String, "row": pl.Int64, "value": pl.String})
_MADE = pl.Schema({"type": pl.String, "key": pl.String, "place": pl.String, "row": pl.Int64})


def dangling(
    alive: Sequence[Part], whole: Sequence[Part], places: Places, members: pl.DataFrame, types: Sequence[EntityType]
) -> list[str]:
    """One warning for each type of which rows name what no ready row makes.

    `whole` are the parts with their rejected rows, which are named as the likely cause. `members` are those of
    `member_items`. References to a type that is not among `types` are not looked at.
    """
    makers = [entity_type for entity_type in types if entity_type.remote_name]
    wanted = pl.concat([_wanted(alive, places), *_wanted_by_members(makers, members)])
    wanted = wanted.filter(pl.col("type").is_in([entity_type.name for entity_type in makers]))
    if wanted.is_empty():
        return []
    made = _made(alive, places)
    anywhere, here = wanted.filter(pl.col("place").is_null()), wanted.filter(pl.col("place").is_not_null())
    missing = pl.concat(
        [
            anywhere.join(made, on=["type", "key"], how="anti", maintain_order="left"),
            here.join(made, on=["type", "key", "place"], how="anti", maintain_order="left"),
        ]
    )
    ready = pl.concat([part.rows.select("row") for part in alive])
    rejected = _made(whole, places).join(ready, on="row", how="anti", maintain_order="left")
    causes = rejected.group_by("type", "key", maintain_order=True).agg(pl.col("row").first().alias("cause"))
    found = missing.join(causes, on=["type", "key"], how="left", maintain_order="left")
    return [
        _warning(entity_type.name, found.filter(pl.col("type") == entity_type.name))
        for entity_type in makers
        if entity_type.name in found.get_column("type").unique().to_list()
    ]


def _warning(name: str, found: pl.DataFrame) -> str:
    """The names that most rows ask for, with their number of rows, the first of them, and what became of the maker."""
    each = found.group_by("key", maintain_order=True).agg(
        pl.col("value").first(), pl.col("row").n_unique().alias("rows"), pl.col("row").min(), pl.col("cause").first()
    )
    each = each.sort("rows", "row", descending=[True, False])
    texts = []
    for value, rows, row, cause in shown(each).select("value", "rows", "row", "cause").iter_rows():
        where = f"row {row}" if rows == 1 else f"{rows} rows, first row {row}"
        told = "" if cause is None else f"; row {cause} would, but is rejected"
        texts.append(f"{named(value)} ({where}{told})")
    return (
        f"no {name} row of this file makes what other rows name: {several(texts, each.height)}; "
        "rows that name what the tenant lacks too will be pending"
    )


def _wanted(alive: Sequence[Part], places: Places) -> pl.DataFrame:
    """What the cells of all columns that refer name: `type`, `key` (folded), `place` where that counts."""
    found = [pl.DataFrame(schema=_WANTED)]
    for part in alive:
        columns = [column for column in part.type.columns if column.refers_to]
        rows = places.placed(part).with_columns(part.rows.get_column(LOCATION_KEY)) if part.has_location else part.rows
        found += [frame for column in columns for frame in _named(rows, column)]
    return pl.concat(found)


def _named(rows: pl.DataFrame, column: Column) -> Iterator[pl.DataFrame]:
    cell = pl.when(pl.col(column.name) != CLEAR).then(pl.col(column.name))
    for to in column.refers_to:
        asking = rows if to.when is None else rows.filter(pl.col(to.when[0]) == to.when[1])
        place = pl.col(PLACE) if to.same_location else pl.lit(None, pl.String)
        items = items_of(cell) if column.many else pl.concat_list(cell)
        values = asking.select(place.alias("place"), "row", items.alias("value"))
        values = values.filter(pl.col("value").list.len() > 0).explode("value").drop_nulls("value")
        if column.many:
            values = values.with_columns(names_of(pl.col("value")))
        yield values.select(
            pl.lit(to.entity_type).alias("type"), same_key(pl.col("value")).alias("key"), "place", "row", "value"
        )


def _wanted_by_members(makers: Sequence[EntityType], members: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Members by the kind that their reference says, and the locations that references name."""
    explicit = pl.when(pl.col("location").is_not_null()).then(pl.col("place"))
    yield members.select(
        pl.col("kind").alias("type"),
        pl.col("name").alias("key"),
        explicit.alias("place"),
        "row",
        pl.col("item").alias("value"),
    )
    located = members.drop_nulls("location")
    for entity_type in makers:
        if LOCATION_KEY in entity_type.called:
            yield located.select(
                pl.lit(entity_type.name).alias("type"),
                pl.col("location").alias("key"),
                pl.lit(None, pl.String).alias("place"),
                "row",
                pl.col("location").alias("value"),
            )


def _made(parts: Sequence[Part], places: Places) -> pl.DataFrame:
    """Every key that leads to an entity which these rows make."""
    found = [pl.DataFrame(schema=_MADE)]
    for part in parts:
        if part.type.remote_name:
            where = places.placed(part).select("row", PLACE)
            keys = keys_of(part).join(where, on="row", how="left", maintain_order="left")
            found.append(keys.select(pl.lit(part.type.name).alias("type"), "key", pl.col(PLACE).alias("place"), "row"))
    return pl.concat(found)
