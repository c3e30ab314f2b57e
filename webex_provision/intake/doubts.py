"""What is odd between ready rows, and yet may be meant: told to the operator, rejected by nobody."""

from collections.abc import Iterator, Sequence

import polars as pl

from webex_provision.actions.declaration import Overlap, Unfit
from webex_provision.actions.row import CLEAR
from webex_provision.intake.claims import owned
from webex_provision.intake.lists import items_of
from webex_provision.intake.parts import Part
from webex_provision.intake.places import Places
from webex_provision.intake.told import named, several, shown

_PATTERNS = {"pattern": pl.String, "row": pl.Int64, "head": pl.String, "length": pl.Int64}
_VALUES = {"value": pl.String, "other": pl.Int64}


def two_minds(claims: pl.DataFrame) -> list[str]:
    """Owners to whom two rows give different values of what an owner has only one of, by what it is."""
    said = claims.filter("alone").group_by("pool", "owner", "value", maintain_order=True).agg(pl.col("row").first())
    each = said.group_by("pool", "owner", maintain_order=True).agg(
        pl.col("value", "row").first().name.prefix("first "), pl.col("value", "row").last(), pl.len()
    )
    found = each.filter(pl.col("len") > 1)
    warnings = []
    for pool in found.get_column("pool").unique(maintain_order=True):
        mine = found.filter(pl.col("pool") == pool)
        texts = [
            f"{named(owner)} ({first} in row {one}, {last} in row {two})"
            for owner, first, one, last, two in shown(mine)
            .select("owner", "first value", "first row", "value", "row")
            .iter_rows()
        ]
        warnings.append(
            f"rows give one owner different values of {pool}: {several(texts, mine.height)}; the row that runs last "
            "wins, and a retry or replay changes it back and forth; keep one"
        )
    return warnings


def overlaps(alive: Sequence[Part]) -> list[str]:
    """Dial patterns that match, or begin with, what other rows hold; see `Overlap`."""
    return [
        warning
        for part in alive
        for wish in part.type.overlaps
        for warning in _overlap(wish, _patterns(part, wish), alive)
    ]


def unfit(alive: Sequence[Part], places: Places, members: pl.DataFrame) -> list[str]:
    """Members whom Webex is known to refuse for what their own row says; see `Unfit`."""
    warnings = []
    for wish in (wish for part in alive for wish in part.type.unfit):
        listed = members.filter(pl.col("column") == wish.members).with_columns(
            pl.format("{}:{}", "kind", "name").alias("owner")
        )
        met = listed.join(_spoken_of(wish, alive, places), on="owner", maintain_order="left")
        if not met.is_empty():
            rows = shown(met).select("item", "row", "other").iter_rows()
            texts = [f"{named(item)} (row {row}, and row {other})" for item, row, other in rows]
            warnings.append(f"{wish.members}: {several(texts, met.height)}: {wish.message}")
    return warnings


def _spoken_of(wish: Unfit, alive: Sequence[Part], places: Places) -> pl.DataFrame:
    """Owners of the rows that say what makes a member unfit."""
    found = [pl.DataFrame(schema={"owner": pl.String, "other": pl.Int64})]
    for part in alive:
        if part.type.name == wish.entity_type:
            saying = Part(part.type, part.rows.filter(pl.col(wish.column) == wish.value))
            found.append(owned(saying, places).select("owner", pl.col("row").alias("other")))
    return pl.concat(found).unique("owner", keep="first", maintain_order=True)


def _patterns(part: Part, wish: Overlap) -> pl.DataFrame:
    """Patterns of digits and X: their literal `head` and whole `length`."""
    pattern = part.rows.select("row", items_of(pl.col(wish.patterns)).alias("pattern")).explode("pattern").drop_nulls()
    digits = pattern.filter(pl.col("pattern").str.contains("^[0-9]+X*$"))
    head, length = pl.col("pattern").str.strip_chars_end("X"), pl.col("pattern").str.len_chars().cast(pl.Int64)
    return digits.select("pattern", "row", head.alias("head"), length.alias("length"))


def _overlap(wish: Overlap, patterns: pl.DataFrame, alive: Sequence[Part]) -> Iterator[str]:
    if patterns.is_empty():
        return
    held = [pl.DataFrame(schema=_VALUES)]
    for part in alive:
        if wish.other in part.rows.columns:
            value = pl.col(wish.other)
            held.append(part.rows.filter(value != CLEAR).select(value.alias("value"), pl.col("row").alias("other")))
    values = pl.concat(held).unique("value", keep="first", maintain_order=True)
    lengths = sorted(set(values.get_column("value").str.len_chars().to_list()))
    pairs = [(head, length) for head, length in _shapes(patterns) if wish.leading or length in lengths]
    met = [pl.DataFrame(schema=_PATTERNS | _VALUES)]
    for head, length in pairs:
        alike = patterns.filter((pl.col("head").str.len_chars() == head) & (pl.col("length") == length))
        met += _met(alike, values, head, length, lengths if wish.leading else [])
    found = pl.concat(met)
    if found.is_empty():
        return
    each = found.group_by("pattern", maintain_order=True).agg(
        pl.col("row").first(), pl.col("value").first(), pl.col("other").first(), pl.col("value").n_unique().alias("n")
    )
    each = each.sort("row", maintain_order=True)
    texts = [
        f"{pattern} of row {row} ({value} of row {other}{'' if count == 1 else f' and {count - 1} more'})"
        for pattern, row, value, other, count in shown(each).select("pattern", "row", "value", "other", "n").iter_rows()
    ]
    verb = "begin with" if wish.leading else "match"
    yield f"patterns of {wish.patterns} {verb} values of {wish.other}: {several(texts, each.height)}; {wish.message}"


def _shapes(patterns: pl.DataFrame) -> list[tuple[int, int]]:
    shapes = patterns.select(pl.col("head").str.len_chars().alias("head"), "length").unique().sort("head", "length")
    return list(shapes.iter_rows())


def _met(
    patterns: pl.DataFrame, values: pl.DataFrame, head: int, length: int, leading: Sequence[int]
) -> Iterator[pl.DataFrame]:
    """Patterns of one shape with the values that they match; or, of the lengths `leading`, that they begin with."""
    if not leading:
        alike = values.filter(pl.col("value").str.len_chars() == length)
        alike = alike.with_columns(pl.col("value").str.slice(0, head).alias("head"))
        yield patterns.join(alike, on="head", maintain_order="left").select(list(_PATTERNS | _VALUES))
    for size in leading:
        if size <= head:
            begun = patterns.with_columns(pl.col("head").str.slice(0, size).alias("value"))
            yield begun.join(values, on="value", maintain_order="left").select(list(_PATTERNS | _VALUES))
