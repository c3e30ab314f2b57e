"""What a row may hold: columns, and rules over cells, rows and the whole CSV. `intake` reads all of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import polars as pl


class Kind(StrEnum):
    """What a cell holds; `intake` knows how each kind is normalised, checked and explained."""

    TEXT = "text"
    KEY = "key"
    EMAIL = "email"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    CHOICE = "choice"
    PHONE_NUMBER = "phone number"
    EXTENSION = "extension"
    DIALABLE = "dialable number"
    LANGUAGE = "language code"
    TIME_ZONE = "time zone"
    COUNTRY = "country code"
    MEMBER = "member reference"
    JSON = "JSON"


@dataclass(frozen=True)
class RefersTo:
    """What a cell names: an entity that a row of `entity_type` may make, by a key of that row or its remote name.

    `when` is a column of the naming row and what it must say there. With `same_location`, only entities in the
    naming row's own location are meant. What no row makes the tenant may have.
    """

    entity_type: str
    when: tuple[str, str] | None = None
    same_location: bool = False


@dataclass(frozen=True, kw_only=True)
class Column:
    """One CSV column of a type.

    `smallest` and `largest` bound the length of texts, the value of integers and, with `many`, the number of items
    through `most_items`. `attribute` names what may follow `=` in an item (`a@b.c=50`), always a whole number.
    `shape` is a type that pydantic validates a JSON cell against. `feeds` is the API field, for the documents.
    `refers_to` says what the value (or each item) names; of a member reference its grammar says it.
    `example` is a valid cell, for documents and templates; only a column that no API serves has none. `old_names` are
    headers of earlier files that are read as this one.
    """

    name: str
    help: str
    kind: Kind = Kind.TEXT
    required: bool = False
    many: bool = False
    choices: tuple[str, ...] = ()
    smallest: int | None = None
    largest: int | None = None
    most_items: int | None = None
    pattern: str | None = None
    attribute: str | None = None
    clearable: bool = False
    shape: Any = None
    refers_to: tuple[RefersTo, ...] = ()
    feeds: str = ""
    example: str = ""
    old_names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule over several cells: a row for which `broken` is true is rejected at `column` with `message`."""

    column: str
    broken: pl.Expr
    message: str


@dataclass(frozen=True, eq=False)
class OutOfScope:
    """A wish that no supported API serves: a row for which `asked` is true is pending before any call."""

    column: str
    asked: pl.Expr
    message: str


@dataclass(frozen=True)
class Claim:
    """A value that one owner holds alone: a phone number in the whole CSV, an extension in its location.

    `within` names a column of the type: the value is held once among the rows that say the same there; where that
    column refers to rows of another type, all keys of one entity say the same.
    `pool` names what columns of several types compete in, where it is not what the column holds. `held_by` names
    the column that tells who holds it, where that is not the row's owner.
    """

    column: str
    per_location: bool = False
    within: str = ""
    pool: str = ""
    held_by: str = ""


@dataclass(frozen=True)
class Join:
    """Cells that a row takes from another row of the same owner and location when its own are all blank."""

    columns: tuple[str, ...]
    from_types: tuple[str, ...]


@dataclass(frozen=True)
class Apart:
    """What stands in `column` of one row may not stand in the list `listed` of another row of the type."""

    column: str
    listed: str
    message: str


@dataclass(frozen=True)
class NamedBy:
    """A blank `column` that takes the name which a row of `entity_type` in the same CSV goes by, told by `key`.

    The key is known in the CSV only: a row whose key leads nowhere, and that has no name either, is rejected.
    """

    column: str
    key: str
    entity_type: str


@dataclass(frozen=True)
class Unfit:
    """Whom Webex refuses in the list `members`: owners of rows of `entity_type` that say `value` in `column`.

    The operator is warned with `message`; the tenant may differ from the row when the list is written.
    """

    members: str
    entity_type: str
    column: str
    value: str
    message: str


@dataclass(frozen=True)
class Overlap:
    """Dial patterns in `patterns` that should match no value of the column `other`, of whatever type.

    A pattern is digits, then X for any one digit. With `leading` it should not begin with the value. The operator is
    warned with `message`.
    """

    patterns: str
    other: str
    message: str
    leading: bool = False
