"""Rows that intake rejects, as people make them, and where they stand among the good ones."""

import random
from collections.abc import Callable, Iterable, Iterator

from webex_provision.generator.site import Row


def _spreadsheet_number(row: Row, _: int) -> Row:
    return row | {"phone_number": "3.49E+10"}


def _lost_zero(row: Row, serial: int) -> Row:
    return row | {"extension": str(serial % 10)}


def _identity(row: Row, _: int) -> Row:
    return row | {"display_name": "Somebody Else"}


def _unknown_type(row: Row, _: int) -> Row:
    return row | {"entity_type": "usr"}


def _no_email(row: Row, _: int) -> Row:
    return row | {"email": ""}


def _no_location(row: Row, _: int) -> Row:
    return row | {"location_key": ""}


_SPOILS: tuple[tuple[str, Callable[[Row, int], Row]], ...] = (
    ("a number from a spreadsheet", _spreadsheet_number),
    ("an extension that lost its zeros", _lost_zero),
    ("identity, which the directory owns", _identity),
    ("a type that does not exist", _unknown_type),
    ("no email", _no_email),
    ("no location", _no_location),
)


def bad_rows(good: list[Row], count: int, chance: random.Random) -> Iterator[Row]:
    """Rows that are rejected each for its own sake; every seventh repeats the key of a good one."""
    users = [row for row in good if row["entity_type"] == "user"]
    places = [row["location_key"] for row in good if row["entity_type"] == "location"]
    for serial in range(count):
        why, spoil = _SPOILS[serial % len(_SPOILS)]
        if serial % 7 == 6 and users:
            yield chance.choice(users) | {"comment": "bad on purpose: repeats a key"}
            continue
        place = chance.choice(places) if places else "SITE-000"
        row = {"entity_type": "user", "location_key": place, "email": f"bad.{serial}@example.com"}
        yield spoil(row | {"comment": f"bad on purpose: {why}"}, serial)


def mixed(good: list[Row], bad: Iterable[Row], chance: random.Random) -> list[Row]:
    """Bad rows among the good ones of the second half; a repeated key stands at the end, after its first."""
    repeats = [row for row in bad if "repeats" in row["comment"]]
    others = [row for row in bad if "repeats" not in row["comment"]]
    first, second = good[: len(good) // 2], good[len(good) // 2 :]
    places = sorted(chance.randint(0, len(second)) for _ in others)
    mixed, taken = list(first), 0
    for place, row in zip(places, others, strict=True):
        mixed += [*second[taken:place], row]
        taken = place
    return [*mixed, *second[taken:], *repeats]
