"""What can be wrong with a cell, kind by kind, and how a person mends it.

A complaint's text follows the quoted value: `'2101.0' has a decimal point …`. The first complaint of a cell counts.
"""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import polars as pl
from pydantic import TypeAdapter, ValidationError

from webex_provision.actions.declaration import Column, Kind
from webex_provision.actions.row import CLEAR, Member, parse_member, split_attribute, split_items
from webex_provision.config import reserved_variable
from webex_provision.intake.kinds import countries, time_zones
from webex_provision.intake.lists import badly_escaped, items_of
from webex_provision.intake.text import judged, nearest

_SCIENTIFIC = r"^[+-]?[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+$"
_DECIMAL_POINT = r"^[0-9]+[.,][0-9]*$"
_SPREADSHEET = "a spreadsheet program took it for a number; format the column as text and type it again"
_TOOK_DATE = _SPREADSHEET.replace("a number", "one")
# What is left of `1-2` or `10:30` when a spreadsheet program takes it for a date or a time.
_DATE = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{4})([ T].*)?$"
    r"|^[0-9]{1,2}-[A-Za-z]{3}(-[0-9]{2,4})?$|^[A-Za-z]{3}-[0-9]{2,4}$|^[0-9]{1,3}:[0-9]{2}(:[0-9]{2})?$"
)
_MAX_KEY = 256
# Only where no item may hold them: the name of a workspace may have a comma.
_OTHER_SEPARATORS = dict.fromkeys((Kind.PHONE_NUMBER, Kind.EXTENSION, Kind.EMAIL), "[,;]") | {
    Kind.MEMBER: r"@[^\s@|:,;]+\.[^\s@|:,;]+\s*[,;]"
}

Broken = Callable[[pl.Expr], pl.Expr]


@dataclass(frozen=True, eq=False)
class Complaint:
    """`broken` is true for a bad value: an item of a list cell, or with `whole` the cell itself.

    `explain`, where given, says what is wrong with one value; else `text` does. `quotes` is false where the text
    is a sentence of its own.
    """

    text: str
    broken: Broken
    whole: bool = False
    explain: Callable[[str], str] | None = None
    quotes: bool = True

    def over(self, column: Column) -> pl.Expr:
        """Which cells of the column are bad; a lone `-` that clears is not looked at."""
        cell = pl.col(column.name)
        if self.whole or not column.many:
            bad = self.broken(cell)
        else:
            value = pl.element()
            if column.attribute is not None:
                value = value.str.replace(r"\s*=[^=]*$", "")
            bad = items_of(cell).list.eval(self.broken(value)).list.any()
        return bad if not column.clearable else bad & (cell != CLEAR)


def _unlike(pattern: str) -> Broken:
    return lambda value: ~value.str.contains(pattern)


def _like(pattern: str) -> Broken:
    return lambda value: value.str.contains(pattern)


def complaints(column: Column) -> Iterator[Complaint]:
    """All complaints that a column's declaration asks for, in the order in which they are looked at."""
    if not column.clearable:
        yield Complaint(
            "clears a cell, and this column can't be cleared; empty the cell",
            lambda cell: cell == CLEAR,
            whole=True,
        )
    if column.many:
        yield from _list_complaints(column)
    yield from _kind_complaints(column)
    yield from _bounds(column)
    if column.pattern is not None:
        like = f", such as {column.example}" if column.example else f" ({column.pattern})"
        if column.name.endswith("_env"):
            like += "; it names the environment variable that holds the secret, which itself stays out of the file"
        yield Complaint(f"is not written as this column wants it{like}", _unlike(column.pattern))
    if column.name.endswith("_env"):
        yield Complaint(
            "names a setting, a token or a key of something else; name a variable that holds this row's own secret",
            lambda cell: judged(cell, lambda name: name if reserved_variable(name) else ""),
            whole=True,
        )


