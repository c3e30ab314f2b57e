"""Cells that a row takes from another row of the same owner: a licence needs the extension that stands elsewhere."""

from collections.abc import Sequence

import polars as pl

from webex_provision.actions.declaration import Join
from webex_provision.intake.claims import owned
from webex_provision.intake.parts import Part
from webex_provision.intake.places import PLACE, Places

TAKEN_FROM = "taken from"


def joined(part: Part, alive: Sequence[Part], places: Places) -> Part:
    """The part with its declared joins made from rows in `alive`; `taken from` names the row that gave the cells."""
    rows = part.rows.with_columns(pl.lit(None, pl.Int64).alias(TAKEN_FROM))
    for join in part.type.joins:
        offers = _offers(join, alive, places)
        blank = pl.all_horizontal(pl.col(*join.columns).is_null())
        wanting = owned(Part(part.type, part.rows.filter(blank)), places).select("row", "owner", PLACE)
        given = _matched(wanting, offers)
        offered = [f"offered {name}" for name in join.columns]
        rows = rows.join(given.select("row", "giver", *offered), on="row", how="left", maintain_order="left")
        rows = rows.with_columns(
            pl.coalesce(TAKEN_FROM, "giver").alias(TAKEN_FROM),
            *(pl.coalesce(name, f"offered {name}").alias(name) for name in join.columns),
        ).drop("giver", *offered)
    return Part(part.type, rows)


def _matched(wanting: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """Each wanting row with its first offer: of the same owner and place, where both have a place.

    Only the first offer of an owner and place is ever joined, so the work grows with the rows and not their square.
    """
    ordered = offers.with_row_index("choice").unique(["owner", PLACE], keep="first", maintain_order=True)
    placed = wanting.filter(pl.col(PLACE).is_not_null())
    placeless = wanting.filter(pl.col(PLACE).is_null()).drop(PLACE)
    everywhere = ordered.filter(pl.col(PLACE).is_null()).drop(PLACE)
    found = [
        placed.join(ordered, on=["owner", PLACE]).drop(PLACE),
        placed.drop(PLACE).join(everywhere, on="owner"),
        placeless.join(ordered.drop(PLACE).unique("owner", keep="first", maintain_order=True), on="owner"),
    ]
    return pl.concat(found, how="vertical").sort("row", "choice").unique("row", keep="first", maintain_order=True)


def _offers(join: Join, alive: Sequence[Part], places: Places) -> pl.DataFrame:
    """`giver` (row), `owner`, `place` and the cells that rows of the named types can give, in the order of choice."""
    cells = {f"offered {name}": pl.String for name in join.columns}
    found = [pl.DataFrame(schema={"giver": pl.Int64, "owner": pl.String, PLACE: pl.String, **cells})]
    for name in join.from_types:
        for part in alive:
            columns = [column for column in join.columns if column in part.rows.columns]
            if part.type.name != name or not columns:
                continue
            filled = part.rows.filter(pl.any_horizontal(pl.col(*columns).is_not_null()))
            giving = [
                (pl.col(column) if column in columns else pl.lit(None, pl.String)).alias(f"offered {column}")
                for column in join.columns
            ]
            found.append(
                owned(Part(part.type, filled), places).select(pl.col("row").alias("giver"), "owner", PLACE, *giving)
            )
    return pl.concat(found)
