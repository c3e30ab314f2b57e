"""Small pure tools that several declarations use: keys, rules over cells, remote ids, verdicts over numbers."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import polars as pl

from webex_provision.actions.declaration import Item, Rule

_SHORTEST_NUMBER = 7  # digits, country code included; whatever is shorter is an extension or a service


def first_filled(*columns: str) -> pl.Expr:
    """The first filled cell of the columns."""
    return pl.coalesce(*columns)


def path_key(*parts: str | pl.Expr) -> pl.Expr:
    """The cells joined by `/`; null when one of them is blank."""
    return pl.concat_str(*parts, separator="/")


def one_of(*columns: str) -> Rule:
    """A row must fill at least one of the columns."""
    names = " or ".join(columns)
    return Rule(columns[0], pl.all_horizontal(pl.col(*columns).is_null()), f"one of {names} is needed; fill one")


def not_both(first: str, second: str) -> Rule:
    """A row may fill only one of two columns."""
    broken = pl.col(first).is_not_null() & pl.col(second).is_not_null()
    return Rule(first, broken, f"{first} and {second} exclude each other; empty one of them")


def needs(column: str, other: str, *, equal: str | None = None) -> Rule:
    """`column` must be filled when `other` is (or holds `equal`)."""
    asked = pl.col(other).is_not_null() if equal is None else pl.col(other) == equal
    why = f"{other} is filled" if equal is None else f"{other} is {equal}"
    return Rule(column, asked & pl.col(column).is_null(), f"{column} is needed when {why}; fill it")


def only_with(column: str, other: str, *, equal: str) -> Rule:
    """`column` makes sense only when `other` holds `equal`."""
    broken = pl.col(column).is_not_null() & pl.col(other).ne_missing(equal)
    return Rule(column, broken, f"{column} goes only with {other}={equal}; empty it or set {other}")


def without_nulls(body: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON body without the members whose cell is blank: blank means not sent, nothing is changed."""
    return {name: value for name, value in body.items() if value is not None}


def chunk_names(items: Sequence[str], size: int) -> list[str]:
    """What a step runs over that sends a list in chunks: their numbers, from 1."""
    return [str(number) for number in range(1, -(-len(items) // size) + 1)]


def chunk_of(items: Sequence[str], size: int, name: str) -> Sequence[str]:
    """The items of one chunk. Cut from the whole list, so that it stays the same whatever was sent already."""
    return items[(int(name) - 1) * size : int(name) * size]


@lru_cache(maxsize=65_536)
def uuid_of(remote_id: str) -> str:
    """The UUID inside a Webex id, which is base64 of `ciscospark://us/PEOPLE/<uuid>`; else the id itself.

    One entity's id comes in several encodings from different APIs, so ids are compared by this.
    """
    try:
        decoded = base64.b64decode(remote_id + "=" * (-len(remote_id) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return remote_id.casefold()
    return decoded.rsplit("/", 1)[-1].casefold() if "://" in decoded else remote_id.casefold()


def shows(held: Item, wanted: Item) -> bool:
    """Whether a remote entity, as a list or read shows it, has every wanted value; what is not shown is not believed.

    Ids may come in another encoding than the wanted one.
    """
    return all(
        uuid_of(str(held.get(name))) == uuid_of(str(value)) if name.endswith("Id") else held.get(name) == value
        for name, value in wanted.items()
    )


def plain_number(number: str) -> str:
    """A phone number as E.164: some answers of Webex have a dash after the country code, other tenants no plus."""
    plain = number.replace("-", "").replace(" ", "")
    return f"+{plain}" if plain.isdecimal() and len(plain) >= _SHORTEST_NUMBER else plain


def number_key(number: str) -> str:
    """The key of the number index for a phone number."""
    return f"number:{plain_number(number)}"


def extension_key(location_id: str, extension: str) -> str:
    """The key of the number index for an extension in a location."""
    return f"extension:{uuid_of(location_id)}/{extension}"


def owner_key(owner_id: str) -> str:
    """The key of the number index for all that one user, workspace or service holds; see `comparable_key`."""
    return f"owner:{owner_id}"


def comparable_key(key: str) -> str:
    """A key of the number index as it is compared: the same owner's id comes in several encodings."""
    return f"owner:{uuid_of(key.removeprefix('owner:'))}" if key.startswith("owner:") else key


def owner_of(item: Item) -> str:
    """The UUID of the owner of a number or extension; empty when it is free."""
    owner = item.get("owner") or {}
    return uuid_of(str(owner["id"])) if owner.get("id") else ""