def _list_complaints(column: Column) -> Iterator[Complaint]:
    yield Complaint(
        r"has a backslash that escapes nothing; it may stand only before | = @ : and \ ", badly_escaped, whole=True
    )
    yield Complaint("has no items; empty the cell", lambda cell: items_of(cell).list.len() == 0, whole=True)
    if column.most_items is not None:
        most = column.most_items
        yield Complaint(
            f"has more than {most} items; take some away", lambda cell: items_of(cell).list.len() > most, whole=True
        )
    if column.kind in _OTHER_SEPARATORS:
        other = _OTHER_SEPARATORS[column.kind]
        yield Complaint("has a comma or semicolon between items; write | between them", _like(other), whole=True)
    if column.kind is Kind.MEMBER:
        return
    attribute = column.attribute
    if attribute is not None:
        fault = partial(_attribute_fault, attribute)
        yield Complaint("", lambda cell: judged(cell, fault), whole=True, explain=fault)

    def repeated(cell: pl.Expr) -> pl.Expr:
        item = pl.element().str.to_lowercase()
        keys = items_of(cell).list.eval(item if attribute is None else item.str.replace(r"\s*=[^=]*$", ""))
        return keys.list.n_unique() < keys.list.len()

    yield Complaint("lists an item twice; keep one", repeated, whole=True)


