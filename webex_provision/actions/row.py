"""A validated row, its cells read by type. Cells are text until their own rule says otherwise."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CLEAR = "-"
_ITEM = re.compile(r"((?:\\.|[^|\\])*)(?:\||$)", re.DOTALL)
_SIGN = re.compile(r"\\.|[=@]", re.DOTALL)
_ESCAPED = re.compile(r"\\([|=@:\\])")


def split_items(cell: str) -> list[str]:
    """The items of a list cell, trimmed, still escaped: separated by `|`, a backslash escapes `|`, `=`, `@`, `:`."""
    return [item for match in _ITEM.finditer(cell) if (item := match.group(1).strip())]


def split_attribute(item: str) -> tuple[str, str | None]:
    """`name=attribute` at the last unescaped `=`; None when the item has no attribute."""
    return _split_last(item, "=")


def _split_last(item: str, sign: str) -> tuple[str, str | None]:
    """Both sides, trimmed, of the last `sign` that no backslash escapes; a backslash may itself be escaped."""
    places = [found.start() for found in _SIGN.finditer(item) if found[0] == sign]
    return (item[: places[-1]].strip(), item[places[-1] + 1 :].strip()) if places else (item, None)


def unescape(item: str) -> str:
    """An item as its name stands in the tenant, without the backslashes."""
    return _ESCAPED.sub(r"\1", item)


@dataclass(frozen=True)
class Member:
    """A member reference: kind `user`, `workspace`, `virtual_line` or `park`; its name; an optional location_key."""

    kind: str
    name: str
    location_key: str | None = None
    attribute: int | None = None

    def __str__(self) -> str:
        return self.name if self.kind == "user" else f"{self.kind}:{self.name}"

    @property
    def placed(self) -> tuple[str, str | None]:
        """Its name and its location_key; a park extension's name begins with that key."""
        if self.kind == "park":
            place, extension = self.name.rsplit("/", 1)
            return extension, place
        return self.name, self.location_key


_PREFIXED = re.compile(r"^(workspace|virtual_line|park):(.+)$", re.DOTALL)


def parse_member(item: str) -> Member:
    """A member reference: a bare email, or `workspace:`, `virtual_line:`, `park:` and a name, then `@<location_key>`.

    Raises ValueError with what is wrong and how it should look.
    """
    reference, attribute = split_attribute(item)
    if attribute is not None and not attribute.isdecimal():
        raise ValueError(f"'{attribute}' after = must be a whole number")
    number = None if attribute is None else int(attribute)
    prefixed = _PREFIXED.match(reference)
    if prefixed is None:
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", reference):
            raise ValueError(f"'{reference}' is neither an email nor workspace:<name>, virtual_line:<name>")
        return Member("user", reference.casefold(), attribute=number)
    kind, rest = prefixed.groups()
    name, location = _split_last(rest.strip(), "@")
    if not name:
        raise ValueError(f"'{reference}' names nobody after {kind}:")
    if kind == "park" and not re.fullmatch(r".+/[0-9]{2,8}", name):
        raise ValueError(f"'{reference}' is no park extension; write it like park:<location_key>/5101")
    return Member(kind, unescape(name), None if location is None else unescape(location), number)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of ready_to_load.csv; `cells` holds the filled cells only, normalised by intake.

    `position` is the row's 1-based place in the execution order of its phase.
    """

    row_id: str
    row_number: int
    position: int
    entity_type: str
    entity_key: str
    cells: Mapping[str, str]
    pending_reason: str = ""
    pending_message: str = ""

    def has(self, *names: str) -> bool:
        """Whether any of the columns is filled."""
        return any(name in self.cells for name in names)

    def text(self, name: str) -> str:
        """A cell that validation has made sure of; KeyError when it is blank."""
        return self.cells[name]

    def get(self, name: str) -> str | None:
        """A cell, or None when it is blank."""
        return self.cells.get(name)

    def cleared(self, name: str) -> bool:
        """Whether the cell is a lone `-`: clear what is there."""
        return self.cells.get(name) == CLEAR

    def flag(self, name: str) -> bool | None:
        """A boolean cell; None when it is blank."""
        value = self.cells.get(name)
        return None if value is None else value == "true"

    def number(self, name: str) -> int | None:
        """An integer cell; None when it is blank."""
        value = self.cells.get(name)
        return None if value is None else int(value)

    def items(self, name: str) -> list[str]:
        """The items of a list cell without escapes; empty when it is blank or cleared."""
        value = self.cells.get(name)
        return [] if value is None or value == CLEAR else [unescape(item) for item in split_items(value)]

    def members(self, name: str) -> list[Member]:
        """The member references of a list cell."""
        value = self.cells.get(name)
        return [] if value is None or value == CLEAR else [parse_member(item) for item in split_items(value)]

    def json(self, name: str) -> Any:
        """A JSON cell, parsed; None when it is blank."""
        value = self.cells.get(name)
        return None if value is None else json.loads(value)
