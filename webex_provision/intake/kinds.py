"""How each kind of cell is brought into one form. A normalisation never judges: what it can't read, it leaves."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

import polars as pl

from webex_provision.actions.declaration import Column, Kind
from webex_provision.actions.row import CLEAR
from webex_provision.intake.lists import badly_escaped, items_of, joined

_TRUTHS = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}
# Spaces, dashes, dots and parentheses, as people and contact lists write phone numbers.
_NUMBER_MARKS = r"[\s\-.()\u2010-\u2015]"
_NO_ZONES = {"localtime", "Factory", "posixrules"}

Normal = Callable[[pl.Expr], pl.Expr]


@cache
def countries() -> frozenset[str]:
    """ISO 3166 alpha-2 codes, from the time zone database's own list."""
    lines = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8").splitlines()
    return frozenset(line.split("\t")[0] for line in lines if line and not line.startswith("#"))


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA time zone database."""
    return frozenset(available_timezones() - _NO_ZONES)


def normalised(column: Column) -> pl.Expr:
    """The cells of a column in the form in which everything after intake reads them; twice changes nothing."""
    cell = pl.col(column.name)
    change = _normal(column)
    if not column.many:
        return pl.when(cell == CLEAR).then(cell).otherwise(change(cell)).alias(column.name)
    items = items_of(cell)
    if column.attribute is None or column.kind is Kind.MEMBER:
        items = items.list.eval(change(pl.element()))
    value = joined(items)
    unclear = badly_escaped(cell) | (value == "") | (value == CLEAR)
    return pl.when((cell == CLEAR) | unclear).then(cell).otherwise(value).alias(column.name)


def _normal(column: Column) -> Normal:
    makers: dict[Kind, Callable[[Column], Normal]] = {
        Kind.EMAIL: lambda _: _lower,
        Kind.BOOLEAN: lambda _: lambda value: _mapped(value, value.str.to_lowercase(), _TRUTHS),
        Kind.CHOICE: lambda column: _choice(column.choices),
        Kind.PHONE_NUMBER: lambda _: _number,
        Kind.DIALABLE: lambda _: _number,
        Kind.COUNTRY: lambda _: lambda value: value.str.to_uppercase().str.normalize("NFC"),
        Kind.TIME_ZONE: lambda _: _time_zone,
        Kind.LANGUAGE: lambda column: _language(column.pattern),
        Kind.MEMBER: lambda _: _member,
    }
    maker = makers.get(column.kind)
    return _unchanged if maker is None else maker(column)


def _unchanged(value: pl.Expr) -> pl.Expr:
    return value


def _lower(value: pl.Expr) -> pl.Expr:
    return value.str.to_lowercase().str.normalize("NFC")


def _time_zone(value: pl.Expr) -> pl.Expr:
    return _mapped(value, value.str.to_lowercase(), {zone.lower(): zone for zone in time_zones()})


def _mapped(value: pl.Expr, key: pl.Expr, mapping: Mapping[str, str]) -> pl.Expr:
    return key.replace_strict(list(mapping), list(mapping.values()), default=value, return_dtype=pl.String)


def _choice(choices: tuple[str, ...]) -> Normal:
    """Case, spaces, hyphens and underscores don't matter, unless they are all that tells two choices apart."""
    spellings: dict[str, list[str]] = {}
    for choice in choices:
        spellings.setdefault(re.sub(r"[\s_-]", "", choice).lower(), []).append(choice)
    mapping = {key: found[0] for key, found in spellings.items() if len(found) == 1}

    def change(value: pl.Expr) -> pl.Expr:
        key = value.str.replace_all(r"[\s_-]", "").str.to_lowercase()
        return pl.when(value.is_in(list(choices))).then(value).otherwise(_mapped(value, key, mapping))

    return change


def _number(value: pl.Expr) -> pl.Expr:
    bare = value.str.replace_all(_NUMBER_MARKS, "")
    return pl.when(value.str.starts_with("+")).then(bare).otherwise(value)


def _member(value: pl.Expr) -> pl.Expr:
    """A user is an email alone; whoever writes user: before it means the same."""
    return value.str.replace(r"^(user:\s*)+", "")


def _language(pattern: str | None) -> Normal:
    """`en-US` becomes `en_us`, or `en_US` where the column's own pattern allows capitals."""
    capitals = pattern is not None and re.search(pattern, "en_US") is not None

    def change(value: pl.Expr) -> pl.Expr:
        lower = value.str.replace_all("-", "_", literal=True).str.to_lowercase().str.normalize("NFC")
        if not capitals:
            return lower
        region = pl.concat_str(lower.str.slice(0, 2), lower.str.slice(2).str.to_uppercase()).str.normalize("NFC")
        return pl.when(lower.str.contains(r"^[a-z]{2}_")).then(region).otherwise(lower)

    return change