def _kind_complaints(column: Column) -> Iterator[Complaint]:
    match column.kind:
        case Kind.KEY:
            yield Complaint("holds a line break or control character; take it out", _like(r"\p{Cc}"))
            yield Complaint(f"is longer than {_MAX_KEY} characters; shorten it", lambda v: v.str.len_chars() > _MAX_KEY)
        case Kind.EMAIL:
            yield Complaint(
                "is not an email; write it like ana.ruiz@example.com", _unlike(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
            )
        case Kind.BOOLEAN:
            yield Complaint("is neither true nor false; write one of them", _unlike("^(true|false)$"))
        case Kind.CHOICE:
            choices = list(column.choices)
            yield Complaint(f"is not one of {', '.join(choices)}", lambda v: ~v.is_in(choices))
        case Kind.INTEGER:
            yield Complaint(f"is in scientific notation: {_SPREADSHEET}", _like(_SCIENTIFIC))
            yield Complaint(f"is a date or time: {_TOOK_DATE}", _like(_DATE))
            yield Complaint("is not a whole number; write digits only", _unlike(r"^-?[0-9]{1,18}$"))
        case Kind.DECIMAL:
            yield Complaint("has a decimal comma; write a decimal point", _like(r"^-?[0-9]+,[0-9]+$"))
            yield Complaint("is not a decimal number, such as 40.4168", _unlike(r"^-?[0-9]{1,18}(\.[0-9]{1,18})?$"))
        case Kind.MEMBER | Kind.JSON:
            fault = _json_fault(column.shape) if column.kind is Kind.JSON else _members_of(column)
            yield Complaint("", lambda cell: judged(cell, fault), whole=True, explain=fault)
        case Kind.TIME_ZONE | Kind.COUNTRY | Kind.LANGUAGE:
            yield from _code_complaints(column)
        case _:
            yield from _number_complaints(column.kind)


def _code_complaints(column: Column) -> Iterator[Complaint]:
    if column.kind is Kind.TIME_ZONE:
        zones = sorted(time_zones())
        yield Complaint("", lambda v: ~v.is_in(zones), explain=_zone_fault)
    elif column.kind is Kind.COUNTRY:
        codes = sorted(countries())
        text = "is not a two-letter ISO 3166 country code, such as ES (the United Kingdom is GB)"
        yield Complaint(text, lambda v: ~v.is_in(codes))
    elif column.pattern is None:
        yield Complaint("is not a language code such as es_es", _unlike(r"^[a-z]{2}_[a-z0-9]{2,4}$"))


def _number_complaints(kind: Kind) -> Iterator[Complaint]:
    if kind in (Kind.PHONE_NUMBER, Kind.EXTENSION, Kind.DIALABLE):
        yield Complaint(f"is in scientific notation: {_SPREADSHEET}", _like(_SCIENTIFIC))
        yield Complaint(f"is a date or time: {_TOOK_DATE}", _like(_DATE))
    if kind is Kind.PHONE_NUMBER:
        yield Complaint("starts with 00; write + instead, as +34910002101", _like(r"^00"))
        yield Complaint(
            f"has no + and country code (or has lost a leading zero): perhaps {_SPREADSHEET}, as +34910002101",
            _unlike(r"^\+"),
        )
        yield Complaint(
            "is not E.164: + then 7 to 15 digits, the first not 0, as +34910002101", _unlike(r"^\+[1-9][0-9]{6,14}$")
        )
    elif kind is Kind.EXTENSION:
        yield Complaint(f"has a decimal point: {_SPREADSHEET}, as 2101", _like(_DECIMAL_POINT))
        yield Complaint("is one digit: has it lost leading zeros? Extensions have 2 to 8 digits", _like(r"^[0-9]$"))
        yield Complaint("is not an extension of 2 to 8 digits, without routing prefix", _unlike(r"^[0-9]{2,8}$"))
    elif kind is Kind.DIALABLE:
        yield Complaint(f"has a decimal point: {_SPREADSHEET}", _like(_DECIMAL_POINT))
        yield Complaint(
            "is not a number that can be dialled: 2 to 30 of 0-9 * #, with or without a leading +",
            _unlike(r"^\+?[0-9*#]{2,30}$"),
        )


def _bounds(column: Column) -> Iterator[Complaint]:
    smallest, largest = column.smallest, column.largest
    if column.kind in (Kind.INTEGER, Kind.DECIMAL):
        if smallest is not None:
            yield Complaint(f"is less than {smallest}", lambda v: v.cast(pl.Float64, strict=False) < smallest)
        if largest is not None:
            yield Complaint(f"is more than {largest}", lambda v: v.cast(pl.Float64, strict=False) > largest)
    elif column.kind not in (Kind.MEMBER, Kind.JSON):
        if smallest is not None:
            yield Complaint(f"is shorter than {smallest} characters", lambda v: v.str.len_chars() < smallest)
        if largest is not None:
            yield Complaint(f"is longer than {largest} characters; shorten it", lambda v: v.str.len_chars() > largest)


def _zone_fault(zone: str) -> str:
    return f"is no IANA time zone such as Europe/Madrid{nearest(zone, time_zones())}"


def _attribute_fault(attribute: str, cell: str) -> str:
    for item in split_items(cell):
        name, value = split_attribute(item)
        if value is not None and not (value.isascii() and value.isdigit()):
            return f"has '{value}' after =; the {attribute} must be a whole number"
        if not name:
            return f"has an item with no name before ={value}"
    return ""


def _members_of(column: Column) -> Callable[[str], str]:
    return partial(_members_fault, column.many, column.attribute is not None)


@lru_cache(maxsize=65_536)
def _members_fault(many: bool, attribute: bool, cell: str) -> str:
    seen: set[tuple[str, str, str | None]] = set()
    for item in split_items(cell) if many else [cell]:
        try:
            member = parse_member(item)
        except ValueError as error:
            return f"is no member reference: {error}"
        if member.attribute is not None and not attribute:
            return f"has =… after {member}, which takes none here; take it away"
        if _identity(member) in seen:
            return f"lists {member} twice; keep one"
        seen.add(_identity(member))
    return ""


def _identity(member: Member) -> tuple[str, str, str | None]:
    return member.kind, member.name.casefold(), member.location_key and member.location_key.casefold()


def _refuse_constant(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is too large")
    return value


def _json_fault(shape: Any) -> Callable[[str], str]:
    """What keeps a cell from being JSON of this shape; strict, since what is sent is what was parsed."""
    adapter: TypeAdapter[Any] = TypeAdapter(Any if shape is None else shape)

    def fault(cell: str) -> str:
        try:
            adapter.validate_json(cell, strict=True)
            json.loads(cell, parse_constant=_refuse_constant, parse_float=_finite)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            return f"does not fit{f' at {place}' if place else ''}: {first['msg']}"
        except ValueError as error:
            return f"is not JSON: {error}"
        return ""

    return fault
